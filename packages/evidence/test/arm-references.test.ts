import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { SoftwareComponent } from '../src/arm/components.ts'
import { cborArray, cborBytes, cborInteger, cborMap, cborTag, cborText } from '../src/cbor/encode.ts'
import { type ArmEndorsementsInput, prepareArmEndorsements, readCorim, verifyCcaSync } from '../src/cca/index.ts'
import { toHex } from '../src/core/bytes.ts'
import type { Verdict } from '../src/core/verdict.ts'
import { verifyPsaSync } from '../src/psa/index.ts'
import { AT, CHALLENGE, endorsements, filled, IMPLEMENTATION, makeCca, makePsa, PLATFORM_KEY, RIM } from './arm-kit.ts'
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

/** A component by its name and the byte that its measurement repeats. */
interface Part {
  readonly type: string
  readonly value: number
}

function componentOf({ type, value }: Part): SoftwareComponent {
  return { ...COMPONENT, type, measurement: filled(32, value) }
}

function entryOf(parts: readonly Part[], configuration?: string): object {
  const components = parts.map(({ type, value }) => ({
    'component-type': type,
    'measurement-value': toHex(filled(32, value)),
  }))
  return {
    'implementation-id': toHex(IMPLEMENTATION),
    'sw-components': components,
    ...(configuration === undefined ? {} : { 'platform-configuration': configuration }),
  }
}

function judgedBy(measured: readonly Part[], releases: readonly (readonly Part[])[]): Verdict {
  const platform = releases.map((parts) => entryOf(parts))
  return judged({
    platform: { components: measured.map(componentOf) },
    endorsements: { ...KEYS, referenceValues: JSON.stringify({ platform }) },
  })
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

  it('of several firmware releases count each as a whole: their parts do not add up to a further one', () => {
    const one = (type: string, value: number): Part => ({ type, value })
    const OLD = [one('BL', 1), one('RMM', 2)]
    const NEW = [one('BL', 3), one('RMM', 4)]
    const MORE = [one('BL', 3), one('RMM', 4), one('SCP', 5)]
    const apart = [[one('BL', 1)], [one('BL', 3)], [one('RMM', 2)], [one('RMM', 4)]]
    for (const [measured, releases, expected] of [
      [OLD, [OLD, NEW], 'pass'],
      [NEW, [OLD, NEW], 'pass'],
      [[one('BL', 1), one('RMM', 4)], [OLD, NEW], 'fail'],
      [OLD, [OLD, MORE], 'pass'],
      [MORE, [OLD, MORE], 'pass'],
      [NEW, [OLD, MORE], 'fail'],
      [[...OLD, one('SCP', 5)], [OLD, MORE], 'fail'],
      [MORE, [NEW, [one('SCP', 5)]], 'pass'],
      [NEW, [NEW, [one('SCP', 5)]], 'fail'],
      // Entries of one component each do not say which of them belong together.
      [[one('BL', 1), one('RMM', 4)], apart, 'pass'],
      [[one('BL', 1)], apart, 'fail'],
    ] as const) {
      const verdict = judgedBy(measured, releases)
      assert.equal(check(verdict, ID).outcome, expected, JSON.stringify([measured, releases]))
    }
    const mixed = check(judgedBy([one('BL', 1), one('RMM', 4)], [OLD, NEW]), ID)
    assert.match(mixed.reason, /^"BL 1.0" is known to the reference values, but not together with the rest/)
    const lacking = check(judgedBy(OLD, [[...OLD, one('SCP', 5)]]), ID)
    assert.match(lacking.reason, /^"SCP" is in the reference values, and the token does not measure it/)
  })

  it('of several releases say what configuration belongs to each', () => {
    const config = (measured: readonly Part[], releases: readonly Release[], value: string): string => {
      const platform = releases.map(([parts, configuration]) => entryOf(parts, configuration))
      const verdict = judged({
        platform: { components: measured.map(componentOf), configuration: Buffer.from(value, 'hex') },
        endorsements: { ...KEYS, referenceValues: JSON.stringify({ platform }) },
      })
      return check(verdict, 'cca.reference.configuration').outcome
    }
    type Release = readonly [parts: readonly Part[], configuration?: string]
    const OLD = [{ type: 'BL', value: 1 }]
    const NEW = [{ type: 'BL', value: 2 }]
    for (const [measured, value, releases, expected] of [
      [
        OLD,
        '01',
        [
          [OLD, '01'],
          [NEW, '02'],
        ],
        'pass',
      ],
      [
        OLD,
        '02',
        [
          [OLD, '01'],
          [NEW, '02'],
        ],
        'fail',
      ],
      [OLD, '02', [[OLD], [[], '02']], 'pass'],
      [OLD, '01', [[OLD], [[], '02']], 'fail'],
      // What only other firmware says of it is asked for all the same.
      [OLD, '02', [[OLD], [NEW, '02']], 'pass'],
      [OLD, '01', [[OLD], [NEW, '02']], 'fail'],
    ] as const)
      assert.equal(config(measured, releases, value), expected, JSON.stringify([measured, value, releases]))
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

  it('of realms count for the device that they name alone', () => {
    const environments = (
      rim: Uint8Array,
    ): Readonly<Record<string, readonly (readonly [Uint8Array, Uint8Array])[]>> => {
      const ofClass = (id: Uint8Array) => [cborInteger(0), cborMap([[cborInteger(0), id]])] as const
      const ofInstance = (id: Uint8Array) => [cborInteger(1), id] as const
      const device = (id: Uint8Array) => ofInstance(cborTag(550, cborBytes(id)))
      const [uuid, other] = [cborTag(37, cborBytes(filled(16, 1))), filled(33, 1)]
      const own = Buffer.from(INSTANCE, 'hex')
      const newer = ofClass(cborTag(560, cborBytes(rim)))
      const older = [ofClass(uuid), ofInstance(cborTag(560, cborBytes(rim)))]
      return {
        newer: [newer],
        'newer, own': [newer, device(own)],
        'newer, other': [newer, device(other)],
        'newer, unknown': [newer, ofInstance(uuid)],
        'newer, group': [newer, [cborInteger(2), uuid]],
        older,
        'older, group': [...older, [cborInteger(2), uuid]],
        'a device, own': [device(own)],
        'a device, other': [device(other)],
        'a device of a class': [ofClass(uuid), device(own)],
      }
    }
    const digests = cborMap([[cborInteger(2), cborArray([cborArray([cborText('sha-256'), cborBytes(RIM)])])]])
    const measured = cborMap([
      [cborInteger(0), cborText('cca.rim')],
      [cborInteger(1), digests],
    ])
    const counted: string[] = []
    for (const [name, environment] of Object.entries(environments(RIM))) {
      const triple = cborArray([cborMap([...environment]), cborArray([measured])])
      const comid = cborMap([[cborInteger(4), cborMap([[cborInteger(0), cborArray([triple])]])]])
      const document = cborTag(501, cborMap([[cborInteger(1), cborArray([cborTag(506, cborBytes(comid))])]]))
      const endorsed = { ...endorsements(), corims: [readCorim(document)] }
      const verdict = judged({ endorsements: endorsed, expect: { measurement: undefined as never } })
      assert.equal(check(verdict, 'cca.endorsements.well-formed').outcome, 'pass', name)
      const { outcome } = check(verdict, 'cca.expect.measurement')
      assert.ok(outcome === 'pass' || outcome === 'unchecked', `${name}: ${outcome}`)
      if (outcome === 'pass') counted.push(name)
    }
    assert.deepEqual(counted, ['newer', 'newer, own', 'older', 'a device, own'])

    for (const [instance, outcome] of [
      [INSTANCE, 'pass'],
      ['01'.repeat(33), 'unchecked'],
    ] as const) {
      const realm = [{ 'initial-measurement': toHex(RIM), 'instance-id': instance }]
      const platform = JSON.parse(endorsements().referenceValues ?? '').platform
      const json = { ...KEYS, referenceValues: JSON.stringify({ platform, realm }) }
      const verdict = judged({ endorsements: json, expect: { measurement: undefined as never } })
      assert.equal(check(verdict, 'cca.expect.measurement').outcome, outcome, instance)
    }
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
