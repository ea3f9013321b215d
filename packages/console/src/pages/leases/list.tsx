import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { PageProps } from '../../app/session.tsx'
import { useLanguage } from '../../text/language.ts'
import { SHELL } from '../../text/shell.ts'
import { type LiveState, useLive } from '../../ui/live.ts'
import { Load } from '../../ui/load.tsx'
import { Empty, PageHead, Snippet } from '../../ui/page-parts.tsx'
import { type ListPage, usePaged } from '../../ui/paged.ts'
import { MoreOf } from '../../ui/records.tsx'
import { Choosable } from './choosing.tsx'
import { type Lease, type LeaseStanding, standingAt } from './model.ts'
import type { PartProps } from './part.ts'
import { Reappraise } from './reappraise.tsx'
import { LEASES } from './words.ts'

const STATES: readonly LeaseStanding[] = ['live', 'revoked', 'expired']

/** Who holds what, and who held it. */
export function LeaseList({ page, onTold }: PartProps): JSX.Element {
  const language = useLanguage()
  const t = LEASES[language]
  const { api, namespace } = page
  const [state, setState] = useState<LeaseStanding | undefined>('live')
  const [asking, setAsking] = useState(false)
  const leases = usePaged((after, signal) => listed(page, state, after, signal), [api, namespace, state])
  const { reload } = leases.list
  const live = useLive(api, namespace, {
    allowed: page.may('decisions:read'),
    onNews: reload,
  })
  const done = (told: string): void => {
    setAsking(false)
    onTold(told)
    reload()
  }
  return (
    <>
      <PageHead title={SHELL[language].pages.leases} lead={t.lead}>
        {page.may('leases:write') ? (
          <button type="button" class="button" onClick={() => setAsking(true)}>
            {t.reappraise}
          </button>
        ) : null}
      </PageHead>
      <section class="panel list">
        <div class="bar">
          <label>
            {t.state}
            <select
              value={state ?? ''}
              onChange={({ currentTarget: { value } }) => setState(STATES.find((one) => one === value))}
            >
              <option value="">{t.anyState}</option>
              {STATES.map((one) => (
                <option key={one} value={one}>
                  {t.states[one]}
                </option>
              ))}
            </select>
          </label>
          <span class="push">
            <News state={live} />
          </span>
        </div>
        <Load of={leases.list}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty title={state === 'live' || state === undefined ? t.nothingLive : t.nothing}>
                <p>{t.nothingHow}</p>
                <Snippet
                  kind="commandLine"
                  text={`sekisho request REPOSITORY/TYPE/TAG -o FILE --namespace ${namespace}`}
                />
              </Empty>
            ) : (
              <Choosable page={page} label={t.list} rows={items} onRevoked={done} />
            )
          }
        </Load>
        <MoreOf of={leases} />
        <Snippet kind="commandLine" text={`sekisho lease list --namespace ${namespace}`} />
      </section>
      {asking ? <Reappraise page={page} onDone={done} onClose={() => setAsking(false)} /> : null}
    </>
  )
}

/** Whether the list is up to date by itself. */
export function News({ state }: { readonly state: LiveState }): JSX.Element {
  const t = LEASES[useLanguage()]
  return <span class={`live-state ${state}`}>{t.live[state]}</span>
}

async function listed(
  { api, namespace }: PageProps,
  state: LeaseStanding | undefined,
  after: string | undefined,
  signal: AbortSignal,
): Promise<ListPage<Lease>> {
  const query = new URLSearchParams({
    // The server writes down what is over now and then: what it calls live may be over.
    ...(state === undefined || state === 'expired' ? {} : { state }),
    ...(after === undefined ? {} : { after }),
  })
  const { leases, next } = await api.get<{ leases: readonly Lease[]; next?: string }>(
    `/namespaces/${namespace}/leases?${query}`,
    signal,
  )
  const now = Date.now()
  const items = leases.map((lease) => ({ ...lease, state: standingAt(lease, now) }))
  return { items: state === undefined ? items : items.filter((lease) => lease.state === state), next }
}
