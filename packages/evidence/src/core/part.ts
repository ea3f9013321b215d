import { EvidenceError } from './errors.ts'

/** A part of what was given: absent (neither member), readable, or not readable. */
export interface Part<T> {
  readonly value?: T
  readonly error?: EvidenceError
}

/** What `read` gives, which may be nothing; what is wrong with the part becomes a failing check, never an exception. */
export function partOf<T>(read: () => T | undefined): Part<T> {
  try {
    const value = read()
    return value === undefined ? {} : { value }
  } catch (error) {
    if (error instanceof EvidenceError) return { error }
    throw error
  }
}

/** Reads a part that may not have been given, as {@link partOf}. */
export function readPart<T>(bytes: Uint8Array | undefined, read: (bytes: Uint8Array) => T | undefined): Part<T> {
  return bytes === undefined ? {} : partOf(() => read(bytes))
}

/** Whether a part was given, readable or not. */
export function isPresent(part: Part<unknown>): boolean {
  return part.value !== undefined || part.error !== undefined
}
