import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { ApiError } from '../../api/problem.ts'
import { fragmentOf } from '../../app/route.ts'
import type { PageProps } from '../../app/session.tsx'
import { useLanguage } from '../../text/language.ts'
import { useLive } from '../../ui/live.ts'
import { Load, useLoad } from '../../ui/load.tsx'
import { Empty, PageHead, Snippet } from '../../ui/page-parts.tsx'
import { Moment } from '../../ui/parts.tsx'
import { EmulatedMark } from '../../ui/records.tsx'
import { Standing } from './held-table.tsx'
import { History } from './history.tsx'
import { type Lease, standingAt, teeName } from './model.ts'
import type { PartProps } from './part.ts'
import { Until } from './remaining.tsx'
import { Revoke } from './revoke.tsx'
import type { LeaseTexts } from './texts.ts'
import { LEASES } from './words.ts'

/** One lease: what is held, by whom, and how it came to this. */
export function LeaseDetail({ page, lease, onTold }: PartProps & { readonly lease: string }): JSX.Element {
  const t = LEASES[useLanguage()]
  const { api, namespace } = page
  const [asking, setAsking] = useState(false)
  const found = useLoad((signal) => leaseOf(page, lease, signal), [api, namespace, lease])
  const [news, setNews] = useState(0)
  const refresh = (): void => {
    found.reload()
    setNews((before) => before + 1)
  }
  useLive(api, namespace, { allowed: page.may('decisions:read'), onNews: refresh })
  const one = found.value === 'nothing' ? undefined : found.value
  const live = one !== undefined && standingAt(one, Date.now()) === 'live'
  return (
    <>
      <a class="back" href={fragmentOf({ at: 'leases', namespace, id: undefined })}>
        ← {t.back}
      </a>
      <PageHead title={one?.resource ?? lease}>
        {one?.emulated === true ? <EmulatedMark /> : null}
        {live && page.may('leases:write') ? (
          <button type="button" class="button danger" onClick={() => setAsking(true)}>
            {t.revoke}
          </button>
        ) : null}
      </PageHead>
      <Load of={found}>
        {(value) =>
          value === 'nothing' ? (
            <Empty title={t.notFound} />
          ) : (
            <>
              <section class="panel">
                <Facts page={page} lease={value} t={t} />
              </section>
              <History page={page} lease={lease} news={news} />
              <Snippet
                kind="commandLine"
                text={`sekisho lease revoke ${lease} --reason TEXT --namespace ${namespace}`}
              />
            </>
          )
        }
      </Load>
      {asking && one !== undefined ? (
        <Revoke
          page={page}
          leases={[one]}
          onDone={(told) => {
            setAsking(false)
            onTold(told)
            refresh()
          }}
          onClose={() => setAsking(false)}
        />
      ) : null}
    </>
  )
}

async function leaseOf({ api, namespace }: PageProps, id: string, signal: AbortSignal): Promise<Lease | 'nothing'> {
  if (!/^lse_[0-9A-Za-z]{26}$/.test(id)) return 'nothing'
  try {
    return await api.get<Lease>(`/namespaces/${namespace}/leases/${id}`, signal)
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return 'nothing'
    throw error
  }
}

function Facts({
  page: { namespace },
  lease,
  t,
}: {
  readonly page: PageProps
  readonly lease: Lease
  readonly t: LeaseTexts
}): JSX.Element {
  const { detail } = t
  const platform = lease.product === undefined ? teeName(lease.tee) : `${teeName(lease.tee)} · ${lease.product}`
  return (
    <dl class="pairs">
      <dt>{t.columns.state}</dt>
      <dd>
        <Standing of={lease} />
      </dd>
      <dt>{lease.ended === undefined ? detail.until : detail.ended}</dt>
      <dd>{lease.ended === undefined ? <Until expires={lease.expires} /> : <Moment iso={lease.ended} />}</dd>
      {lease.endedReason === undefined ? null : (
        <>
          <dt>{detail.why}</dt>
          <dd class="long-id">{t.ended(lease.endedReason)}</dd>
        </>
      )}
      <dt>{detail.granted}</dt>
      <dd>
        <Moment iso={lease.created} />
      </dd>
      <dt>{t.columns.resource}</dt>
      <dd>
        <a href={fragmentOf({ at: 'secrets', namespace, id: lease.resource })}>{lease.resource}</a>
      </dd>
      {lease.referenceSet === undefined ? null : (
        <>
          <dt>{detail.references}</dt>
          <dd>
            <a href={fragmentOf({ at: 'references', namespace, id: lease.referenceSet })}>{lease.referenceSet}</a>
          </dd>
        </>
      )}
      <dt>{detail.platform}</dt>
      <dd>{platform}</dd>
      {lease.hardwareId === undefined ? null : (
        <>
          <dt>{detail.hardware}</dt>
          <dd>
            <code>{lease.hardwareId}</code>
          </dd>
        </>
      )}
      <dt>{detail.decision}</dt>
      <dd>
        <a href={fragmentOf({ at: 'decisions', namespace, id: lease.decision })}>
          <code>{lease.decision}</code>
        </a>
      </dd>
      <dt>{detail.appraisal}</dt>
      <dd>
        <code>{lease.appraisal}</code>
      </dd>
      <dt>{detail.id}</dt>
      <dd>
        <code>{lease.id}</code>
      </dd>
    </dl>
  )
}
