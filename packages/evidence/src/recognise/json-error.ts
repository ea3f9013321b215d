/** Where JSON text stops being JSON, and what would have been accepted there. */
export interface JsonFault {
  /** Index of the character. */
  readonly at: number
  readonly expected: string
}

const MAX_DEPTH = 64
/** Evidence is bytes, perhaps as numbers: of anything else there is little, and a parsed value costs many times its text. */
const MAX_VALUES = 100_000
const MAX_NUMBERS = 2_000_000
const LITERAL = /true|false|null/y
const NUMBER = /-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y
const ESCAPE = /\\(["\\/bfnrt]|u[0-9a-fA-F]{4})/y

/**
 * Finds the first fault in `text`: JSON.parse words it differently on each runtime, and some name no place. A name that
 * an object has twice is one as well: of two values one would be judged, and the other seen by nobody.
 * @returns undefined when the text is JSON of at most 64 levels, 100,000 values and 2,000,000 numbers
 * @see RFC 8259, section 4
 */
export function jsonFault(text: string): JsonFault | undefined {
  const scanner = new Scanner(text)
  return scanner.value(0) ?? scanner.end()
}

class Scanner {
  readonly #text: string
  #at = 0
  #values = 0
  #numbers = 0

  constructor(text: string) {
    this.#text = text
  }

  value(depth: number): JsonFault | undefined {
    this.#blank()
    if (depth > MAX_DEPTH) return this.#fault(`at most ${MAX_DEPTH} levels`)
    const first = this.#text.charAt(this.#at)
    const number = first === '-' || (first >= '0' && first <= '9')
    if (number ? ++this.#numbers > MAX_NUMBERS : ++this.#values > MAX_VALUES)
      return this.#fault(`at most ${MAX_NUMBERS} numbers and ${MAX_VALUES} other values`)
    if (first === '{') {
      const names = new Set<string>()
      return this.#list('}', () => this.#member(depth, names))
    }
    if (first === '[') return this.#list(']', () => this.value(depth + 1))
    if (first === '"') return this.#string('a string')
    return this.#takes(LITERAL) || this.#takes(NUMBER) ? undefined : this.#fault('a JSON value')
  }

  end(): JsonFault | undefined {
    this.#blank()
    return this.#at === this.#text.length ? undefined : this.#fault('the end of the JSON text')
  }

  #list(close: string, item: () => JsonFault | undefined): JsonFault | undefined {
    this.#at++
    this.#blank()
    if (this.#is(close)) return undefined
    for (;;) {
      const fault = item()
      if (fault !== undefined) return fault
      this.#blank()
      if (this.#is(close)) return undefined
      if (!this.#is(',')) return this.#fault(`\`,\` or \`${close}\``)
    }
  }

  #member(depth: number, names: Set<string>): JsonFault | undefined {
    this.#blank()
    const start = this.#at
    const fault = this.#string('a member name in quotes')
    if (fault !== undefined) return fault
    // The same name may be written in several ways.
    const name = String(JSON.parse(this.#text.slice(start, this.#at)))
    if (names.has(name)) return { at: start, expected: 'a name that the object does not have yet' }
    names.add(name)
    if (++this.#values > MAX_VALUES) return this.#fault(`at most ${MAX_VALUES} members and values`)
    this.#blank()
    return this.#is(':') ? this.value(depth + 1) : this.#fault('`:`')
  }

  #string(what: string): JsonFault | undefined {
    if (!this.#is('"')) return this.#fault(what)
    do {
      this.#characters()
      if (this.#is('"')) return undefined
    } while (this.#takes(ESCAPE))
    return this.#fault('the rest of a string')
  }

  /** What may stand in a string as it is: everything but quotes, backslashes and control characters. */
  #characters(): void {
    while (this.#at < this.#text.length) {
      const code = this.#text.charCodeAt(this.#at)
      if (code < 0x20 || code === 0x22 || code === 0x5c) return
      this.#at++
    }
  }

  #blank(): void {
    while (' \t\r\n'.includes(this.#text.charAt(this.#at)) && this.#at < this.#text.length) this.#at++
  }

  #is(character: string): boolean {
    if (this.#text.charAt(this.#at) !== character) return false
    this.#at++
    return true
  }

  #takes(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at
    if (!pattern.test(this.#text)) return false
    this.#at = pattern.lastIndex
    return true
  }

  #fault(expected: string): JsonFault {
    return { at: this.#at, expected }
  }
}
