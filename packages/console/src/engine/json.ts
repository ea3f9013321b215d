/** An object of JSON, of which nothing is known yet. */
export type JsonRecord = Readonly<Record<string, unknown>>

/** Whether a value is an object with members. */
export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A JSON value; undefined for text that is none. Whoever reads the file as something else says what is wrong. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** A text member; empty where it is absent or of another type. */
export function textMember(record: JsonRecord, name: string): string {
  const value = Object.hasOwn(record, name) ? record[name] : undefined
  return typeof value === 'string' ? value : ''
}
