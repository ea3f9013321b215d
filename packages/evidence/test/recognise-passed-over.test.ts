import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { makeSgx, makeSnp } from '@sekisho/emulator/kit'
import { recognise, recogniseParts } from '../src/recognise/index.ts'
import { membersOf } from '../src/recognise/members.ts'
import { file } from './tpm-kit.ts'
import { missing } from './vectors.ts'

const utf8 = (value: string): Uint8Array => new TextEncoder().encode(value)
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')

const REPORT = base64(makeSnp().evidence)
const QUOTE = base64(makeSgx().evidence)
const [SNP, SGX] = ['SEV-SNP report', 'SGX quote']

/** Both readers refuse it, and say which form carries several. */
function refuses(form: string, found: string): void {
  for (const read of [recognise, recogniseParts])
    assert.throws(() => read(utf8(form)), {
      name: 'EvidenceError',
      code: 'unsupported-kind',
      message: `input at byte 0: ${found}; expected one piece of evidence in this form; several are carried by a collection (CMW), or by \`primary_evidence\` with \`additional_evidence\``,
    })
}

describe('recognise: a name that an object has twice', () => {
  const objects: Readonly<Record<string, string>> = {
    'with two pieces of evidence': `{"report":"${REPORT}","report":"${QUOTE}"}`,
    'written in two ways': `{"report":"${REPORT}","r\\u0065port":"${QUOTE}"}`,
    'deeper down': `{"a":[{"report":"${REPORT}","b":1,"report":"${QUOTE}"}]}`,
  }
  for (const [name, text] of Object.entries(objects))
    it(`${name}: refused, since one would be seen by nobody`, () => {
      const at = text.search(/"r[^"]{5,10}":"[^"]+"\}/)
      assert.throws(() => recogniseParts(utf8(text)), {
        name: 'EvidenceError',
        code: 'malformed',
        offset: at,
        message: /a name that the object does not have yet/,
      })
    })

  it('in two objects it may stand', () => {
    const parts = recogniseParts(utf8(`[{"report":"${REPORT}"},{"report":"${QUOTE}"}]`))
    assert.deepEqual(
      parts.map(({ recognised }) => recognised.tee),
      ['snp', 'sgx'],
    )
  })
})

describe('recognise: PEM with more behind the first block', () => {
  const block = (label: string, base: string): string => `-----BEGIN ${label}-----\n${base}\n-----END ${label}-----\n`

  it('names what nobody looks at: the same again, or certificates', () => {
    for (const behind of [block('OTHER', REPORT), block('CERTIFICATE', 'AAAA'), block('KEY', QUOTE), 'text']) {
      const { tee, unused } = recognise(utf8(block('REPORT', REPORT) + behind))
      assert.equal(tee, 'snp')
      assert.deepEqual(unused, ['what lies behind the first block of PEM'])
    }
  })

  it('also in a member, whose name tells what it is or does not', () => {
    const text = block('REPORT', REPORT) + block('CERTIFICATE', 'AAAA')
    for (const form of [{ report: text }, { proof: text }, [text], text]) {
      const { tee, unused } = recognise(utf8(JSON.stringify(form)))
      assert.equal(tee, 'snp')
      assert.deepEqual(unused, ['what lies behind the first block of PEM'])
    }
  })

  it('and refuses other evidence, which nobody would judge', () => {
    const text = block('REPORT', REPORT) + block('CERTIFICATE', 'AAAA') + block('QUOTE', QUOTE)
    for (const form of [text, ...[{ report: text }, { proof: text }, [text], text].map((one) => JSON.stringify(one))])
      refuses(form, 'SGX quote in PEM QUOTE beside SEV-SNP report')
  })

  it('and nothing where there is none', () => {
    const alone = block('REPORT', REPORT)
    for (const form of [{ report: alone }, { proof: alone }])
      assert.deepEqual(recognise(utf8(JSON.stringify(form))).unused, [])
    assert.deepEqual(recognise(utf8(`\n${block('REPORT', REPORT)} \r\n`)).unused, [])
  })
})

describe('recognise: evidence in a member that is to hold something else', () => {
  const forms: Readonly<Record<string, readonly [string, object]>> = {
    'in place of a nonce': ['nonce', { quote: QUOTE, nonce: REPORT }],
    'in place of an event log': ['event_log', { quote: QUOTE, event_log: REPORT }],
    'in place of certificates': ['vcek', { report: REPORT, vcek: QUOTE }],
    'among endorsements': ['endorsements.deep.0.er', { evidence: QUOTE, endorsements: { deep: [{ er: REPORT }] } }],
    'in place of the name of a form': ['format', { body: QUOTE, format: REPORT }],
    'under a name of another form': ['outblob', { attestation_report: REPORT, outblob: QUOTE }],
    'under a name that says nothing': ['other', { attestation_report: REPORT, other: QUOTE }],
    'in place of what no form reads': ['vm_config', { quote: QUOTE, vm_config: REPORT }],
  }
  for (const [name, [member, form]] of Object.entries(forms))
    it(`${name}: it is refused, with what it is and where`, () => {
      const [first, second] = 'vcek' in form || 'attestation_report' in form ? [SNP, SGX] : [SGX, SNP]
      refuses(JSON.stringify(form), `${second} in ${member} beside ${first}`)
    })

  it('also where the other one stands beside more evidence of its own', () => {
    const nested = { attestation_report: REPORT, other: { quote: QUOTE, nonce: REPORT } }
    refuses(JSON.stringify(nested), `${SGX} in other beside ${SNP}`)
    const hidden = { attestation_report: REPORT, other: { attestation_report: REPORT, nonce: QUOTE } }
    refuses(JSON.stringify(hidden), `${SGX} in nonce beside ${SNP}`)
  })

  it('a token beside it is named, and not refused', () => {
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
    const token = `${part({ alg: 'ES256' })}.${part({ iss: 'https://login.example' })}.${'A'.repeat(86)}`
    const { tee, unused } = recognise(utf8(JSON.stringify({ attestation_report: REPORT, session: token })))
    assert.deepEqual([tee, unused], ['snp', ['the member session, which holds other evidence']])
  })

  it('the same piece once more is named, and not refused', () => {
    const { unused } = recognise(utf8(JSON.stringify({ attestation_report: REPORT, other: { again: REPORT } })))
    assert.deepEqual(unused, ['the member other, which holds other evidence'])
  })
})

describe('recognise: what lies beside evidence deeper down, or beside several pieces', () => {
  const text = 'x'.repeat(64)

  it('is named with its path, without numbers and short names', () => {
    const { unused } = recognise(utf8(JSON.stringify({ a: { q: QUOTE, b: text, c: 'name', d: 1 }, top: 'name' })))
    assert.deepEqual(unused, ['what lies around it: "top", "a.b"'])
  })

  it('also beside several pieces', () => {
    const parts = recogniseParts(utf8(JSON.stringify({ a: { q: QUOTE, b: [1] }, r: REPORT, chain: text, n: 'name' })))
    assert.deepEqual(
      parts.map(({ label, recognised }) => [label, recognised.unused]),
      ['a.q', 'r'].map((label) => [label, ['what lies beside the evidence: "a.b", "chain"']]),
    )
  })

  it('and nothing where there is nothing', () => {
    for (const { recognised } of recogniseParts(utf8(JSON.stringify({ a: { q: QUOTE }, r: [REPORT, ''] }))))
      assert.deepEqual(recognised.unused, [])
  })
})

describe('recognise: what an error speaks of', () => {
  it('archives, packed data and UTF-16 that nobody opens', () => {
    const tar = new Uint8Array(512)
    tar.set(utf8('report.bin'))
    tar.set(utf8('ustar'), 257)
    const unread: readonly (readonly [Uint8Array, RegExp])[] = [
      [Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 4), /packed by zstd: unpack it first/],
      [Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0), /packed by xz: unpack it first/],
      [Uint8Array.of(0x42, 0x5a, 0x68, 0x39, 1), /packed by bzip2: unpack it first/],
      [Uint8Array.of(0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c), /a 7z archive: unpack it first/],
      [utf8('.eif\0\0\0\x04 and more'), /an enclave image, which is no evidence: `sekisho measure`/],
      [utf8('asrcbM\x01\0 and more'), /an add-secret request .*`sekisho inspect` decodes it/],
      [Uint8Array.of(0x50, 0x4b, 3, 4), /a zip archive: unpack it first/],
      [tar, /a tar archive: unpack it first/],
      [Uint8Array.of(0xfe, 0xff, 0, 0x41), /UTF-16.*save it as UTF-8/],
    ]
    for (const [input, said] of unread) assert.throws(() => recognise(input), { message: said })
  })

  it('settings with a report are no message of go-sev-guest: the others are told', () => {
    for (const name of ['report', 'certificate_chain']) {
      const { tee, wrappers, unused } = recognise(utf8(`${name}: ${REPORT}\nowner: somebody\n`))
      assert.deepEqual(
        [tee, wrappers.map((one) => one.name), unused],
        ['snp', ['text around it', 'base64'], ['the text around it']],
      )
    }
  })
})

describe('recognise: an object of more members than a call takes arguments', () => {
  it('gives the first of them, and no fault of the runtime', () => {
    const members = membersOf(Object.fromEntries(Array.from({ length: 400_000 }, (_, i) => [`m${i}`, i])), 2)
    assert.equal(members.length, 256)
    assert.deepEqual([members[0]?.name, members.at(-1)?.name], ['m0', 'm255'])
  })
})

describe('recognise: what lies beside devices of NVIDIA', () => {
  const device = {
    evidence: 'EeAB'.padEnd(200, 'A'),
    certificate: 'A'.repeat(200),
    nonce: 'ab'.repeat(32),
    arch: 'HOPPER',
  }
  const other = `eyJ${'a'.repeat(80)}.x`

  it('is named, in a device and beside the list of them', () => {
    for (const form of [{ ...device, other }, [device, { ...device, other }], { evidence_list: [device], other }])
      assert.deepEqual(recognise(utf8(JSON.stringify(form))).unused, ['what lies around it: "other"'])
  })

  it('and nothing where there is nothing', () => {
    for (const form of [device, [device], { evidence_list: [device], driver: '570.86' }])
      assert.deepEqual(recognise(utf8(JSON.stringify(form))).unused, [])
  })
})

describe('recognise: names of a vTPM that have other evidence behind them', () => {
  for (const name of ['hcl_report', 'tpm_quote', 'quote'])
    it(`${name}: refused`, () => {
      for (const [held, found] of [
        [REPORT, `${SNP} in ${name}`],
        [[REPORT], `${SNP} in ${name}.0`],
        [{ report: REPORT }, `${SNP} in ${name}`],
      ] as const)
        refuses(JSON.stringify({ td_quote: QUOTE, [name]: held }), `${found} beside ${SGX}`)
    })

  it('the same piece again is none', () => {
    assert.equal(recognise(utf8(JSON.stringify({ td_quote: QUOTE, quote: QUOTE }))).tee, 'sgx')
  })

  it('inside of the quote, or in place of the certificate', { skip: missing('azure-vtpm') }, () => {
    const azure = JSON.parse(new TextDecoder().decode(file('azure-vtpm/milan-json-v1/evidence.json')))
    const { tpm_quote: quote, ...others } = azure
    const tees = (form: object): readonly string[] =>
      recogniseParts(utf8(JSON.stringify(form))).map(({ recognised }) => recognised.tee)
    assert.deepEqual(tees(azure), ['azure-vtpm'])
    assert.deepEqual(tees({ ...others, tpm_quote: { ...quote, x: 1 } }), ['azure-vtpm'])
    assert.deepEqual(tees({ ...others, tpm_quote: { ...quote, x: { y: QUOTE } } }), ['azure-vtpm', 'sgx'])
    assert.deepEqual(tees({ ...azure, vcek: QUOTE }), ['azure-vtpm', 'sgx'])
  })
})

describe('recognise: evidence in place of the certificates of a device', () => {
  it('is a piece of its own', { skip: missing('nvidia-gpu') }, () => {
    const report = base64(file('nvidia-gpu/hopper-580-trailing-zero/report.bin'))
    const chain = base64(file('nvidia-gpu/hopper-580-trailing-zero/cert-chain.pem'))
    for (const [certificate, tees] of [
      [chain, ['nvidia-gpu']],
      [QUOTE, ['nvidia-gpu', 'sgx']],
    ] as const)
      assert.deepEqual(
        recogniseParts(utf8(JSON.stringify([{ arch: 'HOPPER', evidence: report, certificate }]))).map(
          ({ recognised }) => recognised.tee,
        ),
        tees,
      )
  })
})
