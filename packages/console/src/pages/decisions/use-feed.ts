import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { Api } from '../../api/client.ts'
import { followStream, type StreamState, sizeIn } from '../../api/events.ts'
import { arrived, type Feed, feedOf, released, withPage } from './feed.ts'
import { type Decision, decisionIn, type Filter, matches, queryOf } from './model.ts'

/** A live list, and how it stands. */
export interface LiveFeed {
  /** Undefined until the first page is here. */
  readonly feed: Feed | undefined
  readonly stream: StreamState
  readonly error: unknown
  readonly busy: boolean
  /** Fetches the next page, if there is one and none is under way. */
  more(): void
  /** Shows what waits. */
  show(): void
  /** Fetches everything anew. */
  reload(): void
}

const PAGE = 200
/** A flood of decisions must not draw the list a thousand times a second. */
const GATHER_MS = 250

interface Page {
  readonly decisions: readonly Decision[]
  readonly next?: string
}

/**
 * Decisions of a namespace that fit a filter, the newest first, and those to come.
 *
 * @param hold asked when new ones come: whether they must wait
 */
export function useFeed(api: Api, namespace: string, filter: Filter, hold: () => boolean): LiveFeed {
  const query = queryOf(filter)
  const path = `/namespaces/${namespace}/decisions`
  const [turn, setTurn] = useState(0)
  // What a list answers: another object for another filter or namespace, and when everything is fetched anew.
  const question = useMemo(() => ({}), [api, path, query, turn])
  const [list, setList] = useState<List>(() => opening(question))
  const [stream, setStream] = useState<StreamState>('opening')
  const { feed, error, busy } = list.question === question ? list : opening(question)
  const around = useRef({ filter, hold, feed, busy })
  around.current = { filter, hold, feed, busy }
  const latest = useRef(question)
  latest.current = question
  const put = useCallback(
    (change: (before: List) => Partial<List>): void => {
      // A late answer to an older question.
      if (latest.current !== question) return
      setList((before) => {
        const now = before.question === question ? before : opening(question)
        return { ...now, ...change(now) }
      })
    },
    [question],
  )
  const alter = useCallback(
    (change: (feed: Feed) => Feed): void => put(({ feed: now }) => (now === undefined ? {} : { feed: change(now) })),
    [put],
  )
  const page = useCallback(
    (after: string | undefined, signal?: AbortSignal): Promise<Page> =>
      api.get<Page>(`${path}?${searchOf(query, after)}`, signal),
    [api, path, query],
  )

  useEffect(() => {
    const stop = new AbortController()
    const { signal } = stop
    const gathering = gather((came) => alter((before) => arrived(before, came, around.current.hold())))
    const follow = async (): Promise<void> => {
      // Asked first: what is decided between the two stands in both, and is told once.
      const size = sizeIn(await api.text('/log/checkpoint'))
      const { decisions, next } = await page(undefined, signal)
      put(() => ({ feed: feedOf(decisions, next), busy: false }))
      await followStream(api, `${path}/events`, {
        after: size,
        signal,
        onState: setStream,
        onEvent: (event) => {
          const decision = decisionIn(event)
          if (decision !== undefined && matches(around.current.filter, decision)) gathering.add(decision)
        },
      })
    }
    follow().catch((error: unknown) => {
      if (!signal.aborted) put(() => ({ error, busy: false }))
    })
    return () => {
      stop.abort()
      gathering.stop()
    }
  }, [api, path, page, put, alter])

  const more = useCallback((): void => {
    const { feed: now, busy: already } = around.current
    if (now?.next === undefined || already) return
    put(() => ({ busy: true }))
    page(now.next).then(
      ({ decisions, next }) => {
        alter((before) => (before.next === now.next ? withPage(before, decisions, next) : before))
        put(() => ({ busy: false }))
      },
      (error: unknown) => put(() => ({ error, busy: false })),
    )
  }, [page, put, alter])
  const reload = useCallback(() => setTurn((before) => before + 1), [])
  const show = useCallback((): void => {
    if (around.current.feed?.flooded === true) reload()
    else alter(released)
  }, [reload, alter])
  return { feed, stream, error, busy, more, show, reload }
}

interface List {
  readonly question: object
  readonly feed: Feed | undefined
  readonly error: unknown
  readonly busy: boolean
}

function opening(question: object): List {
  return { question, feed: undefined, error: undefined, busy: true }
}

function searchOf(query: string, after: string | undefined): string {
  const search = new URLSearchParams(query)
  search.set('limit', String(PAGE))
  if (after !== undefined) search.set('after', after)
  return search.toString()
}

interface Gathering {
  add(decision: Decision): void
  stop(): void
}

function gather(give: (came: readonly Decision[]) => void): Gathering {
  let came: Decision[] = []
  let timer: ReturnType<typeof setTimeout> | undefined
  const flush = (): void => {
    timer = undefined
    give(came)
    came = []
  }
  return {
    add(decision) {
      came.push(decision)
      timer ??= setTimeout(flush, GATHER_MS)
    },
    stop: () => clearTimeout(timer),
  }
}
