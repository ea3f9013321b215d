import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type Broker, type Database, openVerifier } from '../../src/index.ts'
import { until } from '../until.ts'
import {
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

const MINE = `lse_${'0'.repeat(26)}`
const OTHER = `lse_${'1'.repeat(26)}`
const NAMESPACE = 'default'

async function scene(t: TestContext): Promise<{ readonly broker: Broker; readonly db: Database }> {
  const db = await newDatabase(t)
  return { db, broker: await brokerOver(db, openVerifier({})) }
}

/** As many events of a lease, with nine of others after each. */
async function happen(db: Database, lease: string, times: number): Promise<void> {
  const row = (body: object): string => `('${NAMESPACE}', 1, 'lease-revoked', '${JSON.stringify(body)}')`
  const others = new Array<string>(9).fill(row({ lease: OTHER, note: `not ${MINE}` }))
  const rows = Array.from({ length: times }, () => [row({ lease }), ...others].join()).join()
  await db.run(`INSERT INTO events (namespace, at, kind, body) VALUES ${rows}`)
}

async function seen(broker: Broker, after: number, wanted: number, lease?: string): Promise<readonly number[]> {
  const stop = AbortSignal.timeout(60_000)
  const found: number[] = []
  for await (const { seq, body } of broker.events(NAMESPACE, after, {
    signal: stop,
    ...(lease === undefined ? {} : { lease }),
  })) {
    if (lease !== undefined) assert.equal(body['lease'], lease)
    found.push(seq)
    if (found.length === wanted) break
  }
  return found
}

test('a holder sees the events of its lease, each once, across pages, and from where it was', async (t) => {
  const { broker, db } = await scene(t)
  await happen(db, MINE, 600)
  await happen(db, OTHER, 100)
  const all = await seen(broker, 0, 7000)
  assert.equal(new Set(all).size, 7000)
  assert.deepEqual(
    all,
    [...all].sort((a, b) => a - b),
  )
  const mine = await seen(broker, 0, 600, MINE)
  assert.deepEqual(
    mine,
    all.filter((_, i) => i % 10 === 0 && i < 6000),
  )
  assert.deepEqual(await seen(broker, mine[299] ?? 0, 300, MINE), mine.slice(300))
  const waiting = seen(broker, mine[599] ?? 0, 1, MINE)
  await happen(db, MINE, 1)
  assert.equal((await waiting)[0], (all.at(-1) ?? 0) + 1)
})

test('others are served while a reader is told of what it missed', async (t) => {
  const { broker, db } = await scene(t)
  await happen(db, MINE, 300)
  let isOver = false
  let turns = 0
  const turn = (): void => {
    turns++
    if (!isOver) setImmediate(turn)
  }
  setImmediate(turn)
  await seen(broker, 0, 1)
  const before = turns
  await seen(broker, 0, 3000)
  isOver = true
  assert.ok(turns > before + 5, `${turns - before} turns`)
})

test('others are served while the events of many leases are looked through for those of one', async (t) => {
  const { broker, db } = await scene(t)
  for (let i = 0; i < 4; i++) await happen(db, OTHER, 1000)
  await happen(db, MINE, 1)
  let turns = 0
  let next = setImmediate(function turn() {
    turns++
    next = setImmediate(turn)
  })
  t.after(() => clearImmediate(next))
  assert.equal((await seen(broker, 0, 1, MINE))[0], 40_001)
  assert.ok(turns >= 8, `${turns} turns of the event loop for 40,000 events`)
})

test('who comes with a place that the database has not come to sees what happens from now on', async (t) => {
  const db = await newDatabase(t)
  let looks = 0
  const watched: Database = {
    kind: db.kind,
    async all(...a) {
      const rows = await db.all(...a)
      looks++
      return rows as never
    },
    run: (...a) => db.run(...a),
    transaction: (work) => db.transaction(work),
    notify: (...a) => db.notify(...a),
    listen: (...a) => db.listen(...a),
    writing: () => db.writing(),
    close: () => db.close(),
  }
  const broker = await brokerOver(watched, openVerifier({}))
  await happen(db, MINE, 1)
  const before = looks
  const waiting = seen(broker, 1_000_000, 1, MINE)
  await until('the reader knows its place', () => looks >= before + 2)
  await happen(db, MINE, 1)
  assert.deepEqual(await waiting, [11])
})

test('a holder that comes back after its lease has ended is told so, also when the event is not kept any more', async (t) => {
  const db = await newDatabase(t)
  const verifier = await worldVerifier(t, sharedWorld())
  const broker = await brokerOver(db, verifier)
  const at = new Date()
  const machine = sharedWorld().snp()
  await furnish(broker, NAMESPACE, at)
  await broker.admin.putReference(NAMESPACE, referenceOf(verifier, machine, 'mine'), { actor: 'tester', at })
  const { session } = await attested(broker, machine, { namespace: NAMESPACE, at, keys: teeKeys() })
  const given = async (): Promise<string> => {
    const outcome = await broker.release({ by: { session }, namespace: NAMESPACE, resource: RESOURCE, at })
    assert.ok(outcome.released, outcome.refused?.code)
    return outcome.lease.id
  }
  const [expired, revoked] = [await given(), await given()]
  const told = async (lease: string, after: number, wanted: number) => {
    const found: { kind: string; reason: unknown; seq: number }[] = []
    const signal = AbortSignal.timeout(60_000)
    for await (const { kind, body, seq } of broker.events(NAMESPACE, after, { lease, signal })) {
      assert.equal(body['lease'], lease)
      found.push({ kind, reason: body['reason'], seq })
      if (found.length === wanted) break
    }
    return found
  }
  await broker.revoke(NAMESPACE, revoked, { actor: 'tester', at, reason: 'the laptop is lost' })
  await broker.tick(later(at, 3601))
  const [once] = await told(revoked, 0, 1)
  assert.deepEqual([once?.kind, once?.reason], ['lease-revoked', 'the laptop is lost'])
  await db.run('DELETE FROM events WHERE at <= ?', [later(at, 3601).getTime()])
  assert.deepEqual(await told(revoked, once?.seq ?? 0, 1), [
    { kind: 'lease-revoked', reason: 'the laptop is lost', seq: 0 },
  ])
  assert.deepEqual(await told(expired, 0, 1), [{ kind: 'lease-expired', reason: undefined, seq: 0 }])
})
