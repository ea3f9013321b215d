import { decodeCbor } from '../cbor/decode.ts'
import { entryOf } from '../cbor/item.ts'
import { cmwOfCertificate, cmwOfJws, cmwOfSign1 } from '../cmw/carriers.ts'
import { mediaTypeOf } from '../cmw/content-formats.ts'
import { decodeCmw, fromJson } from '../cmw/decode.ts'
import { type Cmw, type CmwRecord, recordsOf } from '../cmw/message.ts'
import { EvidenceError } from '../core/errors.ts'
import type { Json } from '../core/json.ts'
import type { Tee } from '../core/verdict.ts'
import { vendorsCertificate } from './beside.ts'
import { carriesCmw } from './carriers.ts'
import type { Companion, Opened, Part } from './model.ts'

const TSM_REPORT = 'application/vnd.veraison.tsm-report+cbor'

/** What messages of a media type are; types that are not named here are told by their bytes. */
const KINDS: readonly (readonly [RegExp, readonly Tee[]])[] = [
  [/^application\/psa-attestation-token/, ['psa']],
  [/psacertified\.org|arm\.com\/psa/, ['psa']],
  [/^application\/eat-collection|key-attestation\.cca/, ['cca']],
  [/key-attestation\.tpm|tpm-evidence/, ['tpm']],
  [/tsm-report/, ['snp', 'tdx', 'cca']],
  [/nvidia-gpu-evidence/, ['nvidia-gpu']],
  // JSON and CBOR alone are generic: whatever is in them says itself what it is.
  [/^application\/(jwt|cwt|(eat\+|eat-bun\+|eat-)(jwt|cwt|json|cbor))\b/, ['token', 'psa', 'cca', 'nitro']],
]

/** Takes a wrapper off bytes: bare, signed, or in a certificate. @returns undefined when there is none */
export function openCmw(bytes: Uint8Array): Opened | undefined {
  const signed = signedCmw(bytes)
  if (signed !== undefined) {
    const { carrier: label, message } = signed
    const { companions = [], ...opened } = chosen(message)
    return {
      ...opened,
      companions: [...companions, { kind: 'signed-wrapper', from: 'wrapper', label, bytes: bytes.slice() }],
    }
  }
  const bare = bareCmw(bytes)
  return bare === undefined ? undefined : chosen(bare)
}

/** Takes a wrapper off a JSON value. @returns undefined when it is none */
export function openCmwJson(value: unknown, where: string): Opened | undefined {
  if (!isMessage(value, 0)) return undefined
  return chosen(fromJson(value, where))
}

// A record is a list of a media type and text; a collection has nothing but records and collections.
function isMessage(value: unknown, depth: number): value is Json {
  if (Array.isArray(value)) {
    const [type, text]: readonly unknown[] = value
    return value.length >= 2 && value.length <= 3 && typeof text === 'string' && isMediaType(type)
  }
  if (typeof value !== 'object' || value === null || depth > 4) return false
  const members = Object.entries(value).filter(([name]) => name !== '__cmwc_t')
  return members.length > 0 && members.every(([, one]) => isMessage(one, depth + 1))
}

function isMediaType(value: unknown): boolean {
  return typeof value === 'string' && /^[\w.+-]{1,127}\/[\w.+-]{1,127}(?:[\s;]|$)/.test(value)
}

interface SignedCmw {
  readonly carrier: 'COSE_Sign1' | 'JWS' | 'certificate'
  readonly message: Cmw
}

function signedCmw(bytes: Uint8Array): SignedCmw | undefined {
  const start = new TextDecoder('latin1').decode(bytes.subarray(0, 512))
  if ((bytes[0] === 0xd2 || bytes[0] === 0x84) && start.includes('application/cmw'))
    return inside('COSE_Sign1', cmwOfSign1(bytes))
  if (carriesCmw(bytes)) return inside('certificate', cmwOfCertificate(bytes))
  const isJws = /^\s*eyJ[\w-]+\.[\w-]/.test(start) && bytes.length < MAX_JWS
  return isJws ? inside('JWS', cmwOfJws(latin1(bytes))) : undefined
}

function inside(carrier: SignedCmw['carrier'], message: Cmw | undefined): SignedCmw | undefined {
  return message && { carrier, message }
}

const MAX_JWS = 1_000_000

function latin1(bytes: Uint8Array): string {
  return new TextDecoder('latin1').decode(bytes)
}

// A tag of the range, or a list of a type and bytes, is a wrapper, damaged or not. A map may be much else.
function bareCmw(bytes: Uint8Array): Cmw | undefined {
  const [first = 0, second = 0] = bytes
  if (first === 0xda && second === 0x63 && ((bytes[2] ?? 0) === 0x74 || bytes[2] === 0x75)) return decodeCmw(bytes)
  if ((first === 0x82 || first === 0x83) && second >> 5 === 0) return decodeCmw(bytes)
  // A list may have some other text in front.
  if ((first === 0x82 || first === 0x83) && second >> 5 === 3)
    return textIn(bytes, second).includes(SLASH) ? decodeCmw(bytes) : undefined
  return first >> 5 === 5 ? mapCmw(bytes) : undefined
}

const SLASH = 0x2f

/** The text behind the first byte, of which `head` is the first one: media types are short. */
function textIn(bytes: Uint8Array, head: number): Uint8Array {
  const length = head & 0x1f
  return length < 24 ? bytes.subarray(2, 2 + length) : bytes.subarray(3, 3 + (bytes[2] ?? 0))
}

function mapCmw(bytes: Uint8Array): Cmw | undefined {
  try {
    return decodeCmw(bytes)
  } catch (error) {
    // Some other map, or none at all.
    if (error instanceof EvidenceError) return undefined
    throw error
  }
}

/** The parts that are evidence, or results, as far as the wrapper says, and certificates of one part; the others are named. */
function chosen(message: Cmw): Opened {
  const leaves = recordsOf(message)
  const unused: string[] = []
  const companions: Companion[] = []
  const wanted = leaves.filter(({ record }) => isWanted(record))
  const parts = wanted.map(({ path, record }) => partOf(path, record))
  for (const { path, record } of leaves) {
    const { indicators = [] } = record
    if (isWanted(record)) continue
    const isEndorsement = parts.length === 1 && indicators.includes('endorsements')
    const bytes = isEndorsement && companions.length < MAX_CERTIFICATES ? vendorsCertificate(record.value) : undefined
    if (bytes !== undefined) companions.push({ kind: 'certificates', from: path.slice(0, 64), bytes })
    else unused.push(`${quoted(path)}: ${indicators.join(' and ')}, of the type ${quoted(typeName(record))}`)
  }
  const name = message.kind === 'collection' ? 'conceptual messages, several' : 'conceptual message'
  const [only] = parts
  if (only === undefined)
    throw new EvidenceError('unsupported-kind', 'no evidence', {
      field: 'cmw',
      offset: 0,
      expected: 'a message that is evidence or an attestation result',
    })
  const tees = only.tees === undefined ? {} : { tees: only.tees }
  return { name, parts, path: '', unused, companions, inner: only.inner, ...tees }
}

const MAX_CERTIFICATES = 16

function isWanted({ indicators }: CmwRecord): boolean {
  return indicators === undefined || indicators.length === 0 || indicators.some(isEvidence)
}

function isEvidence(indicator: string): boolean {
  return indicator === 'evidence' || indicator === 'attestation-results'
}

function partOf(label: string, record: CmwRecord): Part {
  const type = typeName(record)
  if (/eat-ucs/.test(type))
    throw new EvidenceError('unsupported-kind', 'claims that nobody signed', {
      field: `cmw.${label}`,
      offset: 0,
      expected: 'signed evidence',
    })
  const tees = KINDS.find(([pattern]) => pattern.test(type))?.[1]
  const bytes = type.startsWith(TSM_REPORT) ? outBlob(record.value) : record.value
  return { label, inner: { bytes }, ...(tees === undefined ? {} : { tees }) }
}

function typeName({ type }: CmwRecord): string {
  return typeof type === 'string' ? type : (mediaTypeOf(type) ?? `content format ${type}`)
}

// A map of byte strings by the names of configfs-tsm.
function outBlob(bytes: Uint8Array): Uint8Array {
  const map = decodeCbor(bytes, { field: 'tsm-report', maxItems: 32 })
  const blob = map.type === 'map' ? entryOf(map, 'outblob') : undefined
  if (blob?.type === 'bytes') return blob.value
  throw new EvidenceError('malformed', 'no outblob', { field: 'tsm-report', offset: 0, expected: 'a map with outblob' })
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 64))
}
