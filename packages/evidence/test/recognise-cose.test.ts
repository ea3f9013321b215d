import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { cborArray, cborBytes, cborInteger, cborMap, cborTag, cborText } from '../src/cbor/encode.ts'
import { encodeSign1 } from '../src/cbor/sign1.ts'
import { EvidenceError } from '../src/core/errors.ts'
import { parsePsaToken } from '../src/psa/index.ts'
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
  it('nitro: under the names that services give it', () => {
    for (const name of ['attestation_document', 'AttestationDocument', 'attestationDoc']) {
      const json = JSON.stringify({ [name]: Buffer.from(made.nitro).toString('base64'), nonce: '00' })
      const found = recognise(new TextEncoder().encode(json))
      assert.equal(found.tee, 'nitro')
      assert.deepEqual(found.evidence, made.nitro)
    }
  })
  it('psa: with the id of its key in the unprotected header, as firmware may write it', () => {
    const { cose } = parsePsaToken(made.psa)
    for (const unprotectedBytes of [
      cborMap([[cborInteger(4), cborBytes(new Uint8Array(32))]]),
      cborMap([
        [cborInteger(33), cborArray([cborBytes(new Uint8Array(300)), cborText('x')])],
        [cborText('more'), cborTag(1, cborMap([[cborInteger(-1), cborInteger(7)]]))],
      ]),
    ]) {
      const token = encodeSign1({ ...cose, unprotectedBytes })
      const found = recognise(token)
      assert.equal(found.tee, 'psa')
      assert.deepEqual(parsePsaToken(found.evidence).cose.unprotectedBytes, unprotectedBytes)
    }
  })
  it('COSE that is none of these is said to be so', () => {
    const strange = encodeSign1({ ...parsePsaToken(made.psa).cose, payload: cborArray([]) })
    assert.throws(() => recognise(strange), /no PSA token/)
    const deep = Uint8Array.of(0x84, 0x40, 0xa1, 0x04, ...new Uint8Array(64).fill(0x81))
    assert.throws(() => recognise(deep), EvidenceError)
    const long = Uint8Array.of(0x84, 0x40, 0xbb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 4, 4)
    assert.throws(() => recognise(long), EvidenceError)
  })
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
