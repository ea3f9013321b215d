import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { flipBit } from '@sekisho/emulator/kit'
import { cborInteger, cborMap, cborTag } from '../src/cbor/encode.ts'
import { toHex } from '../src/core/bytes.ts'
import { canonicalJson } from '../src/core/canonical.ts'
import { EvidenceError } from '../src/core/errors.ts'
import type { Check, Verdict } from '../src/core/verdict.ts'
import {
  type ArmEndorsementsInput,
  encodePsaToken,
  type PsaClaims,
  type PsaExpectations,
  type PsaToken,
  parsePsaToken,
  prepareArmEndorsements,
  psaCheckIds,
  psaFields,
  verifyPsa,
  verifyPsaSync,
} from '../src/psa/index.ts'
import { AT, ES256, endorsements, filled, makePsa, STRANGER } from './arm-kit.ts'
import { casesOf, missing } from './vectors.ts'

const GOOD: PsaExpectations = { nonce: 'ab'.repeat(64) }

interface Asked {
  readonly token?: Partial<PsaToken>
  readonly evidence?: Uint8Array
  readonly expect?: PsaExpectations
  readonly endorsements?: ArmEndorsementsInput
  readonly trusted?: string
}

function judged(asked: Asked = {}): Verdict<PsaClaims> {
  return verifyPsaSync(asked.evidence ?? makePsa(asked.token), {
    at: AT,
    expect: { ...GOOD, ...asked.expect },
    endorsements: asked.endorsements ?? endorsements(),
    ...(asked.trusted === undefined
      ? {}
      : { trustAnchors: [{ id: 'given', name: 'given', vendor: 'test', spkiSha256: asked.trusted, emulated: true }] }),
  })
}

function check(verdict: Verdict, id: string): Check {
  const found = verdict.checks.flatMap((group) => group.checks).find((one) => one.id === id)
  assert.ok(found, `there is no check ${id}`)
  return found
}

function offCurve(): ArmEndorsementsInput {
  const [key] = JSON.parse(endorsements().keys ?? '') as [{ readonly pkey: { readonly x: string } }]
  return { keys: JSON.stringify({ ...key.pkey, y: key.pkey.x }) }
}

/** For every check a change that makes it fail. */
const FAILING: Readonly<Record<string, () => Asked>> = {
  'psa.endorsements.well-formed': () => ({ endorsements: { keys: 'x' } }),
  'psa.key.valid': () => ({ endorsements: offCurve() }),
  'psa.key.trusted': () => ({ trusted: '00'.repeat(32) }),
  'psa.signature': () => ({ evidence: makePsa({}, STRANGER) }),
  'psa.hardware': () => ({ trusted: judged().anchors[0]?.spkiSha256 ?? '' }),
  'psa.lifecycle': () => ({ token: { lifecycle: 0 } }),
  'psa.expect.measurement': () => ({ expect: { measurement: ['22'.repeat(32)] } }),
  'psa.expect.report-data': () => ({ expect: { reportData: '22' } }),
  'psa.expect.freshness': () => ({ expect: { nonce: '22'.repeat(32) } }),
  'psa.expect.product': () => ({ expect: { products: ['22'.repeat(32)] } }),
  'psa.expect.hardware-id': () => ({ expect: { hardwareIds: ['01'.repeat(33)] } }),
  'psa.expect.client-id': () => ({ expect: { clientIds: [-1] } }),
}
/** What is missing is a gap, never a refusal. */
const NEVER_FAIL: readonly string[] = ['psa.key.present', 'psa.instance-id']

describe('PSA: every check', () => {
  it('a good token is verified', () => {
    const verdict = judged()
    assert.equal(verdict.outcome, 'verified', verdict.summary)
    canonicalJson(verdict)
  })
  for (const [id, asked] of Object.entries(FAILING)) {
    it(`${id} can fail, with a reason and a remedy`, () => {
      const verdict = judged(asked())
      const failed = check(verdict, id)
      assert.equal(failed.outcome, 'fail', failed.reason)
      assert.ok(failed.reason.length > 10 && (failed.remedy?.action.length ?? 0) > 10)
      assert.equal(verdict.outcome, 'rejected')
    })
  }
  it('there is no check that was not shown failing', () => {
    assert.deepEqual([...Object.keys(FAILING), ...NEVER_FAIL].sort(), [...psaCheckIds()].sort())
  })
  it('without a key nothing is proven; an instance that nothing names stays open', () => {
    assert.equal(judged({ endorsements: {} }).authenticity, 'unproven')
    const verdict = judged({ token: { instanceId: Uint8Array.from([1, ...filled(32, 9)]) } })
    assert.equal(check(verdict, 'psa.instance-id').outcome, 'unchecked')
    assert.equal(verdict.outcome, 'incomplete')
  })
  it('measurements, a caller outside of the secure world, a nonce of 32 bytes', () => {
    assert.equal(
      judged({ endorsements: { keys: endorsements().keys ?? '' }, expect: { measurement: ['01'.repeat(32)] } }).outcome,
      'verified',
    )
    assert.equal(judged({ endorsements: { keys: endorsements().keys ?? '' } }).outcome, 'incomplete')
    assert.ok(judged({ token: { clientId: -1 } }).assumed.some(({ id }) => id === 'non-secure-caller'))
    assert.equal(judged({ token: { nonce: filled(32, 0xab) }, expect: { nonce: 'ab'.repeat(32) } }).outcome, 'verified')
  })
  it('a certification reference as released firmware writes it is a note, and no reason to refuse', () => {
    for (const certificationReference of ['060456527282910010', '0604565272829100', '0604565272829']) {
      const verdict = judged({ token: { certificationReference } })
      assert.equal(verdict.outcome, 'verified', verdict.summary)
      assert.equal(verdict.claims.certificationReference, certificationReference)
      assert.deepEqual(
        verdict.notes.map(({ id }) => id),
        ['psa.certification-reference'],
      )
    }
    assert.deepEqual(judged().notes, [])
  })
  it('the algorithm in the header is no hint', () => {
    assert.equal(check(judged({ evidence: makePsa({}, undefined, ES256) }), 'psa.signature').outcome, 'fail')
  })
})

describe('PSA: what cannot be read', () => {
  it('a profile that is not read is named', () => {
    const other = makePsa({ profile: 'tag:psacertified.org,2026:x' as 'http://arm.com/psa/2.0.0' })
    assert.throws(() => parsePsaToken(other), /the profile "tag:psacertified.org,2026:x"; expected/)
  })

  const BAD: Readonly<Record<string, readonly [() => Uint8Array, EvidenceError['code'], string]>> = {
    'a MAC instead of a signature': [() => cborTag(17, Uint8Array.of(0x80)), 'unsupported-kind', 'token'],
    'an unknown profile': [() => makePsa({ profile: 'x' as 'http://arm.com/psa/2.0.0' }), 'malformed', 'token.profile'],
    'a nonce of 16 bytes': [() => makePsa({ nonce: filled(16, 1) }), 'malformed', 'token.nonce'],
    'an instance id of another type': [() => makePsa({ instanceId: filled(33, 2) }), 'malformed', 'token.instance-id'],
    'a lifecycle of more than 16 bits': [() => makePsa({ lifecycle: 0x10000 }), 'malformed', 'token.lifecycle'],
    'a short boot seed': [() => makePsa({ bootSeed: filled(7, 1) }), 'malformed', 'token.boot-seed'],
    'two boot seeds': [
      () => makePsa({ order: [265, 10, 256, 2396, 2394, 2395, 268, 2397, 2398, 2399] }),
      'malformed',
      'token.boot-seed',
    ],
    'another certification reference': [
      () => makePsa({ certificationReference: '0604565272829 10010' }),
      'malformed',
      'token.certification-reference',
    ],
    'a certification reference of 17 digits': [
      () => makePsa({ certificationReference: '06045652728291001' }),
      'malformed',
      'token.certification-reference',
    ],
    'no components': [
      () => makePsa({ order: [265, 10, 256, 2396, 2394, 2395] }),
      'malformed',
      'token.software-components',
    ],
    'no client id': [() => makePsa({ order: [265, 10, 256, 2396, 2395, 2399] }), 'malformed', 'token.client-id'],
    'components, and the claim that there are none': [
      () =>
        makePsa({
          profile: 'PSA_IOT_PROFILE_1',
          order: [-75000, -75001, -75002, -75003, -75004, -75006, -75007, -75008, -75009],
        }),
      'malformed',
      'token.software-components',
    ],
    'profile 1 without a boot seed': [
      () => makePsa({ profile: 'PSA_IOT_PROFILE_1', order: [-75000, -75001, -75002, -75003, -75006, -75008, -75009] }),
      'malformed',
      'token.boot-seed',
    ],
    'bytes behind the token': [() => Uint8Array.from([...makePsa(), 0]), 'trailing-bytes', 'token'],
  }
  for (const [what, [make, code, field]] of Object.entries(BAD)) {
    it(what, () => {
      assert.throws(
        () => parsePsaToken(make()),
        (error) => {
          assert.ok(error instanceof EvidenceError, String(error))
          assert.equal(error.code, code, error.message)
          assert.equal(error.field, field, error.message)
          return true
        },
      )
    })
  }
  it('a profile 1 token that says nothing is measured is read, and rejected', () => {
    const order = [-75001, -75002, -75003, -75004, -75007, -75008, -75009]
    const verdict = judged({ token: { profile: 'PSA_IOT_PROFILE_1', order, components: [] } })
    assert.equal(verdict.claims.profile, 'PSA_IOT_PROFILE_1')
    assert.equal(check(verdict, 'psa.expect.measurement').outcome, 'fail')
  })
  it('an unknown critical header', () => {
    const header = cborMap([
      [cborInteger(1), cborInteger(-35)],
      [cborInteger(2), Uint8Array.of(0x81, 0x18, 0x63)],
      [cborInteger(99), cborInteger(0)],
    ])
    assert.throws(() => parsePsaToken(makePsa({}, undefined, header)), /critical header/)
  })
})

describe('PSA: published tokens', { skip: missing('arm-psa') }, () => {
  for (const one of casesOf('arm-psa')) {
    const bytes = one.file('token.cbor')
    const prepared = prepareArmEndorsements({ keys: new TextDecoder().decode(one.file('key.jwk.json')) })
    it(`${one.name}: written again byte for byte, and every field lies where it says`, () => {
      const token = parsePsaToken(bytes)
      assert.deepEqual(encodePsaToken(token), bytes)
      for (const { path, offset, length, value } of psaFields(token)) {
        if (offset !== undefined && length !== undefined)
          assert.equal(toHex(bytes.subarray(offset, offset + length)), value, path)
      }
    })
    it(`${one.name}: any flipped bit and any cut is noticed`, () => {
      for (let at = 0; at < bytes.length; at++) {
        assert.throws(() => parsePsaToken(bytes.subarray(0, at)), EvidenceError)
        try {
          assert.notEqual(
            verifyPsaSync(flipBit(bytes, at, at % 8), { at: one.at, endorsements: prepared }).authenticity,
            'proven',
            `byte ${at}`,
          )
        } catch (error) {
          assert.ok(error instanceof EvidenceError, String(error))
        }
      }
    })
    it(`${one.name}: both doors say the same`, async () => {
      const options = { at: one.at, endorsements: prepared }
      assert.equal(canonicalJson(await verifyPsa(bytes, options)), canonicalJson(verifyPsaSync(bytes, options)))
    })
  }
})

describe('PSA: fuzzing', () => {
  it('20,000 inputs end in a token or an EvidenceError', () => {
    const good = makePsa()
    let seed = 3
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
      return seed % below
    }
    for (let i = 0; i < 20_000; i++) {
      const bytes = Uint8Array.from(good)
      for (let edits = 1 + random(4); edits > 0; edits--) bytes[random(bytes.length)] = random(256)
      try {
        parsePsaToken(random(8) === 0 ? bytes.subarray(0, random(bytes.length)) : bytes)
      } catch (error) {
        if (!(error instanceof EvidenceError)) throw error
      }
    }
  })
})
