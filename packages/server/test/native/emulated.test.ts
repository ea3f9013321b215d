import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { apiClient } from '../kit/api.ts'
import { furnish, RESOURCE, sharedWorld, startCheckpoint } from '../kit/checkpoint.ts'
import { emulatedMachines } from '../kit/emulated.ts'
import { binding, teeKeys } from '../kit/kbs-client.ts'

const ATTEST = '/api/v1/emulated/attest'

test('a server that was given no emulated machines has none sign, and says how to start one that does', async (t) => {
  const checkpoint = await startCheckpoint(t)
  const api = await apiClient(checkpoint.url, await checkpoint.token(['admin']))
  const listed = await api.call('GET', '/api/v1/emulated')
  assert.equal(listed.status, 404)
  assert.match(String(listed.json['detail']), /sekisho up --emulated/)
  const asked = await api.call('POST', ATTEST, { json: { tee: 'snp', reportData: '' } })
  assert.equal(asked.status, 404)
})

test('only who may do everything everywhere has emulated machines sign', async (t) => {
  const checkpoint = await startCheckpoint(t, { emulated: emulatedMachines() })
  const json = { tee: 'snp', reportData: '' }
  for (const [token, status] of [
    ['', 401],
    [await checkpoint.token(['admin'], 'default'), 403],
    [await checkpoint.token(['decisions:read', 'secrets:write', 'policy:write']), 403],
    [await checkpoint.token(['admin']), 200],
  ] as const) {
    const api = await apiClient(checkpoint.url, token)
    assert.equal((await api.call('GET', '/api/v1/emulated')).status, status)
    const told = await api.call('POST', ATTEST, { json })
    assert.equal(told.status, status)
    if (status !== 200) assert.ok(!told.text.includes('attestation_report'))
  }
})

test('what a machine signs opens a secret through the workload’s routes, and says EMULATED', async (t) => {
  const checkpoint = await startCheckpoint(t, { emulated: emulatedMachines() })
  await furnish(checkpoint, sharedWorld().snp())
  const api = await apiClient(checkpoint.url, await checkpoint.token(['admin']))
  const { json: known } = await api.call('GET', '/api/v1/emulated')
  assert.deepEqual(known['platforms'], [{ tee: 'snp', products: ['Genoa'] }])
  assert.ok(Array.isArray(known['anchors']) && known['anchors'].every((one) => one['emulated'] === true))

  const release = async (machine: Readonly<Record<string, unknown>>): Promise<readonly [number, unknown]> => {
    const keys = teeKeys()
    const { json: challenge } = await api.call('POST', '/api/v1/workload/challenge', { json: { tee: 'snp' } })
    const nonce = String(challenge['nonce'])
    const reportData = Buffer.from(binding(nonce, keys.publicJwk)).toString('base64')
    const signed = await api.call('POST', ATTEST, { json: { tee: 'snp', reportData, ...machine } })
    assert.equal(signed.status, 200, signed.text)
    assert.equal(signed.json['emulated'], true)
    const { session } = challenge
    const runtimeData = { nonce, 'tee-pubkey': keys.publicJwk }
    const evidence = { session, tee: 'snp', evidence: signed.json['evidence'], runtimeData }
    await api.call('POST', '/api/v1/workload/attest', { json: evidence })
    const told = await api.call('POST', '/api/v1/workload/release', { json: { resource: RESOURCE, session } })
    return [told.status, told.json['emulated'] ?? told.json['code']]
  }
  assert.deepEqual(await release({}), [200, true])
  assert.deepEqual(await release({ chip: 'another', product: 'Genoa' }), [200, true])
  assert.notEqual((await release({ debug: true }))[0], 200)
  assert.notEqual((await release({ measurement: '5c'.repeat(48) }))[0], 200)
})

test('a machine that there is none of is a wrong request that names the member', async (t) => {
  const checkpoint = await startCheckpoint(t, { emulated: emulatedMachines() })
  const api = await apiClient(checkpoint.url, await checkpoint.token(['admin']))
  const machine = { tee: 'snp', reportData: '' }
  for (const [change, expected] of [
    [{ tee: 'sev9' }, /there is no emulated sev9/],
    [{ product: 'Naples' }, /product Naples/],
    [{ measurement: 'zz' }, /measurement/],
    [{ measurement: 'ab' }, /measurement/],
    [{ measurement: 'ab'.repeat(65) }, /measurement/],
    [{ debug: 'yes' }, /debug/],
    [{ chip: '../../etc/passwd' }, /chip/],
    [{ reportData: randomBytes(65).toString('base64') }, /reportData/],
    [{ reportData: 'not base64!' }, /reportData/],
    [{ wrongSignature: true }, /wrongSignature|additional/i],
  ] as const) {
    const told = await api.call('POST', ATTEST, { json: { ...machine, ...change } })
    assert.equal(told.status, 400, JSON.stringify(change))
    assert.match(told.text, expected)
  }
})

test('cases of a policy may have an emulated machine play the platform, and no evidence of it leaves', async (t) => {
  const checkpoint = await startCheckpoint(t, { emulated: emulatedMachines() })
  const api = await apiClient(checkpoint.url, await checkpoint.token(['policy:read']))
  const run = async (cases: readonly object[]) =>
    api.call('POST', '/api/v1/namespaces/default/policy/test', {
      json: { text: 'permit (principal, action, resource) unless { context.references.isEmpty() };', cases },
    })
  const one = { name: 'known', resource: RESOURCE, permitted: true, platform: { kind: 'snp' } }
  const told = await run([one, { ...one, name: 'unknown', permitted: false, known: false }])
  assert.equal(told.status, 200, told.text)
  assert.equal(told.json['passed'], true, told.text)
  assert.ok(!told.text.includes('attestation_report'))
  const strange = await run([one, { ...one, platform: { kind: 'sev9' } }])
  assert.equal(strange.status, 400)
  assert.match(strange.text, /\/cases\/1\/platform.*there is no emulated sev9/)
  assert.match((await run([{ ...one, platform: { produkt: 'x' } }])).text, /\/cases\/0\/platform.*`kind`/)
  const many = await run(Array.from({ length: 101 }, () => one))
  assert.equal(many.status, 400)
  assert.match(many.text, /at most 100 with a platform/)

  const without = await startCheckpoint(t)
  const plain = await apiClient(without.url, await without.token(['policy:read']))
  const refused = await plain.call('POST', '/api/v1/namespaces/default/policy/test', {
    json: { text: 'permit (principal, action, resource);', cases: [one] },
  })
  assert.equal(refused.status, 400)
  assert.match(refused.text, /no emulated platforms are here/)
})
