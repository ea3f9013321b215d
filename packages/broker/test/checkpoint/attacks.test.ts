import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { kbsEvidence } from '@sekisho/emulator'
import { primaryDigest } from '../../src/checkpoint/binding.ts'
import type { Broker, BrokerOptions, Database } from '../../src/index.ts'
import { openDatabase } from '../../src/storage/database.ts'
import { postgresMissing, sharedPostgres } from '../postgres.ts'
import {
  attested,
  brokerOver,
  evidenceFor,
  furnish,
  later,
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

type Opening = (t: TestContext) => Promise<Database>

async function scene(t: TestContext, open: Opening, options: Partial<BrokerOptions> = {}): Promise<Scene> {
  const verifier = await worldVerifier(t, sharedWorld())
  const db = await open(t)
  const broker = await brokerOver(db, verifier, options)
  const machine = sharedWorld().snp()
  await furnish(broker, NAMESPACE, AT)
  await broker.admin.putReference(NAMESPACE, referenceOf(verifier, machine, 'mine'), BY)
  return { broker, machine, db }
}

/** A refusal is in the log, under the id that the caller was told, with the reason that the owner is told. */
async function assertLogged(broker: Broker, id: string | undefined, code: string): Promise<void> {
  assert.ok(id, 'the refusal has an id')
  const why = await broker.why(NAMESPACE, id)
  assert.equal(why?.reasonCode, code)
  assert.equal(why.outcome, 'refused')
  const receipt = await broker.receipt(NAMESPACE, id)
  assert.equal(receipt?.entry.reason, code)
  assert.equal(receipt.entry.id, id)
}

async function challenge({ broker, machine }: Scene): Promise<{ session: string; nonce: string }> {
  return broker.challenge({ namespace: NAMESPACE, protocol: 'native', tee: machine.tee, at: AT })
}

/** The attacks, against any database. */
function attacks(where: string, open: Opening, skip: string | false): void {
  const attack = (name: string, run: (t: TestContext, scene: Scene) => Promise<void>): void => {
    test(`${where}: ${name}`, { skip }, async (t) => run(t, await scene(t, open)))
  }

  attack('replay: evidence of an earlier exchange is refused as stale', async (_t, it) => {
    const keys = teeKeys()
    const first = await challenge(it)
    const evidence = evidenceFor(it.machine, first.nonce, keys.publicJwk)
    const good = await it.broker.attest({
      session: first.session,
      evidence,
      runtimeData: { nonce: first.nonce, 'tee-pubkey': keys.publicJwk },
      at: AT,
    })
    assert.ok(good.token)
    const second = await challenge(it)
    const replayed = await it.broker.attest({
      session: second.session,
      evidence,
      runtimeData: { nonce: second.nonce, 'tee-pubkey': keys.publicJwk },
      at: AT,
    })
    assert.equal(replayed.refusal?.code, 'evidence-stale')
    await assertLogged(it.broker, replayed.refusal?.id, 'evidence-stale')
    const released = await it.broker.release({
      by: { session: second.session },
      namespace: NAMESPACE,
      resource: RESOURCE,
      at: AT,
    })
    assert.equal(released.refused?.code, 'not-attested')
  })

  attack('relay: the evidence of another machine, made for its own exchange, opens nothing for us', async (_t, it) => {
    const [honest, attacker] = [teeKeys(), teeKeys()]
    const theirs = await challenge(it)
    const ours = await challenge(it)
    const other = sharedWorld().snp({ chip: 'chip-2' })
    const evidence = evidenceFor(other, theirs.nonce, honest.publicJwk)
    const relayed = await it.broker.attest({
      session: ours.session,
      evidence,
      runtimeData: { nonce: ours.nonce, 'tee-pubkey': attacker.publicJwk },
      at: AT,
    })
    assert.equal(relayed.refusal?.code, 'evidence-misbound')
    await assertLogged(it.broker, relayed.refusal?.id, 'evidence-misbound')
  })

  attack('another workload on genuine hardware is refused by the reference values', async (_t, it) => {
    const { outcome } = await attested(it.broker, sharedWorld().snp({ measurement: 'bb'.repeat(48) }), {
      namespace: NAMESPACE,
      at: AT,
      keys: teeKeys(),
    })
    assert.equal(outcome.refusal?.code, 'reference-mismatch')
    const why = await it.broker.why(NAMESPACE, outcome.refusal?.id ?? '')
    const text = JSON.stringify(why?.verdict)
    assert.match(text, /bb{95}/, 'what was found')
    assert.match(text, /(a5){48}/, 'what was expected')
    assert.ok((why?.remedies.length ?? 0) > 0)
  })

  attack('stale nonce: a session whose time is over is refused', async (_t, it) => {
    const keys = teeKeys()
    const { session, nonce } = await challenge(it)
    const evidence = evidenceFor(it.machine, nonce, keys.publicJwk)
    const at = later(AT, 301)
    const late = await it.broker.attest({ session, evidence, runtimeData: { nonce, 'tee-pubkey': keys.publicJwk }, at })
    assert.equal(late.refusal?.code, 'session-expired')
    await assertLogged(it.broker, late.refusal?.id, 'session-expired')
  })

  attack('a nonce of ours that is not this session’s is refused, and the session with it', async (_t, it) => {
    const keys = teeKeys()
    const [one, two] = [await challenge(it), await challenge(it)]
    const evidence = evidenceFor(it.machine, two.nonce, keys.publicJwk)
    const crossed = await it.broker.attest({
      session: one.session,
      evidence,
      runtimeData: { nonce: two.nonce, 'tee-pubkey': keys.publicJwk },
      at: AT,
    })
    assert.equal(crossed.refusal?.code, 'nonce-mismatch')
    await assertLogged(it.broker, crossed.refusal?.id, 'nonce-mismatch')
  })

  attack('swapped key: a key that the evidence does not bind is refused', async (_t, it) => {
    const [bound, swapped] = [teeKeys(), teeKeys()]
    const { session, nonce } = await challenge(it)
    const evidence = evidenceFor(it.machine, nonce, bound.publicJwk)
    const outcome = await it.broker.attest({
      session,
      evidence,
      runtimeData: { nonce, 'tee-pubkey': swapped.publicJwk },
      at: AT,
    })
    assert.equal(outcome.refusal?.code, 'evidence-misbound')
    await assertLogged(it.broker, outcome.refusal?.id, 'evidence-misbound')
  })

  attack('a key that secrets cannot be encrypted to, or that is private, is refused', async (_t, it) => {
    for (const key of [
      { kty: 'EC', crv: 'P-256', alg: 'ECDH-ES+A256KW', x: 'AA', y: 'AA' },
      { ...teeKeys().publicJwk, d: 'AAAA' },
      { kty: 'RSA', alg: 'RSA1_5', n: 'AQAB', e: 'AQAB' },
    ]) {
      const { session, nonce } = await challenge(it)
      const evidence = kbsEvidence(
        'snp',
        sharedWorld()
          .snp()
          .attest(primaryDigest({ nonce, 'tee-pubkey': key }, '')),
      )
      const outcome = await it.broker.attest({ session, evidence, runtimeData: { nonce, 'tee-pubkey': key }, at: AT })
      assert.equal(outcome.refusal?.code, 'key-unsupported')
    }
  })

  attack('second use: of ten calls with one nonce, one is answered', async (_t, it) => {
    const keys = teeKeys()
    const { session, nonce } = await challenge(it)
    const evidence = evidenceFor(it.machine, nonce, keys.publicJwk)
    const request = { session, evidence, runtimeData: { nonce, 'tee-pubkey': keys.publicJwk }, at: AT }
    const outcomes = await Promise.all(Array.from({ length: 10 }, () => it.broker.attest(request)))
    assert.equal(outcomes.filter(({ token }) => token !== undefined).length, 1)
    assert.equal(outcomes.filter(({ refusal }) => refusal?.code === 'session-spent').length, 9)
    const third = await it.broker.attest(request)
    assert.equal(third.refusal?.code, 'session-spent')
    await assertLogged(it.broker, third.refusal?.id, 'session-spent')
  })

  attack('a KBS client that asks again is given the first answer', async (_t, it) => {
    const keys = teeKeys()
    const { session, nonce, outcome } = await attested(it.broker, it.machine, { namespace: NAMESPACE, at: AT, keys })
    const again = await it.broker.attest({
      session,
      evidence: 'whatever',
      runtimeData: { nonce, 'tee-pubkey': keys.publicJwk },
      at: AT,
    })
    assert.equal(again.token, outcome.token)
  })

  attack('expired token: a result whose time is over opens nothing', async (_t, it) => {
    const { outcome } = await attested(it.broker, it.machine, { namespace: NAMESPACE, at: AT, keys: teeKeys() })
    const token = outcome.token ?? ''
    for (const seconds of [301, 400]) {
      const late = await it.broker.release({
        by: { token },
        namespace: NAMESPACE,
        resource: RESOURCE,
        at: later(AT, seconds),
      })
      assert.equal(late.refused?.code, 'token-expired')
      await assertLogged(it.broker, late.refused?.decision, 'token-expired')
    }
    const [header, payload, signature = ''] = token.split('.')
    const forged = `${header}.${payload}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`
    const refused = await it.broker.release({ by: { token: forged }, namespace: NAMESPACE, resource: RESOURCE, at: AT })
    assert.equal(refused.refused?.code, 'token-invalid')
  })

  attack('tenant crossing: session, result and lease of one namespace open nothing in another', async (_t, it) => {
    await furnish(it.broker, 'other', AT)
    const { session, outcome } = await attested(it.broker, it.machine, {
      namespace: NAMESPACE,
      at: AT,
      keys: teeKeys(),
    })
    for (const by of [{ session }, { token: outcome.token ?? '' }]) {
      const crossed = await it.broker.release({ by, namespace: 'other', resource: RESOURCE, at: AT })
      assert.equal(crossed.refused?.code, 'namespace-mismatch')
      assert.equal((await it.broker.why('other', crossed.refused?.decision ?? ''))?.reasonCode, 'namespace-mismatch')
      assert.equal(await it.broker.why(NAMESPACE, crossed.refused?.decision ?? ''), undefined)
    }
    const own = await it.broker.release({ by: { session }, namespace: NAMESPACE, resource: RESOURCE, at: AT })
    assert.ok(own.released)
    assert.equal(await it.broker.revoke('other', own.lease.id, BY), false)
    assert.equal(await it.broker.leaseState(own.lease.id, { at: AT, namespace: 'other' }), undefined)
    assert.equal(await it.broker.receipt('other', own.decision), undefined)
    const nextKeys = teeKeys()
    const next = await it.broker.challenge({ namespace: 'other', protocol: 'native', at: AT })
    const evidence = evidenceFor(it.machine, next.nonce, nextKeys.publicJwk)
    const through = await it.broker.attest({
      session: next.session,
      namespace: NAMESPACE,
      evidence,
      runtimeData: { nonce: next.nonce, 'tee-pubkey': nextKeys.publicJwk },
      at: AT,
    })
    assert.equal(through.refusal?.code, 'session-mismatch')
  })

  attack('debug: a guest whose memory the host can read is refused', async (_t, it) => {
    const { outcome } = await attested(it.broker, sharedWorld().snp({ debug: true }), {
      namespace: NAMESPACE,
      at: AT,
      keys: teeKeys(),
    })
    assert.equal(outcome.refusal?.code, 'debug-enabled')
  })

  attack('a forged signature is refused, without a word about what was noticed', async (_t, it) => {
    const { outcome } = await attested(it.broker, sharedWorld().snp({ wrongSignature: true }), {
      namespace: NAMESPACE,
      at: AT,
      keys: teeKeys(),
    })
    assert.equal(outcome.refusal?.code, 'evidence-rejected')
  })

  attack('a revoked lease takes its attestation with it', async (_t, it) => {
    const { session, outcome } = await attested(it.broker, it.machine, {
      namespace: NAMESPACE,
      at: AT,
      keys: teeKeys(),
    })
    const { lease } = await it.broker
      .release({ by: { session }, namespace: NAMESPACE, resource: RESOURCE, at: AT })
      .then((r) => {
        assert.ok(r.released)
        return r
      })
    assert.equal(await it.broker.revoke(NAMESPACE, lease.id, BY), true)
    assert.equal((await it.broker.leaseState(lease.id, { at: AT }))?.state, 'revoked')
    for (const by of [{ session }, { token: outcome.token ?? '' }]) {
      const refused = await it.broker.release({ by, namespace: NAMESPACE, resource: RESOURCE, at: AT })
      assert.equal(refused.refused?.code, 'attestation-revoked')
      await assertLogged(it.broker, refused.refused?.decision, 'attestation-revoked')
    }
  })

  attack('who is not permitted a resource does not learn whether it is there', async (_t, it) => {
    await it.broker.admin.setPolicy(
      NAMESPACE,
      'permit (principal, action, resource) when { context.tee == "tdx" };',
      BY,
    )
    const { session } = await attested(it.broker, it.machine, { namespace: NAMESPACE, at: AT, keys: teeKeys() })
    const [there, absent] = await Promise.all(
      [RESOURCE, 'demo/key/absent'].map((resource) =>
        it.broker.release({ by: { session }, namespace: NAMESPACE, resource, at: AT }),
      ),
    )
    assert.equal(there?.refused?.code, 'policy-deny')
    assert.equal(absent?.refused?.code, 'policy-deny')
    const fresh = await challenge(it)
    for (const resource of [RESOURCE, 'demo/key/absent'])
      assert.equal(
        (await it.broker.release({ by: { session: fresh.session }, namespace: NAMESPACE, resource, at: AT })).refused
          ?.code,
        'not-attested',
      )
  })
}

attacks('SQLite', newDatabase, false)

attacks(
  'PostgreSQL',
  async (t) => {
    const db = await openDatabase({ url: await (await sharedPostgres()).createDatabase() })
    t.after(() => db.close())
    return db
  },
  postgresMissing,
)

test('PostgreSQL: two processes cannot both spend one nonce; what one revokes the other refuses within a second', {
  skip: postgresMissing,
}, async (t) => {
  const url = await (await sharedPostgres()).createDatabase()
  const [first, second] = [await openDatabase({ url }), await openDatabase({ url })]
  t.after(() => Promise.all([first.close(), second.close()]))
  const verifier = await worldVerifier(t, sharedWorld())
  const brokers = [await brokerOver(first, verifier), await brokerOver(second, verifier)] as const
  const machine = sharedWorld().snp()
  await furnish(brokers[0], NAMESPACE, AT)
  await brokers[0].admin.putReference(NAMESPACE, referenceOf(verifier, machine, 'mine'), BY)
  const keys = teeKeys()
  const { session, nonce } = await brokers[0].challenge({ namespace: NAMESPACE, protocol: 'native', at: AT })
  const evidence = evidenceFor(machine, nonce, keys.publicJwk)
  const request = { session, evidence, runtimeData: { nonce, 'tee-pubkey': keys.publicJwk }, at: AT }
  const outcomes = await Promise.all([...brokers, ...brokers].map((broker) => broker.attest(request)))
  assert.equal(outcomes.filter(({ token }) => token !== undefined).length, 1)
  const granted = await brokers[1].release({ by: { session }, namespace: NAMESPACE, resource: RESOURCE, at: AT })
  assert.ok(granted.released)
  const heard = nextEvent(brokers[1], t)
  assert.equal(await brokers[0].revoke(NAMESPACE, granted.lease.id, BY), true)
  assert.equal((await brokers[1].leaseState(granted.lease.id, { at: AT }))?.state, 'revoked')
  assert.equal(
    (await brokers[1].release({ by: { session }, namespace: NAMESPACE, resource: RESOURCE, at: AT })).refused?.code,
    'attestation-revoked',
  )
  assert.equal(await heard, 'lease-revoked')
})

async function nextEvent(broker: Broker, t: TestContext): Promise<string | undefined> {
  const controller = new AbortController()
  t.after(() => controller.abort())
  const signal = AbortSignal.any([controller.signal, AbortSignal.timeout(60_000)])
  for await (const event of broker.events(NAMESPACE, 0, { signal }))
    if (event.kind.startsWith('lease')) return event.kind
  return undefined
}
