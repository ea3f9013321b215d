import type { JSX } from 'preact'
import { useLanguage } from '../../text/language.ts'
import { PageHead } from '../../ui/page-parts.tsx'
import type { PartProps } from './part.ts'
import { ScopeWords } from './scope-words.tsx'
import { ACCESS } from './words.ts'

/** Whom the session speaks for. */
export function You({ page: { who } }: PartProps): JSX.Element {
  const t = ACCESS[useLanguage()]
  return (
    <>
      <PageHead title={t.parts.you} lead={t.you.lead} />
      <section class="panel">
        <dl class="pairs">
          <dt>{t.you.actor}</dt>
          <dd>
            <code>{who.actor}</code>
          </dd>
          <dt>{t.you.kind}</dt>
          <dd>{who.actor.startsWith('oidc:') ? t.you.oidc : t.you.token}</dd>
          <dt>{t.you.may}</dt>
          <dd class="grants">
            {who.grants.map(({ namespace, scopes }) => (
              <div key={namespace}>
                <strong>{namespace === '*' ? t.you.everywhere : t.inNamespace(namespace)}</strong>
                <ul>
                  {scopes.map((scope) => (
                    <li key={scope}>
                      <ScopeWords scope={scope} />
                    </li>
                  ))}
                </ul>
              </div>
            ))}
          </dd>
          <dt>{t.you.session}</dt>
          <dd>{t.you.sessionNote}</dd>
        </dl>
      </section>
    </>
  )
}
