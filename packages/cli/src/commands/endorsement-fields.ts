import { EvidenceError, toHex } from '@sekisho/evidence'
import { parsePckExtensions } from '@sekisho/evidence/sgx'
import {
  LEVEL_NAMES,
  parseCertificateTable,
  parseIdAuth,
  parseIdBlock,
  readLeafExtensions,
  type TableEntry,
} from '@sekisho/evidence/snp'
import { type Certificate, type Crl, decodePem, parseCertificate, parseCrl, WIDE } from '@sekisho/evidence/x509'
import { unreadable } from '../exit.ts'
import { blocksOfFile } from '../options/pem-blocks.ts'
import type { Field } from '../tee/door.ts'
import { addSecretFields, isAddSecretRequest } from './add-secret-fields.ts'
import { inFile, sha256 } from './evidence-file.ts'
import { isManifest, manifestFields, ocspFields } from './nvidia-fields.ts'
import { nameText, timeText } from './words-of-x509.ts'

/** An endorsement, or another structure beside evidence, decoded. */
export interface DecodedEndorsement {
  /** In words, e.g. `X.509 certificates (3)`. */
  readonly form: string
  readonly fields: readonly Field[]
}

const MAX_OBJECTS = 64
const ID_BLOCK = 96
const ID_AUTH = 4096
const SEQUENCE = 0x30
const BLOCK = /^\s*-----BEGIN (CERTIFICATE|X509 CRL)-----/

/**
 * Decodes X.509 certificates and revocation lists (DER, or PEM with any number of them), OCSP responses, a certificate table
 * of an SEV-SNP host, an ID block or ID authentication information, which their bytes tell, an add-secret request of Secure
 * Execution, or a reference integrity manifest of NVIDIA. Nothing is verified.
 *
 * @returns undefined for anything else, also where one of several parts cannot be read
 * @throws CliError (unreadable) for a malformed add-secret request or manifest, which nothing else begins like, and for over 64 blocks of PEM
 */
export function endorsementIn(path: string, bytes: Uint8Array): DecodedEndorsement | undefined {
  if (isAddSecretRequest(bytes))
    return { form: 'IBM Secure Execution add-secret request', fields: inFile(path, () => addSecretFields(bytes)) }
  if (isManifest(bytes))
    return { form: 'NVIDIA reference integrity manifest', fields: inFile(path, () => manifestFields(bytes)) }
  try {
    if (bytes[0] === SEQUENCE) return ofObjects([bytes])
    const text = blocksOfFile(bytes)?.join('\n') ?? Buffer.from(bytes).toString('latin1')
    if (BLOCK.test(text)) return ofObjects(pemObjects(path, text))
    if (bytes.length === ID_BLOCK) return { form: 'SEV-SNP ID block', fields: idBlockFields(bytes) }
    const table = tableIn(bytes)
    if (table !== undefined) return { form: 'SEV-SNP certificate table', fields: tableFields(table) }
    return bytes.length === ID_AUTH
      ? { form: 'SEV-SNP ID authentication information', fields: idAuthFields(bytes) }
      : undefined
  } catch (error) {
    // None after all: whoever reads evidence says what it looks like.
    if (error instanceof EvidenceError) return undefined
    throw error
  }
}

const BLOCKS = /-----BEGIN ([^-]{1,64})-----[^-]*-----END \1-----/g

/** DER of every block, in order. @throws EvidenceError for one that is not base64, CliError (unreadable) for too many */
function pemObjects(path: string, text: string): readonly Uint8Array[] {
  const blocks = [...text.matchAll(BLOCKS)]
  if (blocks.length > MAX_OBJECTS)
    throw unreadable(`${path}: ${blocks.length} blocks of PEM; expected at most ${MAX_OBJECTS}`)
  return blocks.flatMap(([block, label = '']) => decodePem(block, label, 'PEM'))
}

function ofObjects(ders: readonly Uint8Array[]): DecodedEndorsement {
  const decoded = ders.map(objectOf)
  const [only] = decoded
  if (only !== undefined && decoded.length === 1) return { form: only.form, fields: only.fields }
  const kinds = [...new Set(decoded.map(({ kind }) => kind))]
  const counted = kinds.map((kind) => `${decoded.filter((one) => one.kind === kind).length} ${kind}s`)
  const fields = decoded.flatMap((one, i) => prefixed(`${one.kind}${i + 1}`, one.fields))
  return { form: `X.509: ${counted.join(', ')}`, fields }
}

interface Decoded extends DecodedEndorsement {
  readonly kind: 'certificate' | 'crl' | 'ocsp'
}

/** A certificate, a list or an OCSP response. @throws EvidenceError that of an OCSP response when it is none of them */
function objectOf(der: Uint8Array): Decoded {
  const certificate = tried(() => parseCertificate(der, [], WIDE))
  if (certificate !== undefined) return decoded('certificate', 'X.509 certificate', certificateFields(certificate))
  const crl = tried(() => parseCrl(der, WIDE))
  if (crl !== undefined) return decoded('crl', 'X.509 revocation list', crlFields(crl))
  return decoded('ocsp', 'OCSP response', ocspFields(der))
}

function tried<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof EvidenceError) return undefined
    throw error
  }
}

function decoded(kind: Decoded['kind'], form: string, fields: readonly Field[]): Decoded {
  return { kind, form, fields: prefixedOnce(kind, fields) }
}

function prefixedOnce(prefix: string, fields: readonly Field[]): readonly Field[] {
  return fields.map((one) => ({ ...one, path: `${prefix}.${one.path}` }))
}

/** Fields of one of several: its number is in the first part of their paths. */
function prefixed(prefix: string, fields: readonly Field[]): readonly Field[] {
  return fields.map((one) => ({ ...one, path: one.path.replace(/^[^.]+/, prefix) }))
}

function field(path: string, value: Field['value'], meaning?: string): Field {
  return { path, value, ...(meaning === undefined ? {} : { meaning }) }
}

function certificateFields(certificate: Certificate): readonly Field[] {
  const { basicConstraints } = certificate
  return [
    field('subject', nameText(certificate.subject)),
    field('issuer', nameText(certificate.issuer)),
    field('serial', certificate.serial),
    field('notBefore', timeText(certificate.notBefore)),
    field('notAfter', timeText(certificate.notAfter)),
    field('key', certificate.keyKind),
    field('keySha256', sha256(certificate.spki), 'of SubjectPublicKeyInfo, as trust anchors name it'),
    field('signatureAlgorithm', certificate.signatureAlgorithm),
    ...(basicConstraints === undefined ? [] : [field('ca', basicConstraints.ca)]),
    field('sha256', sha256(certificate.der)),
    ...amdFields(certificate),
    ...intelFields(certificate),
    ...otherExtensions(certificate.extensions),
  ]
}

function crlFields(crl: Crl): readonly Field[] {
  return [
    field('issuer', nameText(crl.issuer)),
    field('thisUpdate', timeText(crl.thisUpdate)),
    field('nextUpdate', crl.nextUpdate === undefined ? 'not said' : timeText(crl.nextUpdate)),
    field('signatureAlgorithm', crl.signatureAlgorithm),
    field('revokedCount', crl.revoked.all.size),
    ...[...crl.revoked.all].map((serial, i) => field(`revoked.${i + 1}`, serial)),
    field('sha256', sha256(crl.der)),
    ...otherExtensions(crl.extensions),
  ]
}

const AMD = '1.3.6.1.4.1.3704.1.'
const SGX = '1.2.840.113741.1.13.1'

// AMD 57230, VCEK certificate extensions.
function amdFields(certificate: Certificate): readonly Field[] {
  if (![...certificate.extensions.keys()].some((oid) => oid.startsWith(AMD))) return []
  const { structVersion, productName, levels, hwId, cspId } = readLeafExtensions(certificate)
  const found: readonly (readonly [string, Field['value'] | undefined])[] = [
    ['structVersion', structVersion],
    ['productName', productName],
    ...[...levels].map(([arc, level]) => [LEVEL_NAMES[arc] ?? arc, level] as const),
    ['hwId', hwId === undefined ? undefined : toHex(hwId)],
    ['cspId', cspId],
  ]
  return found.flatMap(([name, value]) => (value === undefined ? [] : [field(`amd.${name}`, value)]))
}

// Intel SGX PCK Certificate and CRL Profile Specification, section 1.3.5.
function intelFields(certificate: Certificate): readonly Field[] {
  if (!certificate.extensions.has(SGX)) return []
  const pck = parsePckExtensions(certificate)
  const { configuration = {}, platformInstanceId } = pck
  return [
    field('sgx.ppid', toHex(pck.ppid)),
    field('sgx.fmspc', toHex(pck.fmspc)),
    field('sgx.pceId', toHex(pck.pceId)),
    field('sgx.cpuSvn', toHex(pck.cpuSvn)),
    field('sgx.pceSvn', pck.pceSvn),
    ...pck.tcbComponents.map((svn, i) => field(`sgx.tcbComponents.${i + 1}`, svn)),
    field('sgx.sgxType', pck.sgxType),
    ...(platformInstanceId === undefined ? [] : [field('sgx.platformInstanceId', toHex(platformInstanceId))]),
    ...Object.entries(configuration).flatMap(([name, value]) =>
      typeof value === 'boolean' ? [field(`sgx.configuration.${name}`, value)] : [],
    ),
  ]
}

/** RFC 5280, section 4.2 and 5.2. */
const NAMES: Readonly<Record<string, string>> = {
  '2.5.29.14': 'subjectKeyIdentifier',
  '2.5.29.15': 'keyUsage',
  '2.5.29.17': 'subjectAltName',
  '2.5.29.19': 'basicConstraints',
  '2.5.29.20': 'crlNumber',
  '2.5.29.31': 'crlDistributionPoints',
  '2.5.29.35': 'authorityKeyIdentifier',
  '2.5.29.37': 'extendedKeyUsage',
}

function otherExtensions(extensions: Certificate['extensions']): readonly Field[] {
  return [...extensions].flatMap(([oid, { critical, value }]) => {
    if (oid.startsWith(AMD) || oid === SGX) return []
    // A dot in a path is a step.
    const name = NAMES[oid] ?? oid.replaceAll('.', '-')
    return [field(`extensions.${name}`, toHex(value), critical ? 'critical' : undefined)]
  })
}

function tableIn(bytes: Uint8Array): readonly TableEntry[] | undefined {
  const entries = bytes.length === 0 ? [] : parseTable(bytes)
  return entries.some(({ kind }) => kind !== undefined) ? entries : undefined
}

function parseTable(bytes: Uint8Array): readonly TableEntry[] {
  try {
    return parseCertificateTable(bytes)
  } catch (error) {
    if (error instanceof EvidenceError) return []
    throw error
  }
}

function tableFields(entries: readonly TableEntry[]): readonly Field[] {
  return entries.flatMap(({ guid, kind, data }, i) => {
    const name = kind ?? `entry${i + 1}`
    const about = [{ ...field(`${name}.guid`, guid), offset: i * 24, length: 16 }, field(`${name}.length`, data.length)]
    const isX509 = kind !== undefined && kind !== 'platform-info'
    return [
      ...about,
      ...(isX509 && data.length > 0 ? prefixed(name, objectOf(data).fields) : [field(`${name}.sha256`, sha256(data))]),
    ]
  })
}

// AMD 56860, ID block.
function idBlockFields(bytes: Uint8Array): readonly Field[] {
  const { launchDigest, familyId, imageId, version, guestSvn, policy } = parseIdBlock(bytes)
  const at = (name: string, offset: number, length: number, value: Field['value']): Field => ({
    path: `idBlock.${name}`,
    offset,
    length,
    value,
  })
  return [
    at('launchDigest', 0, 48, toHex(launchDigest)),
    at('familyId', 48, 16, toHex(familyId)),
    at('imageId', 64, 16, toHex(imageId)),
    at('version', 80, 4, version),
    at('guestSvn', 84, 4, guestSvn),
    at('policy', 88, 8, `0x${policy.toString(16)}`),
  ]
}

// AMD 56860, ID authentication information. Keys and signatures: curve, and numbers in little-endian bytes.
function idAuthFields(bytes: Uint8Array): readonly Field[] {
  const { idKeyAlgo, authorKeyAlgo, idBlockSignature, idKey, idKeySignature, authorKey } = parseIdAuth(bytes)
  const part = (name: string, offset: number, of: Uint8Array): Field => ({
    path: `idAuth.${name}`,
    offset,
    length: of.length,
    value: toHex(of),
  })
  return [
    { ...field('idAuth.idKeyAlgo', idKeyAlgo, 'ECDSA P-384 with SHA-384'), offset: 0, length: 4 },
    {
      ...field(
        'idAuth.authorKeyAlgo',
        authorKeyAlgo,
        authorKeyAlgo === 0 ? 'no author key' : 'ECDSA P-384 with SHA-384',
      ),
      offset: 4,
      length: 4,
    },
    part('idBlockSignature', 0x40, idBlockSignature.subarray(0, 144)),
    part('idKey', 0x240, idKey.subarray(0, 148)),
    ...(authorKeyAlgo === 0
      ? []
      : [
          part('idKeySignature', 0x680, idKeySignature.subarray(0, 144)),
          part('authorKey', 0x880, authorKey.subarray(0, 148)),
        ]),
  ]
}
