import { type ComponentChildren, createContext, type JSX } from 'preact'
import { useContext, useEffect, useMemo, useState } from 'preact/hooks'
import { type Api, startApi } from '../api/client.ts'
import { may, type Who } from '../api/session.ts'
import type { Workbench } from '../ui/workbench.ts'

/** How the reader stands to the checkpoint. */
export type Standing = 'asking' | 'nobody' | 'over' | 'unreachable' | Who

/** What pages of a running checkpoint stand on. */
export interface Session {
  readonly api: Api
  readonly standing: Standing
  enter(who: Who): void
  leave(): Promise<void>
  /** Asks again who is signed in. */
  ask(): void
}

const SessionContext = createContext<Session | undefined>(undefined)

/** Asks once who is signed in, and holds the answer for everything inside. */
export function SessionProvider({ children }: { readonly children: ComponentChildren }): JSX.Element {
  const [standing, setStanding] = useState<Standing>('asking')
  const api = useMemo(() => startApi(() => setStanding('over')), [])
  const ask = (): void => {
    setStanding('asking')
    // Whoever signed in meanwhile, or was told that the session is over, stays so.
    const answered = (next: Standing) => setStanding((before) => (before === 'asking' ? next : before))
    api.whoami().then(
      (who) => answered(who ?? 'nobody'),
      () => answered('unreachable'),
    )
  }
  useEffect(ask, [api])
  const leave = async (): Promise<void> => {
    await api.signOut()
    setStanding('nobody')
  }
  return (
    <SessionContext.Provider value={{ api, standing, enter: setStanding, leave, ask }}>
      {children}
    </SessionContext.Provider>
  )
}

/** @throws Error outside of {@link SessionProvider} */
export function useSession(): Session {
  const session = useContext(SessionContext)
  if (session === undefined) throw new Error('a page was shown outside of the session')
  return session
}

/** The signed-in reader and one namespace: what every page of a checkpoint is given. */
export interface PageProps {
  readonly api: Api
  readonly who: Who
  readonly namespace: string
  /** Behind the page's name in the address: the id of one thing, undefined for the list. */
  readonly id: string | undefined
  /** Behind the question mark of the address: what a list is narrowed to. */
  readonly query: URLSearchParams
  /** Whether the reader may do this here; the server decides, this is for what to show. */
  may(scope: string): boolean
}

/** What the guided first run is given: nothing for whoever is not signed in. */
export interface StartProps {
  readonly signedIn: PageProps | undefined
  /** What is open in the workbench: the walk through a verdict is about the same evidence. */
  readonly bench: Workbench
}

/** The props of a page for whoever is signed in. */
export function pageProps(api: Api, who: Who, namespace: string, id?: string, query?: string): PageProps {
  return { api, who, namespace, id, query: new URLSearchParams(query), may: (scope) => may(who, namespace, scope) }
}

/** Somebody who is not signed in: for pages that show something to everybody. */
export const NOBODY: Who = { actor: '', grants: [] }
