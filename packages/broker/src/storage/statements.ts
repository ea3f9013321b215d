import { StorageError } from './errors.ts'
import type { SqlValue } from './sql.ts'

/** Keeps what was used last: at most `limit` entries, the one used longest ago goes first. */
export class BoundedCache<V> {
  readonly #entries = new Map<string, V>()
  readonly #limit: number

  constructor(limit: number) {
    this.#limit = limit
  }

  get(key: string, create: (key: string) => V): V {
    const known = this.#entries.get(key)
    const value = known ?? create(key)
    if (known !== undefined) this.#entries.delete(key)
    this.#entries.set(key, value)
    if (this.#entries.size > this.#limit) {
      const oldest = this.#entries.keys().next()
      if (!oldest.done) this.#entries.delete(oldest.value)
    }
    return value
  }

  clear(): void {
    this.#entries.clear()
  }
}

/** A statement split where its parameters stand: one part more than parameters. */
export function splitAtParameters(text: string): readonly string[] {
  const parts: string[] = []
  let start = 0
  let quote = ''
  for (let i = 0; i < text.length; i++) {
    const c = text[i] as string
    // A doubled quote inside a literal closes and opens it again, which comes to the same.
    if (quote !== '') quote = c === quote ? '' : quote
    else if (c === "'" || c === '"') quote = c
    else if (c === '?') {
      parts.push(text.slice(start, i))
      start = i + 1
    }
  }
  parts.push(text.slice(start))
  return parts
}

/**
 * Refuses what one of the databases would change or cut without a word.
 *
 * @throws StorageError `usage` naming the parameter by its position
 */
export function checkParameters(expected: number, params: readonly SqlValue[]): void {
  if (params.length !== expected) {
    throw new StorageError('usage', `the statement has ${expected} parameters, and ${params.length} values were given`)
  }
  for (const [i, value] of params.entries()) {
    const problem = problemOf(value)
    if (problem !== undefined) throw new StorageError('usage', `parameter ${i + 1} ${problem}`)
  }
}

function problemOf(value: SqlValue): string | undefined {
  switch (typeof value) {
    case 'string':
      return value.includes('\0') ? 'holds a NUL character' : undefined
    case 'number':
      if (!Number.isFinite(value)) return 'is not a finite number'
      return Number.isInteger(value) && !Number.isSafeInteger(value) ? 'is not a safe integer' : undefined
    case 'bigint':
      return value > Number.MAX_SAFE_INTEGER || value < Number.MIN_SAFE_INTEGER ? 'is not a safe integer' : undefined
    default:
      return value === null || value instanceof Uint8Array ? undefined : 'is no SQL value'
  }
}
