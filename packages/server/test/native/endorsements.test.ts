import assert from 'node:assert/strict'
import { test } from 'node:test'
import { networkSource } from '@sekisho/collateral'
import { apiClient } from '../kit/api.ts'
import { sharedWorld, startCheckpoint, worldSource } from '../kit/checkpoint.ts'

const TCB = { bootloader: 1, tee: 0, snp: 1, microcode: 1 }
const PATH = '/api/v1/endorsements'

test('endorsements come as a bundle, for whoever has a token', async (t) => {
  const world = sharedWorld()
  const checkpoint = await startCheckpoint(t, { source: await worldSource(t, world) })
  const api = await apiClient(checkpoint.url, await checkpoint.token(['secrets:read']))
  const intel = { tee: 'tdx', fmspc: '90c06f000000', ca: 'platform' }
  const told = await api.call('POST', PATH, { json: { intel } })
  assert.equal(told.status, 200, told.text)
  assert.equal(told.json['format'], 'sekisho-endorsements')
  const [item] = told.json['items'] as readonly Readonly<Record<string, unknown>>[]
  assert.equal(item?.['fmspc'], intel.fmspc)
  assert.equal((await api.call('POST', PATH, { json: { intel }, token: 'sk_nobody' })).status, 401)
})

test('what the vendor does not have is 404, what cannot be asked is 503, and nothing odd is asked at all', async (t) => {
  const world = sharedWorld()
  const checkpoint = await startCheckpoint(t, { source: await worldSource(t, world) })
  const token = await checkpoint.token(['secrets:read'])
  const api = await apiClient(checkpoint.url, token)
  const stranger = { product: 'Genoa', vlek: false, chipId: 'ab'.repeat(64), tcb: TCB }
  assert.equal((await api.call('POST', PATH, { json: { amd: stranger } })).status, 404)
  for (const json of [
    { amd: { ...stranger, product: '../Milan' } },
    { amd: { ...stranger, chipId: 'zz' } },
    { amd: { ...stranger, tcb: { ...TCB, snp: 256 } } },
    { intel: { tee: 'tdx', fmspc: '90c06f', ca: 'platform' } },
    { intel: { tee: 'snp', fmspc: '90c06f000000', ca: 'platform' } },
    { other: {} },
  ])
    assert.equal((await api.call('POST', PATH, { json })).status, 400, JSON.stringify(json))

  const service = { baseUrl: 'http://127.0.0.1:9' }
  const silent = networkSource({ intel: service, amd: service, limits: { attempts: 1 } })
  const cut = await startCheckpoint(t, { source: silent })
  const intel = { tee: 'sgx', fmspc: '90c06f000000', ca: 'platform' }
  const other = await apiClient(cut.url, await cut.token(['admin']))
  const told = await other.call('POST', PATH, { json: { intel } })
  assert.equal(told.status, 503, told.text)
  assert.ok(Number(told.headers['retry-after']) > 0)

  const none = await startCheckpoint(t)
  const nobody = await apiClient(none.url, await none.token(['admin']))
  assert.equal((await nobody.call('POST', PATH, { json: { intel } })).status, 404)
})

test('what no chip can have is the caller’s mistake, and a hidden chip is nobody’s', async (t) => {
  const checkpoint = await startCheckpoint(t, { source: await worldSource(t, sharedWorld()) })
  const api = await apiClient(checkpoint.url, await checkpoint.token(['secrets:read']))
  const milan = { product: 'Milan', vlek: false, chipId: 'ab'.repeat(64), tcb: TCB }
  const { chipId: _, ...nameless } = milan
  for (const [amd, named] of [
    [{ ...milan, chipId: 'ab'.repeat(20) }, /chipId/],
    [{ ...milan, chipId: 'ab'.repeat(8) }, /chipId/],
    [nameless, /chipId/],
    [{ ...milan, tcb: { ...TCB, fmc: 1 } }, /tcb\.fmc/],
    [{ ...milan, product: 'Turin' }, /tcb\.fmc/],
  ] as const) {
    const told = await api.call('POST', PATH, { json: { amd } })
    assert.equal(told.status, 400, told.text)
    assert.match(String(told.json['detail']), named)
  }
  const rest = await api.call('POST', PATH, { json: { amd: { ...nameless, product: 'Genoa', leafGiven: true } } })
  assert.equal(rest.status, 200, rest.text)
  const hidden = await api.call('POST', PATH, { json: { amd: { ...milan, chipId: '00'.repeat(64) } } })
  assert.equal(hidden.status, 404, hidden.text)
  assert.match(String(hidden.json['detail']), /hides its chip id/)
})

test('readers ask for few at once, so that evidence of workloads is still judged', async (t) => {
  let answer = (): void => undefined
  const held = new Promise<void>((resolve) => {
    answer = resolve
  })
  const source = await worldSource(t, sharedWorld())
  const slow: typeof source = {
    ...source,
    intel: async (request) => {
      await held
      return source.intel(request)
    },
  }
  const checkpoint = await startCheckpoint(t, { source: slow })
  const api = await apiClient(checkpoint.url, await checkpoint.token(['secrets:read']))
  const ask = (): ReturnType<typeof api.call> =>
    api.call('POST', PATH, { json: { intel: { tee: 'tdx', fmspc: '90c06f000000', ca: 'platform' } } })
  const all = Array.from({ length: 12 }, ask)
  const refused = await Promise.race(all)
  assert.equal(refused.status, 503, refused.text)
  assert.equal(refused.json['code'], 'busy')
  assert.equal(refused.headers['retry-after'], '1')
  answer()
  const statuses = (await Promise.all(all)).map(({ status }) => status)
  assert.equal(statuses.filter((status) => status === 200).length, 8)
  assert.equal((await ask()).status, 200, 'and again afterwards')
})
