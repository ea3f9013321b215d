import type { JSX } from 'preact'
import { useRef, useState } from 'preact/hooks'
import { fragmentOf } from '../../app/route.ts'
import type { PageProps } from '../../app/session.tsx'
import { useLanguage } from '../../text/language.ts'
import { SHELL } from '../../text/shell.ts'
import { Empty, PageHead, Snippet } from '../../ui/page-parts.tsx'
import { Problem } from '../../ui/problem.tsx'
import { Scopes } from '../../ui/scopes.tsx'
import { type ListMemory, NO_MEMORY } from '../../ui/windowed-list.tsx'
import './decisions.css'
import { DecisionDetail } from './detail.tsx'
import { Filters } from './filters.tsx'
import { RefusalGroups } from './groups.tsx'
import { DecisionList } from './list.tsx'
import { type Filter, filterOf, listCommand, queryOf } from './model.ts'
import { DECISIONS } from './texts.ts'
import { type LiveFeed, useFeed } from './use-feed.ts'

/** Decisions as they happen, refusals by reason, and each with its whole reason and its receipt. */
export function DecisionsPage(props: PageProps): JSX.Element {
  const t = SHELL[useLanguage()]
  if (props.may('decisions:read')) return <Readable {...props} />
  return (
    <>
      <PageHead title={t.pages.decisions} />
      <Scopes missing="decisions:read" namespace={props.namespace} />
    </>
  )
}

/** In the address, beside the filter. */
const REASONS_VIEW = 'reasons'

function Readable(props: PageProps): JSX.Element {
  const { api, namespace, id, query } = props
  const filter = filterOf(query)
  const byReason = query.get('view') === REASONS_VIEW
  const memory = useRef<ListMemory>(NO_MEMORY)
  // A detail covers the list, and new rows must not move what is being read.
  const live = useFeed(api, namespace, filter, () => id !== undefined || memory.current.top > 0)
  // Kept while the reader goes from one decision to the next, and nowhere else.
  const [pinned, setPinned] = useState('')
  if (id !== undefined)
    return <DecisionDetail {...props} id={id} list={addressOf(filter, byReason)} pinned={pinned} onPinned={setPinned} />
  const go = (next: Filter, reasons: boolean): void => {
    memory.current = NO_MEMORY
    location.replace(fragmentOf({ at: 'decisions', namespace, id: undefined, query: addressOf(next, reasons) }))
  }
  return (
    <>
      <Head live={live} byReason={byReason} onView={(reasons) => go(filter, reasons)} />
      <Filters
        filter={filter}
        without={byReason ? ['outcome', 'reason'] : []}
        onChange={(next) => go(next, byReason)}
      />
      {byReason ? (
        <RefusalGroups {...props} filter={filter} fresh={live.feed?.rows[0]?.id} />
      ) : (
        <Listed namespace={namespace} filter={filter} live={live} memory={memory} />
      )}
    </>
  )
}

function addressOf(filter: Filter, byReason: boolean): string {
  return [queryOf(filter), byReason ? `view=${REASONS_VIEW}` : ''].filter((part) => part !== '').join('&')
}

function Head({
  live,
  byReason,
  onView,
}: {
  readonly live: LiveFeed
  readonly byReason: boolean
  readonly onView: (reasons: boolean) => void
}): JSX.Element {
  const language = useLanguage()
  const t = DECISIONS[language]
  const view = (reasons: boolean, name: string): JSX.Element => (
    <button type="button" class="button small" aria-pressed={reasons === byReason} onClick={() => onView(reasons)}>
      {name}
    </button>
  )
  return (
    <PageHead title={SHELL[language].pages.decisions} lead={t.lead}>
      <span class={`live live-${live.stream}`} role="status">
        {t.stream[live.stream]}
      </span>
      <fieldset class="views">
        <legend class="unseen">{t.views.label}</legend>
        {view(false, t.views.list)}
        {view(true, t.views.reasons)}
      </fieldset>
    </PageHead>
  )
}

function Listed({
  namespace,
  filter,
  live,
  memory,
}: {
  readonly namespace: string
  readonly filter: Filter
  readonly live: LiveFeed
  readonly memory: { current: ListMemory }
}): JSX.Element {
  const language = useLanguage()
  const t = DECISIONS[language]
  const { feed, error, busy, reload, more } = live
  const [turn, setTurn] = useState(0)
  const query = addressOf(filter, false)
  const show = (): void => {
    memory.current = NO_MEMORY
    live.show()
    // Drawn anew: at the top.
    setTurn(turn + 1)
  }
  return (
    <>
      {error === undefined ? null : <Problem error={error} onAgain={reload} />}
      <Waiting live={live} onShow={show} />
      {feed === undefined ? (
        busy ? (
          <p class="loading" role="status">
            {SHELL[language].loading}
          </p>
        ) : null
      ) : feed.rows.length === 0 ? (
        <Nothing namespace={namespace} filtered={queryOf(filter) !== ''} />
      ) : (
        <>
          <DecisionList
            key={`${query} ${turn}`}
            namespace={namespace}
            query={query}
            feed={feed}
            memory={memory}
            onEnd={more}
          />
          <p class="faint small under-list" role="status">
            {busy ? t.loadingMore : t.shown(feed.rows.length, feed.next === undefined)}
          </p>
        </>
      )}
      <Snippet kind="commandLine" text={listCommand(namespace, filter)} />
    </>
  )
}

function Waiting({ live, onShow }: { readonly live: LiveFeed; readonly onShow: () => void }): JSX.Element {
  const t = DECISIONS[useLanguage()]
  const { feed } = live
  const count = feed?.waiting.length ?? 0
  return (
    <div class="fresh" role="status">
      {count === 0 ? null : (
        <button type="button" class="button primary small" onClick={onShow}>
          ↑ {feed?.flooded === true ? t.flooded : t.fresh(count)}
        </button>
      )}
    </div>
  )
}

function Nothing({ namespace, filtered }: { readonly namespace: string; readonly filtered: boolean }): JSX.Element {
  const t = DECISIONS[useLanguage()]
  if (filtered) return <Empty title={t.empty.filtered} />
  const where = namespace === 'default' ? '' : ` --namespace ${namespace}`
  return (
    <Empty title={t.empty.title}>
      <p>{t.empty.how}</p>
      <pre class="block">
        <code>
          sekisho request demo/db/password --emulated snp --world ~/.local/state/sekisho/world.json -o password.txt
          {where}
        </code>
      </pre>
    </Empty>
  )
}
