import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { CaseResult, JsonValue } from '../src/conformance/case.ts'
import { nvidiaCases } from '../src/conformance/nvidia.ts'

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
  it('there are 30, and they list values', () => assert.equal(names.length, 30))
  after(() => assert.ok(compared > 5000, `only ${compared} values were compared`))
})
