import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parsePemChain } from '@sekisho/evidence/nvidia'
import {
  type BundleItem,
  describeNvidiaOcsp,
  describeNvidiaRim,
  readBundle,
  selectNvidia,
  writeBundle,
} from '../src/index.ts'

const VECTORS = process.env.SEKISHO_VECTORS ?? fileURLToPath(new URL('../../../../../shared/vectors', import.meta.url))
const FOLDER = join(VECTORS, 'nvidia-gpu', 'hopper-550-full')
const skip = existsSync(FOLDER) ? false : `needs the NVIDIA vectors in ${VECTORS} (SEKISHO_VECTORS)`

function file(name: string): Uint8Array {
  return new Uint8Array(readFileSync(join(FOLDER, name)))
}

test('manifests and OCSP answers travel in a bundle, byte for byte', { skip }, () => {
  const items: readonly BundleItem[] = [
    { kind: 'nvidia-rim', collateral: describeNvidiaRim(file('driver-rim.xml')) },
    { kind: 'nvidia-rim', collateral: describeNvidiaRim(file('vbios-rim.xml')) },
    { kind: 'nvidia-ocsp', collateral: describeNvidiaOcsp(file('ocsp/gpu_certificate_l2.der')) },
  ]
  const text = writeBundle({ items })
  const read = readBundle(text)
  assert.equal(writeBundle(read), text)
  const rims = read.items.flatMap((item) => (item.kind === 'nvidia-rim' ? [item.collateral] : []))
  assert.deepEqual(rims.map(({ version }) => version).sort(), ['550.90.07', '96.00.9F.00.01'])
  assert.deepEqual(rims.find(({ version }) => version === '550.90.07')?.manifest, file('driver-rim.xml'))
  const [answer] = read.items.flatMap((item) => (item.kind === 'nvidia-ocsp' ? [item.collateral] : []))
  assert.deepEqual(answer?.serials, ['4c255ede3bd001bf3f4a3b605fca898a'])
  assert.equal(answer?.window.from, Date.UTC(2025, 7, 21, 6, 47, 8))
})

test('a bundle whose labels are not what the content says is refused', { skip }, () => {
  const text = writeBundle({ items: [{ kind: 'nvidia-rim', collateral: describeNvidiaRim(file('driver-rim.xml')) }] })
  assert.throws(() => readBundle(text.replace('"version":"550.90.07"', '"version":"999.00"')), /version/)
  const answer = writeBundle({
    items: [{ kind: 'nvidia-ocsp', collateral: describeNvidiaOcsp(file('ocsp/gpu_certificate_l2.der')) }],
  })
  assert.throws(() => readBundle(answer.replace('4c255ede', '4c255edf')), /serials/)
  assert.throws(() => readBundle(answer.replace(/"response":"..../, '"response":"AAAA')), /read/)
})

const DAY = 86_400_000
const AT = new Date('2026-06-01T00:00:00Z')

function rim(version: string, from: number, to: number): BundleItem {
  const window = { from: AT.getTime() + from * DAY, to: AT.getTime() + to * DAY }
  const manifest = Buffer.from(`${version} ${from} ${to}`)
  return { kind: 'nvidia-rim', collateral: { product: 'GH100', version, window, manifest } }
}

function answer(name: string, from: number, to: number): BundleItem {
  const window = { from: AT.getTime() + from * DAY, to: AT.getTime() + to * DAY }
  return { kind: 'nvidia-ocsp', collateral: { serials: [], window, response: Buffer.from(name) } }
}

test('a device gets the newest manifests of its versions that hold at the time, and the answers that do', () => {
  const items = [
    rim('550.90', -20, 10),
    rim('550.90', -10, 10),
    rim('550.90', -5, -1),
    rim('96.00.9F', -2, 2),
    rim('96.00.74', -1, 2),
    answer('over', -3, -1),
    answer('good', -1, 1),
  ]
  const { collateral, items: used } = selectNvidia({ items }, { driver: '550.90', vbios: '96.00.9f' }, AT)
  assert.equal(String(collateral.driverRim), '550.90 -10 10')
  assert.equal(String(collateral.vbiosRim), '96.00.9F -2 2')
  assert.deepEqual(collateral.ocsp?.map(String), ['good'])
  assert.deepEqual(used, [items[1], items[3], items[6]])
})

test('where no manifest holds at the time, the one that began last is given: a verdict says that it is over', () => {
  const items = [rim('550.90', -20, -10), rim('550.90', -9, -5)]
  const { collateral } = selectNvidia({ items }, { driver: '550.90', vbios: undefined }, AT)
  assert.equal(String(collateral.driverRim), '550.90 -9 -5')
  assert.equal(collateral.vbiosRim, undefined)
})

test('of what was kept with a verdict everything counts, whatever its window', () => {
  const items = [rim('550.90', -20, -10), answer('over', -3, -1)]
  const { collateral } = selectNvidia({ items }, { driver: '550.90', vbios: undefined }, undefined)
  assert.equal(String(collateral.driverRim), '550.90 -20 -10')
  assert.deepEqual(collateral.ocsp?.map(String), ['over'])
})

test('no more OCSP answers are given than the verifier takes', () => {
  const items = Array.from({ length: 40 }, (_, i) => answer(String(i), -1, 1))
  const { collateral, items: used } = selectNvidia({ items }, { driver: undefined, vbios: undefined }, AT)
  assert.equal(collateral.ocsp?.length, 32)
  assert.equal(used.length, 32)
})

test('of many devices’ answers a device takes the newest about its own certificates and its manifests’', {
  skip,
}, () => {
  const chain = parsePemChain(file('cert-chain.pem'), [])
  const versions = { driver: '550.90.07', vbios: undefined }
  const driver: BundleItem = { kind: 'nvidia-rim', collateral: describeNvidiaRim(file('driver-rim.xml')) }
  const mine = describeNvidiaOcsp(file('ocsp/gpu_certificate_l2.der'))
  const signer = describeNvidiaOcsp(file('ocsp/gpu_driver_rim_l4.der'))
  const others = Array.from({ length: 40 }, (_, i) => answer(String(i), -1, 1))
  const items: readonly BundleItem[] = [
    ...others,
    { kind: 'nvidia-ocsp', collateral: { ...mine, window: { ...mine.window, from: mine.window.from - DAY } } },
    { kind: 'nvidia-ocsp', collateral: mine },
    { kind: 'nvidia-ocsp', collateral: signer },
    driver,
  ]
  const { collateral } = selectNvidia({ items }, versions, undefined, { chain })
  assert.equal(collateral.ocsp?.length, 3)
  assert.deepEqual(collateral.ocsp?.slice(0, 2), [signer.response, mine.response])
  const without = selectNvidia({ items: items.slice(0, -1) }, versions, undefined, { chain })
  assert.equal(
    without.collateral.ocsp?.length,
    2,
    'without its manifest those about the manifest’s certificates are others’',
  )
})

test('of drivers of one version a device takes the manifest for its architecture', () => {
  const of = (product: string, from: number): BundleItem => {
    const made = rim('580.95', from, 10)
    return made.kind === 'nvidia-rim' ? { ...made, collateral: { ...made.collateral, product } } : made
  }
  const items = [of('GH100', -20), of('GB100', -10)]
  const versions = { driver: '580.95', vbios: undefined }
  for (const [architecture, from] of [
    ['HOPPER', -20],
    ['BLACKWELL', -10],
    [undefined, -10],
  ] as const) {
    const { collateral } = selectNvidia({ items }, versions, AT, { architecture })
    assert.equal(String(collateral.driverRim), `580.95 ${from} 10`)
  }
  const [hopper] = items
  assert.ok(hopper !== undefined)
  const only = selectNvidia({ items: [hopper] }, versions, AT, { architecture: 'BLACKWELL' })
  assert.equal(String(only.collateral.driverRim), '580.95 -20 10', 'that it is another’s is for the verdict to say')
})
