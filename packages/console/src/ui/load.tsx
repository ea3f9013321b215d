import type { ComponentChildren, JSX } from 'preact'
import { type Inputs, useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { useLanguage } from '../text/language.ts'
import { SHELL } from '../text/shell.ts'
import { Problem } from './problem.tsx'

/** Something that is being fetched, or was. */
export interface Loaded<T> {
  /** What came last; stays while it is fetched again. */
  readonly value: T | undefined
  readonly error: unknown
  readonly busy: boolean
  reload(): void
  /** Puts another value in place, as after a change that the server confirmed. */
  set(value: T): void
}

/** Fetches when `inputs` change, and again on `reload`; an answer to an earlier question is dropped. */
export function useLoad<T>(fetching: (signal: AbortSignal) => Promise<T>, inputs: Inputs): Loaded<T> {
  const [value, set] = useState<T>()
  const [error, setError] = useState<unknown>()
  const [busy, setBusy] = useState(true)
  const [turn, setTurn] = useState(0)
  const latest = useRef(fetching)
  latest.current = fetching
  useEffect(() => {
    const stop = new AbortController()
    setBusy(true)
    setError(undefined)
    latest.current(stop.signal).then(
      (found) => {
        if (stop.signal.aborted) return
        set(() => found)
        setBusy(false)
      },
      (thrown: unknown) => {
        if (stop.signal.aborted) return
        setError(thrown)
        setBusy(false)
      },
    )
    return () => stop.abort()
  }, [...inputs, turn])
  const reload = useCallback(() => setTurn((before) => before + 1), [])
  return { value, error, busy, reload, set: (next) => set(() => next) }
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
