import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createWorld } from '@sekisho/emulator'
import { keptRsaKeys } from '@sekisho/emulator/kit'
import {
  ACTOR,
  attested,
  brokerOver,
  furnish,
  later,
  newDatabase,
  RESOURCE,
  referenceOf,
  teeKeys,
  worldVerifier,
} from './kit.ts'

test('an exception for a platform ends when it ends: also for results that were good by it', async (t) => {
  const world = createWorld({ products: ['Genoa'], rsaKey: keptRsaKeys() })
  const verifier = await worldVerifier(t, world)
  const at = new Date()
  const until = later(at, 60)
  const broker = await brokerOver(await newDatabase(t), verifier)
  await furnish(broker, 'default', at)
  for (const [i, [level, status]] of (
    [
      [-1, 'OutOfDate'],
      [undefined, 'UpToDate'],
    ] as const
  ).entries()) {
    const machine = world.sgx(level === undefined ? {} : { tcb: { platform: level } })
    const set = referenceOf(verifier, machine, 'mine') as { values: object }
    const acceptTcb = [
      {
        name: 'old',
        statuses: ['OutOfDate'],
        advisories: ['INTEL-SA-00000'],
        until: until.toISOString().replace(/\.\d+/, ''),
      },
    ]
    await broker.admin.putReference('default', { ...set, values: { ...set.values, acceptTcb } }, { actor: ACTOR, at })
    const { session, outcome } = await attested(broker, machine, { namespace: 'default', at, keys: teeKeys() })
    assert.equal(outcome.refusal, undefined, outcome.refusal?.code)
    const release = (when: Date): ReturnType<typeof broker.release> =>
      broker.release({ by: { session }, namespace: 'default', resource: RESOURCE, at: when })
    assert.ok((await release(later(at, 30))).released, status)
    const { released, refused } = await release(later(at, 90))
    assert.equal(released === undefined, i === 0, status)
    assert.equal(refused?.code, i === 0 ? 'attestation-revoked' : undefined)
  }
})

test('a set that is deleted ends its leases as that, whatever its exceptions accepted', async (t) => {
  const world = createWorld({ products: [] })
  const verifier = await worldVerifier(t, world)
  const at = new Date()
  const broker = await brokerOver(await newDatabase(t), verifier)
  await furnish(broker, 'default', at)
  const machine = world.sgx({ tcb: { platform: -1 } })
  const set = referenceOf(verifier, machine, 'mine') as { values: object }
  const until = later(at, 3600).toISOString().replace(/\.\d+/, '')
  const acceptTcb = [{ name: 'old', statuses: ['OutOfDate'], advisories: ['INTEL-SA-00000'], until }]
  await broker.admin.putReference('default', { ...set, values: { ...set.values, acceptTcb } }, { actor: ACTOR, at })
  const { session } = await attested(broker, machine, { namespace: 'default', at, keys: teeKeys() })
  assert.ok((await broker.release({ by: { session }, namespace: 'default', resource: RESOURCE, at })).released)
  assert.equal((await broker.admin.deleteReference('default', 'mine', { actor: ACTOR, at }))?.revoked, 1)
  const [ended] = await broker.decisions('default', { outcome: 'revoked' })
  assert.equal(ended?.reasonCode, 'reference-missing')
})
