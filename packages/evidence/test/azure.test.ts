import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import { makeSnp } from '@sekisho/emulator/kit'
import {
  type AzureEvidence,
  type AzureExpectations,
  type AzureVerifyOptions,
  azureCheckIds,
  azureFields,
  azureSkeleton,
  encodeHclReport,
  parseAzureJson,
  parseHclReport,
  readRuntimeClaims,
  verifyAzure,
  verifyAzureSync,
} from '../src/azure/index.ts'
import { canonicalJson } from '../src/core/canonical.ts'
import { EvidenceError } from '../src/core/errors.ts'
import type { Verdict } from '../src/core/verdict.ts'
import { AT, azure, check, file, json, part } from './tpm-kit.ts'
import { missing } from './vectors.ts'

const skip = missing('azure-vtpm')
const NAME = 'milan-json-v1'
const NONCE = '6368616c6c656e6765'

function options(extra: AzureVerifyOptions['expect'] = {}): AzureVerifyOptions {
  return {
    at: AT,
    collateral: {
      snp: { ask: file(`azure-vtpm/${NAME}/certs/ask.der`), ark: file(`azure-vtpm/${NAME}/certs/ark.der`) },
    },
    waive: ['snp.crl.present'],
    expect: { reportData: NONCE, ...extra },
  }
}

function edited(at: number, ...bytes: readonly number[]): AzureEvidence {
  const evidence = azure(NAME)
  const hclReport = new Uint8Array(evidence.hclReport)
  hclReport.set(bytes, at)
  return { ...evidence, hclReport }
}

describe('Azure confidential VM with TDX', { skip }, () => {
  it('what is behind the TDREPORT in its slot is signed by nobody and changes nothing', () => {
    const evidence = parseAzureJson(file('azure-vtpm/tdx-json-v1/evidence.json'))
    const hclReport = new Uint8Array(evidence.hclReport)
    hclReport[32 + 1183] = 0xff
    assert.equal(check(verifyAzureSync({ ...evidence, hclReport }, { at: AT }), 'azure.td-report').outcome, 'pass')
  })

  it('what is expected of the hardware may be for the other kind: a verdict says so', () => {
    const expect = (hardware: NonNullable<AzureExpectations['hardware']>): AzureVerifyOptions => ({
      at: AT,
      expect: { hardware },
    })
    const td = parseAzureJson(file('azure-vtpm/tdx-json-v1/evidence.json'))
    for (const [evidence, hardware, words] of [
      [td, { minTcb: { snp: 1 } }, /hardware is for SEV-SNP$/],
      [azure(NAME), { mrSeam: ['00'.repeat(48)] }, /hardware is for TDX$/],
    ] as const) {
      const { outcome, reason } = check(verifyAzureSync(evidence, expect(hardware)), 'azure.accept.hardware')
      assert.equal(outcome, 'fail')
      assert.match(reason, words)
    }
    assert.throws(() => verifyAzureSync(td, expect({ minTcb: { snp: 1 }, mrSeam: ['00'.repeat(48)] })), /"minTcb"/)
  })

  it('a TDREPORT of another TD than the quote is refused, also where nothing proves the quote', () => {
    const evidence = parseAzureJson(file('azure-vtpm/tdx-json-v1/evidence.json'))
    const judged = (hclReport: Uint8Array): Verdict => verifyAzureSync({ ...evidence, hclReport }, { at: AT })
    assert.equal(check(judged(evidence.hclReport), 'azure.td-report').outcome, 'pass')
    // MRTD of the TDREPORT in the HCL report.
    for (const at of [32 + 528, 32 + 575]) {
      const hclReport = new Uint8Array(evidence.hclReport)
      hclReport[at] = (hclReport[at] as number) ^ 1
      const verdict = judged(hclReport)
      assert.equal(check(verdict, 'azure.td-report').outcome, 'fail')
      assert.equal(verdict.authenticity, 'refuted')
    }
  })
})

describe('Azure confidential VM', { skip }, () => {
  it('under SEV-SNP has no TD quote: one beside it would be judged by nobody', () => {
    const { tdQuote } = parseAzureJson(file('azure-vtpm/tdx-json-v1/evidence.json'))
    assert.ok(tdQuote)
    assert.equal(check(verifyAzureSync(azure(NAME), options()), 'azure.td-report').outcome, 'not-applicable')
    const verdict = verifyAzureSync({ ...azure(NAME), tdQuote }, options())
    assert.equal(check(verdict, 'azure.td-report').outcome, 'fail')
    assert.equal(verdict.authenticity, 'refuted')
  })

  it('is verified as one tree, once hardware, PCRs and nonce are as expected', () => {
    const evidence = azure(NAME)
    const pcrs = Object.fromEntries(
      Object.entries(evidence.quote?.pcrs?.['sha256'] ?? {}).map(([index, value]) => [index, [value]]),
    )
    const measurement =
      '6a063be9dd79f6371c842e480f8dc3b5c725961344e57130e88c5adf49e8f7f6c79b75a5eb77fc769959f4aeb2f9401e'
    const before = verifyAzureSync(evidence, options())
    assert.equal(before.outcome, 'incomplete')
    const hardware = part(before, 'hardware-report').checks.flatMap(({ checks }) => checks)
    const open = hardware
      .filter(({ outcome, waived, blockedBy }) => outcome === 'unchecked' && waived !== true && blockedBy === undefined)
      .map(({ id }) => id)
    const waive = ['snp.crl.present', ...open.filter((id) => id !== 'snp.expect.measurement')]
    const verdict = verifyAzureSync(evidence, {
      ...options({ measurement: [measurement], vtpm: { pcrs }, reportDataIsFresh: true }),
      waive,
    })
    assert.equal(verdict.outcome, 'verified', verdict.summary)
    assert.deepEqual(
      verdict.parts?.map(({ name }) => name),
      ['hardware-report', 'vtpm'],
    )
    assert.ok(verdict.assumed.some(({ id }) => id === 'paravisor'))
    assert.equal(verdict.claims.hardware, true)
  })

  it('is never better than its worst part', () => {
    const verdict = verifyAzureSync(azure(NAME), options({ measurement: ['00'.repeat(48)] }))
    assert.equal(part(verdict, 'hardware-report').outcome, 'rejected')
    assert.equal(check(verdict, 'azure.accept.hardware').outcome, 'fail')
    assert.equal(verdict.outcome, 'rejected')
    assert.match(check(verdict, 'azure.accept.hardware').remedy?.action ?? '', /measurement/)
  })

  it('has the same verdict when it is waited for', async () => {
    const evidence = azure(NAME)
    assert.equal(
      canonicalJson(await verifyAzure(evidence, options())),
      canonicalJson(verifyAzureSync(evidence, options())),
    )
  })

  it('with one bit of any signed byte turned is refuted, and cut short it is refused', () => {
    const evidence = azure(NAME)
    const end = 1236 + parseHclReport(evidence.hclReport).claims.length
    for (let at = 0; at < end; at += at < 1216 ? 3 : 2) {
      // The header, what only describes sizes, and the tail of the SNP report behind its signature carry nothing.
      if (at < 32 || (at >= 848 && at < 1236)) continue
      try {
        const verdict = verifyAzureSync(edited(at, (evidence.hclReport[at] as number) ^ (1 << (at % 8))), options())
        assert.equal(verdict.authenticity, 'refuted', `byte ${at}`)
      } catch (error) {
        assert.ok(error instanceof EvidenceError, `byte ${at}`)
      }
    }
    for (let length = 0; length < end; length += 11)
      assert.throws(() => parseHclReport(evidence.hclReport.subarray(0, length)), EvidenceError)
  })

  it('reads every JSON form, and refuses what is none', () => {
    for (const name of [
      'milan-json-v0',
      'milan-json-v1',
      'milan-live',
      'genoa-json-v0',
      'tdx-json-v0',
      'tdx-json-v1',
    ]) {
      const read = parseAzureJson(file(`azure-vtpm/${name}/evidence.json`))
      assert.deepEqual(read.hclReport, file(`azure-vtpm/${name}/hcl-report.bin`), name)
      assert.deepEqual(read.quote?.signature, file(`azure-vtpm/${name}/tpm-quote.sig`), name)
    }
    for (const wrong of [
      '{}',
      'x',
      '{"hcl_report":"AA"}',
      '{"hcl_report":"AA","tpm_quote":{"message":"0","signature":""}}',
      '{"version":9,"hcl_report":"AA","tpm_quote":{}}',
      '{"report":[256],"quote":{}}',
    ]) {
      assert.throws(() => parseAzureJson(new TextEncoder().encode(wrong)), EvidenceError, wrong)
    }
  })

  it('writes an HCL report as it was read', () => {
    for (const name of ['milan-json-v1', 'milan-hcl-2048', 'tdx-json-v1']) {
      const bytes = file(`azure-vtpm/${name}/hcl-report.bin`)
      assert.deepEqual(encodeHclReport(parseHclReport(bytes)), bytes, name)
    }
  })

  it('takes keys by their ids, and each id once', () => {
    const { claims } = parseHclReport(azure(NAME).hclReport)
    const text = new TextDecoder().decode(claims)
    assert.equal(readRuntimeClaims(claims).ak.kid, 'HCLAkPub')
    for (const wrong of [
      text.replace('HCLEkPub', 'HCLAkPub'),
      text.replace('HCLAkPub', 'HCLAkPuc'),
      '{"keys":{}}',
      '[]',
      text.replace('"RSA"', '"EC"'),
    ]) {
      assert.throws(() => readRuntimeClaims(new TextEncoder().encode(wrong)), EvidenceError)
    }
  })

  it('takes keys by their ids, and leaves others alone', () => {
    const { claims } = parseHclReport(azure(NAME).hclReport)
    const whole: { keys: readonly unknown[] } = JSON.parse(new TextDecoder().decode(claims))
    const withKeys = (...more: readonly unknown[]): Uint8Array =>
      new TextEncoder().encode(JSON.stringify({ ...whole, keys: [...more, ...whole.keys] }))
    const other = { kid: 'HCLOther', kty: 'EC', crv: 'P-384', x: 'AA', y: 'AA' }
    const read = readRuntimeClaims(withKeys(other))
    assert.deepEqual(read.ak.key.bytes, readRuntimeClaims(claims).ak.key.bytes)
    assert.deepEqual(
      read.keys.map(({ kid }) => kid),
      ['HCLAkPub', 'HCLEkPub'],
    )
    for (const wrong of [[other, other], [{ kty: 'EC' }], [{ ...other, kid: 'HCLAkPub' }]])
      assert.throws(() => readRuntimeClaims(withKeys(...wrong)), EvidenceError)
  })

  it('names each check and field once', () => {
    assert.equal(new Set(azureCheckIds()).size, azureCheckIds().length)
    const paths = azureFields(azure(NAME)).map(({ path }) => path)
    assert.equal(new Set(paths).size, paths.length)
  })

  it('what it would meet leaves no value of its hardware open', () => {
    const evidence = azure(NAME)
    const expect = azureSkeleton(evidence)
    assert.deepEqual(Object.keys(expect), ['measurement', 'hardware', 'reportData', 'vtpm'])
    const verdict = verifyAzureSync(evidence, { ...options(), expect })
    assert.equal(part(verdict, 'hardware-report').outcome, 'verified')
    assert.equal(check(verdict, 'azure.accept.hardware').outcome, 'pass')
  })
})

describe('soundness of Azure evidence', { skip }, () => {
  it('soundness 45: header and padding carry nothing', () => {
    for (const evidence of [edited(12, 3), edited(2599, 0xff)]) {
      assert.equal(verifyAzureSync(evidence, options()).authenticity, 'proven')
    }
  })

  it('soundness 45: the exact bytes of the claims are hashed', () => {
    const verdict = verifyAzureSync(edited(2126, ...new TextEncoder().encode('fals')), options())
    assert.equal(check(verdict, 'azure.binding').outcome, 'fail')
    assert.equal(check(verdict, 'azure.part.hardware').outcome, 'pass')
  })

  it('soundness 45: a TDREPORT is not a quote', () => {
    const verdict = verifyAzureSync({ hclReport: file('azure-vtpm/tdx-hcl-only/hcl-report.bin') }, { at: AT })
    assert.equal(check(verdict, 'azure.hardware.present').outcome, 'unchecked')
    assert.equal(verdict.authenticity, 'unproven')
  })

  it('soundness 45: a TD quote of another VM does not bind', () => {
    const quote = azureTdx()
    const verdict = verifyAzureSync({ ...quote, hclReport: file('azure-vtpm/tdx-hcl-only/hcl-report.bin') }, { at: AT })
    assert.equal(check(verdict, 'azure.binding').outcome, 'fail')
  })

  it('a report that the guest below the paravisor asked for binds no key, even where its VMPL is accepted', () => {
    const report = parseHclReport(azure(NAME).hclReport)
    const nonce = new Uint8Array(createHash('sha256').update(report.claims).digest())
    for (const [vmpl, outcome] of [
      [0, 'pass'],
      [2, 'fail'],
      [0xffffffff, 'fail'],
    ] as const) {
      const snp = makeSnp({ nonce, report: { vmpl } })
      const verdict = verifyAzureSync(
        { hclReport: encodeHclReport({ ...report, hardwareReport: snp.evidence }) },
        {
          at: snp.at,
          collateral: { snp: snp.collateral },
          trustAnchors: [snp.anchor],
          expect: { allowEmulated: true, hardware: { vmpl: [0, 2] } },
        },
      )
      if (vmpl !== 0xffffffff) assert.equal(check(verdict, 'azure.binding').outcome, 'pass')
      assert.equal(check(verdict, 'azure.paravisor').outcome, outcome, String(vmpl))
    }
  })

  it('what the guest put into its report stays open until it is compared, and claims without a key are refused', () => {
    const report = parseHclReport(azure(NAME).hclReport)
    const text = new TextDecoder().decode(report.claims)
    const judged = (claims: Uint8Array, userData?: string): Verdict => {
      const snp = makeSnp({ nonce: new Uint8Array(createHash('sha256').update(claims).digest()), report: { vmpl: 0 } })
      return verifyAzureSync(
        { hclReport: encodeHclReport({ ...report, claims, hardwareReport: snp.evidence }) },
        {
          at: snp.at,
          collateral: { snp: snp.collateral },
          trustAnchors: [snp.anchor],
          expect: userData === undefined ? {} : { userData },
          waive: ['azure.expect.user-data'],
        },
      )
    }
    const put = `01${'00'.repeat(63)}`
    const claims = new TextEncoder().encode(text.replace(/("user-data": *")[0-9A-Fa-f]*"/, `$1${put}"`))
    for (const [wished, outcome] of [
      [undefined, 'unchecked'],
      ['01', 'pass'],
      ['02', 'fail'],
    ] as const) {
      const verdict = judged(claims, wished)
      assert.equal(check(verdict, 'azure.expect.user-data').outcome, outcome, String(wished))
      assert.equal(verdict.waived.includes('azure.expect.user-data'), wished === undefined)
    }
    assert.equal(check(judged(new TextEncoder().encode('{"keys":[]}')), 'azure.claims').outcome, 'fail')
  })

  it('soundness 45: an empty nonce is no freshness, a prefix or padding is another nonce', () => {
    assert.throws(() => verifyAzureSync(azure(NAME), options({ nonce: '' })), TypeError)
    assert.throws(() => verifyAzureSync(azure(NAME), options({ reportData: '' })), TypeError)
    for (const wrong of [NONCE.slice(0, -2), `${NONCE}00`]) {
      const vtpm = part(verifyAzureSync(azure(NAME), options({ reportData: wrong, reportDataIsFresh: true })), 'vtpm')
      assert.equal(check(vtpm, 'tpm.expect.freshness').outcome, 'fail')
    }
    const none = part(verifyAzureSync(azure(NAME), { at: AT }), 'vtpm')
    assert.equal(check(none, 'tpm.expect.freshness').outcome, 'unchecked')
  })

  it('soundness 45: a quote by the key of another VM does not count', () => {
    const { quote } = azure('milan-live')
    assert.ok(quote)
    const verdict = verifyAzureSync({ ...azure(NAME), quote }, options())
    assert.equal(check(verdict, 'azure.quote.signature').outcome, 'fail')
  })
})

function azureTdx(): AzureEvidence {
  return {
    hclReport: file('azure-vtpm/tdx-json-v0/hcl-report.bin'),
    quote: {
      message: file('azure-vtpm/tdx-json-v0/tpm-quote.msg'),
      signature: file('azure-vtpm/tdx-json-v0/tpm-quote.sig'),
      pcrs: json('azure-vtpm/tdx-json-v0/pcrs.json'),
    },
    tdQuote: file('azure-vtpm/tdx-json-v0/td-quote.bin'),
  }
}
