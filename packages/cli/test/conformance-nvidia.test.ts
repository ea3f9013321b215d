import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Verdict } from '@sekisho/evidence'
import type { CaseResult, JsonValue } from '../src/conformance/case.ts'
import { nvidiaCases } from '../src/conformance/nvidia/cases.ts'
import { runWithin } from './run.ts'

const VECTORS = process.env.SEKISHO_VECTORS ?? fileURLToPath(new URL('../../../../../shared/vectors', import.meta.url))
const FOLDER = join(VECTORS, 'nvidia-gpu')
const skip = existsSync(FOLDER) ? false : `needs the NVIDIA vectors in ${VECTORS} (SEKISHO_VECTORS)`

function explain(result: CaseResult): string {
  const different = result.comparisons
    .filter((one) => !one.equal)
    .map((one) => `${one.path}: expected ${JSON.stringify(one.expected)}, found ${JSON.stringify(one.actual)}`)
  return [result.message ?? '', ...different.slice(0, 20)].join('\n')
}

describe('every NVIDIA vector', { skip }, async () => {
  if (skip !== false) return
  let compared = 0
  const names = (await readdir(FOLDER)).sort()
  for (const name of names) {
    it(name, async () => {
      const folder = join(FOLDER, name)
      const content: JsonValue = JSON.parse(await readFile(join(folder, 'case.json'), 'utf8'))
      const result = await nvidiaCases.run(folder, name, content)
      compared += result.comparisons.length
      assert.equal(result.outcome, 'pass', explain(result))
    })
  }
  it('several devices in one list: all must pass, and answer one nonce', async () => {
    const home = mkdtempSync(join(tmpdir(), 'sekisho-nvidia-'))
    try {
      const device = (name: string) => ({
        arch: 'BLACKWELL',
        evidence: readFileSync(join(FOLDER, name, 'report.bin')).toString('base64'),
        certificate: readFileSync(join(FOLDER, name, 'cert-chain.pem')).toString('base64'),
      })
      const node = ['blackwell-590-mpt-0', 'blackwell-590-mpt-1'].map(device)
      const { evaluateAt }: { evaluateAt: string } = JSON.parse(
        readFileSync(join(FOLDER, 'blackwell-590-mpt-0', 'case.json'), 'utf8'),
      )
      for (const [verdict, devices] of [
        ['valid', node],
        ['invalid', [...node, device('blackwell-575')]],
      ] as const) {
        writeFileSync(join(home, 'evidence.json'), JSON.stringify(devices))
        const content = { tee: 'nvidia-gpu', evaluateAt, expect: { verdict } }
        const result = await nvidiaCases.run(home, 'several', content)
        assert.equal(result.outcome, 'pass', explain(result))
        const wrong = { ...content, expect: { verdict: verdict === 'valid' ? 'invalid' : 'valid' } }
        assert.equal((await nvidiaCases.run(home, 'several', wrong)).outcome, 'fail')
      }
    } finally {
      rmSync(home, { recursive: true })
    }
  })
  it('there are 30, and they list values', () => assert.equal(names.length, 30))
  after(() => assert.ok(compared > 5000, `only ${compared} values were compared`))
})

describe('collateral of NVIDIA devices', { skip }, () => {
  it('is packed whole: the manifests of all versions in a folder, not the last of them', async () => {
    const home = mkdtempSync(join(tmpdir(), 'sekisho-nvidia-'))
    try {
      for (const [name, path] of [
        ['a.xml', 'hopper-550-full/driver-rim.xml'],
        ['b.xml', 'rim-driver-550-144/rim.xml'],
      ] as const)
        writeFileSync(join(home, name), readFileSync(join(FOLDER, path)))
      const ran = await runWithin(['collateral', 'show', home, '--json'])
      assert.equal(ran.code, 0, ran.err)
      assert.match(ran.out, /GH100 550\.90\.07/)
      assert.match(ran.out, /GH100 550\.144\.0?3/)
    } finally {
      rmSync(home, { recursive: true })
    }
  })

  it('each device of a node is judged with its own manifests, also where they are over', async () => {
    const home = mkdtempSync(join(tmpdir(), 'sekisho-nvidia-'))
    try {
      for (const [name, path] of [
        ['driver.xml', 'hopper-550-full/driver-rim.xml'],
        ['gpu.xml', 'hopper-550-full/vbios-rim.xml'],
        ['switch.xml', 'switch-ls10/vbios-rim.xml'],
      ] as const)
        writeFileSync(join(home, name), readFileSync(join(FOLDER, path)))
      const devices = ['hopper-550-full', 'switch-ls10'].map((name) => ({
        evidence: readFileSync(join(FOLDER, name, 'report.bin')).toString('base64'),
        certificate: readFileSync(join(FOLDER, name, 'cert-chain.pem')).toString('base64'),
      }))
      const [node, bundle] = [join(home, 'node.json'), join(home, 'bundle-of-all.json')]
      writeFileSync(node, JSON.stringify(devices))
      assert.equal((await runWithin(['collateral', 'pack', home, '-o', bundle])).code, 0)
      const ran = await runWithin(['verify', node, '--collateral', bundle, '--at', '2025-08-21T12:00:00Z', '--json'])
      const { parts }: Verdict = JSON.parse(ran.out)
      const of = (part: number, id: string): string | undefined =>
        parts?.[part]?.verdict.checks.flatMap(({ checks }) => checks).find((one) => one.id === `nvidia.rim.${id}`)
          ?.outcome
      for (const [part, id, outcome] of [
        [0, 'driver.version', 'pass'],
        [0, 'vbios.version', 'pass'],
        [1, 'driver.present', 'not-applicable'],
        [1, 'vbios.version', 'pass'],
        [1, 'vbios.product', 'pass'],
        [1, 'vbios.chain.not-before', 'fail'],
      ] as const)
        assert.equal(of(part, id), outcome, `${part} ${id}`)
    } finally {
      rmSync(home, { recursive: true })
    }
  })
})
