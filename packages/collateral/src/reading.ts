import { CollateralError } from './errors.ts'

/** An answer that is not what was asked for. */
export function bad(text: string): CollateralError {
  return new CollateralError('bad-answer', text)
}

/** Text of UTF-8 bytes. @throws TypeError when they are none */
export function utf8(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
}

/** Whether a JSON value is an object. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
