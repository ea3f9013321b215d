/**
 * The program that runs in an empty project with nothing but the packed packages installed. It is
 * copied there alone, so it imports nothing of this workspace by path.
 *
 * Its argument is the folder of examples. It prints one line for each thing that worked, and throws
 * at the first that did not.
 */
import assert from 'node:assert/strict'
import * as collateral from '@sekisho/collateral'
import * as evidence from '@sekisho/evidence'

const TEES = ['snp', 'sgx', 'tdx']

for (const tee of TEES) {
  const door: Readonly<Record<string, unknown>> = await import(`@sekisho/evidence/${tee}`)
  const parsers = Object.entries(door).filter(([name]) => /^parse[A-Z]/.test(name))
  assert.ok(parsers.length > 0, `@sekisho/evidence/${tee} exports no parser`)
  for (const [name, parse] of parsers) {
    assert.ok(typeof parse === 'function')
    assert.throws(
      () => parse(Uint8Array.of(1, 2, 3)),
      (error) => error instanceof evidence.EvidenceError && error.code.length > 0,
      `${name} of three bytes`,
    )
    console.log(`${tee}: ${name} refuses three bytes with an EvidenceError`)
  }
}
assert.equal(typeof collateral.networkSource, 'function')
console.log('collateral: imports')
