import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { diskCache, networkSource } from '@sekisho/collateral'
import { createWorld, type World } from '@sekisho/emulator'
import { type Broker, openVerifier } from '../../src/index.ts'
import {
  attested,
  brokerOver,
  furnish,
  type Machine,
  newDatabase,
  RESOURCE,
  referenceOf,
  serveWorld,
  teeKeys,
} from './kit.ts'

const NAMESPACE = 'default'
const AT = new Date()
const BY = { actor: 'auditor', at: AT }

/** A checkpoint that asks a world's services as it would ask vendors': what it fetched is kept, and good for five minutes. */
async function checkpoint(t: TestContext, world: World, machines: readonly Machine[], isKept = true): Promise<Broker> {
  const [url, folder] = [await serveWorld(t, world), mkdtempSync(join(tmpdir(), 'sekisho-recheck-'))]
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const source = networkSource({
    ...(isKept ? { cache: diskCache({ folder }) } : {}),
    freshMs: 5 * 60_000,
    intel: { baseUrl: `${url}/`, kind: 'pcs', subscriptionKey: 'a-test-key', rootCrlUrl: `${url}/IntelSGXRootCA.der` },
    nvidia: false,
    trustAnchors: world.anchors,
    limits: { attempts: 1 },
  })
  const verifier = openVerifier({ source, trustAnchors: world.anchors })
  const broker = await brokerOver(await newDatabase(t), verifier)
  await furnish(broker, NAMESPACE, AT)
  for (const [i, machine] of machines.entries())
    await broker.admin.putReference(NAMESPACE, referenceOf(verifier, machine, `set-${i}`), BY)
  return broker
}

/** @returns the id of a lease */
async function leased(broker: Broker, machine: Machine): Promise<string> {
  const { session } = await attested(broker, machine, { namespace: NAMESPACE, at: AT, keys: teeKeys() })
  const told = await broker.release({ by: { session }, namespace: NAMESPACE, resource: RESOURCE, at: AT })
  assert.ok(told.released, JSON.stringify(told))
  return told.lease.id
}

test('whoever asks has the vendors asked anew: what was fetched a moment ago does not count', async (t) => {
  const world = createWorld({ products: [] })
  const [machine, other] = [world.tdx(), world.tdx({ chip: 'machine-2' })]
  const broker = await checkpoint(t, world, [machine, other])
  const [lost, kept] = [await leased(broker, machine), await leased(broker, other)]
  world.intel.revokePck(machine)
  const byItself = await broker.reappraiseAll(NAMESPACE, { kind: 'collateral' }, AT)
  assert.deepEqual(byItself, { live: 2, revoked: 0 }, 'the list of before is fresh still')
  assert.deepEqual(await broker.recheck(NAMESPACE, BY), { live: 1, revoked: 1, unanswered: 0 })
  assert.equal((await broker.leaseState(lost, { at: AT }))?.state, 'revoked')
  assert.equal((await broker.leaseState(kept, { at: AT }))?.state, 'live')

  const [act] = await broker.decisions(NAMESPACE, { kind: 'admin', limit: 1 })
  assert.equal(act?.reasonCode, 'leases-reappraised')
  const { entry } = (await broker.receipt(NAMESPACE, act?.id ?? '')) ?? {}
  assert.deepEqual([entry?.actor, entry?.type, entry?.reason], ['auditor', 'admin', 'leases-reappraised'])
})

test('leases of which the vendor says nothing stay, and are told apart from those that were found good', async (t) => {
  const world = createWorld({ products: [] })
  const [tdx, nitro] = [world.tdx(), world.nitro()]
  const broker = await checkpoint(t, world, [tdx, nitro], false)
  await leased(broker, tdx)
  await leased(broker, nitro)
  world.intel.expire('tcb-info')
  assert.deepEqual(await broker.recheck(NAMESPACE, BY), { live: 2, revoked: 0, unanswered: 1 })
})

test('of a namespace that is not there nothing is looked at, nothing is recorded and nothing is made', async (t) => {
  const broker = await checkpoint(t, createWorld({ products: [] }), [])
  assert.deepEqual(await broker.recheck('nobody', BY), { live: 0, revoked: 0, unanswered: 0 })
  assert.deepEqual(await broker.decisions('nobody', {}), [])
  assert.deepEqual(await broker.admin.namespaces(), [NAMESPACE])
})
