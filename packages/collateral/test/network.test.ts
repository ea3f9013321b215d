import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createAmdAuthority, makeSnp, toHex } from '@sekisho/emulator/kit'
import { parseSnpReport } from '@sekisho/evidence/snp'
import { chainSources, type IntelCollateral, networkSource } from '../src/index.ts'
import { amdItems, snpRequests } from '../src/requests-amd.ts'
import { canned, startServer } from './hostile-server.ts'
import { bench } from './setup.ts'
import { type AmdAnswers, amdAnswers, intelAnswers, quickSnp } from './vendors.ts'

for (const tee of ['sgx', 'tdx'] as const) {
  test(`${tee}: PCS answers become the collateral they were made of, and are kept`, async (t) => {
    const answers = intelAnswers(tee)
    const { source, server, again, progress } = await bench(t, answers)
    const got = await source.intel(answers.request)
    assert.deepEqual(got.collateral, answers.made.collateral)
    assert.deepEqual(got.tcbEvaluationDataNumber, { tcbInfo: 17, qeIdentity: 17 })
    assert.equal(server.asked.length, 4)
    assert.deepEqual(await again().intel(answers.request), got)
    assert.equal(server.asked.length, 4, 'the second time all is cached')
    assert.equal(progress.filter(({ step }) => step === 'cached').length, 4)
  })
}

test('PCCS: hex CRLs, the older header name and its own root CRL', async (t) => {
  const answers = intelAnswers('tdx', {}, 'pccs')
  const { server, again } = await bench(t, answers)
  const got = await again({ intel: { baseUrl: server.url } }).intel(answers.request)
  assert.deepEqual(got.collateral, answers.made.collateral)
  assert.ok(server.asked.includes(answers.paths.rootCrl))
})

test('a PCCS below a path is asked below that path', async (t) => {
  const answers = intelAnswers('sgx', {}, 'pccs')
  const { again, server } = await bench(t, answers)
  server.handle(canned(new Map([...answers.table].map(([path, answer]) => [`/mirror${path}`, answer]))))
  const got = await again({ intel: { baseUrl: `${server.url}/mirror/` } }).intel(answers.request)
  assert.equal(got.fmspc, 'c0ffee000001')
})

test('the processor CA, a channel and an evaluation number are asked for as PCS words them', async (t) => {
  const answers = intelAnswers('sgx', { ca: 'processor' })
  const { source, server } = await bench(t, answers)
  const early = { ...answers.request, update: 'early' } as const
  await assert.rejects(source.intel(early), { code: 'not-found' })
  assert.ok(server.asked.includes(`${answers.paths.tcb}&update=early`))
  assert.ok(server.asked.includes(`${answers.paths.qe}?update=early`))
  await assert.rejects(source.intel({ ...answers.request, tcbEvaluationDataNumber: 18 }), { code: 'not-found' })
  assert.ok(server.asked.includes(`${answers.paths.tcb}&tcbEvaluationDataNumber=18`))
})

test('a TCB info of another evaluation number than asked for is refused', async (t) => {
  const answers = intelAnswers('sgx')
  const { source, server } = await bench(t, answers)
  const numbered = new Map(
    [...answers.table].map(([path, answer]) => [
      path.includes('fmspc=') ? `${path}&tcbEvaluationDataNumber=18` : path,
      answer,
    ]),
  )
  const qe = answers.table.get(answers.paths.qe)
  if (qe !== undefined) numbered.set(`${answers.paths.qe}?tcbEvaluationDataNumber=18`, qe)
  server.handle(canned(numbered))
  await assert.rejects(source.intel({ ...answers.request, tcbEvaluationDataNumber: 18 }), {
    code: 'bad-answer',
    message: /evaluation data number 17/,
  })
})

for (const product of ['Milan', 'Genoa', 'Turin'] as const) {
  test(`${product}: the key service's answers become certificates and CRL`, async (t) => {
    const answers = amdAnswers(quickSnp({ product }))
    const { source, server } = await bench(t, answers)
    const got = await source.amd(answers.request)
    const { certificates, crl } = answers.made
    assert.deepEqual(
      [got.leaf, got.intermediate, got.root, got.crl].map(hex),
      [certificates.vcek, certificates.ask, certificates.ark, crl].map(hex),
    )
    assert.equal(got.chipId?.length, product === 'Turin' ? 16 : 128)
    assert.deepEqual([...server.asked].sort(), Object.values(answers.paths).sort())
  })
}

test('VLEK: chain and CRL only, the leaf comes with the evidence', async (t) => {
  const answers = amdAnswers(quickSnp({ product: 'Genoa', role: 'vlek' }), 'vlek')
  const { source } = await bench(t, answers)
  const got = await source.amd(answers.request)
  assert.equal(got.leaf, undefined)
  assert.equal(hex(got.intermediate), hex(answers.made.certificates.asvk))
})

test('of a report that does not tell its product the leaf does, of each product', () => {
  for (const product of ['Milan', 'Genoa', 'Turin'] as const)
    for (const role of ['vcek', 'vlek'] as const) {
      const { evidence, certificates, fields } = quickSnp({ product, role, version: 2 })
      const asked = snpRequests(parseSnpReport(evidence), certificates[role])
      const { bootLoader: bootloader, ...levels } = fields.reportedTcb
      assert.deepEqual(
        asked.map(({ product, tcb }) => ({ product, tcb })),
        [{ product, tcb: { ...levels, bootloader } }],
      )
    }
})

test('of a report that does not tell its product, and comes alone, the chip id tells as much as it can', () => {
  const products = (chipId: string, report: object = {}): readonly string[] =>
    snpRequests(parseSnpReport(makeSnp({ report: { version: 2, chipId, ...report } }).evidence), undefined).map(
      ({ product }) => product,
    )
  assert.deepEqual(products('ab'.repeat(64)), ['Milan', 'Genoa'])
  assert.deepEqual(products('ab'.repeat(8).padEnd(128, '0')), ['Turin'])
  assert.deepEqual(products('00'.repeat(64)), ['Milan', 'Genoa', 'Turin'])
})

test('of a report that hides its chip and does not tell its product, no chain is asked for that could be another’s', async (t) => {
  const { source, server } = await bench(t, amdAnswers(quickSnp({ product: 'Milan', role: 'vlek' }), 'vlek'))
  const report = { chipId: '00'.repeat(64) }
  const vlek = quickSnp({ product: 'Turin', role: 'vlek', version: 2, report })
  assert.deepEqual(await amdItems(parseSnpReport(vlek.evidence), source), [])
  const vcek = parseSnpReport(makeSnp({ report: { ...report, version: 2 } }).evidence)
  assert.deepEqual(snpRequests(vcek, new Uint8Array(700)), [], 'whatever came along tells no product')
  assert.deepEqual(server.asked, [])
  const told = snpRequests(parseSnpReport(vlek.evidence), vlek.certificates.vlek)
  assert.deepEqual(
    told.map(({ product }) => product),
    ['Turin'],
  )
})

test('what a key service has not got is told of each product that it was asked about', async (t) => {
  const { source, server } = await bench(t, amdAnswers(quickSnp({ product: 'Turin' })))
  const report = parseSnpReport(makeSnp({ report: { version: 2, chipId: 'ab'.repeat(64) } }).evidence)
  const told: string[] = []
  assert.deepEqual(await amdItems(report, source, undefined, (what) => told.push(what)), [])
  assert.match(told.join('\n'), /Milan.*; .*Genoa/)
  assert.ok(server.asked.length >= 2)
})

test('a hidden chip id cannot be asked for, and says so', async (t) => {
  const answers = amdAnswers(quickSnp({ product: 'Genoa' }))
  const { source } = await bench(t, answers)
  await assert.rejects(source.amd({ ...answers.request, chipId: '00'.repeat(64) }), {
    code: 'not-found',
    message: /hides its chip id/,
  })
})

test('with the certificate of a hidden chip at hand, chain and CRL are asked for, and no leaf', async (t) => {
  const made = makeSnp({ report: { chipId: '00'.repeat(64) } })
  const answers = amdAnswers(made)
  const { source, server } = await bench(t, answers)
  const [request] = snpRequests(parseSnpReport(made.evidence), made.certificates.vcek)
  assert.ok(request !== undefined)
  const got = await source.amd(request)
  assert.deepEqual([got.leaf, got.chipId, hex(got.crl)], [undefined, undefined, hex(made.crl)])
  assert.deepEqual(server.asked, [answers.paths.chain, answers.paths.crl])
})

test('asked for twice at once, fetched once', async (t) => {
  const answers = intelAnswers('tdx')
  const { source, server } = await bench(t, answers)
  await Promise.all(Array.from({ length: 8 }, () => source.intel(answers.request)))
  assert.equal(server.asked.length, 4)
})

test('old answers are refreshed, but serve while they are valid when the service is gone', async (t) => {
  const answers = intelAnswers('tdx')
  const around = await bench(t, answers)
  const first = await around.source.intel(answers.request)
  around.clock += 2 * 86_400_000
  await around.again().intel(answers.request)
  assert.equal(around.server.asked.length, 8, 'after two days the service is asked again')
  around.clock += 2 * 86_400_000
  around.server.handle((_, response) => response.writeHead(500).end())
  assert.deepEqual(await around.again().intel(answers.request), first)
  assert.equal(around.progress.filter(({ step }) => step === 'stale-but-valid').length, 4)
  around.clock = Date.parse('2026-07-01T00:00:01Z')
  await assert.rejects(around.again().intel(answers.request), { code: 'unreachable' })
  const { tcb, qe, pckCrl } = answers.paths
  for (const path of [tcb, qe, pckCrl])
    assert.equal(
      await around.cache.get(`${around.server.url}${path}`),
      undefined,
      'what has expired is gone from the cache',
    )
})

test('whoever is to hear of revocations sooner has what is issued anew asked for sooner', async (t) => {
  const answers = intelAnswers('tdx')
  const around = await bench(t, answers)
  await around.source.intel(answers.request)
  around.clock += 4 * 60_000
  await around.again({ freshMs: 5 * 60_000 }).intel(answers.request)
  assert.equal(around.server.asked.length, 4)
  around.clock += 2 * 60_000
  await around.again().intel(answers.request)
  assert.equal(around.server.asked.length, 4, 'of a day by default')
  await around.again({ freshMs: 5 * 60_000 }).intel(answers.request)
  assert.equal(around.server.asked.length, 8)
  assert.throws(() => around.again({ freshMs: Number.NaN }), TypeError)
})

test('what was fetched before is asked for again once it is called old, and no more than once', async (t) => {
  const answers = intelAnswers('tdx')
  const around = await bench(t, answers)
  await around.source.intel(answers.request)
  around.clock += 1000
  for (const source of [around.source, chainSources(around.source)]) {
    const before = around.server.asked.length
    await source.intel(answers.request)
    assert.equal(around.server.asked.length, before)
    source.renew?.()
    for (let i = 0; i < 2; i++) await source.intel(answers.request)
    assert.equal(around.server.asked.length, before + 4)
    around.clock += 1000
  }
})

test('without asking, the cache gives what is valid at any age, and says how old it is; the rest is not found', async (t) => {
  const answers = intelAnswers('tdx')
  const around = await bench(t, answers)
  await assert.rejects(around.again({ cacheOnly: true }).intel(answers.request), {
    code: 'not-found',
    message: /^the cache has nothing of 127\.0\.0\.1:\d+ that is valid now: CRL of the PCK .* CA$/,
  })
  const first = await around.source.intel(answers.request)
  const asked = around.server.asked.length
  around.clock += 9 * 86_400_000
  assert.deepEqual(await around.again({ cacheOnly: true }).intel(answers.request), first)
  const ages = around.progress.flatMap(({ step, ageMs }) => (step === 'cached' ? [ageMs] : []))
  assert.deepEqual(ages, Array(4).fill(9 * 86_400_000))
  around.clock = Date.parse('2026-07-01T00:00:01Z')
  await assert.rejects(around.again({ cacheOnly: true }).intel(answers.request), { code: 'not-found' })
  assert.equal(around.server.asked.length, asked, 'nobody is asked')
  const kept = await around.cache.get(`${around.server.url}${answers.paths.tcb}`)
  assert.notEqual(kept, undefined, 'what has expired stays where nothing takes its place')
})

test('what has ended is given to whoever asks for that, where nothing better is held, and is never kept', async (t) => {
  const answers = intelAnswers('tdx')
  const old = { from: new Date('2026-05-01T00:00:00Z'), to: new Date('2026-05-20T00:00:00Z') }
  const [pck, tcb] = [answers.paths.pckCrl, answers.paths.tcb]
  const ended = intelAnswers('tdx', { window: old })
  const around = await bench(t, ended, { giveEnded: true })
  const { window, collateral } = await around.source.intel(ended.request)
  assert.equal(window.to, old.to.getTime())
  assert.deepEqual(collateral, ended.made.collateral)
  assert.equal(await around.entries(), 0)
  await assert.rejects(around.again({ giveEnded: false }).intel(ended.request), { code: 'stale' })
  // One that is held and valid goes before one that has ended.
  const both = { giveEnded: true, trustAnchors: [ended.made.anchor, answers.made.anchor] }
  around.server.handle(canned(answers.table))
  const held = await around.again(both).intel(answers.request)
  around.clock += 2 * 86_400_000
  around.server.handle(canned(ended.table))
  assert.deepEqual(await around.again(both).intel(answers.request), held)
  assert.notEqual(await around.cache.get(`${around.server.url}${pck}`), undefined)
  around.clock = old.from.getTime() - 1
  await around.cache.drop(`${around.server.url}${tcb}`)
  await assert.rejects(around.again(both).intel(answers.request), { code: 'stale' }, 'nor what is yet to begin')
})

test('an older answer never takes the place of the one that is held, though it is genuine and valid', async (t) => {
  const newer = intelAnswers('tdx')
  const older = intelAnswers('tdx', {
    window: { from: new Date('2026-05-20T00:00:00Z'), to: new Date('2026-08-01T00:00:00Z') },
  })
  const around = await bench(t, newer)
  const ask = (): Promise<IntelCollateral> =>
    around.again({ trustAnchors: [newer.made.anchor, older.made.anchor] }).intel(newer.request)
  const first = await ask()
  around.clock += 2 * 86_400_000
  around.server.handle(canned(older.table))
  assert.deepEqual(await ask(), first)
  const reasons = around.progress.flatMap(({ step, reason = '' }) => (step === 'stale-but-valid' ? [reason] : []))
  assert.equal(reasons.length, 4)
  assert.match(reasons[0] ?? '', /2026-05-20T00:00:00.000Z, older than that of 2026-06-01T00:00:00.000Z/)
  around.server.handle(canned(newer.table))
  assert.deepEqual(await ask(), first, 'the same once more is no older one')
})

test('an older revocation list of AMD never takes the place of the one that is held', async (t) => {
  const authority = createAmdAuthority('Milan', { bits: 2048 })
  const at = (from: string): AmdAnswers =>
    amdAnswers(makeSnp({ authority, window: { from: new Date(from), to: new Date('2026-08-01T00:00:00Z') } }))
  const [newer, older] = [at('2026-06-10T00:00:00Z'), at('2026-05-20T00:00:00Z')]
  const around = await bench(t, newer)
  const { crl } = await around.source.amd(newer.request)
  around.clock += 2 * 86_400_000
  const old = older.table.get(older.paths.crl) ?? { body: '' }
  around.server.handle(canned(new Map(newer.table).set(newer.paths.crl, old)))
  assert.deepEqual((await around.again().amd(newer.request)).crl, crl)
})

test('a clock that is behind for a while takes nothing out of the cache', async (t) => {
  const answers = intelAnswers('tdx')
  const around = await bench(t, answers)
  await around.source.intel(answers.request)
  around.clock -= 400 * 86_400_000
  await assert.rejects(around.again().intel(answers.request), { code: 'stale' })
  around.clock += 400 * 86_400_000
  around.server.handle((_, response) => response.writeHead(500).end())
  assert.deepEqual((await around.again().intel(answers.request)).collateral, answers.made.collateral)
})

test('the VCEK of a chip never changes and is not asked for again', async (t) => {
  const answers = amdAnswers(quickSnp({ product: 'Genoa' }))
  const around = await bench(t, answers)
  await around.source.amd(answers.request)
  around.clock += 3 * 86_400_000
  await around.again().amd(answers.request)
  assert.equal(around.server.asked.filter((path) => path === answers.paths.vcek).length, 1)
  assert.equal(around.server.asked.filter((path) => path === answers.paths.crl).length, 2)
  assert.equal(around.server.asked.filter((path) => path === answers.paths.chain).length, 2)
})

test('without a trust anchor of the emulator, its answers are refused and nothing is kept', async (t) => {
  const answers = intelAnswers('sgx')
  const { server, again, entries } = await bench(t, answers)
  const strict = again({ trustAnchors: [] })
  await assert.rejects(strict.intel(answers.request), { code: 'bad-answer', message: /trusted root/ })
  assert.equal(await entries(), 0)
  const vendors = networkSource({ intel: { baseUrl: server.url, kind: 'pccs' } })
  await assert.rejects(vendors.intel(answers.request), { code: 'bad-answer' })
})

test('the subscription key goes to the PCK service only, and into no error', async (t) => {
  const answers = intelAnswers('sgx')
  const { server, again } = await bench(t, answers)
  const key = 'a-very-secret-subscription-key'
  const other = await startServer((_, response) => response.writeHead(401).end())
  t.after(() => other.close())
  const source = again({
    intel: { baseUrl: other.url, kind: 'pcs', rootCrlUrl: `${server.url}/IntelSGXRootCA.der`, subscriptionKey: key },
  })
  const request = { encryptedPpid: 'ab'.repeat(384), cpuSvn: '00'.repeat(16), pceSvn: 13, pceId: '0000' }
  const error: unknown = await source.pck(request).catch((caught: unknown) => caught)
  assert.ok(
    error instanceof Error && !JSON.stringify(error).includes(key) && !`${error.stack}${error.message}`.includes(key),
  )
  assert.equal(other.headers[0]?.['ocp-apim-subscription-key'], key)
  assert.ok(other.asked[0]?.includes('pcesvn=0d00'), 'PCESVN goes little-endian')
  await assert.rejects(source.intel(answers.request), { code: 'refused' })
  assert.ok(other.headers.slice(1).every((headers) => headers['ocp-apim-subscription-key'] === undefined))
  assert.ok(server.headers.every((headers) => headers['ocp-apim-subscription-key'] === undefined))
})

function hex(bytes: Uint8Array | undefined): string {
  return bytes === undefined ? '' : toHex(bytes)
}
