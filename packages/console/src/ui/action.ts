import { useRef, useState } from 'preact/hooks'

/** Something that the reader has done, and how it went. */
export interface Action {
  readonly busy: boolean
  readonly error: unknown
  /** Does it, unless it is being done already. @returns whether it worked; what was thrown is `error` */
  run(work: () => Promise<void>): Promise<boolean>
  clear(): void
}

/** One action at a time. */
export function useAction(): Action {
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>()
  const running = useRef(false)
  return {
    busy,
    error,
    clear: () => setError(undefined),
    async run(work) {
      if (running.current) return false
      running.current = true
      setBusy(true)
      setError(undefined)
      try {
        await work()
        return true
      } catch (thrown) {
        setError(thrown)
        return false
      } finally {
        running.current = false
        setBusy(false)
      }
    },
  }
}
