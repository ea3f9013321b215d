import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { EvidenceError } from '../src/core/errors.ts'
import { TPM_ATTESTATION } from '../src/recognise/google-messages.ts'
import { recognise, recogniseParts } from '../src/recognise/index.ts'
import { readTextProto } from '../src/recognise/protobuf.ts'
import { parseSnpReport, type SnpReport, verifySnpSync } from '../src/snp/index.ts'
import { parseTpmJson, verifyTpmSync } from '../src/tpm/index.ts'
import { type Field, FORMS, readOrRefused, text, utf8, wire } from './google-kit.ts'
import { missing, VECTORS } from './vectors.ts'

const file = (path: string): Uint8Array => new Uint8Array(readFileSync(join(VECTORS, path)))

function word(bytes: Uint8Array): bigint {
  return Buffer.from(bytes).readBigUInt64LE()
}

function snpFields(report: SnpReport, certs: Readonly<Record<string, Uint8Array>>): readonly Field[] {
  const { cpuidFamily = 0, cpuidModel = 0, cpuidStepping = 0, current, committed } = report
  const low = Math.min(cpuidFamily, 15)
  const eax =
    ((cpuidFamily - low) << 20) | ((cpuidModel >> 4) << 16) | (low << 8) | ((cpuidModel & 15) << 4) | cpuidStepping
  const signature = new Uint8Array(Buffer.concat([report.signatureR, report.signatureS, report.reserved330]))
  const numbers: Readonly<Record<string, Uint8Array | bigint | number>> = {
    version: report.version,
    guest_svn: report.guestSvn,
    policy: report.policy,
    family_id: report.familyId,
    image_id: report.imageId,
    vmpl: report.vmpl,
    signature_algo: report.signatureAlgo,
    current_tcb: word(report.currentTcb),
    platform_info: report.platformInfo,
    signer_info: report.keyInfo,
    report_data: report.reportData,
    measurement: report.measurement,
    host_data: report.hostData,
    id_key_digest: report.idKeyDigest,
    author_key_digest: report.authorKeyDigest,
    report_id: report.reportId,
    report_id_ma: report.reportIdMa,
    reported_tcb: word(report.reportedTcb),
    chip_id: report.chipId,
    committed_tcb: word(report.committedTcb),
    current_build: current.build,
    current_minor: current.minor,
    current_major: current.major,
    committed_build: committed.build,
    committed_minor: committed.minor,
    committed_major: committed.major,
    launch_tcb: word(report.launchTcb),
    signature,
    cpuid1eax_fms: report.version < 3 ? 0 : eax,
    launch_mit_vector: report.launchMitVector ?? 0,
    current_mit_vector: report.currentMitVector ?? 0,
  }
  const chain = Object.entries({ vcek_cert: 1, ask_cert: 2, ark_cert: 3, vlek_cert: 6 }).flatMap(
    ([name, number]): Field[] => {
      const der = certs[name]
      return der === undefined ? [] : [[number, name, der]]
    },
  )
  return [
    [1, 'report', Object.entries(numbers).map(([name, value], i): Field => [i + 1, name, value])],
    [2, 'certificate_chain', chain],
    [3, 'product', [[1, 'name', 1]]],
  ]
}

function snpCase(
  name: string,
  leaf: 'vcek' | 'vlek',
): { readonly report: Uint8Array; readonly fields: readonly Field[] } {
  const at = `amd-sev-snp/${name}`
  const report = file(`${at}/evidence.bin`)
  const certs = {
    [`${leaf}_cert`]: file(`${at}/certs/${leaf}.der`),
    ask_cert: file(`${at}/certs/${leaf === 'vcek' ? 'ask' : 'asvk'}.der`),
    ark_cert: file(`${at}/certs/ark.der`),
  }
  return { report, fields: snpFields(parseSnpReport(report), certs) }
}

describe('SEV-SNP reports as go-sev-guest hands them on', { skip: missing('amd-sev-snp') }, () => {
  for (const [name, leaf] of [
    ['milan-v2-vcek-azure', 'vcek'],
    ['milan-v3-vlek-aws', 'vlek'],
    ['genoa-v5-vcek-containers', 'vcek'],
    ['turin-v5-vcek-aci', 'vcek'],
  ] as const)
    for (const [form, write] of Object.entries(FORMS))
      it(`${name}, ${form}: the very bytes, with certificates that prove them`, () => {
        const { report, fields } = snpCase(name, leaf)
        const found = recognise(write(fields))
        assert.deepEqual(Buffer.from(found.evidence).equals(report), true)
        const wrapper = `${form.startsWith('json') ? 'JSON: ' : ''}attestation of go-sev-guest`
        assert.deepEqual([found.tee, found.wrappers.map((one) => one.name)], ['snp', [wrapper]])
        const [table] = found.companions
        const { evaluateAt }: { evaluateAt: string } = JSON.parse(
          readFileSync(join(VECTORS, `amd-sev-snp/${name}/case.json`), 'utf8'),
        )
        const certificateTable = table?.bytes ?? assert.fail()
        const verdict = verifySnpSync(found.evidence, {
          at: new Date(evaluateAt),
          collateral: { certificateTable },
          waive: ['snp.crl.present'],
        })
        assert.equal(verdict.authenticity, 'proven')
      })

  for (const [form, write] of Object.entries(FORMS))
    it(`${form}: a report alone, without certificates`, () => {
      for (const [name, leaf] of [
        ['milan-v2-vcek-azure', 'vcek'],
        ['turin-v5-vcek-aci', 'vcek'],
      ] as const) {
        const { report, fields } = snpCase(name, leaf)
        const alone = fields[0]?.[2]
        assert.ok(Array.isArray(alone))
        const message: readonly Field[] = alone
        const found = recognise(write(message))
        assert.ok(Buffer.from(found.evidence).equals(report))
        assert.deepEqual(found.companions, [])
        assert.throws(() => recognise(write(message.filter(([, one]) => one !== 'chip_id'))), { name: 'EvidenceError' })
      }
    })

  it('a report that lacks something, has it twice, or too much of it is refused with the field named', () => {
    const { fields } = snpCase('milan-v2-vcek-azure', 'vcek')
    const [report] = fields
    const inner = report?.[2]
    assert.ok(Array.isArray(inner))
    const list: readonly Field[] = inner
    const changed = (change: (field: Field) => readonly Field[]): Uint8Array =>
      wire([[1, 'report', list.flatMap(change)]])
    for (const [bytes, field] of [
      [changed((one) => (one[1] === 'measurement' ? [] : [one])), 'protobuf.report.measurement'],
      [changed((one) => (one[1] === 'chip_id' ? [one, one] : [one])), 'protobuf.chip_id'],
      [changed((one) => (one[1] === 'vmpl' ? [[6, 'vmpl', 2n ** 33n]] : [one])), 'protobuf.vmpl'],
      [changed((one) => (one[1] === 'version' ? [[1, 'version', 9]] : [one])), 'protobuf.report.version'],
    ] as const)
      assert.throws(() => recognise(bytes), { name: 'EvidenceError', field })
    assert.throws(() => recognise(utf8(text(fields).replace('vmpl', 'vmlp'))), {
      name: 'EvidenceError',
      field: 'protobuf',
    })
    assert.throws(() => recognise(utf8(`${text(fields)}}`)), { name: 'EvidenceError', field: 'protobuf' })
  })
})

const TPM = 'tpm/gce-cos85-nonce'

function tpmFields(more: readonly Field[] = []): readonly Field[] {
  const pcrs: Readonly<Record<string, Readonly<Record<string, string>>>> = JSON.parse(
    new TextDecoder().decode(file(`${TPM}/pcrs.json`)),
  )
  const quotes = Object.entries({ sha1: 4, sha256: 0x0b }).map(([bank, id]): Field => {
    const values = Object.entries(pcrs[bank] ?? {}).map(
      ([index, hex]): Field => [
        2,
        'pcrs',
        [
          [1, 'key', Number(index)],
          [2, 'value', new Uint8Array(Buffer.from(hex, 'hex'))],
        ],
      ],
    )
    return [
      2,
      'quotes',
      [
        [1, 'quote', file(`${TPM}/${bank}-quote.msg`)],
        [2, 'raw_sig', file(`${TPM}/${bank}-quote.sig`)],
        [3, 'pcrs', [[1, 'hash', id], ...values]],
      ],
    ]
  })
  return [
    [1, 'ak_pub', file(`${TPM}/ak-public.tpmt`)],
    ...quotes,
    [3, 'event_log', file(`${TPM}/event-log.bin`)],
    [4, 'instance_info', [[1, 'zone', utf8('us-east1')]]],
    [6, 'ak_cert', file(`${TPM}/certs/ak.der`)],
    [7, 'intermediate_certs', file(`${TPM}/certs/intermediate.der`)],
    [7, 'intermediate_certs', file(`${TPM}/certs/root.der`)],
    ...more,
  ]
}

describe('quotes as go-tpm-tools hands them on', { skip: missing('tpm') }, () => {
  const { evaluateAt }: { evaluateAt?: string } =
    missing('tpm') === false ? JSON.parse(readFileSync(join(VECTORS, TPM, 'case.json'), 'utf8')) : {}

  for (const [form, write] of Object.entries(FORMS)) {
    it(`${form}: the quote of the SHA-256 bank with its chain and log; the others are named`, () => {
      const found = recognise(write(tpmFields()))
      assert.equal(found.tee, 'tpm')
      assert.deepEqual(found.unused, ['the quotes of other banks: sha1', 'what the sender says of its instance'])
      const verdict = verifyTpmSync(found.evidence, { at: new Date(evaluateAt ?? '2025-01-01T00:00:00Z') })
      assert.equal(verdict.authenticity, 'proven')
      const failed = verdict.checks.flatMap(({ checks }) => checks).filter(({ outcome }) => outcome === 'fail')
      assert.deepEqual(failed, [])
    })

    it(`${form}: the report of the machine is a piece of its own`, () => {
      const { report, fields } = snpCase('milan-v2-vcek-azure', 'vcek')
      const parts = recogniseParts(write(tpmFields([[8, 'sev_snp_attestation', fields]])))
      const tees = parts.map(({ recognised: { tee } }) => tee).sort()
      assert.deepEqual(tees, ['snp', 'tpm'])
      const snp = parts.find(({ recognised }) => recognised.tee === 'snp') ?? assert.fail()
      assert.equal(Buffer.from(snp.recognised.evidence).equals(report), true)
      assert.equal(snp.recognised.companions[0]?.kind, 'certificate-table')
    })
  }

  for (const [form, write] of Object.entries(FORMS))
    it(`${form}: a log without bytes is none`, () => {
      const fields = tpmFields().map((one): Field => (one[1] === 'event_log' ? [3, 'event_log', utf8('')] : one))
      const { eventLog, pcrs } = parseTpmJson(recognise(write(fields)).evidence)
      assert.equal(eventLog, undefined)
      assert.ok(pcrs)
    })

  it('inside of another object, whole', () => {
    const attestation: unknown = JSON.parse(new TextDecoder().decode((FORMS['json'] ?? assert.fail())(tpmFields())))
    const found = recognise(utf8(JSON.stringify({ Attestation: attestation, UserData: 'x' })))
    const { akPublic, certificates = [], eventLog } = parseTpmJson(found.evidence)
    assert.ok(akPublic && eventLog)
    assert.equal(certificates.length, 3)
  })

  it('names of hashes stand for numbers in text', () => {
    const named = text(tpmFields()).replaceAll('hash: 11', 'hash: SHA256').replaceAll('hash: 4\n', 'hash: SHA1\n')
    assert.equal(recognise(utf8(named)).tee, 'tpm')
  })

  it('without a quote of a bank that is known: refused', () => {
    const bytes = wire(tpmFields().filter(([, name]) => name !== 'quotes'))
    assert.throws(() => recognise(bytes), { name: 'EvidenceError', field: 'protobuf.quotes' })
  })

  it('cut or changed anywhere: read or refused, never a crash', () => {
    const whole = wire(tpmFields())
    for (let i = 0; i < 2000; i++) {
      const at = (i * 7919) % whole.length
      const bytes = i % 2 === 0 ? whole.slice(0, at) : Uint8Array.from(whole)
      if (i % 2 === 1) bytes[at] = (bytes[at] as number) ^ (1 << (i % 8))
      readOrRefused(bytes)
    }
  })
})

describe('hostile messages', () => {
  for (const [name, bytes] of Object.entries({
    endless: Uint8Array.from([0x0a, 0x02, 0x08, 0x02, ...new Array<number>(40).fill(0xff)]),
    'many fields': Uint8Array.from([0x0a, 0x02, 0x08, 0x02, ...new Array<number[]>(30_000).fill([0x08, 1]).flat()]),
    'too long': Uint8Array.from([0x0a, 0x7f, 0x08, 0x02]),
    group: Uint8Array.from([0x0a, 0x02, 0x08, 0x02, 0x0b]),
  }))
    it(name, () => assert.throws(() => recognise(bytes), EvidenceError))

  for (const [name, value] of Object.entries({
    'no value': 'report {',
    'no name': 'report { version: 2 } }',
    'no close': 'report { version: 2',
    deep: `report ${'{ report '.repeat(20)}`,
    'another type': 'report { version: "2" }',
    'a message for bytes': 'report { chip_id { } }',
    'a list': 'report: [1, 2]',
  }))
    it(`text: ${name}`, () => assert.throws(() => recognise(utf8(value)), EvidenceError))

  for (const [name, value] of Object.entries({
    'number signs': `${'#'.repeat(4000)}!`,
    'a comment of many number signs': `${'# '.repeat(2000)}\nno field`,
    'a long string': `ak_pub: "${'a'.repeat(5e6)}"`,
    'a long string without an end': `ak_pub: "${'a'.repeat(5e6)}`,
    'long blanks': `ak_pub: ${' '.repeat(5e6)}`,
    'many comments': `ak_pub: ${'#\n'.repeat(2e6)}`,
    'many strings': `ak_pub: ${'""'.repeat(2e6)}`,
    'a word that objects inherit': 'quotes { quote: "a" pcrs { hash: constructor } }',
    'an octal number': 'report { version: 010 }',
  }))
    it(`text: ${name}: refused within seconds`, { timeout: 20_000 }, () => {
      assert.throws(() => recognise(utf8(value)), EvidenceError)
    })

  it('text: an escape ends with its string', () => {
    const message = readTextProto('ak_pub: "\\1" "2"', TPM_ATTESTATION)
    assert.deepEqual(message.get('ak_pub'), [Uint8Array.of(1, 0x32)])
  })
})
