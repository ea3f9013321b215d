import assert from 'node:assert/strict'
import { test } from 'node:test'
import { verifyNvidia } from '@sekisho/evidence/nvidia'
import { type BundleItem, memoryCache, mergeBundles, readBundle, writeBundle } from '../src/index.ts'
import { nvidiaItems, nvidiaSelection } from '../src/requests-nvidia.ts'
import {
  chainOf,
  DRIVER_ID,
  device,
  file,
  honest,
  LATER,
  manifests,
  NOW,
  nvidiaBench,
  OCSP_PATH,
  ocspAnswers,
  VBIOS_ID,
} from './nvidia-services.ts'
import { vectorsMissing as skip } from './vectors.ts'

const AT = new Date(NOW)
const NONE = { items: [], at: AT }
const NOTHING = { items: [], missing: [], strangers: 1 }

function kinds(items: readonly BundleItem[]): readonly string[] {
  return items.map(({ kind }) => kind).sort()
}

test('what NVIDIA’s services say of a genuine GPU is fetched, each thing once, and passes the checks', {
  skip,
}, async (t) => {
  const bench = await nvidiaBench(t, honest())
  const one = device()
  const certificateChain = file('cert-chain.pem')
  // The answers of the case were given on two days: those about the device, and those about the manifests.
  for (const [clock, answers, passing] of [
    [NOW, 3, 'nvidia.chain.ocsp.'],
    [LATER, 4, 'nvidia.rim.driver.chain.ocsp.'],
    [LATER, 4, 'nvidia.rim.vbios.chain.ocsp.'],
  ] as const) {
    bench.clock = clock
    const { items, missing } = await nvidiaItems([one, one], bench.again({ cache: memoryCache() }), {
      items: [],
      at: new Date(clock),
    })
    assert.deepEqual(kinds(items), [...Array(answers).fill('nvidia-ocsp'), 'nvidia-rim', 'nvidia-rim'])
    assert.equal(missing.length, ocspAnswers().length - answers)
    for (const what of missing) assert.match(what, /gave a revocation status .* whose validity/)
    const { collateral } = nvidiaSelection(one, items, new Date(clock))
    const verdict = await verifyNvidia(one.report, {
      at: new Date(clock),
      collateral: { ...collateral, certificateChain },
    })
    const checks = verdict.checks.flatMap((group) => group.checks)
    const faults = checks.filter(({ id, outcome }) => id.startsWith(passing) && outcome !== 'pass')
    assert.deepEqual(
      faults.map(({ id, reason }) => `${id}: ${reason}`),
      [],
    )
    const rims = checks.filter(({ id }) => /rim\.(driver|vbios)\.(present|signature|version|product)$/.test(id))
    assert.equal(rims.filter(({ outcome }) => outcome === 'pass').length, 8)
    assert.equal(readBundle(writeBundle(mergeBundles({ items }))).items.length, items.length)
  }
  const first = bench.server.asked.slice(0, 2 + ocspAnswers().length)
  assert.deepEqual(first.slice(0, 2).sort(), [`/v1/rim/${DRIVER_ID}`, `/v1/rim/${VBIOS_ID}`])
  assert.deepEqual([...new Set(first.slice(2))], [OCSP_PATH])
  assert.equal(bench.server.asked.length, 3 * first.length)
})

test('answers are used again while they are fresh, asked for again after, and used while NVIDIA is silent', {
  skip,
}, async (t) => {
  const bench = await nvidiaBench(t, honest())
  const request = { chain: chainOf().slice(1) }
  const answer = await bench.source.ocsp(request)
  assert.deepEqual(answer.serials, ['41431d480fe5e87274'])
  bench.clock += 5 * 3_600_000
  assert.deepEqual((await bench.again().ocsp(request)).response, answer.response)
  assert.equal(bench.server.asked.length, 1, 'from the folder')
  bench.clock += 2 * 3_600_000
  await bench.source.ocsp(request)
  assert.equal(bench.server.asked.length, 2)
  bench.server.handle((_request, response) => response.destroy())
  bench.clock += 7 * 3_600_000
  assert.deepEqual((await bench.source.ocsp(request)).response, answer.response)
  assert.equal(bench.progress.at(-1)?.step, 'stale-but-valid')
  bench.clock = answer.window.to + 1
  await assert.rejects(bench.source.ocsp(request), { code: 'unreachable' })
})

test('one certificate of several chains is asked about once, and different ones are told apart', {
  skip,
}, async (t) => {
  const bench = await nvidiaBench(t, honest())
  const chain = chainOf()
  const answers = await Promise.all([1, 1, 2, 3].map((from) => bench.source.ocsp({ chain: chain.slice(from) })))
  assert.equal(bench.server.asked.length, 3)
  assert.equal(new Set(answers.map(({ serials }) => serials.join())).size, 3)
  assert.equal(bench.entries(), 3)
})

test('what is held and holds is not asked for', { skip }, async (t) => {
  const bench = await nvidiaBench(t, honest())
  const { items } = await nvidiaItems([device()], bench.source, NONE)
  const asked = bench.server.asked.length
  const again = bench.again({ cache: memoryCache() })
  assert.deepEqual((await nvidiaItems([device()], again, { items, at: AT })).items, [])
  // What does not hold yet is asked for: four answers about the manifests.
  assert.equal(bench.server.asked.length, asked + 4)
  const later = await nvidiaItems([device()], again, { items, at: new Date(NOW + 30 * 86_400_000) })
  assert.equal(later.items.filter(({ kind }) => kind === 'nvidia-rim').length, 0, 'manifests hold for years')
  assert.equal(bench.server.asked.length, asked + 4 + 7, 'and answers for a day')
})

test('a device whose chain leads elsewhere or did not sign the report, or that has none, is nobody’s question', {
  skip,
}, async (t) => {
  const bench = await nvidiaBench(t, honest())
  const { facts, report, chain } = device()
  const trustAnchors = [{ id: 'other', name: 'other', vendor: 'test', spkiSha256: '00'.repeat(32) }]
  assert.deepEqual(await nvidiaItems([device()], bench.source, { ...NONE, trustAnchors }), NOTHING)
  for (const name of ['hopper-560-bad-signature', 'hopper-535-rim-changed'] as const) {
    const forged = name === 'hopper-535-rim-changed' ? { ...device(name), chain } : device(name)
    assert.deepEqual(await nvidiaItems([forged], bench.source, NONE), NOTHING, name)
  }
  const without = { facts, report, chain: undefined }
  assert.deepEqual(await nvidiaItems([without], bench.source, NONE), NOTHING)
  assert.ok(chain !== undefined)
  const swapped = { ...chain, certificates: chain.certificates.map((one, i, all) => (i === 1 ? (all[2] ?? one) : one)) }
  assert.deepEqual(await nvidiaItems([{ facts, report, chain: swapped }], bench.source, NONE), NOTHING)
  await assert.rejects(bench.again({ trustAnchors }).ocsp({ chain: chainOf().slice(1) }), { code: 'bad-answer' })
  assert.deepEqual(bench.server.asked, [])
})

test('a report cannot have other things asked for than manifests', { skip }, async (t) => {
  const bench = await nvidiaBench(t, honest())
  const one = device()
  const named = (driver: string): typeof one => ({
    ...one,
    facts: { ...one.facts, rimIds: { driver, vbios: undefined } },
  })
  const ids = ['NV_/../x', 'NV_GPU?a=b', `NV_${'x'.repeat(200)}`, 'other']
  const { missing } = await nvidiaItems(ids.map(named), bench.source, NONE)
  assert.deepEqual(missing, [])
  assert.ok(bench.server.asked.every((path) => path === OCSP_PATH))
  for (const id of ids) await assert.rejects(bench.source.rim({ kind: 'driver', id, version: '1' }), TypeError, id)
  await assert.rejects(bench.source.ocsp({ chain: [] }), TypeError)
})

test('a manifest that NVIDIA has not got is missing, and the rest is had', { skip }, async (t) => {
  const rims = manifests()
  rims.delete(VBIOS_ID)
  const bench = await nvidiaBench(t, honest(rims))
  const { items, missing } = await nvidiaItems([device()], bench.source, NONE)
  assert.equal(items.filter(({ kind }) => kind === 'nvidia-rim').length, 1)
  const [first] = missing
  assert.match(first ?? '', /^manifest NV_GPU_VBIOS_1010_0200_882_96009F0001: HTTP 404 .*no such collateral$/)
})

test('a service that is silent is asked nothing more, and the other is', { skip }, async (t) => {
  const right = honest()
  const bench = await nvidiaBench(t, (request, response) => {
    if (request.method === 'GET') right(request, response)
    else response.writeHead(429, { 'retry-after': '3600' }).end()
  })
  const { items, missing } = await nvidiaItems([device()], bench.source, NONE)
  assert.deepEqual(kinds(items), ['nvidia-rim', 'nvidia-rim'])
  assert.ok(bench.server.asked.length <= 2 + 4, 'four at a time, and none after')
  assert.ok(missing.every((what) => /too many|asked to wait|wait/.test(what)))
  assert.deepEqual(bench.waits, [])
})

test('the key is sent to both services as a bearer token and is in no message', { skip }, async (t) => {
  const bench = await nvidiaBench(t, honest(), {})
  const { url } = bench.server
  const serviceKey = 'nvapi-0123456789'
  const source = bench.again({ nvidia: { baseUrl: url, ocspUrl: `${url}${OCSP_PATH}`, serviceKey } })
  await source.rim({ kind: 'driver', id: DRIVER_ID, version: '550.90.07' })
  await source.ocsp({ chain: chainOf().slice(1) })
  assert.deepEqual(
    bench.server.headers.map(({ authorization }) => authorization),
    [`Bearer ${serviceKey}`, `Bearer ${serviceKey}`],
  )
  const wrong = 'line\nbreak'
  assert.throws(
    () => bench.again({ nvidia: { baseUrl: url, serviceKey: wrong } }),
    (error: unknown) =>
      error instanceof TypeError && error.message.includes('nvidia.serviceKey') && !error.message.includes(wrong),
  )
})
