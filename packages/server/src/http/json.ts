import { isAscii, isUtf8 } from 'node:buffer'
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
  const text = textOf(body)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw invalid('the body is not JSON', [{ field: '', expected: 'one JSON value' }])
  }
  // Of members with one name the parser keeps the last: then there are fewer than the text has names.
  if (membersIn(value, 0) !== namesIn(text))
    throw invalid('a member is given twice', [{ field: '', expected: 'each member once' }])
  return value
}

function textOf(body: Uint8Array): string {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  if (isAscii(bytes)) return bytes.toString('latin1')
  if (!isUtf8(bytes)) throw invalid('the body is not UTF-8', [{ field: '', expected: 'JSON in UTF-8' }])
  return bytes.toString()
}

/** How many members all objects in a value have. @throws HttpError when it is nested too deeply */
function membersIn(value: unknown, depth: number): number {
  if (typeof value !== 'object' || value === null) return 0
  if (depth === MAX_DEPTH)
    throw invalid('the body is nested too deeply', [{ field: '', expected: `at most ${MAX_DEPTH} levels` }])
  let count = 0
  if (Array.isArray(value)) {
    for (const one of value) if (typeof one === 'object') count += membersIn(one, depth + 1)
    return count
  }
  const members: readonly unknown[] = Object.values(value)
  for (const one of members) count += membersIn(one, depth + 1)
  return count + members.length
}

const QUOTE = '"'
const BACKSLASH = 0x5c
const COLON = 0x3a
const BLANK = 0x20

/** How many names of members a JSON text has: strings that a colon follows. */
function namesIn(text: string): number {
  let count = 0
  for (let start = text.indexOf(QUOTE); start !== -1; ) {
    let next = endOfString(text, start) + 1
    while (text.charCodeAt(next) <= BLANK) next++
    if (text.charCodeAt(next) === COLON) count++
    start = text.indexOf(QUOTE, next)
  }
  return count
}

/** Index of the quote that ends the string begun at `start`. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf(QUOTE, start + 1); end !== -1; end = text.indexOf(QUOTE, end + 1)) {
    let slashes = 0
    while (text.charCodeAt(end - 1 - slashes) === BACKSLASH) slashes++
    if (slashes % 2 === 0) return end
  }
  return text.length - 1
}
