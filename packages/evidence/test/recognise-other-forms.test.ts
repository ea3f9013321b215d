import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import { makeSgx, makeSnp } from '@sekisho/emulator/kit'
import { parseAzureJson } from '../src/azure/index.ts'
import { compositeParts } from '../src/composite/parts.ts'
import { EvidenceError } from '../src/core/errors.ts'
import { splitNvidiaEvidence } from '../src/nvidia/index.ts'
import { type RecognisedPart, recognise, recogniseParts } from '../src/recognise/index.ts'
import { gpu, NONCE } from './composite-kit.ts'
import { file } from './tpm-kit.ts'
import { missing } from './vectors.ts'

const utf8 = (value: string): Uint8Array => new TextEncoder().encode(value)
const json = (value: unknown): Uint8Array => utf8(JSON.stringify(value))
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

const QUOTE = makeSgx().evidence
const SNP = makeSnp()
const DEVICE = gpu(NONCE)

function fault(input: Uint8Array): EvidenceError {
  try {
    recognise(input)
  } catch (error) {
    assert.ok(error instanceof EvidenceError, String(error))
    return error
  }
  return assert.fail('this should not have been recognised')
}

describe('recognise: evidence under names that nobody knows', () => {
  const forms: Readonly<Record<string, unknown>> = {
    'a member': { nonce: 'x', attestationBlobHex: hex(QUOTE) },
    'an answer of an API': { jsonrpc: '2.0', id: 1, result: { proof: base64(QUOTE) } },
    'numbers in the middle of others': { status: 'success', data: { items: [[1, 2, 3], { blob: [...QUOTE] }] } },
    'a body of JSON text': { statusCode: 200, body: JSON.stringify({ proof: `0x${hex(QUOTE)}` }) },
    'JSON in base64, twice': {
      info: base64(json({ inner: base64(json({ proof: Buffer.from(QUOTE).toString('base64url') })) })),
    },
    'a form that is known, deeper': { data: { cert: 'x', quote: base64(QUOTE) } },
  }
  for (const [name, form] of Object.entries(forms))
    it(name, () => {
      const found = recognise(json(form))
      assert.equal(found.tee, 'sgx')
      assert.equal(hex(found.evidence), hex(QUOTE))
      assert.match(found.wrappers[0]?.name ?? '', /other object/)
    })

  it('keeps what travels in the known form, and names what lies around it', () => {
    const form = { version: 2, node: { id: 'n', report: base64(SNP.evidence), certs: base64(utf8('table')) } }
    const { companions, unused, wrappers } = recognise(json(form))
    assert.deepEqual(
      companions.map(({ kind, from }) => [kind, from]),
      [['certificates', 'certs']],
    )
    assert.deepEqual(unused, ['what lies around it: "version"'])
    assert.equal(wrappers[0]?.name, 'JSON: report in other object')
  })

  it('several pieces are refused as one, and are parts of a whole', () => {
    const form = { cpu: { blob: base64(SNP.evidence) }, other: { blob: base64(QUOTE) } }
    assert.match(fault(json(form)).message, /2 pieces of evidence: "cpu.blob", "other.blob"/)
    assert.deepEqual(
      recogniseParts(json(form)).map(({ label, recognised }) => [label, recognised.tee]),
      [
        ['cpu.blob', 'snp'],
        ['other.blob', 'sgx'],
      ],
    )
    const many = Object.fromEntries(Array.from({ length: 66 }, (_, i) => [`n${i}`, hex(QUOTE)]))
    assert.equal(fault(json({ many })).code, 'too-large')
  })

  it('devices hide no evidence beside them, whatever it is called', () => {
    const labels = (form: unknown): readonly string[] =>
      recogniseParts(json(form)).map(({ label, recognised }) => `${label} ${recognised.tee}`)
    const machine = base64(SNP.evidence)
    for (const list of ['evidence_list', 'device_evidence_list', 'evidences']) {
      for (const name of ['report', 'attestationReport', 'SnpReport', 'out_blob', 'quote'])
        assert.deepEqual(labels({ [list]: [DEVICE], [name]: machine }), [' snp', `${list} nvidia-gpu`], name)
      assert.deepEqual(labels({ [list]: [DEVICE], cpu: machine }), ['devices nvidia-gpu', 'cpu snp'])
      assert.deepEqual(labels({ data: { [list]: [DEVICE], cpu: machine } }), ['data nvidia-gpu', 'data.cpu snp'])
    }
    assert.deepEqual(labels({ ...DEVICE, cpu: machine }), ['devices nvidia-gpu', 'cpu snp'])
    assert.deepEqual(labels([DEVICE, { ...DEVICE, cpu: machine }]), ['devices nvidia-gpu', '1.cpu snp'])
    assert.deepEqual(labels({ evidences: [DEVICE], nonce: NONCE, result_message: 'Ok'.repeat(99) }), [' nvidia-gpu'])
    const tpm = { message: base64(Buffer.from(`ff54434780180000${'00'.repeat(99)}`, 'hex')), signature: 'AAAA' }
    assert.deepEqual(labels({ evidences: [DEVICE], tpm }), ['devices nvidia-gpu', 'tpm tpm'])
    const [devices] = recogniseParts(json({ evidences: [DEVICE], cpu: machine }))
    assert.ok(devices)
    assert.ok(splitNvidiaEvidence(devices.recognised.evidence)[0]?.certificateChain)
    assert.match(fault(json({ evidences: [DEVICE], cpu: machine })).message, /2 pieces of evidence: "devices", "cpu"/)
  })

  it('evidence of an Azure VM hides none beside it', { skip: missing('azure-vtpm') }, () => {
    for (const name of ['milan-json-v0', 'milan-json-v1', 'milan-live', 'tdx-json-v1']) {
      const form = JSON.parse(new TextDecoder().decode(file(`azure-vtpm/${name}/evidence.json`)))
      for (const more of [{ evidence_list: [DEVICE] }, { gpu: DEVICE }]) {
        const parts = recogniseParts(json({ ...form, ...more }))
        const found = Object.fromEntries(parts.map(({ recognised }) => [recognised.tee, recognised.evidence]))
        assert.deepEqual(Object.keys(found).sort(), ['azure-vtpm', 'nvidia-gpu'], name)
        assert.ok(splitNvidiaEvidence(found['nvidia-gpu'] ?? new Uint8Array())[0]?.certificateChain)
        assert.deepEqual(parseAzureJson(found['azure-vtpm'] ?? new Uint8Array()), parseAzureJson(json(form)))
      }
      assert.deepEqual(
        recogniseParts(json(form)).map(({ recognised }) => recognised.tee),
        ['azure-vtpm'],
      )
    }
  })

  it('an Azure VM is the machine of a KBS attestation, with a GPU beside it or none', {
    skip: missing('azure-vtpm'),
  }, () => {
    const gpu = JSON.stringify({ nvidia: { device_evidence_list: [DEVICE] } })
    for (const name of ['milan-json-v0', 'milan-json-v1', 'tdx-json-v0', 'tdx-json-v1']) {
      const machine = JSON.parse(new TextDecoder().decode(file(`azure-vtpm/${name}/evidence.json`)))
      for (const primary of [machine, JSON.stringify(machine)])
        for (const additional of ['', gpu]) {
          const kbs = { primary_evidence: primary, additional_evidence: additional }
          const whole = { 'runtime-data': { nonce: 'AAAA' }, 'init-data': null, 'tee-evidence': kbs }
          for (const form of [kbs, whole, { request: whole }, [kbs]]) {
            const parts = compositeParts(json(form)).map(({ recognised, device }) => [recognised.tee, device])
            const beside = additional === '' ? [] : [['nvidia-gpu', true]]
            assert.deepEqual(parts, [['azure-vtpm', false], ...beside], `${name}: ${JSON.stringify(form).slice(0, 99)}`)
          }
          const [{ recognised }] = recogniseParts(json(kbs)) as [RecognisedPart]
          assert.deepEqual(parseAzureJson(recognised.evidence), parseAzureJson(json(machine)))
          const kinds = recognised.companions.map(({ kind }) => kind)
          assert.deepEqual(kinds, additional === '' ? [] : ['additional-evidence'], name)
        }
    }
  })

  it('nothing that begins like evidence: the members are named, and collateral is called so', () => {
    assert.match(fault(json({ a: 'b'.repeat(500), c: { d: 1 } })).message, /an object with "a", "c"; expected/)
    assert.match(fault(json({ tcbInfo: {}, signature: '00' })).message, /that is collateral, not evidence/)
    assert.match(fault(json({ keys: [] })).message, /that is collateral, not evidence/)
  })

  it('takes a time that grows with the length, however forms lie in each other', () => {
    let form: object | string = 'QUJD'.repeat(50_000)
    for (let i = 0; i < 60; i++) form = { quote: form, evidence: 1, report: [1] }
    const before = process.cpuUsage()
    assert.equal(fault(json({ form })).code, 'unsupported-kind')
    const { user, system } = process.cpuUsage(before)
    assert.ok(user + system < 2_000_000, `${user + system} µs`)
  })
})

describe('recognise: evidence of GPUs beside that of their machine', () => {
  const list = { nonce: NONCE, evidence_list: [DEVICE], arch: 'HOPPER' }

  it('is a part of its own, in JSON or as text of JSON', () => {
    for (const devices of [list, JSON.stringify(list), [DEVICE], DEVICE]) {
      const form = { intel_quote: hex(QUOTE), nvidia_payload: devices }
      assert.deepEqual(
        recogniseParts(json(form)).map(({ label, recognised }) => [label, recognised.tee]),
        [
          ['', 'sgx'],
          ['nvidia_payload', 'nvidia-gpu'],
        ],
      )
      assert.match(recognise(json(form)).unused.join(), /further devices/)
    }
  })

  it('never hides that of the machine', () => {
    for (const form of [
      { quote: base64(QUOTE), evidence_list: [DEVICE] },
      { evidence_list: [DEVICE], attestation_report: base64(SNP.evidence) },
      { tdx: { quote: base64(QUOTE) }, nvgpu: list },
      { cpu: { anything: base64(QUOTE) }, gpu: [DEVICE, DEVICE] },
    ])
      assert.equal(compositeParts(json(form)).length, 2, JSON.stringify(form).slice(0, 80))
    const mixedList = json([DEVICE, { proof: base64(QUOTE) }])
    assert.match(fault(mixedList).message, /2 pieces of evidence: "0", "1.proof"/)
    assert.equal(compositeParts(mixedList).length, 2)
    const mixed = json({ quote: base64(QUOTE), others: { gpu: DEVICE, snp: base64(SNP.evidence) } })
    assert.match(fault(mixed).message, /SEV-SNP report in others\.snp beside SGX quote/)
    const beside = { ...DEVICE, quote: base64(QUOTE) }
    assert.equal(recognise(json(beside)).tee, 'sgx')
    assert.match(recognise(json(beside)).unused.join(), /the member evidence, which may hold other evidence/)
  })

  it('has its chain in base64 or as PEM', () => {
    const pem = Buffer.from(DEVICE.certificate, 'base64').toString()
    const [first, second] = [DEVICE, { ...DEVICE, certificate: pem }].map((one) => splitNvidiaEvidence(json([one]))[0])
    assert.ok(pem.startsWith('-----BEGIN CERTIFICATE'))
    assert.deepEqual(second, first)
    assert.throws(() => splitNvidiaEvidence(json([{ ...DEVICE, certificate: '!! no PEM' }])), EvidenceError)
  })

  it('alone is told as before', () => {
    for (const form of [list, [DEVICE], DEVICE, { device_evidence_list: [DEVICE] }, { evidences: [DEVICE], x: 1 }])
      assert.equal(recognise(json(form)).tee, 'nvidia-gpu')
  })
})

describe('recognise: packed evidence, and bundles in bundles', () => {
  it('hexadecimal, base64 and JSON in UTF-16, as a Windows shell writes what a program prints', () => {
    for (const text of [hex(QUOTE), base64(QUOTE), JSON.stringify({ quote: base64(QUOTE) })]) {
      const found = recognise(new Uint8Array(Buffer.from(`\ufeff${text}\r\n`, 'utf16le')))
      assert.equal(hex(found.evidence), hex(QUOTE))
      assert.equal(found.wrappers[0]?.name, 'UTF-16')
    }
    assert.equal(fault(Uint8Array.of(0xff, 0xfe)).code, 'malformed')
    assert.equal(fault(Uint8Array.of(0xff, 0xfe, 0x00, 0xd8, 0x41)).code, 'malformed')
  })

  it('gzip, bare and as the body of an attestation that names its format', () => {
    const form = { format: 'https://example.com/predicate/guest/v1', body: base64(gzipSync(QUOTE)) }
    for (const input of [new Uint8Array(gzipSync(QUOTE)), json(form), utf8(base64(gzipSync(json(form))))]) {
      const found = recognise(input)
      assert.equal(hex(found.evidence), hex(QUOTE))
      assert.equal(found.wrappers.at(-1)?.name, 'gzip')
    }
    assert.equal(fault(new Uint8Array(gzipSync(new Uint8Array(2_000_001)))).code, 'too-large')
    // Under a name that says nothing it is not unpacked.
    assert.equal(fault(json({ thing: base64(gzipSync(QUOTE)) })).code, 'unsupported-kind')
  })

  it('the answer of the service inside of what NVIDIA’s library hands on', () => {
    const token = `${base64(json({ alg: 'ES384' })).replace(/=+$/, '')}.e30.AA`
    const inner = [['JWT', token], { 'GPU-0': token }]
    const found = recognise(json([['JWT', token], { REMOTE_GPU_CLAIMS: inner }]))
    assert.equal(found.tee, 'token')
    assert.deepEqual(JSON.parse(new TextDecoder().decode(found.evidence)), inner)
    assert.match(found.unused.join(), /the token around the bundle/)
    assert.deepEqual(recognise(json(inner)).unused, [])
    const two = [['JWT', token], { REMOTE_GPU_CLAIMS: inner, REMOTE_SWITCH_CLAIMS: inner }]
    const parts = recogniseParts(json(two))
    assert.deepEqual(
      parts.map(({ label, recognised }) => [label, JSON.parse(new TextDecoder().decode(recognised.evidence))]),
      Object.entries(two[1] as object),
    )
    assert.match(parts[1]?.recognised.unused.join() ?? '', /the token around the bundle/)
    assert.equal(fault(json(two)).code, 'unsupported-kind')
  })
})

describe('recognise: members of a known form that nobody looks at', () => {
  it('are named, unless they are small', () => {
    const form = {
      attestation_report: base64(SNP.evidence),
      platform: 'x',
      uvm: 'y'.repeat(64),
      log: [1],
      other: base64(SNP.evidence),
    }
    assert.deepEqual(recognise(json(form)).unused, [
      'the member other, which holds other evidence',
      'what lies beside it: "uvm", "log"',
    ])
  })
})

describe('recognise: evidence as programs and tools print it', () => {
  const bytes = [...QUOTE].map((byte) => `0x${byte.toString(16).padStart(2, '0')}`)
  const rows = Array.from({ length: Math.ceil(QUOTE.length / 16) }, (_, i) => QUOTE.subarray(16 * i, 16 * i + 16))
  const offset = (i: number): string => (16 * i).toString(16).padStart(8, '0')
  const forms: Readonly<Record<string, string>> = {
    'a list of C': `unsigned char quote[] = {\n  ${bytes.join(', ')}\n};\nunsigned int quote_len = ${bytes.length};\n`,
    'a list of Rust': `[${bytes.join(', ')},]`,
    'a list of Go': `[]byte{${bytes.join(', ')}}`,
    'bytes of Python': `b'${base64(QUOTE)}'`,
    'text in quotation marks of one stroke': `'${hex(QUOTE)}'`,
    escapes: hex(QUOTE).replace(/../g, '\\x$&'),
    'bytea of a database': `\\x${hex(QUOTE)}`,
    'a data URL': `data:application/octet-stream;base64,${base64(QUOTE)}`,
    'a dump of xxd': rows.map((row, i) => `${offset(i)}: ${hex(row).replace(/.{1,4}/g, '$& ')} ......\n`).join(''),
    'a dump of hexdump': rows
      .map(
        (row, i) =>
          `${offset(i)}  ${hex(row)
            .replace(/../g, '$& ')
            .replace(/^(.{24})/, '$1 ')} |..0a..|\n`,
      )
      .join(''),
  }
  for (const [name, form] of Object.entries(forms))
    it(name, () => assert.equal(hex(recognise(utf8(form)).evidence), hex(QUOTE)))

  it('a token with the scheme of its header', () => {
    const token = `${base64(json({ alg: 'ES256' })).replace(/=+$/, '')}.e30.AA`
    assert.equal(recognise(utf8(`Bearer ${token}`)).tee, 'token')
  })

  it('others are refused at the byte that is wrong', () => {
    assert.match(fault(utf8(`b'${base64(QUOTE)}`)).message, /input at byte 1/)
    assert.equal(fault(utf8("b''")).code, 'malformed')
  })
})

describe("recognise: QEMU's answer about a launch", () => {
  const measure = Uint8Array.from({ length: 48 }, (_, i) => 255 - i)
  const data = base64(measure)

  it('is a launch measurement of SEV, with what QMP puts around it or without', () => {
    for (const form of [{ data }, { return: { data } }, { return: { data }, id: 'libvirt-20' }]) {
      const { tee, evidence } = recognise(json(form))
      assert.deepEqual([tee, hex(evidence)], ['sev', hex(measure)])
    }
  })

  it('and nothing else, nor with more beside it', () => {
    const more = [
      { return: { data }, id: { report: base64(SNP.evidence) } },
      { return: { data }, x: base64(QUOTE) },
    ]
    assert.deepEqual(
      more.map((form) => recognise(json(form)).tee),
      ['snp', 'sgx'],
    )
    for (const form of [{ data: `${data}AAAA` }, { data, id: 1 }, { return: data }, { return: null }, { data: 48 }])
      assert.equal(fault(json(form)).code, 'unsupported-kind', JSON.stringify(form))
  })
})
