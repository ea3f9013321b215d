import { EvidenceError } from '../core/errors.ts'

/** A part of the collateral: not given (neither member), readable, or not readable. */
export interface Part<T> {
  readonly value?: T
  readonly error?: EvidenceError
}

/** Reads a part, which `read` may find to be absent after all; what is wrong with it becomes a failing check, never an exception. */
export function readPart<T>(bytes: Uint8Array | undefined, read: (bytes: Uint8Array) => T | undefined): Part<T> {
  if (bytes === undefined) return {}
  try {
    const value = read(bytes)
    return value === undefined ? {} : { value }
  } catch (error) {
    if (error instanceof EvidenceError) return { error }
    throw error
  }
}

/** Whether a part was given, readable or not. */
export function isPresent(part: Part<unknown>): boolean {
  return part.value !== undefined || part.error !== undefined
}

/** A text of strangers, made harmless for a message. */
export function quoted(text: string | undefined): string {
  return text === undefined ? 'nothing' : JSON.stringify(text.slice(0, 64))
}
