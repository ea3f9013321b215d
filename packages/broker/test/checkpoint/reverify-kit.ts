import assert from 'node:assert/strict'
import type { World } from '@sekisho/emulator'
import type { Broker, BrokerOptions, Database, Reverified, ReverifiedStepName } from '../../src/index.ts'
import {
  ACTOR,
  attested,
  brokerOver,
  type Closing,
  evidenceFor,
  furnish,
  later,
  type Machine,
  PERMIT,
  RESOURCE,
  referenceOf,
  sharedWorld,
  teeKeys,
  worldVerifier,
} from './kit.ts'

export const NS = 'default'

/** What a namespace went through. */
export interface Story {
  readonly broker: Broker
  readonly at: Date
  /** Decisions, by what they are. */
  readonly ids: Readonly<
    Record<'attested' | 'released' | 'renewed' | 'denied' | 'revoked' | 'unknown' | 'changed' | 'unjudged', string>
  >
}

/** A secret released, its lease renewed and then ended by a policy, with a refusal before and one after. */
export async function story(
  t: Closing,
  db: Database,
  machine: Machine,
  { world = sharedWorld(), ...options }: Partial<BrokerOptions> & { readonly world?: World } = {},
): Promise<Story> {
  const at = new Date(world.now())
  const verifier = await worldVerifier(t, world, { arm: world.arm.endorsements() })
  const broker = await brokerOver(db, verifier, options)
  await furnish(broker, NS, at)
  const keys = teeKeys()
  const stranger = await attested(broker, machine, { namespace: NS, at, keys })
  await broker.admin.putReference(NS, referenceOf(verifier, machine, 'mine'), { actor: ACTOR, at })
  const first = await attested(broker, machine, { namespace: NS, at, keys })
  const released = await broker.release({ by: { session: first.session }, namespace: NS, resource: RESOURCE, at })
  assert.ok(released.released, JSON.stringify(released))
  const next = later(at, 1)
  const { session, nonce } = await broker.challenge({ namespace: NS, protocol: 'native', tee: machine.tee, at: next })
  const renewed = await broker.renew({
    lease: released.lease.id,
    leaseSecret: released.lease.secret,
    session,
    evidence: evidenceFor(machine, nonce, keys.publicJwk),
    runtimeData: { nonce, 'tee-pubkey': keys.publicJwk },
    at: next,
  })
  assert.ok(renewed.renewed, JSON.stringify(renewed))
  await broker.admin.setPolicy(NS, `${PERMIT}\nforbid (principal, action, resource);`, {
    actor: ACTOR,
    at: later(at, 2),
  })
  const denied = await broker.release({
    by: { session: first.session },
    namespace: NS,
    resource: RESOURCE,
    at: later(at, 3),
  })
  const unjudged = await unnonced(broker, machine, later(at, 3))
  const [revoked] = await broker.decisions(NS, { kind: 'revoke' })
  const [changed] = await broker.decisions(NS, { kind: 'admin' })
  return {
    broker,
    at,
    ids: {
      attested: first.outcome.decision ?? '',
      released: released.decision,
      renewed: renewed.decision,
      denied: denied.refused?.decision ?? '',
      revoked: revoked?.id ?? '',
      unknown: stranger.outcome.decision ?? '',
      changed: changed?.id ?? '',
      unjudged,
    },
  }
}

/** A refusal before any evidence is judged. */
async function unnonced(broker: Broker, machine: Machine, at: Date): Promise<string> {
  const { session } = await broker.challenge({ namespace: NS, protocol: 'native', tee: machine.tee, at })
  const runtimeData = { nonce: 'another', 'tee-pubkey': teeKeys().publicJwk }
  const { refusal } = await broker.attest({ session, evidence: {}, runtimeData, at })
  return refusal?.id ?? ''
}

/** @throws AssertionError where there is no such decision */
export async function again(broker: Broker, id: string): Promise<Reverified> {
  const found = await broker.reverify(NS, id)
  assert.ok(found, `no decision ${id}`)
  return found
}

/** All steps, a line each. */
export function told(found: Reverified): string {
  return found.steps.map(({ step, outcome, detail }) => `${step} ${outcome}: ${detail}`).join('\n')
}

/** What a step says; empty where it was not made. */
export function stepOf(found: Reverified, name: ReverifiedStepName): string {
  return found.steps.find(({ step }) => step === name)?.detail ?? ''
}
