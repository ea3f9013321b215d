import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kbsEvidence } from '@sekisho/emulator'
import { type ApiClient, apiClient } from '../kit/api.ts'
import { furnish, RESOURCE, sharedWorld, startCheckpoint } from '../kit/checkpoint.ts'
import { binding, teeKeys } from '../kit/kbs-client.ts'

const REFERENCES = '/api/v1/namespaces/default/references'

/** A lease of a machine. */
async function lease(api: ApiClient, machine: ReturnType<ReturnType<typeof sharedWorld>['snp']>): Promise<void> {
  const keys = teeKeys()
  const challenge = await api.call('POST', '/api/v1/workload/challenge', { json: { namespace: 'default', tee: 'snp' } })
  const [session, nonce] = [String(challenge.json['session']), String(challenge.json['nonce'])]
  const evidence = kbsEvidence('snp', machine.attest(binding(nonce, keys.publicJwk)))
  const body = { session, tee: 'snp', evidence, runtimeData: { nonce, 'tee-pubkey': keys.publicJwk } }
  await api.call('POST', '/api/v1/workload/attest', { json: body })
  const released = await api.call('POST', '/api/v1/workload/release', { json: { resource: RESOURCE, session } })
  assert.equal(released.status, 200, released.text)
}

test('an import puts all its sets in force at once: values that only move to another number end no lease', async (t) => {
  const checkpoint = await startCheckpoint(t)
  const machine = sharedWorld().snp()
  await furnish(checkpoint, machine)
  const admin = await apiClient(checkpoint.url, await checkpoint.token(['admin']))
  const { values } = (await admin.call('GET', `${REFERENCES}/mine`)).json
  assert.equal((await admin.call('DELETE', `${REFERENCES}/mine`)).status, 200)
  const set = (measurement?: string): object => ({
    tee: 'snp',
    values: measurement === undefined ? values : { measurement: [measurement.repeat(48)] },
  })
  const imported = async (...sets: readonly object[]): Promise<Readonly<Record<string, unknown>>> => {
    const done = await admin.call('POST', `${REFERENCES}/import?name=web`, { bytes: Buffer.from(JSON.stringify(sets)) })
    assert.equal(done.status, 201, done.text)
    return done.json
  }
  await imported(set(), set('bb'))
  await lease(await apiClient(checkpoint.url), machine)
  const moved = await imported(set('aa'), set('bb'), set())
  assert.deepEqual([moved['names'], moved['live'], moved['revoked']], [['web-1', 'web-2', 'web-3'], 1, 0])
  // Gone from the file altogether, and no earlier set is left with it.
  const gone = await imported(set('aa'), set('bb'), set('cc'))
  assert.deepEqual([gone['live'], gone['revoked']], [0, 1])
  const acts = await checkpoint.broker.decisions('default', { kind: 'admin' })
  assert.equal(acts.filter(({ reasonCode }) => reasonCode === 'reference-put').length, 9, 'each is told')
})
