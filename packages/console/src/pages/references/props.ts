import type { PageProps } from '../../app/session.tsx'
import type { ReferenceCalls, StoredSet } from './model.ts'

/** What every part of the page is given. */
export interface ReferenceProps extends PageProps {
  readonly calls: ReferenceCalls
  readonly sets: readonly StoredSet[]
  /** Goes to a set, to a way to make one, or to the list; and says what was done. */
  readonly go: (id: string | undefined, said?: string) => void
  /** Fetches the sets again. */
  readonly again: () => void
}
