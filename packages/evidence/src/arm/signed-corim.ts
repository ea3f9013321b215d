import { decodeCbor } from '../cbor/decode.ts'
import { entryOf } from '../cbor/item.ts'
import { type CoseSign1, readSign1 } from '../cbor/sign1.ts'
import { bytesOf, mapOf, textOf } from '../cbor/typed.ts'
import { EvidenceError, refuse } from '../core/errors.ts'
import { evaluationTime } from '../core/time.ts'
import { type Story, tell, tellNow } from '../crypto/story.ts'
import { readCorim, readWindow } from './corim.ts'
import { assertWindow, type CorimContent, type CorimWindow } from './endorsed.ts'
import { readKeys } from './endorsements-json.ts'
import { planSign1 } from './signature.ts'

/** Who may sign a CoRIM, and when it must hold. */
export interface CorimTrust {
  /** Public EC keys of signers, JSON: one JWK, a list of them, or a JSON Web Key Set. At most 16. */
  readonly keys: string
  readonly at: Date
}

const MAX_SIZE = 1024 * 1024
const MAX_KEYS = 16
/** First byte of a COSE_Sign1 with its tag. */
const SIGN1 = 0xd2
const CONTENT = /^application\/(?:rim|corim-unsigned|corim)\+cbor(?:\s*;|$)/
const LABEL = { contentType: 3, meta: 8, claims: 15 } as const

/**
 * Checks who signed a CoRIM, and reads it as {@link readCorim} does. One of the keys must have signed it, and it must
 * be in date: by what its signer says, and by what it says of itself.
 *
 * @returns its content; an error in place of it for one that is not signed, is forged, is not in date, or cannot be read
 * @throws TypeError where `at` is no time
 * @see draft-ietf-rats-corim, section 4.2
 */
export function verifyCorim(bytes: Uint8Array, trust: CorimTrust): Promise<CorimContent> {
  return tell(signedCorimStory(bytes, trust, readCorim))
}

/** As {@link verifyCorim}, without waiting. @throws TypeError where the runtime's cryptography is asynchronous */
export function verifyCorimSync(bytes: Uint8Array, trust: CorimTrust): CorimContent {
  return tellNow(signedCorimStory(bytes, trust, readCorim))
}

/**
 * The story of a check of who signed a CoRIM, whatever its profile.
 *
 * @param read what reads its content, at least as far as its window goes
 */
export function* signedCorimStory(
  bytes: Uint8Array,
  { keys, at: time }: CorimTrust,
  read: (unsigned: Uint8Array) => CorimContent,
): Story<CorimContent> {
  const at = evaluationTime(time)
  try {
    const data = new Uint8Array(bytes)
    const cose = readSigned(data)
    const signer = signerWindows(data, cose)
    for (const [field, window] of signer) assertWindow(window, field, at)
    const jobs = keysOf(keys)
      .map(({ key }) => planSign1(cose, key))
      .filter((job) => job !== undefined)
    yield jobs
    if (!jobs.some(({ result }) => result === true))
      throw refuse('signature', 'a signature of none of the given keys', 'a CoRIM that one of them signed')
    const content = read(cose.payload)
    if (content.error !== undefined) return content
    assertWindow(content, 'corim.rim-validity', at)
    return { ...content, ...overlap([content, ...signer.map(([, window]) => window)]), unsigned: cose.payload }
  } catch (error) {
    if (error instanceof EvidenceError) return { error }
    throw error
  }
}

// Kept, it may be asked about another time than this.
function overlap(windows: readonly CorimWindow[]): CorimWindow {
  const begins = windows.flatMap(({ from }) => from ?? [])
  const ends = windows.flatMap(({ until }) => until ?? [])
  return {
    ...(begins.length === 0 ? {} : { from: Math.max(...begins) }),
    ...(ends.length === 0 ? {} : { until: Math.min(...ends) }),
  }
}

function readSigned(bytes: Uint8Array): CoseSign1 {
  if (bytes.length > MAX_SIZE)
    throw refuse('corim', `${bytes.length} bytes`, `at most ${MAX_SIZE} bytes`, MAX_SIZE, 'too-large')
  if (bytes[0] !== SIGN1) throw refuse('corim', 'a CoRIM that nobody signed', 'a COSE_Sign1')
  return readSign1(bytes, decodeCbor(bytes, { field: 'corim', maxItems: 256 }), 'corim')
}

function keysOf(text: string): ReturnType<typeof readKeys> {
  const keys = readKeys(listOfSet(text))
  if (keys.length <= MAX_KEYS) return keys
  throw refuse('keys', `${keys.length} keys`, `at most ${MAX_KEYS}`, 0, 'too-large')
}

// A set is a list with a name.
function listOfSet(text: string): string {
  const set = /^\s*\{\s*"keys"/.test(text) ? parsed(text) : undefined
  return typeof set === 'object' && set !== null && 'keys' in set ? JSON.stringify(set.keys) : text
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Whoever reads the keys says what is wrong with them.
    return undefined
  }
}

// What was signed for another purpose is no CoRIM, whatever it looks like.
function signerWindows(
  bytes: Uint8Array,
  { headers, protected: header }: CoseSign1,
): readonly (readonly [field: string, window: CorimWindow])[] {
  const type = entryOf(headers, LABEL.contentType)
  const field = 'corim.protected'
  if (type === undefined || !CONTENT.test(textOf(type, `${field}.content-type`, 1, 128)))
    throw refuse(`${field}.content-type`, 'another content', 'application/rim+cbor')
  const meta = entryOf(headers, LABEL.meta)
  const claims = readWindow(entryOf(headers, LABEL.claims), { from: 5, until: 4 }, `${field}.cwt-claims`)
  const windows: (readonly [string, CorimWindow])[] = [[`${field}.cwt-claims`, claims]]
  if (meta !== undefined) {
    const content = bytesOf(meta, `${field}.corim-meta`, 1, header.length)
    const map = mapOf(
      decodeCbor(bytes, { field: `${field}.corim-meta`, start: meta.end - content.length, end: meta.end }),
      `${field}.corim-meta`,
    )
    const at = `${field}.corim-meta.validity`
    windows.push([at, readWindow(entryOf(map, 1), { from: 0, until: 1 }, at)])
  }
  return windows
}
