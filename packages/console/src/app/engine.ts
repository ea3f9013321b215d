import { createContext } from 'preact'
import { useContext } from 'preact/hooks'
import type { Engine } from '../engine/client.ts'

/** The worker that reads evidence, for pages that are loaded when they are opened. */
export const EngineContext: import('preact').Context<Engine | undefined> = createContext<Engine | undefined>(undefined)

/** @throws Error outside of the page */
export function useEngine(): Engine {
  const engine = useContext(EngineContext)
  if (engine === undefined) throw new Error('a page was shown without its engine')
  return engine
}
