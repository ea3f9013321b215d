import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { SoftwareComponent } from '../src/arm/components.ts'
import { cborArray, cborBytes, cborInteger, cborMap, cborTag, cborText } from '../src/cbor/encode.ts'
import { readCorim } from '../src/cca/index.ts'
import { toHex } from '../src/core/bytes.ts'
import type { Verdict } from '../src/core/verdict.ts'
import { endorsements, filled, IMPLEMENTATION, RIM } from './arm-kit.ts'
import { check, judged } from './cca-kit.ts'

const KEYS = { keys: endorsements().keys ?? '' }
const INSTANCE = `01${'03'.repeat(32)}`
const ID = 'cca.reference.components'

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

describe('several reference values of Arm platforms', () => {
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
})

describe('reference values of realms', () => {
  it('may give the algorithms of each register in an order of its own', () => {
    const REM = filled(32, 6)
    const sized = (byte: Uint8Array, name: string): Uint8Array => cborArray([cborText(name), cborBytes(byte)])
    const measured = (name: string, ...digests: readonly Uint8Array[]): Uint8Array =>
      cborMap([
        [cborInteger(0), cborText(`cca.${name}`)],
        [cborInteger(1), cborMap([[cborInteger(2), cborArray(digests)]])],
      ])
    const rim = measured('rim', sized(RIM, 'sha-256'), sized(filled(64, 8), 'sha-512'))
    const outcome = (...digests: readonly Uint8Array[]): string => {
      const triple = cborArray([cborMap([]), cborArray([rim, measured('rem0', ...digests)])])
      const comid = cborMap([[cborInteger(4), cborMap([[cborInteger(0), cborArray([triple])]])]])
      const document = cborTag(501, cborMap([[cborInteger(1), cborArray([cborTag(506, cborBytes(comid))])]]))
      const verdict = judged({
        realm: { extensibleMeasurements: [REM, filled(32, 0), filled(32, 0), filled(32, 0)] },
        endorsements: { ...endorsements(), corims: [readCorim(document)] },
        expect: { measurement: undefined as never },
      })
      return check(verdict, 'cca.expect.rem0').outcome
    }
    const [short, long] = [sized(REM, 'sha-256'), sized(filled(64, 6), 'sha-512')]
    assert.deepEqual([outcome(short, long), outcome(long, short), outcome(short)], ['pass', 'pass', 'pass'])
    const wrong = sized(filled(32, 7), 'sha-256')
    assert.deepEqual([outcome(wrong, long), outcome(long, wrong), outcome(long)], ['fail', 'fail', 'fail'])
  })

  it('count for the device that they name alone', () => {
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
})
