import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type BundleItem, describeNvidiaRim, readBundle } from '@sekisho/collateral'
import { canonicalJson } from '@sekisho/evidence'
import { openVerifier } from '../../src/index.ts'

const VECTORS =
  process.env['SEKISHO_VECTORS'] ?? fileURLToPath(new URL('../../../../../../shared/vectors', import.meta.url))
const FOLDER = join(VECTORS, 'nvidia-gpu')
const skip = existsSync(FOLDER) ? false : `needs the NVIDIA vectors in ${VECTORS} (SEKISHO_VECTORS)`
const file = (path: string): Buffer => readFileSync(join(FOLDER, path))
const AT = new Date('2025-08-21T12:00:00Z')

test('devices of a node are judged with manifests of their own, and again with what was kept of them', {
  skip,
}, async () => {
  const rims = ['hopper-550-full/driver-rim.xml', 'hopper-550-full/vbios-rim.xml', 'switch-ls10/vbios-rim.xml']
  const items = rims.map((path): BundleItem => ({ kind: 'nvidia-rim', collateral: describeNvidiaRim(file(path)) }))
  const device = (name: string): object => ({
    evidence: file(`${name}/report.bin`).toString('base64'),
    certificate: file(`${name}/cert-chain.pem`).toString('base64'),
  })
  const verifier = openVerifier({ bundles: [{ items, unknown: [] }] })
  for (const [names, used] of [
    [['hopper-550-full', 'switch-ls10'], 3],
    [['hopper-550-full'], 2],
    [['switch-ls10'], 1],
  ] as const) {
    const received = verifier.recognise(Buffer.from(JSON.stringify(names.map(device))))
    const { verdict, collateral } = await verifier.verify(received, { expect: {}, at: AT })
    const verdicts = verdict.parts?.map((part) => part.verdict) ?? [verdict]
    const versions = verdicts.flatMap(({ checks }) =>
      checks.flatMap((group) => group.checks).filter(({ id }) => /rim\.(driver|vbios)\.(version|product)$/.test(id)),
    )
    assert.ok(versions.every(({ outcome }) => outcome !== 'fail'))
    assert.equal(versions.filter(({ outcome }) => outcome === 'pass').length, 2 * used)
    assert.equal(readBundle(collateral.bytes).items.length, used, 'as a bundle, which others can read')
    const again = await openVerifier({}).verify(received, { expect: {}, at: AT, kept: collateral.bytes })
    assert.equal(canonicalJson(again.verdict), canonicalJson(verdict))
  }
})

test('what former versions kept of a device is still read', { skip }, async () => {
  const verifier = openVerifier({})
  const received = verifier.recognise(file('hopper-550-full/report.bin'))
  const parts = {
    driverRim: file('hopper-550-full/driver-rim.xml').toString('base64'),
    vbiosRim: file('hopper-550-full/vbios-rim.xml').toString('base64'),
    ocsp: [file('hopper-550-full/ocsp/gpu_certificate_l2.der').toString('base64')],
  }
  const { verdict } = await verifier.verify(received, { expect: {}, at: AT, kept: Buffer.from(JSON.stringify(parts)) })
  const names = verdict.collateral.map(({ name }) => name)
  assert.ok(
    ['driver-rim', 'vbios-rim'].every((name) => names.includes(name)),
    names.join(),
  )
})
