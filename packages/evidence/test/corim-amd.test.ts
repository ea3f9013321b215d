import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  AMD_CLASS,
  AMD_PROFILE,
  amdLaunchDigest,
  amdMeasurement,
  type CorimParts,
  cbor,
  filled,
  type Members,
  makeCorim,
  makeSnp,
  ofClass,
} from '@sekisho/emulator/kit'
import { toHex } from '../src/core/bytes.ts'
import { type CorimReading, type CorimReferences, readCorimReferences } from '../src/corim/index.ts'
import { readSnpExpectations, verifySnpSync } from '../src/snp/index.ts'

const MEASUREMENT = filled(48)
const LAUNCH = amdLaunchDigest(MEASUREMENT)
const CHIP = ofClass(AMD_CLASS.chip)
const MILAN = ofClass(AMD_CLASS.chip, [[2, cbor.text('Milan')]])
const bytes = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value)
const raw = (value: Uint8Array, mask?: Uint8Array): Members => [
  [4, cbor.tagged(value)],
  ...(mask === undefined ? [] : [[5, cbor.bytes(mask)] as const]),
]
const exact = (value: number): Members => [[1, cbor.tag(552, cbor.integer(value))]]
const least = (value: bigint): Members => [[1, cbor.minSvn(value)]]

function readAll(parts: CorimParts, reading: CorimReading = {}): CorimReferences {
  return readCorimReferences(makeCorim({ profile: AMD_PROFILE, ...parts }), reading)
}

function read(measurements: readonly Members[], environment: Members = CHIP, reading: CorimReading = {}) {
  return readAll({ triples: [{ environment, measurements }] }, reading)
}

/** The one set of values that a triple makes. */
function valuesOf(measurements: readonly Members[], environment: Members = CHIP, reading?: CorimReading) {
  const { references, unusable } = read([LAUNCH, ...measurements], environment, reading)
  assert.deepEqual(unusable, [], unusable[0]?.message)
  assert.equal(references.length, 1)
  const { measurement, signingKey, ...values } = references[0]?.values ?? assert.fail()
  assert.deepEqual(measurement, [toHex(MEASUREMENT)])
  assert.equal(signingKey, environment === CHIP || environment === MILAN ? 'vcek' : signingKey)
  // Whatever is made here is what the verifier compares.
  readSnpExpectations(references[0]?.values)
  return values
}

describe("a CoRIM of AMD's profile", () => {
  it('becomes expectations of a guest, field by field', () => {
    // Bootloader 3, TEE 0, SNP 8, microcode 115.
    const milan = 0x7308_0000_0000_0003n
    const held: readonly (readonly [mkey: number, mval: Members, values: object, environment?: Members])[] = [
      [1, [[1, cbor.tag(553, cbor.integer(7))]], { minSvn: 7 }],
      [
        2,
        raw(bytes(8, 0), Uint8Array.of(0, 0, 0x09, 0, 0, 0, 0, 0)),
        { policy: { smtAllowed: false, debugAllowed: false } },
      ],
      [
        2,
        [
          [
            4,
            cbor.tag(563, cbor.array([cbor.bytes(bytes(8, 0xff)), cbor.bytes(Uint8Array.of(0, 0, 1, 0, 0, 0, 0, 0))])),
          ],
        ],
        { policy: { smtAllowed: true } },
      ],
      [2, raw(bytes(8, 0xff), bytes(8, 0)), {}],
      [3, raw(bytes(16, 3)), { familyId: ['03'.repeat(16)] }],
      [4, raw(bytes(16, 4)), { imageId: ['04'.repeat(16)] }],
      [5, raw(Uint8Array.of(2, 0, 0, 0)), { vmpl: [2] }],
      [5, raw(Uint8Array.of(0, 0, 0, 2)), { vmpl: [2] }],
      [5, [[4, cbor.tag(70, cbor.bytes(bytes(4, 0)))]], { vmpl: [0] }],
      [
        7,
        raw(Uint8Array.of(0x20, 0, 0, 0, 0, 0, 0, 0), Uint8Array.of(0x21, 0, 0, 0, 0, 0, 0, 0)),
        { platformInfo: { smtEnabled: false, aliasCheckComplete: true } },
      ],
      [642, raw(bytes(32, 5)), { hostData: ['05'.repeat(32)] }],
      [642, [[2, cbor.array([cbor.digest(7, bytes(32, 5))])]], { hostData: ['05'.repeat(32)] }],
      [643, raw(bytes(48, 6)), { idKeyDigest: ['06'.repeat(48)] }],
      [644, [[2, cbor.array([cbor.digest(7, bytes(48, 7))])]], { authorKeyDigest: ['07'.repeat(48)] }],
      [3328, raw(bytes(64, 8)), { hardwareIds: ['08'.repeat(64)] }],
      [
        647,
        least(milan),
        { products: ['Milan'], minReportedTcb: { bootloader: 3, tee: 0, snp: 8, microcode: 115 } },
        MILAN,
      ],
      [6, least(milan), { products: ['Milan'], minTcb: { bootloader: 3, tee: 0, snp: 8, microcode: 115 } }, MILAN],
      [3329, least(milan), { products: ['Milan', 'Genoa'], minTcb: { bootloader: 3, tee: 0, snp: 8, microcode: 115 } }],
      [
        3968,
        least(0x5000_0000_0402_0101n),
        { products: ['Turin'], minTcb: { fmc: 1, bootloader: 1, tee: 2, snp: 4, microcode: 80 } },
      ],
    ]
    for (const [mkey, mval, values, environment] of held)
      assert.deepEqual(valuesOf([amdMeasurement(mkey, mval)], environment), values, `mkey ${mkey}`)
    assert.deepEqual(valuesOf([]), {})
    assert.deepEqual(valuesOf([], MILAN), { products: ['Milan'] })
  })

  it('asks for the highest of several lowest TCBs, in each part', () => {
    const both = [
      amdMeasurement(3329, least(0x7300_0000_0000_0003n)),
      amdMeasurement(3968, least(0x0108_0000_0000_0002n)),
    ]
    assert.deepEqual(valuesOf(both, MILAN), {
      products: ['Milan'],
      minTcb: { bootloader: 3, tee: 0, snp: 8, microcode: 115 },
    })
  })

  it('counts for what its environment names, and for nothing else', () => {
    const chipId = bytes(64, 9)
    const instance = (environment: Members, item: Uint8Array): Members => [...environment, [1, item]]
    const CSP = ofClass(AMD_CLASS.csp)
    const id = ['09'.repeat(64)]
    assert.deepEqual(valuesOf([], instance(CHIP, cbor.tagged(chipId))), { hardwareIds: id })
    assert.deepEqual(valuesOf([amdMeasurement(3328, raw(chipId))], instance(CHIP, cbor.tagged(chipId))), {
      hardwareIds: id,
    })
    assert.deepEqual(valuesOf([], instance(CHIP, cbor.tagged(bytes(8, 9)))), {
      hardwareIds: ['09'.repeat(8).padEnd(128, '0')],
    })
    assert.deepEqual(valuesOf([], instance(CHIP, cbor.tagged(MEASUREMENT))), {})
    assert.deepEqual(valuesOf([], instance(CSP, cbor.tagged(Buffer.from('CN=a cloud')))), { cspIds: ['CN=a cloud'] })
    for (const [environment, key] of [
      [CHIP, 'vcek'],
      [CSP, 'vlek'],
    ] as const)
      assert.equal(read([LAUNCH], environment).references[0]?.values['signingKey'], key)
    for (const [environment, message] of [
      [instance(CHIP, cbor.tagged(bytes(48, 1))), /instance.* 48 bytes; expected a CHIP_ID/],
      [instance(CHIP, cbor.tag(550, cbor.bytes(chipId))), /instance under tag 550/],
      [instance(CSP, cbor.tagged(bytes(4, 0xff))), /bytes that are no name/],
      [[...CHIP, [2, cbor.tagged(bytes(4, 1))]], /group/],
      [ofClass(AMD_CLASS.chip, [[1, cbor.text('AMD')]]), /vendor/],
      [ofClass(AMD_CLASS.chip, [[2, cbor.text('Rome')]]), /another product/],
      [ofClass(AMD_CLASS.chip, [[3, cbor.integer(0)]]), /layer/],
    ] as const) {
      const { references, unusable } = read([LAUNCH], environment)
      assert.deepEqual(references, [])
      assert.match(unusable[0]?.message ?? '', message)
    }
    const { unusable } = read([LAUNCH, amdMeasurement(3328, raw(bytes(64, 1)))], instance(CHIP, cbor.tagged(chipId)))
    assert.match(unusable[0]?.message ?? '', /another chip than CHIP_ID/)
  })

  it('makes one set of what holds under either key, and several of what differs', () => {
    const CSP = ofClass(AMD_CLASS.csp)
    const keysOf = (csp: readonly Members[]): readonly unknown[] =>
      readAll({
        triples: [
          { environment: CHIP, measurements: [LAUNCH] },
          { environment: CSP, measurements: csp },
          { environment: CHIP, measurements: [LAUNCH] },
        ],
      }).references.map(({ values }) => values['signingKey'])
    assert.deepEqual(keysOf([LAUNCH]), [undefined])
    assert.deepEqual(keysOf([LAUNCH, amdMeasurement(5, raw(bytes(4, 0)))]), ['vcek', 'vlek'])
  })

  it('names triples of other classes, which count for nothing', () => {
    const uuid: Members = [[0, cbor.map([[0, cbor.tag(37, cbor.bytes(bytes(16, 1)))]])]]
    const other = { environment: ofClass('1.3.6.1.4.1.3704.9.9'), measurements: [LAUNCH] }
    const { references, unread, unusable } = readAll({
      triples: [
        other,
        { environment: CHIP, measurements: [LAUNCH] },
        { ...other, environment: uuid },
        { ...other, environment: [] },
      ],
      otherTriples: [[3, cbor.array([])]],
      tags: [cbor.tag(505, cbor.bytes(bytes(4, 1)))],
    })
    assert.deepEqual([references.length, unusable.length], [1, 0])
    assert.equal(references[0]?.at, 'corim.tags[0].reference-triples[1]')
    assert.deepEqual(unread, [
      'corim.tags[0].attest-key-triples',
      'corim.tags[1] (CoSWID)',
      'corim.tags[0].reference-triples[0] (class 1.3.6.1.4.1.3704.9.9)',
      'corim.tags[0].reference-triples[2] (class 01010101-0101-0101-0101-010101010101)',
      'corim.tags[0].reference-triples[3] (class without an id)',
    ])
  })

  const unusable: Readonly<Record<string, readonly [Members, RegExp, Members?]>> = {
    'a field of the report that nothing compares': [
      amdMeasurement(0, [[0, cbor.map([])]]),
      /VERSION, which nothing compares/,
    ],
    'the report data of one exchange': [amdMeasurement(640, raw(bytes(64, 1))), /REPORT_DATA, which nothing/],
    'an exact TCB': [amdMeasurement(647, exact(7)), /REPORTED_TCB\)\.svn .*an exact SVN/, MILAN],
    'an exact TCB without a tag': [amdMeasurement(3329, [[1, cbor.integer(7)]]), /an exact SVN/, MILAN],
    'a lowest TCB of no SVN': [amdMeasurement(3329, [[1, cbor.tag(553, cbor.text('7'))]]), /no lowest SVN/, MILAN],
    'a TCB of no product that is named': [amdMeasurement(3329, least(1n)), /products lay out differently/],
    'a TCB of no product at all': [amdMeasurement(3329, least(0x0001_0100_0001_0000n)), /no such product has/],
    'a TCB that the named product has not': [amdMeasurement(3329, least(0x0400_0000n)), /no such product has/, MILAN],
    'a guest SVN beyond 32 bits': [amdMeasurement(1, least(1n << 32n)), /SVN of 32 bits/],
    'a policy without a mask': [amdMeasurement(2, raw(bytes(8, 0))), /bit 0, which nothing compares/],
    'a bit of the policy without a name': [
      amdMeasurement(2, raw(bytes(8, 0), Uint8Array.of(0, 0, 2, 0, 0, 0, 0, 0))),
      /bit 17/,
    ],
    'a mask of another length': [amdMeasurement(2, raw(bytes(8, 0), bytes(4, 0))), /raw-value-mask/],
    'two masks': [
      amdMeasurement(2, [
        [4, cbor.tag(563, cbor.array([cbor.bytes(bytes(8, 0)), cbor.bytes(bytes(8, 0))]))],
        [5, cbor.bytes(bytes(8, 0))],
      ]),
      /tag 563/,
    ],
    'a masked family': [amdMeasurement(3, raw(bytes(16, 0), bytes(16, 1))), /compared whole/],
    'a privilege level that is none': [amdMeasurement(5, raw(Uint8Array.of(4, 0, 0, 0))), /another VMPL/],
    'a value of another length': [amdMeasurement(642, raw(bytes(31, 0))), /HOST_DATA/],
    'a value of another tag': [amdMeasurement(642, [[4, cbor.bytes(bytes(32, 0))]]), /tag 560/],
    'a measurement of another algorithm': [amdMeasurement(641, [[2, cbor.array([cbor.digest(8, bytes(48, 1))])]]), /./],
    'a member beside the value': [
      amdMeasurement(642, [...raw(bytes(32, 0)), [11, cbor.text('x')]]),
      /the member 11, which nothing compares/,
    ],
    'a member of an extension': [
      amdMeasurement(1, [
        [1, cbor.tag(553, cbor.integer(7))],
        [-4, cbor.integer(1)],
      ]),
      /the member -4/,
    ],
    'a number of no field': [amdMeasurement(9, raw(bytes(8, 0))), /mkey .*the key 9/],
    'a name for a field': [
      [
        [0, cbor.text('POLICY')],
        [1, cbor.map(raw(bytes(8, 0)))],
      ],
      /the key POLICY/,
    ],
    'no key': [[[1, cbor.map([[3, cbor.map([])]])]], /the key of nothing/],
    'keys that must have signed': [[...amdMeasurement(642, raw(bytes(32, 0))), [2, cbor.array([])]], /authorized-by/],
  }
  for (const [name, [measurement, message, environment]] of Object.entries(unusable))
    it(`is of no use with ${name}: nothing of it is dropped`, () => {
      const measurements = name.startsWith('a measurement of') ? [measurement] : [LAUNCH, measurement]
      const {
        references,
        unusable: [error, second],
      } = read(measurements, environment)
      assert.deepEqual(references, [])
      assert.equal(second, undefined)
      assert.match(error?.message ?? '', message)
      assert.match(error?.message ?? '', /^corim\.tags\[0\]\.reference-triples\[0\]/)
    })

  it('is of no use without a MEASUREMENT, with a field twice, or where nobody would be told apart', () => {
    assert.match(read([amdMeasurement(642, raw(bytes(32, 1)))]).unusable[0]?.message ?? '', /no MEASUREMENT/)
    assert.match(read([LAUNCH, LAUNCH]).unusable[0]?.message ?? '', /MEASUREMENT a second time/)
    const two = amdMeasurement(641, [[2, cbor.array([cbor.digest(7, MEASUREMENT), cbor.digest(7, bytes(48, 1))])]])
    assert.match(read([two]).unusable[0]?.message ?? '', /an array of 2; expected an array of 1/)
  })

  it('leaves measurements out that the caller names, never the MEASUREMENT', () => {
    const dump = [
      amdMeasurement(0, [[0, cbor.map([])]]),
      amdMeasurement(647, exact(7)),
      amdMeasurement(642, raw(bytes(32, 5))),
    ]
    assert.equal(read([LAUNCH, ...dump]).unusable.length, 1)
    const without = ['VERSION', 'REPORTED_TCB']
    assert.deepEqual(valuesOf(dump, CHIP, { without }), { hostData: ['05'.repeat(32)] })
    assert.throws(() => read([LAUNCH], CHIP, { without: ['VERSIONS'] }), /no measurement VERSIONS to leave out/)
    assert.throws(() => read([LAUNCH], CHIP, { without: ['MEASUREMENT'] }), /no measurement MEASUREMENT/)
  })

  it('is what a verification of a report comes down to', () => {
    const one = makeSnp()
    const judge = (measurement: Uint8Array, environment: Members = CHIP): string => {
      const [reference] = read([amdLaunchDigest(measurement)], environment).references
      const { measurement: _, ...rest } = one.expectations
      return verifySnpSync(one.evidence, {
        at: one.at,
        collateral: one.collateral,
        expect: { ...rest, ...readSnpExpectations(reference?.values) },
        trustAnchors: [one.anchor],
      }).outcome
    }
    const measurement = Buffer.from(String(one.expectations.measurement), 'hex')
    assert.equal(judge(measurement), 'verified')
    assert.equal(judge(bytes(48, 0xee)), 'rejected')
    assert.equal(judge(measurement, ofClass(AMD_CLASS.csp)), 'rejected', "a provider's key, and the chip's signed")
    assert.equal(judge(measurement, ofClass(AMD_CLASS.chip, [[2, cbor.text('Turin')]])), 'rejected')
    assert.equal(judge(measurement, [...CHIP, [1, cbor.tagged(bytes(64, 0xee))]]), 'rejected')
  })
})
