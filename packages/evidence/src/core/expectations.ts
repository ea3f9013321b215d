import { fromHex, toHex } from './bytes.ts'
import type { CommonExpectations } from './options.ts'

/** One kind of value in an expectations object: reads a JSON value, or says what it should have been. */
export interface FieldKind<T> {
  readonly expected: string
  read(value: unknown): T | undefined
}

/** Fields of an expectations object by name. */
export type FieldKinds<T> = { readonly [K in keyof T]-?: FieldKind<NonNullable<T[K]>> }

/** Lower-case hex of `min` to `max` bytes. */
export function hexField(min: number, max: number = min): FieldKind<string> {
  return {
    expected: min === max ? `${min} bytes in hex` : `${min} to ${max} bytes in hex`,
    read: (value) => readHex(value, min, max),
  }
}

/** One value, or a list of at least one; always read as a list. */
export function listOf<T>(kind: FieldKind<T>): FieldKind<readonly T[]> {
  return {
    expected: `${kind.expected}, or a list of such`,
    read: (value) => {
      const values: readonly unknown[] = Array.isArray(value) ? value : [value]
      const read = values.map((one) => kind.read(one))
      const known = read.filter((one): one is Awaited<T> & (T & {}) => one !== undefined)
      return known.length > 0 && known.length === values.length && known.length <= 1024 ? known : undefined
    },
  }
}

/** A whole number from `min` to `max`. */
export function integerField(min: number, max: number): FieldKind<number> {
  return {
    expected: `a whole number from ${min} to ${max}`,
    read: (value) =>
      typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max ? value : undefined,
  }
}

export const booleanField: FieldKind<boolean> = {
  expected: 'true or false',
  read: (value) => (typeof value === 'boolean' ? value : undefined),
}

/** One of a few words. */
export function wordField<T extends string>(...words: readonly T[]): FieldKind<T> {
  return {
    expected: `one of ${words.join(', ')}`,
    read: (value) => words.find((word) => word === value),
  }
}

/** Text of at most `max` characters. */
export function textField(max: number): FieldKind<string> {
  return {
    expected: `text of 1 to ${max} characters`,
    read: (value) => (typeof value === 'string' && value.length > 0 && value.length <= max ? value : undefined),
  }
}

/** An object whose fields are all optional. */
export function objectField<T extends object>(kinds: FieldKinds<T>): FieldKind<T> {
  const each = new Set(Object.values<FieldKind<unknown>>(kinds).map(({ expected }) => expected))
  return {
    expected: `an object with some of ${Object.keys(kinds).join(', ')}, each ${[...each].join(' or ')}`,
    read: (value) => {
      try {
        return readExpectations<T>(value, kinds)
      } catch {
        // The caller names this field and what it should have been.
        return undefined
      }
    },
  }
}

/**
 * Checks a caller's expectations once, at the edge: every field known, every value of its kind.
 *
 * @returns the same expectations in one shape: hex in lower case, lists as lists
 * @throws TypeError that names the field and what was expected there; a misspelt expectation must not
 *   pass for one that holds
 */
export function readExpectations<T extends object>(input: unknown, kinds: FieldKinds<T>): T {
  // A Map or a Date has no members of its own: it would read as expecting nothing.
  if (typeof input !== 'object' || input === null || Object.prototype.toString.call(input) !== '[object Object]') {
    throw new TypeError('expectations: expected an object')
  }
  const read: Partial<T> = {}
  for (const [name, value] of Object.entries(input)) {
    if (value === undefined) continue
    if (!isKey(kinds, name)) {
      throw new TypeError(
        `expectations: there is no field ${JSON.stringify(name)}; known are ${Object.keys(kinds).join(', ')}`,
      )
    }
    const kind = kinds[name]
    const known = kind.read(value)
    if (known === undefined) throw new TypeError(`expectations.${name}: expected ${kind.expected}`)
    read[name] = known
  }
  // Every field of an expectations type is optional, so that any subset of them is one.
  return read as T
}

function isKey<T extends object>(kinds: FieldKinds<T>, name: string): name is keyof T & string {
  return Object.hasOwn(kinds, name)
}

function readHex(value: unknown, min: number, max: number): string | undefined {
  if (value instanceof Uint8Array) return value.length >= min && value.length <= max ? toHex(value) : undefined
  if (typeof value !== 'string') return undefined
  const bytes = fromHex(value.replace(/^0x/i, ''))
  return bytes !== undefined && bytes.length >= min && bytes.length <= max ? toHex(bytes) : undefined
}

/** The fields that expectations of every TEE share; `measurement` and `signer` have the TEE's own length, in bytes. */
export function commonFields(lengths: {
  readonly measurement: number
  readonly signer: number
  readonly hostData: number
}): FieldKinds<CommonExpectations> {
  return {
    measurement: listOf(hexField(lengths.measurement)),
    signer: listOf(hexField(lengths.signer)),
    minSvn: integerField(0, 0xffffffff),
    reportData: hexField(1, 64),
    nonce: hexField(16, 64),
    reportDataIsFresh: booleanField,
    hostData: listOf(hexField(lengths.hostData)),
    products: listOf(textField(64)),
    hardwareIds: listOf(hexField(8, 64)),
    allowDebug: booleanField,
    allowEmulated: booleanField,
  }
}
