import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { azureCases } from '../src/conformance/azure.ts'
import type { CaseRunner } from '../src/conformance/case.ts'
import { findCases, readCase } from '../src/conformance/find.ts'
import { tpmCases } from '../src/conformance/tpm/cases.ts'
import { measuredBootCases } from '../src/conformance/tpm/measured-boot.ts'

const VECTORS = process.env.SEKISHO_VECTORS ?? fileURLToPath(new URL('../../../../../shared/vectors', import.meta.url))

const FAMILIES: readonly (readonly [family: string, runner: CaseRunner, cases: number, atLeast: number])[] = [
  ['tpm', tpmCases, 37, 1000],
  ['azure-vtpm', azureCases, 38, 500],
  ['measured-boot', measuredBootCases, 43, 2000],
]

for (const [family, runner, cases, atLeast] of FAMILIES) {
  const folder = join(VECTORS, family)
  const skip = existsSync(folder) ? false : `needs the vectors in ${folder} (SEKISHO_VECTORS)`
  describe(`every vector of ${family}`, { skip }, async () => {
    if (skip !== false) return
    let compared = 0
    let found = 0
    for (const file of await findCases(folder)) {
      for (const result of await readCase(file, [runner])) {
        found++
        it(result.name, () => {
          compared += result.comparisons.length
          const different = result.comparisons.filter((one) => !one.equal).map((one) => one.path)
          assert.equal(result.outcome, 'pass', `${result.message} ${different.join(' ')}`)
        })
      }
    }
    it(`there are ${cases}`, () => assert.equal(found, cases))
    after(() => assert.ok(compared >= atLeast, `only ${compared} values were compared`))
  })
}
