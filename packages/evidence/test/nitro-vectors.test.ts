import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { flipBit } from '@sekisho/emulator/kit'
import { canonicalJson } from '../src/core/canonical.ts'
import { EvidenceError } from '../src/core/errors.ts'
import { createMemory } from '../src/core/memory.ts'
import type { Verdict } from '../src/core/verdict.ts'
import {
  encodeNitroDocument,
  nitroFields,
  parseNitroDocument,
  verifyNitro,
  verifyNitroSync,
} from '../src/nitro/index.ts'
import { nitroStory } from '../src/nitro/verify.ts'
import { KnownChecks } from './proof/known-checks.ts'
import { casesOf, missing } from './vectors.ts'

const real = casesOf('aws-nitro')
describe('Nitro: real documents', { skip: missing('aws-nitro') }, () => {
  for (const one of real.filter(({ verdict }) => verdict === 'valid')) {
    const bytes = one.file('evidence.bin')
    it(`${one.name}: written again byte for byte, and every field lies where it says`, () => {
      const document = parseNitroDocument(bytes)
      assert.deepEqual(encodeNitroDocument(document), bytes)
      for (const { path, offset, length, value } of nitroFields(document)) {
        if (offset === undefined || length === undefined) continue
        assert.equal(Buffer.from(bytes.subarray(offset, offset + length)).toString('hex'), value, path)
      }
    })
    it(`${one.name}: any flipped bit and any cut is noticed`, () => {
      const memory = createMemory()
      const known = new KnownChecks()
      known.learn(nitroStory(bytes, { at: one.at }))
      // A check that no damage reaches is made once.
      const again = (evidence: Uint8Array): Verdict => known.tell(nitroStory(evidence, { at: one.at, memory }))
      const afresh = (evidence: Uint8Array): Verdict => verifyNitroSync(evidence, { at: one.at, memory })
      const proven = (evidence: Uint8Array, judge = again): boolean => {
        try {
          return judge(evidence).authenticity === 'proven'
        } catch (error) {
          assert.ok(error instanceof EvidenceError, String(error))
          return false
        }
      }
      assert.ok(proven(bytes))
      assert.ok(proven(bytes, afresh))
      const stride = process.env.SEKISHO_SOAK === undefined ? 19 : 1
      for (let at = one.name.length % stride; at < bytes.length; at += stride) {
        const flipped = flipBit(bytes, at, at % 8)
        assert.ok(!proven(flipped), `byte ${at}`)
        if (at % 11 === 0) assert.ok(!proven(flipped, afresh), `byte ${at}, afresh`)
      }
      for (let at = 0; at < bytes.length; at++)
        assert.throws(() => parseNitroDocument(bytes.subarray(0, at)), EvidenceError)
    })
  }
  it('parts of two documents never make a third', () => {
    const [a, b] = real
      .filter(({ name }) => name === 'nitroprover-2024-02' || name === 'oyster-2024-12')
      .map((one) => parseNitroDocument(one.file('evidence.bin')))
    assert.ok(a && b)
    const at = new Date(a.timestamp)
    for (const swapped of [
      { ...a, certificate: b.certificate },
      { ...a, cabundle: b.cabundle },
      { ...a, pcrs: b.pcrs },
      { ...a, cose: b.cose },
      { ...b, cose: a.cose },
    ]) {
      assert.notEqual(verifyNitroSync(encodeNitroDocument(swapped), { at }).authenticity, 'proven')
    }
  })
  it('the asynchronous door and a memory give the same verdict', async () => {
    const memory = createMemory()
    for (const one of real.slice(0, 4)) {
      const evidence = one.file('evidence.bin')
      const options = { at: one.at }
      const expected = canonicalJson(verifyNitroSync(evidence, options))
      assert.equal(canonicalJson(await verifyNitro(evidence, options)), expected)
      for (let i = 0; i < 2; i++)
        assert.equal(canonicalJson(verifyNitroSync(evidence, { ...options, memory })), expected)
    }
    assert.ok(memory.entries > 0)
  })
})
