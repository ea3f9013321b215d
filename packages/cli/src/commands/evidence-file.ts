import { createHash } from 'node:crypto'
import { EvidenceError } from '@sekisho/evidence'
import { type Recognised, type RecognisedPart, recognise, recogniseParts } from '@sekisho/evidence/recognise'
import type { Around } from '../around.ts'
import { unreadable } from '../exit.ts'
import { readInput } from '../input.ts'

/**
 * Reads a file (or `-`) and takes the wrappers off the evidence in it.
 *
 * @throws CliError (unreadable) that names the file, and says at which byte what was expected
 */
export async function readEvidence(path: string, around: Around): Promise<Recognised> {
  const bytes = await readInput(path, around)
  return inFile(path, () => recognise(bytes))
}

/** What a file holds: one piece of evidence, or several that are one whole. */
export type EvidenceFile =
  | { readonly recognised: Recognised; readonly bytes: Uint8Array }
  | { readonly recognised?: undefined; readonly bytes: Uint8Array; readonly parts: readonly RecognisedPart[] }

/**
 * Reads a file (or `-`) with one piece of evidence or several.
 *
 * @throws CliError (unreadable) that names the file, and says at which byte what was expected
 */
export async function readEvidenceFile(path: string, around: Around): Promise<EvidenceFile> {
  return evidenceIn(path, await readInput(path, around))
}

/** What bytes of a file hold. @throws CliError (unreadable) that names the file */
export function evidenceIn(path: string, bytes: Uint8Array): EvidenceFile {
  const parts = inFile(path, () => recogniseParts(bytes))
  const [first, second] = parts
  return first !== undefined && second === undefined ? { recognised: first.recognised, bytes } : { bytes, parts }
}

/** Whether bytes hold evidence in a form that is known. */
export function holdsEvidence(bytes: Uint8Array): boolean {
  try {
    return recogniseParts(bytes).length > 0
  } catch (error) {
    if (error instanceof EvidenceError) return false
    throw error
  }
}

/** Runs `read`, and names the file in its EvidenceError. */
export function inFile<T>(path: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw namingFile(path, error)
  }
}

/** The error with the file named, when it is about evidence; others as they are. */
export function namingFile(path: string, error: unknown): unknown {
  if (!(error instanceof EvidenceError)) return error
  return unreadable(`${path === '-' ? 'standard input' : path}: ${error.code}: ${error.message}`, error)
}

/** SHA-256 in lower-case hex. */
export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
