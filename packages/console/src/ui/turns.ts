import { useCallback, useRef } from 'preact/hooks'

/** Begins something that answers later. @returns asked then: whether nothing was begun after it */
export type Begin = () => () => boolean

/** For what is begun by an act, such as a file that was chosen: an answer to an older act must not replace a newer one's. */
export function useTurns(): Begin {
  const turn = useRef(0)
  return useCallback(() => {
    const mine = ++turn.current
    return () => mine === turn.current
  }, [])
}
