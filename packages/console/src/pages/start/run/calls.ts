import type { Api } from '../../../api/client.ts'
import { type CheckpointEvent, eventsOf } from '../../../api/events.ts'
import { ApiError } from '../../../api/problem.ts'
import { isRecord, type JsonRecord, textMember } from '../../../engine/json.ts'
import type { Act, Caller } from './model.ts'
import { shortened } from './shorten.ts'

/** An answer of the checkpoint to the workload: refusals are answers too. */
export interface Heard {
  readonly status: number
  readonly body: JsonRecord
}

/** What a step acts with; whatever it does is noted. */
export interface Hands {
  /** As the owner, in the session of the page. @throws ApiError */
  owner(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, json?: unknown): Promise<JsonRecord>
  /** As the workload: no session, no cookie; `lease` is the lease's secret, where one is shown. @throws ApiError without an answer */
  workload(path: string, json: unknown, lease?: string): Promise<Heard>
  /** The log's key, as the checkpoint gives it to everybody. @throws ApiError */
  logKey(): Promise<string>
  note(act: Act): void
}

type Note = (act: Act) => void

/** Hands that note each call when it begins, and once more when it was answered. */
export function handsOf(api: Api, note: Note): Hands {
  return {
    note,
    async logKey() {
      const act = { did: 'call', caller: 'owner', method: 'GET', path: '/log/key', body: undefined } as const
      note({ ...act, answer: undefined })
      const key = await api.text('/log/key')
      note({ ...act, answer: { status: 200, body: key.trim() } })
      return key
    },
    owner: (method, path, json) =>
      noted({ caller: 'owner', method, path, json }, note, async () => {
        const answer =
          method === 'GET'
            ? await api.get<unknown>(path)
            : await api.send<unknown>(method, path, json === undefined ? {} : { json })
        return { status: 'ok' as const, body: isRecord(answer) ? answer : {} }
      }).then(({ body }) => body),
    workload: (path, json, lease) =>
      noted({ caller: 'workload', method: 'POST', path, json }, note, () => ask(path, json, lease)),
  }
}

interface Calling {
  readonly caller: Caller
  readonly method: string
  readonly path: string
  readonly json: unknown
}

async function noted<H extends Pick<Heard, 'body'> & { readonly status: number | 'ok' }>(
  calling: Calling,
  note: Note,
  call: () => Promise<H>,
): Promise<H> {
  const { caller, method, path, json } = calling
  const body = json === undefined ? undefined : shortened(json)
  const act = { did: 'call', caller, method, path: `/api/v1${path}`, body } as const
  note({ ...act, answer: undefined })
  try {
    const heard = await call()
    note({ ...act, answer: { status: heard.status, body: shortened(heard.body) } })
    return heard
  } catch (error) {
    if (error instanceof ApiError) note({ ...act, answer: { status: error.status, body: error.message } })
    throw error
  }
}

async function ask(path: string, json: unknown, lease: string | undefined): Promise<Heard> {
  const answer = await reach(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...bearer(lease) },
    body: JSON.stringify(json),
  })
  const body: unknown = await answer.json().catch(() => undefined)
  return { status: answer.status, body: isRecord(body) ? body : {} }
}

function bearer(secret: string | undefined): Readonly<Record<string, string>> {
  return secret === undefined ? {} : { authorization: `Bearer ${secret}` }
}

async function reach(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(`/api/v1${path}`, { ...init, cache: 'no-store', credentials: 'omit', redirect: 'error' })
  } catch (error) {
    if (init.signal?.aborted === true) throw error
    throw new ApiError('unreachable', 0, 'the checkpoint cannot be reached')
  }
}

/** What a holder is told of a lease, from its beginning until `signal` aborts or the stream ends. @throws ApiError */
export async function* leaseEvents(
  lease: { id: string; secret: string },
  signal: AbortSignal,
): AsyncGenerator<CheckpointEvent> {
  const answer = await reach(`/workload/leases/${lease.id}/events`, { headers: bearer(lease.secret), signal })
  if (!answer.ok) throw new ApiError('unreadable', answer.status, `HTTP ${answer.status}`)
  yield* eventsOf(answer)
}

/** The code and the decision of a refusal. @throws ApiError for an answer that is neither a success nor a refusal */
export function refusalOf({ status, body }: Heard): { readonly code: string; readonly decision: string } {
  const code = textMember(body, 'code')
  const decision = textMember(body, 'decision')
  if (code === '' || decision === '')
    throw new ApiError(code === '' ? 'unreadable' : code, status, textMember(body, 'detail'))
  return { code, decision }
}
