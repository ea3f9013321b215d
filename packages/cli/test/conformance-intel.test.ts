import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { JsonValue } from '../src/conformance/case.ts'
import { intelCases } from '../src/conformance/intel.ts'

const VECTORS = process.env.SEKISHO_VECTORS ?? fileURLToPath(new URL('../../../../../shared/vectors', import.meta.url))

for (const [collection, count] of [
  ['intel-sgx', 15],
  ['intel-tdx', 23],
  ['intel-generated', 153],
] as const) {
  const folder = join(VECTORS, collection)
  const skip = existsSync(folder) ? false : `needs the vectors in ${collection} (SEKISHO_VECTORS)`
  describe(`conformance: ${collection}`, { skip }, () => {
    const cases =
      skip === false ? readdirSync(folder).filter((name) => existsSync(join(folder, name, 'case.json'))) : []

    it('has all cases', () => assert.equal(cases.length, count))

    for (const name of cases) {
      it(name, async () => {
        const content: JsonValue = JSON.parse(readFileSync(join(folder, name, 'case.json'), 'utf8'))
        const result = await intelCases.run(join(folder, name), name, content)
        const different = result.comparisons.filter((one) => !one.equal)
        assert.deepEqual(
          { outcome: result.outcome, message: result.message, different },
          { outcome: 'pass', message: undefined, different: [] },
        )
        // A case without public collateral is refused for want of it, which it does not list.
        if (result.expectedVerdict !== 'parse-only') assert.equal(result.actualReason, result.expectedReason)
        assert.ok(result.comparisons.length > 0)
      })
    }
  })
}
