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
  patched,
  pemChain,
  sgxExtensions,
  sharedIntelAuthority,
  toHex,
} from '@sekisho/emulator/kit'
import { type BadInput, check, SIGNATURE, sgx, sgxBytes, sgxPart, sgxWith, snp, snpWith } from './bad-input-kit.ts'

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

export const EXTENSIONS: readonly BadInput[] = [
  check(
    'an unknown critical extension in a PCK certificate',
    'sgx.pck.critical-extensions',
    sgxWith({ pckCertificate: { extensions: [...PCK_EXTENSIONS, CRITICAL] } }),
  ),
  check(
    'one in a PCK CA',
    'sgx.pck.critical-extensions',
    sgxWith({ authority: authorityWith({ platform: { extensions: [...CA_EXTENSIONS, CRITICAL] } }) }),
  ),
  check(
    'one in the root',
    'sgx.pck.critical-extensions',
    sgxWith({
      authority: authorityWith({
        root: { extensions: [...CA_EXTENSIONS.slice(0, 1), basicConstraints(true, 1), CRITICAL] },
      }),
    }),
  ),
  check(
    'one in the TCB Signing certificate',
    'sgx.tcb-info.signer.critical-extensions',
    sgxWith({ authority: authorityWith({ tcbSigning: { extensions: [...SIGNER_EXTENSIONS, CRITICAL] } }) }),
  ),
  check('one in the root CA CRL', 'sgx.crl.root.extensions', sgxWith({ rootCrl: { extensions: [CRITICAL] } })),
  check('one in the PCK CRL', 'sgx.crl.pck.extensions', sgxWith({ pckCrl: { extensions: [CRITICAL] } })),
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

export const KEYS: readonly BadInput[] = [
  check('a PCK on P-384', 'sgx.pck.keys', sgxWith({ pckKey: other, quote: { qeReportSigner: generateKey('P-256') } })),
  check(
    'a PCK CA on P-384',
    'sgx.crl.pck-issuer.keys',
    sgxPart('pck_crl_issuer_chain', pemChain(strangerCa.der, sharedIntelAuthority().root.der)),
  ),
  check(
    'a TCB Signing key on P-384',
    'sgx.tcb-info.signer.keys',
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

export const DATES: readonly BadInput[] = [
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

export const ISSUERS: readonly BadInput[] = [
  check(
    'a root CA CRL that names another issuer',
    'sgx.crl.root.issuer',
    sgxWith({ rootCrl: { issuer: intelName('Another Root CA') } }),
  ),
  check(
    'a PCK CRL that names another issuer',
    'sgx.crl.pck.issuer',
    sgxWith({ pckCrl: { issuer: intelName('Intel SGX PCK Processor CA') } }),
  ),
  check('a root CA CRL that the PCK CA issued', 'sgx.crl.root.issuer', sgxPart('root_ca_crl', sgx.collateral.pck_crl)),
  check('a list of another ARK', 'snp.crl.issuer', snpWith({ crl: { issuer: amdName('ARK-Milan') } })),
  check(
    'a list of the right name under another key',
    'snp.crl.signature',
    snpWith({ crl: { corrupt: 'signed-part' } }),
  ),
]
