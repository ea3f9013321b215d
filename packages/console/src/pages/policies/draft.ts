import { useCallback, useState } from 'preact/hooks'
import type { ActivePolicy } from './model.ts'

/** What somebody is writing: kept for the visit, in memory alone, and lost when the page is left. */
export interface Draft {
  readonly text: string
  /** The version that was in force when the writing began; 0 for none. */
  readonly basedOn: number
  readonly baseText: string
  /** Test cases, JSON. */
  readonly cases: string
}

const drafts = new Map<string, Draft>()

/** Whether there is text that nobody else has seen. */
export function isChanged({ text, baseText }: Pick<Draft, 'text' | 'baseText'>): boolean {
  return text !== baseText
}

/** The draft to go on with where `active` is in force: one that was changed stays as it is, on the version it began with. */
export function draftFor(kept: Draft | undefined, active: ActivePolicy): Draft {
  if (kept !== undefined && isChanged(kept)) return kept
  return { text: active.text, baseText: active.text, basedOn: active.version, cases: kept?.cases ?? '' }
}

/** A draft that goes on upon another version: its text stays. */
export function rebased(draft: Draft, { version, text }: ActivePolicy): Draft {
  return { ...draft, basedOn: version, baseText: text }
}

/**
 * The draft of one writer in one namespace.
 *
 * @param key whose draft, and where: another person in the same window does not get it
 */
export function useDraft(key: string, active: ActivePolicy): readonly [Draft, (change: Partial<Draft>) => void] {
  const [, setTurn] = useState(0)
  const draft = draftFor(drafts.get(key), active)
  const change = useCallback(
    (some: Partial<Draft>) => {
      drafts.set(key, { ...draftFor(drafts.get(key), active), ...some })
      guardLeaving()
      setTurn((before) => before + 1)
    },
    [key, active],
  )
  return [draft, change]
}

/** The browser asks before the window is closed on text that was not put in force; on whatever page it is. */
function guardLeaving(): void {
  removeEventListener('beforeunload', ask)
  if ([...drafts.values()].some(isChanged)) addEventListener('beforeunload', ask)
}

function ask(event: BeforeUnloadEvent): void {
  event.preventDefault()
}
