import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  type Cbor,
  cbor,
  INTEL_PROFILE,
  type Members,
  makeCorim,
  makeSgx,
  makeTdx,
  ofClass,
  type TripleParts,
} from '@sekisho/emulator/kit'
import { type CorimReading, type CorimReferences, readCorimReferences } from '../src/corim/index.ts'
import { readSgxExpectations, verifySgxSync } from '../src/sgx/index.ts'
import { readTdxExpectations, verifyTdxSync } from '../src/tdx/index.ts'

const SGX = ofClass('2.16.840.1.113741.1.2.3.5.1')
const SEAM = ofClass('2.16.840.1.113741.1.2.3.4.3')
const TD_CLASS = '2.16.840.1.113741.1.99.1'
const TD = ofClass(TD_CLASS)
const QE = ofClass('2.16.840.1.113741.1.2.3.4.1')
const bytes = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value)
const sha256 = (value: number): Cbor => cbor.digest(1, bytes(32, value))
const sha384 = (value: number): Cbor => cbor.digest(7, bytes(48, value))
const member = (...digests: readonly Cbor[]): Cbor =>
  cbor.tag(60020, cbor.array([cbor.integer(6), cbor.array(digests)]))
const atLeast = (value: number, operator = 2): Cbor =>
  cbor.tag(60010, cbor.array([cbor.integer(operator), cbor.integer(value)]))

function triple(environment: Members, mval: Members, more: Members = []): TripleParts {
  return { environment, measurements: [[[1, cbor.map(mval)], ...more]] }
}

function read(triples: readonly TripleParts[], reading: CorimReading = {}): CorimReferences {
  return readCorimReferences(makeCorim({ profile: INTEL_PROFILE, triples }), reading)
}

function enclave(mval: Members, reading?: CorimReading): Readonly<Record<string, unknown>> {
  const { references, unusable } = read([triple(SGX, mval)], reading)
  assert.deepEqual(unusable, [], unusable[0]?.message)
  assert.equal(references.length, 1)
  assert.equal(references[0]?.tee, 'sgx')
  return { ...readSgxExpectations(references[0]?.values) }
}

describe("a CoRIM of Intel's profile", () => {
  it('becomes expectations of an enclave', () => {
    const measurement = ['01'.repeat(32)]
    const mrtee = [-83, sha256(1)] as const
    assert.deepEqual(enclave([mrtee]), { measurement })
    assert.deepEqual(enclave([[-83, cbor.array([sha256(1)])]]), { measurement })
    assert.deepEqual(enclave([[-83, cbor.array([cbor.text('sha-256'), cbor.bytes(bytes(32, 1))])]]), { measurement })
    assert.deepEqual(enclave([[-83, member(sha256(1), sha256(2), sha256(1), cbor.digest(8, bytes(64, 3)))]]), {
      measurement: ['01'.repeat(32), '02'.repeat(32)],
    })
    const signed: Members = [
      [-84, sha256(4)],
      [-85, cbor.integer(3)],
      [-73, atLeast(6)],
    ]
    const signer = { signer: ['04'.repeat(32)], isvProdId: 3, minSvn: 6 }
    assert.deepEqual(enclave(signed), signer)
    assert.deepEqual(enclave([mrtee, ...signed, [-70, cbor.text('Intel Corporation')], [-86, atLeast(17)]]), {
      measurement,
      ...signer,
      minTcbEvaluationDataNumber: 17,
    })
    assert.deepEqual(enclave([mrtee, [-73, cbor.tag(553, cbor.integer(2))]]), { measurement, minSvn: 2 })
  })

  it('tells TDs by the class that the caller names: the profile names none', () => {
    const values: Members = [
      [-83, sha384(1)],
      [
        14,
        cbor.map([
          [0, cbor.array([sha384(2)])],
          [3, cbor.array([sha384(3)])],
        ]),
      ],
    ]
    const unnamed = read([triple(TD, values)])
    assert.deepEqual([unnamed.references, unnamed.unusable], [[], []])
    assert.deepEqual(unnamed.unread, [`corim.tags[0].reference-triples[0] (class ${TD_CLASS})`])
    const { references } = read([triple(TD, values)], { tdClass: TD_CLASS })
    assert.equal(references[0]?.tee, 'tdx')
    assert.deepEqual(
      { ...readTdxExpectations(references[0]?.values ?? {}) },
      { measurement: ['01'.repeat(48)], rtmr0: ['02'.repeat(48)], rtmr3: ['03'.repeat(48)] },
    )
    const known = read([triple(SGX, [[-83, sha256(1)]])], { tdClass: '2.16.840.1.113741.1.2.3.5.1' })
    assert.equal(known.references[0]?.tee, 'sgx', 'a class of the profile stays what it is')
  })

  it('asks for a module wherever it says one, and is nothing with modules alone', () => {
    const td = (value: number): TripleParts => triple(TD, [[-83, sha384(value)]])
    const module = (value: number): TripleParts =>
      triple(SEAM, [
        [-83, sha384(value)],
        [-71, cbor.text('TDX SEAM')],
      ])
    const mrSeam = ['0a'.repeat(48), '0b'.repeat(48)]
    const { references } = read([td(1), module(0x0a), td(2), module(0x0b)], { tdClass: TD_CLASS })
    assert.deepEqual(
      references.map(({ values }) => values),
      [
        { measurement: ['01'.repeat(48)], mrSeam },
        { measurement: ['02'.repeat(48)], mrSeam },
      ],
    )
    assert.deepEqual(read([module(1)]).references, [], 'any TD would be accepted')
    const other = read([td(1), module(1), triple(SEAM, [[-84, sha384(1)]])], { tdClass: TD_CLASS })
    assert.match(
      other.unusable[0]?.message ?? '',
      /reference-triples\[2\].*tee\.mrsigner, which nothing compares for seam/,
    )
  })

  it('leaves the quoting enclave and other classes alone, by name', () => {
    const { references, unread, unusable } = read([
      triple(QE, [[-82, cbor.bytes(bytes(16, 0))]]),
      triple(SGX, [[-83, sha256(1)]]),
    ])
    assert.deepEqual([references.length, unusable.length], [1, 0])
    assert.deepEqual(unread, ['corim.tags[0].reference-triples[0] (class 2.16.840.1.113741.1.2.3.4.1)'])
  })

  const MR: readonly [number, Cbor] = [-83, sha256(1)]
  const unusable: Readonly<Record<string, readonly [TripleParts, RegExp]>> = {
    'no measurement': [
      triple(SGX, [[-86, atLeast(1)]]),
      /nothing that tells one workload from another; expected tee\.mrtee/,
    ],
    'a signer alone': [triple(SGX, [[-84, sha256(1)]]), /nothing that tells/],
    'a signer and a product': [
      triple(SGX, [
        [-84, sha256(1)],
        [-85, cbor.integer(1)],
      ]),
      /nothing that tells/,
    ],
    'registers without what was launched': [
      triple(TD, [[14, cbor.map([[0, cbor.array([sha384(1)])]])]]),
      /nothing that tells/,
    ],
    'a digest of another algorithm': [triple(SGX, [[-83, sha384(1)]]), /tee\.mrtee .*another algorithm/],
    'a digest of another length': [triple(SGX, [[-83, cbor.digest(1, bytes(31, 1))]]), /another algorithm or length/],
    'several digests that must all be met': [triple(SGX, [[-83, cbor.array([sha256(1), sha256(2)])]]), /an array of 2/],
    'digests that must not be met': [
      triple(SGX, [[-83, cbor.tag(60020, cbor.array([cbor.integer(7), cbor.array([sha256(1)])]))]]),
      /another operator/,
    ],
    'an empty set': [triple(SGX, [[-83, member()]]), /an array of 0/],
    'a set of other algorithms': [triple(SGX, [[-83, member(sha384(1))]]), /digests of other algorithms/],
    'digests in the tag of numbers': [
      triple(SGX, [[-83, cbor.tag(60010, cbor.array([cbor.integer(6), cbor.array([sha256(1)])]))]]),
      /tag 60010/,
    ],
    'an exact version': [
      triple(SGX, [MR, [-73, cbor.integer(6)]]),
      /tee\.isvsvn .*the integer 6; expected a lowest number/,
    ],
    'a highest version': [triple(SGX, [MR, [-73, atLeast(6, 4)]]), /another operator/],
    'a range of versions': [
      triple(SGX, [MR, [-73, cbor.tag(564, cbor.array([cbor.integer(1), cbor.integer(2)]))]]),
      /tag 564/,
    ],
    'a product of bytes': [triple(SGX, [MR, [-85, cbor.bytes(bytes(2, 1))]]), /tee\.isvprodid/],
    attributes: [triple(SGX, [MR, [-82, cbor.bytes(bytes(16, 0))]]), /tee\.attributes, which nothing compares for sgx/],
    'a status': [triple(SGX, [MR, [-88, cbor.array([cbor.text('OutOfDate')])]]), /tee\.tcbstatus, which nothing/],
    'a member of no profile': [triple(SGX, [MR, [-1000, cbor.integer(1)]]), /the member -1000, which nothing/],
    'a member of the base format': [triple(SGX, [MR, [11, cbor.text('x')]]), /the member 11, which nothing/],
    'registers of an enclave': [
      triple(SGX, [MR, [14, cbor.map([])]]),
      /integrity-registers, which nothing compares for sgx/,
    ],
    'another vendor': [triple(SGX, [MR, [-70, cbor.text('ACME')]]), /another vendor/],
    'a key': [triple(SGX, [MR], [[0, cbor.integer(83)]]), /mkey .*a key/],
    'keys that must have signed': [triple(SGX, [MR], [[2, cbor.array([])]]), /authorized-by/],
    'several measurements': [
      { environment: SGX, measurements: [[[1, cbor.map([MR])]], [[1, cbor.map([MR])]]] },
      /several measurements/,
    ],
    'a model': [triple(ofClass('2.16.840.1.113741.1.2.3.5.1', [[2, cbor.text('x')]]), [MR]), /a model/],
    'a class of another vendor': [
      triple(ofClass('2.16.840.1.113741.1.2.3.5.1', [[1, cbor.text('x')]]), [MR]),
      /another vendor/,
    ],
    'an instance': [triple([...SGX, [1, cbor.tagged(bytes(16, 1))]], [MR]), /an instance/],
    'a register of no TD': [
      triple(TD, [
        [-83, sha384(1)],
        [14, cbor.map([[4, cbor.array([sha384(1)])]])],
      ]),
      /the register 4/,
    ],
    'a register in two digests': [
      triple(TD, [
        [-83, sha384(1)],
        [14, cbor.map([[0, cbor.array([sha384(1), sha384(2)])]])],
      ]),
      /an array of 2/,
    ],
  }
  for (const [name, [one, message]] of Object.entries(unusable))
    it(`is of no use with ${name}`, () => {
      const { references, unusable: found } = read([one], { tdClass: TD_CLASS })
      assert.deepEqual(references, [])
      assert.equal(found.length, 1)
      assert.match(found[0]?.message ?? '', message)
      assert.match(found[0]?.message ?? '', /^corim\.tags\[0\]\.reference-triples\[0\]/)
    })

  it('leaves members out that the caller names, never what pins a workload', () => {
    const mval: Members = [MR, [-82, cbor.bytes(bytes(16, 0))], [-88, cbor.array([])]]
    assert.deepEqual(enclave(mval, { without: ['tee.attributes', 'tee.tcbstatus'] }), {
      measurement: ['01'.repeat(32)],
    })
    assert.throws(() => enclave(mval.slice(0, 1), { without: ['tee.mrtee'] }), /no measurement tee\.mrtee/)
    const signer: Members = [
      [-83, sha384(1)],
      [-84, sha384(2)],
    ]
    const without = ['tee.mrsigner']
    const td = read([triple(TD, [[-83, sha384(3)]]), triple(SEAM, signer)], { tdClass: TD_CLASS, without })
    assert.deepEqual([td.unusable, td.references[0]?.values['mrSeam']], [[], ['01'.repeat(48)]])
    const both: Members = [MR, [-84, sha256(2)]]
    assert.throws(() => enclave(both, { without }), /no measurement tee\.mrsigner/)
  })

  it('is what a verification of a quote comes down to', () => {
    const valuesFor = (environment: Members, mrtee: Cbor): Readonly<Record<string, unknown>> =>
      read([triple(environment, [[-83, mrtee]])], { tdClass: TD_CLASS }).references[0]?.values ?? assert.fail()
    const optionsOf = (made: typeof sgx | typeof tdx) => ({
      at: made.at,
      collateral: made.collateral,
      trustAnchors: [made.anchor],
    })
    const enclaveIs = (mrtee: Cbor): string => {
      const { measurement: _, ...rest } = sgx.expectations
      return verifySgxSync(sgx.evidence, { ...optionsOf(sgx), expect: { ...rest, ...valuesFor(SGX, mrtee) } }).outcome
    }
    const tdIs = (mrtee: Cbor): string => {
      const { measurement: _, rtmr0, rtmr1, rtmr2, ...rest } = tdx.expectations
      const registers = { rtmr0: [rtmr0], rtmr1: [rtmr1], rtmr2: [rtmr2] }
      return verifyTdxSync(tdx.evidence, {
        ...optionsOf(tdx),
        expect: { ...rest, ...registers, ...valuesFor(TD, mrtee) },
      }).outcome
    }
    const [sgx, tdx] = [makeSgx(), makeTdx()]
    const of = (made: typeof sgx | typeof tdx): Uint8Array => Buffer.from(String(made.expectations.measurement), 'hex')
    assert.equal(enclaveIs(cbor.digest(1, of(sgx))), 'verified')
    assert.equal(enclaveIs(sha256(0xee)), 'rejected')
    assert.equal(tdIs(cbor.digest(7, of(tdx))), 'verified')
    assert.equal(tdIs(sha384(0xee)), 'rejected')
  })
})
