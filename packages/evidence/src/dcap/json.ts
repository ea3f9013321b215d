import { fromHex } from '../core/bytes.ts'
import { EvidenceError } from '../core/errors.ts'
import { parseIsoTime } from '../core/time.ts'

/**
 * Reads members of a JSON object, each of one type and within bounds. Members nobody asks for are
 * left alone: vendors add some.
 */
export class JsonReader {
  readonly #members: object
  readonly #path: string

  /** @throws EvidenceError when `value` is no JSON object */
  constructor(value: unknown, path: string) {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw refuse(path, 'something else', 'an object')
    this.#members = value
    this.#path = path
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#members, name)
  }

  text(name: string, most = 64): string {
    const value = this.#get(name)
    if (typeof value !== 'string' || value.length > most) throw this.error(name, `text of at most ${most} characters`)
    return value
  }

  word<T extends string>(name: string, words: readonly T[]): T {
    const value = this.#get(name)
    const word = words.find((one) => one === value)
    if (word === undefined) throw this.error(name, `one of ${words.join(', ')}`)
    return word
  }

  integer(name: string, most: number): number {
    const value = this.#get(name)
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0 || value > most) {
      throw this.error(name, `a whole number from 0 to ${most}`)
    }
    return value
  }

  hex(name: string, size: number): Uint8Array {
    const value = this.#get(name)
    const bytes = typeof value === 'string' && value.length === 2 * size ? fromHex(value) : undefined
    if (bytes === undefined) throw this.error(name, `${size} bytes in hex`)
    return bytes
  }

  /** Milliseconds since 1970. */
  time(name: string): number {
    const ms = parseIsoTime(this.text(name))
    if (ms === undefined) throw this.error(name, 'an ISO 8601 time in UTC')
    return ms
  }

  object(name: string): JsonReader {
    return new JsonReader(this.#get(name), `${this.#path}.${name}`)
  }

  list(name: string, most: number): readonly JsonReader[] {
    const path = `${this.#path}.${name}`
    return this.#array(name, most).map((one) => new JsonReader(one, path))
  }

  /** One whole number of each object of a list. */
  integers(name: string, member: string, most: number): readonly number[] {
    return this.#array(name, MAX_LIST).map((one) => {
      const value: unknown =
        typeof one === 'object' && one !== null && Object.hasOwn(one, member) ? Reflect.get(one, member) : undefined
      if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= most) return value
      throw refuse(`${this.#path}.${name}.${member}`, 'another value', `a whole number from 0 to ${most}`)
    })
  }

  texts(name: string, most: number): readonly string[] {
    const texts = this.#array(name, most)
    return texts.map((one) => {
      if (typeof one !== 'string' || one.length > 64) throw this.error(name, 'a list of short texts')
      return one
    })
  }

  error(name: string, expected: string): EvidenceError {
    return refuse(`${this.#path}.${name}`, this.has(name) ? 'another value' : 'nothing', expected)
  }

  #array(name: string, most: number): readonly unknown[] {
    const value = this.#get(name)
    if (!Array.isArray(value) || value.length > most) throw this.error(name, `a list of at most ${most}`)
    return value
  }

  #get(name: string): unknown {
    return this.has(name) ? Reflect.get(this.#members, name) : undefined
  }
}

const MAX_LIST = 1024
const MAX_JSON = 1024 * 1024

/** Parses a JSON document. @throws EvidenceError */
export function parseJson(text: string, what: string): JsonReader {
  if (text.length > MAX_JSON)
    throw new EvidenceError('too-large', `${text.length} characters`, {
      field: what,
      offset: 0,
      expected: `at most ${MAX_JSON}`,
    })
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // The runtimes word this error differently, and a verdict must not.
    throw refuse(what, 'text that is not JSON', 'a JSON object')
  }
  return new JsonReader(value, what)
}

function refuse(field: string, found: string, expected: string): EvidenceError {
  return new EvidenceError('malformed', found, { field, offset: 0, expected })
}
