import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { cborArray, cborBytes, cborInteger, cborMap, cborTag, cborText } from '../src/cbor/encode.ts'
import type { JsonObject } from '../src/core/json.ts'
import { claimsOfCbor, earTierOf, eatFaults, readEar } from '../src/eat/index.ts'

const PROFILE = 'tag:ietf.org,2026:rats/ear#03'
const NONCE = new Uint8Array(16).fill(7)

const map = (...pairs: readonly (readonly [number, Uint8Array])[]): Uint8Array =>
  cborMap(pairs.map(([key, value]) => [cborInteger(key), value]))

describe('EAR and EAT claims', () => {
  it('tiers follow from the number alone', () => {
    const tiers = {
      none: [0, 1, -1],
      affirming: [2, 31, -2, -32],
      warning: [32, 95, -33, -96],
      contraindicated: [96, 127, -97, -128],
    }
    for (const [tier, numbers] of Object.entries(tiers))
      for (const one of numbers) assert.equal(earTierOf(one), tier, `${one}`)
  })

  it('both dialects read alike', () => {
    const vector = { hardware: 2 }
    const newer: JsonObject = {
      eat_profile: PROFILE,
      iat: 1,
      ear_verifier_id: { developer: 'a', build: 'b' },
      submods: { x: { ear_status: 'affirming', ear_trustworthiness_vector: vector, ear_appraisal_policy_ids: ['p'] } },
    }
    const older: JsonObject = {
      eat_profile: 'tag:github.com,2023:veraison/ear',
      iat: 1,
      'ear.verifier-id': { developer: 'a', build: 'b' },
      submods: { x: { 'ear.status': 2, 'ear.trustworthiness-vector': vector, 'ear.appraisal-policy-id': 'p' } },
    }
    const [first, second] = [readEar(newer), readEar(older)]
    assert.deepEqual(first.appraisals, second.appraisals)
    assert.deepEqual(first.verifier, second.verifier)
    assert.deepEqual([first.missing, first.faults, second.missing, second.faults], [undefined, [], undefined, []])
    assert.deepEqual(readEar({ ...newer, eat_nonce: 'short' }).faults, ['a nonce of another length than 8 to 88'])
  })

  it('claims in CBOR get the names they have in JSON', () => {
    const bytes = map(
      [10, cborBytes(NONCE)],
      [256, cborBytes(Uint8Array.of(1, 2, 3, 4, 5, 6, 7))],
      [263, cborInteger(3)],
      [-70_001, cborText('x')],
      [1005, map([-70_001, cborText('y')])],
      [1006, map()],
      [1007, cborMap([[cborText('a'), cborArray([cborText('b')])]])],
      [
        266,
        cborMap([
          [cborText('a'), cborBytes(Uint8Array.of(1))],
          [cborText('b'), cborArray([cborText('JWT'), cborText('t')])],
          [cborText('c'), cborArray([cborInteger(-16), cborBytes(Uint8Array.of(2))])],
        ]),
      ],
      [99_999, cborArray([Uint8Array.of(0xf5), Uint8Array.of(0xf6)])],
    )
    assert.deepEqual(claimsOfCbor(cborTag(601, bytes)), {
      eat_nonce: Buffer.from(NONCE).toString('base64url'),
      ueid: 'AQIDBAUGBw',
      dbgstat: 'disabled-permanently',
      ear_veraison_policy_claims: 'x',
      ear_attester_claims: { '-70001': 'y' },
      ear_verifier_claims: {},
      ear_device_topology: { a: ['b'] },
      submods: { a: ['CBOR', 'AQ'], b: ['JWT', 't'], c: ['DIGEST', [-16, 'Ag']] },
      '99999': [true, null],
    })
  })

  it('what breaks RFC 9711 is named', () => {
    const good: JsonObject = {
      eat_nonce: 'MIDBNH28iioisjPy',
      ueid: 'AgAEizrK3Q',
      oemid: 76_543,
      dbgstat: 'disabled',
      submods: {},
    }
    assert.deepEqual(eatFaults(good), [])
    const bad: JsonObject = {
      eat_nonce: ['only-one-nonce'],
      ueid: 'AAAAAAAAAAA',
      oemid: 'AQ',
      hwmodel: '',
      hwversion: 'x',
      uptime: -1,
      oemboot: 1,
      dbgstat: 'off',
      eat_profile: 'none',
      intuse: 9,
      submods: { a: 1 },
      measres: [['x']],
    }
    assert.equal(eatFaults(bad).length, Object.keys(bad).length)
  })
})
