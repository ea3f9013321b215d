import { EvidenceError } from '@sekisho/evidence'
import {
  arrayOf,
  type CborItem,
  type CoseSign1,
  decodeCbor,
  entryOf,
  integerOf,
  mapOf,
  readSign1,
  wrongItem,
} from '@sekisho/evidence/cbor'
import { type Certificate, decodePem, parseCertificate, WIDE } from '@sekisho/evidence/x509'

/** What a signature says of one register. */
export interface SignedRegister {
  readonly index: number
  readonly value: Uint8Array
}

/** One entry of a signature section, decoded; nothing in it is verified. */
export interface EifSignatureEntry {
  readonly certificate: Certificate
  readonly cose: CoseSign1
  readonly register: SignedRegister
}

const MAX_ENTRIES = 8
const MAX_CERTIFICATE = 32 * 1024
const MAX_SIGNATURE = 4 * 1024
const BEGIN = '-----BEGIN CERTIFICATE-----'
const END = '-----END CERTIFICATE-----'

/**
 * Decodes a signature section: a CBOR array of `{ signing_certificate, signature }`, where both may be byte strings
 * or, as AWS's builder writes them, arrays of small integers.
 *
 * @param field name of the section, for errors; their offsets count from the section's start
 * @throws EvidenceError
 * @see AWS Nitro Enclaves image format, EifSignature and PcrInfo
 */
export function parseEifSignature(bytes: Uint8Array, field: string): readonly EifSignatureEntry[] {
  const list = arrayOf(decodeCbor(bytes, { field, maxItems: bytes.length + 1 }), field, 1, MAX_ENTRIES)
  return list.items.map((item, i) => readEntry(item, `${field}[${i}]`))
}

function readEntry(item: CborItem, field: string): EifSignatureEntry {
  const pem = vectorAt(item, field, 'signing_certificate', MAX_CERTIFICATE)
  const signature = vectorAt(item, field, 'signature', MAX_SIGNATURE)
  onlyMembers(item, field, 2)
  const certificate = parseCertificate(derOf(pem, `${field}.signing_certificate`), [], WIDE)
  const cose = readSign1(signature, decodeCbor(signature, { field: `${field}.signature` }), `${field}.signature`)
  return { certificate, cose, register: readRegister(cose.payload, `${field}.signature.payload`) }
}

function readRegister(payload: Uint8Array, field: string): SignedRegister {
  const item = decodeCbor(payload, { field })
  const index = integerOf(memberAt(item, field, 'register_index'), `${field}.register_index`, 0, 31)
  const value = vectorAt(item, field, 'register_value', 64)
  onlyMembers(item, field, 2)
  return { index, value }
}

// AWS hashes the DER of the first certificate in the text, whatever stands around it: that one is PCR8.
function derOf(pem: Uint8Array, field: string): Uint8Array {
  const text = new TextDecoder('latin1').decode(pem)
  const start = text.indexOf(BEGIN)
  const end = text.indexOf(END, start)
  const [der] = start < 0 || end < 0 ? [] : decodePem(text.slice(start, end + END.length), 'CERTIFICATE', field)
  if (der !== undefined) return der
  throw new EvidenceError('malformed', 'no certificate in PEM', { field, offset: 0, expected: `\`${BEGIN}\`` })
}

function memberAt(item: CborItem, field: string, name: string): CborItem {
  const value = entryOf(mapOf(item, field), name)
  if (value !== undefined) return value
  throw wrongItem(item, field, `a member \`${name}\``, 'a map without it')
}

function onlyMembers(item: CborItem, field: string, count: number): void {
  const { entries } = mapOf(item, field)
  if (entries.length !== count) throw wrongItem(item, field, `${count} members`, `${entries.length} members`)
}

/** Bytes that are a byte string, or an array of integers from 0 to 255: the serialised form of a plain byte vector. */
function vectorAt(item: CborItem, field: string, name: string, max: number): Uint8Array {
  const value = memberAt(item, field, name)
  const path = `${field}.${name}`
  if (value.type === 'bytes' && value.value.length > 0 && value.value.length <= max) return value.value
  if (value.type !== 'array') throw wrongItem(value, path, `1 to ${max} bytes`)
  const { items } = arrayOf(value, path, 1, max)
  return Uint8Array.from(items, (one) => integerOf(one, path, 0, 255))
}
