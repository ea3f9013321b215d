import type { JSX } from 'preact'
import { useLanguage } from '../../text/language.ts'
import { SCOPES } from './model.ts'
import { ACCESS } from './words.ts'

/** A scope in plain words, with its name. */
export function ScopeWords({ scope }: { readonly scope: string }): JSX.Element {
  const t = ACCESS[useLanguage()]
  const known = scope === 'admin' ? scope : SCOPES.find((one) => one === scope)
  return (
    <>
      {known === undefined ? null : t.scopes[known]} <code class="faint">{scope}</code>
    </>
  )
}
