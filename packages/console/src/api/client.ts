import { ApiError, problemOf } from './problem.ts'
import { keepSessionKey, sessionKey, type Who } from './session.ts'

/** What a request carries. */
export interface Sent {
  readonly json?: unknown
  readonly bytes?: Uint8Array<ArrayBuffer>
  readonly signal?: AbortSignal
}

/** The checkpoint that served the page. Paths are below `/api/v1`; every answer that is no success is thrown as ApiError. */
export interface Api {
  /** The answer's JSON. The server's document (`/api/v1/openapi.json`) holds its shape; the caller names it. */
  get<T>(path: string, signal?: AbortSignal): Promise<T>
  /** The same; undefined for an answer without a body. */
  send<T>(method: 'POST' | 'PUT' | 'DELETE', path: string, sent?: Sent): Promise<T>
  /** Text from anywhere below the origin, without the session. */
  text(path: string): Promise<string>
  /** Bytes from anywhere below the origin, without the session. */
  bytes(path: string): Promise<Uint8Array<ArrayBuffer>>
  /** An answer as it comes, for streams. */
  open(path: string, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Response>
  /** Begins a session with a token or with the secret of the one-time link. */
  signIn(with_: { readonly token: string } | { readonly setup: string }): Promise<Who>
  signOut(): Promise<void>
  /** Who is signed in; undefined for nobody. */
  whoami(): Promise<Who | undefined>
}

const PREFIX = '/api/v1'

/**
 * Makes the client.
 *
 * @param onOver called when the server says that the session is over
 */
export function startApi(onOver: () => void): Api {
  const ask = async (path: string, init: RequestInit): Promise<Response> => {
    const key = sessionKey()
    const headers = { ...init.headers, ...(key === undefined ? {} : { 'sekisho-session': key }) }
    const answer = await reach(PREFIX + path, { ...init, headers })
    if (answer.ok) return answer
    const problem = await problemOf(answer)
    // Unless somebody signed in while the answer was under way. Without a key, another window has signed out.
    if (problem.status === 401 && sessionKey() === key) {
      keepSessionKey(undefined)
      onOver()
    }
    throw problem
  }
  const plain = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const answer = await reach(path, init)
    if (!answer.ok) throw await problemOf(answer)
    return answer
  }
  return {
    async get<T>(path: string, signal?: AbortSignal) {
      return (await (await ask(path, { ...(signal === undefined ? {} : { signal }) })).json()) as T
    },
    async send<T>(method: string, path: string, { json, bytes, signal }: Sent = {}) {
      const answer = await ask(path, {
        method,
        ...(signal === undefined ? {} : { signal }),
        ...(json === undefined ? {} : { body: JSON.stringify(json), headers: { 'content-type': 'application/json' } }),
        ...(bytes === undefined ? {} : { body: bytes, headers: { 'content-type': 'application/octet-stream' } }),
      })
      return (answer.status === 204 ? undefined : await answer.json()) as T
    },
    text: async (path) => (await plain(path)).text(),
    bytes: async (path) => new Uint8Array(await (await plain(path)).arrayBuffer()),
    open: (path, headers, signal) => ask(path, { headers, signal }),
    async signIn(proof) {
      const answer = await plain(`${PREFIX}/session`, {
        method: 'POST',
        body: JSON.stringify(proof),
        headers: { 'content-type': 'application/json' },
      })
      const { key, ...who } = (await answer.json()) as Who & { readonly key: string }
      keepSessionKey(key)
      return who
    },
    async signOut() {
      const key = sessionKey()
      keepSessionKey(undefined)
      // With both halves: the token that the first link gave ends with its session.
      await plain(`${PREFIX}/session`, {
        method: 'DELETE',
        headers: key === undefined ? {} : { 'sekisho-session': key },
      })
    },
    async whoami() {
      if (sessionKey() === undefined) return undefined
      try {
        return (await (await ask('/me', {})).json()) as Who
      } catch (error) {
        if (error instanceof ApiError && error.status === 401) return undefined
        throw error
      }
    },
  }
}

async function reach(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(path, { ...init, cache: 'no-store', credentials: 'same-origin', redirect: 'error' })
  } catch (error) {
    if (init.signal?.aborted === true) throw error
    throw new ApiError('unreachable', 0, 'the checkpoint cannot be reached')
  }
}
