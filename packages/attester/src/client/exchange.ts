import { setTimeout as delay } from 'node:timers/promises'
import type { Attester, Collected } from '../attester.ts'
import { ClientError, Refusal } from './errors.ts'
import { type Answer, isMembers, type Members, send, type Transport } from './http.ts'

/** The native API for workloads, below the base URL. */
export const WORKLOAD_API = '/api/v1/workload'

/** Posts JSON to the native API and reads its answer. @throws Refusal, ClientError */
export async function post(
  transport: Transport,
  path: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Members> {
  const answer = await send(transport, { method: 'POST', path, body, headers })
  if (answer.status !== 200) throw refusalOf(answer)
  if (!isMembers(answer.json)) throw new ClientError('protocol', 'the answer is no JSON object')
  return answer.json
}

const MAX_DECISION = 64

/** RFC 9457 problem details, whose `code` and `decision` are this project's. */
export function refusalOf({ status, json }: Pick<Answer, 'status' | 'json'>): Error {
  const { code, decision } = isMembers(json) ? json : {}
  if (typeof code !== 'string' || !/^[a-z-]{1,64}$/.test(code))
    return new ClientError('protocol', `the server answers ${status} without a reason`)
  return new Refusal(
    code,
    typeof decision === 'string' && decision.length <= MAX_DECISION ? decision : undefined,
    status,
  )
}

/**
 * Evidence over `reportData`. An attester may hold the process up for longer than a server keeps a connection open; its
 * end is noticed before the next request goes out on it, which could not be sent twice.
 */
export async function evidenceOf(attester: Attester, reportData: Uint8Array): Promise<Collected> {
  const collected = await attester.attest({ reportData })
  // Timers come before sockets in a turn of the event loop: the second one finds the sockets looked at.
  await delay(0)
  await delay(0)
  return collected
}
