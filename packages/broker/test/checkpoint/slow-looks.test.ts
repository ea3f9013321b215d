import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { createWorld, type World } from '@sekisho/emulator'
import type { Broker, Database, Verifier } from '../../src/index.ts'
import { DATABASES } from './everywhere.ts'
import {
  ACTOR,
  attested,
  brokerOver,
  furnish,
  later,
  PERMIT,
  RESOURCE,
  referenceOf,
  teeKeys,
  worldVerifier,
} from './kit.ts'

const AT = new Date()

interface Scene {
  readonly broker: Broker
  readonly world: World
  /** A look at live leases, and what happens while its source of endorsements is waited for, the first time. */
  lookWhile(meanwhile: () => Promise<unknown>): Promise<unknown>
  release(): ReturnType<Broker['release']>
  /** Another result, of the same platform. */
  result(at: Date): Promise<string>
}

async function scene(t: TestContext, open: (t: TestContext) => Promise<Database>): Promise<Scene> {
  const world = createWorld({ products: [] })
  const machine = world.tdx()
  const real = await worldVerifier(t, world)
  let waits: (() => Promise<unknown>) | undefined
  const verifier: Verifier = {
    ...real,
    async verify(received, request) {
      const meanwhile = request.refresh === true ? waits : undefined
      if (meanwhile !== undefined) waits = undefined
      await meanwhile?.()
      return real.verify(received, request)
    },
  }
  const broker = await brokerOver(await open(t), verifier)
  await furnish(broker, 'default', AT)
  await broker.admin.putReference('default', referenceOf(verifier, machine, 'mine'), { actor: ACTOR, at: AT })
  const { session, outcome } = await attested(broker, machine, { namespace: 'default', at: AT, keys: teeKeys() })
  assert.ok(outcome.token, outcome.refusal?.code)
  return {
    broker,
    world,
    lookWhile(meanwhile) {
      waits = meanwhile
      return broker.reappraiseAll('default', { kind: 'collateral' }, later(AT, 1))
    },
    async result(at) {
      const { outcome: other } = await attested(broker, machine, { namespace: 'default', at, keys: teeKeys() })
      return other.token ?? assert.fail(other.refusal?.code)
    },
    release: () => broker.release({ by: { session }, namespace: 'default', resource: RESOURCE, at: later(AT, 2) }),
  }
}

async function stateOf(broker: Broker, given: Awaited<ReturnType<Broker['release']>>): Promise<string | undefined> {
  assert.ok(given.refused === undefined)
  return (await broker.leaseState(given.lease.id, { at: later(AT, 3), namespace: 'default' }))?.state
}

for (const [name, skip, open] of DATABASES)
  describe(`a look that waits, ${name}`, { skip }, () => {
    test('a lease ends too that was granted while a look waited, on a platform that its vendor had revoked', async (t) => {
      const { broker, world, lookWhile, release } = await scene(t, open)
      world.intel.revokePck(world.tdx())
      let given: Awaited<ReturnType<Broker['release']>> | undefined
      const looked = await lookWhile(async () => {
        given = await release()
      })
      assert.ok(given?.released, 'the result was good still')
      assert.equal((await release()).refused?.code, 'attestation-revoked')
      assert.equal(await stateOf(broker, given), 'revoked')
      assert.deepEqual(looked, { live: 0, revoked: 1 })
      const [decision] = await broker.decisions('default', { kind: 'revoke' })
      assert.equal(decision?.reasonCode, 'certificate-revoked')
    })

    test('a policy that is set while a look waits is asked about what the look finds', async (t) => {
      const { broker, world, lookWhile, release } = await scene(t, open)
      const given = await release()
      assert.ok(given.released)
      world.intel.publishTcb({ status: 'UpToDate', advisories: ['INTEL-SA-88888'] })
      const policy = `${PERMIT} forbid (principal, action, resource) when { context.tcb.advisories.contains("INTEL-SA-88888") };`
      let bySetting: { readonly live: number; readonly revoked: number } | undefined
      await lookWhile(async () => {
        bySetting = await broker.admin.setPolicy('default', policy, { actor: ACTOR, at: later(AT, 2) })
      })
      assert.equal(bySetting?.live, 1, 'nobody knew of the advisory when the policy was set')
      assert.equal(await stateOf(broker, given), 'revoked')
      const [decision] = await broker.decisions('default', { kind: 'revoke' })
      assert.equal(decision?.reasonCode, 'policy-deny')
    })

    test('a result ends too that was attested while a look waited, on endorsements that the look replaces', async (t) => {
      const { broker, world, lookWhile, result } = await scene(t, open)
      world.intel.revokePck(world.tdx())
      const meanwhile: string[] = []
      await lookWhile(async () => {
        meanwhile.push(await result(later(AT, 2)))
      })
      const [token = ''] = meanwhile
      const by = { by: { token }, namespace: 'default', resource: RESOURCE, at: later(AT, 3) }
      assert.equal((await broker.release(by)).refused?.code, 'attestation-revoked')
    })
  })
