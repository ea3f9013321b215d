import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { AttestRequest, Broker } from '../../src/index.ts'
import {
  ACTOR,
  brokerOver,
  evidenceFor,
  furnish,
  later,
  newDatabase,
  RESOURCE,
  referenceOf,
  sharedWorld,
  teeKeys,
  worldVerifier,
} from './kit.ts'

const NAMESPACE = 'default'

/** Two brokers over one database: each remembers the sessions that it opened itself, and nothing of the other's. */
async function scene(t: TestContext): Promise<{
  readonly at: Date
  readonly one: Broker
  readonly other: Broker
  opened(protocol: 'kbs' | 'native'): Promise<AttestRequest>
}> {
  const at = new Date()
  const db = await newDatabase(t)
  const verifier = await worldVerifier(t, sharedWorld())
  const [one, other] = [await brokerOver(db, verifier), await brokerOver(db, verifier)]
  const machine = sharedWorld().snp()
  await furnish(one, NAMESPACE, at)
  await one.admin.putReference(NAMESPACE, referenceOf(verifier, machine, 'mine'), { actor: ACTOR, at })
  const { publicJwk } = teeKeys()
  return {
    at,
    one,
    other,
    async opened(protocol) {
      const { session, nonce } = await one.challenge({ namespace: NAMESPACE, protocol, tee: 'snp', at })
      const evidence = evidenceFor(machine, nonce, publicJwk)
      return { session, evidence, runtimeData: { nonce, 'tee-pubkey': publicJwk }, at }
    },
  }
}

test('a session that another broker answered is spent for the one that opened it', async (t) => {
  const { one, other, opened } = await scene(t)
  const native = await opened('native')
  assert.equal((await other.attest(native)).refusal, undefined)
  assert.equal((await one.attest(native)).refusal?.code, 'session-spent')

  const kbs = await opened('kbs')
  const first = await other.attest(kbs)
  const second = await one.attest(kbs)
  assert.notEqual(first.token, undefined)
  assert.equal(second.token, first.token, 'the first answer is the answer, whoever gave it')
  assert.equal(second.decision, first.decision)
})

test('a session that another broker answered badly is not answered well by the one that opened it', async (t) => {
  const { one, other, opened } = await scene(t)
  const request = await opened('kbs')
  const runtimeData = { ...request.runtimeData, nonce: Buffer.alloc(32).toString('base64') }
  assert.equal((await other.attest({ ...request, runtimeData })).refusal?.code, 'nonce-mismatch')
  assert.equal((await one.attest(request)).refusal?.code, 'session-spent')
})

test('of calls at once in both brokers one judges, and all others get its answer', async (t) => {
  const { one, other, opened } = await scene(t)
  const request = await opened('kbs')
  const answers = await Promise.all([one, other, one, other].map((broker) => broker.attest(request)))
  assert.equal(new Set(answers.map(({ token }) => token)).size, 1)
  assert.notEqual(answers[0]?.token, undefined)
})

test('what was answered is released to by either broker, until the session or the appraisal ends', async (t) => {
  const { at, one, other, opened } = await scene(t)
  const request = await opened('kbs')
  const by = { session: request.session }
  const asked = { by, namespace: NAMESPACE, resource: RESOURCE, at }
  assert.equal((await one.release(asked)).refused?.code, 'not-attested')
  assert.equal((await one.attest(request)).refusal, undefined)
  for (const broker of [one, other]) assert.equal((await broker.release(asked)).refused, undefined)
  assert.equal((await one.release({ ...asked, namespace: 'elsewhere' })).refused?.code, 'namespace-mismatch')
  for (const broker of [one, other])
    assert.equal((await broker.release({ ...asked, at: later(at, 301) })).refused?.code, 'session-expired')

  // The other broker changes what is allowed: the one that remembers the session asks the database all the same.
  await other.admin.deleteReference(NAMESPACE, 'mine', { actor: ACTOR, at })
  assert.equal((await one.release(asked)).refused?.code, 'attestation-revoked')
})
