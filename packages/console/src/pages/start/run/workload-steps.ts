import { ApiError } from '../../../api/problem.ts'
import { isRecord, textMember } from '../../../engine/json.ts'
import { type Hands, type Heard, leaseEvents, refusalOf } from './calls.ts'
import { attest, renew } from './exchange.ts'
import { decryptJwe } from './jwe.ts'
import { type Facts, type Lease, NAMESPACE, RESOURCE } from './model.ts'
import type { Added } from './owner-steps.ts'
import { shortened } from './shorten.ts'

/** The policy let somebody in whom it should have refused: the run does not go on as if nothing had happened. */
export class NotRefusedError extends Error {
  override readonly name = 'NotRefusedError'
}

/** The workload attests on a machine that is not as it should be. */
export async function attestFlawed(hands: Hands, { flaw }: Facts): Promise<Added> {
  const { heard } = await attest(hands, flaw)
  if (heard.status === 200) throw new NotRefusedError()
  return { refusal: refusalOf(heard) }
}

/** The remedy was applied; the workload attests again, with a new key. */
export async function attestAgain(hands: Hands): Promise<Added> {
  const { heard, key, session } = await attest(hands, undefined)
  if (heard.status !== 200) throw refused(heard)
  return { key, session }
}

/** The secret is released, encrypted to the key that the evidence bound, and decrypted in this page. */
export async function release(hands: Hands, { key, session = '' }: Facts): Promise<Added> {
  const heard = await hands.workload('/workload/release', { namespace: NAMESPACE, resource: RESOURCE, session })
  if (heard.status !== 200) throw refused(heard)
  const { body } = heard
  const lease = leaseOf(body['lease'])
  if (key === undefined || lease === undefined) throw new Error('the answer has no lease')
  const opened = new TextDecoder().decode(await decryptJwe(body['jwe'], key.privateKey))
  hands.note({ did: 'decrypted', text: opened })
  return { lease, decision: textMember(body, 'decision'), opened }
}

const EVENT_MS = 15_000

/** The workload hears that its lease is over, and is not let in again. */
export async function loseLease(hands: Hands, facts: Facts): Promise<Added> {
  const path = `/api/v1/workload/leases/${facts.lease?.id ?? ''}/events`
  const act = { did: 'call', caller: 'workload', method: 'GET', path, body: undefined } as const
  hands.note({ ...act, answer: undefined })
  const told = await lastEvent(facts)
  if (told === undefined) throw new Error('the workload was not told that its lease is over')
  hands.note({ ...act, answer: { status: 200, body: shortened(told) } })
  const heard = await renew(hands, facts)
  if (heard.status === 200) throw new NotRefusedError()
  return { told, renewal: refusalOf(heard) }
}

async function lastEvent({ lease }: Facts): Promise<Facts['told']> {
  if (lease === undefined) return undefined
  const signal = AbortSignal.timeout(EVENT_MS)
  try {
    for await (const { kind, reason } of leaseEvents(lease, signal))
      if (kind === 'lease-revoked' || kind === 'lease-expired')
        return { kind, reason: typeof reason === 'string' ? reason : undefined }
  } catch (error) {
    if (!signal.aborted) throw error
  }
  return undefined
}

function leaseOf(value: unknown): Lease | undefined {
  if (!isRecord(value)) return undefined
  const [id, secret, expires] = ['id', 'secret', 'expires'].map((name) => textMember(value, name))
  if (id === undefined || secret === undefined || expires === undefined || !/^lse_\w{26}$/.test(id)) return undefined
  return { id, secret, expires }
}

function refused({ status, body }: Heard): ApiError {
  return new ApiError(textMember(body, 'code') || 'unreadable', status, textMember(body, 'detail') || `HTTP ${status}`)
}
