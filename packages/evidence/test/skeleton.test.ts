import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { azureSkeleton, parseAzureJson, verifyAzureSync } from '../src/azure/index.ts'
import { ccaSkeleton, parseCcaToken, verifyCcaSync } from '../src/cca/index.ts'
import { EvidenceError } from '../src/core/errors.ts'
import type { Skeleton } from '../src/core/skeleton.ts'
import type { Check, Claims, Tee, Verdict } from '../src/core/verdict.ts'
import { iasSkeleton, parseIas, verifyIasSync } from '../src/ias/index.ts'
import { ibmSeSkeleton, isSeExchange, parseSeExchange, verifyIbmSeSync } from '../src/ibm-se/index.ts'
import { nitroSkeleton, parseNitroDocument, verifyNitroSync } from '../src/nitro/index.ts'
import { nvidiaSkeleton, parseNvidiaReport, splitNvidiaEvidence, verifyNvidiaNodeSync } from '../src/nvidia/index.ts'
import { parsePsaToken, psaSkeleton, verifyPsaSync } from '../src/psa/index.ts'
import { recognise } from '../src/recognise/index.ts'
import { parseSevReport, SEV_REPORT_SIZE, sevSkeleton, verifySevSync } from '../src/sev/index.ts'
import { parseSgxQuote, sgxSkeleton, verifySgxSync } from '../src/sgx/index.ts'
import { parseSnpReport, snpSkeleton, verifySnpSync } from '../src/snp/index.ts'
import { parseTdxQuote, tdxSkeleton, verifyTdxSync } from '../src/tdx/index.ts'
import { parseToken, tokenSkeleton, verifyTokenSync } from '../src/token/index.ts'
import { tpmSkeleton, verifyTpmSync } from '../src/tpm/index.ts'
import { synthetic } from './tpm-kit.ts'
import { missing, VECTORS } from './vectors.ts'

interface Under {
  skeleton(evidence: Uint8Array): Skeleton
  verify(evidence: Uint8Array, options: { readonly at: Date; readonly expect: Skeleton }): Verdict<Claims>
}

const TEES: Readonly<Partial<Record<Tee, Under>>> = {
  snp: { skeleton: (bytes) => snpSkeleton(parseSnpReport(bytes)), verify: verifySnpSync },
  sgx: { skeleton: (bytes) => sgxSkeleton(parseSgxQuote(bytes)), verify: verifySgxSync },
  tdx: { skeleton: (bytes) => tdxSkeleton(parseTdxQuote(bytes)), verify: verifyTdxSync },
  nitro: { skeleton: (bytes) => nitroSkeleton(parseNitroDocument(bytes)), verify: verifyNitroSync },
  cca: { skeleton: (bytes) => ccaSkeleton(parseCcaToken(bytes)), verify: verifyCcaSync },
  psa: { skeleton: (bytes) => psaSkeleton(parsePsaToken(bytes)), verify: verifyPsaSync },
  'sgx-epid': { skeleton: (bytes) => iasSkeleton(parseIas(bytes)), verify: verifyIasSync },
  'azure-vtpm': {
    skeleton: (bytes) => azureSkeleton(parseAzureJson(bytes)),
    verify: (bytes, options) => verifyAzureSync(parseAzureJson(bytes), options),
  },
  'nvidia-gpu': {
    skeleton: (bytes) => nvidiaSkeleton(splitNvidiaEvidence(bytes).map(({ report }) => parseNvidiaReport(report))),
    verify: (evidence, options) => verifyNvidiaNodeSync([{ evidence }], options),
  },
  sev: {
    skeleton: (bytes) => (bytes.length === SEV_REPORT_SIZE ? sevSkeleton(parseSevReport(bytes)) : {}),
    verify: verifySevSync,
  },
  'ibm-se': {
    skeleton: (bytes) => (isSeExchange(bytes) ? ibmSeSkeleton(parseSeExchange(bytes)) : {}),
    verify: verifyIbmSeSync,
  },
  // Whose keys are given is no expectation of a token.
  token: {
    skeleton: (bytes) => tokenSkeleton(parseToken(bytes)),
    verify: (bytes, { at, expect: { issuer: _issuer, ...expect } }) => verifyTokenSync(bytes, { at, expect }),
  },
}

const MAX_SIZE = 2_000_000
const AT = new Date('2026-06-01T00:00:00Z')

describe('the skeleton of evidence', { skip: missing('amd-sev-snp') }, () => {
  const found = missing('amd-sev-snp') === false ? [...filesBelow(VECTORS)].flatMap(evidenceOf) : []
  it('of tpm is met by that quote', () => {
    for (const name of ['rsassa', 'ecdsa-p384-sha384', 'two-banks']) {
      const { evidence } = synthetic(name)
      const expect = tpmSkeleton(evidence)
      assert.ok(Object.keys(expect).length >= 2, name)
      assert.deepEqual(
        failed(verifyTpmSync(evidence, { at: AT, expect })),
        failed(verifyTpmSync(evidence, { at: AT, expect: {} })),
      )
    }
  })
  for (const [tee, under] of Object.entries(TEES)) {
    it(`of ${tee} is met by that evidence`, () => {
      const all = found.filter((one) => one.tee === tee)
      let told = 0
      for (const { path, evidence } of all) {
        const expect = under.skeleton(evidence)
        const failing = failed(attempt(() => under.verify(evidence, { at: AT, expect: {} })))
        if (failing === undefined) continue
        const more = failed(under.verify(evidence, { at: AT, expect }))?.filter((id) => !failing.includes(id))
        assert.deepEqual(more, [], path)
        told += Object.keys(expect).length
      }
      assert.ok(told > 0, `${all.length} pieces of evidence say nothing`)
    })
  }
})

function failed(verdict: Verdict<Claims> | undefined): readonly string[] | undefined {
  const checks: readonly Check[] | undefined = verdict?.checks.flatMap((group) => group.checks)
  return checks?.filter(({ outcome }) => outcome === 'fail').map(({ id }) => id)
}

function evidenceOf(
  path: string,
): readonly { readonly path: string; readonly tee: Tee; readonly evidence: Uint8Array }[] {
  if (statSync(path).size > MAX_SIZE) return []
  const one = attempt(() => recognise(readFileSync(path)))
  if (one === undefined || attempt(() => TEES[one.tee]?.skeleton(one.evidence)) === undefined) return []
  return [{ path, tee: one.tee, evidence: one.evidence }]
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch (error) {
    if (error instanceof EvidenceError) return undefined
    throw error
  }
}

function* filesBelow(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) yield* filesBelow(path)
    else if (entry.isFile()) yield path
  }
}
