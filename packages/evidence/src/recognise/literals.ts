import { concatBytes } from '../core/bytes.ts'
import { jsonFault } from './json-error.ts'

/** What a literal stands for: bytes, or text that holds them in another encoding. */
export type Literal = { readonly name: string; readonly unused?: readonly string[] } & (
  | { readonly bytes: Uint8Array }
  | { readonly text: string }
)

/** Shorter literals are names and digests. */
const SHORTEST = 100
/** Evidence and its log; whatever is longer is no literal that somebody wrote down. */
const LONGEST = 4_000_000
/** Longest declaration in front of a literal, and longest end behind it. */
const AROUND = 200

/**
 * Reads bytes as source code and the output of programs have them: string literals that follow on each other or are
 * joined by `+` or `\`, with `hex`, `b` or `r` in front, with escapes; lists of numbers in brackets, with commas or
 * blanks, with a type in front of the list or of each number; a dictionary of Python; a lone `name: value` or `name = value`; an answer over
 * HTTP with its headers.
 *
 * @returns undefined for text that is none of these
 */
export function literalOf(text: string): Literal | undefined {
  if (text.length > LONGEST) return undefined
  const body = httpBody(text)
  if (body !== undefined) return { name: 'HTTP response', text: body }
  const found = codeOf(text)
  if (found !== undefined) return found
  const bare = withoutComments(text)
  return bare === text ? undefined : codeOf(bare)
}

function codeOf(text: string): Literal | undefined {
  const list = listOf(text)
  if (list !== undefined) return { name: 'list of a program', bytes: list }
  return dictionaryOf(text) ?? stringsOf(text) ?? valueOf(text) ?? escapedAmong(text)
}

const LONG_STRING = /"((?:[^"\\\n]|\\.){200,})"/g

/** The one long string with escapes of bytes among other text, as the text format of Protocol Buffers has it. */
function escapedAmong(text: string): Literal | undefined {
  const [only, second] = [...text.matchAll(LONG_STRING)].filter(([, inner]) => BYTE_ESCAPE.test(inner ?? ''))
  const bytes = second === undefined ? unescaped(only?.[1] ?? '') : undefined
  return bytes?.length ? { name: STRINGS, bytes, unused: ['what stands around the string'] } : undefined
}

/** Whole lines of comments and of C's preprocessor, comments behind a blank, and those of several lines. */
const COMMENTS =
  /^[^\S\n]*(?:(?:\/\/[!/]?|#!?)(?:[^\S\n][^\n]*)?|#(?:include|if|ifdef|ifndef|define|endif|else|pragma|undef)\b[^\n]*)$|(?<=[\s,;{[])\/\/[^\S\n][^\n]*$|\/\*[^*]{0,4096}\*\//gm

// In base64 no blank follows `//`, and there is no `*`.
function withoutComments(text: string): string {
  return text.replace(COMMENTS, '')
}

const WORDS: Readonly<Record<string, string>> = { True: 'true', False: 'false', None: 'null' }

// What Python prints of a dictionary is JSON with other quotation marks and three other words.
function dictionaryOf(text: string): Literal | undefined {
  if (!/^\s*[[{]/.test(text) || !text.includes("'")) return undefined
  const json = text.replace(/'([^'"\\\n]*)'|"[^"\\\n]*"|\b(?:True|False|None)\b/g, (found: string, inner?: string) =>
    inner === undefined ? (WORDS[found] ?? found) : `"${inner}"`,
  )
  return jsonFault(json) === undefined ? { name: 'dictionary of Python', text: json } : undefined
}

const HEADERS = /^\s*HTTP\/\d(?:\.\d)? \d{3}[^\n]{0,200}\n(?:[\w-]{1,64}:[^\n]{0,8192}\n){0,64}\r?\n/

function httpBody(text: string): string | undefined {
  const [head] = HEADERS.exec(text.slice(0, 65_536)) ?? []
  return head === undefined ? undefined : text.slice(head.length)
}

/** A declaration: words and signs, no quotation mark. */
const DECLARATION = /^[\w\s:&[\]<>*=,.#()!$@;-]*$/
/** What may follow: ends of calls, and what they are told of the encoding. */
const END = /^[\w\s;:,.()[\]{}#&*=?!'"`|>-]*$/

function stringsOf(text: string): Literal | undefined {
  const pieces: string[] = []
  let at = 0
  let joiner: RegExp | undefined
  for (;;) {
    const start = nextMark(text, at)
    const between = start < 0 ? text.slice(at) : text.slice(at, start)
    if (start < 0 || (joiner !== undefined && !joiner.test(between))) {
      if (pieces.length === 0 || text.length - at > AROUND || !END.test(text.slice(at))) return undefined
      return start < 0 ? decodedPieces(pieces) : withRest(decodedPieces(pieces), text.slice(at))
    }
    if (between.length > AROUND || !(joiner ?? DECLARATION).test(between)) return undefined
    // Commas stand between strings of a list, unless a word says that these are one.
    joiner ??= /concat/.test(between) ? JOINED_BY_COMMA : JOINED
    const end = closing(text, start)
    if (end < 0 || pieces.length === MAX_PIECES) return undefined
    pieces.push(text.slice(start + 1, end))
    at = end + 1
  }
}

// The name of an encoding says nothing that the string does not; whatever else stands behind it is told.
function withRest(found: Literal | undefined, rest: string): Literal | undefined {
  return found === undefined || CALL.test(rest) ? found : { ...found, unused: ['what stands behind the string'] }
}

const CALL = /^[^\n]*$/
const MAX_PIECES = 65_536
const JOINED = /^[\s+\\&#]*(?:hex|unicode|b|r|br|u8|L)?#*$/
const JOINED_BY_COMMA = /^[\s+\\&#,]*(?:hex|unicode|b|r|br|u8|L)?#*$/
const MARKS = /["'`]/g

function nextMark(text: string, from: number): number {
  MARKS.lastIndex = from
  return MARKS.exec(text)?.index ?? -1
}

/** Where the string that begins at `start` ends; -1 where it does not. */
function closing(text: string, start: number): number {
  const mark = text.charAt(start)
  for (let i = start + 1; i < text.length; i++) {
    const one = text.charAt(i)
    if (one === mark) return i
    if (one === '\\' && mark !== '`') i++
  }
  return -1
}

function decodedPieces(pieces: readonly string[]): Literal | undefined {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0)
  if (length < SHORTEST) return undefined
  // A line that goes on in the next one.
  const lines = pieces.map((piece) => piece.replace(/\\\r?\n\s*/g, ''))
  if (!lines.some((line) => BYTE_ESCAPE.test(line)))
    return { name: STRINGS, text: lines.join('').replace(/\\[nrt]/g, '\n') }
  const parts: Uint8Array[] = []
  const isDecimal = lines.some((line) => DECIMAL.test(line)) && !lines.some((line) => NO_DECIMAL.test(line))
  for (const line of lines) {
    const part = unescaped(isDecimal ? line.replace(/\\(\d{3})/g, inHexadecimal) : line)
    if (part === undefined) return undefined
    parts.push(part)
  }
  return { name: STRINGS, bytes: concatBytes(...parts) }
}

/** Lua, Haskell and OCaml escape in three decimal digits: some are none in octal, and no other escape has digits. */
const DECIMAL = /\\(?:\d{0,2}[89]|[4-9]\d{2})/
const NO_DECIMAL = /\\(?:x|\d{1,2}(?!\d)|2[6-9]\d|25[6-9]|[3-9]\d{2})/

function inHexadecimal(_: string, digits: string): string {
  return `\\x${Number(digits).toString(16).padStart(2, '0')}`
}

const STRINGS = 'string of a program'
const BYTE_ESCAPE = /\\(?:x[0-9a-f]|[0-7])/i
const NAMED: Readonly<Record<string, number>> = {
  ...{ n: 10, r: 13, t: 9, a: 7, b: 8, f: 12, v: 11, e: 27 },
  ...{ '\\': 92, "'": 39, '"': 34, '?': 63 },
}

/** Bytes of a byte string: ASCII, and escapes of C, Go, Python and Rust. */
function unescaped(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(text.length)
  let size = 0
  for (let i = 0; i < text.length; i++) {
    let code = text.charCodeAt(i)
    if (code > 0x7f) return undefined
    if (code === BACKSLASH) {
      const [escape = '', hex, octal, name] = ESCAPE.exec(text.slice(i, i + 4)) ?? []
      const value = hex ? Number.parseInt(hex, 16) : octal ? Number.parseInt(octal, 8) : NAMED[name ?? '']
      if (value === undefined || value > 0xff) return undefined
      code = value
      i += escape.length - 1
    }
    bytes[size++] = code
  }
  return bytes.slice(0, size)
}

const BACKSLASH = 0x5c
const ESCAPE = /^\\(?:x([0-9a-f]{1,2})|([0-7]{1,3})|([nrtabfve\\'"?]))/i

const CAST = /\(\s*(?:byte|sbyte|char|unsigned char|u?int8(?:_t)?|u8)\s*\)/g
const SUFFIX = /([0-9a-f])_?[iu]8\b/gi

// The bracket that is followed by numbers and nothing else.
function listOf(text: string): Uint8Array | undefined {
  if (!/[[{(<]/.test(text.slice(0, AROUND))) return undefined
  const bare = text.replace(CAST, '').replace(SUFFIX, '$1')
  const start = bracketOf(bare)
  if (start < 0 || !DECLARATION.test(bare.slice(0, start).replaceAll('{', ''))) return undefined
  let end = start + 1
  while (end < bare.length && OF_LIST.test(bare.charAt(end))) end++
  const behind = bare.slice(end, end + AROUND + 1)
  if (behind.length > AROUND || !CLOSED.test(behind)) return undefined
  return numbersOf(bare.slice(start + 1, end))
}

const OF_LIST = /[\s\dxa-f,-]/i
const CLOSED = /^[)\]}>][\w\s;:,.()\]}#&*=>-]*$/
const NUMBERS = /^\s*-?(?:0x)?[0-9a-f]{1,3}[\s,][\s\dxa-f,-]*$/i

function bracketOf(text: string): number {
  for (let i = 0; i < AROUND && i < text.length; i++)
    if ('[{(<'.includes(text.charAt(i)) && NUMBERS.test(text.slice(i + 1, i + 40))) return i
  return -1
}

function numbersOf(text: string): Uint8Array | undefined {
  const words = text.split(/[\s,]+/).filter((word) => word !== '')
  if (words.length < SHORTEST / 2) return undefined
  const bytes = new Uint8Array(words.length)
  // Without a prefix a letter in one number tells that all are hexadecimal, as Rust's `{:02x?}` prints them.
  const hasPrefix = /^0x/i.test(words[0] ?? '')
  const isBare = !hasPrefix && words.some((word) => /[a-f]/i.test(word))
  const form = hasPrefix ? /^0x[0-9a-f]{1,2}$/i : isBare ? /^[0-9a-f]{1,2}$/i : /^(?:0|-?[1-9]\d{0,2})$/
  const most = words.some((word) => word.startsWith('-')) ? 0x7f : 0xff
  for (const [i, word] of words.entries()) {
    if (!form.test(word)) return undefined
    const value = isBare ? Number.parseInt(word, 16) : Number(word)
    if (value > most || value < -0x80) return undefined
    bytes[i] = value
  }
  return bytes
}

// No blank may be read by two parts of it: the time would grow with the square of the blanks.
const VALUE =
  /^\s*(?:export\s+)?[A-Za-z][\w.-]{0,63}\s*[:=]\s*(?:!!binary\s*)?(?:[|>][+-]?[^\S\n]*\n\s*)?([\w+/%-][\w+/=\s%-]*)$/

// One line of YAML, of settings or of an environment.
function valueOf(text: string): Literal | undefined {
  const value = VALUE.exec(text)?.[1] ?? (/^\s*[\w+/%-]+\s*$/.test(text) && text.includes('%') ? text : undefined)
  if (value === undefined || value.length < SHORTEST) return undefined
  return { name: 'setting', text: value.includes('%') ? unquotedPercent(value) : value }
}

/** What a URL has in place of `+`, `/`, `=` and ends of lines. */
export function unquotedPercent(text: string): string {
  return text.replace(/%(2b|2f|3d|0a|0d|20)/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
}
