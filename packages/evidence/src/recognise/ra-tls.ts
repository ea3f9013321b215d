import { decodeCbor } from '../cbor/decode.ts'
import { equalBytes, fromHex, latin1 } from '../core/bytes.ts'
import { EvidenceError } from '../core/errors.ts'
import { DerReader, TAG } from '../x509/der.ts'
import { isCertificate } from './carriers.ts'
import { isSurelyQuote, looksLikeReport, REPORT_SIZE } from './looks.ts'
import type { Companion, Opened } from './model.ts'
import { ENDORSEMENTS, endorsementsIn } from './tls-endorsements.ts'

/** An extension of certificates in which evidence travels. */
interface Carrier {
  readonly oid: string
  readonly name: string
  /** Inside of an OCTET STRING of its own, as some writers have it. */
  readonly inString?: true
  /** A CBOR tag around evidence and claims. */
  readonly tagged?: true
}

// Gramine's writer puts an identifier with its tag and length into another: what arrives is that one.
const CARRIERS: readonly Carrier[] = [
  { oid: '2.23.133.5.4.9', name: 'TCG tagged evidence', tagged: true },
  { oid: '0.6.9.42.840.113741.1337.6', name: 'Gramine' },
  { oid: '1.2.840.113741.1337.6', name: 'Gramine' },
  { oid: '1.2.840.113556.10.1.1', name: 'Open Enclave' },
  { oid: '1.3.6.1.4.1.311.105.1', name: 'Open Enclave' },
  { oid: '1.2.840.113556.10.1.2', name: 'Open Enclave' },
  { oid: '1.3.6.1.4.1.311.105.2', name: 'Open Enclave' },
  { oid: '1.3.6.1.4.1.62397.1.1', name: 'dstack', inString: true },
  { oid: '1.2.840.113741.1', name: 'Intel' },
  { oid: '1.3.6.1.4.1.62397.1.8', name: 'dstack, versioned', inString: true },
  { oid: '1.2.840.113741.1.13.1.0', name: 'Privasys' },
  { oid: '1.2.840.113741.1.5.5.1.6', name: 'Privasys' },
  { oid: '1.3.6.1.4.1.65230.4.1', name: 'Privasys' },
  { oid: '1.3.9901.2.1', name: 'Contrast' },
  { oid: '1.3.9901.2.2', name: 'Contrast' },
  ...['2.1', '2.2', '3.1', '3.2', '4.1', '4.2', '4.3', '5.1', '5.99'].map((variant) => ({
    oid: `1.3.9900.${variant}`,
    name: 'Constellation',
  })),
]

/** The most that two bytes of length can say, and the header. */
const MAX_CERTIFICATE = 0xffff + 4
const DSTACK_LOG = '1.3.6.1.4.1.62397.1.2'
const UNBOUND = 'the certificate: whether the evidence names its key, which keeps others from showing this evidence'

/**
 * Takes evidence out of a certificate of attested TLS, by the first of the known extensions that it has, out of a name
 * of its own, or out of whatever extension holds one piece of evidence and nothing else.
 *
 * @see CCC interoperable RA-TLS; the extensions of Gramine, Open Enclave, dstack, Privasys, Contrast and Constellation
 * @returns undefined when the bytes are no certificate, or have no such extension
 * @throws EvidenceError for an extension that is there twice, or holds something else
 */
export function openRaTls(bytes: Uint8Array): Opened | undefined {
  const carrier = carrierOf(bytes)
  const value = carrier === undefined ? undefined : extensionOf(bytes, carrier.oid)
  if (carrier === undefined || value === undefined) {
    const document = documentInName(bytes)
    const name = 'certificate of attested TLS (Nitro document in a DNS name)'
    if (document !== undefined) return { name, inner: { bytes: document }, path: 'subjectAltName', unused: [UNBOUND] }
    const inner = evidenceInside(bytes)
    const other = 'certificate of attested TLS (an extension that is not known)'
    return inner && { name: other, inner: { bytes: inner }, path: 'extension', unused: [UNBOUND] }
  }
  const name = `certificate of attested TLS (${carrier.name})`
  // Some put the bare quote under the identifier of the tagged one.
  if (carrier.tagged === true && !isEvidence(value)) {
    const { inner, companions } = taggedEvidence(value)
    const beside = extensionOf(bytes, ENDORSEMENTS)
    const endorsements = beside === undefined ? undefined : endorsementsIn(beside)
    const all = endorsements === undefined ? companions : [...companions, endorsements]
    return { name, inner, companions: all, path: 'extension', unused: [UNBOUND] }
  }
  const inner = { bytes: carrier.inString === true ? unwrapped(value) : value }
  const log = carrier.name === 'dstack' ? extensionOf(bytes, DSTACK_LOG) : undefined
  const companions: readonly Companion[] =
    log === undefined ? [] : [{ kind: 'event-log', from: `extension ${DSTACK_LOG}`, bytes: unwrapped(log).slice() }]
  return { name, inner, path: 'extension', companions, unused: [UNBOUND] }
}

/** Whether bytes look like a certificate of attested TLS. */
export function carriesRaTls(bytes: Uint8Array): boolean {
  return [carrierOf, documentInName, evidenceInside].some((found) => found(bytes) !== undefined)
}

const OCTET_STRING = 0x04
/** The byte behind the tag, where two bytes of length follow: evidence is that long. */
const TWO_BYTES = 0x82
/** COSE_Sign1 under ES384, with or without its tag. */
const SIGN1: readonly (readonly number[])[] = [
  [0x84, 0x44, 0xa1, 0x01, 0x38, 0x22],
  [0xd2, 0x84, 0x44, 0xa1, 0x01, 0x38, 0x22],
]

/** The one OCTET STRING of a certificate that is a report, a quote, a Nitro document or JSON, whatever its extension is called. */
function evidenceInside(bytes: Uint8Array): Uint8Array | undefined {
  if (!isCertificate(bytes, MAX_CERTIFICATE)) return undefined
  const found: Uint8Array[] = []
  for (let at = bytes.indexOf(OCTET_STRING); at >= 0; at = bytes.indexOf(OCTET_STRING, at + 1)) {
    if (bytes[at + 1] !== TWO_BYTES) continue
    const start = at + 4
    const end = start + ((bytes[at + 2] as number) << 8) + (bytes[at + 3] ?? 0)
    const content = bytes.subarray(start, end)
    if (end > bytes.length || !(isEvidence(content) || isJson(content))) continue
    found.push(content)
    at = end - 1
  }
  return found.length === 1 ? found[0] : undefined
}

const SHORTEST_JSON = 400

function isJson(content: Uint8Array): boolean {
  return content.length >= SHORTEST_JSON && content[0] === 0x7b && content.at(-1) === 0x7d
}

function isEvidence(content: Uint8Array): boolean {
  return (
    isSurelyQuote(content) ||
    (content.length === REPORT_SIZE && looksLikeReport(content)) ||
    SIGN1.some((start) => start.every((byte, i) => content[i] === byte))
  )
}

const SUBJECT_ALT_NAME = '2.5.29.17'
const DNS_NAME = 0x82
/** How a Nitro document begins in hex: four parts, with or without their tag, and ES384 in the first. */
const DOCUMENT = /^(?:d2)?8444a1013822/

/** A Nitro document that is the first label of one of the certificate's names, however long, as Evervault has it. */
function documentInName(bytes: Uint8Array): Uint8Array | undefined {
  if (!isCertificate(bytes, MAX_CERTIFICATE)) return undefined
  const places = placesOf(bytes, SUBJECT_ALT_NAME)
  const value = places.length === 1 ? extensionOf(bytes, SUBJECT_ALT_NAME) : undefined
  if (value?.[0] !== TAG.sequence) return undefined
  const names = new DerReader(value, 'certificate.subjectAltName').inside(TAG.sequence, 'value')
  while (!names.done) {
    const element = names.any('name')
    const [label = ''] = element.tag === DNS_NAME ? latin1(names.content(element)).split('.', 1) : []
    if (DOCUMENT.test(label)) return fromHex(label)
  }
  return undefined
}

function carrierOf(bytes: Uint8Array): Carrier | undefined {
  return isCertificate(bytes, MAX_CERTIFICATE) ? CARRIERS.find(({ oid }) => placesOf(bytes, oid).length > 0) : undefined
}

/** The content of an extension's OCTET STRING. Certificates with large logs are longer than a parser of chains takes. */
function extensionOf(bytes: Uint8Array, oid: string): Uint8Array | undefined {
  const [at, second] = placesOf(bytes, oid)
  if (at === undefined) return undefined
  if (second !== undefined) throw bad(oid, at, 'the extension twice', 'the extension once')
  const start = at + encoded(oid).length
  // A BOOLEAN in front says that the extension is critical.
  return contentOf(bytes, bytes[start] === 0x01 ? start + 3 : start, oid)
}

/** Where an OBJECT IDENTIFIER is followed by the value of an extension. */
function placesOf(bytes: Uint8Array, oid: string): readonly number[] {
  const element = encoded(oid)
  const places: number[] = []
  for (let at = bytes.indexOf(0x06); at >= 0; at = bytes.indexOf(0x06, at + 1)) {
    const behind = bytes[at + element.length]
    if ((behind === 0x04 || behind === 0x01) && equalBytes(bytes.subarray(at, at + element.length), element))
      places.push(at)
  }
  return places
}

function unwrapped(value: Uint8Array): Uint8Array {
  return value[0] === 0x04 ? contentOf(value, 0, 'extnValue') : value
}

function contentOf(bytes: Uint8Array, at: number, field: string): Uint8Array {
  const reader = new DerReader(bytes, 'certificate', at)
  const start = reader.skipElement(TAG.octetString, field)
  return bytes.subarray(start, reader.at)
}

/** Tags of quotes in the registry of the interoperable format. */
const QUOTE_TAG = 60000

function taggedEvidence(value: Uint8Array): Required<Pick<Opened, 'inner' | 'companions'>> {
  const item = decodeCbor(value, { field: 'extension', maxItems: 64 })
  const list = item.type === 'tag' && Number(item.tag) === QUOTE_TAG ? item.item : undefined
  const [quote, claims] = list?.type === 'array' ? list.items : []
  if (quote?.type !== 'bytes' || claims?.type !== 'bytes')
    throw bad('tagged-evidence', 0, 'another value', `a quote and claims under the tag ${QUOTE_TAG}`)
  return {
    inner: { bytes: quote.value },
    companions: [{ kind: 'runtime-data', from: 'the claims beside the quote', bytes: claims.value.slice() }],
  }
}

/** An OBJECT IDENTIFIER as an element of DER. */
function encoded(oid: string): Uint8Array {
  const [first = 0, second = 0, ...more] = oid.split('.').map(Number)
  const body = [first * 40 + second, ...more].flatMap((arc) => {
    const digits = [arc & 0x7f]
    for (let left = arc >>> 7; left > 0; left >>>= 7) digits.unshift((left & 0x7f) | 0x80)
    return digits
  })
  return Uint8Array.of(0x06, body.length, ...body)
}

function bad(oid: string, offset: number, found: string, expected: string): EvidenceError {
  return new EvidenceError('malformed', found, { field: `certificate.${oid}`, offset, expected })
}
