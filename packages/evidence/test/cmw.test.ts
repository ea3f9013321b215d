import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { makeSgx, makeSnp } from '@sekisho/emulator/kit'
import { cborArray, cborBytes, cborInteger, cborMap, cborTag, cborText } from '../src/cbor/encode.ts'
import {
  type Cmw,
  cmwOfJws,
  cmwOfSign1,
  contentFormatOfTag,
  decodeCmw,
  encodeCmwCbor,
  encodeCmwJson,
  tagOfContentFormat,
} from '../src/cmw/index.ts'
import { encodeBase64url } from '../src/core/base64url.ts'
import { EvidenceError } from '../src/core/errors.ts'
import { recognise, recogniseParts } from '../src/recognise/index.ts'

const text = (value: string): Uint8Array => new TextEncoder().encode(value)
const json = (value: unknown): Uint8Array => text(JSON.stringify(value))
const URL64 = (value: unknown): string => encodeBase64url(json(value))

const COLLECTION: Cmw = {
  kind: 'collection',
  type: 'tag:example.com,2026:machine',
  entries: [
    {
      label: 'platform',
      message: {
        kind: 'record',
        form: 'record',
        type: 'application/x',
        value: Uint8Array.of(1, 2),
        indicators: ['evidence'],
      },
    },
    {
      label: 'inner',
      message: {
        kind: 'collection',
        type: undefined,
        entries: [
          {
            label: 'a',
            message: { kind: 'record', form: 'record', type: 'a/b', value: Uint8Array.of(3), indicators: undefined },
          },
        ],
      },
    },
  ],
}

describe('conceptual message wrappers', () => {
  it('numbers tags in blocks of 255, and every 256th stands for nothing', () => {
    const formats = [0, 1, 254, 255, 256, 263, 30001, 64998, 64999, 65024]
    for (const format of formats) assert.equal(contentFormatOfTag(tagOfContentFormat(format) ?? -1), format)
    assert.equal(tagOfContentFormat(0), 1_668_546_817)
    assert.equal(tagOfContentFormat(255), 1_668_547_073)
    assert.equal(tagOfContentFormat(65_024), 1_668_612_095)
    for (const tag of [1_668_547_072, 1_668_546_816, 1_668_612_096, 18])
      assert.equal(contentFormatOfTag(tag), undefined)
    for (const format of [-1, 65_025, 1.5]) assert.equal(tagOfContentFormat(format), undefined)
  })

  it('reads in CBOR and in JSON what it wrote', () => {
    assert.deepEqual(decodeCmw(encodeCmwCbor(COLLECTION)), COLLECTION)
    assert.deepEqual(decodeCmw(json(encodeCmwJson(COLLECTION))), COLLECTION)
    const tagged: Cmw = { kind: 'record', form: 'tag', type: 263, value: Uint8Array.of(9), indicators: undefined }
    assert.deepEqual(decodeCmw(encodeCmwCbor(tagged)), tagged)
    assert.throws(() => encodeCmwJson(tagged), RangeError)
    assert.throws(() => encodeCmwCbor({ ...tagged, type: 'a/b' }), RangeError)
  })

  const record = cborArray([cborText('a/b'), cborBytes(Uint8Array.of(1))])
  const refused: Readonly<Record<string, Uint8Array>> = {
    'no bytes': new Uint8Array(),
    'an integer': Uint8Array.of(1),
    'a tag for nothing': cborTag(1_668_547_072, cborBytes(Uint8Array.of(1))),
    'a tag around text': cborTag(1_668_546_817, cborText('x')),
    'a record of one': cborArray([cborText('a/b')]),
    'a record of four': cborArray([cborText('a/b'), cborBytes(Uint8Array.of()), cborInteger(1), cborInteger(1)]),
    'no media type': cborArray([cborText('ab'), cborBytes(Uint8Array.of(1))]),
    'an indicator that is none': cborArray([cborText('a/b'), cborBytes(Uint8Array.of(1)), cborInteger(32)]),
    'a negative content format': cborArray([cborInteger(-1), cborBytes(Uint8Array.of(1))]),
    'an empty collection': cborMap([]),
    'a collection with a type only': cborMap([[cborText('__cmwc_t'), cborText('tag:x')]]),
    'a collection type that is none': cborMap([
      [cborText('__cmwc_t'), cborText('x')],
      [cborInteger(1), record],
    ]),
    'a label twice': Uint8Array.of(0xa2, 1, ...record, 1, ...record),
    'bytes behind': Uint8Array.of(...record, 0),
    'an empty JSON collection': json({}),
    'a JSON record with padding': json(['a/b', 'AQ==']),
    'a JSON record of a content format': json([263, 'AQ']),
    'a JSON label twice': text('{"a":["a/b","AQ"],"a":["a/b","AQ"]}'),
    'a JSON indicator that is none': json(['a/b', 'AQ', 32]),
    'a value that is no message': json({ a: 1 }),
  }
  for (const [what, bytes] of Object.entries(refused))
    it(`refuses ${what}`, () => assert.throws(() => decodeCmw(bytes), EvidenceError))

  it('bounds depth and count', () => {
    let deep: unknown = ['a/b', 'AQ']
    for (let i = 0; i < 4; i++) deep = { a: deep }
    assert.equal(decodeCmw(json(deep)).kind, 'collection')
    assert.throws(() => decodeCmw(json({ a: deep })), { code: 'too-large' })
    const many = (count: number): Uint8Array =>
      json(Object.fromEntries(Array.from({ length: count }, (_, i) => [`m${i}`, ['a/b', 'AQ']])))
    assert.equal(decodeCmw(many(64)).kind, 'collection')
    assert.throws(() => decodeCmw(many(65)), { code: 'too-large' })
  })

  it('refuses every cut of a wrapper, and never anything but by an EvidenceError', () => {
    const whole = encodeCmwCbor(COLLECTION)
    for (let end = 0; end < whole.length; end++)
      assert.throws(() => decodeCmw(whole.subarray(0, end)), EvidenceError, `cut at ${end}`)
    for (let bit = 0; bit < 8 * whole.length; bit++) {
      const bent = Uint8Array.from(whole)
      bent[bit >> 3] = (bent[bit >> 3] as number) ^ (1 << (bit & 7))
      try {
        assert.notDeepEqual(decodeCmw(bent), COLLECTION)
      } catch (error) {
        assert.ok(error instanceof EvidenceError || error instanceof assert.AssertionError)
        if (error instanceof assert.AssertionError) throw error
      }
    }
  })

  it('is found in signed forms, whose header says so', () => {
    const cmw = encodeCmwCbor(COLLECTION)
    const sign1 = (type: string): Uint8Array =>
      cborTag(
        18,
        cborArray([
          cborBytes(cborMap([[cborInteger(3), cborText(type)]])),
          cborMap([]),
          cborBytes(cmw),
          cborBytes(new Uint8Array(64)),
        ]),
      )
    assert.deepEqual(cmwOfSign1(sign1('application/cmw+cbor')), COLLECTION)
    assert.equal(cmwOfSign1(sign1('application/eat+cwt')), undefined)
    const jws = (header: object, payload: unknown): string => `${URL64(header)}.${URL64(payload)}.AA`
    assert.deepEqual(cmwOfJws(jws({ alg: 'ES256', cty: 'cmw+json' }, encodeCmwJson(COLLECTION))), COLLECTION)
    assert.deepEqual(cmwOfJws(jws({ alg: 'ES256' }, { cmw: encodeCmwJson(COLLECTION) })), COLLECTION)
    assert.equal(cmwOfJws(jws({ alg: 'ES256' }, { iss: 'x' })), undefined)
    assert.throws(() => cmwOfJws(jws({ cty: 'cmw+json' }, { a: 1 })), EvidenceError)
  })
})

describe('recognise: conceptual message wrappers', () => {
  const { evidence: snp } = makeSnp()
  const { evidence: sgx } = makeSgx()

  it('takes a record, a tag and a collection of one off evidence', () => {
    const record: Cmw = { kind: 'record', form: 'record', type: 'application/x', value: snp, indicators: undefined }
    const forms: readonly Uint8Array[] = [
      encodeCmwCbor(record),
      encodeCmwCbor({ ...record, form: 'tag', type: 30_001 }),
      encodeCmwCbor({ kind: 'collection', type: undefined, entries: [{ label: 'vm', message: record }] }),
      json(encodeCmwJson(record)),
      json({ vm: encodeCmwJson(record) }),
      json({ evidence: encodeCmwJson(record) }),
    ]
    for (const form of forms) {
      const found = recognise(form)
      assert.equal(found.tee, 'snp')
      assert.deepEqual(found.evidence, snp)
    }
  })

  it('names messages that are no evidence, and takes the one that is', () => {
    const found = recognise(
      json({
        vm: ['application/x', encodeBase64url(snp), 4],
        values: ['application/corim-unsigned+cbor', 'AQ', 1],
      }),
    )
    assert.deepEqual(found.evidence, snp)
    assert.match(found.unused.join(), /"values": reference-values/)
    assert.throws(() => recognise(json({ values: ['a/b', 'AQ', 1] })), /no evidence/)
  })

  it('refuses to choose between several, and gives them one by one', () => {
    const both = json({ vm: ['a/b', encodeBase64url(snp)], enclave: ['a/b', encodeBase64url(sgx), 4] })
    assert.throws(() => recognise(both), /2 pieces of evidence: "vm", "enclave"/)
    const parts = recogniseParts(both)
    assert.deepEqual(
      parts.map(({ label, recognised }) => [label, recognised.tee]),
      [
        ['vm', 'snp'],
        ['enclave', 'sgx'],
      ],
    )
    assert.deepEqual(parts[1]?.recognised.evidence, sgx)
    assert.deepEqual(
      recogniseParts(snp).map(({ label, recognised }) => [label, recognised.tee]),
      [['', 'snp']],
    )
  })

  it('refuses evidence of another kind than its media type says', () => {
    const typed = (type: string): Uint8Array => json([type, encodeBase64url(snp)])
    assert.throws(
      () => recognise(typed('application/psa-attestation-token')),
      /evidence of another kind \(SEV-SNP report\); expected what its media type says/,
    )
    assert.throws(() => recognise(typed('application/eat+json')), /what its media type says/)
    assert.throws(() => recognise(typed('application/jwt')), /what its media type says/)
    assert.throws(() => recognise(typed('application/eat-ucs+json')), /claims that nobody signed/)
    assert.throws(
      () => recognise(encodeCmwCbor({ kind: 'record', form: 'tag', type: 263, value: snp, indicators: undefined })),
      EvidenceError,
    )
  })

  it('reads whatever is in JSON or CBOR of no further type', () => {
    for (const type of ['application/json', 'application/cbor', 'application/octet-stream'])
      assert.equal(recognise(json([type, encodeBase64url(snp)])).tee, 'snp', type)
  })

  it('reads a report of configfs-tsm in CBOR', () => {
    const map = cborMap([
      [cborText('provider'), cborText('sev_guest\n')],
      [cborText('outblob'), cborBytes(snp)],
    ])
    const record = cborArray([cborText('application/vnd.veraison.tsm-report+cbor'), cborBytes(map)])
    assert.deepEqual(recognise(record).evidence, snp)
  })

  it('says that the signature around a wrapper was not checked', () => {
    const signed = cborArray([
      cborBytes(cborMap([[cborInteger(3), cborText('application/cmw+cbor')]])),
      cborMap([]),
      cborBytes(cborArray([cborText('a/b'), cborBytes(snp)])),
      cborBytes(new Uint8Array(64)),
    ])
    const found = recognise(signed)
    assert.deepEqual(found.evidence, snp)
    assert.match(found.unused.join(), /signature around the wrapper/)
  })

  it('bounds wrappers around wrappers', () => {
    let bytes: Uint8Array = snp
    for (let i = 0; i < 5; i++) bytes = cborArray([cborText('a/b'), cborBytes(bytes)])
    assert.throws(() => recognise(bytes), { code: 'too-large' })
  })
})

describe('recognise: several candidates', () => {
  const { evidence: snp } = makeSnp()
  const base64 = Buffer.from(snp).toString('base64')

  it('takes the devices beside a machine one by one', () => {
    const quote = { quote: Buffer.from(makeSgx().evidence).toString('base64') }
    const kbs = {
      primary_evidence: { attestation_report: base64 },
      additional_evidence: JSON.stringify({ sgx: quote }),
    }
    assert.match(recognise(json(kbs)).unused.join(), /further devices/)
    assert.deepEqual(
      recogniseParts(json(kbs)).map(({ label, recognised }) => [label, recognised.tee]),
      [
        ['', 'snp'],
        ['additional_evidence/sgx', 'sgx'],
      ],
    )
  })

  it('names members that may hold other evidence', () => {
    const found = recognise(json({ attestation_report: base64, snp_report: base64, evidence: 'x', outblob: base64 }))
    assert.match(found.unused.join(), /snp_report/)
    assert.match(found.unused.join(), /member evidence/)
    assert.match(found.unused.join(), /outblob/)
    assert.deepEqual(recognise(json({ attestation_report: base64 })).unused, [])
  })

  it('a member __proto__ is a member like any other', () => {
    const hidden = `{"__proto__":{"attestation_report":${JSON.stringify(base64)}}}`
    const { wrappers } = recognise(text(hidden))
    assert.deepEqual(
      wrappers.map(({ name }) => name),
      ['JSON: SEV-SNP evidence in other object'],
    )
    assert.throws(() => recognise(text('{"__proto__":{"attestation_report":"none"}}')), /an object with "__proto__"/)
    const typed = `{"attestation_report":${JSON.stringify(base64)},"certs":[{"__proto__":{"data":"AQ==","cert_type":"VCEK"}}]}`
    assert.equal(recognise(text(typed)).companions[0]?.label, undefined)
  })

  it('cuts zeros behind a report, and says so; other bytes stay an error of its parser', () => {
    const padded = new Uint8Array(4000)
    padded.set(snp)
    const found = recognise(padded)
    assert.deepEqual(found.evidence, snp)
    assert.match(found.unused.join(), /2816 zero bytes behind the report/)
    padded[3999] = 1
    assert.equal(recognise(padded).evidence.length, 4000)
    assert.equal(recognise(Uint8Array.from([...snp, ...new Uint8Array(5000)])).evidence.length, snp.length + 5000)
  })
})

describe('recognise: long hostile input', () => {
  it('refuses more values than evidence has, before they are parsed', () => {
    assert.throws(() => recognise(text(`[${'{},'.repeat(150_000)}{}]`)), /100000 other values/)
    assert.throws(() => recognise(text(`[${'1,'.repeat(2_000_001)}1]`)), /2000000 numbers/)
  })
})
