import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { distinguishedName, issueCertificate, makeSnp, makeTdx, namedKey, toPem } from '@sekisho/emulator/kit'
import { recognise, recogniseParts } from '../src/recognise/index.ts'
import { gpu, NONCE } from './composite-kit.ts'

const utf8 = (value: string): Uint8Array => new TextEncoder().encode(value)
const json = (value: unknown): Uint8Array => utf8(JSON.stringify(value))
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

const REPORT = makeSnp().evidence
const MADE = makeSnp()
const LEAF = MADE.certificates.vcek ?? new Uint8Array(0)

describe('recognise: certificates beside evidence under names that nobody knows', () => {
  const vendors = [MADE.certificates.ask ?? LEAF, MADE.certificates.ark ?? LEAF]
  const chain = vendors.map((der) => toPem(der)).join('')
  const companions = (form: unknown): readonly (readonly [string, string])[] =>
    recognise(json(form)).companions.map(({ kind, from }) => [kind, from])

  it('in PEM, base64, hexadecimal and numbers, one or a list, on every level around it', () => {
    const forms: readonly unknown[] = [
      { blob: base64(MADE.evidence), vcek_der: base64(LEAF), authorities: chain },
      { blob: base64(MADE.evidence), vcek_der: hex(LEAF), authorities: base64(utf8(chain)) },
      { authorities: [...utf8(chain)], data: { blob: base64(MADE.evidence), vcek_der: [...LEAF] } },
      { snp_report: base64(MADE.evidence), vcek_der: toPem(LEAF), authorities: chain },
    ]
    for (const form of forms)
      assert.deepEqual(companions(form).toSorted(), [
        ['certificates', 'authorities'],
        ['certificates', 'vcek_der'],
      ])
    const list = { blob: base64(MADE.evidence), all: [LEAF, ...vendors].map((der) => toPem(der)), other: 1 }
    assert.deepEqual(
      companions(list).map(([, from]) => from),
      ['all[0]', 'all[1]', 'all[2]'],
    )
    assert.deepEqual(recognise(json(list)).unused, ['what lies around it: "other"'])
  })

  it('those of others are no companions, and are named', () => {
    const key = namedKey('beside', 'P-256')
    const name = distinguishedName(['CN', 'server'])
    const server = issueCertificate({
      subject: name,
      issuer: name,
      subjectKey: key,
      issuerKey: key,
      algorithm: 'ecdsa-p256-sha256',
      serial: 1,
      notBefore: new Date('2026-01-01T00:00:00Z'),
      notAfter: new Date('2027-01-01T00:00:00Z'),
      extensions: [],
    })
    for (const text of [toPem(server), base64(server), 'x'.repeat(500), toPem(LEAF).replace('BEGIN', 'BEGI'), '0x00']) {
      const found = recognise(json({ blob: base64(MADE.evidence), tls: text }))
      assert.deepEqual(found.companions, [])
      assert.match(found.unused.join(), /"tls"/)
    }
  })

  it('in objects of their own, and in messages of a collection', () => {
    const forms: readonly (readonly [object, readonly string[]])[] = [
      [
        { blob: base64(MADE.evidence), endorsement: { vcek_der: base64(LEAF), chain: { all: chain }, crl: null } },
        ['endorsement.chain.all', 'endorsement.vcek_der'],
      ],
      [{ snp_report: base64(MADE.evidence), endorsement: { vcek: hex(LEAF) } }, ['endorsement.vcek']],
      [
        {
          submods: {
            cpu: {
              hosting: 'bare',
              report: ['application/x.report', base64url(MADE.evidence), 4],
              endorsed: { __cmwc_t: 'tag:example.org,2026:x', vek: ['application/pkix-cert', base64url(LEAF), 2] },
            },
          },
        },
        ['endorsed.vek[1]'],
      ],
      [
        {
          report: ['application/x.report', base64url(MADE.evidence), 4],
          endorsed: {
            __cmwc_t: 'tag:example.org,2026:x',
            vek: ['application/pkix-cert', base64url(LEAF), 2],
            values: ['application/x.values', 'AAAA', 1],
          },
        },
        ['endorsed/vek'],
      ],
    ]
    for (const [form, names] of forms)
      assert.deepEqual(
        companions(form)
          .map(([, from]) => from)
          .toSorted(),
        names,
      )
    // Not deeper, and not what other evidence has for itself.
    assert.deepEqual(companions({ blob: base64(MADE.evidence), a: { b: { c: { d: base64(LEAF) } } } }), [])
    const other = { report: base64(MADE.evidence), other: { blob: base64(MADE.evidence), cert: base64(LEAF) } }
    assert.deepEqual(companions(other), [])
  })

  it('beside a machine that evidence of devices is beside as well', () => {
    const node = { cpu: { blob: base64(MADE.evidence), endorsement: { vcek: base64(LEAF) } }, gpu: [gpu(NONCE)] }
    const [machine, device, ...more] = recogniseParts(json(node))
    assert.deepEqual([machine?.recognised.tee, device?.recognised.tee, more.length], ['snp', 'nvidia-gpu', 0])
    assert.deepEqual(
      machine?.recognised.companions.map(({ from }) => from),
      ['endorsement.vcek'],
    )
    assert.deepEqual(device?.recognised.companions, [])
  })

  it('of two machines each has its own, and nothing is shared', () => {
    const both = [MADE.evidence, REPORT].map((bytes) => ({ blob: base64(bytes), cert: base64(LEAF) }))
    const parts = recogniseParts(json({ first: both[0], second: both[1], root: base64(LEAF) }))
    assert.deepEqual(
      parts.map(({ recognised }) => recognised.companions.map(({ from }) => from)),
      [['cert'], ['cert']],
    )
  })
})

describe('recognise: the log of a TD beside its quote under names that nobody knows', () => {
  const TD = makeTdx().evidence
  const events = [{ imr: 3, event_type: 1, digest: '00'.repeat(48), event: 'app-id', event_payload: '' }]
  const text = JSON.stringify(events)
  const ccel = new Uint8Array(200)
  ccel.set(utf8('Spec ID Event03'), 32)
  const logs = (form: unknown): readonly string[] =>
    recognise(json(form))
      .companions.filter(({ kind }) => kind === 'event-log')
      .map(({ bytes }) => new TextDecoder('latin1').decode(bytes))

  it('as JSON, as its text, and encoded', () => {
    for (const log of [events, text, base64(utf8(text)), { format: 'x', data: base64(utf8(text)) }])
      for (const form of [
        { tdx_quote_hex: hex(TD), event_log_json: log, measurements: {} },
        { quote: hex(TD), eventLog: log },
        { submods: { cpu: { blob: base64(TD), cvm_log: log } } },
      ])
        assert.deepEqual(logs(form), [text])
    assert.equal(logs({ blob: hex(TD), x: hex(ccel) })[0]?.slice(32, 45), 'Spec ID Event')
  })

  it('of another machine, of several, or of other evidence is none', () => {
    assert.deepEqual(logs({ blob: hex(TD), one: text, two: events }), [])
    assert.deepEqual(logs({ blob: base64(REPORT), log: text }), [])
    assert.deepEqual(logs({ blob: hex(TD), log: [{ imr: 0 }] }), [])
    assert.deepEqual(logs({ quote: hex(TD), event_log: text, log: text }), [text])
    const two = recogniseParts(json({ first: { a: hex(TD), log: text }, second: { a: hex(TD) } }))
    assert.deepEqual(
      two.map(({ recognised }) => recognised.companions.length),
      [1, 0],
    )
  })
})
