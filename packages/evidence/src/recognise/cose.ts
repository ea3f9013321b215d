import { EvidenceError } from '../core/errors.ts'
import { EAR_PROFILES } from '../eat/ear.ts'
import type { Identified, Opened } from './model.ts'

const TAG_SIGN1 = 0xd2
const ARRAY_OF_FOUR = 0x84
const UTF8 = new TextEncoder()

/** First bytes of CCA's collections (CBOR tags 399 and 907), and of Parsec's map around one. */
const CCA_STARTS: readonly (readonly number[])[] = [
  [0xd9, 0x01, 0x8f],
  [0xd9, 0x03, 0x8b],
  [0xa2, 0x63, ...UTF8.encode('kat')],
  [0xa2, 0x63, ...UTF8.encode('pat')],
]

/** Tells tokens in CBOR by their first bytes, also when they are cut short: CCA, Nitro, PSA, other EATs. */
export function identifyCose(bytes: Uint8Array): Identified | undefined {
  if (CCA_STARTS.some((start) => startsWith(bytes, start))) return { tee: 'cca', form: 'CCA token', bytes }
  if (startsWith(bytes, TAG_CWT) || isResult(bytes) || isOtherEat(bytes))
    return { tee: 'token', form: 'CBOR Web Token', bytes }
  const array = bytes[0] === TAG_SIGN1 ? 1 : 0
  if (bytes[array] !== ARRAY_OF_FOUR) return undefined
  const key = firstClaim(bytes, array + 1)
  // Members of a Nitro document have names, claims of a PSA token have numbers.
  if (key?.major === 3 && isNitroName(bytes, key)) return { tee: 'nitro', form: 'Nitro attestation document', bytes }
  return key?.major === 0 || key?.major === 1 ? { tee: 'psa', form: 'PSA token', bytes } : undefined
}

/** Tag 61 around a tagged COSE_Sign1. */
const TAG_CWT: readonly number[] = [0xd8, 0x3d, TAG_SIGN1]
const MAX_START = 1024

// An attestation result names its profile near the start of its claims.
function isResult(bytes: Uint8Array): boolean {
  if (bytes[0] !== TAG_SIGN1 && bytes[0] !== ARRAY_OF_FOUR) return false
  const start = new TextDecoder('latin1').decode(bytes.subarray(0, MAX_START))
  return EAR_PROFILES.some((profile) => start.includes(profile))
}

const PROFILE = 265
/** Profiles of PSA tokens, which are EATs too. */
const PSA = /^(?:PSA_IOT_|tag:psacertified\.org,|https?:\/\/arm\.com\/)/i
const MAX_CLAIMS = 256

// A map of claims by number that names a profile other than PSA's, as text or as an object identifier.
function isOtherEat(bytes: Uint8Array): boolean {
  const array = bytes[0] === TAG_SIGN1 ? 1 : 0
  const map = bytes[array] === ARRAY_OF_FOUR ? claimsMap(bytes, array + 1) : undefined
  let at = map?.next
  for (let i = 0; i < Math.min(map?.argument ?? 0, MAX_CLAIMS) && at !== undefined; i++) {
    const key = head(bytes, at)
    const value = key === undefined ? undefined : skipItems(bytes, at, 1)
    if (key?.major === 0 && key.argument === PROFILE && value !== undefined) return namesOther(bytes, value)
    at = value === undefined ? undefined : skipItems(bytes, value, 1)
  }
  return false
}

function namesOther(bytes: Uint8Array, at: number): boolean {
  const value = head(bytes, at)
  if (value === undefined || (value.major !== 2 && value.major !== 3) || value.argument === 0) return false
  const name = new TextDecoder('latin1').decode(bytes.subarray(value.next, value.next + value.argument))
  return value.major === 2 || !PSA.test(name)
}

const NITRO_NAMES: readonly string[] = [
  ...['module_id', 'digest', 'timestamp', 'pcrs', 'nitrotpm_pcrs', 'certificate', 'cabundle'],
  ...['public_key', 'user_data', 'nonce'],
]

// A document may be cut short inside of the name.
function isNitroName(bytes: Uint8Array, { next, argument }: Head): boolean {
  const name = new TextDecoder('latin1').decode(bytes.subarray(next, next + argument))
  return NITRO_NAMES.some((one) => (name.length < argument ? one.startsWith(name) : one === name))
}

/** The first key of a COSE_Sign1's payload. */
function firstClaim(bytes: Uint8Array, start: number): Head | undefined {
  const map = claimsMap(bytes, start)
  return map === undefined ? undefined : head(bytes, map.next)
}

/** The map that a COSE_Sign1 signs; undefined for anything else. `start` is behind the head of the array. */
function claimsMap(bytes: Uint8Array, start: number): Head | undefined {
  const header = head(bytes, start)
  if (header?.major !== 2) return undefined
  const unprotected = head(bytes, header.next + header.argument)
  if (unprotected?.major !== 5) return undefined
  // Some firmware names its key there, and nobody signs it.
  const behind = skipItems(bytes, unprotected.next, 2 * unprotected.argument)
  const payload = behind === undefined ? undefined : head(bytes, behind)
  const map = payload?.major === 2 ? head(bytes, payload.next) : undefined
  return map?.major === 5 ? map : undefined
}

interface Head {
  readonly major: number
  readonly argument: number
  readonly next: number
}

function head(bytes: Uint8Array, at: number): Head | undefined {
  const first = bytes[at]
  if (first === undefined) return undefined
  const major = first >> 5
  const info = first & 0x1f
  if (info < 24 || info === 31) return { major, argument: info === 31 ? 0 : info, next: at + 1 }
  const size = 1 << (info - 24)
  if (info > 27 || at + size >= bytes.length) return undefined
  let argument = 0
  for (let i = 1; i <= size; i++) argument = argument * 256 + (bytes[at + i] as number)
  return { major, argument, next: at + 1 + size }
}

const MAX_DEPTH = 16

/** Where the item behind `count` items begins; undefined where these are of indefinite length, cut short or too deep. */
function skipItems(bytes: Uint8Array, start: number, count: number, depth = 0): number | undefined {
  let at = start
  for (let i = 0; i < count; i++) {
    const item = head(bytes, at)
    if (item === undefined || depth > MAX_DEPTH || (bytes[at] as number) % 32 === 31) return undefined
    const { major, argument, next } = item
    const inside = major === 4 ? argument : major === 5 ? 2 * argument : major === 6 ? 1 : 0
    const end = skipItems(bytes, major === 2 || major === 3 ? next + argument : next, inside, depth + 1)
    if (end === undefined) return undefined
    at = end
  }
  return at
}

// {"Attestation": {"document": …}}: what the Nitro security module answers.
const NSM_ANSWER: readonly number[] = [
  0xa1,
  0x6b,
  ...UTF8.encode('Attestation'),
  0xa1,
  0x68,
  ...UTF8.encode('document'),
]
const NSM_ERROR: readonly number[] = [0xa1, 0x65, ...UTF8.encode('Error')]

/** Takes an answer of the Nitro security module off the document inside. */
export function openNsmAnswer(bytes: Uint8Array): Opened | undefined {
  if (startsWith(bytes, NSM_ERROR)) {
    throw new EvidenceError('malformed', 'an error of the Nitro security module', {
      field: 'NSM',
      offset: 0,
      expected: 'an answer with a document',
    })
  }
  if (!startsWith(bytes, NSM_ANSWER)) return undefined
  const document = head(bytes, NSM_ANSWER.length)
  if (document?.major !== 2 || document.next + document.argument !== bytes.length) {
    throw new EvidenceError('malformed', 'another length', {
      field: 'NSM.Attestation.document',
      offset: NSM_ANSWER.length,
      expected: 'a byte string up to the end',
    })
  }
  return {
    name: 'answer of the Nitro security module',
    inner: { bytes: bytes.subarray(document.next) },
    path: 'Attestation.document',
  }
}

function startsWith(bytes: Uint8Array, start: readonly number[]): boolean {
  return bytes.length > start.length && start.every((byte, i) => bytes[i] === byte)
}
