import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ecdsaRaw, generateKey, type KeyPair } from '@sekisho/emulator/kit'
import { prepareArmEndorsements } from '../src/arm/endorsements.ts'
import { cborArray, cborBytes, cborInteger, cborMap, cborTag, cborText } from '../src/cbor/encode.ts'
import { sign1Input } from '../src/cbor/sign1.ts'
import { type CorimContent, readCorim, verifyCorim, verifyCorimSync } from '../src/cca/index.ts'
import { concatBytes } from '../src/core/bytes.ts'

const filled = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value)
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** A CoRIM of one realm, with the digests of its registers by IANA's numbers of algorithms. */
function corim(
  registers: Readonly<Record<string, readonly (readonly [number, Uint8Array])[]>>,
  more: readonly (readonly [Uint8Array, Uint8Array])[] = [],
): Uint8Array {
  const measurements = Object.entries(registers).map(([name, digests]) =>
    cborMap([
      [cborInteger(0), cborText(name)],
      [
        cborInteger(1),
        cborMap([
          [
            cborInteger(2),
            cborArray(digests.map(([algorithm, digest]) => cborArray([cborInteger(algorithm), cborBytes(digest)]))),
          ],
        ]),
      ],
    ]),
  )
  const classId = cborMap([[cborInteger(0), cborTag(560, cborBytes(filled(32, 1)))]])
  const triple = cborArray([cborMap([[cborInteger(0), classId]]), cborArray(measurements)])
  const comid = cborMap([
    [cborInteger(1), cborMap([[cborInteger(0), cborText('realm')]])],
    [cborInteger(4), cborMap([[cborInteger(0), cborArray([triple])]])],
  ])
  return cborTag(
    501,
    cborMap([
      [cborInteger(0), cborText('corim')],
      [cborInteger(1), cborArray([cborTag(506, cborBytes(comid))])],
      ...more,
    ]),
  )
}

describe('CoRIM', () => {
  it('a realm whose digests are given in several algorithms is accepted by each of them', () => {
    const { realms, error } = readCorim(
      corim({
        'cca.rim': [
          [1, filled(32, 1)],
          [8, filled(64, 2)],
        ],
        'cca.rem0': [
          [1, filled(32, 3)],
          [8, filled(64, 4)],
        ],
      }),
    )
    assert.equal(error, undefined)
    assert.deepEqual(
      realms?.map(({ initialMeasurement, extensibleMeasurements: [rem0, rem1] }) => [initialMeasurement, rem0, rem1]),
      [
        [hex(filled(32, 1)), hex(filled(32, 3)), undefined],
        [hex(filled(64, 2)), hex(filled(64, 4)), undefined],
      ],
    )
  })
})

const AT = new Date('2026-06-15T12:00:00Z')
const SECONDS = AT.getTime() / 1000
const SIGNER = generateKey('P-384')
const STRANGER = generateKey('P-384')
const RIM = { 'cca.rim': [[1, filled(32, 1)]] } as const

type Pair = readonly [Uint8Array, Uint8Array]
const pair = (label: number, value: Uint8Array): Pair => [cborInteger(label), value]
const ALG = pair(1, cborInteger(-35))
const TYPE = pair(3, cborText('application/rim+cbor'))
const time = (seconds: number): Uint8Array => cborTag(1, cborInteger(seconds))
const window = (from: number, until: number): Uint8Array => cborMap([pair(0, time(from)), pair(1, time(until))])
const meta = (from: number, until: number): Pair =>
  pair(8, cborBytes(cborMap([pair(0, cborMap([pair(0, cborText('a maker'))])), pair(1, window(from, until))])))

interface Signing {
  readonly payload?: Uint8Array
  readonly header?: readonly Pair[]
  readonly key?: KeyPair
  readonly tag?: number
}

function signed({ payload = corim(RIM), header = [ALG, TYPE], key = SIGNER, tag = 18 }: Signing = {}): Uint8Array {
  const bytes = cborMap(header)
  const signature = ecdsaRaw('sha384', key, sign1Input(bytes, payload))
  return cborTag(tag, cborArray([cborBytes(bytes), cborMap([]), cborBytes(payload), cborBytes(signature)]))
}

const jwk = (key: KeyPair): object => key.publicKey.export({ format: 'jwk' })
const judged = (bytes: Uint8Array, keys: object = { keys: [jwk(SIGNER)] }): CorimContent =>
  verifyCorimSync(bytes, { keys: JSON.stringify(keys), at: AT })

it('a CoRIM says until when it holds, signed or not', () => {
  const until = SECONDS + 10
  const bytes = corim(RIM, [pair(4, window(SECONDS - 10, until))])
  assert.equal(readCorim(bytes).until, until * 1000)
  assert.equal(judged(signed({ payload: bytes })).until, until * 1000)
  assert.equal(readCorim(corim(RIM)).until, undefined)
  assert.match(readCorim(corim(RIM, [pair(4, cborText('soon'))])).error?.message ?? '', /rim-validity/)
})

describe('signed CoRIM', () => {
  it('counts as what it holds, once one of the keys has signed it', async () => {
    const bytes = signed({ header: [ALG, TYPE, meta(SECONDS - 10, SECONDS + 10)] })
    for (const keys of [{ keys: [jwk(SIGNER)] }, [jwk(STRANGER), jwk(SIGNER)], jwk(SIGNER)]) {
      const content = judged(bytes, keys)
      assert.equal(content.error, undefined, content.error?.message)
      assert.equal(content.realms?.[0]?.initialMeasurement, hex(filled(32, 1)))
      assert.deepEqual(content.unsigned, corim(RIM))
      assert.deepEqual(await verifyCorim(bytes, { keys: JSON.stringify(keys), at: AT }), content)
    }
  })

  const claims = (nbf: number, exp: number): Pair =>
    pair(15, cborMap([pair(5, cborInteger(nbf)), pair(4, cborInteger(exp))]))
  const valid = (from: number, until: number): Uint8Array => corim(RIM, [pair(4, window(from, until))])
  it('says when it counts: from the latest beginning up to the earliest end that it or its signer names', () => {
    const payload = valid(SECONDS - 5, SECONDS + 30)
    assert.deepEqual([readCorim(payload).from, readCorim(payload).until], [AT.getTime() - 5000, AT.getTime() + 30_000])
    assert.equal(judged(signed({ payload })).until, AT.getTime() + 30_000)
    const header = [ALG, TYPE, meta(SECONDS - 3, SECONDS + 20), claims(SECONDS - 2, SECONDS + 10)]
    const content = judged(signed({ payload, header }))
    assert.deepEqual([content.from, content.until], [AT.getTime() - 2000, AT.getTime() + 10_000])
    const kept = prepareArmEndorsements({ corims: [content] })
    for (const [at, fault] of [
      [-2000, undefined],
      [-2001, 'valid from'],
      [10_000, undefined],
      [10_001, 'valid until'],
    ] as const) {
      const { error } = kept.countingAt(AT.getTime() + at)
      assert.equal(
        fault === undefined ? error : error?.error.message.includes(fault),
        fault === undefined ? undefined : true,
      )
    }
    assert.equal(judged(signed()).until, undefined)
  })

  const refused: Readonly<Record<string, readonly [Uint8Array, RegExp, object?]>> = {
    'another key': [signed({ key: STRANGER }), /none of the given keys/],
    'a key of another curve': [signed(), /none of the given keys/, jwk(generateKey('P-256'))],
    'no keys': [signed(), /none of the given keys/, { keys: [] }],
    'keys that cannot be read': [signed(), /keys/, { keys: [{ kty: 'oct', k: 'AA' }] }],
    'too many keys': [signed(), /keys/, { keys: Array(17).fill(jwk(SIGNER)) }],
    'no signature at all': [corim(RIM), /nobody signed/],
    'the tag of a MAC': [signed({ tag: 17 }), /nobody signed/],
    'no content type': [signed({ header: [ALG] }), /content-type/],
    'the content type of something else': [
      signed({ header: [ALG, pair(3, cborText('application/eat+cwt'))] }),
      /content-type/,
    ],
    'another algorithm': [signed({ header: [pair(1, cborInteger(-7)), TYPE] }), /none of the given keys/],
    'a critical header': [
      signed({ header: [ALG, pair(2, cborArray([cborInteger(8)])), TYPE, meta(0, SECONDS + 10)] }),
      /critical/,
    ],
    'a signer whose time is over': [signed({ header: [ALG, TYPE, meta(0, SECONDS - 1)] }), /valid until/],
    'a signer whose time has not come': [signed({ header: [ALG, TYPE, meta(SECONDS + 1, SECONDS + 9)] }), /valid from/],
    'claims that are over': [signed({ header: [ALG, TYPE, claims(0, SECONDS - 1)] }), /valid until/],
    'claims of the future': [signed({ header: [ALG, TYPE, claims(SECONDS + 1, SECONDS + 9)] }), /valid from/],
    'a CoRIM that is over': [signed({ payload: valid(0, SECONDS - 1) }), /valid until/],
    'a CoRIM of the future': [signed({ payload: valid(SECONDS + 1, SECONDS + 9) }), /valid from/],
    'a time that is none': [
      signed({ payload: corim(RIM, [pair(4, cborMap([pair(1, cborText('tomorrow'))]))]) }),
      /whole seconds/,
    ],
    'a signed CoRIM in a signed one': [signed({ payload: signed() }), /signed CoRIM/],
    'something else that is signed': [signed({ payload: cborText('x') }), /tag 501/],
    'bytes behind it': [concatBytes(signed(), Uint8Array.of(0)), /left over/],
    'too many bytes': [concatBytes(signed(), new Uint8Array(1024 * 1024)), /at most/],
  }
  for (const [name, [bytes, message, keys]] of Object.entries(refused))
    it(`is refused: ${name}`, () => {
      const { error, ...content } = judged(bytes, keys ?? { keys: [jwk(SIGNER)] })
      assert.match(error?.message ?? '', message)
      assert.deepEqual(content, {})
    })

  it('is an error without keys, and any flipped bit or cut is noticed', () => {
    assert.match(readCorim(signed()).error?.message ?? '', /a signed CoRIM/)
    const whole = signed()
    for (let bit = 0; bit < 8 * whole.length; bit += 3) {
      const bent = Uint8Array.from(whole)
      bent[bit >> 3] = (bent[bit >> 3] as number) ^ (1 << (bit & 7))
      // The unprotected header holds nothing that counts.
      if (judged(bent).error === undefined) assert.deepEqual(judged(bent).unsigned, corim(RIM), `bit ${bit}`)
    }
    for (let end = 0; end < whole.length; end++) assert.ok(judged(whole.subarray(0, end)).error !== undefined)
  })
})
