import { concatBytes } from '../core/bytes.ts'
import { EvidenceError } from '../core/errors.ts'

/** One field of a message: its name in text, what it holds, and of a message the fields of that. */
export interface ProtoField {
  readonly name: string
  readonly kind: 'bytes' | 'number' | ProtoSchema
  /** Names that text may have in place of numbers. */
  readonly words?: Readonly<Record<string, number>>
  /** A map from numbers: a message with `key` and `value` for each entry, and in JSON one object. */
  readonly map?: true
}

/** Fields by number, and the names of those that nobody reads: in text they are stepped over, and others refused. */
export interface ProtoSchema {
  readonly fields: Readonly<Record<number, ProtoField>>
  readonly unread?: readonly string[] | 'any'
}

/** Values of a message by field name, in order. */
export type ProtoMessage = ReadonlyMap<string, readonly ProtoValue[]>
export type ProtoValue = Uint8Array | bigint | ProtoMessage

const MAX_DEPTH = 8
const MAX_FIELDS = 20_000

type Values = Map<string, ProtoValue[]>

function put(into: Values, name: string, value: ProtoValue): void {
  const list = into.get(name)
  if (list === undefined) into.set(name, [value])
  else list.push(value)
}

function bad(
  found: string,
  offset: number,
  expected: string,
  code: EvidenceError['code'] = 'malformed',
): EvidenceError {
  return new EvidenceError(code, found, { field: 'protobuf', offset, expected })
}

/** The fields of a message in the wire format. @throws EvidenceError @see Protocol Buffers, encoding */
export function readProto(bytes: Uint8Array, schema: ProtoSchema): ProtoMessage {
  return new Wire(bytes, { left: MAX_FIELDS }).message(schema, 0, bytes.length, 0)
}

class Wire {
  readonly #bytes: Uint8Array
  readonly #budget: { left: number }
  #at = 0

  constructor(bytes: Uint8Array, budget: { left: number }) {
    this.#bytes = bytes
    this.#budget = budget
  }

  message(schema: ProtoSchema, start: number, end: number, depth: number): ProtoMessage {
    if (depth > MAX_DEPTH) throw bad('a deeper message', start, `at most ${MAX_DEPTH} levels`, 'too-large')
    const values: Values = new Map()
    this.#at = start
    while (this.#at < end) {
      if (--this.#budget.left < 0) throw bad('a further field', this.#at, `at most ${MAX_FIELDS} fields`, 'too-large')
      const at = this.#at
      const tag = this.#varint(end)
      const type = Number(tag & 7n)
      const field = schema.fields[Number(tag >> 3n)]
      if (type === 0) {
        const value = this.#varint(end)
        if (field?.kind === 'number') put(values, field.name, value)
        else if (field !== undefined) throw bad('a number', at, `another type for ${field.name}`)
      } else if (type === 2) this.#sized(field, end, depth, values)
      else if (type === 1 || type === 5) this.#skip(type === 1 ? 8 : 4, end)
      else throw bad(`wire type ${type}`, at, 'a wire type that exists')
    }
    return values
  }

  #sized(field: ProtoField | undefined, end: number, depth: number, values: Values): void {
    const length = this.#varint(end)
    const start = this.#at
    if (length > BigInt(end - start)) throw bad(`${length} bytes`, start, `at most ${end - start}`, 'truncated')
    const stop = start + Number(length)
    if (field !== undefined) {
      if (field.kind === 'number') throw bad('bytes', start, `a number for ${field.name}`)
      const value =
        field.kind === 'bytes' ? this.#bytes.subarray(start, stop) : this.message(field.kind, start, stop, depth + 1)
      put(values, field.name, value)
    }
    this.#at = stop
  }

  #skip(count: number, end: number): void {
    if (count > end - this.#at) throw bad('the end', this.#at, `${count} bytes`, 'truncated')
    this.#at += count
  }

  #varint(end: number): bigint {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      if (this.#at >= end) throw bad('the end', this.#at, 'a number', 'truncated')
      const byte = this.#bytes[this.#at++] as number
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value & 0xffffffffffffffffn
    }
    throw bad('a longer number', this.#at, 'at most 10 bytes')
  }
}

/** The fields of a message in the text format. @throws EvidenceError @see Protocol Buffers, text format */
export function readTextProto(text: string, schema: ProtoSchema): ProtoMessage {
  const from = new Text(text)
  const message = from.fields(schema, 0)
  from.end()
  return message
}

const BLANK = /\s/
const NAME = /[A-Za-z_][A-Za-z0-9_]*/y
const NUMBER = /0[xX][0-9a-fA-F]{1,16}(?!\w)|(?:0|[1-9]\d{0,19})(?!\w)/y
const ESCAPE = /\\(?:([0-7]{1,3})|[xX]([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{4})|(.))/g
const LETTERS: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', a: '\x07', b: '\b', f: '\f', v: '\v' }

class Text {
  readonly #text: string
  #at = 0
  #left = MAX_FIELDS

  constructor(text: string) {
    this.#text = text
  }

  end(): void {
    this.#skipBlank()
    if (this.#at < this.#text.length) throw this.#bad('the end')
  }

  fields(schema: ProtoSchema, depth: number): ProtoMessage {
    if (depth > MAX_DEPTH) throw bad('a deeper message', this.#at, `at most ${MAX_DEPTH} levels`, 'too-large')
    const values: Values = new Map()
    for (;;) {
      this.#skipBlank()
      const name = this.#take(NAME)
      if (name === undefined) return values
      if (--this.#left < 0) throw bad('a further field', this.#at, `at most ${MAX_FIELDS} fields`, 'too-large')
      const field = Object.values(schema.fields).find((one) => one.name === name)
      if (field === undefined && schema.unread !== 'any' && schema.unread?.includes(name) !== true)
        throw this.#bad(`a field that is known, not ${JSON.stringify(name.slice(0, 32))}`)
      this.#skipBlank()
      const colon = this.#is(':')
      this.#skipBlank()
      this.#value(field, colon, depth, values)
      this.#skipBlank()
      if (!this.#is(',')) this.#is(';')
    }
  }

  #value(field: ProtoField | undefined, colon: boolean, depth: number, values: Values): void {
    const close = this.#is('{') ? '}' : this.#is('<') ? '>' : undefined
    if (close !== undefined) {
      const inner = field === undefined || typeof field.kind === 'string' ? ANYTHING : field.kind
      const message = this.fields(inner, depth + 1)
      this.#skipBlank()
      if (!this.#is(close)) throw this.#bad(`\`${close}\``)
      if (field !== undefined && typeof field.kind === 'string') throw this.#bad(`no message for ${field.name}`)
      if (field !== undefined) put(values, field.name, message)
      return
    }
    if (!colon) throw this.#bad('`:` or `{`')
    const value = this.#scalar(field)
    if (field === undefined) return
    if (field.kind === 'bytes' ? !(value instanceof Uint8Array) : field.kind !== 'number' || typeof value !== 'bigint')
      throw this.#bad(`another value for ${field.name}`)
    put(values, field.name, value)
  }

  #scalar(field: ProtoField | undefined): Uint8Array | bigint {
    const first = this.#string()
    if (first !== undefined) return this.#joined(first)
    const number = this.#take(NUMBER)
    if (number !== undefined) return BigInt(number)
    const word = this.#take(NAME)
    if (word === undefined) throw this.#bad('a value')
    const { words = {} } = field ?? {}
    return BigInt(Object.hasOwn(words, word) ? (words[word] ?? 0) : 0)
  }

  // Strings behind each other are one; an escape ends with its string.
  #joined(first: string): Uint8Array {
    const all = [bytesOf(first)]
    for (;;) {
      this.#skipBlank()
      const next = this.#string()
      if (next === undefined) return concatBytes(...all)
      if (--this.#left < 0) throw bad('a further string', this.#at, `at most ${MAX_FIELDS}`, 'too-large')
      all.push(bytesOf(next))
    }
  }

  // By hand, as blanks are: an expression of alternatives keeps a place to go back to for each character.
  #string(): string | undefined {
    const quote = this.#text.charAt(this.#at)
    if (quote !== '"' && quote !== "'") return undefined
    const start = this.#at + 1
    for (let at = start; at < this.#text.length; at++) {
      const sign = this.#text.charAt(at)
      if (sign === '\n') break
      if (sign === '\\') at++
      else if (sign === quote) {
        this.#at = at + 1
        return this.#text.slice(start, at)
      }
    }
    throw this.#bad('a string with an end')
  }

  #skipBlank(): void {
    for (; this.#at < this.#text.length; this.#at++) {
      const sign = this.#text.charAt(this.#at)
      if (sign === '#') {
        const end = this.#text.indexOf('\n', this.#at)
        this.#at = end < 0 ? this.#text.length : end
      } else if (!BLANK.test(sign)) return
    }
  }

  #is(sign: string): boolean {
    if (this.#text.charAt(this.#at) !== sign) return false
    this.#at++
    return true
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)?.[0]
    this.#at += found?.length ?? 0
    return found === '' ? undefined : found
  }

  #bad(expected: string): EvidenceError {
    return bad('other text', this.#at, expected)
  }
}

/** Inside of a field that nobody reads: whatever it is called. */
const ANYTHING: ProtoSchema = { fields: {}, unread: 'any' }

// Characters of a byte string are UTF-8; octal and hexadecimal escapes are bytes.
function bytesOf(quoted: string): Uint8Array {
  const parts: number[] = []
  let at = 0
  const literal = (text: string): void => {
    for (const byte of new TextEncoder().encode(text)) parts.push(byte)
  }
  for (const match of quoted.matchAll(ESCAPE)) {
    literal(quoted.slice(at, match.index))
    at = match.index + match[0].length
    const [, octal, hex, unicode, letter = ''] = match
    if (octal !== undefined) parts.push(Number.parseInt(octal, 8) & 0xff)
    else if (hex !== undefined) parts.push(Number.parseInt(hex, 16))
    else
      literal(unicode === undefined ? (LETTERS[letter] ?? letter) : String.fromCharCode(Number.parseInt(unicode, 16)))
  }
  literal(quoted.slice(at))
  return Uint8Array.from(parts)
}
