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
  const [found, setFound] = useState<Found>()
  const running = useRef<VerifierKey>()
  const wanted = useRef(key)
  wanted.current = key
  const look = useCallback((): void => {
    if (key === undefined || !canCheck() || running.current === key) return
    running.current = key
    setFound((before) => ({ key, error: of(before, key).error, busy: true }))
    const known = VISIT.get(key.text) ?? []
    const came = (now: Omit<Found, 'key' | 'busy'>): void => {
      if (running.current === key) running.current = undefined
      // What was checked with another key says nothing of this one.
      if (wanted.current === key) setFound({ key, busy: false, ...now })
    }
    api
      .text('/log/checkpoint')
      .then((note) => looked(known, note, key, tileReaderOf(api), Date.now()))
      .then(
        (sightings) => {
          VISIT.set(key.text, sightings)
          came({ error: undefined })
        },
        (error: unknown) => came({ error }),
      )
  }, [api, key])
  useEffect(() => {
    look()
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') look()
    }, LOOK_EVERY_MS)
    return () => clearInterval(timer)
  }, [look, key])
  const { error, busy } = of(found, key)
  return { sightings: (key === undefined ? undefined : VISIT.get(key.text)) ?? NONE, error, busy, look }
}

const NONE: readonly Sighting[] = []

/** How the last look with a key went. */
interface Found {
  readonly key: VerifierKey
  readonly error: unknown
  readonly busy: boolean
}

function of(
  found: Found | undefined,
  key: VerifierKey | undefined,
): { readonly error: unknown; readonly busy: boolean } {
  return found !== undefined && found.key === key ? found : { error: undefined, busy: false }
}
