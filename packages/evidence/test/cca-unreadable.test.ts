import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { cborArray, cborBytes, cborInteger, cborMap, cborTag, cborText } from '../src/cbor/encode.ts'
import { type ArmEndorsementsInput, parseCcaToken, readCorim } from '../src/cca/index.ts'
import { EvidenceError } from '../src/core/errors.ts'
import { type CcaChange, filled, makeCca } from './arm-kit.ts'
import { check, judged, rems } from './cca-kit.ts'

describe('CCA: what cannot be read', () => {
  const good = parseCcaToken(makeCca())
  const inner = makeCca()
  const collection = (entries: readonly (readonly [number, Uint8Array])[], tag = 399): Uint8Array =>
    cborTag(tag, cborMap(entries.map(([key, value]) => [cborInteger(key), value])))
  const platform = cborBytes(good.platformToken)
  const BAD: Readonly<Record<string, readonly [() => unknown, EvidenceError['code'], string]>> = {
    'another tag': [
      () =>
        parseCcaToken(
          collection(
            [
              [44234, platform],
              [44241, platform],
            ],
            400,
          ),
        ),
      'malformed',
      'token',
    ],
    'a missing half': [() => parseCcaToken(collection([[44234, platform]])), 'malformed', 'token.realm'],
    'a third key': [
      () =>
        parseCcaToken(
          collection([
            [44234, platform],
            [44241, platform],
            [1, platform],
          ]),
        ),
      'malformed',
      'token',
    ],
    'a half twice': [
      () =>
        parseCcaToken(
          collection([
            [44234, platform],
            [44234, platform],
          ]),
        ),
      'malformed',
      'token',
    ],
    'a half that is no byte string': [
      () =>
        parseCcaToken(
          collection([
            [44234, cborArray([])],
            [44241, platform],
          ]),
        ),
      'malformed',
      'token.platform',
    ],
    'another content format': [
      () =>
        parseCcaToken(
          collection(
            [
              [44234, cborArray([cborInteger(262), platform])],
              [44241, platform],
            ],
            907,
          ),
        ),
      'malformed',
      'token.platform.content-format',
    ],
    'bytes behind the token': [() => parseCcaToken(Uint8Array.from([...inner, 0])), 'trailing-bytes', 'token'],
    'an unknown profile': [
      () => makeAndParse({ platform: { profile: 'x' as 'http://arm.com/CCA-SSD/1.0.0' } }),
      'malformed',
      'platform.profile',
    ],
    'a short challenge': [() => makeAndParse({ realm: { challenge: filled(32, 1) } }), 'malformed', 'realm.challenge'],
    'a digest of 33 bytes': [
      () => makeAndParse({ platform: { challenge: filled(33, 1) } }),
      'malformed',
      'platform.challenge',
    ],
    'an instance id of another type': [
      () => makeAndParse({ platform: { instanceId: filled(33, 2) } }),
      'malformed',
      'platform.instance-id',
    ],
    'three registers': [
      () => makeAndParse({ realm: { extensibleMeasurements: rems(0).slice(1) } }),
      'malformed',
      'realm.extensible-measurements',
    ],
    'registers of another length': [
      () => makeAndParse({ realm: { extensibleMeasurements: [0, 1, 2, 3].map(() => filled(64, 0)) } }),
      'malformed',
      'realm.extensible-measurements[0]',
    ],
    'no components': [
      () => makeAndParse({ platform: { components: [] } }),
      'malformed',
      'platform.software-components',
    ],
    'a missing claim': [() => makeAndParse({ platform: { order: [265] } }), 'malformed', 'platform.challenge'],
    'a COSE_Key where the profile has raw points': [
      () => makeAndParse({ realm: { order: [10, 44235, 44236, 44237, 44238, 44239, 44240] } }),
      'malformed',
      'realm.public-key',
    ],
    'a private key beside the public one': [
      () =>
        makeAndParse({
          realm: {
            publicKey: cborMap([
              [cborInteger(1), cborInteger(2)],
              [cborInteger(-4), cborBytes(filled(48, 1))],
            ]),
          },
        }),
      'malformed',
      'realm.public-key',
    ],
    'a key of text': [() => makeAndParse({ realm: { publicKey: cborText('key') } }), 'malformed', 'realm.public-key'],
  }
  function makeAndParse(change: CcaChange): unknown {
    return parseCcaToken(makeCca(change))
  }
  for (const [what, [parse, code, field]] of Object.entries(BAD)) {
    it(what, () => {
      assert.throws(parse, (error) => {
        assert.ok(error instanceof EvidenceError, String(error))
        assert.equal(error.code, code, error.message)
        assert.equal(error.field, field, error.message)
        return true
      })
    })
  }
  it('a profile that is not read is named', () => {
    const later = 'tag:arm.com,2024:realm#2.0.0' as 'tag:arm.com,2023:realm#1.0.0'
    const older = 'x' as 'http://arm.com/CCA-SSD/1.0.0'
    assert.throws(
      () => makeAndParse({ realm: { profile: later } }),
      /the profile "tag:arm.com,2024:realm#2.0.0"; expected/,
    )
    assert.throws(() => makeAndParse({ platform: { profile: older } }), /the profile "x"; expected/)
  })

  it('endorsements that cannot be read fail a check that names the part', () => {
    const cases: readonly (readonly [ArmEndorsementsInput, RegExp])[] = [
      [{ keys: '[{"pkey":{"kty":"RSA"}}]' }, /the keys/],
      [{ keys: '{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}' }, /32 bytes/],
      [{ referenceValues: '{"platform":[{}]}' }, /the reference values/],
      [{ corims: [readCorim(Uint8Array.of(0xa0))] }, /CoRIM 1/],
      [{ corims: [readCorim(Uint8Array.of(0xd2, 0x80))] }, /a signed CoRIM/],
    ]
    for (const [input, reason] of cases)
      assert.match(check(judged({ endorsements: input }), 'cca.endorsements.well-formed').reason, reason)
  })
})

describe('CCA: fuzzing', () => {
  it('20,000 inputs end in a token or an EvidenceError', () => {
    const good = makeCca()
    let seed = 7
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
      return seed % below
    }
    for (let i = 0; i < 20_000; i++) {
      const bytes = Uint8Array.from(good)
      for (let edits = 1 + random(4); edits > 0; edits--) bytes[random(bytes.length)] = random(256)
      try {
        parseCcaToken(random(8) === 0 ? bytes.subarray(0, random(bytes.length)) : bytes)
      } catch (error) {
        if (!(error instanceof EvidenceError)) throw error
      }
    }
  })
})
