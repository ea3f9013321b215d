import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { JsonObject } from '@sekisho/evidence/token'
import { readEarPayload } from '../src/ear/payload.ts'

const PAYLOAD: JsonObject = {
  eat_profile: 'tag:github.com,2023:veraison/ear',
  iat: 1_750_000_000,
  'ear.verifier-id': { developer: 'd', build: 'b' },
}

describe('the status of a result', () => {
  it('is not made of none: a verifier that states nothing has not affirmed', () => {
    const good = { 'ear.trustworthiness-vector': { hardware: 2 } }
    const read = (submods: JsonObject, more: JsonObject = {}): readonly unknown[] => {
      const { status, submodules: all } = readEarPayload({ ...PAYLOAD, ...more, submods })
      return [status, ...Object.values(all).map((one) => one.status)]
    }
    const [none, affirming] = [
      { 'ear.status': 'none', ...good },
      { 'ear.status': 'affirming', ...good },
    ]
    assert.deepEqual(read({ none }), ['none', 'none'])
    assert.deepEqual(read({ none, affirming }), ['none', 'none', 'affirming'])
    assert.deepEqual(read({ affirming, none }), ['none', 'affirming', 'none'])
    assert.deepEqual(read({ affirming }, { 'ear.status': 'none' }), ['none', 'affirming'])
    const worse = { 'ear.status': 'none', 'ear.trustworthiness-vector': { hardware: 32 } }
    assert.deepEqual(read({ worse, none }), ['warning', 'warning', 'none'])
    // Entries that state nothing lower no status.
    const silent = { 'ear.status': 'affirming', 'ear.trustworthiness-vector': { hardware: 0 } }
    assert.deepEqual(read({ silent }), ['affirming', 'affirming'])
  })
  it('is not affirming where a verifier has failed, has not understood, or warns in a category without a name here', () => {
    const read = (vector: JsonObject): string =>
      readEarPayload({
        ...PAYLOAD,
        submods: { cpu0: { 'ear.status': 'affirming', 'ear.trustworthiness-vector': vector } },
      }).status
    for (const hardware of [1, -1]) assert.equal(read({ hardware, executables: 2 }), 'none')
    assert.equal(read({ hardware: 2, 'of-tomorrow': 96 }), 'contraindicated')
    assert.equal(read({ hardware: 2, 'of-tomorrow': 0 }), 'affirming')
  })
  it('soundness 10: is contraindicated where the evidence was a sample, which anybody can send', () => {
    const read = (evidence: JsonObject): readonly unknown[] => {
      const cpu0 = { 'ear.status': 'affirming', 'ear.veraison.annotated-evidence': evidence }
      const { status, emulated } = readEarPayload({
        ...PAYLOAD,
        submods: { cpu0, gpu0: { 'ear.status': 'affirming' } },
      })
      return [status, emulated]
    }
    assert.deepEqual(read({ snp: {} }), ['affirming', false])
    assert.deepEqual(read({ sample: { svn: '1' } }), ['contraindicated', true])
  })
})
