import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { flipBit } from '@sekisho/emulator/kit'
import {
  type ArmEndorsementsInput,
  ccaFields,
  encodeCcaToken,
  parseCcaToken,
  prepareArmEndorsements,
  readCorim,
  verifyCca,
  verifyCcaSync,
} from '../src/cca/index.ts'
import { toHex } from '../src/core/bytes.ts'
import { canonicalJson } from '../src/core/canonical.ts'
import { EvidenceError } from '../src/core/errors.ts'
import { createMemory } from '../src/core/memory.ts'
import { AT, endorsements, makeCca, STRANGER } from './arm-kit.ts'
import { check } from './cca-kit.ts'
import { casesOf, missing } from './vectors.ts'

const real = casesOf('arm-cca')
const keysOf = (one: (typeof real)[number]): ArmEndorsementsInput => ({
  keys: new TextDecoder().decode(one.file('platform-key.jwk.json')),
})
const fileOf = (name: string): string => (name === 'parsec-key-attestation' ? 'evidence.cbor' : 'token.cbor')

describe('CCA: published tokens', { skip: missing('arm-cca') }, () => {
  for (const one of real.filter(({ verdict }) => verdict === 'valid')) {
    const bytes = one.file(fileOf(one.name))
    const prepared = prepareArmEndorsements(keysOf(one))
    it(`${one.name}: written again byte for byte, and every field lies where it says`, () => {
      const token = parseCcaToken(bytes)
      assert.deepEqual(encodeCcaToken(token), bytes)
      for (const { path, offset, length, value } of ccaFields(token)) {
        if (offset === undefined || length === undefined) continue
        assert.equal(toHex(bytes.subarray(offset, offset + length)), value, path)
      }
    })
    it(`${one.name}: any flipped bit and any cut is noticed`, () => {
      const memory = createMemory()
      const proven = (evidence: Uint8Array): boolean => {
        try {
          return verifyCcaSync(evidence, { at: one.at, endorsements: prepared, memory }).authenticity === 'proven'
        } catch (error) {
          assert.ok(error instanceof EvidenceError, String(error))
          return false
        }
      }
      assert.ok(proven(bytes))
      const stride = process.env.SEKISHO_SOAK === undefined ? 3 : 1
      for (let at = one.name.length % stride; at < bytes.length; at += stride)
        assert.ok(!proven(flipBit(bytes, at, at % 8)), `byte ${at}`)
      for (let at = 0; at < bytes.length; at++) assert.throws(() => parseCcaToken(bytes.subarray(0, at)), EvidenceError)
    })
    it(`${one.name}: a published test key is no hardware`, () => {
      const verdict = verifyCcaSync(bytes, { at: one.at, endorsements: prepared })
      assert.equal(verdict.authenticity, 'proven')
      assert.equal(verdict.emulated, true)
      assert.equal(check(verdict, 'cca.hardware').outcome, 'fail')
    })
  }
  it('a CoRIM gives key, firmware, configuration and realm', () => {
    const one = real.find(({ name }) => name === 'services-good')
    assert.ok(one)
    const corims = ['corim-platform.cbor', 'corim-realm.cbor'].map((name) => one.file(name))
    const prepared = prepareArmEndorsements({ corims: corims.map(readCorim) })
    assert.equal(prepared.error, undefined)
    assert.equal(prepared.platforms[0]?.components.length, 4)
    const verdict = verifyCcaSync(one.file('token.cbor'), { at: one.at, endorsements: prepared })
    assert.equal(verdict.authenticity, 'proven')
    for (const id of [
      'reference.configuration',
      'expect.measurement',
      'expect.rem0',
      'expect.rem3',
      'expect.host-data',
    ])
      assert.equal(check(verdict, `cca.${id}`).outcome, 'pass')
    // The published reference values name another signer than the token does.
    assert.match(check(verdict, 'cca.reference.components').reason, /no firmware that the reference values know/)
    assert.equal(
      verifyCcaSync(one.file('token.cbor'), {
        at: one.at,
        endorsements: { corims: corims.map((corim) => readCorim(corim.subarray(0, 600))) },
      }).outcome,
      'rejected',
    )
  })
  it('reference values in JSON match the token they were made for', () => {
    const one = real.find(({ name }) => name === 'tf-rmm-legacy')
    assert.ok(one)
    const text = (name: string): string => new TextDecoder().decode(one.file(name))
    const verdict = verifyCcaSync(one.file('token.cbor'), {
      at: one.at,
      endorsements: { keys: text('ta-store.json'), referenceValues: text('rv-store.json') },
    })
    for (const id of ['reference.components', 'reference.configuration', 'expect.measurement', 'expect.host-data'])
      assert.equal(check(verdict, `cca.${id}`).outcome, 'pass', id)
  })
  it('the asynchronous door and a memory give the same verdict', async () => {
    const memory = createMemory()
    for (const one of real.filter(({ verdict }) => verdict === 'valid')) {
      const evidence = one.file(fileOf(one.name))
      const options = { at: one.at, endorsements: keysOf(one) }
      const expected = canonicalJson(verifyCcaSync(evidence, options))
      assert.equal(canonicalJson(await verifyCca(evidence, options)), expected)
      for (let i = 0; i < 2; i++) assert.equal(canonicalJson(verifyCcaSync(evidence, { ...options, memory })), expected)
    }
    assert.ok(memory.entries > 0)
  })
  it('a memory of the good platform token does not pass another one', () => {
    const memory = createMemory()
    assert.equal(verifyCcaSync(makeCca(), { at: AT, endorsements: endorsements(), memory }).authenticity, 'proven')
    const forged = makeCca({ platformSigner: STRANGER })
    assert.equal(verifyCcaSync(forged, { at: AT, endorsements: endorsements(), memory }).authenticity, 'refuted')
    const unbound = makeCca({ realmSigner: STRANGER })
    assert.equal(verifyCcaSync(unbound, { at: AT, endorsements: endorsements(), memory }).authenticity, 'refuted')
  })
})
