import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { decodeCbor } from '../src/cbor/decode.ts'
import { cborArray, cborBytes, cborHead, cborInteger, cborMap, cborTag, cborText } from '../src/cbor/encode.ts'
import type { CborItem } from '../src/cbor/item.ts'
import { encodeSign1, readSign1, sign1Input } from '../src/cbor/sign1.ts'
import { fromHex, toHex } from '../src/core/bytes.ts'
import { EvidenceError } from '../src/core/errors.ts'

function bytes(hex: string): Uint8Array {
  const read = fromHex(hex.replaceAll(' ', ''))
  assert.ok(read)
  return read
}

function decode(hex: string): CborItem {
  return decodeCbor(bytes(hex), { field: 'item' })
}

function refused(hex: string, code: EvidenceError['code'], offset?: number): void {
  assert.throws(
    () => decode(hex),
    (error) => {
      assert.ok(error instanceof EvidenceError, String(error))
      assert.equal(error.code, code, error.message)
      if (offset !== undefined) assert.equal(error.offset, offset, error.message)
      return true
    },
    hex,
  )
}

describe('CBOR: values of RFC 8949, appendix A', () => {
  it('integers', () => {
    const values: Readonly<Record<string, number | bigint>> = {
      '00': 0,
      '17': 23,
      '1818': 24,
      '1903e8': 1000,
      '1a000f4240': 1000000,
      '1b000000e8d4a51000': 1000000000000,
      '1bffffffffffffffff': 18446744073709551615n,
      '3bffffffffffffffff': -18446744073709551616n,
      '20': -1,
      '3903e7': -1000,
      '1b001fffffffffffff': 9007199254740991,
      '1b0020000000000000': 9007199254740992n,
      '3b001fffffffffffff': -9007199254740992n,
    }
    for (const [hex, value] of Object.entries(values)) {
      const item = decode(hex)
      assert.ok(item.type === 'integer')
      assert.equal(item.value, value, hex)
    }
  })
  it('strings, arrays, maps, tags, simple values', () => {
    const text = decode('62c3bc')
    assert.ok(text.type === 'text' && text.value === 'ü')
    const map = decode('bf61610161629f0203ffff')
    assert.ok(map.type === 'map' && map.indefinite && map.entries.length === 2)
    const tag = decode('c11a514b67b0')
    assert.ok(tag.type === 'tag' && tag.tag === 1)
    for (const [hex, value] of [
      ['f4', 20],
      ['f5', 21],
      ['f6', 22],
      ['f7', 23],
      ['f8ff', 255],
    ] as const) {
      const item = decode(hex)
      assert.ok(item.type === 'simple' && item.value === value)
    }
    for (const hex of ['f93c00', 'fa47c35000', 'fb3ff199999999999a']) assert.equal(decode(hex).type, 'float')
  })
  it('what is written is read again', () => {
    for (const value of [
      0,
      23,
      24,
      255,
      256,
      65535,
      65536,
      4294967295,
      4294967296,
      Number.MAX_SAFE_INTEGER,
      -1,
      -24,
      -25,
      -257,
    ]) {
      const item = decodeCbor(cborInteger(value), { field: 'item' })
      assert.ok(item.type === 'integer' && item.value === value)
    }
    assert.equal(
      toHex(cborMap([[cborText('a'), cborArray([cborBytes(Uint8Array.of(1))], true)]], true)),
      'bf61619f4101ffff',
    )
    assert.equal(toHex(cborTag(399, cborHead(4, 0))), 'd9018f80')
  })
})

describe('CBOR: hostile input', () => {
  it('ends before the item does', () => {
    for (const hex of [
      '',
      '18',
      '19ff',
      '41',
      '81',
      'a1',
      'a101',
      'c1',
      '9f',
      'bf01',
      '5bffffffffffffffff',
      '9bffffffffffffffff',
      'bb00000000ffffffff',
      '7a7fffffff00',
    ])
      refused(hex, 'truncated')
  })
  it('has something behind it', () => refused('0000', 'trailing-bytes', 1))
  it('is too deep', () => {
    assert.equal(decode(`${'81'.repeat(16)}00`).type, 'array')
    refused(`${'81'.repeat(17)}00`, 'too-large')
    refused(`${'c1'.repeat(5000)}00`, 'too-large')
    refused('9f'.repeat(100_000), 'too-large')
  })
  it('has too many items', () => {
    refused(`99ffff${'00'.repeat(65535)}`, 'too-large')
    refused(`9f${'00'.repeat(65535)}ff`, 'too-large')
  })
  it('has a key twice, also in another form', () => {
    refused('a201000100', 'malformed', 3)
    refused('a20100180100', 'malformed', 3)
    refused('bf616100616100ff', 'malformed')
    assert.equal(decode('a2010061310 0'.replaceAll(' ', '')).type, 'map')
  })
  it('has keys of other types', () => {
    for (const hex of ['a1410000', 'a18000', 'a1f600', 'a1a000', 'a1c10000', 'a1f9000000']) refused(hex, 'malformed')
  })
  it('has strings of indefinite length, lone breaks, reserved information', () => {
    for (const hex of [
      '5f4101ff',
      '7f6161ff',
      'ff',
      '81ff',
      'a1ff00',
      'bf01ff',
      '1c',
      '1d',
      '1e',
      '1f',
      '3f',
      'df00',
      'f818',
      'f800',
      'fc',
      '3c',
    ])
      refused(hex, 'malformed')
  })
  it('has text that is not UTF-8', () => {
    for (const hex of ['61ff', '62c328', '63eda080', '62c080']) refused(hex, 'malformed', 0)
  })
})

describe('COSE_Sign1', () => {
  const read = (hex: string): ReturnType<typeof readSign1> => readSign1(bytes(hex), decode(hex), 'cose')
  it('tagged or not, with what is signed as received', () => {
    const one = read('d28443a10126a0410541aa')
    assert.equal(one.tagged, true)
    assert.equal(one.algorithm, -7)
    assert.equal(one.payloadOffset, 8)
    assert.equal(one.signatureOffset, 10)
    assert.equal(toHex(encodeSign1(one)), 'd28443a10126a0410541aa')
    assert.equal(read('8443a10126a0410541aa').tagged, false)
    assert.equal(toHex(sign1Input(one.protected, one.payload)), '846a5369676e61747572653143a10126404105')
    assert.equal(read('8440a0410541aa').algorithm, undefined)
  })
  it('refuses other shapes', () => {
    for (const hex of [
      '8343a10126a04105',
      '8443a10126a0f641aa',
      '8443a10126a0410540',
      '84a10126a0410541aa',
      '844180a0410541aa',
      '8443a1012680410541aa',
      'd18443a10126a0410541aa',
      'd38443a10126a0410541aa',
    ]) {
      assert.throws(() => read(hex), EvidenceError, hex)
    }
  })
  it('refuses labels in both headers, and critical headers that are not understood', () => {
    assert.throws(() => read('8443a10126a10126410541aa'), /label 1/)
    assert.throws(() => read('8447a2012602811863a0410541aa'), /critical/)
    assert.throws(() => read('8443a10126a1028101410541aa'), /label 2/)
    assert.throws(() => read('8446a20126028103a0410541aa'), /critical/)
    assert.equal(read('8446a20126028101a0410541aa').algorithm, -7)
    assert.throws(() => read('8445a201260280a0410541aa'), EvidenceError)
  })
})
