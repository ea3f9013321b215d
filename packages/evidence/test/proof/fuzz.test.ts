import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { DECODERS } from './decoders.ts'
import { ENVELOPE_DECODERS } from './envelope-decoders.ts'
import { fuzz } from './fuzz.ts'

const INPUTS = 20_000
/** Another one: SEKISHO_SEED=number. */
const SEED = Number(process.env['SEKISHO_SEED'] ?? 20_261_121)

describe(`decoders refuse mutated input as documented (seed ${SEED})`, () => {
  for (const decoder of [...DECODERS, ...ENVELOPE_DECODERS]) {
    it(`${decoder.name}: the samples are read`, () => {
      for (const sample of decoder.samples) readSample(decoder, sample)
    })
    it(`${decoder.name}: ${INPUTS} inputs`, { timeout: 300_000 }, (t) => {
      const { problems, read, slowest } = fuzz(decoder, SEED, INPUTS)
      assert.deepEqual(problems, [])
      assert.ok(slowest < 60_000, `one input took ${slowest} ms`)
      t.diagnostic(`${read} of ${INPUTS} inputs were read, the slowest took ${slowest.toFixed(1)} ms`)
    })
  }
})

function readSample(decoder: (typeof DECODERS)[number], sample: string | Uint8Array): void {
  if (decoder.form === 'bytes' && typeof sample !== 'string') decoder.decode(sample)
  else if (decoder.form === 'text' && typeof sample === 'string') decoder.decode(sample)
  else assert.fail(`a sample for ${decoder.name} is not in the form that it reads`)
}
