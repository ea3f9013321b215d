import type { JSX } from 'preact'
import { useLanguage } from '../text/language.ts'
import { SHELL } from '../text/shell.ts'

/** What stands in the place of something that the reader may not see: which scope is missing, and where. */
export function Scopes({
  missing,
  namespace,
}: {
  readonly missing: string
  /** `*`: in all namespaces. */
  readonly namespace: string
}): JSX.Element {
  const t = SHELL[useLanguage()]
  return (
    <div class="empty" role="status">
      <p>
        <strong>{t.forbidden}</strong>
      </p>
      <p>{t.missingScope(missing, namespace)}</p>
    </div>
  )
}
