import type { ComponentChildren, JSX } from 'preact'
import { type Inputs, useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { useLanguage } from '../text/language.ts'
import { SHELL } from '../text/shell.ts'
import { Problem } from './problem.tsx'

/** Something that is being fetched, or was. */
export interface Loaded<T> {
  /** What came last for these inputs; stays while it is fetched again. */
  readonly value: T | undefined
  readonly error: unknown
  readonly busy: boolean
  reload(): void
  /** Puts another value in place, as after a change that the server confirmed. */
  set(value: T): void
}

interface Answer<T> {
  /** What it answers: another object for other inputs. */
  readonly question: object
  readonly value: T | undefined
  readonly error: unknown
  readonly busy: boolean
}

/**
 * Fetches when `inputs` change, and again on `reload` or when `again` changes. What was fetched for other inputs is no
 * answer: it is not shown for a moment, and one that comes late is dropped.
 */
export function useLoad<T>(
  fetching: (signal: AbortSignal) => Promise<T>,
  inputs: Inputs,
  again: Inputs = [],
): Loaded<T> {
  const question = useMemo(() => ({}), inputs)
  const [answer, setAnswer] = useState<Answer<T>>(waiting(question))
  const [turn, setTurn] = useState(0)
  const latest = useRef(fetching)
  latest.current = fetching
  useEffect(() => {
    const stop = new AbortController()
    setAnswer((before) => ({ ...of(before, question), error: undefined, busy: true }))
    latest.current(stop.signal).then(
      (value) => {
        if (!stop.signal.aborted) setAnswer({ question, value, error: undefined, busy: false })
      },
      (error: unknown) => {
        if (!stop.signal.aborted) setAnswer((before) => ({ ...of(before, question), error, busy: false }))
      },
    )
    return () => stop.abort()
  }, [question, ...again, turn])
  const reload = useCallback(() => setTurn((before) => before + 1), [])
  const set = (value: T) => setAnswer((before) => ({ ...of(before, question), value }))
  const { value, error, busy } = of(answer, question)
  return { value, error, busy, reload, set }
}

function waiting(question: object): Answer<never> {
  return { question, value: undefined, error: undefined, busy: true }
}

function of<T>(answer: Answer<T>, question: object): Answer<T> {
  return answer.question === question ? answer : waiting(question)
}

/** Shows what was loaded, that it is loading (after half a second), or what went wrong. */
export function Load<T>({
  of,
  children,
}: {
  readonly of: Loaded<T>
  readonly children: (value: T) => ComponentChildren
}): JSX.Element {
  const t = SHELL[useLanguage()]
  return (
    <>
      {of.error === undefined ? null : <Problem error={of.error} onAgain={of.reload} />}
      {of.value === undefined && of.busy ? (
        <p class="loading" role="status">
          {t.loading}
        </p>
      ) : null}
      {of.value === undefined ? null : children(of.value)}
    </>
  )
}
