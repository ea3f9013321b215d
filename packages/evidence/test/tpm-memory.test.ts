import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { canonicalJson } from '../src/core/canonical.ts'
import { createMemory } from '../src/core/memory.ts'
import { type TpmEvidence, type TpmVerifyOptions, verifyTpm, verifyTpmSync } from '../src/tpm/index.ts'
import { file, json } from './tpm-kit.ts'
import { missing } from './vectors.ts'

const FOLDER = 'tpm/gce-cos85-nonce'
const AT = new Date('2022-06-01T00:00:00Z')

function google(): TpmEvidence {
  return {
    message: file(`${FOLDER}/sha256-quote.msg`),
    signature: file(`${FOLDER}/sha256-quote.sig`),
    pcrs: json(`${FOLDER}/pcrs.json`),
    certificates: ['ak', 'intermediate', 'root'].map((name) => file(`${FOLDER}/certs/${name}.der`)),
  }
}

function turned(bytes: Uint8Array, at: number): Uint8Array {
  const copy = new Uint8Array(bytes)
  copy[at] = (copy[at] as number) ^ 1
  return copy
}

describe('what is remembered of a TPM', { skip: missing('tpm') }, () => {
  it('changes no verdict: accepted, tampered, at other times, under other anchors, by an enrolled key', async () => {
    const memory = createMemory()
    const evidence = google()
    const [leaf, intermediate, root] = evidence.certificates ?? []
    assert.ok(leaf && intermediate && root)
    const made = 'tpm/synthetic/ecdsa-p256'
    const bare: TpmEvidence = {
      message: file(`${made}/quote.msg`),
      signature: file(`${made}/quote.sig`),
      akPublic: file(`${made}/ak-public.tpmt`),
    }
    const spkiSha256 = verifyTpmSync(bare, { at: AT }).claims.akSpkiSha256
    assert.ok(spkiSha256)
    const anchor = { id: 'enrolled', name: 'an enrolled key', vendor: 'test', spkiSha256, emulated: true }
    const enrolled: TpmVerifyOptions = { at: AT, trustAnchors: [anchor], expect: { allowEmulated: true } }
    const cases: readonly (readonly [string, TpmEvidence, TpmVerifyOptions])[] = [
      ['as it is', evidence, { at: AT }],
      ['tampered', { ...evidence, signature: turned(evidence.signature, 20) }, { at: AT }],
      ['tampered leaf', { ...evidence, certificates: [turned(leaf, leaf.length - 9), intermediate, root] }, { at: AT }],
      ['no intermediate', { ...evidence, certificates: [leaf, root] }, { at: AT }],
      ['too late', evidence, { at: new Date('2090-01-01T00:00:00Z') }],
      ['no anchors', evidence, { at: AT, trustAnchors: [] }],
      ['another nonce', evidence, { at: AT, expect: { nonce: '00'.repeat(16) } }],
      ['enrolled', bare, enrolled],
      ['enrolled, tampered', { ...bare, signature: turned(bare.signature, 20) }, enrolled],
      ['not enrolled', bare, { at: AT }],
    ]
    const outcomes = new Set<string>()
    for (let round = 0; round < 3; round++) {
      for (const [what, one, how] of cases) {
        const expected = verifyTpmSync(one, how)
        outcomes.add(expected.authenticity)
        assert.equal(canonicalJson(verifyTpmSync(one, { ...how, memory })), canonicalJson(expected), what)
        assert.equal(canonicalJson(await verifyTpm(one, { ...how, memory })), canonicalJson(expected), what)
      }
    }
    assert.deepEqual([...outcomes].sort(), ['proven', 'refuted', 'unproven'])
    assert.equal(memory.entries, 2)
  })

  it('is nothing that was not proven, and respects the bound', () => {
    const memory = createMemory()
    const evidence = google()
    const [leaf, ...above] = evidence.certificates ?? []
    assert.ok(leaf)
    verifyTpmSync({ ...evidence, certificates: [turned(leaf, leaf.length - 9), ...above] }, { at: AT, memory })
    verifyTpmSync(evidence, { at: AT, memory, trustAnchors: [] })
    assert.equal(memory.entries, 0)
    const small = createMemory(4096)
    assert.equal(verifyTpmSync(evidence, { at: AT, memory: small }).authenticity, 'proven')
    assert.equal(small.entries, 0)
  })

  it('cannot be changed through a verdict', () => {
    const memory = createMemory()
    const expected = canonicalJson(verifyTpmSync(google(), { at: AT }))
    const { claims } = verifyTpmSync(google(), { at: AT, memory })
    assert.ok(claims.instance && claims.tpm)
    Object.assign(claims.instance, { zone: 'another' })
    Object.assign(claims.instance.security ?? assert.fail(), { production: false })
    Object.assign(claims.tpm, { model: 'another' })
    assert.equal(canonicalJson(verifyTpmSync(google(), { at: AT, memory })), expected)
  })
})
