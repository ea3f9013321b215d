import { EvidenceError } from '../core/errors.ts'

/** A part of the endorsements: there and readable, there and not readable, or not given. */
export type Part<T> =
  | { readonly state: 'present'; readonly value: T }
  | { readonly state: 'broken'; readonly reason: string }
  | { readonly state: 'absent' }

/** The part that was not given. */
export const ABSENT: Part<never> = { state: 'absent' }

/** Reads a part, and keeps what is wrong with it instead of throwing: the verdict will say. */
export function readPart<I, T>(input: I | undefined, read: (input: I) => T): Part<T> {
  if (input === undefined) return ABSENT
  try {
    return { state: 'present', value: read(input) }
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error
    return { state: 'broken', reason: error.message }
  }
}

/** The value of a part, where there is one. */
export function valueOf<T>(part: Part<T>): T | undefined {
  return part.state === 'present' ? part.value : undefined
}
