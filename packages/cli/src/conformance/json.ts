import type { JsonValue } from './case.ts'

/** An object of JSON. */
export type JsonRecord = Readonly<Record<string, JsonValue>>

/** Whether a JSON value is an object. */
export function isRecord(value: JsonValue | undefined): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A member of an object; undefined for anything else. */
export function member(value: JsonValue | undefined, name: string): JsonValue | undefined {
  return isRecord(value) && Object.hasOwn(value, name) ? value[name] : undefined
}

/** A member that is text. */
export function textMember(value: JsonValue | undefined, name: string): string | undefined {
  const found = member(value, name)
  return typeof found === 'string' ? found : undefined
}

/** Entries of a list; none of anything else. */
export function listOf(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? value : []
}

/** Members of an object; none of anything else. */
export function entriesOf(value: JsonValue | undefined): readonly (readonly [string, JsonValue])[] {
  return isRecord(value) ? Object.entries(value) : []
}

/** Bytes of a member in hex; none when it is absent. */
export function bytesMember(value: JsonValue | undefined, name: string): Uint8Array {
  return new Uint8Array(Buffer.from(textMember(value, name) ?? '', 'hex'))
}

/** A member of a case's `expect`. */
export function expected(content: JsonValue, name: string): JsonValue | undefined {
  return member(member(content, 'expect'), name)
}

/** The time that a case is judged at. @throws Error when it names none */
export function timeOf(content: JsonValue): Date {
  const named = member(content, 'evaluateAt')
  const time = new Date(typeof named === 'string' ? named : Number.NaN)
  if (!Number.isNaN(time.getTime())) return time
  const found = (named ?? null) === null ? 'nothing' : JSON.stringify(named).slice(0, 64)
  throw new Error(`evaluateAt: expected the time to judge the evidence at, in ISO 8601; found ${found}`)
}
