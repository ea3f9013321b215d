import { type EvidenceError, refuse } from './errors.ts'

/** A value of JSON text. */
export type Json = string | number | boolean | null | readonly Json[] | JsonObject

/** A JSON object. Read members with {@link memberOf}: a name may be one that all objects have. */
export interface JsonObject {
  readonly [name: string]: Json
}

const MAX_TEXT = 1024 * 1024
const MAX_DEPTH = 32
const MAX_VALUES = 65_536
const BLANK = /[ \t\r\n]*/y
const STRING = /"[ !#-[\]-\uffff]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[ !#-[\]-\uffff]*)*"/y
const SCALAR = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y

/**
 * Parses JSON in which each member name occurs once: readers that differ in which of two counts
 * would see different tokens. At most 1 MiB, 32 levels and 65,536 values.
 *
 * @throws EvidenceError that names `field`
 * @see RFC 8259, section 4; RFC 7519, section 4
 */
export function parseStrict(text: string, field: string): Json {
  return new Parser(text, field).whole()
}

/** A member; undefined when `value` is no object or has none of that name. */
export function memberOf(value: Json | undefined, ...path: readonly string[]): Json | undefined {
  let found = value
  for (const name of path) found = isObject(found) && Object.hasOwn(found, name) ? found[name] : undefined
  return found
}

/** A member that is text; undefined otherwise. */
export function textOf(value: Json | undefined, ...path: readonly string[]): string | undefined {
  const found = memberOf(value, ...path)
  return typeof found === 'string' ? found : undefined
}

/** Texts of a list, or the one text; none for anything else. */
export function textsOf(value: Json | undefined): readonly string[] {
  const all: readonly (Json | undefined)[] = isList(value) ? value : [value]
  return all.filter((one): one is string => typeof one === 'string')
}

/** Whether a value is an object. */
export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !isList(value)
}

/** Whether a value is a list. */
export function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value)
}

class Parser {
  readonly #text: string
  readonly #field: string
  #at = 0
  #values = 0

  constructor(text: string, field: string) {
    this.#text = text
    this.#field = field
    if (text.length > MAX_TEXT)
      throw this.#error('too-large', `${text.length} characters`, `at most ${MAX_TEXT} characters`)
  }

  whole(): Json {
    const value = this.#value(0)
    this.#take(BLANK)
    if (this.#at < this.#text.length) throw this.#bad('the end')
    return value
  }

  #value(depth: number): Json {
    if (depth > MAX_DEPTH) throw this.#error('too-large', 'a further level', `at most ${MAX_DEPTH} levels`)
    if (++this.#values > MAX_VALUES) throw this.#error('too-large', 'a further value', `at most ${MAX_VALUES} values`)
    this.#take(BLANK)
    if (this.#is('{')) return this.#object(depth)
    if (this.#is('[')) return this.#list(depth)
    const scalar = this.#take(STRING) ?? this.#take(SCALAR)
    if (scalar === undefined || scalar === '') throw this.#bad('a JSON value')
    const value: Json = JSON.parse(scalar)
    return value
  }

  #object(depth: number): JsonObject {
    const members = new Map<string, Json>()
    this.#items('}', () => {
      this.#take(BLANK)
      const quoted = this.#take(STRING)
      if (quoted === undefined) throw this.#bad('a member name in quotes')
      const name: string = JSON.parse(quoted)
      if (members.has(name)) throw this.#error('malformed', 'a member name twice', 'each member name once')
      this.#take(BLANK)
      if (!this.#is(':')) throw this.#bad('`:`')
      members.set(name, this.#value(depth + 1))
    })
    return Object.fromEntries(members)
  }

  #list(depth: number): readonly Json[] {
    const values: Json[] = []
    this.#items(']', () => {
      values.push(this.#value(depth + 1))
    })
    return values
  }

  #items(close: string, item: () => void): void {
    this.#take(BLANK)
    if (this.#is(close)) return
    for (;;) {
      item()
      this.#take(BLANK)
      if (this.#is(close)) return
      if (!this.#is(',')) throw this.#bad(`\`,\` or \`${close}\``)
    }
  }

  #is(character: string): boolean {
    if (this.#text.charAt(this.#at) !== character) return false
    this.#at++
    return true
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)?.[0]
    this.#at += found?.length ?? 0
    return found
  }

  #bad(expected: string): EvidenceError {
    return this.#error('malformed', 'text that is not JSON', expected)
  }

  #error(code: 'malformed' | 'too-large', found: string, expected: string): EvidenceError {
    return refuse(this.#field, found, expected, this.#at, code)
  }
}
