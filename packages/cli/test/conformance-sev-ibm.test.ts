import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { findCases, readCase } from '../src/conformance/find.ts'
import { ibmSeCases } from '../src/conformance/ibm-se/cases.ts'
import { sevCases } from '../src/conformance/sev/cases.ts'

const VECTORS = process.env.SEKISHO_VECTORS ?? fileURLToPath(new URL('../../../../../shared/vectors', import.meta.url))

for (const [folder, runner, least] of [
  ['amd-sev', sevCases, 28],
  ['ibm-se', ibmSeCases, 18],
] as const) {
  const path = join(VECTORS, folder)
  const skip = existsSync(path) ? false : `needs the vectors of ${folder} in ${VECTORS} (SEKISHO_VECTORS)`
  test(`every case of ${folder} passes, with every value compared`, { skip }, async () => {
    let count = 0
    for (const file of await findCases(path)) {
      for (const result of await readCase(file, [runner])) {
        count++
        assert.equal(result.outcome, 'pass', `${result.name}: ${result.message ?? ''}`)
      }
    }
    assert.ok(count >= least, `${count} cases`)
  })
}
