import type { JSX } from 'preact'
import { fragmentOf } from '../../app/route.ts'
import { useLanguage } from '../../text/language.ts'
import { SHELL } from '../../text/shell.ts'
import { useLive } from '../../ui/live.ts'
import { Load, useLoad } from '../../ui/load.tsx'
import { Empty, PageHead, Snippet } from '../../ui/page-parts.tsx'
import { Choosable } from './choosing.tsx'
import { type AffectedLease, heldOf } from './model.ts'
import type { PartProps } from './part.ts'
import { LEASES } from './words.ts'

/** Live leases that one advisory concerns, to be revoked where that is wanted. */
export function Affected({ page, advisory, onTold }: PartProps & { readonly advisory: string }): JSX.Element {
  const language = useLanguage()
  const t = LEASES[language]
  const { api, namespace } = page
  const found = useLoad(
    async (signal) =>
      (
        await api.get<{ affected: readonly AffectedLease[] }>(
          `/namespaces/${namespace}/advisories/${encodeURIComponent(advisory)}/affected`,
          signal,
        )
      ).affected,
    [api, namespace, advisory],
  )
  useLive(api, namespace, { allowed: page.may('decisions:read'), onNews: found.reload })
  const forbidding = `@id("${advisory}")\nforbid (principal, action, resource)\nwhen { context.tcb.advisories.contains(${JSON.stringify(advisory)}) };`
  return (
    <>
      <a class="back" href={fragmentOf({ at: 'leases', namespace, id: 'advisories' })}>
        ← {t.advisory.back}
      </a>
      <PageHead title={t.affectedBy(advisory)} />
      <Load of={found}>
        {(rows) =>
          rows.length === 0 ? (
            <Empty title={t.notAffected(advisory)} />
          ) : (
            [
              { label: t.affectedBy(advisory), some: rows.filter(({ forecast }) => forecast !== true) },
              { label: t.affectedSoon(advisory), some: rows.filter(({ forecast }) => forecast === true) },
            ].map(({ label, some }) =>
              some.length === 0 ? null : (
                <section class="panel list" key={label}>
                  {label === t.affectedSoon(advisory) ? <h2>{label}</h2> : null}
                  <Choosable
                    page={page}
                    label={label}
                    rows={some.map(heldOf)}
                    onRevoked={(told) => {
                      onTold(told)
                      found.reload()
                    }}
                  />
                </section>
              ),
            )
          )
        }
      </Load>
      {found.value === undefined ? null : (
        <section class="panel list stack">
          <p>
            {t.advisory.policyHint}{' '}
            <a href={fragmentOf({ at: 'policies', namespace, id: undefined })}>{SHELL[language].pages.policies}</a>
          </p>
          <pre class="block">
            <code>{forbidding}</code>
          </pre>
          <Snippet kind="commandLine" text={`sekisho advisory affected ${advisory} --namespace ${namespace}`} />
        </section>
      )}
    </>
  )
}
