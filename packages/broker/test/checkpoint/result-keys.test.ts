import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { type Broker, BrokerError, type Database } from '../../src/index.ts'
import { SHARED } from './everywhere.ts'
import {
  ACTOR,
  attested,
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

const code = (wanted: BrokerError['code']) => (error: unknown) => error instanceof BrokerError && error.code === wanted

interface Ground {
  readonly db: Database
  readonly one: Broker
  readonly other: Broker
  readonly at: Date
  /** A result for a machine of a namespace. */
  result(broker: Broker, at: Date, namespace?: string): Promise<string>
}

async function prepared(
  t: TestContext,
  open: (typeof SHARED)[number][2],
  namespaces: readonly string[] = ['default'],
): Promise<Ground> {
  const [db, second] = await open(t)
  const verifier = await worldVerifier(t, sharedWorld())
  const [one, other] = [await brokerOver(db, verifier), await brokerOver(second, verifier)]
  const at = new Date()
  const machine = sharedWorld().snp()
  for (const namespace of namespaces) {
    await furnish(one, namespace, at)
    await one.admin.putReference(namespace, referenceOf(verifier, machine, 'mine'), { actor: ACTOR, at })
  }
  return {
    db,
    one,
    other,
    at,
    async result(broker, when, namespace = 'default') {
      const { outcome } = await attested(broker, machine, { namespace, at: when, keys: teeKeys(), protocol: 'native' })
      assert.ok(outcome.token, outcome.refusal?.code)
      return outcome.token
    },
  }
}

function kidOf(token: string): string {
  const [header = ''] = token.split('.')
  return (JSON.parse(Buffer.from(header, 'base64url').toString()) as { readonly kid: string }).kid
}

/** `released`, or why not. */
async function shown(broker: Broker, token: string, at: Date, namespace = 'default'): Promise<string> {
  const outcome = await broker.release({ by: { token }, namespace, resource: RESOURCE, at })
  return outcome.refused?.code ?? 'released'
}

async function kids(broker: Broker, at: Date): Promise<readonly (string | undefined)[]> {
  return (await broker.jwks(at)).keys.map((key) => key['kid'])
}

for (const [name, skip, open] of SHARED)
  describe(`keys that sign results, ${name}`, { skip }, () => {
    it('are rotated: the next one signs, the former is accepted until its last result has ended', async (t) => {
      const { one, other, at, result } = await prepared(t, open)
      const [first, next] = await kids(one, at)
      const before = await result(one, at)
      assert.equal(kidOf(before), first)
      const changed = await one.resultKeys.rotate({ actor: ACTOR, at: later(at, 300) })
      assert.deepEqual([changed.retired, changed.current], [first, next], 'it was published before it signed')
      const now = later(at, 301)
      const mine = await result(one, now)
      assert.equal(await shown(other, mine, now), 'released', 'a key that this process has not seen signing')
      const theirs = await result(other, now)
      assert.deepEqual([kidOf(mine), kidOf(theirs)], [next, next], 'nobody signs with the former')
      assert.deepEqual(await kids(one, now), [next, changed.next, first])
      for (const broker of [one, other]) {
        assert.equal(await shown(broker, mine, now), 'released')
        assert.equal(await shown(broker, theirs, now), 'released')
      }
      const listed = await other.resultKeys.list()
      assert.deepEqual(
        listed.map(({ kid, state }) => [kid, state]),
        [
          [next, 'current'],
          [changed.next, 'next'],
          [first, 'retired'],
        ],
      )
      const until = listed[2]?.acceptedUntil
      assert.deepEqual(until, later(at, 300 + 300 + 120), 'a life of results, and clocks that differ')
      assert.deepEqual(await kids(other, later(until ?? at, -1)), [next, changed.next, first])
      assert.deepEqual(await kids(other, until ?? at), [next, changed.next])
      // Faster than a process looks by itself.
      for (let i = 0; i < 3; i++) {
        await one.resultKeys.rotate({ actor: ACTOR, at: now, early: true })
        assert.equal(await shown(other, await result(one, now), now), 'released')
      }
    })

    it('what a retired key signed is good for as long as it lasts, and never after the end of the key', async (t) => {
      const { db, one, other, at, result } = await prepared(t, open)
      // Longer than results last here: as somebody would write it who kept the key.
      const generous = await brokerOver(db, await worldVerifier(t, sharedWorld()), { limits: { tokenSeconds: 3600 } })
      const long = await result(generous, at)
      await one.resultKeys.rotate({ actor: ACTOR, at: later(at, 10), early: true })
      const end = later(at, 10 + 300 + 120)
      for (const broker of [one, other]) assert.equal(await shown(broker, long, later(end, -1)), 'released')
      assert.equal(await shown(one, long, end), 'token-invalid')
      // This process may have read the keys before: the moment of the release decides.
      assert.notEqual(await shown(other, long, end), 'released')
      await other.tick(end)
      assert.equal(await shown(other, long, end), 'token-invalid')
    })

    it('the next key is not put to use before relying parties know it, unless that is asked for', async (t) => {
      const { one, other, at } = await prepared(t, open)
      const first = await one.resultKeys.rotate({ actor: ACTOR, at: later(at, 300) })
      const soon = later(at, 330)
      await assert.rejects(other.resultKeys.rotate({ actor: ACTOR, at: soon }), (error) => {
        assert.ok(error instanceof BrokerError)
        assert.equal(error.code, 'conflict')
        assert.match(error.message, /wait 90 s, or rotate early/)
        return true
      })
      assert.deepEqual((await other.resultKeys.list())[0]?.kid, first.current, 'nothing was changed')
      for (let i = 0; i < 15; i++) await other.resultKeys.rotate({ actor: ACTOR, at: soon, early: true })
      await assert.rejects(other.resultKeys.rotate({ actor: ACTOR, at: soon, early: true }), code('conflict'))
      assert.equal((await kids(other, soon)).length, 18)
      await other.resultKeys.rotate({ actor: ACTOR, at: later(soon, 421) })
      assert.equal((await kids(other, later(soon, 421))).length, 3)
      const kept = await (name === 'SQLite' ? one : other).resultKeys.list()
      assert.equal(kept.length, 19, 'that they were there is known still')
    })

    it('one of two who rotate at once is told that the next key is new', async (t) => {
      const { one, other, at } = await prepared(t, open)
      const by = { actor: ACTOR, at: later(at, 300) }
      const both = await Promise.allSettled([one.resultKeys.rotate(by), other.resultKeys.rotate(by)])
      assert.deepEqual(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
    })

    it('a revoked one counts nowhere any more, and leases end that were granted on its results alone', async (t) => {
      const { one, other, at, result } = await prepared(t, open, ['default', 'tenant'])
      const keys = teeKeys()
      const machine = sharedWorld().snp()
      const fresh = async (when: Date): Promise<string> =>
        (await attested(one, machine, { namespace: 'default', at: when, keys, protocol: 'native' })).session
      const release = (broker: Broker, by: { token: string } | { session: string }, namespace = 'default') =>
        broker.release({ by, namespace, resource: RESOURCE, at })
      const token = await result(one, at)
      const byToken = await release(one, { token })
      const ofTenant = await release(other, { token: await result(other, at, 'tenant') }, 'tenant')
      const bySession = await release(one, { session: await fresh(at) })
      const renewed = await release(one, {
        token:
          (await attested(one, machine, { namespace: 'default', at, keys, protocol: 'native' })).outcome.token ?? '',
      })
      assert.ok(byToken.released && ofTenant.released && bySession.released && renewed.released)
      const { nonce, session } = await one.challenge({ namespace: 'default', protocol: 'native', tee: 'snp', at })
      const evidence = evidenceFor(machine, nonce, keys.publicJwk)
      const prolonged = await one.renew({
        lease: renewed.lease.id,
        leaseSecret: renewed.lease.secret,
        session,
        evidence,
        runtimeData: { nonce, 'tee-pubkey': keys.publicJwk },
        at,
      })
      assert.ok(prolonged.renewed, JSON.stringify(prolonged))

      const [first = '', next] = await kids(one, at)
      const now = later(at, 5)
      const done = await one.resultKeys.revoke(first, { actor: ACTOR, at: now })
      assert.deepEqual([done.current, done.leases], [next, 2])
      // The other process was not told, and looks by itself.
      for (const broker of [other, one]) {
        assert.equal(await shown(broker, token, now), 'attestation-revoked')
        assert.equal(kidOf(await result(broker, now)), next)
      }
      assert.ok(!(await kids(one, now)).includes(first))
      const state = async (id: string, namespace = 'default'): Promise<string | undefined> =>
        (await other.leaseState(id, { at: now, namespace }))?.state
      assert.equal(await state(byToken.lease.id), 'revoked')
      assert.equal(await state(ofTenant.lease.id, 'tenant'), 'revoked')
      assert.equal(await state(bySession.lease.id), 'live', 'it rests on what was judged here')
      assert.equal(await state(renewed.lease.id), 'live', 'it rests on evidence that came since')
      const [ended] = await one.decisions('default', { kind: 'revoke' })
      assert.equal(ended?.reasonCode, 'attestation-revoked')
      assert.match((await one.why('default', ended?.id ?? ''))?.reasons[0] ?? '', /the key was revoked/)
      for (const broker of [one, other])
        await assert.rejects(broker.resultKeys.revoke(first, { actor: ACTOR, at: now }), code('conflict'))
      await assert.rejects(one.resultKeys.revoke('x'.repeat(43), { actor: ACTOR, at: now }), code('not-found'))
    })

    it('a retired and a next one are revoked too, and what was done is in the log', async (t) => {
      const { one, other, at, result } = await prepared(t, open)
      const token = await result(other, at)
      const { retired, current, next } = await one.resultKeys.rotate({ actor: ACTOR, at, early: true })
      assert.equal(await shown(other, token, at), 'released')
      assert.equal((await one.resultKeys.revoke(retired, { actor: ACTOR, at })).leases, 1)
      assert.equal(await shown(other, token, at), 'attestation-revoked')
      const replaced = await other.resultKeys.revoke(next, { actor: ACTOR, at })
      assert.equal(replaced.current, current)
      assert.notEqual(replaced.next, next)
      const acts = await one.decisions('*', { kind: 'admin' })
      assert.deepEqual(acts.map(({ reasonCode }) => reasonCode).sort(), [
        'result-key-revoked',
        'result-key-revoked',
        'result-key-rotated',
      ])
      const rotated = acts.find(({ reasonCode }) => reasonCode === 'result-key-rotated')
      assert.equal(rotated?.body['retired'], retired)
      assert.equal((await one.receipt('*', rotated?.id ?? ''))?.entry.actor, ACTOR)
      assert.doesNotMatch(JSON.stringify(await one.resultKeys.list()), /sealed|"d"/)
    })

    it('leases end although the process ends that revoked', async (t) => {
      const { db, other, at, result } = await prepared(t, open)
      const lost: Database = {
        kind: db.kind,
        all: (...a) => db.all(...a),
        run: (...a) => db.run(...a),
        notify: (...a) => db.notify(...a),
        listen: (...a) => db.listen(...a),
        writing: () => db.writing(),
        close: () => db.close(),
        async transaction(work) {
          const done = await db.transaction(work)
          if (revoking) throw new Error('the process ends')
          return done
        },
      }
      let revoking = false
      const dying = await brokerOver(lost, await worldVerifier(t, sharedWorld()))
      const token = await result(other, at)
      const given = await other.release({ by: { token }, namespace: 'default', resource: RESOURCE, at })
      assert.ok(given.released)
      const [first = ''] = await kids(other, at)
      revoking = true
      await assert.rejects(dying.resultKeys.revoke(first, { actor: ACTOR, at }), /the process ends/)
      const state = async (): Promise<string | undefined> =>
        (await other.leaseState(given.lease.id, { at, namespace: 'default' }))?.state
      assert.equal(await state(), 'live')
      assert.equal(await shown(other, token, at), 'attestation-revoked', 'the key is revoked, whole')
      await other.tick(later(at, 1))
      assert.equal(await state(), 'revoked')
      assert.equal((await db.all(`SELECT name FROM settings WHERE name LIKE 'reappraise:%'`)).length, 0)
    })

    it('the key set is told although the database has gone silent', { timeout: 60_000 }, async (t) => {
      const { db, at } = await prepared(t, open)
      let silent = false
      const stuck: Database = {
        kind: db.kind,
        all: (...a) => (silent ? new Promise(() => undefined) : db.all(...a)),
        run: (...a) => db.run(...a),
        transaction: (work) => db.transaction(work),
        notify: (...a) => db.notify(...a),
        listen: (...a) => db.listen(...a),
        writing: () => db.writing(),
        close: () => db.close(),
      }
      const broker = await brokerOver(stuck, await worldVerifier(t, sharedWorld()))
      const known = await kids(broker, at)
      silent = true
      const passed = performance.now() + 2000
      t.mock.method(performance, 'now', () => passed)
      assert.deepEqual(await kids(broker, at), known)
      assert.equal(known.length, 2)
    })
  })
