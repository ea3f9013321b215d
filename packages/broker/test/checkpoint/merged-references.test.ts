import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BrokerError, openVerifier } from '../../src/index.ts'
import { brokerOver, newDatabase } from './kit.ts'

test('of sets that are merged together all are written or none, whatever stood there meanwhile', async (t) => {
  const { admin } = await brokerOver(await newDatabase(t), openVerifier({}))
  const set = (tee: string, values: object): object => ({
    name: `kbs-${tee}`,
    tee,
    values,
    owner: 'tester',
    provenance: { kind: 'manual' },
  })
  const by = { actor: 'tester', at: new Date(), name: 'a message', merge: true } as const
  const values = async (): Promise<object> =>
    Object.fromEntries((await admin.references('default')).map((one) => [one.name, one.values]))
  const [signer, measurement, hostData] = [['12'.repeat(32)], ['ab'.repeat(48)], ['cd'.repeat(32)]]
  await admin.putReferences('default', [set('sgx', { signer }), set('snp', { measurement })], by)
  const before = { 'kbs-sgx': { signer }, 'kbs-snp': { measurement } }
  assert.deepEqual(await values(), before)
  await assert.rejects(
    admin.putReferences('default', [set('snp', { hostData }), set('sgx', { measurement: 'xyz' })], by),
    (error: unknown) => error instanceof BrokerError && error.code === 'invalid',
  )
  assert.deepEqual(await values(), before)
  await admin.putReferences('default', [set('snp', { hostData })], by)
  assert.deepEqual(await values(), { ...before, 'kbs-snp': { measurement, hostData } })
})
