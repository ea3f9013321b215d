import assert from 'node:assert/strict'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { WORK } from '../src/engine/work.ts'
import { allChecks } from '../src/map/model.ts'
import { ROOT } from './browser.ts'

const VECTORS = process.env['SEKISHO_VECTORS'] ?? join(ROOT, '..', 'shared', 'vectors')
const FOLDER = join(VECTORS, 'nvidia-gpu', 'hopper-550-full')
const skip = statSync(FOLDER, { throwIfNoEntry: false }) === undefined ? `no vectors (${FOLDER})` : false
const base64 = (path: string): string => readFileSync(join(FOLDER, path)).toString('base64')
/** While the answers about the device hold. */
const AT = Date.parse('2025-08-21T07:00:00Z')
const DATES = { from: '2025-08-21T06:47:08Z', to: '2025-08-22T06:47:08Z' }
const SERIALS = ['41431d480fe5e87274', '6afe7184f92232c8df7b242261776e56', '4c255ede3bd001bf3f4a3b605fca898a']

test('of a data centre’s bundle a GPU takes the answers about its own certificates and the manifest for its architecture', {
  skip,
}, async () => {
  const answers = ['gpu_certificate_l2', 'gpu_certificate_l3', 'gpu_certificate_l4'].map((name) => ({
    kind: 'nvidia-ocsp',
    serials: SERIALS.join(' '),
    response: base64(`ocsp/${name}.der`),
    ...DATES,
  }))
  const others = Array.from({ length: 40 }, (_, i) => ({
    kind: 'nvidia-ocsp',
    serials: String(i),
    response: answers[0]?.response,
    ...DATES,
  }))
  const dates = { from: '2024-01-01T00:00:00Z', to: '2030-01-01T00:00:00Z' }
  const driver = {
    kind: 'nvidia-rim',
    version: '550.90.07',
    manifest: base64('driver-rim.xml'),
    product: 'GH100',
    ...dates,
  }
  // A driver of the same version for another architecture, published later.
  const blackwell = { ...driver, product: 'GB100', manifest: base64('vbios-rim.xml'), from: '2025-01-01T00:00:00Z' }
  const items = [...others, ...answers, driver, blackwell]
  const evidence = [{ evidence: base64('report.bin'), certificate: base64('cert-chain.pem') }]
  const text = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value))
  const { verdict } = await WORK.verify({
    file: text(evidence),
    part: 0,
    files: [{ name: 'bundle.json', bytes: text({ format: 'sekisho-endorsements', version: 1, items }) }],
    eventLog: undefined,
    expect: {},
    waive: [],
    anchors: [],
    distrust: [],
    at: AT,
  })
  const outcomes = new Map(allChecks(verdict).map(({ id, outcome }) => [id, outcome]))
  for (const id of ['chain.ocsp.present', 'chain.ocsp.status', 'rim.driver.version', 'rim.driver.product'])
    assert.equal(outcomes.get(`nvidia.${id}`), 'pass', id)
})
