import type { JSX } from 'preact'
import { fragmentOf } from '../../app/route.ts'
import { useLanguage } from '../../text/language.ts'
import { Mark, Moment } from '../../ui/parts.tsx'
import { type Column, EmulatedMark, Records } from '../../ui/records.tsx'
import { type Held, standingAt, teeName } from './model.ts'
import { Until, useNow } from './remaining.tsx'
import type { LeaseTexts } from './texts.ts'
import { LEASES } from './words.ts'

/** Leases that the reader has chosen, and how to choose. */
export interface Choosing {
  readonly chosen: ReadonlySet<string>
  onChoose(ids: ReadonlySet<string>): void
}

/** Leases: what is held, by whom, until when. */
export function HeldTable({
  namespace,
  label,
  rows,
  choosing,
}: {
  readonly namespace: string
  readonly label: string
  readonly rows: readonly Held[]
  /** For readers who may revoke. */
  readonly choosing: Choosing | undefined
}): JSX.Element {
  const t = LEASES[useLanguage()]
  const columns: readonly Column<Held>[] = [
    ...(choosing === undefined ? [] : [choice(choosing, t)]),
    {
      title: t.columns.resource,
      look: 'head',
      cell: (row) => (
        <>
          <a class="secret-link" href={fragmentOf({ at: 'leases', namespace, id: row.id })}>
            <strong>{row.resource}</strong>
          </a>
          <div class="faint small">
            <code class="long-id">{row.id}</code>
          </div>
        </>
      ),
    },
    { title: t.columns.holder, cell: (row) => <Holder of={row} /> },
    { title: t.columns.state, cell: (row) => <Standing of={row} /> },
    { title: t.columns.until, cell: (row) => <End of={row} /> },
    ...(rows.some(({ code }) => code !== undefined) ? [why(t)] : []),
  ]
  return <Records label={label} columns={columns} rows={rows} keyOf={({ id }) => id} />
}

function choice({ chosen, onChoose }: Choosing, t: LeaseTexts): Column<Held> {
  return {
    title: t.columns.choose,
    look: 'acts',
    cell: ({ id, resource, state }) =>
      state === 'live' ? (
        <input
          type="checkbox"
          aria-label={`${t.chooseOne(resource)} (${id})`}
          checked={chosen.has(id)}
          onChange={() => {
            const next = new Set(chosen)
            if (!next.delete(id)) next.add(id)
            onChoose(next)
          }}
        />
      ) : null,
  }
}

function why(t: LeaseTexts): Column<Held> {
  return {
    title: t.columns.why,
    cell: ({ code, reasons = [] }) => (
      <>
        <code>{code}</code>
        {reasons.length === 0 ? null : (
          <ul class="reasons">
            {reasons.map((reason) => (
              <li key={reason}>{reason}</li>
            ))}
          </ul>
        )}
      </>
    ),
  }
}

/** Who holds it: the workload as reference values call it, and what it runs on. */
function Holder({ of: { tee, product, referenceSet, emulated } }: { readonly of: Held }): JSX.Element {
  const platform = product === undefined ? teeName(tee) : `${teeName(tee)} · ${product}`
  return (
    <>
      {referenceSet === undefined ? platform : <strong>{referenceSet}</strong>} {emulated ? <EmulatedMark /> : null}
      {referenceSet === undefined ? null : <div class="faint small">{platform}</div>}
    </>
  )
}

const TONES = { live: 'proven', revoked: 'refuted', expired: 'plain' } as const

/** How a lease stands now. */
export function Standing({ of }: { readonly of: Pick<Held, 'state' | 'expires'> }): JSX.Element {
  const t = LEASES[useLanguage()]
  const now = useNow()
  const standing = standingAt(of, now)
  return <Mark tone={TONES[standing]}>{t.states[standing]}</Mark>
}

function End({ of }: { readonly of: Held }): JSX.Element {
  const t = LEASES[useLanguage()]
  if (of.ended === undefined) return <Until expires={of.expires} />
  return (
    <>
      <Moment iso={of.ended} />
      {of.endedReason === undefined || of.endedReason === 'expired' ? null : (
        <div class="faint small">{t.ended(of.endedReason)}</div>
      )}
    </>
  )
}
