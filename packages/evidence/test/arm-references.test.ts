import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { SoftwareComponent } from '../src/arm/components.ts'
import { cborArray, cborBytes, cborInteger, cborMap, cborTag, cborText } from '../src/cbor/encode.ts'
import { type ArmEndorsementsInput, prepareArmEndorsements, readCorim, verifyCcaSync } from '../src/cca/index.ts'
import { toHex } from '../src/core/bytes.ts'
import type { Verdict } from '../src/core/verdict.ts'
import { verifyPsaSync } from '../src/psa/index.ts'
import { AT, CHALLENGE, endorsements, filled, IMPLEMENTATION, makeCca, makePsa, PLATFORM_KEY } from './arm-kit.ts'
import { check, GOOD, judged } from './cca-kit.ts'

const KEYS = { keys: endorsements().keys ?? '' }
const INSTANCE = `01${'03'.repeat(32)}`

/** Components as reference values in JSON; members that are not given are left out. */
function references(
  components: readonly { readonly type?: string; readonly measurement: Uint8Array }[],
  more: Readonly<Record<string, unknown>> = {},
): ArmEndorsementsInput {
  const listed = components.map(({ type, measurement }) => ({
    ...(type === undefined ? {} : { 'component-type': type }),
    'measurement-value': toHex(measurement),
  }))
  const platform = [{ 'implementation-id': toHex(IMPLEMENTATION), 'sw-components': listed, ...more }]
  return { ...KEYS, referenceValues: JSON.stringify({ platform }) }
}

const MEASURED = cborMap([
  [cborInteger(0), cborTag(601, cborMap([[cborInteger(1), cborText('BL')]]))],
  [cborInteger(1), cborMap([[cborInteger(2), cborArray([cborArray([cborInteger(1), cborBytes(filled(32, 1))])])]])],
])

/** A CoRIM of one firmware component, for an implementation or one instance of it. */
function corim(
  instance?: Uint8Array,
  window?: readonly [from: number, until: number],
  measurement: Uint8Array = MEASURED,
): Uint8Array {
  const classId = cborMap([[cborInteger(0), cborTag(600, cborBytes(IMPLEMENTATION))]])
  const environment = cborMap([
    [cborInteger(0), classId],
    ...(instance === undefined ? [] : [[cborInteger(1), cborTag(550, cborBytes(instance))] as const]),
  ])
  const triples = cborMap([[cborInteger(0), cborArray([cborArray([environment, cborArray([measurement])])])]])
  const comid = cborMap([[cborInteger(4), triples]])
  const time = (at: number): Uint8Array => cborTag(1, cborInteger(Math.floor(at / 1000)))
  return cborTag(
    501,
    cborMap([
      [cborInteger(0), cborText('corim')],
      [cborInteger(1), cborArray([cborTag(506, cborBytes(comid))])],
      ...(window === undefined
        ? []
        : [
            [
              cborInteger(4),
              cborMap([
                [cborInteger(0), time(window[0])],
                [cborInteger(1), time(window[1])],
              ]),
            ] as const,
          ]),
    ]),
  )
}

/** A CoRIM of the platform's key, for what the environment names. */
function keyFor(...environment: readonly (readonly [number, Uint8Array])[]): Uint8Array {
  const der = Buffer.from(PLATFORM_KEY.spki).toString('base64')
  const pem = `-----BEGIN PUBLIC KEY-----\n${der.replace(/.{64}/g, '$&\n')}\n-----END PUBLIC KEY-----\n`
  const triple = cborArray([
    cborMap(environment.map(([label, item]) => [cborInteger(label), item] as const)),
    cborArray([cborTag(554, cborText(pem))]),
  ])
  const comid = cborMap([[cborInteger(4), cborMap([[cborInteger(3), cborArray([triple])]])]])
  return cborTag(501, cborMap([[cborInteger(1), cborArray([cborTag(506, cborBytes(comid))])]]))
}

function outcomes(verdict: Verdict, id: string): readonly string[] {
  return [verdict.outcome, check(verdict, id).outcome]
}

const COMPONENT: SoftwareComponent = {
  type: 'BL',
  measurement: filled(32, 1),
  version: '1.0',
  signerId: filled(32, 2),
  hashAlgorithm: undefined,
  order: [1, 2, 4, 5],
}

describe('reference values of Arm platforms', () => {
  const ID = 'cca.reference.components'

  it('that name no type are compared by what they do name, and are none that the token lacks', () => {
    const one = { measurement: filled(32, 1) }
    const later = { measurement: filled(32, 9) }
    assert.deepEqual(outcomes(judged({ endorsements: references([one, later]) }), ID), ['verified', 'pass'])
    assert.deepEqual(outcomes(judged({ endorsements: references([later]) }), ID), ['rejected', 'fail'])
    const missing = references([one, { type: 'M2', ...later }])
    assert.deepEqual(outcomes(judged({ endorsements: missing }), ID), ['rejected', 'fail'])
  })

  it('that name an instance count for that instance alone', () => {
    const other = filled(33, 1)
    for (const [instance, expected] of [
      [undefined, ['verified', 'pass']],
      [Buffer.from(INSTANCE, 'hex'), ['verified', 'pass']],
      [other, ['incomplete', 'unchecked']],
    ] as const) {
      const corims = [readCorim(corim(instance))]
      assert.deepEqual(outcomes(judged({ endorsements: { ...KEYS, corims } }), ID), expected, String(instance))
      const json = references([{ type: 'BL', measurement: filled(32, 1) }], {
        ...(instance === undefined ? {} : { 'instance-id': toHex(instance) }),
      })
      assert.deepEqual(outcomes(judged({ endorsements: json }), ID), expected, `JSON ${instance}`)
    }
    const psa = verifyPsaSync(makePsa(), { at: AT, endorsements: { ...KEYS, corims: [readCorim(corim(other))] } })
    assert.equal(check(psa, 'psa.expect.measurement').outcome, 'unchecked')
  })

  it('compare a configuration under the mask that a CoRIM gives, and nothing of another length', () => {
    // The token has 01 02.
    for (const [value, mask, expected] of [
      [[1, 2], undefined, 'pass'],
      [[1, 3], undefined, 'fail'],
      [[1, 0xf2], [0xff, 0x0f], 'pass'],
      [[1, 3], [0xff, 0x0f], 'fail'],
      [[3, 2], [1, 0xff], 'pass'],
      [[2, 2], [1, 0xff], 'fail'],
      [[1, 2, 0], [0xff, 0xff, 0], 'fail'],
      [[1, 2], [0xff], 'fail'],
    ] as const) {
      const values = cborMap([
        [cborInteger(4), cborTag(560, cborBytes(Uint8Array.from(value)))],
        ...(mask === undefined ? [] : [[cborInteger(5), cborBytes(Uint8Array.from(mask))] as const]),
      ])
      const named = cborMap([
        [cborInteger(0), cborText('cca.platform-config')],
        [cborInteger(1), values],
      ])
      const verdict = judged({ endorsements: { ...KEYS, corims: [readCorim(corim(undefined, undefined, named))] } })
      assert.equal(check(verdict, 'cca.reference.configuration').outcome, expected, `${value} ${mask}`)
    }
  })

  it('compare the version of a component where a CoRIM names it, in either form', () => {
    // The token has version 1.0.
    const value = (...more: readonly (readonly [Uint8Array, Uint8Array])[]): Uint8Array =>
      cborMap([
        ...more,
        [cborInteger(2), cborArray([cborArray([cborText('sha-256'), cborBytes(filled(32, 1))])])],
        [cborInteger(13), cborArray([cborTag(560, cborBytes(filled(32, 2)))])],
      ])
    const newer = (...more: readonly (readonly [Uint8Array, Uint8Array])[]): Uint8Array =>
      cborMap([
        [cborInteger(0), cborText('cca.software-component')],
        [cborInteger(1), value(...more)],
      ])
    const older = (version: string): Uint8Array =>
      cborMap([
        [cborInteger(0), cborTag(601, cborMap([[cborInteger(4), cborText(version)]]))],
        [cborInteger(1), value()],
      ])
    const version = (text: string): readonly [Uint8Array, Uint8Array] => [
      cborInteger(0),
      cborMap([[cborInteger(0), cborText(text)]]),
    ]
    for (const [measurement, expected] of [
      [newer(), ['verified', 'pass']],
      [newer(version('1.0')), ['verified', 'pass']],
      [newer(version('1.1')), ['rejected', 'fail']],
      [older('1.0'), ['verified', 'pass']],
      [older('1.1'), ['rejected', 'fail']],
    ] as const) {
      const corims = [readCorim(corim(undefined, undefined, measurement))]
      assert.deepEqual(outcomes(judged({ endorsements: { ...KEYS, corims } }), ID), expected, toHex(measurement))
    }
    const verdict = judged({
      endorsements: { ...KEYS, corims: [readCorim(corim(undefined, undefined, older('1.1')))] },
    })
    const { actual, expected } = check(verdict, ID)
    assert.match(actual ?? '', /version "1\.0"$/)
    assert.match(expected ?? '', /version "1\.1"$/)
    const unreadable = readCorim(corim(undefined, undefined, newer([cborInteger(0), cborText('1.0')])))
    assert.match(unreadable.error?.message ?? '', /version/)
  })

  it('compare a configuration that has its mask in one tag with it, however long', () => {
    const finding = (token: Uint8Array, raw: Uint8Array, ...more: readonly (readonly [Uint8Array, Uint8Array])[]) => {
      const named = cborMap([
        [cborInteger(0), cborText('cca.platform-config')],
        [cborInteger(1), cborMap([[cborInteger(4), raw], ...more])],
      ])
      const corims = [readCorim(corim(undefined, undefined, named))]
      const verdict = judged({ platform: { configuration: token }, endorsements: { ...KEYS, corims } })
      const read = check(verdict, 'cca.endorsements.well-formed').outcome
      return read === 'pass' ? check(verdict, 'cca.reference.configuration').outcome : `unreadable: ${read}`
    }
    const masked = (value: Uint8Array, mask: Uint8Array): Uint8Array =>
      cborTag(563, cborArray([cborBytes(value), cborBytes(mask)]))
    const long = filled(1000, 7)
    assert.equal(finding(Uint8Array.of(1, 2), masked(Uint8Array.of(1, 0xf2), Uint8Array.of(0xff, 0x0f))), 'pass')
    assert.equal(finding(Uint8Array.of(1, 2), masked(Uint8Array.of(1, 3), Uint8Array.of(0xff, 0x0f))), 'fail')
    assert.equal(finding(Uint8Array.of(1, 2), masked(Uint8Array.of(1, 2), Uint8Array.of(0xff))), 'fail')
    assert.equal(finding(long, masked(long, filled(1000, 0xff))), 'pass')
    assert.equal(finding(long, cborTag(560, cborBytes(long))), 'pass')
    const second = [cborInteger(5), cborBytes(Uint8Array.of(0, 0))] as const
    assert.equal(
      finding(Uint8Array.of(9, 9), masked(Uint8Array.of(1, 2), Uint8Array.of(0, 0)), second),
      'unreadable: fail',
    )
    assert.equal(finding(Uint8Array.of(1, 2), cborTag(563, cborBytes(Uint8Array.of(1, 2)))), 'unreadable: fail')
  })

  it('and keys count for what a CoRIM names; for what cannot be compared, never for all devices', () => {
    const classOf = (...ids: readonly (readonly [number, Uint8Array])[]): readonly [number, Uint8Array] => [
      0,
      cborMap(ids.map(([label, item]) => [cborInteger(label), item] as const)),
    ]
    const implementation = classOf([0, cborTag(600, cborBytes(IMPLEMENTATION))])
    const instance = [1, cborTag(550, cborBytes(Buffer.from(INSTANCE, 'hex')))] as const
    const uuid = cborTag(37, cborBytes(filled(16, 1)))
    for (const [environment, expected] of [
      [[implementation], 'pass'],
      [[instance], 'pass'],
      [[implementation, instance], 'pass'],
      [[], 'unchecked'],
      [[classOf([0, uuid])], 'unchecked'],
      [[classOf([0, uuid]), instance], 'unchecked'],
      [[classOf([1, cborText('a maker')], [2, cborText('a model')])], 'unchecked'],
      [[classOf([0, cborTag(111, cborBytes(filled(4, 1)))])], 'unchecked'],
      [[implementation, [1, uuid]], 'unchecked'],
      [[implementation, [2, uuid]], 'unchecked'],
    ] as const) {
      const verdict = judged({ endorsements: { corims: [readCorim(keyFor(...environment))] } })
      assert.equal(check(verdict, 'cca.endorsements.well-formed').outcome, 'pass')
      assert.equal(check(verdict, 'cca.key.present').outcome, expected, JSON.stringify(environment))
    }
  })

  it('of a CoRIM count while it is in date at the time of the verification, however long they were prepared', () => {
    const now = AT.getTime()
    const day = 86_400_000
    const prepared = prepareArmEndorsements({ ...KEYS, corims: [readCorim(corim(undefined, [now - day, now + day]))] })
    const at = (time: number): Verdict =>
      verifyCcaSync(makeCca(), { at: new Date(time), endorsements: prepared, expect: GOOD })
    for (const time of [now - day, now, now + day]) assert.equal(at(time).outcome, 'verified', String(time - now))
    for (const time of [now - day - 1, now + day + 1]) {
      const verdict = at(time)
      assert.deepEqual(outcomes(verdict, 'cca.endorsements.well-formed'), ['rejected', 'fail'], String(time - now))
      assert.match(check(verdict, 'cca.endorsements.well-formed').reason, /^CoRIM 1 .*valid (from|until)/)
    }
    const psa = verifyPsaSync(makePsa(), {
      at: new Date(now + 2 * day),
      endorsements: prepared,
      expect: { nonce: toHex(CHALLENGE) },
    })
    assert.deepEqual(outcomes(psa, 'psa.endorsements.well-formed'), ['rejected', 'fail'])
  })

  it('are compared whole; that a measurement is not as long as the hash it names is a note', () => {
    const notes = (component: Partial<SoftwareComponent>): readonly string[] => {
      const measurement = component.measurement ?? COMPONENT.measurement
      const verdict = judged({
        platform: { components: [{ ...COMPONENT, ...component }] },
        endorsements: references([{ type: 'BL', measurement }]),
      })
      assert.equal(verdict.outcome, 'verified')
      return verdict.notes.map(({ id }) => id)
    }
    const order = [1, 2, 4, 5, 6]
    assert.deepEqual(notes({}), [])
    assert.deepEqual(notes({ measurement: filled(64, 1) }), ['cca.component-length'])
    assert.deepEqual(notes({ hashAlgorithm: 'sha-512', order }), ['cca.component-length'])
    assert.deepEqual(notes({ hashAlgorithm: 'sha-512', measurement: filled(64, 1), order }), [])
    assert.deepEqual(notes({ hashAlgorithm: 'SHA256', order }), [], 'spelled as other profiles do')
  })
})
