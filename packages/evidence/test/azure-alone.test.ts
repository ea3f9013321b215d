import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { azureFields, parseAzureEvidence, parseHclReport, verifyAzure, verifyAzureSync } from '../src/azure/index.ts'
import { recognise } from '../src/recognise/index.ts'
import { AT, azure, check, file } from './tpm-kit.ts'
import { missing } from './vectors.ts'

const skip = missing('azure-vtpm')
const NAME = 'milan-json-v1'
const WAIVED = ['snp.crl.present', 'azure.quote.present']

function wishes(hclReport: Uint8Array): Parameters<typeof verifyAzureSync>[1] {
  const { hardwareReport } = parseHclReport(hclReport)
  return {
    at: AT,
    collateral: {
      snp: {
        vcek: file(`azure-vtpm/${NAME}/certs/vcek.der`),
        ask: file(`azure-vtpm/${NAME}/certs/ask.der`),
        ark: file(`azure-vtpm/${NAME}/certs/ark.der`),
      },
    },
    expect: {
      measurement: [Buffer.from(hardwareReport.subarray(0x90, 0xc0)).toString('hex')],
      hardware: { minTcb: { bootloader: 0, tee: 0, snp: 0, microcode: 0 } },
    },
  }
}

describe('an HCL report that no quote came with', { skip }, () => {
  const { hclReport } = skip === false ? azure(NAME) : { hclReport: new Uint8Array(0) }

  it('is recognised, and judged with what it binds: incomplete for want of a quote, which can be waived by name', async () => {
    const { tee, evidence } = recognise(hclReport)
    assert.equal(tee, 'azure-vtpm')
    const open = verifyAzureSync(evidence, { ...wishes(hclReport), waive: ['snp.crl.present'] })
    assert.equal(open.outcome, 'incomplete')
    assert.equal(check(open, 'azure.binding').outcome, 'pass')
    assert.equal(check(open, 'azure.quote.present').outcome, 'unchecked')
    const waived = await verifyAzure(evidence, { ...wishes(hclReport), waive: WAIVED })
    assert.equal(waived.outcome, 'verified')
    assert.deepEqual(waived.waived, ['azure.quote.present', 'snp.crl.present'])
    assert.match(waived.summary, /waived by you: azure\.quote\.present, snp\.crl\.present$/)
  })

  it('meets no expectation of a quote, whatever is waived: a recorded report has no nonce', () => {
    const { expect, ...rest } = wishes(hclReport)
    const value = 'ab'.repeat(32)
    for (const one of [
      { nonce: value },
      { reportData: value, reportDataIsFresh: true },
      { vtpm: { pcrs: { 0: [value] } } },
    ]) {
      const verdict = verifyAzureSync(hclReport, { ...rest, expect: { ...expect, ...one }, waive: WAIVED })
      assert.equal(verdict.outcome, 'incomplete', Object.keys(one)[0])
      assert.match(check(verdict, 'azure.accept.vtpm').reason ?? '', /compared with nothing/)
    }
  })

  it('with one bit of its runtime claims changed is refused: the report is of other claims', () => {
    const altered = new Uint8Array(hclReport)
    altered[1253] = (altered[1253] ?? 0) ^ 1
    const verdict = verifyAzureSync(recognise(altered).evidence, { ...wishes(hclReport), waive: WAIVED })
    assert.equal(verdict.outcome, 'rejected')
    assert.equal(check(verdict, 'azure.binding').outcome, 'fail')
  })

  it('of a TD shows its fields and asks for the TD quote', () => {
    const { tee, evidence } = recognise(file('azure-vtpm/tdx-hcl-only/hcl-report.bin'))
    assert.equal(tee, 'azure-vtpm')
    const names = azureFields(parseAzureEvidence(evidence)).map(({ path }) => path)
    for (const name of ['hcl.claims', 'hcl.tdReport.mrTd']) assert.ok(names.includes(name), name)
    const verdict = verifyAzureSync(evidence, { at: AT })
    assert.equal(verdict.outcome, 'incomplete')
    assert.equal(check(verdict, 'azure.binding').outcome, 'pass')
    assert.match(check(verdict, 'azure.hardware.present').remedy?.action ?? '', /TD quote/)
  })
})

describe('what was waived of a part of Azure evidence', { skip }, () => {
  const evidence = skip === false ? azure(NAME) : undefined

  it('is named by the whole; what nobody waived is not, and the report is fresh as far as the quote is', () => {
    const verdict = verifyAzureSync(evidence ?? new Uint8Array(0), {
      ...wishes(evidence?.hclReport ?? new Uint8Array(0)),
      waive: ['snp.crl.present'],
    })
    assert.deepEqual(verdict.waived, ['snp.crl.present'])
    const part = verdict.parts?.find(({ name }) => name === 'hardware-report')?.verdict
    assert.deepEqual(part?.waived, ['snp.crl.present'])
    assert.ok(part !== undefined && check(part, 'snp.expect.freshness').outcome === 'not-applicable')
  })
})
