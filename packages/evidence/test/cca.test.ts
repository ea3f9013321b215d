import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { flipBit } from '@sekisho/emulator/kit'
import { cborArray, cborBytes, cborInteger, cborMap, cborTag, cborText } from '../src/cbor/encode.ts'
import {
  type ArmEndorsementsInput,
  type CcaClaims,
  type CcaExpectations,
  ccaCheckIds,
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
import type { Check, TrustAnchor, Verdict } from '../src/core/verdict.ts'
import {
  AT,
  type CcaChange,
  CHALLENGE,
  coseKey,
  ES256,
  endorsements,
  filled,
  makeCca,
  RIM,
  STRANGER,
} from './arm-kit.ts'
import { casesOf, missing } from './vectors.ts'

const GOOD: CcaExpectations = { measurement: [toHex(RIM)], nonce: toHex(CHALLENGE) }

interface Asked extends CcaChange {
  readonly expect?: CcaExpectations
  readonly endorsements?: ArmEndorsementsInput
  readonly trustAnchors?: readonly TrustAnchor[]
  readonly waive?: readonly string[]
}

function judged(asked: Asked = {}, evidence: Uint8Array = makeCca(asked)): Verdict<CcaClaims> {
  return verifyCcaSync(evidence, {
    at: AT,
    expect: { ...GOOD, ...asked.expect },
    endorsements: asked.endorsements ?? endorsements(),
    ...(asked.trustAnchors === undefined ? {} : { trustAnchors: asked.trustAnchors }),
    ...(asked.waive === undefined ? {} : { waive: asked.waive }),
  })
}

function check(verdict: Verdict, id: string): Check {
  const found = verdict.checks.flatMap((group) => group.checks).find((one) => one.id === id)
  assert.ok(found, `there is no check ${id}`)
  return found
}

const other: TrustAnchor = { id: 'other', name: 'other', vendor: 'test', spkiSha256: '00'.repeat(32) }
const rems = (index: number): readonly Uint8Array[] => [0, 1, 2, 3].map((i) => filled(32, i === index ? 7 : 0))
const attested = {
  raw: cborTag(
    601,
    cborMap([
      [cborInteger(10), cborBytes(filled(8, 1))],
      [cborInteger(8), cborMap([[cborInteger(1), coseKey(STRANGER)]])],
    ]),
  ),
  nonce: filled(8, 1),
  key: { kind: 'P-384', bytes: new Uint8Array(96) },
} as const
const jwkOffCurve = (): ArmEndorsementsInput => {
  const [key] = JSON.parse(endorsements().keys ?? '') as [{ readonly pkey: { readonly x: string } }]
  return { keys: JSON.stringify({ ...key.pkey, y: key.pkey.x }) }
}
const anchored = (): TrustAnchor => {
  const [anchor] = judged().anchors
  assert.ok(anchor)
  return { ...anchor, emulated: true }
}

/** For every check a change that makes it fail. */
const FAILING: Readonly<Record<string, () => Asked>> = {
  'cca.endorsements.well-formed': () => ({ endorsements: { keys: '{' } }),
  'cca.key.valid': () => ({ endorsements: jwkOffCurve() }),
  'cca.key.trusted': () => ({ trustAnchors: [other] }),
  'cca.platform.signature': () => ({ platformSigner: STRANGER }),
  'cca.realm.binding': () => ({ platform: { challenge: filled(64, 9) } }),
  'cca.realm.signature': () => ({ realmSigner: STRANGER }),
  'cca.key-attestation': () => ({ token: { keyAttestation: attested }, expect: { nonce: '01'.repeat(8) } }),
  'cca.hardware': () => ({ trustAnchors: [anchored()] }),
  'cca.lifecycle': () => ({ platform: { lifecycle: 0x4000 } }),
  'cca.reference.components': () => ({ endorsements: endorsements({ measurement: 'ff'.repeat(32) }) }),
  'cca.reference.configuration': () => ({ endorsements: endorsements({ configuration: '0103' }) }),
  'cca.expect.product': () => ({ expect: { products: ['22'.repeat(32)] } }),
  'cca.expect.hardware-id': () => ({ expect: { hardwareIds: ['01'.repeat(33)] } }),
  'cca.expect.measurement': () => ({ expect: { measurement: ['22'.repeat(32)] } }),
  'cca.expect.rem0': () => ({ realm: { extensibleMeasurements: rems(0) }, expect: { rem0: ['22'.repeat(32)] } }),
  'cca.expect.rem1': () => ({ realm: { extensibleMeasurements: rems(1) }, expect: { rem1: ['22'.repeat(32)] } }),
  'cca.expect.rem2': () => ({ realm: { extensibleMeasurements: rems(2) }, expect: { rem2: ['22'.repeat(32)] } }),
  'cca.expect.rem3': () => ({ realm: { extensibleMeasurements: rems(3) }, expect: { rem3: ['22'.repeat(32)] } }),
  'cca.expect.host-data': () => ({ expect: { hostData: ['22'.repeat(64)] } }),
  'cca.expect.report-data': () => ({ expect: { reportData: '22' } }),
  'cca.expect.freshness': () => ({ expect: { nonce: '22'.repeat(32) } }),
}
/** A key that is missing is a gap, never a refusal. */
const NEVER_FAIL: readonly string[] = ['cca.key.present']

describe('CCA: every check', () => {
  it('a good token is verified', () => {
    const verdict = judged()
    assert.equal(verdict.outcome, 'verified', verdict.summary)
    assert.equal(verdict.claims.platform.lifecycleState, 'secured')
    canonicalJson(verdict)
  })
  for (const [id, asked] of Object.entries(FAILING)) {
    it(`${id} can fail, with a reason and a remedy`, () => {
      const verdict = judged(asked())
      const failed = check(verdict, id)
      assert.equal(failed.outcome, 'fail', failed.reason)
      assert.ok(failed.reason.length > 10 && (failed.remedy?.action.length ?? 0) > 10)
      assert.equal(verdict.outcome, 'rejected')
      assert.equal(verdict.authenticity, failed.phase === 'authenticity' ? 'refuted' : 'proven')
    })
  }
  it('there is no check that was not shown failing', () => {
    assert.deepEqual([...Object.keys(FAILING), ...NEVER_FAIL].sort(), [...ccaCheckIds()].sort())
  })
  it('without a key nothing is proven, and it cannot be waived', () => {
    const verdict = judged({ endorsements: {} })
    assert.equal(check(verdict, 'cca.key.present').outcome, 'unchecked')
    assert.equal(verdict.authenticity, 'unproven')
    assert.throws(() => judged({ waive: ['cca.key.present'] }), TypeError)
    assert.throws(() => judged({ waive: ['cca.realm.binding'] }), TypeError)
  })
  it('a key endorsed for another implementation or instance does not count', () => {
    for (const member of ['implementation-id', 'instance-id']) {
      const [key] = JSON.parse(endorsements().keys ?? '') as [object]
      const keys = JSON.stringify([{ ...key, [member]: '99'.repeat(32) }])
      assert.equal(judged({ endorsements: { keys } }).authenticity, 'unproven')
    }
  })
  it('without expectations a genuine token is incomplete', () => {
    const verdict = verifyCcaSync(makeCca(), { at: AT, endorsements: { keys: endorsements().keys ?? '' } })
    assert.equal(verdict.outcome, 'incomplete')
    for (const id of ['reference.components', 'expect.measurement', 'expect.report-data', 'expect.freshness'])
      assert.equal(check(verdict, `cca.${id}`).outcome, 'unchecked')
  })
  it('what the realm or its owner wrote is open until it is compared', () => {
    assert.equal(judged({ realm: { extensibleMeasurements: rems(2) } }).outcome, 'incomplete')
    assert.equal(judged({ realm: { personalizationValue: filled(64, 1) } }).outcome, 'incomplete')
    const open = judged({ realm: { extensibleMeasurements: rems(2) }, waive: ['cca.expect.rem2'] })
    assert.equal(open.outcome, 'verified')
    assert.ok(open.assumed.some(({ id }) => id === 'guest-written-registers'))
  })
  it('registers of two reference realms do not add up to a third', () => {
    const hex = (value: number): string => toHex(filled(32, value))
    const reference = (first: number, second: number): object => ({
      'initial-measurement': toHex(RIM),
      'extensible-measurements': [hex(first), hex(second), hex(0), hex(0)],
    })
    const given = endorsements()
    const referenceValues = JSON.stringify({
      ...JSON.parse(given.referenceValues ?? '{}'),
      realm: [reference(1, 2), reference(3, 4)],
    })
    const of = (first: number, second: number): readonly string[] => {
      const extensibleMeasurements = [first, second, 0, 0].map((value) => filled(32, value))
      const verdict = verifyCcaSync(makeCca({ realm: { extensibleMeasurements } }), {
        at: AT,
        endorsements: { ...given, referenceValues },
      })
      return ['rem0', 'rem1'].map((name) => check(verdict, `cca.expect.${name}`).outcome)
    }
    assert.deepEqual(of(1, 2), ['pass', 'pass'])
    assert.deepEqual(of(3, 4), ['pass', 'pass'])
    assert.ok(of(1, 4).includes('fail'))
    assert.ok(of(3, 2).includes('fail'))
  })
  it('every lifecycle state but secured rejects; debug outside of the platform can be allowed', () => {
    for (const [lifecycle, state] of [
      [0, 'unknown'],
      [0x10ff, 'assembly-and-test'],
      [0x2000, 'rot-provisioning'],
      [0x5001, 'recoverable-rot-debug'],
      [0x6000, 'decommissioned'],
      [0x3100, 'invalid'],
      [0x7000, 'invalid'],
    ] as const) {
      const verdict = judged({ platform: { lifecycle }, expect: { allowDebug: true } })
      assert.equal(verdict.claims.platform.lifecycleState, state)
      assert.equal(verdict.outcome, 'rejected')
    }
    assert.equal(judged({ platform: { lifecycle: 0x30ff } }).outcome, 'verified')
    assert.equal(judged({ platform: { lifecycle: 0x4000 }, expect: { allowDebug: true } }).outcome, 'verified')
  })
  it('the algorithm in the header is no hint', () => {
    assert.equal(check(judged({ platformHeader: ES256 }), 'cca.platform.signature').outcome, 'fail')
    assert.equal(check(judged({ realmHeader: ES256 }), 'cca.realm.signature').outcome, 'fail')
  })
  it('a hash algorithm without a meaning binds nothing', () => {
    assert.equal(check(judged({ realm: { publicKeyHashAlgorithm: 'md5' } }), 'cca.realm.binding').outcome, 'fail')
  })
})

describe('soundness 49: the binding is over the raw key bytes as sent', () => {
  it('two genuine halves of different devices are not one token', () => {
    const a = parseCcaToken(makeCca())
    const b = parseCcaToken(makeCca({ realm: { publicKey: coseKey(STRANGER) }, realmSigner: STRANGER }))
    const verdict = judged({}, encodeCcaToken({ ...a, realm: b.realm }))
    assert.equal(check(verdict, 'cca.realm.binding').outcome, 'fail')
    assert.equal(check(verdict, 'cca.platform.signature').outcome, 'pass')
    assert.equal(check(verdict, 'cca.realm.signature').outcome, 'pass')
    assert.equal(verdict.authenticity, 'refuted')
  })
  it('the same key in another encoding is another binding', () => {
    const point = coseKey(STRANGER)
    // The same four members, in another order.
    const members = [point.subarray(1, 3), point.subarray(3, 5), point.subarray(5, 56), point.subarray(56)] as const
    const reordered = Uint8Array.from([0xa4, ...members[3], ...members[2], ...members[1], ...members[0]])
    const bound = judged({ realm: { publicKey: reordered }, realmSigner: STRANGER })
    assert.equal(check(bound, 'cca.realm.binding').outcome, 'pass')
    assert.equal(check(bound, 'cca.realm.signature').outcome, 'pass')
    const claims = parseCcaToken(makeCca({ realm: { publicKey: point }, realmSigner: STRANGER })).platform.claims
    const unbound = judged({
      realm: { publicKey: reordered },
      realmSigner: STRANGER,
      platform: { challenge: claims.challenge },
    })
    assert.equal(check(unbound, 'cca.realm.binding').outcome, 'fail')
  })
})

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
