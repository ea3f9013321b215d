import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Check } from '../src/core/verdict.ts'
import { readTpmExpectations, type TpmEvidence, type TpmVerifyOptions, verifyTpmSync } from '../src/tpm/index.ts'
import { readInstance } from '../src/tpm/instance.ts'
import { tlv } from './nvidia-kit.ts'
import { anchorOf, check, file, json } from './tpm-kit.ts'
import { missing } from './vectors.ts'

const FOLDER = 'tpm/gce-cos85-nonce'
const AT = new Date('2022-06-01T00:00:00Z')
const TRUE = tlv(0x01, Uint8Array.of(0xff))
const FALSE = tlv(0x01, Uint8Array.of(0))
const utf8 = (text: string): Uint8Array => tlv(0x0c, Buffer.from(text))
const integer = (value: number): Uint8Array => tlv(0x02, Uint8Array.of(value))
const joined = (parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts))
const sequence = (...parts: readonly Uint8Array[]): Uint8Array => tlv(0x30, joined(parts))
const property = (number: number, value: Uint8Array): Uint8Array => tlv(0xa0 + number, value)

/** The extension of an instance, with what is in the properties' [0]. */
function extension(...security: readonly Uint8Array[]): Uint8Array {
  const parts = [utf8('zone'), integer(1), utf8('project'), integer(2), utf8('name')]
  return sequence(...parts, ...security)
}

describe("what Google's certificates say of an instance", () => {
  const properties = (...all: readonly Uint8Array[]): Uint8Array => property(0, sequence(...all))

  it('are its security properties, of which any may be missing, and later ones are stepped over', () => {
    const rows: readonly (readonly [Uint8Array, object | undefined])[] = [
      [extension(), undefined],
      [extension(properties()), {}],
      [extension(properties(property(0, integer(7)))), { version: 7 }],
      [
        extension(properties(property(1, TRUE), property(3, FALSE), property(6, TRUE))),
        { production: true, suspendDisabled: false },
      ],
      [
        extension(properties(property(0, integer(0)), ...[1, 2, 3, 4, 5].map((one) => property(one, TRUE)))),
        {
          version: 0,
          production: true,
          tpmDataAlwaysEncrypted: true,
          suspendDisabled: true,
          vmtdDisabled: true,
          alwaysInSev: true,
        },
      ],
    ]
    for (const [bytes, security] of rows) assert.deepEqual(readInstance(bytes).security, security)
  })

  it('cannot be read where they are of another type', () => {
    for (const wrong of [
      property(0, TRUE),
      properties(property(0, TRUE)),
      properties(property(1, integer(1))),
      properties(property(1, joined([TRUE, TRUE]))),
      properties(property(1, tlv(0x01, Uint8Array.of(1)))),
      joined([properties()]).subarray(0, 3),
    ])
      assert.throws(() => readInstance(extension(wrong)), { name: 'EvidenceError' })
  })
})

describe('an instance that is expected', { skip: missing('tpm') }, () => {
  const quote: TpmEvidence = {
    message: file(`${FOLDER}/sha256-quote.msg`),
    signature: file(`${FOLDER}/sha256-quote.sig`),
    pcrs: json(`${FOLDER}/pcrs.json`),
    certificates: ['ak', 'intermediate', 'root'].map((name) => file(`${FOLDER}/certs/${name}.der`)),
  }
  const judged = (instance: object | undefined, also: Partial<TpmVerifyOptions> = {}, evidence = quote): Check =>
    check(
      verifyTpmSync(evidence, {
        at: AT,
        expect: readTpmExpectations(instance === undefined ? {} : { instance }),
        ...also,
      }),
      'tpm.expect.instance',
    )
  const OWN = {
    projectIds: ['another', 'google.com:wuale-gcp-testing'],
    zones: 'us-central1-a',
    instanceIds: '6797026933021542085',
    properties: ['production'],
  }

  it('is compared with the certificate of its key', () => {
    assert.equal(judged(undefined).outcome, 'not-applicable')
    const { outcome, actual } = judged(OWN)
    assert.deepEqual([outcome, actual], ['pass', 'cos-test (6797026933021542085)'])
    for (const change of [
      { projectIds: 'another' },
      { zones: 'us-central1-b' },
      { instanceIds: '6797026933021542086' },
      { properties: ['production', 'tpmDataAlwaysEncrypted'] },
      { properties: 'alwaysInSev' },
    ])
      assert.equal(judged({ ...OWN, ...change }).outcome, 'fail', JSON.stringify(change))
  })

  it('is none that a certificate names which nobody judges, or that is not there', () => {
    const akPublic = file(`${FOLDER}/ak-public.tpmt`)
    const trustAnchors = [{ ...anchorOf(akPublic), vendor: 'Google' }]
    const { certificates: _certificates, ...bare } = { ...quote, akPublic }
    for (const evidence of [bare, { ...quote, akPublic }])
      assert.equal(judged(OWN, { trustAnchors }, evidence).outcome, 'fail')
    assert.equal(judged(OWN, { trustAnchors: [] }).outcome, 'fail')
  })

  it('has no members but those', () => {
    for (const instance of [{ project: 'x' }, { properties: ['inProduction'] }, { zones: [] }, 'x'])
      assert.throws(() => readTpmExpectations({ instance }), /instance/)
  })
})
