import { refuse } from './errors.ts'

/** How much JSON text may hold before it is parsed. */
export interface JsonBound {
  /** Objects, lists and members: each costs many times its text. */
  readonly members: number
  /** Everything in lists and objects, numbers of byte arrays above all. */
  readonly values: number
}

/** What evidence and documents about it have at most. */
export const JSON_BOUND: JsonBound = { members: 100_000, values: 2_000_000 }

const [QUOTE, COMMA, COLON, BACKSLASH] = [0x22, 0x2c, 0x3a, 0x5c]
const [BRACKET, BRACE] = [0x5b, 0x7b]

/**
 * Whether UTF-8 text, parsed as JSON, would be more than `bound`. Told by its signs outside of strings, without
 * parsing: of text that is no JSON the answer means nothing.
 */
export function exceedsJson(text: Uint8Array, bound: JsonBound = JSON_BOUND): boolean {
  let { members, values } = bound
  // Each takes a byte at least: most evidence is too short to exceed anything.
  if (text.length <= Math.min(members, values)) return false
  let quoted = false
  for (let i = 0; i < text.length; i++) {
    const byte = text[i]
    if (quoted) {
      if (byte === BACKSLASH) i++
      else if (byte === QUOTE) quoted = false
    } else if (byte === QUOTE) quoted = true
    else if (byte === COMMA) values--
    else if (byte === BRACKET || byte === BRACE || byte === COLON) members--
    if (members < 0 || values < 0) return true
  }
  return false
}

/** Parses JSON that is evidence. @throws EvidenceError, naming it `field`, when it is more than {@link JSON_BOUND} or no JSON */
export function parseBounded(bytes: Uint8Array, field: string): unknown {
  if (exceedsJson(bytes)) throw refuse(field, 'more values', `at most ${JSON_BOUND.members} members`, 0, 'too-large')
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    // Engines word it differently; where it is wrong is for `recognise` to say.
    throw refuse(field, 'text that is no JSON', 'a JSON object')
  }
}
