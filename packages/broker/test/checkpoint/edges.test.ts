import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Broker, Database, ReleaseOutcome, Verifier } from '../../src/index.ts'
import {
  ACTOR,
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
  teeKeys,
  worldVerifier,
} from './kit.ts'

const AT = new Date()
const NAMESPACE = 'default'
const BY = { actor: ACTOR, at: AT }

type Granted = Extract<ReleaseOutcome, { readonly lease: unknown }>

interface Scene {
  readonly broker: Broker
  readonly verifier: Verifier
  readonly db: Database
  readonly machine: Machine
}

async function scene(t: TestContext, expires?: Date): Promise<Scene> {
  const machine = sharedWorld().snp()
  const verifier = await worldVerifier(t, sharedWorld())
  const db = await newDatabase(t)
  const broker = await brokerOver(db, verifier)
  await furnish(broker, NAMESPACE, AT)
  const set = { ...(referenceOf(verifier, machine, 'set') as Record<string, unknown>) }
  await broker.admin.putReference(
    NAMESPACE,
    expires === undefined ? set : { ...set, expires: expires.toISOString() },
    BY,
  )
  return { broker, verifier, db, machine }
}

async function granted({ broker, machine }: Scene, at: Date): Promise<Granted> {
  const { session } = await attested(broker, machine, { namespace: NAMESPACE, at, keys: teeKeys() })
  const released = await broker.release({ by: { session }, namespace: NAMESPACE, resource: RESOURCE, at })
  assert.ok(released.released, JSON.stringify(released))
  return released
}

const state = async (broker: Broker, { lease }: Granted, at: Date): Promise<string | undefined> =>
  (await broker.leaseState(lease.id, { at }))?.state

test('a release under way while reference values run out does not keep its lease', async (t) => {
  const end = later(AT, 600)
  const all = await scene(t, end)
  await all.broker.tick(end)
  // It was asked for before, and was slow.
  const late = await granted(all, later(AT, 599))
  await all.broker.tick(later(AT, 602))
  await all.broker.tick(later(AT, 700))
  assert.equal(await state(all.broker, late, later(AT, 700)), 'revoked')
})

test('leases are looked at by a clock that is ahead, and are not live by its return', async (t) => {
  const all = await scene(t)
  const lease = await granted(all, AT)
  await all.broker.admin.setPolicy(NAMESPACE, 'forbid (principal, action, resource);', {
    actor: ACTOR,
    at: later(AT, 7200),
  })
  assert.notEqual(await state(all.broker, lease, later(AT, 10)), 'live')
})

test('who is affected does not hang on the case of an id or a product', async (t) => {
  const all = await scene(t)
  const lease = await granted(all, AT)
  const put = async (advisory: {
    readonly id: string
    readonly products: readonly string[]
  }): Promise<readonly string[]> => {
    const whole = { vendor: 'amd', published: '2026-11-20T00:00:00Z', ...advisory }
    const { id } = await all.broker.admin.putAdvisory(NAMESPACE, whole, BY)
    return (await all.broker.affectedBy(NAMESPACE, id, AT)).map((one) => one.lease)
  }
  assert.deepEqual(await put({ id: 'AMD-SB-1', products: ['Genoa'] }), [lease.lease.id])
  assert.deepEqual(await put({ id: 'AMD-SB-2', products: ['genoa'] }), [lease.lease.id])
  for (const id of ['amd-sb-1', 'Amd-Sb-1'])
    assert.deepEqual(
      (await all.broker.affectedBy(NAMESPACE, id, AT)).map((one) => one.lease),
      [lease.lease.id],
      id,
    )
})

test('an advisory that names no level is refused: it would concern nobody', async (t) => {
  const { broker } = await scene(t)
  const advisory = { id: 'AMD-SB-3', vendor: 'amd', published: '2026-11-20T00:00:00Z', tcb: {} }
  await assert.rejects(broker.admin.putAdvisory(NAMESPACE, advisory, BY), /advisory\.tcb/)
})

test('an advisory about a vendor or a product of AMD that does not exist is refused: it would concern nobody', async (t) => {
  const { broker } = await scene(t)
  const advisory = { id: 'AMD-SB-5', vendor: 'amd', published: '2026-11-20T00:00:00Z' }
  const refused = (change: object, message: RegExp): Promise<void> =>
    assert.rejects(broker.admin.putAdvisory(NAMESPACE, { ...advisory, ...change }, BY), { code: 'invalid', message })
  await refused({ vendor: 'amdd' }, /^advisory\.vendor: expected one of amd, arm, /)
  await refused({ vendor: 'AMD' }, /^advisory\.vendor: expected one of amd, arm, /)
  await refused({ products: ['Genoa', 'Genova'] }, /^advisory\.products\[1\]: expected one of Naples, .*Turin$/)
  for (const change of [{ products: ['turin', 'Naples'] }, { vendor: 'intel', products: ['00806f050000'] }])
    assert.equal((await broker.admin.putAdvisory(NAMESPACE, { ...advisory, ...change }, BY)).id, 'AMD-SB-5')
})

test('leases whose time is over are not among those that an advisory concerns', async (t) => {
  const all = await scene(t)
  await granted(all, AT)
  const now = later(AT, 7200)
  const lease = await granted(all, now)
  const advisory = { id: 'AMD-SB-4', vendor: 'amd', published: '2026-11-20T00:00:00Z' }
  await all.broker.admin.putAdvisory(NAMESPACE, advisory, { actor: ACTOR, at: later(AT, 100) })
  const found = await all.broker.affectedBy(NAMESPACE, 'AMD-SB-4', now)
  assert.deepEqual(
    found.map((one) => one.lease),
    [lease.lease.id],
  )
})

test('a look at the leases does not take a later change for looked at, whose process ended', async (t) => {
  const { db, verifier, ...all } = await scene(t)
  const lease = await granted({ db, verifier, ...all }, AT)
  let isFirst = true
  // While this process looks, another commits the next policy, and ends.
  const overtaken: Database = {
    kind: db.kind,
    async all(text, params) {
      const rows = await db.all(text, params)
      if (!isFirst || !text.startsWith('SELECT l.id, l.resource')) return rows as never
      isFirst = false
      await db.transaction(async (sql) => {
        await sql.run(
          `INSERT INTO policy_versions (namespace, version, text, sha256, created, created_by)
           VALUES ('default', 3, 'forbid (principal, action, resource);', 'x', 0, 'tester')`,
        )
        await sql.run('UPDATE policy_active SET version = 3')
        await sql.run(`UPDATE settings SET value = '99' WHERE name = 'rules:default'`)
        await sql.run(
          `UPDATE settings SET value = '{"namespace":"default","cause":{"kind":"policy","version":3}}'
           WHERE name = 'reappraise:default:policy:'`,
        )
      })
      return rows as never
    },
    run: (text, params) => db.run(text, params),
    transaction: (work) => db.transaction(work),
    notify: (channel, payload) => db.notify(channel, payload),
    listen: (channel, on, onGap) => db.listen(channel, on, onGap),
    writing: () => db.writing(),
    close: () => db.close(),
  }
  const broker = await brokerOver(overtaken, verifier)
  await broker.admin.setPolicy(NAMESPACE, `${PERMIT}\n`, BY)
  assert.equal(isFirst, false)
  assert.equal(await state(broker, lease, AT), 'live', 'by the policy that it looked with')
  await broker.tick(AT)
  assert.equal(await state(broker, lease, AT), 'revoked')
  assert.deepEqual(await db.all(`SELECT name FROM settings WHERE name LIKE 'reappraise:%'`), [])
})

test('an operator ends one lease and what it was granted on, and no other; the clock ends only those that are over', async (t) => {
  const all = await scene(t)
  const { broker, db } = all
  await furnish(broker, 'other', AT)
  const [first, second] = [await granted(all, AT), await granted(all, later(AT, 60))]
  const by = { actor: ACTOR, at: later(AT, 90), reason: 'lost' }
  assert.equal(await broker.revoke('other', first.lease.id, by), false)
  assert.equal(await broker.revoke(NAMESPACE, `lse_${'0'.repeat(26)}`, by), false)
  assert.equal(await state(broker, first, by.at), 'live')
  assert.equal(await broker.revoke(NAMESPACE, first.lease.id, by), true)
  assert.equal(await broker.revoke(NAMESPACE, first.lease.id, { ...by, reason: 'again' }), false)
  assert.equal((await broker.leaseState(first.lease.id, { at: by.at }))?.endedReason, 'lost')
  assert.equal(await state(broker, second, by.at), 'live')
  const revoked = await db.all<{ n: number }>('SELECT COUNT(*) AS n FROM appraisals WHERE revoked IS NOT NULL')
  assert.equal(Number(revoked[0]?.n), 1)
  // On its last moment a lease is live still, and may be ended; after it there is nothing to end.
  const last = second.lease.expires
  assert.equal((await broker.tick(last)).expired, 0)
  assert.equal(await state(broker, second, last), 'live')
  assert.equal(await broker.revoke(NAMESPACE, second.lease.id, { ...by, at: new Date(last.getTime() + 1) }), false)
  assert.equal((await broker.tick(new Date(last.getTime() + 1))).expired, 1)
  const ended = await broker.leases(NAMESPACE, {})
  assert.deepEqual(
    ended.map((lease) => lease.state),
    ['expired', 'revoked'],
  )
  const events = await db.all<{ kind: string }>(`SELECT kind FROM events WHERE kind LIKE 'lease-%' ORDER BY seq`)
  assert.deepEqual(
    events.map(({ kind }) => kind).filter((kind) => kind === 'lease-revoked' || kind === 'lease-expired'),
    ['lease-revoked', 'lease-expired'],
  )
})

test('what can be no resource is refused before anybody is asked for', async (t) => {
  const { broker } = await scene(t)
  for (const resource of ['a/b', '../b/c', 'a/b/c/d', 'a/b/\0']) {
    const { refused } = await broker.release({ by: { session: 'none' }, namespace: NAMESPACE, resource, at: AT })
    assert.deepEqual(refused, { code: 'resource-invalid', decision: undefined }, resource)
  }
})

test('a renewal prolongs one lease, and none that ended or by rules that changed while it was under way', async (t) => {
  const all = await scene(t)
  const { db, verifier, machine } = all
  let meanwhile: (() => Promise<unknown>) | undefined
  let transactions = 0
  const slow: Database = new Proxy(db, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name)
      if (name !== 'transaction') return typeof member === 'function' ? member.bind(target) : member
      // The first transaction of a renewal records the attestation, the second prolongs the lease.
      return async (work: Parameters<Database['transaction']>[0]) => {
        if (++transactions === 2) await meanwhile?.()
        return target.transaction(work)
      }
    },
  })
  const broker = await brokerOver(slow, verifier)
  const bystander = await granted(all, AT)
  const at = later(AT, 600)
  const by = { actor: ACTOR, at }
  const renewed = async (change?: (lease: Granted['lease']) => Promise<unknown>): Promise<string | undefined> => {
    const keys = teeKeys()
    const { session } = await attested(all.broker, machine, { namespace: NAMESPACE, at: AT, keys })
    const grant = await all.broker.release({ by: { session }, namespace: NAMESPACE, resource: RESOURCE, at: AT })
    assert.ok(grant.released)
    const { lease } = grant
    const challenge = await broker.challenge({ namespace: NAMESPACE, protocol: 'native', at })
    const runtimeData = { nonce: challenge.nonce, 'tee-pubkey': keys.publicJwk }
    const evidence = evidenceFor(machine, challenge.nonce, keys.publicJwk)
    meanwhile = change === undefined ? undefined : () => change(lease)
    transactions = 0
    const shown = { lease: lease.id, leaseSecret: lease.secret, session: challenge.session }
    const outcome = await broker.renew({ ...shown, evidence, runtimeData, at })
    const known = await all.broker.leaseState(lease.id, { at })
    assert.equal(known?.expires.getTime() === at.getTime() + 3_600_000, outcome.refused === undefined)
    return outcome.refused?.code
  }
  assert.equal(await renewed(), undefined)
  assert.equal(await renewed((lease) => all.broker.revoke(NAMESPACE, lease.id, by)), 'lease-ended')
  const forbid = `${PERMIT} forbid (principal, action, resource);`
  assert.equal(await renewed(() => all.broker.admin.setPolicy(NAMESPACE, forbid, by)), 'policy-deny')
  const { expires } = (await all.broker.leaseState(bystander.lease.id, { at })) ?? {}
  assert.deepEqual(expires, bystander.lease.expires)
})
