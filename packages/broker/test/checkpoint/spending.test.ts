import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import type { AttestRequest, Broker, Database } from '../../src/index.ts'
import { DATABASES } from './everywhere.ts'
import {
  ACTOR,
  brokerOver,
  evidenceFor,
  furnish,
  later,
  RESOURCE,
  referenceOf,
  sharedWorld,
  teeKeys,
  worldVerifier,
} from './kit.ts'

const NAMESPACE = 'default'
const AT = new Date()
const KEYS = teeKeys()
const DAY = 24 * 3600

interface Scene {
  readonly db: Database
  readonly broker: Broker
  /** A further process on the same database. */
  another(): Promise<Broker>
  opened(at: Date, broker?: Broker): Promise<AttestRequest>
  rows(): Promise<Readonly<Record<string, number>>>
}

async function scene(t: TestContext, open: (t: TestContext) => Promise<Database>): Promise<Scene> {
  const db = await open(t)
  const verifier = await worldVerifier(t, sharedWorld())
  const broker = await brokerOver(db, verifier)
  const machine = sharedWorld().snp()
  await furnish(broker, NAMESPACE, AT)
  await broker.admin.putReference(NAMESPACE, referenceOf(verifier, machine, 'mine'), { actor: ACTOR, at: AT })
  return {
    db,
    broker,
    another: () => brokerOver(db, verifier),
    async opened(at, by = broker) {
      const { session, nonce } = await by.challenge({ namespace: NAMESPACE, protocol: 'native', tee: 'snp', at })
      const evidence = evidenceFor(machine, nonce, KEYS.publicJwk)
      return { session, evidence, runtimeData: { nonce, 'tee-pubkey': KEYS.publicJwk }, at }
    },
    async rows() {
      const counts: Record<string, number> = {}
      for (const table of [
        'sessions',
        'decisions',
        'appraisals',
        'log_leaves',
        'events',
        'settings',
        'refused_evidence',
      ]) {
        const [row] = await db.all<{ n: number }>(`SELECT COUNT(*) AS n FROM ${table}`)
        counts[table] = row?.n ?? -1
      }
      return counts
    },
  }
}

for (const [where, skip, open] of DATABASES)
  describe(`${where}: a nonce is stored when it is spent`, { skip }, () => {
    it('asking for one takes nothing of the database, however often', async (t) => {
      const { broker, rows } = await scene(t, open)
      const before = await rows()
      for (let i = 0; i < 300; i++)
        await broker.challenge({ namespace: 'nowhere', protocol: 'kbs', tee: 'snp', at: AT })
      assert.deepEqual(await rows(), before)
    })

    it('whoever shows a forged session, or one that was over long ago, leaves nothing there', async (t) => {
      const { broker, opened, rows } = await scene(t, open)
      const good = await opened(AT)
      const old = await opened(later(AT, -601))
      const before = await rows()
      const last = good.session.at(-1) === 'A' ? 'B' : 'A'
      for (const session of [
        good.session.slice(0, -1) + last,
        good.session.slice(0, -1),
        good.session.slice(0, 32),
        '',
      ]) {
        assert.deepEqual(await broker.attest({ ...good, session }), { refusal: { code: 'session-unknown' } })
        const released = await broker.release({ by: { session }, namespace: NAMESPACE, resource: RESOURCE, at: AT })
        assert.deepEqual(released.refused, { code: 'session-unknown', decision: undefined })
      }
      assert.deepEqual(await broker.attest({ ...old, at: AT }), { refusal: { code: 'session-expired' } })
      const by = { session: old.session }
      assert.deepEqual((await broker.release({ by, namespace: NAMESPACE, resource: RESOURCE, at: AT })).refused, {
        code: 'session-expired',
        decision: undefined,
      })
      assert.deepEqual(await rows(), before)
      assert.equal((await broker.attest(good)).refusal, undefined, 'and takes nothing from the one it was made from')
    })

    it('a session of another database is nobody here', async (t) => {
      const [here, there] = [await scene(t, open), await scene(t, open)]
      const request = await there.opened(AT)
      assert.deepEqual(await here.broker.attest(request), { refusal: { code: 'session-unknown' } })
    })

    it('a session that an earlier version stored gets nothing, and goes', async (t) => {
      const { db, broker, opened } = await scene(t, open)
      const session = 'a'.repeat(32)
      const good = await opened(AT)
      await db.run(
        `INSERT INTO sessions (id, namespace, protocol, tee, nonce, created, expires, state, body)
         VALUES (?, ?, 'kbs', 'snp', ?, ?, ?, 'challenged', '{}')`,
        [session, NAMESPACE, good.runtimeData.nonce, AT.getTime(), AT.getTime() + 300_000],
      )
      assert.deepEqual(await broker.attest({ ...good, session }), { refusal: { code: 'session-unknown' } })
      await broker.tick(later(AT, 601))
      assert.deepEqual(await db.all('SELECT id FROM sessions'), [])
    })

    it('a process that starts later answers what an earlier one opened, once', async (t) => {
      const { broker, opened, another } = await scene(t, open)
      const request = await opened(AT)
      const next = await another()
      assert.equal((await next.attest(request)).refusal, undefined)
      assert.equal((await (await another()).attest(request)).refusal?.code, 'session-spent')
      assert.equal((await broker.attest(request)).refusal?.code, 'session-spent')
    })

    it('a clock that jumps forth and back gives no nonce a second life', async (t) => {
      const { broker, db, opened, another } = await scene(t, open)
      const request = await opened(AT)
      assert.equal((await broker.attest(request)).refusal, undefined)
      await broker.tick(later(AT, 3600))
      assert.deepEqual(await db.all('SELECT id FROM sessions'), [], 'it was swept')
      // The clock is right again; the same evidence comes once more, here and to a process that knows nothing.
      for (const each of [broker, await another()]) {
        const again = await each.attest(request)
        assert.equal(again.token, undefined)
        assert.deepEqual(again.refusal, { code: 'session-unknown' })
      }
      assert.deepEqual(await db.all('SELECT id FROM sessions'), [])
      const released = await broker.release({
        by: { session: request.session },
        namespace: NAMESPACE,
        resource: RESOURCE,
        at: AT,
      })
      assert.equal(released.released, undefined)
    })

    it('nor does a session that was answered badly, or one that nobody answered before the jump', async (t) => {
      const { broker, db, opened } = await scene(t, open)
      const [waiting, bad, other] = [await opened(AT), await opened(AT), await opened(AT)]
      const { runtimeData } = other
      assert.equal((await broker.attest({ ...bad, runtimeData })).refusal?.code, 'nonce-mismatch')
      await broker.tick(later(AT, 3600))
      assert.deepEqual(await db.all('SELECT id FROM sessions'), [])
      assert.equal((await broker.attest(bad)).refusal?.code, 'session-unknown')
      // Whether it was spent cannot be told any more.
      assert.equal((await broker.attest(waiting)).refusal?.code, 'session-unknown')
    })

    it('after a day ahead and back, new sessions are answered at once, and old ones never again', async (t) => {
      const { broker, opened, another } = await scene(t, open)
      const ahead = later(AT, DAY)
      const before = await opened(AT)
      assert.equal((await broker.attest(before)).refusal, undefined)
      const then = { ...(await opened(ahead)), at: ahead }
      assert.equal((await broker.attest(then)).refusal, undefined)
      // Two sweeps, so that what was spent in the day ahead is forgotten as well.
      await broker.tick(ahead)
      await broker.tick(later(ahead, 3600))
      for (const each of [broker, await another()]) {
        const fresh = await opened(AT, each)
        assert.equal((await each.attest(fresh)).refusal, undefined, 'the clock is right again')
        assert.equal((await each.attest(fresh)).refusal?.code, 'session-spent')
        for (const old of [before, { ...then, at: AT }]) assert.equal((await each.attest(old)).token, undefined)
      }
      // The day has passed, with sweeps on its way.
      await broker.tick(later(AT, 3600))
      await broker.tick(later(ahead, 10))
      assert.equal((await broker.attest({ ...then, at: later(ahead, 10) })).token, undefined)
    })

    it('a process whose clock is behind takes nothing from one whose clock is right, nor gives a nonce a second life', async (t) => {
      const { broker, another, db, opened } = await scene(t, open)
      const slow = await another()
      const answered: AttestRequest[] = []
      // The world's lists begin with the day: a clock that is behind must be in it, too.
      const midnight = new Date(`${AT.toISOString().slice(0, 10)}T00:00:00Z`)
      const start = new Date(Math.max(AT.getTime(), later(midnight, 900).getTime()))
      for (let second = 0; second < 8; second += 2) {
        const [here, there] = [later(start, second), later(start, second - 900)]
        const [mine, other] = [
          { ...(await opened(here)), at: here },
          { ...(await opened(there, slow)), at: there },
        ]
        await broker.tick(here)
        assert.equal((await slow.attest(other)).refusal, undefined, `the clock behind, second ${second}`)
        assert.equal((await broker.attest(mine)).refusal, undefined, `the clock that is right, second ${second}`)
        answered.push(mine, other)
        // Forgets what the other was answered: by this clock it is over for long.
        await broker.tick(later(here, 1))
        for (const old of answered)
          for (const each of [broker, slow]) assert.equal((await each.attest(old)).token, undefined)
      }
      const notes = await db.all(`SELECT name FROM settings WHERE name LIKE 'sessions-forgotten%'`)
      assert.ok(notes.length <= 2, 'and the notes of what was forgotten do not pile up')
    })

    it('a session that a clock far ahead opened is nobody’s once the clock is right', async (t) => {
      const { broker, opened, rows } = await scene(t, open)
      const ahead = later(AT, DAY)
      const [waiting, spent] = [await opened(ahead), await opened(ahead)]
      assert.equal((await broker.attest({ ...spent, at: ahead })).refusal, undefined)
      const before = await rows()
      for (const { session, ...rest } of [waiting, spent]) {
        assert.deepEqual(await broker.attest({ ...rest, session, at: AT }), { refusal: { code: 'session-expired' } })
        const released = await broker.release({ by: { session }, namespace: NAMESPACE, resource: RESOURCE, at: AT })
        assert.deepEqual(released.refused, { code: 'session-expired', decision: undefined })
      }
      assert.deepEqual(await rows(), before)
    })

    it('a result that was signed by a clock far ahead gets nothing once the clock is right', async (t) => {
      const { broker, opened } = await scene(t, open)
      const ahead = later(AT, DAY)
      const { token = '' } = await broker.attest({ ...(await opened(ahead)), at: ahead })
      const asked = { by: { token }, namespace: NAMESPACE, resource: RESOURCE }
      assert.equal((await broker.release({ ...asked, at: AT })).refused?.code, 'token-invalid')
      assert.equal((await broker.release({ ...asked, at: ahead })).refused, undefined)
    })
  })
