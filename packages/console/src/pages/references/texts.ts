import type { NoteCode } from './notes.ts'

type Names<K extends string> = Readonly<Record<K, string>>

/** Texts of the page. */
export interface ReferencesTexts {
  readonly lead: string
  needs(scope: string): string
  readonly actions: Names<'evidence' | 'import' | 'write' | 'edit' | 'remove' | 'back' | 'save' | 'saving'>
  readonly list: Names<
    'heading' | 'name' | 'tee' | 'owner' | 'expires' | 'matched' | 'never' | 'noEnd' | 'from' | 'empty' | 'emptyHow'
  >
  readonly notes: Readonly<Record<NoteCode, { readonly short: string; readonly long: string }>>
  readonly kinds: Readonly<Record<string, string>>
  readonly one: Names<'values' | 'created' | 'unseen' | 'missing' | 'digest'>
  readonly form: Names<
    | 'newHeading'
    | 'name'
    | 'nameHint'
    | 'tee'
    | 'owner'
    | 'ownerHint'
    | 'expires'
    | 'expiresHint'
    | 'values'
    | 'valuesHint'
    | 'notObject'
    | 'exists'
    | 'changed'
    | 'endsAction'
  > & {
    editHeading(name: string): string
    endsTitle(count: number): string
    readonly endsLead: string
  }
  readonly evidence: Names<
    'heading' | 'lead' | 'drop' | 'pick' | 'reading' | 'unverified' | 'choose' | 'bad' | 'none' | 'other' | 'noEvidence'
  > & {
    found(form: string): string
  }
  readonly importing: Names<
    'heading' | 'lead' | 'file' | 'name' | 'nameHint' | 'replaces' | 'send' | 'sending' | 'chosen'
  >
  readonly remove: Names<'action' | 'lead' | 'asking' | 'unknown' | 'stay'> & { title(name: string): string }
  readonly said: {
    stored(names: string, kept: number, ended: number): string
    removed(name: string, kept: number, ended: number): string
  }
}
