import type { JSX } from 'preact'
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { ApiError } from '../../api/problem.ts'
import { fragmentOf } from '../../app/route.ts'
import type { PageProps } from '../../app/session.tsx'
import { useLanguage } from '../../text/language.ts'
import { Load, useLoad } from '../../ui/load.tsx'
import { CopyButton, Empty, Snippet } from '../../ui/page-parts.tsx'
import { Moment } from '../../ui/parts.tsx'
import { EnglishNote, Said, Speaking } from '../../ui/said.tsx'
import { Tabs } from '../../ui/tabs.tsx'
import { RecordedTrustMap } from '../../ui/trust-panels.tsx'
import { Panel, Why } from '../../ui/verdict-view.tsx'
import { AgainPart } from './again-part.tsx'
import { Remedies } from './groups.tsx'
import { type Explained, idsOfDecision, namespaceOption, sentencesOfDecision, verdictIn } from './model.ts'
import { EmulatedMark } from './outcome.tsx'
import { PolicyPart } from './policy-part.tsx'
import { meaningOf } from './reasons.ts'
import { ReceiptPart } from './receipt-part.tsx'
import { RecordPart } from './record-part.tsx'
import { RecordedVerdict, useTitles } from './recorded-verdict.tsx'
import { DECISIONS } from './texts.ts'

interface DetailProps extends PageProps {
  readonly id: string
  /** What the list was narrowed to, as its address has it. */
  readonly list: string
  /** A key of the log that the reader pasted. */
  readonly pinned: string
  readonly onPinned: (text: string) => void
}

/** One decision: how it ended, what would mend it, and everything that it rested on. */
export function DecisionDetail(props: DetailProps): JSX.Element {
  const { api, namespace, id, list } = props
  const t = DECISIONS[useLanguage()].detail
  const found = useLoad(
    (signal) => api.get<Explained>(`/namespaces/${namespace}/decisions/${encodeURIComponent(id)}`, signal),
    [api, namespace, id],
  )
  // What has another kind of id is something else below the same address of the API.
  const none = !id.startsWith('dec_') || (found.error instanceof ApiError && [400, 404].includes(found.error.status))
  return (
    <>
      <p class="back">
        <a href={fragmentOf({ at: 'decisions', namespace, id: undefined, query: list })}>← {t.back}</a>
      </p>
      {none ? (
        <Empty title={t.missing}>
          <code>{id}</code>
        </Empty>
      ) : (
        <Load of={found}>{(decision) => <Shown {...props} decision={decision} />}</Load>
      )}
    </>
  )
}

type Part = 'verdict' | 'map' | 'policy' | 'receipt' | 'record'

function Shown({ decision, ...props }: DetailProps & { readonly decision: Explained }): JSX.Element {
  const t = DECISIONS[useLanguage()].detail
  const verdict = useMemo(() => verdictIn(decision.verdict), [decision])
  const titles = useTitles(verdict?.tee)
  const parts: readonly Part[] = [
    ...(verdict === undefined ? [] : (['verdict', 'map'] as const)),
    ...(decision.context === undefined ? [] : (['policy'] as const)),
    'receipt',
    'record',
  ]
  const [chosen, setChosen] = useState<Part>(parts[0] ?? 'record')
  const part = parts.includes(chosen) ? chosen : 'record'
  return (
    <Speaking of={idsOfDecision(decision)}>
      <DecisionHead decision={decision} namespace={props.namespace} />
      {verdict === undefined || verdict.outcome === 'verified' ? (
        <Mending decision={decision} />
      ) : (
        <Why verdict={verdict} titles={titles} />
      )}
      <Tabs label={t.tabs} names={parts.map((id) => [id, t[id]])} chosen={part} onChoose={setChosen} />
      <div id="tab-content" role="tabpanel" aria-labelledby={`tab-${part}`}>
        {decision.verdict !== undefined && verdict === undefined ? <p class="caution">{t.otherVersion}</p> : null}
        {part === 'verdict' && verdict !== undefined ? <RecordedVerdict verdict={verdict} titles={titles} /> : null}
        {part === 'map' && verdict !== undefined ? <RecordedTrustMap verdict={verdict} /> : null}
        {part === 'policy' ? <PolicyPart decision={decision} namespace={props.namespace} /> : null}
        {part === 'receipt' ? <ReceiptPart {...props} decision={decision} /> : null}
        {part === 'receipt' ? <AgainPart {...props} key={decision.id} decision={decision} /> : null}
        {part === 'record' ? <RecordPart decision={decision} /> : null}
      </div>
    </Speaking>
  )
}

const TONES: Readonly<Record<string, string>> = {
  released: 'verified',
  renewed: 'verified',
  attested: 'verified',
  refused: 'rejected',
  revoked: 'incomplete',
}

function DecisionHead({
  decision,
  namespace,
}: {
  readonly decision: Explained
  readonly namespace: string
}): JSX.Element {
  const language = useLanguage()
  const t = DECISIONS[language]
  const { id, at, kind, outcome, emulated, resource, reasonCode, leafIndex, actor, workload } = decision
  const heading = useRef<HTMLHeadingElement>(null)
  // Whoever came by the keyboard goes on from here, not from a row that is gone.
  useEffect(() => heading.current?.focus(), [id])
  const lease = decision.details['lease']
  const meaning = reasonCode === undefined ? undefined : meaningOf(reasonCode, language)
  return (
    <section class={`head head-${TONES[outcome] ?? 'neutral'}`} aria-labelledby="decision-outcome">
      <div class="head-line">
        <h1 id="decision-outcome" tabIndex={-1} ref={heading}>
          {t.outcomes[outcome] ?? outcome}
        </h1>
        {emulated ? <EmulatedMark /> : null}
        <span class="head-aside">
          {t.kinds[kind] ?? kind} · <Moment iso={at} seconds />
        </span>
      </div>
      {meaning === undefined ? null : <p class="summary">{meaning}</p>}
      <dl class="decision-facts">
        <Fact name={t.detail.resource}>{resource === undefined ? undefined : <code>{resource}</code>}</Fact>
        <Fact name={t.detail.reason}>{reasonCode === undefined ? undefined : <code>{reasonCode}</code>}</Fact>
        <Fact name={t.detail.actor}>{actor === undefined ? undefined : <code>{actor}</code>}</Fact>
        <Fact name={t.detail.lease}>
          {typeof lease !== 'string' ? undefined : (
            <a href={fragmentOf({ at: 'leases', namespace, id: lease })}>
              <code>{lease}</code>
            </a>
          )}
        </Fact>
        <Fact name={t.detail.id}>
          <span class="row tight">
            <code>{id}</code> <CopyButton text={id} />
          </span>
        </Fact>
        <Fact name={t.detail.entry}>{leafIndex}</Fact>
        <Fact name={t.detail.workload} wide>
          {workload === undefined ? undefined : <code>{workload}</code>}
        </Fact>
      </dl>
      <EnglishNote of={sentencesOfDecision(decision)} />
      <Snippet
        kind="commandLine"
        text={['sekisho decision show', id, '--verbose', ...namespaceOption(namespace)].join(' ')}
      />
    </section>
  )
}

function Fact({
  name,
  wide,
  children,
}: {
  readonly name: string
  readonly wide?: true
  readonly children: JSX.Element | number | undefined
}): JSX.Element | null {
  if (children === undefined) return null
  return (
    <div class={wide === true ? 'wide' : ''}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}

/** The remedy stands before everything that was looked at. */
function Mending({ decision: { outcome, remedies, reasons } }: { readonly decision: Explained }): JSX.Element | null {
  const t = DECISIONS[useLanguage()].detail
  if (remedies.length === 0 && reasons.length === 0 && outcome !== 'refused') return null
  return (
    <div class="mending">
      {remedies.length === 0 ? null : (
        <Panel title={t.remedies}>
          <Remedies remedies={remedies} />
        </Panel>
      )}
      <Panel title={t.why}>
        {reasons.length === 0 ? <p class="faint">{t.noWhy}</p> : null}
        <ul class="plain reasons">
          {reasons.map((one) => (
            <li key={one}>
              <Said text={one} />
            </li>
          ))}
        </ul>
      </Panel>
    </div>
  )
}
