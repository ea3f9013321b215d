import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseAzureEvidence, parseAzureJson, verifyAzureSync } from '../src/azure/index.ts'
import { splitNvidiaEvidence } from '../src/nvidia/index.ts'
import { recognise, recogniseParts } from '../src/recognise/index.ts'
import { AT, azure, check, file, json } from './tpm-kit.ts'
import { missing } from './vectors.ts'

const utf8 = (value: string): Uint8Array => new TextEncoder().encode(value)
const input = (value: unknown): Uint8Array => utf8(JSON.stringify(value))
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
const pem = (bytes: Uint8Array): string =>
  `-----BEGIN CERTIFICATE-----\n${base64(bytes).replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`

describe('recognise: an Azure confidential VM under other names', { skip: missing('azure-vtpm') }, () => {
  const NAME = 'milan-json-v1'
  const { hclReport, quote } = azure(NAME)
  assert.ok(quote?.pcrs?.['sha256'])
  const { message, signature } = quote
  const pcrs = Object.entries(quote.pcrs['sha256'] ?? {})
  const tpmt = Uint8Array.of(0x00, 0x14, 0x00, 0x0b, 0x01, 0x00, ...signature)
  const bytes = pcrs.map(([pcr, value]) => [pcr, Buffer.from(value, 'hex')] as const)
  const listed = pcrs.map(([, value]) => value)
  const claims = file(`azure-vtpm/${NAME}/runtime-data.json`)
  const report = file(`azure-vtpm/${NAME}/snp-report.bin`)
  const [vcek, ask, ark] = ['vcek', 'ask', 'ark'].map((name) => file(`azure-vtpm/${NAME}/certs/${name}.der`))
  assert.ok(vcek && ask && ark)
  const chain = [vcek, ask, ark].map(pem).join('')
  const proof = { SnpReport: base64(report), VcekCertChain: base64(utf8(chain)) }
  const log = new Uint8Array(200)
  log.set(utf8('Spec ID Event03'), 32)

  const forms: Readonly<Record<string, object>> = {
    'an agent with the quote and its signature in one': {
      tpmQuote: base64(Uint8Array.of(...message, ...tpmt)),
      hclReport: base64(hclReport),
      snpReport: base64(report),
      pcrs: Object.fromEntries(bytes.map(([pcr, value]) => [pcr, base64(value)])),
      runtimeClaims: JSON.parse(new TextDecoder().decode(claims)),
    },
    'parts beside each other in hexadecimal': {
      hcl: hex(hclReport),
      ak_quote_msg: hex(message),
      ak_quote_sig: hex(tpmt),
      pcr_values: listed.join(''),
    },
    'parts beside each other in numbers': { hcl: [...hclReport], m: [...message], sig: [...signature], pcrs: listed },
    'camel case': {
      version: 1,
      hclReport: base64(hclReport),
      tpmQuote: { message: hex(message), signature: hex(signature), pcrs: listed },
    },
    'a request to the attestation service for guests': {
      AttestationProtocolVersion: '2.0',
      TcgLogs: base64(log),
      TpmInfo: {
        PcrQuote: base64(message),
        PcrSignature: base64(tpmt),
        EncKeyCertifyInfo: base64(Uint8Array.of(0xff, 0x54, 0x43, 0x47, 0x80, 0x17, ...new Uint8Array(90))),
        EncKeyCertifyInfoSignature: base64(Uint8Array.of(...tpmt.subarray(0, 6), ...new Uint8Array(256))),
        PCRs: bytes.map(([pcr, value]) => ({ Index: Number(pcr), Digest: base64(value) })),
      },
      IsolationInfo: { Type: 'SevSnp', Evidence: { Proof: base64(input(proof)), RunTimeData: base64(claims) } },
    },
    'the same request in its envelope': {},
    'an attestation document of another verifier': {
      Attestation: {
        ak_pub: 'AAE=',
        quotes: [
          {
            quote: base64(message),
            raw_sig: base64(tpmt),
            pcrs: { hash: 11, pcrs: Object.fromEntries(bytes.map(([pcr, value]) => [pcr, base64(value)])) },
          },
        ],
      },
      InstanceInfo: base64(input({ AttestationReport: base64(report), Azure: { RuntimeData: base64(claims) } })),
    },
  }
  const request = forms['a request to the attestation service for guests']
  const all = {
    ...forms,
    'the same request in its envelope': { AttestationInfo: Buffer.from(input(request)).toString('base64url') },
  }

  for (const [name, form] of Object.entries(all))
    it(`${name}: one piece, with report, quote and PCR values`, () => {
      const parts = recogniseParts(input(form))
      assert.deepEqual(
        parts.map(({ recognised }) => recognised.tee),
        ['azure-vtpm'],
      )
      const evidence = parseAzureJson(recognise(input(form)).evidence)
      assert.equal(hex(evidence.quote?.message ?? message), hex(message))
      assert.equal(hex(evidence.quote?.signature ?? message), hex(signature))
      assert.deepEqual(evidence.quote?.pcrs, quote.pcrs)
      const verdict = verifyAzureSync(evidence, { at: AT })
      for (const id of ['azure.binding', 'azure.quote.signature', 'azure.claims'])
        assert.equal(check(verdict, id).outcome, 'pass', id)
    })

  it('what travels with it is used: the chip, the chain above it, and the log', () => {
    const found = recognise(input(request))
    assert.equal(hex(parseAzureJson(found.evidence).vcek ?? message), hex(vcek))
    assert.deepEqual(
      found.companions.map(({ kind, bytes: own }) => [kind, hex(own)]),
      [
        ['certificates', hex(utf8([ask, ark].map(pem).join('')))],
        ['event-log', hex(log)],
      ],
    )
    assert.deepEqual(found.unused, ['what lies around it: "AttestationProtocolVersion", "TpmInfo", "IsolationInfo"'])
  })

  it('other evidence in the list or the encoding that a part is in stays a piece', () => {
    const quoted = { quote_msg: base64(message), quote_sig: base64(tpmt) }
    const gpu = `11e001${'00'.repeat(500)}`
    const beside = { hcl: base64(hclReport), gpu }
    for (const form of [
      { ...quoted, ...beside },
      { ...quoted, list: [beside] },
      { list: [{ ...quoted, ...beside }], name: 'x' },
      { ...quoted, text: base64(input(beside)) },
    ])
      assert.deepEqual(
        recogniseParts(input(form)).map(({ recognised }) => recognised.tee),
        ['azure-vtpm', 'nvidia-gpu'],
      )
  })

  it('is refuted like any other when its parts are of different machines', () => {
    const other = json('azure-vtpm/milan-snp2-json-v1/evidence.json')
    const foreign = parseAzureJson(input(other)).hclReport
    const form = { hclReport: base64(foreign), quote_msg: base64(message), quote_sig: base64(tpmt) }
    const verdict = verifyAzureSync(parseAzureJson(recognise(input(form)).evidence), { at: AT })
    assert.equal(check(verdict, 'azure.quote.signature').outcome, 'fail')
    const changed = base64(utf8(new TextDecoder().decode(claims).replace('true', 'false')))
    const parts = { report: base64(report), claims: changed, quote_msg: base64(message), quote_sig: base64(tpmt) }
    const made = verifyAzureSync(parseAzureJson(recognise(input(parts)).evidence), { at: AT })
    assert.equal(check(made, 'azure.binding').outcome, 'fail')
  })

  it('of two reports or two quotes none is chosen', () => {
    const other = parseAzureJson(input(json('azure-vtpm/milan-snp2-json-v1/evidence.json')))
    const sent = { hclReport: base64(hclReport), m: base64(message), sig: base64(tpmt) }
    for (const more of [{ second: base64(other.hclReport) }, { second: base64(other.quote?.message ?? message) }])
      for (const { recognised } of recogniseParts(input({ ...sent, ...more })))
        assert.ok(
          recognised.tee !== 'azure-vtpm' || parseAzureEvidence(recognised.evidence).quote === undefined,
          Object.keys(more).join(),
        )
  })

  it('in its own form is read as it is, with a signature in its structure and values by number too', () => {
    const own = file(`azure-vtpm/${NAME}/evidence.json`)
    assert.deepEqual(recognise(own).evidence, own)
    const evidence = json(`azure-vtpm/${NAME}/evidence.json`) as { tpm_quote: object }
    const values = Object.fromEntries(pcrs)
    const form = { ...evidence, tpm_quote: { ...evidence.tpm_quote, signature: hex(tpmt), pcrs: values } }
    const parsed = parseAzureJson(input(form))
    assert.equal(hex(parsed.quote?.signature ?? message), hex(signature))
    assert.deepEqual(parsed.quote?.pcrs, quote.pcrs)
    const without = recognise(input({ hcl_report: base64(hclReport), vcek: base64(vcek) }))
    assert.deepEqual([without.tee, without.companions[0]?.kind], ['azure-vtpm', 'certificates'])
    assert.deepEqual(without.evidence, hclReport)
  })
})

describe('recognise: a GPU under other names', { skip: missing('nvidia-gpu') }, () => {
  const report = file('nvidia-gpu/hopper-570-evidence-json/report.bin')
  const chain = new TextDecoder().decode(file('nvidia-gpu/hopper-570-evidence-json/cert-chain.pem'))
  const encoded = base64(utf8(chain))
  const digits = hex(report)

  for (const form of [
    { nonce: 'x', evidence: base64(utf8(digits)), arch: 'HOPPER', certificate: encoded },
    { nonce: 'x', evidence_list: [{ evidence: base64(utf8(digits)), certificate: encoded }], arch: 'HOPPER' },
    [{ attestationReportHexStr: digits, certChainBase64Encoded: encoded }],
    { evidence: digits, certificate: chain },
    { attestation_report: base64(report), cert_chain: encoded, uuid: 'x' },
    { report: [...report], chain },
  ])
    it(`${JSON.stringify(form).slice(0, 60)}…: with its chain`, () => {
      const found = recognise(input(form))
      assert.equal(found.tee, 'nvidia-gpu')
      const [device, second] = splitNvidiaEvidence(found.evidence)
      assert.equal(second, undefined)
      assert.equal(hex(device?.report ?? utf8('')), digits)
      assert.equal(new TextDecoder().decode(device?.certificateChain), chain)
    })

  it('beside other evidence it stays a piece of its own, and a chain that is not its own is left alone', () => {
    const snp = new Uint8Array(1184)
    snp.set([3, 0, 0, 0])
    snp[0x34] = 1
    const form = { attestation_report: base64(snp), cert_chain: [pem(snp)], gpu: base64(report), gpu_chain: chain }
    const parts = recogniseParts(input(form))
    assert.deepEqual(
      parts.map(({ recognised }) => recognised.tee),
      ['snp', 'nvidia-gpu'],
    )
    assert.equal(splitNvidiaEvidence(parts[1]?.recognised.evidence ?? snp)[0]?.certificateChain?.length, chain.length)
    const other = recognise(input({ spdm: digits, chain: pem(utf8('another vendor'.repeat(9))) }))
    assert.equal(splitNvidiaEvidence(other.evidence)[0]?.certificateChain, undefined)
  })
})

it('recognise: nothing is left out of an object of many members in which a GPU is', () => {
  const snp = new Uint8Array(1184)
  snp.set([3, 0, 0, 0])
  snp[0x34] = 1
  const many = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`m${i}`, i]))
  const parts = recogniseParts(input({ gpu: `11e001${'00'.repeat(500)}`, ...many, machine: base64(snp) }))
  assert.deepEqual(parts.map(({ recognised }) => recognised.tee).sort(), ['nvidia-gpu', 'snp'])
})

describe('recognise: a bundle of tokens in parts', () => {
  const token = (claims: object): string =>
    [{ alg: 'ES384' }, claims]
      .map((one) => Buffer.from(JSON.stringify(one)).toString('base64url'))
      .join('.')
      .concat('.AA')
  const main = token({ sub: 'platform'.repeat(16) })
  const devices = { 'GPU-0': token({ sub: 'gpu'.repeat(32) }) }
  const bundle = [['JWT', main], devices]

  it('under the names of clients, and inside of an object', () => {
    for (const form of [
      { JWTData: ['JWT', main], DeviceJWTs: devices },
      { JWT: main, ...devices },
      { JWT: main, devices },
      { eat: bundle, nonce: 'x' },
      { answer: { JWTData: ['JWT', main], DeviceJWTs: devices } },
    ]) {
      const found = recognise(input(form))
      assert.equal(found.form, 'bundle of JSON Web Tokens', JSON.stringify(form))
      assert.deepEqual(JSON.parse(new TextDecoder().decode(found.evidence)), bundle)
    }
  })

  it('tokens of which none is the main one are pieces of their own', () => {
    const forms = [
      { a: main, ...devices },
      { JWT: main, other: ['JWT', main], ...devices },
    ]
    for (const form of forms)
      assert.ok(recogniseParts(input(form)).every(({ recognised }) => recognised.form === 'JSON Web Token'))
  })
})
