import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { type AzureEvidence, type AzureVerifyOptions, verifyAzureSync } from '../src/azure/index.ts'
import { canonicalJson } from '../src/core/canonical.ts'
import { createMemory, type Memory } from '../src/core/memory.ts'
import type { Verdict } from '../src/core/verdict.ts'
import { DcapCollateral, type DcapCollateralInput } from '../src/dcap/collateral.ts'
import { verifyNitroSync } from '../src/nitro/index.ts'
import { prepareSnpCollateral } from '../src/snp/index.ts'
import { type PcrValues, type TpmEvidence, type TpmVerifyOptions, verifyTpmSync } from '../src/tpm/index.ts'
import { AT, file, json, SYNTHETIC_NONCE, synthetic } from './tpm-kit.ts'
import { casesOf, missing, VECTORS } from './vectors.ts'

const skip = missing('tpm') || missing('azure-vtpm') || missing('aws-nitro') || missing('intel-tdx')

/** What a verification gives, as text: the verdict, or its refusal. */
function told(verify: () => Verdict): string {
  try {
    return canonicalJson(verify())
  } catch (error) {
    return String(error)
  }
}

/** Times around everything that begins or ends in a verdict, and some between. */
function edges(verdict: Verdict): readonly Date[] {
  const all = [verdict, ...(verdict.parts ?? []).map((part) => part.verdict)].flatMap(({ collateral }) => collateral)
  const ends = new Set(
    all.flatMap(({ from, until }) => [from, until]).flatMap((text) => (text ? [Date.parse(text)] : [])),
  )
  const near = [...ends].flatMap((end) => [-1, 0, 1, 1000].map((by) => end + by))
  return [AT.getTime(), ...near].map((time) => new Date(time))
}

/** The same numbers in another order each round, the same at each run. */
function shuffled<T>(values: readonly T[], round: number): readonly T[] {
  const keyed = values.map((value, i) => [createHash('sha256').update(`${round} ${i}`).digest('hex'), value] as const)
  return keyed.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value)
}

interface Subject<E, O> {
  readonly what: string
  readonly evidence: E
  readonly options: O
  /** Whether it is judged around all that begins or ends, and not only at its own time. */
  readonly edges?: boolean
}

/** Judges everything at all times in any order, with one memory for all and without, and compares. Counts what was kept. */
function compareAll<E, O extends { readonly at: Date }>(
  subjects: readonly Subject<E, O>[],
  verify: (evidence: E, options: O & { readonly memory?: Memory }) => Verdict,
): { readonly kept: number; readonly judged: number } {
  const memory = createMemory()
  let [kept, judged] = [0, 0]
  const all = subjects.flatMap((one) => {
    const { what, evidence, options } = one
    const times = one.edges === true ? [options.at, ...edges(verify(evidence, options))] : [options.at]
    return times.map((at) => {
      const asked = { ...options, at }
      return { what, evidence, asked, cold: told(() => verify(evidence, asked)) }
    })
  })
  for (let round = 0; round < 2; round++) {
    for (const { what, evidence, asked, cold } of shuffled(all, round)) {
      // Once after whatever came before, once after itself.
      for (let i = 0; i < 2; i++) {
        const warm = told(() => {
          const verdict = verify(evidence, { ...asked, memory })
          if (Object.isFrozen(verdict.claims.runtimeMeasurements)) kept++
          else judged++
          return verdict
        })
        assert.equal(warm, cold, `${what} at ${asked.at.toISOString()}`)
      }
    }
  }
  return { kept, judged }
}

const WISHES: readonly NonNullable<TpmVerifyOptions['expect']>[] = [
  {},
  { reportData: SYNTHETIC_NONCE },
  { reportData: SYNTHETIC_NONCE, reportDataIsFresh: true },
  { nonce: '00'.repeat(16) },
  { resetCounts: [7] },
  { measurement: ['00'.repeat(32)] },
  { allowSha1: true, bank: 'sha1' },
]

/** Evidence that differs from a good one in one part. */
function variants(evidence: TpmEvidence): readonly TpmEvidence[] {
  const { pcrs, akPublic: _k, certificates: _c, ...bare } = evidence
  const [bank] = Object.keys(pcrs ?? {})
  const values = pcrs?.[bank ?? ''] ?? {}
  const other = (change: Readonly<Record<string, string>>): PcrValues => ({
    ...pcrs,
    [bank ?? '']: { ...values, ...change },
  })
  const turned = (bytes: Uint8Array, at: number): Uint8Array => bytes.map((byte, i) => (i === at ? byte ^ 1 : byte))
  const [first] = Object.values(values)
  return [
    { ...evidence, signature: turned(evidence.signature, evidence.signature.length - 3) },
    { ...evidence, message: turned(evidence.message, 45) },
    { ...evidence, message: turned(evidence.message, evidence.message.length - 1) },
    { ...evidence, eventLog: new Uint8Array(5) },
    { ...evidence, pcrs: {} },
    ...(first === undefined
      ? []
      : [
          { ...evidence, pcrs: other({ 0: first.replace(/.$/, (digit) => (digit === '0' ? '1' : '0')) }) },
          { ...evidence, pcrs: other({ 23: 'ab'.repeat(first.length / 2) }) },
          { ...evidence, pcrs: other({ 0: (values['0'] ?? first).toUpperCase() }) },
          { ...evidence, pcrs: { ...other({}), sha512: { 3: '12'.repeat(64) } } },
        ]),
    { ...bare, ...(pcrs === undefined ? {} : { pcrs }) },
  ]
}

describe('a verdict that rests on a memory is that of a fresh judgement', { skip }, () => {
  it('for every TPM quote of the vectors, and such with one part changed', () => {
    const made = readdirSync(join(VECTORS, 'tpm/synthetic')).filter((name) =>
      existsSync(join(VECTORS, 'tpm/synthetic', name, 'pcrs.json')),
    )
    const anchors = made.map((name) => synthetic(name).anchor)
    const google = 'tpm/gce-cos85-nonce'
    const real: TpmEvidence = {
      message: file(`${google}/sha256-quote.msg`),
      signature: file(`${google}/sha256-quote.sig`),
      pcrs: json(`${google}/pcrs.json`),
      certificates: ['ak', 'intermediate', 'root'].map((name) => file(`${google}/certs/${name}.der`)),
    }
    const logged = { ...real, eventLog: file(`${google}/event-log.bin`) }
    const all: Subject<TpmEvidence, TpmVerifyOptions>[] = []
    const add = (what: string, evidence: TpmEvidence, options: Partial<TpmVerifyOptions>, edges = false): void => {
      all.push({ what, evidence, options: { at: AT, ...options }, edges })
    }
    for (const name of made) {
      const { evidence } = synthetic(name)
      add(name, evidence, { trustAnchors: anchors, expect: { allowEmulated: true } })
      for (const expect of WISHES) add(name, evidence, { trustAnchors: anchors, expect })
    }
    for (const one of variants(synthetic('rsassa').evidence)) add('rsassa', one, { trustAnchors: anchors })
    for (const one of [...variants(real), ...variants(logged)]) add(google, one, {})
    for (const expect of WISHES) add(google, logged, { expect })
    add(google, real, {}, true)
    add(google, logged, { waive: ['tpm.expect.freshness', 'tpm.expect.open-pcrs'] }, true)
    add(google, logged, { trustAnchors: [] })
    const { kept, judged } = compareAll(all, verifyTpmSync)
    assert.ok(kept > 300 && judged > 300, `${kept} kept, ${judged} judged`)
  })

  it('for every Azure VM of the vectors', () => {
    const all: Subject<AzureEvidence, AzureVerifyOptions>[] = []
    const waive = ['snp.crl.present']
    for (const name of readdirSync(join(VECTORS, 'azure-vtpm')).sort()) {
      const at = (part: string): string => `azure-vtpm/${name}/${part}`
      const given = (part: string): boolean => existsSync(join(VECTORS, at(part)))
      if (!given('certs/vcek.der') || !given('certs/ask.der')) continue
      const [vcek, ask, ark] = ['vcek', 'ask', 'ark'].map((one) => file(at(`certs/${one}.der`))) as [
        Uint8Array,
        Uint8Array,
        Uint8Array,
      ]
      const evidence: AzureEvidence = {
        hclReport: file(at('hcl-report.bin')),
        quote: {
          message: file(at('tpm-quote.msg')),
          signature: file(at('tpm-quote.sig')),
          ...(given('pcrs.json') ? { pcrs: json<PcrValues>(at('pcrs.json')) } : {}),
        },
        vcek,
      }
      const snp = prepareSnpCollateral({ ask, ark, vcek })
      const common: AzureVerifyOptions = { at: AT, collateral: { snp }, waive }
      const add = (one: AzureEvidence, options: Partial<AzureVerifyOptions>, edges = false): void => {
        all.push({ what: name, evidence: one, options: { ...common, ...options }, edges })
      }
      add(evidence, {}, true)
      add(evidence, { collateral: { snp: { ask, ark } } })
      for (const more of [
        { waive: [] },
        { trustAnchors: [] },
        { expect: { nonce: '00'.repeat(16) } },
        { expect: { reportData: '6368616c6c656e6765', reportDataIsFresh: true } },
        { expect: { measurement: ['00'.repeat(48)] } },
        { expect: { hardware: { products: ['Milan'] } } },
        { expect: { vtpm: { requiredPcrs: [0, 7] } } },
        { collateral: { snp: prepareSnpCollateral({ ask, ark, vcek: vcek.slice(0, -1) }) } },
      ] satisfies readonly Partial<AzureVerifyOptions>[])
        add(evidence, more)
      const { quote } = evidence
      if (quote !== undefined)
        for (const { message, signature, pcrs, eventLog } of variants(quote))
          add({ ...evidence, quote: { message, signature, ...(pcrs && { pcrs }) }, ...(eventLog && { eventLog }) }, {})
    }
    const { kept, judged } = compareAll(all, verifyAzureSync)
    assert.ok(kept > 100 && judged > 100, `${kept} kept, ${judged} judged`)
  })

  it('for an Azure VM with TDX, at all times around its collateral', () => {
    const { evidence, tdx } = azureTd()
    const other = { ...evidence, tdQuote: evidence.tdQuote.map((byte, i) => (i === 600 ? byte ^ 1 : byte)) }
    const { kept } = compareAll<AzureEvidence, AzureVerifyOptions>(
      [evidence, other].map((one) => ({
        what: 'tdx',
        evidence: one,
        options: { at: AT, collateral: { tdx } },
        edges: true,
      })),
      verifyAzureSync,
    )
    assert.ok(kept > 0)
  })

  it('an exception for a TCB ends at its time, whatever is kept from before', () => {
    const { evidence, tdx } = azureTd()
    const memory = createMemory()
    const hour = 3_600_000
    // When the collateral is in date, which is what a kept verdict needs.
    const now = Date.parse('2025-06-19T09:00:00Z')
    const exception = {
      name: 'for an hour',
      statuses: ['OutOfDate'],
      advisories: [
        'INTEL-SA-00960',
        'INTEL-SA-00982',
        'INTEL-SA-00986',
        'INTEL-SA-01036',
        'INTEL-SA-01079',
        'INTEL-SA-01099',
        'INTEL-SA-01103',
        'INTEL-SA-01111',
      ],
      until: new Date(now + hour).toISOString(),
    } as const
    const statusAt = (at: number, kept: boolean): string | undefined => {
      const expect = { hardware: { acceptTcb: [exception] } }
      const options = { at: new Date(at), collateral: { tdx }, expect, ...(kept ? { memory } : {}) }
      const [td] = verifyAzureSync(evidence, options).parts ?? []
      return td?.verdict.checks.flatMap(({ checks }) => checks).find(({ id }) => id === 'tdx.tcb.status')?.outcome
    }
    for (const [hours, outcome] of [
      [0, 'pass'],
      [1, 'pass'],
      [2, 'fail'],
      [0, 'pass'],
    ] as const)
      for (const kept of [true, false]) assert.equal(statusAt(now + hours * hour, kept), outcome, `${hours} h`)
  })

  it('for every Nitro document of the vectors', () => {
    const readable = casesOf('aws-nitro').filter(({ name }) => name !== 'derived-trailing-bytes')
    compareAll(
      readable.map(({ name, at, file }, i) => ({
        what: name,
        evidence: file('evidence.bin'),
        options: { at },
        edges: i % 5 === 0,
      })),
      verifyNitroSync,
    )
  })
})

function azureTd(): {
  readonly evidence: AzureEvidence & { readonly tdQuote: Uint8Array }
  readonly tdx: DcapCollateral
} {
  const folder = 'azure-vtpm/tdx-json-v1'
  const evidence = {
    hclReport: file(`${folder}/hcl-report.bin`),
    quote: {
      message: file(`${folder}/tpm-quote.msg`),
      signature: file(`${folder}/tpm-quote.sig`),
      pcrs: json<PcrValues>(`${folder}/pcrs.json`),
    },
    tdQuote: file(`${folder}/td-quote.bin`),
  }
  const collateral = json<DcapCollateralInput>('intel-tdx/trustee-v4-azure-out-of-date/collateral.json')
  return { evidence, tdx: new DcapCollateral(collateral) }
}
