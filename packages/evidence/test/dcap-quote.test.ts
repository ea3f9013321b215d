import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { makeSgx, makeTdx } from '@sekisho/emulator/kit'
import fc from 'fast-check'
import { EvidenceError } from '../src/core/errors.ts'
import { encodeEnclaveReport, parseEnclaveReport } from '../src/dcap/enclave-report.ts'
import { encodeLayout, parseLayout } from '../src/dcap/layout.ts'
import { encodeQuote, parseSgxQuote, sgxFields } from '../src/sgx/index.ts'
import {
  encodeTdReport10,
  encodeTdReport15,
  encodeTdReport15Extended,
  parseTdxQuote,
  tdxFields,
} from '../src/tdx/index.ts'
import { TD_REPORT_15, TD_REPORT_15_EXTENDED } from '../src/tdx/report.ts'

const SGX3 = makeSgx({ version: 3 }).evidence
const TDX4 = makeTdx({ version: 4 }).evidence
const TDX5 = makeTdx({ version: 5, bodyType: 3 }).evidence
const EXTENDED = makeTdx({ version: 5, bodyType: 4 }).evidence
const ALL = [
  { name: 'SGX format 3', bytes: SGX3, again: (bytes: Uint8Array) => encodeQuote(parseSgxQuote(bytes)) },
  {
    name: 'SGX format 4',
    bytes: makeSgx({ version: 4 }).evidence,
    again: (bytes: Uint8Array) => encodeQuote(parseSgxQuote(bytes)),
  },
  {
    name: 'SGX format 5',
    bytes: makeSgx({ version: 5 }).evidence,
    again: (bytes: Uint8Array) => encodeQuote(parseSgxQuote(bytes)),
  },
  { name: 'TDX format 4', bytes: TDX4, again: (bytes: Uint8Array) => encodeQuote(parseTdxQuote(bytes)) },
  {
    name: 'TDX 1.0, format 5',
    bytes: makeTdx({ version: 5, bodyType: 2 }).evidence,
    again: (bytes: Uint8Array) => encodeQuote(parseTdxQuote(bytes)),
  },
  { name: 'TDX 1.5', bytes: TDX5, again: (bytes: Uint8Array) => encodeQuote(parseTdxQuote(bytes)) },
  { name: 'TDX 1.5 extended', bytes: EXTENDED, again: (bytes: Uint8Array) => encodeQuote(parseTdxQuote(bytes)) },
]

function withByte(bytes: Uint8Array, offset: number, value: number): Uint8Array {
  const copy = new Uint8Array(bytes)
  copy[offset] = value
  return copy
}

function refusal(parse: () => unknown): string {
  try {
    parse()
  } catch (error) {
    assert.ok(error instanceof EvidenceError, String(error))
    return `${error.code} ${error.field}`
  }
  return 'parsed'
}

describe('quotes are written back byte by byte', () => {
  for (const { name, bytes, again } of ALL) {
    it(name, () => assert.deepEqual(again(bytes), new Uint8Array(bytes)))
    it(`${name}, whatever the bytes of body and signatures`, () => {
      fc.assert(
        fc.property(
          fc.integer({ min: 54, max: 300 }),
          fc.uint8Array({ minLength: 1, maxLength: 200 }),
          (offset, noise) => {
            const changed = new Uint8Array(bytes)
            changed.set(noise, offset)
            assert.deepEqual(again(changed), changed)
          },
        ),
      )
    })
    it(`${name}, with padding`, () => {
      const padded = new Uint8Array(bytes.length + 99)
      padded.set(bytes)
      padded[bytes.length + 5] = 1
      assert.deepEqual(again(padded), padded)
    })
    it(`${name}: every truncation is refused`, () => {
      for (let length = 0; length < bytes.length; length++) {
        assert.notEqual(
          refusal(() => again(bytes.subarray(0, length))),
          'parsed',
          `at ${length}`,
        )
      }
    })
  }
})

describe('any bytes are parsed or refused with an EvidenceError', () => {
  for (const { name, bytes, again } of ALL) {
    it(name, () => {
      fc.assert(
        fc.property(fc.nat(bytes.length - 1), fc.uint8Array({ minLength: 1, maxLength: 8 }), (offset, noise) => {
          const changed = new Uint8Array(bytes)
          changed.set(noise.subarray(0, changed.length - offset), offset)
          refusal(() => again(changed))
        }),
        { numRuns: 1000 },
      )
    })
  }
})

describe('reports are written back byte by byte', () => {
  it('enclave report', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 384, maxLength: 384 }), (bytes) =>
        assert.deepEqual(encodeEnclaveReport(parseEnclaveReport(bytes)), bytes),
      ),
    )
  })
  it('TD reports', () => {
    const [one] = [parseTdxQuote(TDX4)]
    assert.deepEqual(encodeTdReport10(one.body), one.bodyBytes)
    const bytes15 = parseTdxQuote(TDX5).bodyBytes
    assert.deepEqual(encodeTdReport15(parseLayout(bytes15, TD_REPORT_15)), bytes15)
    const extended = parseTdxQuote(EXTENDED).bodyBytes
    assert.deepEqual(encodeTdReport15Extended(parseLayout(extended, TD_REPORT_15_EXTENDED)), extended)
  })
  it('refuses values that do not fit their field', () => {
    const layout = { value: 'u16' } as const
    assert.throws(() => encodeLayout({ value: 0x10000 }, layout), RangeError)
    assert.throws(() => encodeLayout({ value: -1 }, layout), RangeError)
    assert.throws(() => encodeLayout({ value: new Uint8Array(3) }, { value: 4 } as const), RangeError)
  })
})

describe('what is wrong with a quote is named', () => {
  const cases: readonly (readonly [string, () => unknown, string])[] = [
    ['version 2', () => parseSgxQuote(withByte(SGX3, 0, 2)), 'unsupported-version header.version'],
    ['version 6', () => parseSgxQuote(withByte(SGX3, 0, 6)), 'unsupported-version header.version'],
    ['TDX in version 3', () => parseTdxQuote(withByte(TDX4, 0, 3)), 'unsupported-version header.version'],
    [
      'P-384 attestation key',
      () => parseSgxQuote(withByte(SGX3, 2, 3)),
      'unsupported-algorithm header.attestationKeyType',
    ],
    ['another TEE type', () => parseTdxQuote(withByte(TDX4, 4, 0x82)), 'unsupported-kind header.teeType'],
    ['an SGX quote as TDX', () => parseTdxQuote(makeSgx({ version: 4 }).evidence), 'unsupported-kind header.teeType'],
    ['unknown body type', () => parseTdxQuote(withByte(TDX5, 48, 9)), 'unsupported-kind bodyDescriptor.type'],
    ['wrong body size', () => parseTdxQuote(withByte(TDX5, 50, 0x89)), 'malformed bodyDescriptor.size'],
    [
      'outer certification data of type 5',
      () => parseTdxQuote(withByte(TDX4, 48 + 584 + 4 + 128, 5)),
      'unsupported-kind certificationData.type',
    ],
    [
      'inner certification data of type 6',
      () => parseSgxQuote(withByte(SGX3, 48 + 384 + 4 + 128 + 384 + 64 + 2 + 32, 6)),
      'unsupported-kind certificationData.type',
    ],
    ['too many bytes', () => parseSgxQuote(new Uint8Array(1024 * 1024 + 1)), 'too-large quote'],
  ]
  for (const [name, parse, expected] of cases) it(name, () => assert.equal(refusal(parse), expected))

  it('bytes left over inside the signature section', () => {
    const at = 48 + 384
    const longer = new Uint8Array(SGX3.length + 3)
    longer.set(SGX3)
    new DataView(longer.buffer).setUint32(at, SGX3.length - at - 4 + 3, true)
    assert.equal(
      refusal(() => parseSgxQuote(longer)),
      'trailing-bytes signatureData',
    )
  })
})

describe('fields have the place they say', () => {
  for (const [name, bytes, fields] of [
    ['SGX', SGX3, sgxFields(parseSgxQuote(SGX3))],
    ['TDX', TDX5, tdxFields(parseTdxQuote(TDX5))],
    ['TDX extended', EXTENDED, tdxFields(parseTdxQuote(EXTENDED))],
  ] as const) {
    it(name, () => {
      assert.equal(new Set(fields.map((field) => field.path)).size, fields.length)
      for (const { path, offset, length, value } of fields) {
        if (offset === undefined || length === undefined) continue
        const there = bytes.subarray(offset, offset + length)
        assert.equal(there.length, length, path)
        const expected =
          typeof value === 'string'
            ? Buffer.from(there).toString('hex')
            : there.reduceRight((sum, byte) => sum * 256 + byte, 0)
        assert.equal(value, expected, path)
      }
    })
  }
})
