import { type Attester, type LeasedSecret, Refusal, renewLease, requestLeasedSecret } from '@sekisho/attester'
import { Answer } from '../remote/answer.ts'
import type { Client } from '../remote/client.ts'
import { partyOf } from '../render/party.ts'
import { SEKISHO } from '../self.ts'
import type { Narrator } from './narrator.ts'

/** The secret that both stories are about. */
export const RESOURCE = 'demo/database/password'

/** The owner stores the secret. */
export async function storeSecret(owner: Client, secret: string, tell: Narrator): Promise<void> {
  tell.step('secret', 'The owner hands a secret to the checkpoint.')
  tell.command(`${SEKISHO} secret put ${RESOURCE} < password.txt`)
  const json = { value: Buffer.from(secret).toString('base64'), contentType: 'text/plain' }
  const { version } = new Answer(await owner.send('PUT', owner.in(`/secrets/${RESOURCE}`), { json })).raw
  tell.say(`${RESOURCE}: version ${String(version)}, encrypted at rest; the database alone reveals nothing.`)
  tell.fact({ resource: RESOURCE, version })
}

/** The owner activates policies. */
export async function activate(owner: Client, text: string, note: string): Promise<Answer> {
  return new Answer(await owner.send('PUT', owner.in('/policy'), { json: { text, note } }))
}

/** Asks as a workload; a refusal is an answer here. */
export async function ask(owner: Client, attester: Attester): Promise<LeasedSecret | Refusal> {
  try {
    return await requestLeasedSecret({ url: owner.server, attester, resource: RESOURCE })
  } catch (error) {
    if (error instanceof Refusal) return error
    throw error
  }
}

/** Tells a refusal twice: as the workload hears it, and as the owner reads it. @throws Error when it was none */
export async function tellRefusal(owner: Client, outcome: LeasedSecret | Refusal, tell: Narrator): Promise<string> {
  if (!(outcome instanceof Refusal))
    throw new Error('the secret was released although nothing vouched for the workload')
  const { code, id } = outcome
  if (id === undefined) throw new Error('the refusal names no decision')
  tell.say({ text: 'REFUSED', tone: 'bad' }, `  the workload hears no more than “${code}”, decision ${id}`)
  tell.command(`${SEKISHO} decision show ${id}`)
  const decision = new Answer(await owner.get(owner.in(`/decisions/${id}`)))
  const reasons = decision.texts('reasons')
  const remedies = decision.list('remedies').map((one) => ({ action: one.text('action'), by: one.text('by') }))
  for (const reason of reasons.slice(0, 4)) tell.say({ text: 'why     ', tone: 'faint' }, reason)
  for (const { action, by } of remedies.slice(0, 3))
    tell.say({ text: 'remedy  ', tone: 'faint' }, `${action} (${partyOf(by)})`)
  tell.fact({ outcome: 'refused', code, decision: id, reasons, remedies })
  return id
}

/** Tells a release. @throws Error when it was refused, or the secret is another */
export function tellRelease(outcome: LeasedSecret | Refusal, secret: string, tell: Narrator): LeasedSecret {
  if (outcome instanceof Refusal) throw outcome
  const got = new TextDecoder().decode(outcome.secret)
  if (got !== secret) throw new Error('another secret came back')
  const { lease, decision, emulated } = outcome
  const mark = emulated ? [{ text: ' EMULATED', tone: 'bad' } as const] : []
  tell.say(
    { text: 'RELEASED', tone: 'good' },
    ...mark,
    '  encrypted to the key that the evidence binds; the workload decrypts',
  )
  tell.say({ text: 'secret  ', tone: 'faint' }, got)
  tell.say({ text: 'lease   ', tone: 'faint' }, `${lease.id}, until ${lease.expires.toISOString()}`)
  tell.fact({ outcome: 'released', decision, emulated, lease: lease.id, expires: lease.expires.toISOString() })
  return outcome
}

/** Fetches the receipt of a decision and verifies it as anybody could, offline. @throws Error when it proves nothing */
export async function tellReceipt(owner: Client, logKey: string, decision: string, tell: Narrator): Promise<void> {
  tell.step('receipt', 'A receipt proves the decision to anybody, offline.')
  tell.command(
    `${SEKISHO} log receipt ${decision} -o receipt.json && ${SEKISHO} log check-receipt receipt.json --key log.key`,
  )
  const { verifyReceipt } = await import('@sekisho/broker')
  const receipt = await owner.get(owner.in(`/decisions/${decision}/receipt`))
  const verdict = verifyReceipt(receipt, logKey)
  if (!verdict.valid) throw new Error(`the receipt proves nothing: ${verdict.problem}`)
  const { index, size, origin, entry, emulated } = verdict
  const mark = emulated ? [{ text: ' EMULATED', tone: 'bad' } as const] : []
  tell.say(
    { text: 'PROVEN', tone: 'good' },
    ...mark,
    `  entry ${index} of ${size} in the log of ${origin}: ${entry.outcome}`,
  )
  tell.fact({ index, size, origin, outcome: entry.outcome, emulated })
}

/** The workload tries to renew a lease that it must not get again. @throws Error with `otherwise` when it gets it */
export async function refusedRenewal(
  owner: Client,
  attester: Attester,
  { lease }: LeasedSecret,
  otherwise: string,
): Promise<Refusal> {
  try {
    await renewLease({ url: owner.server, attester, lease })
  } catch (error) {
    if (error instanceof Refusal) return error
    throw error
  }
  throw new Error(otherwise)
}
