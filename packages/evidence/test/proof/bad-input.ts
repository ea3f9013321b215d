import { concat, filled, makeTdx, patched, toHex } from '@sekisho/emulator/kit'
import { P256_ORDER, P384_ORDER } from '../../src/crypto/jobs.ts'
import { parseIdAuth, parseIdBlock } from '../../src/snp/id-block.ts'
import { judgeTdx } from '../soundness/kit.ts'
import { DATES, EXTENSIONS, ISSUERS, KEYS } from './bad-certificates.ts'
import {
  type BadInput,
  check,
  error,
  QE_SIGNATURE,
  SIGNATURE,
  sgx,
  sgxBytes,
  sgxPart,
  sgxWith,
  snp,
  snpBytes,
  snpPart,
  tdx,
  tdxBytes,
  word,
} from './bad-input-kit.ts'

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
  check('a byte behind a CRL', 'sgx.crl.root.present', sgxPart('root_ca_crl', `${sgx.collateral.root_ca_crl}01`)),
  check('two NULs behind a CRL', 'sgx.crl.root.present', sgxPart('root_ca_crl', `${sgx.collateral.root_ca_crl}0000`)),
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

const P256: Uint8Array = Buffer.from(P256_ORDER, 'hex')
const P384_LE: Uint8Array = concat(Buffer.from(P384_ORDER, 'hex').reverse(), filled(24))
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
        /^the signature of the quote is none: R and S must be 1 to n-1$/,
      ),
      check(
        `QE report signature with ${part} ${name}`,
        'sgx.qe.report-signature',
        sgxBytes(patched(sgx.evidence, QE_SIGNATURE + half, p256)),
        /^the signature of the QE report is none: R and S must be 1 to n-1$/,
      ),
      check(
        `TCB info signature with ${part} ${name}`,
        'sgx.tcb-info.signature',
        sgxPart('tcb_info_signature', toHex(patched(new Uint8Array(document), half, p256))),
        /^the signature of the TCB info is none: R and S must be 1 to n-1$/,
      ),
      check(
        `report signature with ${part.toUpperCase()} ${name}`,
        'snp.report.signature',
        snpBytes(patched(snp.evidence, part === 'r' ? 0x2a0 : 0x2e8, p384)),
        /^the signature is none: R and S must be 1 to n-1/,
      ),
    ]
  }),
)

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
