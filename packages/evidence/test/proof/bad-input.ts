import {
  amdName,
  basicConstraints,
  concat,
  createIntelAuthority,
  EXAMPLE_PLATFORM,
  type Extension,
  filled,
  generateKey,
  type IntelAuthority,
  intelName,
  issue,
  keyUsage,
  leafExtensions,
  makeSgx,
  makeSnp,
  makeTdx,
  patched,
  pemChain,
  type SgxOptions,
  type SnpOptions,
  sgxExtensions,
  sharedIntelAuthority,
  toHex,
} from '@sekisho/emulator/kit'
import type { EvidenceErrorCode } from '../../src/core/errors.ts'
import type { Claims, Verdict } from '../../src/core/verdict.ts'
import { curveOrder } from '../../src/crypto/jobs.ts'
import { parseIdAuth, parseIdBlock } from '../../src/snp/id-block.ts'
import { judgeSgx, judgeSnp, judgeTdx } from '../soundness/kit.ts'

/** One bad input, and what must be said about it: an error of this code about this field, or this failing check. */
export interface BadInput {
  readonly what: string
  readonly says: { readonly code: EvidenceErrorCode; readonly field: string } | { readonly check: string }
  run(): Verdict<Claims> | unknown
}

const sgx = makeSgx()
const tdx = makeTdx()
const snp = makeSnp()
const SIGNATURE = 48 + 384 + 4
const QE_SIGNATURE = SIGNATURE + 128 + 384

const error = (what: string, code: EvidenceErrorCode, field: string, run: () => unknown): BadInput => ({
  what,
  says: { code, field },
  run,
})
const check = (what: string, id: string, run: () => Verdict<Claims>): BadInput => ({ what, says: { check: id }, run })
const sgxWith = (options: SgxOptions) => (): Verdict<Claims> => judgeSgx(makeSgx(options))
const snpWith = (options: SnpOptions) => (): Verdict<Claims> => judgeSnp(makeSnp(options))
const sgxBytes = (evidence: Uint8Array) => (): Verdict<Claims> => judgeSgx(sgx, {}, evidence)
const tdxBytes = (evidence: Uint8Array) => (): Verdict<Claims> => judgeTdx(tdx, {}, evidence)
const snpBytes = (evidence: Uint8Array) => (): Verdict<Claims> => judgeSnp(snp, {}, evidence)
const sgxPart = (name: string, value: string) => (): Verdict<Claims> =>
  judgeSgx(sgx, { collateral: { ...sgx.collateral, [name]: value } })
const snpPart = (name: string, value: Uint8Array) => (): Verdict<Claims> =>
  judgeSnp(snp, { collateral: { ...snp.collateral, [name]: value } })
const word = (bytes: Uint8Array, at: number, ...value: readonly number[]): Uint8Array =>
  patched(bytes, at, Uint8Array.from(value))

const VERSIONS: readonly BadInput[] = [
  ...[0, 1, 2, 6, 255].map((version) =>
    error(
      `SGX quote of version ${version}`,
      'unsupported-version',
      'header.version',
      sgxBytes(word(sgx.evidence, 0, version)),
    ),
  ),
  ...[2, 3, 6].map((version) =>
    error(
      `TDX quote of version ${version}`,
      'unsupported-version',
      'header.version',
      tdxBytes(word(tdx.evidence, 0, version)),
    ),
  ),
  ...[0, 1, 6, 255].map((version) =>
    error(
      `SNP report of version ${version}`,
      'unsupported-version',
      'report.version',
      snpBytes(word(snp.evidence, 0, version)),
    ),
  ),
  error('ID block of version 2', 'unsupported-version', 'idBlock.version', () => parseIdBlock(word(filled(96), 80, 2))),
  error('unknown ID key algorithm', 'unsupported-algorithm', 'idAuth.idKeyAlgo', () =>
    parseIdAuth(word(filled(4096), 0, 2)),
  ),
  error(
    'unknown attestation key type',
    'unsupported-algorithm',
    'header.attestationKeyType',
    sgxBytes(word(sgx.evidence, 2, 3)),
  ),
  error(
    'unknown SNP signature algorithm',
    'unsupported-algorithm',
    'report.signatureAlgo',
    snpBytes(word(snp.evidence, 0x34, 2)),
  ),
  error('an SGX quote given as TDX', 'unsupported-version', 'header.version', tdxBytes(sgx.evidence)),
  error('a TDX quote given as SGX', 'unsupported-kind', 'header.teeType', sgxBytes(tdx.evidence)),
  error('unknown body type', 'unsupported-kind', 'bodyDescriptor.type', () =>
    judgeTdx(makeTdx({ version: 5, quote: { bodyType: 9 } })),
  ),
  error(
    'unknown certification data',
    'unsupported-kind',
    'certificationData.type',
    sgxWith({ quote: { certificationType: 9, certificationData: filled(4) } }),
  ),
  check('TCB info of version 4', 'sgx.tcb-info.present', sgxWith({ tcbInfo: { version: 4 } })),
  check('QE identity of version 9', 'sgx.qe-identity.present', sgxWith({ qeIdentity: { version: 9 } })),
  check('X.509 version 1', 'sgx.pck.certificates', sgxWith({ pckCertificate: { version: 1, extensions: [] } })),
]

const LENGTHS: readonly BadInput[] = [
  error('an empty quote', 'truncated', 'header', sgxBytes(filled(0))),
  error('half a header', 'truncated', 'header', sgxBytes(sgx.evidence.subarray(0, 47))),
  error('half a body', 'truncated', 'body', sgxBytes(sgx.evidence.subarray(0, 400))),
  error('a quote short of its last byte', 'truncated', 'signatureData.length', sgxBytes(sgx.evidence.subarray(0, -1))),
  error('a body of another size than its type has', 'malformed', 'bodyDescriptor.size', () =>
    judgeTdx(makeTdx({ version: 5, quote: { bodySize: 583 } })),
  ),
  error(
    'a PPID of another length',
    'malformed',
    'certificationData.length',
    sgxWith({ quote: { certificationType: 1, certificationData: filled(30) } }),
  ),
  error('a report short of its last byte', 'truncated', 'report', snpBytes(snp.evidence.subarray(0, 1183))),
  error('no report', 'truncated', 'report', snpBytes(filled(0))),
  error('a VMPL that no report has', 'malformed', 'report.vmpl', snpBytes(word(snp.evidence, 0x30, 4))),
  error('an ID block of 95 bytes', 'truncated', 'idBlock.policy', () => parseIdBlock(filled(95))),
  error('ID authentication of 4095 bytes', 'truncated', 'idAuth', () => parseIdAuth(filled(4095))),
  check('a TCB info signature of 63 bytes', 'sgx.tcb-info.signature', sgxPart('tcb_info_signature', 'ab'.repeat(63))),
  check(
    'a QE identity signature that is not hex',
    'sgx.qe-identity.signature',
    sgxPart('qe_identity_signature', 'xy'.repeat(64)),
  ),
]

const TRAILING: readonly BadInput[] = [
  error('a byte behind a report', 'trailing-bytes', 'report', snpBytes(concat(snp.evidence, filled(1)))),
  error(
    'bytes inside the signature section',
    'trailing-bytes',
    'signatureData',
    sgxWith({ quote: { insideTail: filled(3) } }),
  ),
  error('bytes inside the outer certification data', 'trailing-bytes', 'certificationData.length', () =>
    judgeTdx(makeTdx({ quote: { insideTail: filled(3) } })),
  ),
  error('a byte behind an ID block', 'trailing-bytes', 'idBlock', () => parseIdBlock(word(filled(97), 80, 1))),
  error('a byte behind ID authentication', 'trailing-bytes', 'idAuth', () => parseIdAuth(filled(4097))),
  check('a byte behind a CRL', 'sgx.crl.root.present', sgxPart('root_ca_crl', `${sgx.collateral.root_ca_crl}00`)),
  check(
    'a byte behind a certificate',
    'sgx.pck.certificates',
    sgxWith({ quote: { chain: [concat(sgx.pck.der, filled(1)), sgx.authority.platform.der, sgx.authority.root.der] } }),
  ),
  check(
    'text behind a PEM block',
    'sgx.tcb-info.signer.certificates',
    sgxPart('tcb_info_issuer_chain', `${sgx.collateral.tcb_info_issuer_chain}x`),
  ),
  check('a byte behind a VCEK', 'snp.leaf.well-formed', snpPart('vcek', concat(snp.leaf.der, filled(1)))),
  check("a byte behind AMD's CRL", 'snp.crl.well-formed', snpPart('crl', concat(snp.crl, filled(1)))),
  check('text behind TCB info', 'sgx.tcb-info.present', sgxPart('tcb_info', `${sgx.collateral.tcb_info}}`)),
]

const P256: Uint8Array = curveOrder('P-256')
const P384_LE: Uint8Array = concat(Uint8Array.from(curveOrder('P-384')).reverse(), filled(24))
const NUMBERS: readonly (readonly [string, Uint8Array, Uint8Array])[] = [
  ['zero', filled(32), filled(72)],
  ['the order', P256, P384_LE],
  ['all ones', filled(32, 0xff), filled(72, 0xff)],
]

const SIGNATURES: readonly BadInput[] = NUMBERS.flatMap(([name, p256, p384]) =>
  (['r', 's'] as const).flatMap((part) => {
    const half = part === 'r' ? 0 : 32
    const document = Buffer.from(sgx.collateral.tcb_info_signature, 'hex')
    return [
      check(
        `quote signature with ${part} ${name}`,
        'sgx.quote.signature',
        sgxBytes(patched(sgx.evidence, SIGNATURE + half, p256)),
      ),
      check(
        `QE report signature with ${part} ${name}`,
        'sgx.qe.report-signature',
        sgxBytes(patched(sgx.evidence, QE_SIGNATURE + half, p256)),
      ),
      check(
        `TCB info signature with ${part} ${name}`,
        'sgx.tcb-info.signature',
        sgxPart('tcb_info_signature', toHex(patched(new Uint8Array(document), half, p256))),
      ),
      check(
        `report signature with ${part.toUpperCase()} ${name}`,
        'snp.report.signature',
        snpBytes(patched(snp.evidence, part === 'r' ? 0x2a0 : 0x2e8, p384)),
      ),
    ]
  }),
)

const CRITICAL: Extension = { oid: '1.2.3.4', critical: true, value: Uint8Array.of(5, 0) }
const PCK_EXTENSIONS = [
  keyUsage('digitalSignature', 'nonRepudiation'),
  basicConstraints(false),
  sgxExtensions(EXAMPLE_PLATFORM),
]
const CA_EXTENSIONS = [keyUsage('keyCertSign', 'cRLSign'), basicConstraints(true, 0)]
const SIGNER_EXTENSIONS = [keyUsage('digitalSignature'), basicConstraints(false)]
const LEAF = leafExtensions('Genoa', {
  structVersion: 0,
  productName: 'Genoa',
  tcb: { bootLoader: 10, tee: 0, snp: 24, microcode: 84 },
  hwId: toHex(snp.evidence.subarray(0x1a0, 0x1e0)),
})

function authorityWith(
  certificates: NonNullable<Parameters<typeof createIntelAuthority>[0]>['certificates'] & object,
): IntelAuthority {
  return createIntelAuthority({ certificates })
}

const EXTENSIONS: readonly BadInput[] = [
  check(
    'an unknown critical extension in a PCK certificate',
    'sgx.pck.certificates',
    sgxWith({ pckCertificate: { extensions: [...PCK_EXTENSIONS, CRITICAL] } }),
  ),
  check(
    'one in a PCK CA',
    'sgx.pck.certificates',
    sgxWith({ authority: authorityWith({ platform: { extensions: [...CA_EXTENSIONS, CRITICAL] } }) }),
  ),
  check(
    'one in the root',
    'sgx.pck.certificates',
    sgxWith({
      authority: authorityWith({
        root: { extensions: [...CA_EXTENSIONS.slice(0, 1), basicConstraints(true, 1), CRITICAL] },
      }),
    }),
  ),
  check(
    'one in the TCB Signing certificate',
    'sgx.tcb-info.signer.certificates',
    sgxWith({ authority: authorityWith({ tcbSigning: { extensions: [...SIGNER_EXTENSIONS, CRITICAL] } }) }),
  ),
  check('one in the root CA CRL', 'sgx.crl.root.signature', sgxWith({ rootCrl: { extensions: [CRITICAL] } })),
  check('one in the PCK CRL', 'sgx.crl.pck.signature', sgxWith({ pckCrl: { extensions: [CRITICAL] } })),
  check('one in a VCEK', 'snp.chain.constraints', snpWith({ leafCertificate: { extensions: [...LEAF, CRITICAL] } })),
  check("one in AMD's CRL", 'snp.crl.extensions', snpWith({ crl: { extensions: [CRITICAL] } })),
  check(
    'an extension twice in a PCK certificate',
    'sgx.pck.certificates',
    sgxWith({ pckCertificate: { extensions: [...PCK_EXTENSIONS, sgxExtensions(EXAMPLE_PLATFORM)] } }),
  ),
  check(
    'an extension twice in a VCEK',
    'snp.leaf.well-formed',
    snpWith({ leafCertificate: { extensions: [...LEAF, ...LEAF.slice(0, 1)] } }),
  ),
  check(
    'an extension twice in a CRL',
    'sgx.crl.root.present',
    sgxWith({ rootCrl: { extensions: [CRITICAL, CRITICAL] } }),
  ),
  check(
    "an extension twice in AMD's CRL",
    'snp.crl.well-formed',
    snpWith({ crl: { extensions: [CRITICAL, CRITICAL] } }),
  ),
  check(
    'a member twice in the SGX extensions',
    'sgx.pck.extensions',
    sgxWith({ pckCertificate: { extensions: [...PCK_EXTENSIONS.slice(0, 2), doubled()] } }),
  ),
]

// The whole list of members once more behind the first: every member is there twice.
function doubled(): Extension {
  const { oid, value } = sgxExtensions(EXAMPLE_PLATFORM)
  const content = value.subarray(4)
  const length = 2 * content.length
  return { oid, value: concat(Uint8Array.of(0x30, 0x82, length >> 8, length & 0xff), content, content) }
}

const other = generateKey('P-384')
const strangerCa = issue({
  subject: intelName('Intel SGX PCK Platform CA'),
  issuer: sharedIntelAuthority().root.name,
  serial: 9,
  notBefore: new Date('2020-01-01T00:00:00Z'),
  notAfter: new Date('2049-12-31T23:59:59Z'),
  subjectKey: other,
  issuerKey: sharedIntelAuthority().root.key,
  algorithm: 'ecdsa-p256-sha256',
  extensions: CA_EXTENSIONS,
})

const KEYS: readonly BadInput[] = [
  check(
    'a PCK on P-384',
    'sgx.pck.certificates',
    sgxWith({ pckKey: other, quote: { qeReportSigner: generateKey('P-256') } }),
  ),
  check(
    'a PCK CA on P-384',
    'sgx.crl.pck-issuer.certificates',
    sgxPart('pck_crl_issuer_chain', pemChain(strangerCa.der, sharedIntelAuthority().root.der)),
  ),
  check(
    'a TCB Signing key on P-384',
    'sgx.tcb-info.signer.certificates',
    sgxWith({
      authority: createIntelAuthority({ keys: { tcbSigning: other } }),
      tcbInfoSigning: { signer: generateKey('P-256') },
      qeIdentitySigning: { signer: generateKey('P-256') },
    }),
  ),
  check('a VCEK on P-256', 'snp.chain.algorithms', snpWith({ leafKey: generateKey('P-256'), reportSigner: other })),
  check(
    'a VCEK signed with PKCS #1 v1.5',
    'snp.chain.algorithms',
    snpWith({ leafCertificate: { algorithm: 'rsa-pkcs1-sha384' } }),
  ),
  check(
    'a VCEK signed with SHA-256',
    'snp.chain.algorithms',
    snpWith({ leafCertificate: { algorithm: 'rsassa-pss-sha256' } }),
  ),
  check(
    'a PCK certificate signed with SHA-1',
    'sgx.pck.chain',
    sgxWith({ pckCertificate: { algorithm: 'ecdsa-sha1' } }),
  ),
  check(
    'another algorithm inside than outside',
    'sgx.pck.certificates',
    sgxWith({ pckCertificate: { innerAlgorithm: 'ecdsa-p384-sha384' } }),
  ),
  check(
    'another algorithm inside than outside, AMD',
    'snp.leaf.well-formed',
    snpWith({ leafCertificate: { innerAlgorithm: 'rsassa-pss-sha256' } }),
  ),
  check(
    'an attestation key that is no point of the curve',
    'sgx.quote.signature',
    sgxBytes(patched(sgx.evidence, SIGNATURE + 64, filled(64, 0xff))),
  ),
]

const PAST = new Date('2026-06-10T00:00:00Z')
const FUTURE = new Date('2026-06-20T00:00:00Z')

const DATES: readonly BadInput[] = [
  check('an expired PCK certificate', 'sgx.pck.validity', sgxWith({ pckCertificate: { notAfter: PAST } })),
  check('a PCK certificate of the future', 'sgx.pck.validity', sgxWith({ pckCertificate: { notBefore: FUTURE } })),
  check(
    'an expired TCB Signing certificate',
    'sgx.tcb-info.signer.validity',
    sgxWith({ authority: authorityWith({ tcbSigning: { notAfter: PAST } }) }),
  ),
  check(
    'an expired PCK CA',
    'sgx.pck.validity',
    sgxWith({ authority: authorityWith({ platform: { notAfter: PAST } }) }),
  ),
  check('an expired root CA CRL', 'sgx.crl.root.current', sgxWith({ rootCrl: { nextUpdate: PAST } })),
  check('a root CA CRL of the future', 'sgx.crl.root.issued', sgxWith({ rootCrl: { thisUpdate: FUTURE } })),
  check('an expired PCK CRL', 'sgx.crl.pck.current', sgxWith({ pckCrl: { nextUpdate: PAST } })),
  check('a PCK CRL of the future', 'sgx.crl.pck.issued', sgxWith({ pckCrl: { thisUpdate: FUTURE } })),
  check('expired TCB info', 'sgx.tcb-info.current', sgxWith({ tcbInfo: { nextUpdate: '2026-06-10T00:00:00Z' } })),
  check('TCB info of the future', 'sgx.tcb-info.issued', sgxWith({ tcbInfo: { issueDate: '2026-06-20T00:00:00Z' } })),
  check(
    'expired QE identity',
    'sgx.qe-identity.current',
    sgxWith({ qeIdentity: { nextUpdate: '2026-06-10T00:00:00Z' } }),
  ),
  check(
    'QE identity of the future',
    'sgx.qe-identity.issued',
    sgxWith({ qeIdentity: { issueDate: '2026-06-20T00:00:00Z' } }),
  ),
  check(
    'a date that does not exist',
    'sgx.tcb-info.present',
    sgxWith({ tcbInfo: { nextUpdate: '2026-06-31T00:00:00Z' } }),
  ),
  check('an expired VCEK', 'snp.chain.not-after', snpWith({ leafCertificate: { notAfter: PAST } })),
  check('a VCEK of the future', 'snp.chain.not-before', snpWith({ leafCertificate: { notBefore: FUTURE } })),
  check('a stale list of AMD', 'snp.crl.not-after', snpWith({ crl: { nextUpdate: PAST } })),
  check('a list of AMD of the future', 'snp.crl.not-before', snpWith({ crl: { thisUpdate: FUTURE } })),
]

const ISSUERS: readonly BadInput[] = [
  check(
    'a root CA CRL that names another issuer',
    'sgx.crl.root.signature',
    sgxWith({ rootCrl: { issuer: intelName('Another Root CA') } }),
  ),
  check(
    'a PCK CRL that names another issuer',
    'sgx.crl.pck.signature',
    sgxWith({ pckCrl: { issuer: intelName('Intel SGX PCK Processor CA') } }),
  ),
  check(
    'a root CA CRL that the PCK CA issued',
    'sgx.crl.root.signature',
    sgxPart('root_ca_crl', sgx.collateral.pck_crl),
  ),
  check('a list of another ARK', 'snp.crl.issuer', snpWith({ crl: { issuer: amdName('ARK-Milan') } })),
  check(
    'a list of the right name under another key',
    'snp.crl.signature',
    snpWith({ crl: { corrupt: 'signed-part' } }),
  ),
]

/** Every item of "Bad input", by theme. */
export const BAD_INPUT: Readonly<Record<string, readonly BadInput[]>> = {
  'unknown versions and kinds': VERSIONS,
  'wrong lengths': LENGTHS,
  'trailing bytes': TRAILING,
  'signatures of zero, or over the order': SIGNATURES,
  'unknown critical and duplicated extensions': EXTENSIONS,
  'wrong key types, curves and algorithms': KEYS,
  'expired and not yet valid parts': DATES,
  'revocation lists of the wrong issuer': ISSUERS,
}
