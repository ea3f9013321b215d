import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { JsonValue } from '../src/conformance/case.ts'
import { intelCases } from '../src/conformance/intel/cases.ts'
import { runWithin } from './run.ts'

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

const collections = ['intel-sgx', 'intel-tdx', 'amd-sev-snp'].map((name) => join(VECTORS, name))
const missing = collections.every((folder) => existsSync(folder)) ? false : `needs ${collections.join(', ')}`

describe('sekisho support: the first floor', { skip: missing }, () => {
  it('says of each version how many real ones it is proven on, or that there are none', async () => {
    const { evidence } = JSON.parse((await runWithin(['support', '--json'])).out)
    const formsOf = (tee: string): string =>
      evidence.find(({ what }: { readonly what: string }) => what === tee)?.forms ?? ''
    const [sgx, tdx, snp] = collections.map((folder) => countOfVersions(folder))
    assert.deepEqual([sgx, tdx, snp], [{ 3: 15 }, { 4: 17, 5: 6 }, { 2: 6, 3: 8, 5: 4 }])
    assert.match(formsOf('Intel SGX'), /version 3 \(15 [^)]*\), 4 and 5 [^;]*structure only: generated/)
    assert.match(
      formsOf('Intel TDX'),
      /version 4 \(17 real ones\) and 5 \(6 real ones with TD report 1\.5; [^)]*1\.0 structure only: generated\)/,
    )
    assert.match(
      formsOf('AMD SEV-SNP'),
      /version 2 \(6 real ones\), 3 \(8\) and 5 \(4\), version 4 .*\(structure only: generated\)/,
    )
  })
})

/** How many pieces of evidence right below a collection there are of each version, which their first two bytes say. */
function countOfVersions(folder: string): Readonly<Record<number, number>> {
  const counts: Record<number, number> = {}
  for (const name of readdirSync(folder)) {
    const file = join(folder, name, 'evidence.bin')
    if (!existsSync(file)) continue
    const version = readFileSync(file).readUInt16LE(0)
    counts[version] = (counts[version] ?? 0) + 1
  }
  return counts
}
