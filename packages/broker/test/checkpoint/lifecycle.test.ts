import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createWorld, type World } from '@sekisho/emulator'
import type { Broker, Database, ReleaseOutcome, Verifier } from '../../src/index.ts'
import {
  attested,
  brokerOver,
  evidenceFor,
  furnish,
  later,
  type Machine,
  newDatabase,
  PERMIT,
  RESOURCE,
  referenceOf,
  sharedWorld,
  type TeeKeys,
  teeKeys,
  worldVerifier,
} from './kit.ts'

const AT = new Date()
const NAMESPACE = 'default'
const BY = { actor: 'tester', at: AT }

interface Scene {
  readonly broker: Broker
  readonly verifier: Verifier
  readonly db: Database
}

async function scene(
  t: TestContext,
  machines: readonly Machine[],
  world: World = sharedWorld(),
  policy: string = PERMIT,
): Promise<Scene> {
  const verifier = await worldVerifier(t, world)
  const db = await newDatabase(t)
  const broker = await brokerOver(db, verifier)
  await furnish(broker, NAMESPACE, AT, policy)
  for (const [i, machine] of machines.entries())
    await broker.admin.putReference(NAMESPACE, referenceOf(verifier, machine, `set-${i}`), BY)
  return { broker, verifier, db }
}

type Granted = Extract<ReleaseOutcome, { readonly lease: unknown }>

async function granted(
  broker: Broker,
  machine: Machine,
  keys: TeeKeys = teeKeys(),
  at: Date = AT,
): Promise<Granted & { session: string }> {
  const { session, outcome } = await attested(broker, machine, { namespace: NAMESPACE, at, keys })
  assert.ok(outcome.token, JSON.stringify(outcome))
  const released = await broker.release({ by: { session }, namespace: NAMESPACE, resource: RESOURCE, at })
  assert.ok(released.released, JSON.stringify(released))
  return { ...released, session }
}

async function state(broker: Broker, { lease }: Granted, at: Date = AT): Promise<string | undefined> {
  return (await broker.leaseState(lease.id, { at }))?.state
}

async function renewal(
  broker: Broker,
  machine: Machine,
  lease: Granted['lease'],
  keys: TeeKeys,
  at: Date,
): ReturnType<Broker['renew']> {
  const { session, nonce } = await broker.challenge({ namespace: NAMESPACE, protocol: 'native', at })
  const evidence = evidenceFor(machine, nonce, keys.publicJwk)
  return broker.renew({
    lease: lease.id,
    leaseSecret: lease.secret,
    session,
    evidence,
    runtimeData: { nonce, 'tee-pubkey': keys.publicJwk },
    at,
  })
}

test('a renewal is fresh evidence of the same key and workload; anything else leaves the lease to end', async (t) => {
  const machine = sharedWorld().snp()
  const other = sharedWorld().snp({ measurement: 'cc'.repeat(48) })
  const { broker } = await scene(t, [machine, other])
  const keys = teeKeys()
  const grant = await granted(broker, machine, keys)
  const at = later(AT, 1800)
  const renewed = await renewal(broker, machine, grant.lease, keys, at)
  assert.ok(renewed.renewed, JSON.stringify(renewed))
  assert.equal(renewed.renewed.expires.getTime(), at.getTime() + 3_600_000)
  assert.equal(await state(broker, grant, later(AT, 3601)), 'live')
  const anotherKey = await renewal(broker, machine, grant.lease, teeKeys(), at)
  assert.equal(anotherKey.refused?.code, 'holder-mismatch')
  const anotherWorkload = await renewal(broker, other, grant.lease, keys, at)
  assert.equal(anotherWorkload.refused?.code, 'holder-mismatch')
  const elsewhere = await renewal(broker, sharedWorld().snp({ chip: 'another' }), grant.lease, keys, at)
  assert.equal(elsewhere.refused?.code, 'holder-mismatch', 'another chip with the same key and workload')
  const why = await broker.why(NAMESPACE, elsewhere.refused?.decision ?? '')
  assert.deepEqual(why?.body['reasons'], ["the evidence is of another machine than the lease's"])
  const wrongSecret = await renewal(broker, machine, { ...grant.lease, secret: 'x'.repeat(43) }, keys, at)
  assert.deepEqual(wrongSecret.refused, { code: 'lease-unknown', decision: undefined })
  const strangers = await renewal(broker, machine, { ...grant.lease, id: `lse_${'0'.repeat(26)}` }, keys, at)
  assert.deepEqual(strangers.refused, wrongSecret.refused, 'the same answer as for a lease that is not there')
  assert.equal(await state(broker, grant, at), 'live')
  // A client of a KBS may ask again and is answered the same: nothing that prolongs a lease.
  const { session, nonce } = await broker.challenge({ namespace: NAMESPACE, protocol: 'kbs', at })
  const runtimeData = { nonce, 'tee-pubkey': keys.publicJwk }
  const shown = { session, evidence: evidenceFor(machine, nonce, keys.publicJwk), runtimeData, at }
  const { token } = await broker.attest(shown)
  assert.ok(token)
  assert.equal((await broker.attest(shown)).token, token)
  const replayed = await broker.renew({ ...shown, lease: grant.lease.id, leaseSecret: grant.lease.secret })
  assert.equal(replayed.refused?.code, 'session-spent')
  const over = await renewal(broker, machine, grant.lease, keys, later(at, 3601))
  assert.equal(over.refused?.code, 'lease-ended')
})

test('renew is an action of its own: a policy that permits releases only lets leases end', async (t) => {
  const machine = sharedWorld().snp()
  const { broker } = await scene(
    t,
    [machine],
    sharedWorld(),
    'permit (principal, action == Sekisho::Action::"release", resource);',
  )
  const keys = teeKeys()
  const grant = await granted(broker, machine, keys)
  const refused = await renewal(broker, machine, grant.lease, keys, later(AT, 60))
  assert.equal(refused.refused?.code, 'policy-deny')
  assert.equal(await state(broker, grant, later(AT, 60)), 'live')
})

test('what a change revoked is counted, whichever process looked at the leases first', async (t) => {
  const [genoa, td] = [sharedWorld().snp(), sharedWorld().tdx()]
  const { broker: other, verifier, db } = await scene(t, [genoa, td])
  await granted(other, genoa)
  await granted(other, td)
  await granted(other, genoa)
  let passes = 0
  // The other process's pass runs as soon as the change is there, and before this one's.
  const overtaken: Database = {
    kind: db.kind,
    all: (text, params) => db.all(text, params),
    run: (text, params) => db.run(text, params),
    async transaction(work) {
      const done = await db.transaction(work)
      if (passes++ === 0) await other.tick(AT)
      return done
    },
    notify: (channel, payload) => db.notify(channel, payload),
    listen: (channel, on, onGap) => db.listen(channel, on, onGap),
    writing: () => db.writing(),
    close: () => db.close(),
  }
  const broker = await brokerOver(overtaken, verifier)
  passes = 0
  const forbid = (product: string): string =>
    `${PERMIT}\nforbid (principal, action, resource) when { context has product && context.product == "${product}" };`
  const changed = await broker.admin.setPolicy(NAMESPACE, forbid('Genoa'), BY)
  assert.ok(passes > 0)
  assert.deepEqual({ live: changed.live, revoked: changed.revoked }, { live: 1, revoked: 2 })
  const again = await broker.admin.setPolicy(NAMESPACE, forbid('Milan'), BY)
  assert.deepEqual({ live: again.live, revoked: again.revoked }, { live: 1, revoked: 0 })
})

test('a policy line against a generation ends its leases at once, with decision, leaf and event; others stay', async (t) => {
  const [genoa, td] = [sharedWorld().snp(), sharedWorld().tdx()]
  const { broker } = await scene(t, [genoa, td])
  const [first, second] = [await granted(broker, genoa), await granted(broker, td)]
  const changed = await broker.admin.setPolicy(
    NAMESPACE,
    `${PERMIT}\nforbid (principal, action, resource) when { context has product && context.product == "Genoa" };`,
    BY,
  )
  assert.deepEqual({ live: changed.live, revoked: changed.revoked }, { live: 1, revoked: 1 })
  assert.equal(await state(broker, first), 'revoked')
  assert.equal(await state(broker, second), 'live')
  const [revocation] = await broker.decisions(NAMESPACE, { outcome: 'revoked' })
  assert.equal(revocation?.reasonCode, 'policy-deny')
  assert.match(revocation.reasons.join(), /line 2 of the policy/)
  assert.equal((await broker.receipt(NAMESPACE, revocation.id))?.entry.lease, first.lease.id)
  const events = broker.events(NAMESPACE, 0, { lease: first.lease.id, signal: AbortSignal.timeout(60_000) })
  let told: string | undefined
  for await (const { kind } of events) {
    told = kind
    break
  }
  assert.equal(told, 'lease-revoked')
  const back = await broker.admin.rollback(NAMESPACE, 1, BY)
  assert.equal(back.version, 1)
  assert.equal(await state(broker, first), 'revoked', 'what was revoked stays so')
  assert.ok(await granted(broker, genoa), 'and a new attestation is welcome')
})

test('an operator’s advisory enters the context, so that one policy line forbids it; who is affected is one query', async (t) => {
  const [genoa, td] = [sharedWorld().snp(), sharedWorld().tdx()]
  const { broker } = await scene(
    t,
    [genoa, td],
    sharedWorld(),
    `${PERMIT}\nforbid (principal, action, resource) when { context.tcb.advisories.contains("AMD-SB-9999") };`,
  )
  const [first, second] = [await granted(broker, genoa), await granted(broker, td)]
  const advisory = {
    id: 'AMD-SB-9999',
    vendor: 'amd',
    products: ['Genoa'],
    published: '2026-11-20T00:00:00Z',
    note: 'try-out',
  }
  await assert.rejects(broker.admin.putAdvisory(NAMESPACE, { ...advisory, id: '' }, BY), { code: 'invalid' })
  const put = await broker.admin.putAdvisory(NAMESPACE, advisory, BY)
  assert.deepEqual({ live: put.live, revoked: put.revoked }, { live: 1, revoked: 1 })
  assert.equal(await state(broker, first), 'revoked')
  assert.equal(await state(broker, second), 'live')
  const { session } = await attested(broker, genoa, { namespace: NAMESPACE, at: AT, keys: teeKeys() })
  const refused = await broker.release({ by: { session }, namespace: NAMESPACE, resource: RESOURCE, at: AT })
  assert.equal(refused.refused?.code, 'policy-deny')
  await broker.admin.putAdvisory(
    NAMESPACE,
    { ...advisory, id: 'INTEL-SA-77777', vendor: 'intel', products: undefined },
    BY,
  )
  assert.deepEqual(
    (await broker.affectedBy(NAMESPACE, 'INTEL-SA-77777', AT)).map(({ lease }) => lease),
    [second.lease.id],
  )
  assert.deepEqual(await broker.affectedBy(NAMESPACE, 'AMD-SB-9999', AT), [])
  await assert.rejects(broker.admin.deleteAdvisory(NAMESPACE, 'AMD-SB-1', BY), { code: 'not-found' })
  await assert.rejects(broker.admin.deleteAdvisory('other', advisory.id, BY), { code: 'not-found' })
  assert.deepEqual(
    Object.entries(await broker.admin.deleteAdvisory(NAMESPACE, advisory.id, BY)).sort(),
    Object.entries({ id: advisory.id, live: 1, revoked: 0 }).sort(),
  )
  assert.deepEqual(
    (await broker.admin.advisories(NAMESPACE)).map(({ id }) => id),
    ['INTEL-SA-77777'],
  )
  const [act] = await broker.decisions(NAMESPACE, { kind: 'admin' })
  assert.equal(act?.reasonCode, 'advisory-deleted')
  assert.equal(await state(broker, first), 'revoked', 'what was revoked stays so')
  assert.ok(await granted(broker, genoa), 'and the policy permits what the advisory is not of any more')
})

test('reference values that are deleted, changed or over take their leases with them', async (t) => {
  const [one, two] = [sharedWorld().snp(), sharedWorld().snp({ measurement: 'dd'.repeat(48) })]
  const { broker, verifier } = await scene(t, [one, two])
  const [first, second] = [await granted(broker, one), await granted(broker, two)]
  await broker.admin.deleteReference(NAMESPACE, 'set-0', BY)
  assert.equal(await state(broker, first), 'revoked')
  assert.equal(await state(broker, second), 'live')
  const set = referenceOf(verifier, two, 'set-1') as Record<string, unknown>
  const kept = await broker.admin.putReference(NAMESPACE, { ...set, expires: later(AT, 600).toISOString() }, BY)
  assert.equal(kept.revoked, 0)
  await broker.tick(later(AT, 599))
  assert.equal(await state(broker, second, later(AT, 599)), 'live')
  await broker.tick(later(AT, 601))
  assert.equal(await state(broker, second, later(AT, 601)), 'revoked')
  const { outcome } = await attested(broker, two, { namespace: NAMESPACE, at: later(AT, 601), keys: teeKeys() })
  assert.equal(outcome.refusal?.code, 'reference-missing', 'values whose time is over match nothing')
  const told = await broker.why(NAMESPACE, outcome.refusal?.id ?? '')
  assert.match(
    told?.reasons.join('\n') ?? '',
    /^the reference set set-1 would be met, and is over since \S+Z: write it anew/m,
  )
  const third = await broker.admin.putReference(
    NAMESPACE,
    { ...set, values: { ...(set['values'] as object), measurement: ['ee'.repeat(48)] } },
    BY,
  )
  assert.equal(third.revoked, 0)
})

test('a TCB level that Intel publishes: forecast before it is the standard one, then the leases end, and new evidence is refused', async (t) => {
  const world = createWorld({ products: [] })
  const machine = world.tdx()
  const { broker } = await scene(t, [machine], world)
  const grant = await granted(broker, machine)
  world.intel.publishTcb({ status: 'OutOfDate', advisories: ['INTEL-SA-88888'], channel: 'early' })
  const forecast = await broker.forecast({ namespace: NAMESPACE, at: AT, update: 'early' })
  assert.equal(forecast.leases, 1)
  assert.equal(forecast.fails[0]?.code, 'tcb-unacceptable')
  const affected = (): Promise<(boolean | undefined)[]> =>
    broker.affectedBy(NAMESPACE, 'intel-sa-88888', AT).then((found) => found.map((one) => one.forecast))
  assert.deepEqual(await affected(), [true], 'who will be affected is told')
  assert.deepEqual(await broker.affectedBy(NAMESPACE, 'INTEL-SA-99999', AT), [])
  assert.equal(await state(broker, grant), 'live', 'a forecast changes nothing')
  assert.deepEqual(await broker.reappraiseAll(NAMESPACE, { kind: 'collateral' }, AT), { live: 1, revoked: 0 })
  world.intel.promote(world.intel.evaluationNumbers().early)
  assert.deepEqual(await broker.reappraiseAll(NAMESPACE, { kind: 'collateral' }, AT), { live: 0, revoked: 1 })
  assert.equal(await state(broker, grant), 'revoked')
  const [decision] = await broker.decisions(NAMESPACE, { outcome: 'revoked' })
  assert.equal(decision?.reasonCode, 'tcb-unacceptable')
  const again = await broker.release({
    by: { session: grant.session },
    namespace: NAMESPACE,
    resource: RESOURCE,
    at: AT,
  })
  assert.equal(again.refused?.code, 'attestation-revoked', 'the result of before gets nothing more')
  const { outcome } = await attested(broker, machine, { namespace: NAMESPACE, at: AT, keys: teeKeys() })
  assert.equal(outcome.refusal?.code, 'tcb-unacceptable')
})

test('a PCK certificate that Intel revokes ends the leases of its platform', async (t) => {
  const world = createWorld({ products: [] })
  const [machine, other] = [world.tdx(), world.tdx({ chip: 'machine-2' })]
  const { broker } = await scene(t, [machine, other], world)
  const [first, second] = [await granted(broker, machine), await granted(broker, other)]
  world.intel.revokePck(machine)
  await broker.reappraiseAll(NAMESPACE, { kind: 'collateral' }, AT)
  assert.equal(await state(broker, first), 'revoked')
  assert.equal(await state(broker, second), 'live', 'another platform stays')
  const [decision] = await broker.decisions(NAMESPACE, { outcome: 'revoked' })
  assert.equal(decision?.reasonCode, 'certificate-revoked')
})

test('AMD: a forecast of a higher TCB names the leases that would fall', async (t) => {
  const machine = sharedWorld().snp()
  const { broker } = await scene(t, [machine])
  await granted(broker, machine)
  const none = await broker.forecast({ namespace: NAMESPACE, at: AT, minTcb: { Milan: { microcode: 255 } } })
  assert.deepEqual(none.fails, [])
  const { fails } = await broker.forecast({ namespace: NAMESPACE, at: AT, minTcb: { Genoa: { microcode: 255 } } })
  assert.equal(fails[0]?.code, 'tcb-unacceptable')
  const policy = await broker.forecast({
    namespace: NAMESPACE,
    at: AT,
    policy: 'forbid (principal, action, resource);',
  })
  assert.equal(policy.fails[0]?.code, 'policy-deny')
})

test('an RSA key is made before the transaction begins: it holds nobody up', async (t) => {
  const { broker, db } = await scene(t, [])
  const order: string[] = []
  const key = broker.admin.generateKey(NAMESPACE, { path: 'a/b/rsa', type: 'rsa-3072' }, BY).then((made) => {
    order.push('key')
    return made
  })
  await db.transaction(async (sql) => {
    await sql.all('SELECT name FROM namespaces')
    order.push('somebody else')
  })
  assert.equal((await key).publicJwk?.kty, 'RSA')
  assert.deepEqual(order, ['somebody else', 'key'])
  await assert.rejects(broker.admin.generateKey(NAMESPACE, { path: 'a/b', type: 'aes-256' }, BY), { code: 'invalid' })
})

test('a forecast without a reference set, or with another of its name, names the leases that would fall', async (t) => {
  const machine = sharedWorld().snp()
  const { broker } = await scene(t, [machine])
  const grant = await granted(broker, machine)
  const [set] = await broker.admin.references(NAMESPACE)
  const { name = '', tee, owner, values, provenance } = set ?? {}
  const without = await broker.forecast({ namespace: NAMESPACE, at: AT, removeReference: name })
  assert.deepEqual([without.leases, without.fails[0]?.lease], [1, grant.lease.id])
  const put = { name, tee, owner, provenance, values: { ...values, measurement: 'ab'.repeat(48) } }
  const other = await broker.forecast({ namespace: NAMESPACE, at: AT, putReference: put })
  assert.equal(other.fails[0]?.code, 'reference-mismatch')
  const same = await broker.forecast({ namespace: NAMESPACE, at: AT, putReference: { ...put, values } })
  assert.deepEqual(same.fails, [])
  await assert.rejects(
    broker.forecast({ namespace: NAMESPACE, at: AT, putReference: { ...put, values: {} } }),
    /values: expected at least one accepted value/,
  )
  assert.equal(await state(broker, grant), 'live', 'a forecast changes nothing')
})

test('a policy is not put over a version that its author has not seen', async (t) => {
  const { broker } = await scene(t, [])
  const by = { actor: 'tester', at: AT }
  const { version } = (await broker.admin.policy(NAMESPACE)) ?? { version: 0 }
  const text = 'forbid (principal, action, resource);'
  await assert.rejects(broker.admin.setPolicy(NAMESPACE, text, { ...by, basedOn: version + 1 }), /is in force, not/)
  assert.equal((await broker.admin.setPolicy(NAMESPACE, text, { ...by, basedOn: version })).version, version + 1)
  await assert.rejects(broker.admin.setPolicy(NAMESPACE, text, { ...by, basedOn: version }), /conflict|in force/)
  assert.equal((await broker.admin.policyVersion(NAMESPACE, version + 1))?.text, text)
  assert.equal(await broker.admin.policyVersion(NAMESPACE, version + 2), undefined)
  assert.equal((await broker.admin.setPolicy('another', text, { ...by, basedOn: 0 })).version, 1)
})

test('leases end when they end, and are written down as ended; sessions are forgotten', async (t) => {
  const machine = sharedWorld().snp()
  const { broker, db } = await scene(t, [machine])
  const grant = await granted(broker, machine)
  assert.equal(await state(broker, grant, later(AT, 3601)), 'expired')
  assert.deepEqual(await broker.tick(later(AT, 3601)), { expired: 1, swept: 1, pruned: 0 })
  const [row] = await db.all<{ state: string }>('SELECT state FROM leases')
  assert.equal(row?.state, 'expired')
  assert.deepEqual(await db.all('SELECT id FROM sessions'), [])
  const first = await broker.leases(NAMESPACE, { state: 'expired' })
  assert.equal(first[0]?.endedReason, 'expired')
})

test('a change that a process did not see through is seen through by the next', async (t) => {
  const machine = sharedWorld().snp()
  const { broker, db, verifier } = await scene(t, [machine])
  const grant = await granted(broker, machine)
  // As if the process had ended right after the commit of a policy: it is active, and nothing was looked at again.
  await db.transaction(async (sql) => {
    await sql.run(
      `INSERT INTO policy_versions (namespace, version, text, sha256, created, created_by) VALUES ('default', 2, 'forbid (principal, action, resource);', 'x', 0, 'tester')`,
    )
    await sql.run(`UPDATE policy_active SET version = 2`)
    await sql.run(`UPDATE settings SET value = '99' WHERE name = 'rules:default'`)
    await sql.run(
      `INSERT INTO settings (name, value) VALUES ('reappraise:default:policy:', '{"namespace":"default","cause":{"kind":"policy","version":2}}')`,
    )
  })
  const next = await brokerOver(db, verifier)
  await next.tick(AT)
  assert.equal(await state(next, grant), 'revoked')
  assert.deepEqual(await db.all(`SELECT name FROM settings WHERE name LIKE 'reappraise:%'`), [])
})

test('a result made before reference values changed, or before a platform was revoked, opens nothing after', async (t) => {
  const world = createWorld({ products: [] })
  const machine = world.tdx()
  const { broker, verifier } = await scene(t, [machine], world)
  const take = (session: string) =>
    broker.release({ by: { session }, namespace: NAMESPACE, resource: RESOURCE, at: AT })
  const first = await attested(broker, machine, { namespace: NAMESPACE, at: AT, keys: teeKeys() })
  const set = referenceOf(verifier, machine, 'set-0') as Record<string, unknown>
  await broker.admin.putReference(NAMESPACE, { ...set, owner: 'somebody else' }, BY)
  assert.equal((await take(first.session)).refused?.code, 'attestation-revoked')
  const second = await attested(broker, machine, { namespace: NAMESPACE, at: AT, keys: teeKeys() })
  await broker.reappraiseAll(NAMESPACE, { kind: 'collateral' }, AT)
  assert.ok((await take(second.session)).released, 'nothing changed')
  const third = await attested(broker, machine, { namespace: NAMESPACE, at: AT, keys: teeKeys() })
  world.intel.revokePck(machine)
  await broker.reappraiseAll(NAMESPACE, { kind: 'collateral' }, AT)
  assert.equal((await take(third.session)).refused?.code, 'attestation-revoked')
})
