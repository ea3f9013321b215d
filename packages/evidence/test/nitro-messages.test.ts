import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { cborBytes, cborInteger, cborMap, cborText } from '../src/cbor/encode.ts'
import { concatBytes, fromHex } from '../src/core/bytes.ts'
import { EvidenceError } from '../src/core/errors.ts'
import {
  encodeNsmRequest,
  encodeNsmResponse,
  type NsmRequest,
  type NsmResponse,
  parseKmsCiphertext,
  parseNsmRequest,
  parseNsmResponse,
} from '../src/nitro/index.ts'
import { parseBer } from '../src/x509/ber.ts'

const REQUESTS: readonly NsmRequest[] = [
  { kind: 'DescribePCR', index: 3 },
  { kind: 'ExtendPCR', index: 16, data: Uint8Array.of(1, 2, 3) },
  { kind: 'LockPCR', index: 16 },
  { kind: 'LockPCRs', range: 24 },
  { kind: 'DescribeNSM' },
  { kind: 'Attestation' },
  { kind: 'Attestation', userData: new Uint8Array(), nonce: Uint8Array.of(1), publicKey: Uint8Array.of(2) },
  { kind: 'GetRandom' },
]

const RESPONSES: readonly NsmResponse[] = [
  { kind: 'DescribePCR', locked: true, data: new Uint8Array(48) },
  { kind: 'ExtendPCR', data: new Uint8Array(48) },
  { kind: 'LockPCR' },
  { kind: 'LockPCRs' },
  {
    kind: 'DescribeNSM',
    version: [1, 0, 0],
    moduleId: 'i-0',
    maxPcrs: 32,
    lockedPcrs: [0, 1, 2],
    digest: 'SHA384',
  },
  { kind: 'Attestation', document: Uint8Array.of(0xd2) },
  { kind: 'GetRandom', random: Uint8Array.of(9) },
  { kind: 'Error', error: 'InvalidArgument' },
]

describe('messages of the Nitro security module', () => {
  it('are read as they were written', () => {
    for (const request of REQUESTS) assert.deepEqual(parseNsmRequest(encodeNsmRequest(request)), request)
    for (const response of RESPONSES) assert.deepEqual(parseNsmResponse(encodeNsmResponse(response)), response)
  })

  it('a user data of no bytes is not the same as none', () => {
    const none = encodeNsmRequest({ kind: 'Attestation' })
    assert.notDeepEqual(none, encodeNsmRequest({ kind: 'Attestation', userData: new Uint8Array() }))
  })

  it('every cut is refused, and every changed bit gives another message or an error of ours', () => {
    for (const response of RESPONSES) {
      const whole = encodeNsmResponse(response)
      for (let end = 0; end < whole.length; end++)
        assert.throws(() => parseNsmResponse(whole.subarray(0, end)), EvidenceError)
      for (let bit = 0; bit < 8 * whole.length; bit++) {
        const bent = Uint8Array.from(whole)
        bent[bit >> 3] = (bent[bit >> 3] as number) ^ (1 << (bit & 7))
        let found: NsmResponse | undefined
        try {
          found = parseNsmResponse(bent)
        } catch (error) {
          assert.ok(error instanceof EvidenceError, String(error))
        }
        assert.notDeepEqual(found, response)
      }
    }
  })

  const one = (name: string, value: Uint8Array): Uint8Array => cborMap([[cborText(name), value]])
  const refused: Readonly<Record<string, Uint8Array>> = {
    'another word': cborText('Reboot'),
    'a word where fields belong': cborText('GetRandom'),
    'fields where a word belongs': one('LockPCR', cborMap([])),
    'two entries': cborMap([
      [cborText('LockPCR'), cborMap([])],
      [cborText('LockPCRs'), cborMap([])],
    ]),
    'an error that is none': one('Error', cborText('Tired')),
    'a register that is text': one('ExtendPCR', cborMap([[cborText('data'), cborText('x')]])),
    'too many bytes': one('GetRandom', cborMap([[cborText('random'), cborBytes(new Uint8Array(13_000))]])),
    'a number': cborInteger(1),
  }
  for (const [what, bytes] of Object.entries(refused))
    it(`refuses ${what}`, () => assert.throws(() => parseNsmResponse(bytes), EvidenceError))

  it('does not write what the device would not take', () => {
    assert.throws(() => encodeNsmRequest({ kind: 'Attestation', userData: new Uint8Array(5000) }), RangeError)
    assert.throws(() => encodeNsmResponse({ kind: 'Attestation', document: new Uint8Array(13_000) }), RangeError)
    assert.throws(
      () => parseNsmRequest(one('DescribePCR', cborMap([[cborText('index'), cborInteger(256)]]))),
      EvidenceError,
    )
    assert.throws(() => parseNsmRequest(cborText('LockPCR')), EvidenceError)
  })
})

const element = (tag: number, ...parts: readonly Uint8Array[]): Uint8Array => {
  const content = concatBytes(...parts)
  const length = content.length
  const head = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return concatBytes(Uint8Array.of(tag, ...head), content)
}
const endless = (tag: number, ...parts: readonly Uint8Array[]): Uint8Array =>
  concatBytes(Uint8Array.of(tag, 0x80), ...parts, Uint8Array.of(0, 0))
const oid = (hex: string): Uint8Array => element(0x06, fromHex(hex) ?? new Uint8Array())

const KEY = new Uint8Array(256).fill(5)
const ID = new Uint8Array(32).fill(6)
const IV = new Uint8Array(16).fill(7)
const SHA256 = '608648016503040201'

interface Change {
  readonly hash?: string
  readonly cipher?: string
  readonly content?: Uint8Array
  readonly recipients?: number
  readonly iv?: Uint8Array
  readonly wrap?: typeof endless
}

function cms({
  hash = SHA256,
  cipher = '60864801650304012a',
  recipients = 1,
  iv = IV,
  wrap = endless,
  ...rest
}: Change = {}): Uint8Array {
  const digest = element(0x30, oid(hash))
  const recipient = element(
    0x30,
    element(0x02, Uint8Array.of(2)),
    element(0x80, ID),
    element(
      0x30,
      oid('2a864886f70d010107'),
      element(0x30, element(0xa0, digest), element(0xa1, element(0x30, oid('2a864886f70d010108'), digest))),
    ),
    element(0x04, KEY),
  )
  const content =
    rest.content ?? endless(0xa0, element(0x04, new Uint8Array(32).fill(8)), element(0x04, new Uint8Array(16).fill(9)))
  return wrap(
    0x30,
    oid('2a864886f70d010703'),
    wrap(
      0xa0,
      wrap(
        0x30,
        element(0x02, Uint8Array.of(2)),
        element(0x31, ...Array.from({ length: recipients }, () => recipient)),
        wrap(0x30, oid('2a864886f70d010701'), element(0x30, oid(cipher), element(0x04, iv)), content),
      ),
    ),
  )
}

describe("the key service's answer to a recipient", () => {
  it('is read with definite and indefinite lengths, in pieces and whole', () => {
    const expected = {
      keyIdentifier: ID,
      encryptedKey: KEY,
      iv: IV,
      ciphertext: concatBytes(new Uint8Array(32).fill(8), new Uint8Array(16).fill(9)),
    }
    assert.deepEqual(parseKmsCiphertext(cms()), expected)
    assert.deepEqual(parseKmsCiphertext(cms({ wrap: element })), expected)
    assert.deepEqual(parseKmsCiphertext(cms({ content: element(0x80, expected.ciphertext) })), expected)
  })

  const refused: Readonly<Record<string, Uint8Array>> = {
    'no bytes': new Uint8Array(),
    'another hash': cms({ hash: '2b0e03021a' }),
    'another cipher': cms({ cipher: '608648016503040102' }),
    'two recipients': cms({ recipients: 2 }),
    'no recipient': cms({ recipients: 0 }),
    'a short initialisation vector': cms({ iv: new Uint8Array(12) }),
    'half a block': cms({ content: element(0x80, new Uint8Array(8)) }),
    'no content': cms({ content: endless(0xa0) }),
    'pieces that are none': cms({ content: endless(0xa0, element(0x02, new Uint8Array(16))) }),
    'bytes behind': concatBytes(cms(), Uint8Array.of(0)),
    'too many bytes': new Uint8Array(70_000),
  }
  for (const [what, bytes] of Object.entries(refused))
    it(`refuses ${what}`, () => assert.throws(() => parseKmsCiphertext(bytes), EvidenceError))

  it('every cut is refused, and any changed byte is an error of ours or another content', () => {
    const whole = cms()
    for (let end = 0; end < whole.length; end++)
      assert.throws(() => parseKmsCiphertext(whole.subarray(0, end)), EvidenceError)
    for (let bit = 0; bit < 8 * whole.length; bit++) {
      const bent = Uint8Array.from(whole)
      bent[bit >> 3] = (bent[bit >> 3] as number) ^ (1 << (bit & 7))
      try {
        parseKmsCiphertext(bent)
      } catch (error) {
        assert.ok(error instanceof EvidenceError, String(error))
      }
    }
  })

  it('BER is bounded in depth and count', () => {
    const deep = concatBytes(...Array.from({ length: 50 }, () => Uint8Array.of(0x30, 0x80)))
    assert.throws(() => parseBer(deep, 'x'), { code: 'too-large' })
    const many = endless(0x30, ...Array.from({ length: 2000 }, () => Uint8Array.of(0x05, 0)))
    assert.throws(() => parseBer(many, 'x'), { code: 'too-large' })
    assert.throws(() => parseBer(Uint8Array.of(0x04, 0x80, 0, 0), 'x'), /indefinite length of a primitive/)
  })
})
