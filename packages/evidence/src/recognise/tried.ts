import { EvidenceError } from '../core/errors.ts'

/** What `read` gives; undefined where it refuses its input, which may be something else than was tried. Faults pass on. */
export function tried<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof EvidenceError) return undefined
    throw error
  }
}
