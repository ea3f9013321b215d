import type { JSX } from 'preact'
import type { PageProps } from '../../app/session.tsx'
import { useLanguage } from '../../text/language.ts'
import { SHELL } from '../../text/shell.ts'
import { PageHead } from '../../ui/page-parts.tsx'

/** The page. */
export function SecretsPage({ namespace }: PageProps): JSX.Element {
  const t = SHELL[useLanguage()]
  return <PageHead title={t.pages.secrets} lead={namespace} />
}
