import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ENCLAVE_IMAGES, FIRMWARE, fuzz } from './fuzz.ts'

const INPUTS = 20_000
/** Another one: SEKISHO_SEED=number. */
const SEED = Number(process.env['SEKISHO_SEED'] ?? 20_261_121)

describe(`measuring refuses mutated images as documented (seed ${SEED})`, () => {
  for (const subject of [ENCLAVE_IMAGES, FIRMWARE])
    it(`${subject.name}, ${INPUTS} inputs`, { timeout: 300_000 }, async (t) => {
      const { problems, read, slowest } = await fuzz(SEED, INPUTS, subject)
      assert.deepEqual(problems, [])
      assert.ok(slowest < 60_000, `one input took ${slowest} ms`)
      assert.ok(read > INPUTS / 100 && read < INPUTS / 2, `${read} inputs were read`)
      t.diagnostic(`${read} of ${INPUTS} inputs were read, the slowest took ${slowest.toFixed(1)} ms`)
    })
})
