import type { JSX } from 'preact'
import { fragmentOf } from '../../app/route.ts'
import type { PageProps } from '../../app/session.tsx'
import { useLanguage } from '../../text/language.ts'
import { Load } from '../../ui/load.tsx'
import { usePaged } from '../../ui/paged.ts'
import { Mark, Moment } from '../../ui/parts.tsx'
import { EmulatedMark, MoreOf, Records } from '../../ui/records.tsx'
import type { LeaseTexts } from './texts.ts'
import { LEASES } from './words.ts'

interface Happened {
  readonly id: string
  readonly at: string
  readonly outcome: string
  readonly emulated: boolean
  readonly reasonCode?: string
  readonly reasons: readonly string[]
}

const TONES = { released: 'proven', renewed: 'proven', refused: 'unchecked', revoked: 'refuted' } as const

/** What was decided on a lease: its release, renewals, refused renewals, and its end if somebody or something ended it. */
export function History({
  page,
  lease,
  news,
}: {
  readonly page: PageProps
  readonly lease: string
  /** Counts up when there may be more. */
  readonly news: number
}): JSX.Element {
  const t = LEASES[useLanguage()]
  return (
    <section class="panel">
      <h2>{t.history}</h2>
      {page.may('decisions:read') ? (
        <Decisions page={page} lease={lease} news={news} t={t} />
      ) : (
        <p class="faint">{t.historyNeeds}</p>
      )}
    </section>
  )
}

function Decisions({
  page: { api, namespace },
  lease,
  news,
  t,
}: Parameters<typeof History>[0] & { readonly t: LeaseTexts }): JSX.Element {
  const paged = usePaged<Happened>(
    async (after, signal) => {
      const query = new URLSearchParams({ lease, ...(after === undefined ? {} : { after }) })
      const { decisions, next } = await api.get<{ decisions: readonly Happened[]; next?: string }>(
        `/namespaces/${namespace}/decisions?${query}`,
        signal,
      )
      return { items: decisions, next }
    },
    [api, namespace, lease, news],
  )
  return (
    <>
      <Load of={paged.list}>
        {({ items }) => (
          <Records
            label={t.history}
            rows={items}
            keyOf={({ id }) => id}
            columns={[
              { title: t.historyColumns.at, look: 'head', cell: ({ at }) => <Moment iso={at} /> },
              {
                title: t.historyColumns.what,
                cell: ({ outcome, emulated }) => (
                  <>
                    <Outcome outcome={outcome} t={t} /> {emulated ? <EmulatedMark /> : null}
                  </>
                ),
              },
              {
                title: t.historyColumns.reason,
                cell: ({ reasonCode, reasons }) =>
                  reasonCode === undefined ? (
                    <span class="faint">–</span>
                  ) : (
                    <>
                      <code>{reasonCode}</code> <span class="faint small">{reasons[0]}</span>
                    </>
                  ),
              },
              {
                title: t.historyColumns.decision,
                cell: ({ id }) => (
                  <a href={fragmentOf({ at: 'decisions', namespace, id })} aria-label={`${t.openDecision} ${id}`}>
                    {t.openDecision}
                  </a>
                ),
              },
            ]}
          />
        )}
      </Load>
      <MoreOf of={paged} />
    </>
  )
}

function Outcome({ outcome, t }: { readonly outcome: string; readonly t: LeaseTexts }): JSX.Element {
  const known = outcome === 'released' || outcome === 'renewed' || outcome === 'refused' || outcome === 'revoked'
  return known ? <Mark tone={TONES[outcome]}>{t.happened[outcome]}</Mark> : <Mark tone="plain">{outcome}</Mark>
}
