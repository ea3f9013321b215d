import type { JSX } from 'preact'
import { fragmentOf } from '../../app/route.ts'
import type { PageProps } from '../../app/session.tsx'
import { useLanguage, useTexts } from '../../text/language.ts'
import { Load, useLoad } from '../../ui/load.tsx'
import { Empty, Snippet } from '../../ui/page-parts.tsx'
import { Moment } from '../../ui/parts.tsx'
import { Said, Speaking } from '../../ui/said.tsx'
import { type Explained, type Filter, idsOfDecision, listCommand, queryOf, type Refusals } from './model.ts'
import { meaningOf } from './reasons.ts'
import { DECISIONS } from './texts.ts'

/**
 * Refusals counted by reason, each group with what would mend its newest one.
 *
 * @param fresh id of the newest decision that the page knows: another one has the groups fetched again
 */
export function RefusalGroups({
  api,
  namespace,
  filter,
  fresh,
}: PageProps & { readonly filter: Filter; readonly fresh: string | undefined }): JSX.Element {
  const t = DECISIONS[useLanguage()]
  const { outcome: _, reason: __, ...rest } = filter
  const query = queryOf(rest)
  const found = useLoad(
    (signal) => api.get<Refusals>(`/namespaces/${namespace}/decisions/refusals?${query}`, signal),
    [api, namespace, query],
    [fresh],
  )
  return (
    <Load of={found}>
      {({ groups, counted, more }) =>
        groups.length === 0 ? (
          <Empty title={t.groups.none} />
        ) : (
          <>
            <p class="faint under-list">
              {t.groups.counted(counted, more)} {t.groups.lead}
            </p>
            <ul class="plain refusal-groups">
              {groups.map((group) => (
                <Group key={group.reason} group={group} api={api} namespace={namespace} filter={rest} />
              ))}
            </ul>
            <Snippet kind="commandLine" text={listCommand(namespace, { ...rest, outcome: 'refused' })} />
          </>
        )
      }
    </Load>
  )
}

function Group({
  group: { reason, count, latest, latestAt },
  api,
  namespace,
  filter,
}: Pick<PageProps, 'api' | 'namespace'> & {
  readonly group: Refusals['groups'][number]
  readonly filter: Filter
}): JSX.Element {
  const language = useLanguage()
  const t = DECISIONS[language]
  const query = queryOf({ ...filter, outcome: 'refused', reason })
  return (
    <li class="panel refusal-group">
      <p class="group-count" aria-hidden="true">
        {count}
      </p>
      <div class="group-body">
        <h2>
          <span class="unseen">{count} × </span>
          <code>{reason}</code>
        </h2>
        <p>{meaningOf(reason, language)}</p>
        <GroupRemedy api={api} namespace={namespace} latest={latest} />
        <p class="row small">
          <a href={fragmentOf({ at: 'decisions', namespace, id: undefined, query })}>{t.groups.all(count)}</a>
          <a href={fragmentOf({ at: 'decisions', namespace, id: latest, query: 'view=reasons' })}>
            {t.groups.latest} · <Moment iso={latestAt} seconds />
          </a>
        </p>
      </div>
    </li>
  )
}

const MOST = 3

function GroupRemedy({
  api,
  namespace,
  latest,
}: Pick<PageProps, 'api' | 'namespace'> & { readonly latest: string }): JSX.Element {
  const t = DECISIONS[useLanguage()].groups
  const found = useLoad(
    (signal) => api.get<Explained>(`/namespaces/${namespace}/decisions/${latest}`, signal),
    [api, namespace, latest],
  )
  return (
    <Load of={found}>
      {(decision) => (
        <Speaking of={idsOfDecision(decision)}>
          {decision.remedies.length > 0 ? (
            <div>
              <h3>{t.remedies}</h3>
              <Remedies remedies={decision.remedies.slice(0, MOST)} />
            </div>
          ) : decision.reasons.length > 0 ? (
            <ul class="plain small">
              {decision.reasons.slice(0, MOST).map((one) => (
                <li key={one}>
                  <Said text={one} />
                </li>
              ))}
            </ul>
          ) : (
            <p class="faint small">{t.noRemedy}</p>
          )}
        </Speaking>
      )}
    </Load>
  )
}

/** What would mend a refusal, and who can do that. */
export function Remedies({ remedies }: { readonly remedies: Explained['remedies'] }): JSX.Element {
  const { by } = useTexts().verdict
  const names: Readonly<Record<string, string>> = by
  return (
    <ul class="plain remedies">
      {remedies.map((one) => (
        <li key={one.action} class="remedy">
          <span aria-hidden="true">→ </span>
          <Said text={one.action} /> <span class="faint">({names[one.by] ?? one.by})</span>
        </li>
      ))}
    </ul>
  )
}
