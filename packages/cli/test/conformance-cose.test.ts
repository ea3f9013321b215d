import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { ccaCases } from '../src/conformance/arm/cca.ts'
import { psaCases } from '../src/conformance/arm/psa.ts'
import type { CaseRunner } from '../src/conformance/case.ts'
import { findCases, readCase } from '../src/conformance/find.ts'
import { nitroCases } from '../src/conformance/nitro/cases.ts'

const VECTORS = process.env.SEKISHO_VECTORS ?? fileURLToPath(new URL('../../../../../shared/vectors', import.meta.url))

const FAMILIES: readonly (readonly [family: string, runner: CaseRunner, cases: number, atLeast: number])[] = [
  ['aws-nitro', nitroCases, 21, 400],
  ['nitro-eif', nitroCases, 8, 80],
  ['arm-cca', ccaCases, 13, 500],
  ['arm-cca-claims', ccaCases, 1, 50],
  ['arm-psa', psaCases, 2, 40],
]

for (const [family, runner, cases, atLeast] of FAMILIES) {
  const folder = join(VECTORS, family)
  const skip = existsSync(folder) ? false : `needs the vectors in ${folder} (SEKISHO_VECTORS)`
  describe(`every vector of ${family}`, { skip }, async () => {
    if (skip !== false) return
    let compared = 0
    const files = await findCases(folder)
    for (const file of files) {
      const [result] = await readCase(file, [runner])
      it(result?.name ?? file.path, () => {
        assert.ok(result)
        compared += result.comparisons.length
        const different = result.comparisons.filter((one) => !one.equal).map((one) => one.path)
        assert.equal(result.outcome, 'pass', `${result.message} ${different.join(' ')}`)
      })
    }
    it(`there are ${cases}`, () => assert.equal(files.length, cases))
    after(() => assert.ok(compared >= atLeast, `only ${compared} values were compared`))
  })
}
