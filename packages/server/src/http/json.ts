import { invalid } from './errors.ts'

/** Deepest nesting of a JSON body; evidence needs about six. */
const MAX_DEPTH = 32

/**
 * Reads a JSON body: UTF-8 without damage, at most 32 levels deep, and no member named twice in one object (two
 * readers of such a text may see different values, so what was checked may not be what is used).
 *
 * @throws HttpError 400 `invalid-request` saying where the text stops being JSON; it never quotes the text.
 */
export function readJson(body: Uint8Array): unknown {
  let text: string
  try {
    text = UTF8.decode(body)
  } catch {
    throw invalid('the body is not UTF-8', [{ field: '', expected: 'JSON in UTF-8' }])
  }
  checkShape(text)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw invalid('the body is not JSON', [{ field: '', expected: 'one JSON value' }])
  }
  return value
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d
const OPEN_ARRAY = 0x5b
const CLOSE_ARRAY = 0x5d
const COLON = 0x3a

/**
 * Depth and names, in one pass before the parser sees the text. What is no JSON may pass here, or fail with another
 * reason than the parser's; what is JSON is looked at exactly.
 */
function checkShape(text: string): void {
  /** The names of each object that is open; undefined for a list. */
  const open: (Set<string> | undefined)[] = []
  let names: Set<string> | undefined
  let last = ''
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    // Most of a body of evidence is digits and commas.
    if (c < COLON && c !== QUOTE) continue
    if (c === QUOTE) {
      const end = endOfString(text, i)
      // A text that no colon follows is a value.
      if (names !== undefined) last = text.slice(i, end + 1)
      i = end
    } else if (c === COLON) nameMember(names, last)
    else if (c === OPEN_OBJECT || c === OPEN_ARRAY) {
      names = c === OPEN_OBJECT ? new Set() : undefined
      if (open.push(names) > MAX_DEPTH) {
        throw invalid('the body is nested too deeply', [{ field: '', expected: `at most ${MAX_DEPTH} levels` }])
      }
    } else if (c === CLOSE_OBJECT || c === CLOSE_ARRAY) {
      open.pop()
      names = open.at(-1)
    }
  }
}

function nameMember(names: Set<string> | undefined, quoted: string): void {
  if (names === undefined) return
  const name = quoted.includes('\\') ? unescaped(quoted) : quoted
  if (names.has(name)) throw invalid('a member is given twice', [{ field: '', expected: 'each member once' }])
  names.add(name)
}

/** The same name may be written with and without escapes. */
function unescaped(quoted: string): string {
  try {
    return JSON.stringify(JSON.parse(quoted))
  } catch {
    return quoted
  }
}

/** Index of the quote that ends the string begun at `start`, or the last index when none does. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let slashes = 0
    while (text.charCodeAt(end - 1 - slashes) === BACKSLASH) slashes++
    if (slashes % 2 === 0) return end
  }
  return text.length - 1
}
