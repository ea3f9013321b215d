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
  checkNesting(text)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw invalid('the body is not JSON', [{ field: '', expected: 'one JSON value' }])
  }
  refuseTwins(text)
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

/** Before the parser sees the text, so that no depth can exhaust it. */
function checkNesting(text: string): void {
  let depth = 0
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c === QUOTE) i = endOfString(text, i)
    else if (c === OPEN_OBJECT || c === OPEN_ARRAY) {
      if (++depth > MAX_DEPTH) {
        throw invalid('the body is nested too deeply', [{ field: '', expected: `at most ${MAX_DEPTH} levels` }])
      }
    } else if (c === CLOSE_OBJECT || c === CLOSE_ARRAY) depth--
  }
}

/** Walks a text that is known to be JSON. */
function refuseTwins(text: string): void {
  const open: (Set<string> | undefined)[] = []
  let last = ''
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c === QUOTE) {
      const end = endOfString(text, i)
      last = text.slice(i, end + 1)
      i = end
    } else if (c === OPEN_OBJECT) open.push(new Set())
    else if (c === OPEN_ARRAY) open.push(undefined)
    else if (c === CLOSE_OBJECT || c === CLOSE_ARRAY) open.pop()
    else if (c === COLON) nameMember(open.at(-1), last)
  }
}

function nameMember(names: Set<string> | undefined, quoted: string): void {
  const name = quoted.includes('\\') ? String(JSON.parse(quoted)) : quoted.slice(1, -1)
  if (names?.has(name)) throw invalid('a member is given twice', [{ field: '', expected: 'each member once' }])
  names?.add(name)
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
