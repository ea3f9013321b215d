import type { JSX } from 'preact'
import type { MutableRef } from 'preact/hooks'
import { fragmentOf } from '../../app/route.ts'
import { useLanguage } from '../../text/language.ts'
import { Moment } from '../../ui/parts.tsx'
import { type ListMemory, WindowedList } from '../../ui/windowed-list.tsx'
import type { Feed } from './feed.ts'
import type { Decision } from './model.ts'
import { OutcomeMark } from './outcome.tsx'
import { meaningOf } from './reasons.ts'
import { DECISIONS } from './texts.ts'

const COLUMNS = ['at', 'outcome', 'what', 'who', 'workload', 'reason'] as const

/** The decisions that were fetched, of which only those in sight are drawn. */
export function DecisionList({
  namespace,
  query,
  feed,
  memory,
  onEnd,
}: {
  readonly namespace: string
  /** Of the address, so that going back leads to the same list. */
  readonly query: string
  readonly feed: Feed
  readonly memory: MutableRef<ListMemory>
  readonly onEnd: () => void
}): JSX.Element {
  const t = DECISIONS[useLanguage()]
  return (
    <WindowedList
      label={t.list}
      rows={feed.rows}
      keyOf={idOf}
      whole={feed.next === undefined}
      memory={memory}
      onEnd={onEnd}
      head={COLUMNS.map((name) => (
        <th key={name} scope="col">
          {t.columns[name]}
        </th>
      ))}
      draw={(decision) => <Cells decision={decision} namespace={namespace} query={query} />}
    />
  )
}

const idOf = ({ id }: Decision): string => id

function Cells({
  decision,
  namespace,
  query,
}: {
  readonly decision: Decision
  readonly namespace: string
  readonly query: string
}): JSX.Element {
  const language = useLanguage()
  const t = DECISIONS[language]
  const { at, id, kind, outcome, emulated, resource, reasonCode, tee, product, workload, actor } = decision
  const what = t.kinds[kind] ?? kind
  return (
    <>
      <td class="cell-at">
        <Moment iso={at} seconds />
      </td>
      <td class="cell-outcome">
        <OutcomeMark outcome={outcome} emulated={emulated} />
      </td>
      <td class="cell-what">
        <a href={fragmentOf({ at: 'decisions', namespace, id, query })}>
          {resource === undefined ? what : <code>{resource}</code>}
        </a>
        {resource === undefined ? null : <span class="faint"> {what}</span>}
      </td>
      <td class="cell-who">
        {tee === undefined ? <span class="faint">{actor ?? '–'}</span> : [tee, product].filter(Boolean).join(' · ')}
      </td>
      <td class="cell-workload">
        {workload === undefined ? <span class="faint">–</span> : <code title={workload}>{workload.slice(0, 12)}…</code>}
      </td>
      <td class="cell-reason">
        {reasonCode === undefined ? (
          <span class="faint">–</span>
        ) : (
          <code title={meaningOf(reasonCode, language)}>{reasonCode}</code>
        )}
      </td>
    </>
  )
}
