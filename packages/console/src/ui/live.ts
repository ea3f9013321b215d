import { useEffect, useRef, useState } from 'preact/hooks'
import type { Api } from '../api/client.ts'
import { followStream, type StreamState, sizeIn } from '../api/events.ts'

/** `off`: the reader may not read decisions. */
export type LiveState = StreamState | 'off'

/** News that come together are answered together. */
const GATHER_MS = 250
/** What ends by its time alone is no decision. */
const LOOK_EVERY_MS = 30_000

/**
 * Calls `onNews` soon after something was decided in the namespace (a release, a renewal, an end, a change by somebody),
 * and now and then while the page is looked at.
 */
export function useLive(api: Api, namespace: string, o: { readonly allowed: boolean; onNews(): void }): LiveState {
  const [state, setState] = useState<LiveState>(o.allowed ? 'opening' : 'off')
  const latest = useRef(o)
  latest.current = o
  useEffect(() => {
    const stop = new AbortController()
    let timer: number | undefined
    const onEvent = (): void => {
      clearTimeout(timer)
      timer = window.setTimeout(() => latest.current.onNews(), GATHER_MS)
    }
    const look = window.setInterval(() => {
      if (document.visibilityState === 'visible') latest.current.onNews()
    }, LOOK_EVERY_MS)
    const follow = async (): Promise<void> => {
      const after = sizeIn(await api.text('/log/checkpoint'))
      const path = `/namespaces/${namespace}/decisions/events`
      // What was decided while the page was being loaded, and before the stream was there.
      onEvent()
      await followStream(api, path, { after, signal: stop.signal, onEvent, onState: setState })
    }
    if (o.allowed)
      follow().catch(() => {
        if (!stop.signal.aborted) setState('off')
      })
    return () => {
      stop.abort()
      clearTimeout(timer)
      clearInterval(look)
    }
  }, [api, namespace, o.allowed])
  return state
}
