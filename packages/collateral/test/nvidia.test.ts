import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type BundleItem, describeNvidiaOcsp, describeNvidiaRim, readBundle, writeBundle } from '../src/index.ts'

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
