import { type ReferenceWarning, referenceWarnings } from '@sekisho/appraisal/reference-warnings'
import type { StoredSet } from './model.ts'

/** Something about a set that somebody should look at. */
export type NoteCode = ReferenceWarning['code']

/** What is to be said of each set, by its name. */
export function notesOf(sets: readonly StoredSet[], at: Date): ReadonlyMap<string, readonly NoteCode[]> {
  const matched = new Set(sets.filter(({ lastMatched }) => lastMatched !== undefined).map(({ name }) => name))
  const partly = new Set(sets.filter(({ unmatchedValues }) => unmatchedValues !== undefined).map(({ name }) => name))
  const notes = new Map<string, NoteCode[]>()
  // The checkpoint read these sets when they were written: they are of the shape that is looked at.
  const known = sets as unknown as Parameters<typeof referenceWarnings>[0]
  for (const { set, code } of referenceWarnings(known, { at, matched, partly }))
    notes.set(set, [...(notes.get(set) ?? []), code])
  return notes
}

/** How a note looks: what is over, what is dangerous, and what is only to be known. */
export const NOTE_TONES: Readonly<Record<NoteCode, string>> = {
  expired: 'rejected',
  'allows-debug': 'rejected',
  'base-unpinned': 'rejected',
  'nothing-pinned': 'rejected',
  'expires-soon': 'incomplete',
  'never-matched': 'incomplete',
  'value-never-matched': 'incomplete',
  'same-values': 'incomplete',
  'allows-emulated': 'emulated',
}
