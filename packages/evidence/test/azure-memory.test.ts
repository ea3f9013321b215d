import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { makeSnp } from '@sekisho/emulator/kit'
import { anySalt } from '#crypto'
import { type AzureEvidence, type AzureVerifyOptions, verifyAzure, verifyAzureSync } from '../src/azure/index.ts'
import { canonicalJson } from '../src/core/canonical.ts'
import { createMemory, type Memory, type Remembered } from '../src/core/memory.ts'
import type { SignatureJob } from '../src/crypto/jobs.ts'
import { KeptChecks } from '../src/crypto/kept-checks.ts'
import { prepareSnpCollateral } from '../src/snp/index.ts'
import { AT, azure, check, file, json, part } from './tpm-kit.ts'
import { missing } from './vectors.ts'

const skip = missing('azure-vtpm')
const NAME = 'milan-json-v1'
const CHAIN = (): { readonly ask: Uint8Array; readonly ark: Uint8Array } => ({
  ask: file(`azure-vtpm/${NAME}/certs/ask.der`),
  ark: file(`azure-vtpm/${NAME}/certs/ark.der`),
})

function options(extra: Partial<AzureVerifyOptions> = {}): AzureVerifyOptions {
  return {
    at: AT,
    collateral: { snp: CHAIN() },
    waive: ['snp.crl.present'],
    expect: { reportData: '6368616c6c656e6765' },
    ...extra,
  }
}

function edited(at: number): AzureEvidence {
  const evidence = azure(NAME)
  const hclReport = new Uint8Array(evidence.hclReport)
  hclReport[at] = (hclReport[at] as number) ^ 1
  return { ...evidence, hclReport }
}

function tdx(): AzureEvidence {
  const folder = 'azure-vtpm/tdx-json-v1'
  return {
    hclReport: file(`${folder}/hcl-report.bin`),
    quote: {
      message: file(`${folder}/tpm-quote.msg`),
      signature: file(`${folder}/tpm-quote.sig`),
      pcrs: json(`${folder}/pcrs.json`),
    },
    tdQuote: file(`${folder}/td-quote.bin`),
  }
}

/** A memory that tells which boots were put into it. */
class Watched implements Memory {
  readonly boots: string[] = []
  readonly #inner: Memory = createMemory()
  get bytes(): number {
    return this.#inner.bytes
  }
  get entries(): number {
    return this.#inner.entries
  }
  get(key: string): Remembered | undefined {
    return this.#inner.get(key)
  }
  set(key: string, value: Remembered, bytes: number): void {
    if (key.startsWith('azure:')) this.boots.push(key)
    this.#inner.set(key, value, bytes)
  }
}

// Report 32 to 1216, the claims from 1236; the SNP report's measurement is at 0x90, its signature at 0x2a0.
const TAMPERED: readonly (readonly [string, number])[] = [
  ['measurement', 32 + 0x90],
  ['report data', 32 + 0x50],
  ['signature of the report', 32 + 0x2a4],
  ['claims', 2126],
]

describe('what is remembered of an Azure VM', { skip }, () => {
  it('changes no verdict: accepted, rejected, tampered, at other times, under other anchors', async () => {
    const memory = createMemory()
    const evidence = azure(NAME)
    const { quote, vcek } = evidence
    const other = azure('milan-live').quote
    assert.ok(quote && vcek && other)
    const signature = new Uint8Array(quote.signature)
    signature[7] = (signature[7] as number) ^ 1
    const cases: readonly (readonly [string, AzureEvidence, AzureVerifyOptions])[] = [
      ['as it is', evidence, options()],
      ['prepared', evidence, options({ collateral: { snp: prepareSnpCollateral({ ...CHAIN(), vcek }) } })],
      ['another measurement', evidence, options({ expect: { measurement: ['00'.repeat(48)] } })],
      ['another nonce', evidence, options({ expect: { nonce: '00'.repeat(16) } })],
      ['before the certificates', evidence, options({ at: new Date('2015-01-01T00:00:00Z') })],
      ['after the certificates', evidence, options({ at: new Date('2060-01-01T00:00:00Z') })],
      ['no anchors', evidence, options({ trustAnchors: [] })],
      ['nothing waived', evidence, options({ waive: [] })],
      ['no collateral', evidence, options({ collateral: {} })],
      ['a quote that the key did not sign', { ...evidence, quote: { ...quote, signature } }, options()],
      ['the quote of another VM', { ...evidence, quote: other }, options()],
      ['TDX', tdx(), { at: AT }],
      ...TAMPERED.map(([what, at]) => [what, edited(at), options()] as const),
    ]
    const outcomes = new Set<string>()
    for (let round = 0; round < 3; round++) {
      for (const [what, one, how] of cases) {
        const expected = verifyAzureSync(one, how)
        outcomes.add(`${expected.outcome} ${expected.authenticity}`)
        assert.equal(canonicalJson(verifyAzureSync(one, { ...how, memory })), canonicalJson(expected), what)
        assert.equal(canonicalJson(await verifyAzure(one, { ...how, memory })), canonicalJson(expected), what)
      }
    }
    assert.ok(outcomes.has('rejected refuted') && outcomes.has('incomplete proven') && outcomes.has('rejected proven'))
  })

  it('is no check of the report that failed, and nothing under a chain that is refuted', () => {
    for (const [what, at] of TAMPERED) {
      const memory = new Watched()
      for (let i = 0; i < 2; i++) {
        assert.equal(verifyAzureSync(edited(at), options({ memory })).authenticity, 'refuted', what)
        assert.equal(memory.boots.length, 0, what)
      }
      assert.equal(verifyAzureSync(azure(NAME), options({ memory })).authenticity, 'proven', what)
      assert.equal(verifyAzureSync(edited(at), options({ memory })).authenticity, 'refuted', what)
    }
    const forger = makeSnp({})
    const memory = new Watched()
    const vcek = { ...forger.collateral }
    const verdict = verifyAzureSync(azure(NAME), options({ collateral: { snp: vcek }, memory }))
    assert.equal(verdict.authenticity, 'refuted')
    assert.equal(memory.boots.length, 0)
  })

  it('does not stand for a key that did not sign the report', () => {
    const memory = new Watched()
    assert.equal(verifyAzureSync(azure(NAME), options({ memory })).authenticity, 'proven')
    const { collateral } = makeSnp({})
    const verdict = verifyAzureSync(azure(NAME), options({ collateral: { snp: collateral }, memory }))
    assert.equal(check(part(verdict, 'hardware-report'), 'snp.report.signature').outcome, 'fail')
    assert.equal(verdict.authenticity, 'refuted')
  })

  it('is one entry a boot, within the bound, and not there when the bound has no room', () => {
    const memory = new Watched()
    for (let i = 0; i < 3; i++) verifyAzureSync(azure(NAME), options({ memory }))
    assert.equal(memory.boots.length, 1)
    const small = createMemory(4096)
    for (let i = 0; i < 3; i++)
      assert.equal(verifyAzureSync(azure(NAME), options({ memory: small })).authenticity, 'proven')
    assert.equal(small.entries, 0)
    assert.ok(small.bytes <= 4096)
  })

  it('cannot be changed through a verdict or the bytes that were given', () => {
    const memory = createMemory()
    const expected = canonicalJson(verifyAzureSync(azure(NAME), options()))
    const evidence = azure(NAME)
    const verdict = verifyAzureSync(evidence, options({ memory }))
    Object.assign(verdict.claims.vmConfiguration, { vmUniqueId: 'another', added: true })
    for (const bytes of [evidence.hclReport, evidence.vcek]) bytes?.fill(0)
    assert.equal(canonicalJson(verifyAzureSync(azure(NAME), options({ memory }))), expected)
  })
})

describe('kept checks', () => {
  const job = (change: Partial<SignatureJob> = {}): SignatureJob => ({
    kind: 'signature',
    scheme: 'ecdsa-p384-sha384',
    key: { kind: 'P-384', bytes: new Uint8Array(96).fill(1) },
    data: new Uint8Array(16).fill(2),
    signature: new Uint8Array(96).fill(3),
    ...change,
  })

  it('stand for the same check alone, and only where it verified', () => {
    const known = job({ result: true })
    assert.equal(new KeptChecks([known]).take(job()), known)
    for (const other of [
      job({ scheme: 'ecdsa-sha384' }),
      job({ key: { kind: 'P-384', bytes: new Uint8Array(96).fill(4) } }),
      job({ key: { kind: 'P-521', bytes: new Uint8Array(96).fill(1) } }),
      job({ data: new Uint8Array(17).fill(2) }),
      job({ data: new Uint8Array(16).fill(5) }),
      job({ signature: new Uint8Array(96).fill(6) }),
      job({ anySalt }),
    ])
      assert.equal(new KeptChecks([known]).take(other), other)
    for (const unsound of [job({ result: false }), job()]) {
      const kept = new KeptChecks([unsound])
      const asked = job()
      assert.equal(kept.take(asked), asked)
      asked.result = false
      assert.deepEqual(kept.verified, [])
    }
  })
})
