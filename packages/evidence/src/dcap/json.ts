import { fromHex } from '../core/bytes.ts'
import { type EvidenceError, refuse } from '../core/errors.ts'
import { isRecord } from '../core/input.ts'
import { parseIsoTime } from '../core/time.ts'

/**
 * Reads members of a JSON object, each of one type and within bounds. Members nobody asks for are
 * left alone: vendors add some.
 */
export class JsonReader {
  readonly #members: Readonly<Record<string, unknown>>
  readonly #path: string

  /** @throws EvidenceError when `value` is no JSON object */
  constructor(value: unknown, path: string) {
    if (!isRecord(value)) throw refuse(path, 'something else', 'an object')
    this.#members = value
    this.#path = path
  }

  /** The member, of whatever type; undefined when there is none. No name asked for is one that all objects have. */
  get(name: string): unknown {
    return this.#members[name]
  }

  text(name: string): string {
    const value = this.get(name)
    return isShortText(value) ? value : this.#refuse(name, 'a text of at most 64 characters')
  }

  word<T extends string>(name: string, words: readonly T[]): T {
    const value = this.get(name)
    return words.find((one) => one === value) ?? this.#refuse(name, `one of ${words.join(', ')}`)
  }

  integer(name: string, most: number): number {
    const value = this.get(name)
    return isInteger(value, most) ? value : this.#refuse(name, `a whole number up to ${most}`)
  }

  hex(name: string, size: number): Uint8Array {
    const value = this.get(name)
    const bytes = typeof value === 'string' && value.length === 2 * size ? fromHex(value) : undefined
    return bytes ?? this.#refuse(name, `${size} bytes in hex`)
  }

  /** Milliseconds since 1970. */
  time(name: string): number {
    return parseIsoTime(this.text(name)) ?? this.#refuse(name, 'an ISO 8601 time in UTC')
  }

  object(name: string): JsonReader {
    return new JsonReader(this.get(name), `${this.#path}.${name}`)
  }

  list(name: string, most: number): readonly JsonReader[] {
    const path = `${this.#path}.${name}`
    return this.#array(name, most).map((one) => new JsonReader(one, path))
  }

  /** One whole number of each of `count` objects. */
  integers(name: string, member: string, count: number, most: number): readonly number[] {
    const numbers: number[] = []
    for (const one of this.#array(name, count)) {
      const value = isRecord(one) ? one[member] : undefined
      numbers.push(isInteger(value, most) ? value : this.#refuse(name, `whole numbers up to ${most}`))
    }
    return numbers.length === count ? numbers : this.#refuse(name, `${count} of them`)
  }

  texts(name: string, most: number): readonly string[] {
    const texts = this.#array(name, most)
    return texts.every(isShortText) ? texts : this.#refuse(name, 'short texts')
  }

  error(name: string, expected: string): EvidenceError {
    return refuse(`${this.#path}.${name}`, this.get(name) === undefined ? 'nothing' : 'another value', expected)
  }

  #refuse(name: string, expected: string): never {
    throw this.error(name, expected)
  }

  #array(name: string, most: number): readonly unknown[] {
    const value = this.get(name)
    return Array.isArray(value) && value.length <= most ? value : this.#refuse(name, `a list of at most ${most}`)
  }
}

function isShortText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= 64
}

function isInteger(value: unknown, most: number): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= most
}

const MAX_JSON = 1024 * 1024

/** Parses a JSON document. @throws EvidenceError */
export function parseJson(text: string, what: string): JsonReader {
  if (text.length > MAX_JSON) throw refuse(what, `${text.length} characters`, `at most ${MAX_JSON}`, 0, 'too-large')
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // The runtimes word this error differently, and a verdict must not.
    throw refuse(what, 'text that is not JSON', 'a JSON object')
  }
  return new JsonReader(value, what)
}
