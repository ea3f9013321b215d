import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { each } from '../../src/checkpoint/each.ts'
import { type Broker, type Database, StorageError, type Verifier } from '../../src/index.ts'
import {
  ACTOR,
  attested,
  brokerOver,
  furnish,
  later,
  newDatabase,
  RESOURCE,
  referenceOf,
  sharedWorld,
  teeKeys,
  worldVerifier,
} from './kit.ts'

const AT = new Date()

interface Stage {
  readonly db: Database
  readonly broker: Broker
  /** A lease of a namespace whose reference values are over in a minute. */
  lease(namespace: string): Promise<string>
  state(lease: string): Promise<string | undefined>
}

async function stage(t: TestContext, change: (real: Verifier) => Verifier = (real) => real): Promise<Stage> {
  const db = await newDatabase(t)
  const verifier = change(await worldVerifier(t, sharedWorld()))
  const broker = await brokerOver(db, verifier)
  await broker.tick(AT)
  return {
    db,
    broker,
    async lease(namespace) {
      const machine = sharedWorld().snp()
      await furnish(broker, namespace, AT)
      const set = { ...(referenceOf(verifier, machine, 'mine') as object), expires: later(AT, 60).toISOString() }
      await broker.admin.putReference(namespace, set, { actor: ACTOR, at: AT })
      const { session } = await attested(broker, machine, { namespace, at: AT, keys: teeKeys() })
      const given = await broker.release({ by: { session }, namespace, resource: RESOURCE, at: AT })
      assert.ok(given.released, given.refused?.code)
      return given.lease.id
    },
    state: async (lease) => (await broker.leaseState(lease, { at: AT }))?.state,
  }
}

test('a signing key that cannot be opened is told at each tick, and keeps no lease from ending', async (t) => {
  const { db, broker, lease, state } = await stage(t)
  const mine = await lease('default')
  await db.transaction((sql) =>
    sql.run(`INSERT INTO result_keys (kid, state, sealed, created) VALUES (?, 'retired', 'no envelope', ?)`, [
      'A'.repeat(43),
      AT.getTime(),
    ]),
  )
  for (const seconds of [61, 62]) await assert.rejects(broker.tick(later(AT, seconds)), { name: 'VaultError' })
  assert.equal(await state(mine), 'revoked')
})

test('a namespace that cannot be looked at keeps no other waiting, and is looked at when it can be', async (t) => {
  const { db, broker, lease, state } = await stage(t)
  const [first, second] = [await lease('aaa'), await lease('bbb')]
  const policy = await broker.admin.policy('aaa')
  const write = (text: string): Promise<void> =>
    db.transaction(async (sql) => {
      await sql.run(`UPDATE policy_versions SET text = ? WHERE namespace = 'aaa'`, [text])
      await sql.run(`UPDATE settings SET value = value || '1' WHERE name = 'rules:aaa'`)
    })
  await write('no policy')
  await assert.rejects(broker.tick(later(AT, 61)), { name: 'PolicyError' })
  assert.deepEqual([await state(first), await state(second)], ['live', 'revoked'])
  await assert.rejects(broker.tick(later(AT, 62)), { name: 'PolicyError' })
  await write(policy?.text ?? '')
  await broker.tick(later(AT, 63))
  assert.equal(await state(first), 'revoked')
})

test('a lease that cannot be judged is told, and keeps no other from ending', async (t) => {
  const troubles: string[] = []
  const { broker, lease, state } = await stage(t, (real) => ({
    ...real,
    async verify(received, request) {
      if (request.refresh !== true) return real.verify(received, request)
      troubles.push('judged')
      if (troubles.length === 1) throw new TypeError('it cannot be judged')
      return real.verify(received, request)
    },
  }))
  const [first, second] = [await lease('default'), await lease('default')]
  const at = later(AT, 600)
  await assert.rejects(broker.reappraiseAll('default', { kind: 'collateral' }, at), { message: 'it cannot be judged' })
  assert.deepEqual([await state(first), await state(second)].sort(), ['live', 'revoked'])
})

test('what failed is told once each, and nothing more is tried once there is no database', async () => {
  const tried: number[] = []
  const doing = (...errors: readonly (Error | undefined)[]): Promise<void> => {
    tried.length = 0
    return each(errors.entries(), async ([i, error]) => {
      tried.push(i)
      if (error !== undefined) throw error
    })
  }
  const [gone, newer] = [new StorageError('unavailable', 'away'), new StorageError('newer', 'of tomorrow')]
  await doing(undefined, undefined)
  await assert.rejects(
    doing(new TypeError('a'), undefined, new TypeError('b'), new RangeError('a')),
    (error: unknown) => {
      assert.ok(error instanceof AggregateError)
      assert.deepEqual([error.message, error.errors.length, tried.length], ['a; b', 2, 4])
      return true
    },
  )
  await assert.rejects(doing(new TypeError('a'), gone, undefined), { message: 'a; away' })
  assert.deepEqual(tried, [0, 1])
  const many = Array.from({ length: 20 }, (_, i) => new TypeError(`${i}`))
  await assert.rejects(doing(...many, newer, undefined), newer)
  assert.equal(tried.length, 21)
})
