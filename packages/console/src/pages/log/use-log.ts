import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import type { Api } from '../../api/client.ts'
import { canCheck, type VerifierKey } from '../../log/note.ts'
import { tileReaderOf } from '../../log/reader.ts'
import { looked, type Sighting } from '../../log/watch.ts'

/** What was seen of the log on this visit, by the key that it was checked with. Gone when the page is closed. */
const VISIT = new Map<string, readonly Sighting[]>()

const LOOK_EVERY_MS = 10_000

/** The log as the page watches it. */
export interface Watching {
  readonly sightings: readonly Sighting[]
  readonly error: unknown
  readonly busy: boolean
  look(): void
}

/** Looks at the log now and then while the page is looked at, and compares every checkpoint with the one before. */
export function useLog(api: Api, key: VerifierKey | undefined): Watching {
  const [sightings, setSightings] = useState<readonly Sighting[]>([])
  const [error, setError] = useState<unknown>()
  const [busy, setBusy] = useState(false)
  const running = useRef(false)
  const look = useCallback((): void => {
    if (key === undefined || !canCheck() || running.current) return
    running.current = true
    setBusy(true)
    const known = VISIT.get(key.text) ?? []
    api
      .text('/log/checkpoint')
      .then((note) => looked(known, note, key, tileReaderOf(api), Date.now()))
      .then(
        (found) => {
          VISIT.set(key.text, found)
          setSightings(found)
          setError(undefined)
        },
        (thrown: unknown) => setError(thrown),
      )
      .finally(() => {
        running.current = false
        setBusy(false)
      })
  }, [api, key])
  useEffect(() => {
    setSightings((key === undefined ? undefined : VISIT.get(key.text)) ?? [])
    look()
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') look()
    }, LOOK_EVERY_MS)
    return () => clearInterval(timer)
  }, [look, key])
  return { sightings, error, busy, look }
}
