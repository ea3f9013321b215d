import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DEFAULT_AT, makeSgx, makeTdx, pemChain } from '@sekisho/emulator/kit'
import { verifyTdxSync } from '@sekisho/evidence/tdx'
import {
  type BundleItem,
  bundleSource,
  chainSources,
  describeAmd,
  describeIntel,
  describePck,
  type IntelRequest,
  mergeBundles,
  readBundle,
  selectAmd,
  selectIntel,
  selectPck,
  writeBundle,
} from '../src/index.ts'
import { sourceFor } from '../src/requests.ts'
import { bench } from './setup.ts'
import { amdAnswers, intelAnswers, quickSnp } from './vendors.ts'

const intel = (made: { readonly collateral: Parameters<typeof describeIntel>[0] }): BundleItem => ({
  kind: 'intel',
  collateral: describeIntel(made.collateral),
})
const june = makeTdx()
const july = makeTdx({ window: { from: new Date('2026-06-14T00:00:00Z'), to: new Date('2026-07-14T00:00:00Z') } })
const sgx = makeSgx()
const milan = quickSnp({ product: 'Milan' })
const turin = quickSnp({ product: 'Turin' })
const vlek = quickSnp({ product: 'Genoa', role: 'vlek' })

const amd = ({ certificates, crl }: typeof milan): BundleItem => {
  const { vcek, ask, asvk, ark } = certificates
  return {
    kind: 'amd',
    collateral: describeAmd({
      ...(vcek === undefined ? {} : { leaf: vcek }),
      intermediate: ask ?? asvk ?? new Uint8Array(),
      root: ark,
      crl,
    }),
  }
}
const pckChain =
  Buffer.from(sgx.evidence)
    .toString('latin1')
    .match(/-----BEGIN CERTIFICATE-----[\s\S]+-----END CERTIFICATE-----\n?/)?.[0] ?? ''
const pckRequest = {
  encryptedPpid: 'AB'.repeat(384),
  cpuSvn: '07'.repeat(16),
  pceSvn: 13,
  pceId: '0000',
  qeId: 'cd'.repeat(16),
}
const pck: BundleItem = { kind: 'intel-pck', request: pckRequest, certificate: describePck(pckChain) }
const items: readonly BundleItem[] = [intel(june), intel(july), intel(sgx), amd(milan), amd(turin), amd(vlek), pck]
const tdxRequest: IntelRequest = { tee: 'tdx', fmspc: 'C0FFEE000001', ca: 'platform' }

test('a bundle reads back as it was written, and the same items give the same text in any order', () => {
  const text = writeBundle({ items })
  const back = readBundle(text)
  assert.equal(back.items.length, items.length)
  assert.deepEqual(back.unknown, [])
  assert.equal(writeBundle(back), text)
  assert.equal(writeBundle({ items: [...items].reverse() }), text)
  assert.equal(writeBundle(mergeBundles({ items: items.slice(0, 4) }, { items: items.slice(2) }, back)), text)
  assert.deepEqual(readBundle(Buffer.from(text)), back)
})

test('the newest item whose window contains the time is chosen', () => {
  const bundle = readBundle(writeBundle({ items }))
  assert.deepEqual(selectIntel(bundle, tdxRequest, DEFAULT_AT)?.collateral, july.collateral)
  assert.deepEqual(selectIntel(bundle, tdxRequest, new Date('2026-06-05T00:00:00Z'))?.collateral, june.collateral)
  assert.deepEqual(
    selectIntel(bundle, tdxRequest, new Date('2026-07-14T00:00:00Z'))?.collateral,
    july.collateral,
    'the last second counts',
  )
  assert.equal(selectIntel(bundle, tdxRequest, new Date('2026-07-14T00:00:01Z')), undefined)
  assert.equal(selectIntel(bundle, tdxRequest, new Date('2026-05-31T23:59:59Z')), undefined)
  for (const other of [
    { tee: 'sgx' },
    { fmspc: '000000000000' },
    { ca: 'processor' },
    { update: 'early' },
    { tcbEvaluationDataNumber: 18 },
  ] as const) {
    assert.notDeepEqual(selectIntel(bundle, { ...tdxRequest, ...other }, DEFAULT_AT)?.collateral, july.collateral)
  }
  assert.deepEqual(
    selectIntel(bundle, { ...tdxRequest, tcbEvaluationDataNumber: 17 }, DEFAULT_AT)?.collateral,
    july.collateral,
  )
})

test('AMD items are found by product, chip and TCB; a PCK certificate by its platform', () => {
  const bundle = readBundle(writeBundle({ items }))
  for (const made of [milan, turin]) {
    const { request } = amdAnswers(made)
    assert.deepEqual(selectAmd(bundle, request, DEFAULT_AT)?.leaf, made.certificates.vcek)
    assert.equal(selectAmd(bundle, { ...request, chipId: `00${request.chipId?.slice(2)}` }, DEFAULT_AT), undefined)
    assert.equal(selectAmd(bundle, { ...request, tcb: { ...request.tcb, snp: 0 } }, DEFAULT_AT), undefined)
  }
  assert.ok(selectAmd(bundle, amdAnswers(vlek, 'vlek').request, DEFAULT_AT)?.vlek)
  assert.equal(
    selectPck(bundle, { ...pckRequest, encryptedPpid: 'ef'.repeat(384) }, DEFAULT_AT)?.fmspc,
    'c0ffee000001',
    'the QE id is enough',
  )
  assert.equal(
    selectPck(bundle, { ...pckRequest, qeId: '00'.repeat(16), encryptedPpid: 'ef'.repeat(384) }, DEFAULT_AT),
    undefined,
  )
})

test('what a network source gives can be packed, and the bundle then gives it offline', async (t) => {
  const answers = intelAnswers('tdx')
  const network = (await bench(t, answers)).source
  const chip = amdAnswers(milan)
  const kds = (await bench(t, chip)).source
  const got = [await network.intel(answers.request), await kds.amd(chip.request)] as const
  const bundle = readBundle(
    writeBundle({
      items: [
        { kind: 'intel', collateral: got[0] },
        { kind: 'amd', collateral: got[1] },
      ],
    }),
  )
  const offline = chainSources(bundleSource({ items: [], unknown: [] }, DEFAULT_AT), bundleSource(bundle, DEFAULT_AT))
  assert.deepEqual(await offline.intel(answers.request), got[0])
  assert.deepEqual(await offline.amd(chip.request), got[1])
  await assert.rejects(offline.pck(pckRequest), { code: 'not-found' })
  const down = chainSources(bundleSource({ items: [], unknown: [] }, DEFAULT_AT), {
    ...network,
    intel: () => network.intel({ ...answers.request, fmspc: '000000000000' }),
  })
  await assert.rejects(down.intel(answers.request), { code: 'not-found' })
})

test('an item of an unknown kind is listed and harms nothing', () => {
  const json: { items: unknown[] } = JSON.parse(writeBundle({ items }))
  json.items.splice(1, 0, { kind: 'arm-cca', anything: [1.5, null] })
  const bundle = readBundle(JSON.stringify(json))
  assert.deepEqual(bundle.unknown, [{ index: 1, kind: 'arm-cca' }])
  assert.equal(bundle.items.length, items.length)
  assert.equal(writeBundle(bundle), writeBundle({ items }))
})

test('a file that is no bundle of this version is refused, and says why', () => {
  const good = writeBundle({ items })
  const bad = (text: string | Uint8Array, message: RegExp, code = 'bad-bundle'): void =>
    assert.throws(() => readBundle(text), { name: 'CollateralError', code, message })
  bad('', /cannot be read/)
  bad('[]', /cannot be read/)
  bad(good.slice(0, -20), /cannot be read/)
  bad(Uint8Array.of(0x7b, 0xff, 0x7d), /cannot be read/)
  bad(good.replace('"version":1', '"version":2'), /version/)
  bad(good.replace('"version":1', '"version":"1"'), /version/)
  bad(good.replace('sekisho-endorsements', 'something-else'), /format/)
  bad(good.replace('"version":1', '"version":1,"version":1'), /twice/)
  bad(good.replace('"kind":"intel"', '"kind":"intel","kind":"intel"'), /twice/)
  bad(good.replace('"version":1', '"version":1,"extra":1'), /beside/)
  bad('{"format":"sekisho-endorsements","version":1,"items":{}}', /list/)
  bad('{"format":"sekisho-endorsements","version":1,"items":[1]}', /item 0/)
  bad('{"format":"sekisho-endorsements","version":1,"items":[{}]}', /kind/)
  bad('{"format":"sekisho-endorsements","version":1,"items":[{"kind":"intel"}]}', /collateral/)
  bad('{"format":"sekisho-endorsements","version":1,"items":[{"kind":"\\u001b[2J"}]}', /no name/)
  bad('{"format":"sekisho-endorsements","version":1,"items":[{"kind":"intel-pck","request":{"pceSvn":1}}]}', /platform/)
  bad(
    `{"format":"sekisho-endorsements","version":1,"items":[${'{"kind":"x"},'.repeat(10_000)}{"kind":"x"}]}`,
    /items/,
    'too-large',
  )
  bad(' '.repeat(33 * 1024 * 1024), /bytes/, 'too-large')
  bad(`{"a":${'['.repeat(100_000)}`, /deeper/)
})

test('an item whose label is not what its content says is refused', () => {
  const good = writeBundle({ items })
  const edits: readonly (readonly [string | RegExp, string])[] = [
    ['"fmspc":"c0ffee000001"', '"fmspc":"c0ffee000002"'],
    ['"tee":"sgx"', '"tee":"tdx"'],
    ['"ca":"platform"', '"ca":"processor"'],
    ['"tcbInfo":17', '"tcbInfo":20'],
    ['"to":"2026-07-01T00:00:00Z"', '"to":"2036-07-01T00:00:00Z"'],
    ['"product":"Milan"', '"product":"Genoa"'],
    ['"vlek":true', '"vlek":false'],
    ['"microcode":219', '"microcode":220'],
    [/"chipId":"[0-9a-f]{2}/, '"chipId":"ff'],
    ['"kind":"amd"', '"kind":"amd","note":"trust me"'],
    ['"kind":"amd"', '"kind":"amd","__proto__":{}'],
  ]
  for (const [from, to] of edits) {
    const edited = good.replace(from, to)
    assert.notEqual(edited, good)
    assert.throws(() => readBundle(edited), { code: 'bad-bundle', message: /not what the content says/ }, String(from))
  }
})

test('no change of one byte in a bundle crashes or hangs its reader', () => {
  const good = Buffer.from(writeBundle({ items: [intel(sgx), amd(turin)] }))
  for (let at = 0; at < good.length; at += 7) {
    const damaged = Buffer.from(good)
    damaged[at] = (damaged[at] as number) ^ (1 << (at % 7))
    try {
      readBundle(damaged)
    } catch (error) {
      assert.ok(error instanceof Error && error.name === 'CollateralError', `byte ${at}: ${String(error)}`)
    }
  }
})

test('of several bundles the newest item counts, whichever was given first', async () => {
  const bundles = [june, july].map((made) => readBundle(writeBundle({ items: [intel(made)] })))
  for (const given of [bundles, bundles.toReversed()]) {
    const source = await sourceFor(given, undefined, new Date('2026-06-15T12:00:00Z'))
    assert.deepEqual((await source?.intel(tdxRequest))?.collateral, july.collateral)
    const before = await sourceFor(given, undefined, new Date('2026-06-13T00:00:00Z'))
    assert.deepEqual((await before?.intel(tdxRequest))?.collateral, june.collateral)
  }
})

test('ids of a platform have their sizes, and a bundle in a text is measured in bytes', () => {
  const written = JSON.parse(writeBundle({ items: [pck] }))
  const [item] = written.items
  const odd = { cpuSvn: '07', pceSvn: 65_536, pceId: '000000', qeId: 'cd' }
  for (const [name, value] of [...Object.entries(odd), ['pceSvn', -1]] as const) {
    const text = JSON.stringify({ ...written, items: [{ ...item, request: { ...item.request, [name]: value } }] })
    assert.throws(
      () => readBundle(text),
      { code: 'bad-bundle', message: new RegExp(`request.${name}|\\\`${name}\\\``) },
      name,
    )
  }
  assert.equal(readBundle(JSON.stringify(written)).items.length, 1)
  assert.throws(() => readBundle('é'.repeat(17 * 1024 * 1024)), { code: 'too-large' })
})

test('a bundle of one machine serves another of its family: it lends no chain', async () => {
  const [one, other] = [makeTdx(), makeTdx()]
  const chainOf = ({ pck: leaf, authority }: typeof one): string =>
    pemChain(leaf.der, authority.platform.der, authority.root.der)
  const held = [one, other].map((made) =>
    intel({ collateral: { ...made.collateral, pck_certificate_chain: chainOf(made) } }),
  )
  const bundle = readBundle(writeBundle({ items: held }))
  assert.equal(bundle.items.length, 2)
  for (const { evidence, anchor, at } of [one, other]) {
    const { collateral } = await bundleSource(bundle, DEFAULT_AT).intel(tdxRequest)
    assert.equal(verifyTdxSync(evidence, { at, collateral, trustAnchors: [anchor] }).authenticity, 'proven')
  }
})

test('a name in a certificate of AMD that is no UTF-8 is refused by its own name', () => {
  const vcek = milan.certificates.vcek ?? new Uint8Array()
  // IA5String, its length, and the product, of which only this extension has the name alone.
  const at = Buffer.from(vcek).indexOf('\x16\x08Milan-B0', 0, 'latin1')
  assert.ok(at > 0)
  const damaged = Uint8Array.from(vcek)
  damaged[at + 2] = 0xff
  const certificates = { ...milan.certificates, vcek: damaged }
  assert.throws(() => amd({ ...milan, certificates }), {
    name: 'CollateralError',
    code: 'bad-answer',
    message: /productName of the certificate: expected text in UTF-8/,
  })
})
