import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { EvidenceError } from '../src/core/errors.ts'
import type { DcapCollateralInput } from '../src/dcap/collateral.ts'
import { recognise, recogniseParts } from '../src/recognise/index.ts'
import { parseTdxQuote, verifyTdxSync } from '../src/tdx/index.ts'
import { type Field, FORMS, json, readOrRefused, text, utf8, wire } from './google-kit.ts'
import { casesOf, missing, VECTORS } from './vectors.ts'

type Slot = readonly [number, string, number, ('number' | 'bytes')?]

const HEADER: readonly Slot[] = [
  [1, 'version', 2, 'number'],
  [2, 'attestation_key_type', 2, 'number'],
  [3, 'tee_type', 4, 'number'],
  [5, 'pce_svn', 2],
  [4, 'qe_svn', 2],
  [6, 'qe_vendor_id', 16],
  [7, 'user_data', 20],
]
const BODY: readonly Slot[] = [
  [1, 'tee_tcb_svn', 16],
  [2, 'mr_seam', 48],
  [3, 'mr_signer_seam', 48],
  [4, 'seam_attributes', 8],
  [5, 'td_attributes', 8],
  [6, 'xfam', 8],
  [7, 'mr_td', 48],
  [8, 'mr_config_id', 48],
  [9, 'mr_owner', 48],
  [10, 'mr_owner_config', 48],
  [11, 'rtmrs', 48],
  [11, 'rtmrs', 48],
  [11, 'rtmrs', 48],
  [11, 'rtmrs', 48],
  [12, 'report_data', 64],
]
const QE: readonly Slot[] = [
  [1, 'cpu_svn', 16],
  [2, 'misc_select', 4, 'number'],
  [3, 'reserved1', 28],
  [4, 'attributes', 16],
  [5, 'mr_enclave', 32],
  [6, 'reserved2', 32],
  [7, 'mr_signer', 32],
  [8, 'reserved3', 96],
  [9, 'isv_prod_id', 2, 'number'],
  [10, 'isv_svn', 2, 'number'],
  [11, 'reserved4', 60],
  [12, 'report_data', 64],
]

function little(bytes: Uint8Array): number {
  return Buffer.from(bytes).readUIntLE(0, bytes.length)
}

function split(bytes: Uint8Array, slots: readonly Slot[]): readonly Field[] {
  let at = 0
  return slots.map(([number, name, size, kind]): Field => {
    const part = bytes.slice(at, at + size)
    at += size
    return [number, name, kind === 'number' ? little(part) : part]
  })
}

/** A quote as go-tdx-guest takes it apart; in the order of the numbers, as writers have it. */
function fieldsOf(quote: Uint8Array): readonly Field[] {
  const version = little(quote.subarray(0, 2))
  const type = version === 5 ? little(quote.subarray(48, 50)) : 2
  const bodySize = type === 3 ? 648 : 584
  const bodyAt = version === 5 ? 54 : 48
  const body = split(
    quote.subarray(bodyAt, bodyAt + bodySize),
    type === 3 ? [...BODY, [13, 'tee_tcb_svn2', 16], [14, 'mr_service_td', 48]] : BODY,
  )
  const at = bodyAt + bodySize
  const size = little(quote.subarray(at, at + 4))
  const signed = quote.subarray(at + 4, at + 4 + size)
  const certification = signed.subarray(134)
  const authSize = little(certification.subarray(448, 450))
  const chain = certification.subarray(450 + authSize)
  const extra = quote.slice(at + 4 + size)
  const byNumber = (list: readonly Field[]): readonly Field[] => [...list].sort(([a], [b]) => a - b)
  return [
    [1, 'header', byNumber(split(quote.subarray(0, 48), HEADER))],
    version === 5
      ? [
          2,
          'td_quote_body_descriptor',
          [
            [1, 'td_quote_body_type', type],
            [2, 'td_quote_body_size', bodySize],
            [3, 'td_quote_body_v5', body],
          ],
        ]
      : [2, 'td_quote_body', body],
    [3, 'signed_data_size', size],
    [
      4,
      'signed_data',
      [
        [1, 'signature', signed.slice(0, 64)],
        [2, 'ecdsa_attestation_key', signed.slice(64, 128)],
        [
          3,
          'certification_data',
          [
            [1, 'certificate_data_type', little(signed.subarray(128, 130))],
            [2, 'size', little(signed.subarray(130, 134))],
            [
              3,
              'qe_report_certification_data',
              [
                [1, 'qe_report', split(certification.subarray(0, 384), QE)],
                [2, 'qe_report_signature', certification.slice(384, 448)],
                [
                  3,
                  'qe_auth_data',
                  [
                    [1, 'parsed_data_size', authSize],
                    [2, 'data', certification.slice(450, 450 + authSize)],
                  ],
                ],
                [
                  4,
                  'pck_certificate_chain_data',
                  [
                    [1, 'certificate_data_type', little(chain.subarray(0, 2))],
                    [2, 'size', little(chain.subarray(2, 6))],
                    [3, 'pck_cert_chain', chain.slice(6)],
                  ],
                ],
              ],
            ],
          ],
        ],
      ],
    ],
    ...(extra.length === 0 ? [] : [[5, 'extra_bytes', extra] satisfies Field]),
  ]
}

/** The same message with one field, wherever it is, in place of another; undefined leaves it out. */
function changed(
  fields: readonly Field[],
  name: string,
  change: (value: Field[2]) => readonly Field[2][],
): readonly Field[] {
  return fields.flatMap(([number, own, value]): readonly Field[] => {
    if (own === name) return change(value).map((one): Field => [number, own, one])
    if (value instanceof Uint8Array || typeof value === 'number' || typeof value === 'bigint')
      return [[number, own, value]]
    return [[number, own, changed(value, name, change)]]
  })
}

const NAMES = ['gotdx-v4-gcp-cos113-ccel', 'automata-v4-uptodate-eval16', 'automata-v5-service-td-uptodate'] as const
const quoteOf = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(join(VECTORS, 'intel-tdx', name, 'evidence.bin')))

describe('TD quotes as go-tdx-guest hands them on', { skip: missing('intel-tdx') }, () => {
  for (const [form, write] of Object.entries(FORMS))
    it(`${form}: every real quote is rebuilt to the byte`, () => {
      let count = 0
      for (const { name, file } of casesOf('intel-tdx')) {
        const quote = file('evidence.bin')
        try {
          parseTdxQuote(quote)
        } catch (error) {
          // What is no quote that is read has no such message either.
          if (!(error instanceof EvidenceError)) throw error
          continue
        }
        const found = recognise(write(fieldsOf(quote)))
        assert.equal(found.tee, 'tdx', name)
        assert.ok(Buffer.from(found.evidence).equals(quote), name)
        assert.match(found.wrappers[0]?.name ?? '', /^(?:JSON: )?quote of go-tdx-guest$/)
        count++
      }
      assert.ok(count >= 15, `${count} quotes`)
    })

  for (const name of NAMES)
    it(`${name}: a rebuilt quote is proven; with any field changed it is not`, () => {
      const { at } = casesOf('intel-tdx').find((one) => one.name === name) ?? assert.fail()
      const folder = join(VECTORS, 'intel-tdx', name)
      const collateral: DcapCollateralInput = JSON.parse(readFileSync(join(folder, 'collateral.json'), 'utf8'))
      const judged = (fields: readonly Field[]): string => {
        const verdict = verifyTdxSync(recognise(wire(fields)).evidence, { at, collateral })
        return verdict.authenticity
      }
      const fields = fieldsOf(quoteOf(name))
      assert.equal(judged(fields), 'proven')
      const flipped = (value: Field[2]): readonly Field[2][] => {
        assert.ok(value instanceof Uint8Array)
        return [Uint8Array.from(value, (byte, i) => (i === 3 ? byte ^ 4 : byte))]
      }
      for (const one of ['user_data', 'mr_td', 'tee_tcb_svn', 'signature', 'mr_enclave', 'qe_report_signature'])
        assert.notEqual(judged(changed(fields, one, flipped)), 'proven', one)
    })

  const refused: readonly (readonly [string, (value: Field[2]) => readonly Field[2][], string])[] = [
    ['mr_td', () => [], 'protobuf.td_quote_body.mr_td'],
    ['mr_td', (value) => [value, value], 'protobuf.td_quote_body.mr_td'],
    ['mr_td', () => [new Uint8Array(49)], 'protobuf.td_quote_body.mr_td'],
    ['header', (value) => [value, value], 'protobuf.header'],
    ['version', () => [6], 'protobuf.header.version'],
    ['tee_type', () => [2n ** 33n], 'protobuf.tee_type'],
    ['attestation_key_type', () => [0x10002], 'protobuf.attestation_key_type'],
    ['isv_svn', () => [65_536], 'protobuf.isv_svn'],
    ['signed_data_size', () => [1], 'protobuf.signed_data_size'],
    ['signed_data_size', () => [2n ** 32n + 4300n], 'protobuf.signed_data_size'],
    ['parsed_data_size', () => [31], 'protobuf.parsed_data_size'],
    ['ecdsa_attestation_key', () => [new Uint8Array(63)], 'protobuf.ecdsa_attestation_key'],
    ['rtmrs', (value) => [value, value], 'protobuf.td_quote_body.rtmrs'],
  ]
  for (const [form, write] of Object.entries(FORMS))
    it(`${form}: what is missing, there twice, too large or of another size is refused by name`, () => {
      const fields = fieldsOf(quoteOf(NAMES[0]))
      for (const [name, change, field] of refused) {
        // A JSON object has no member twice.
        const twice = change(1).length > 1 && name !== 'rtmrs'
        if (twice && form.startsWith('json')) continue
        assert.throws(() => recognise(write(changed(fields, name, change))), { name: 'EvidenceError', field }, name)
      }
    })

  it('version 5: fields of TDX 1.5 in a body of 1.0, and a type that nobody knows', () => {
    const fields = fieldsOf(quoteOf(NAMES[2]))
    const older = changed(
      changed(fields, 'td_quote_body_type', () => [2]),
      'td_quote_body_size',
      () => [584],
    )
    const none: Uint8Array[] = []
    for (const [message, field] of [
      [older, 'protobuf.td_quote_body_v5.tee_tcb_svn2'],
      [changed(fields, 'td_quote_body_type', () => [4]), 'protobuf.td_quote_body_type'],
      [changed(fields, 'td_quote_body_size', () => [584]), 'protobuf.td_quote_body_size'],
      [changed(fields, 'mr_service_td', () => none), 'protobuf.td_quote_body_v5.mr_service_td'],
    ] as const)
      assert.throws(() => recognise(wire(message)), { name: 'EvidenceError', field })
  })

  it('JSON: one field under both of its names is refused, and a member that is no field', () => {
    const message = json(fieldsOf(quoteOf(NAMES[0])))
    const body: unknown = message['tdQuoteBody']
    assert.ok(typeof body === 'object' && body !== null && 'mrTd' in body)
    const both = { ...message, tdQuoteBody: { ...body, mr_td: body.mrTd } }
    assert.throws(() => recognise(utf8(JSON.stringify(both))), { name: 'EvidenceError', field: 'protobuf.mr_td' })
    const other = { ...message, tdQuoteBody: { ...body, mrTD: body.mrTd } }
    assert.throws(() => recognise(utf8(JSON.stringify(other))), {
      name: 'EvidenceError',
      field: 'protobuf.td_quote_body.mrTD',
    })
    for (const version of ['4.0', '04', '0x4', 4.5, -4, true, [4, 4], {}])
      assert.throws(
        () => recognise(utf8(JSON.stringify({ ...message, header: { version } }))),
        { name: 'EvidenceError' },
        JSON.stringify(version),
      )
  })

  for (const [form, write] of Object.entries(FORMS))
    it(`${form}: in an attestation of go-tpm-tools the quote is a piece of its own`, { skip: missing('tpm') }, () => {
      const at = join(VECTORS, 'tpm/gce-cos85-nonce')
      const file = (name: string): Uint8Array => new Uint8Array(readFileSync(join(at, name)))
      const quote = quoteOf(NAMES[0])
      const parts = recogniseParts(
        write([
          [1, 'ak_pub', file('ak-public.tpmt')],
          [
            2,
            'quotes',
            [
              [1, 'quote', file('sha256-quote.msg')],
              [2, 'raw_sig', file('sha256-quote.sig')],
              [3, 'pcrs', [[1, 'hash', 11]]],
            ],
          ],
          [9, 'tdx_attestation', fieldsOf(quote)],
        ]),
      )
      assert.deepEqual(parts.map(({ label, recognised: { tee } }) => [label, tee]).sort(), [
        ['', 'tpm'],
        ['tdx_attestation', 'tdx'],
      ])
      const td = parts.find(({ label }) => label === 'tdx_attestation') ?? assert.fail()
      assert.ok(Buffer.from(td.recognised.evidence).equals(quote))
    })

  it('cut or changed anywhere: read or refused, never a crash', () => {
    for (const whole of Object.values(FORMS).map((write) => write(fieldsOf(quoteOf(NAMES[0])))))
      for (let i = 0; i < 1000; i++) {
        const at = (i * 7919) % whole.length
        const bytes = i % 2 === 0 ? whole.slice(0, at) : Uint8Array.from(whole)
        if (i % 2 === 1) bytes[at] = (bytes[at] as number) ^ (1 << (i % 8))
        readOrRefused(bytes)
      }
  })

  it('text: a name that is no field', () => {
    const whole = text(fieldsOf(quoteOf(NAMES[0])))
    assert.throws(() => recognise(utf8(whole.replace('mr_seam:', 'mr_seem:'))), { name: 'EvidenceError' })
  })
})
