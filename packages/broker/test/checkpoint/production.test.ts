import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type Broker, type Database, openVerifier, verifyReceipt } from '../../src/index.ts'
import {
  attested,
  brokerOver,
  furnish,
  type Machine,
  newDatabase,
  RESOURCE,
  referenceOf,
  sharedWorld,
  teeKeys,
  worldVerifier,
} from './kit.ts'

const AT = new Date()
const NAMESPACE = 'default'
const BY = { actor: 'tester', at: AT }

interface Scene {
  readonly broker: Broker
  readonly machine: Machine
  readonly db: Database
}

async function scene(t: TestContext, db: Database): Promise<Scene> {
  const verifier = await worldVerifier(t, sharedWorld())
  const broker = await brokerOver(db, verifier)
  const machine = sharedWorld().snp()
  await furnish(broker, NAMESPACE, AT)
  await broker.admin.putReference(NAMESPACE, referenceOf(verifier, machine, 'mine'), BY)
  return { broker, machine, db }
}

async function assertLogged(broker: Broker, id: string | undefined, code: string): Promise<void> {
  const why = await broker.why(NAMESPACE, id ?? '')
  assert.equal(why?.reasonCode, code)
  assert.equal((await broker.receipt(NAMESPACE, id ?? ''))?.entry.reason, code)
}

test('emulated evidence in production: the checkpoint does not start with emulated roots, and refuses without them', async (t) => {
  const db = await newDatabase(t)
  const trusting = await worldVerifier(t, sharedWorld())
  await assert.rejects(brokerOver(db, trusting, { production: true }), { name: 'BrokerError', code: 'unsafe' })
  const verifier = openVerifier({})
  const broker = await brokerOver(db, verifier, { production: true })
  await furnish(broker, NAMESPACE, AT, 'permit (principal, action, resource);')
  const world = sharedWorld()
  for (const machine of [world.snp(), world.tdx(), world.sgx(), world.nitro(), world.tpm()]) {
    await broker.admin.putReference(NAMESPACE, referenceOf(verifier, machine, machine.tee), BY)
    const { session, outcome } = await attested(broker, machine, { namespace: NAMESPACE, at: AT, keys: teeKeys() })
    assert.equal(outcome.refusal?.code, 'root-untrusted', machine.tee)
    await assertLogged(broker, outcome.refusal?.id, 'root-untrusted')
    const released = await broker.release({ by: { session }, namespace: NAMESPACE, resource: RESOURCE, at: AT })
    assert.equal(released.refused?.code, 'not-attested')
  }
  // Arm has no root: what there is instead is the emulator's own implementation id.
  const { outcome } = await attested(broker, world.cca(), { namespace: NAMESPACE, at: AT, keys: teeKeys() })
  assert.equal(outcome.refusal?.code, 'evidence-emulated')
  const why = await broker.why(NAMESPACE, outcome.refusal?.id ?? '')
  assert.match(String(why?.body['reasons']), /^cca\.hardware: EMULATED/)
  assert.doesNotMatch(String(why?.remedies), /allowEmulated|pass it in/)
})

test('endorsements of emulated Arm platforms are refused where nobody said that these are trusted', async (t) => {
  const { keys, referenceValues } = sharedWorld().arm.endorsements()
  const refused = {
    name: 'TypeError',
    message: /^arm: implementation 454d554c41544544\w{48} is of emulated platforms, /,
  }
  const verifier = openVerifier({})
  for (const arm of [{ keys }, { referenceValues }, { keys, referenceValues }]) {
    assert.throws(() => openVerifier({ arm }), refused)
    assert.throws(() => verifier.replaceFiles({ arm }), refused)
  }
  // A key that does not say whose it is makes them no less emulated.
  const [{ pkey }] = JSON.parse(keys)
  const named = openVerifier({ arm: { keys: JSON.stringify(pkey) } })
  const broker = await brokerOver(await newDatabase(t), named, { production: true })
  await furnish(broker, NAMESPACE, AT, 'permit (principal, action, resource);')
  const machine = sharedWorld().cca()
  await broker.admin.putReference(NAMESPACE, referenceOf(named, machine, 'cca'), BY)
  const { outcome } = await attested(broker, machine, { namespace: NAMESPACE, at: AT, keys: teeKeys() })
  assert.equal(outcome.token, undefined)
  const reasons = (await broker.why(NAMESPACE, outcome.refusal?.id ?? ''))?.body['reasons']
  assert.match(String(reasons), /cca\.hardware: EMULATED/)
})

test('a database of a trying start gives nothing to a production one: emulated appraisals stay emulated', async (t) => {
  const db = await newDatabase(t)
  const it = await scene(t, db)
  const { outcome } = await attested(it.broker, it.machine, { namespace: NAMESPACE, at: AT, keys: teeKeys() })
  const asked = { by: { token: outcome.token ?? '' }, namespace: NAMESPACE, resource: RESOURCE, at: AT }
  const given = await it.broker.release(asked)
  assert.ok(given.released)
  const lease = given.lease.id
  const production = await brokerOver(db, openVerifier({}), { production: true })
  const released = await production.release({
    by: { token: outcome.token ?? '' },
    namespace: NAMESPACE,
    resource: RESOURCE,
    at: AT,
  })
  assert.equal(released.refused?.code, 'evidence-emulated')
  assert.equal((await production.leaseState(lease, { at: AT }))?.state, 'live')
  await production.tick(AT)
  assert.equal((await production.leaseState(lease, { at: AT }))?.state, 'revoked')
  const [revoked] = await production.decisions(NAMESPACE, { outcome: 'revoked' })
  assert.equal(revoked?.reasonCode, 'evidence-emulated')
  const [{ endedReason } = {}] = await production.leases(NAMESPACE, { state: 'revoked' })
  assert.equal(endedReason, 'reappraisal: production')
})

test('a clock that was ahead hides no reference set that expires later', async (t) => {
  const db = await newDatabase(t)
  const it = await scene(t, db)
  const hour = 3_600_000
  const reference = referenceOf(await worldVerifier(t, sharedWorld()), it.machine, 'mine') as object
  const expires = new Date(AT.getTime() + 0.5 * hour).toISOString()
  await it.broker.admin.putReference(NAMESPACE, { ...reference, expires }, BY)
  const { outcome } = await attested(it.broker, it.machine, { namespace: NAMESPACE, at: AT, keys: teeKeys() })
  const asked = { by: { token: outcome.token ?? '' }, namespace: NAMESPACE, resource: RESOURCE, at: AT }
  const given = await it.broker.release(asked)
  assert.ok(given.released)
  const lease = given.lease.id
  await db.run(`INSERT INTO settings (name, value) VALUES ('references-looked-at', ?)`, [AT.getTime() + 48 * hour])
  assert.equal((await it.broker.leaseState(lease, { at: AT }))?.state, 'live')
  const later = new Date(AT.getTime() + 0.6 * hour)
  await it.broker.tick(later)
  assert.equal((await it.broker.leaseState(lease, { at: later }))?.state, 'revoked')
})

test('receipts verify offline, and say EMULATED', async (t) => {
  const it = await scene(t, await newDatabase(t))
  const { outcome } = await attested(it.broker, it.machine, { namespace: NAMESPACE, at: AT, keys: teeKeys() })
  const receipt = await it.broker.receipt(NAMESPACE, outcome.decision ?? '')
  const [row] = await it.db.all<{ verifier_key: string }>('SELECT verifier_key FROM log_head')
  const verdict = verifyReceipt(receipt, row?.verifier_key ?? '')
  assert.ok(verdict.valid)
  assert.equal(verdict.emulated, true)
})
