import type { PageProps } from '../../app/session.tsx'

/** What each part of the page is given. */
export interface PartProps {
  readonly page: PageProps
  /** Tells the reader what was done; nothing takes back what was told before. */
  readonly onTold: (what: string | undefined) => void
}
