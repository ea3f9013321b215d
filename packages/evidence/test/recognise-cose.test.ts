import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { cborBytes, cborMap, cborText } from '../src/cbor/encode.ts'
import { EvidenceError } from '../src/core/errors.ts'
import { recognise } from '../src/recognise/index.ts'
import { makeCca, makePsa } from './arm-kit.ts'
import { makeDocument } from './nitro-kit.ts'
import { casesOf, missing } from './vectors.ts'

describe('recognition of tokens in CBOR', () => {
  const made = { nitro: makeDocument(), cca: makeCca(), psa: makePsa() }
  for (const [tee, bytes] of Object.entries(made)) {
    it(`${tee}: as bytes, hexadecimal and base64, and cut short`, () => {
      const text = new TextEncoder()
      for (const input of [
        bytes,
        text.encode(Buffer.from(bytes).toString('hex')),
        text.encode(Buffer.from(bytes).toString('base64')),
        text.encode(Buffer.from(bytes).toString('base64url')),
      ]) {
        const found = recognise(input)
        assert.equal(found.tee, tee)
        assert.deepEqual(found.evidence, bytes)
      }
      assert.equal(recognise(bytes.subarray(0, bytes.length - 7)).tee, tee)
    })
  }
  it('an answer of the Nitro security module', () => {
    const answer = cborMap([[cborText('Attestation'), cborMap([[cborText('document'), cborBytes(made.nitro)]])]])
    const found = recognise(answer)
    assert.equal(found.tee, 'nitro')
    assert.deepEqual(found.evidence, made.nitro)
    assert.throws(() => recognise(answer.subarray(0, 900)), EvidenceError)
    assert.throws(
      () => recognise(cborMap([[cborText('Error'), cborText('InvalidArgument')]])),
      /an error of the Nitro security module/,
    )
  })
  for (const [family, tee, file] of [
    ['aws-nitro', 'nitro', 'evidence.bin'],
    ['arm-cca', 'cca', 'token.cbor'],
    ['arm-psa', 'psa', 'token.cbor'],
  ] as const) {
    it(`every published one of ${family}`, { skip: missing(family) }, () => {
      for (const one of casesOf(family)) {
        const bytes = one.file(one.name === 'parsec-key-attestation' ? 'evidence.cbor' : file)
        assert.equal(recognise(bytes).tee, tee, one.name)
      }
    })
  }
})
