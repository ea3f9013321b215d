import type { JSX } from 'preact'
import type { StartProps } from '../../app/session.tsx'
import { SignIn } from '../../app/sign-in.tsx'
import { useLanguage } from '../../text/language.ts'
import { SHELL } from '../../text/shell.ts'
import { PageHead } from '../../ui/page-parts.tsx'

/** The guided first run. */
export function StartPage({ signedIn }: StartProps): JSX.Element {
  const t = SHELL[useLanguage()]
  return signedIn === undefined ? <SignIn /> : <PageHead title={t.start} />
}
