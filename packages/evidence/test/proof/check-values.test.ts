import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { makeSgx, makeTdx } from '@sekisho/emulator/kit'
import type { Check, Claims, Verdict } from '../../src/core/verdict.ts'
import { BAD_INPUT } from './bad-input.ts'
import { failSgx, failTdx, INTEL_FAILURES, SGX_FAILURES, TDX_FAILURES } from './intel-failures.ts'
import { SNP_SWAPS } from './snp-swaps.ts'
import { allChecks, intelBaseline, judgeIntel, judgeSnp, snpBaseline } from './subjects.ts'
import { intelCases, MISSING, snpCases, VECTORS } from './vector-subjects.ts'

/**
 * Checks that hold or fail without a value, since there is none that says more than their label and their reason. By the
 * end of the id and the outcome, with the reason.
 */
const LABEL_SAYS_ALL: readonly (readonly [ids: RegExp, why: string])[] = [
  [/\.present /, 'something is there, or is not'],
  [/(\.|-)(well-formed|format) /, 'bytes can be read or not; the reason has the place and what was expected there'],
  [/(\.|-)signature /, 'a signature verifies or not; which key it has to be of is in the label'],
  [/\.chain /, 'the same of a chain of signatures; the reason has the number of the certificate'],
  [
    /snp\.(chain\.constraints|migration|guest-requested|report\.signed) /,
    'one flag, which the reason of a failure names',
  ],
  [/snp\.chain\.algorithms pass$/, 'they are those of the label; what else is found is named'],
  [/snp\.report\.signing-key pass$/, 'the reason names it'],
  [/(crl\.(\w+\.)?|critical-)extensions pass$/, 'there is none; one that is not known is named'],
  [/leaf\.extensions pass$/, 'all are there; the checks that compare them name their values'],
  [/event-log\.findings /, 'nothing is odd; what is odd is told in words'],
]

/** Ids of the checks among `verdicts` that were made and name neither what was expected nor what was found. */
function silent(verdicts: readonly Verdict<Claims>[]): readonly string[] {
  const ids = new Set<string>()
  for (const verdict of verdicts)
    for (const check of allChecks(verdict)) if (isSilent(check)) ids.add(`${check.id} (${check.outcome})`)
  return [...ids].sort()
}

function isSilent({ id, outcome, reason, expected, actual }: Check): boolean {
  const isMade = outcome === 'pass' || outcome === 'fail'
  if (!isMade || expected !== undefined || actual !== undefined) return false
  // Whatever the check: the reason has the place, what was expected there and what was found.
  if (reason.includes('cannot be read')) return false
  return !LABEL_SAYS_ALL.some(([ids]) => ids.test(`${id} ${outcome}`))
}

/** Verdicts about every bad input that can be read. */
function badInputs(): readonly Verdict<Claims>[] {
  return Object.values(BAD_INPUT)
    .flat()
    .flatMap(({ says, run }) => ('check' in says ? [run() as Verdict<Claims>] : []))
}

const skip = MISSING.length === 0 ? false : `${MISSING.join(', ')} are missing in ${VECTORS}: set SEKISHO_VECTORS`

describe('checks that were made name what was expected or found', () => {
  it('of every accepted Intel vector, with and without expectations', { skip }, () => {
    const bare = { expect: {}, waive: [] }
    const verdicts = intelCases(true).flatMap((one) => [
      judgeIntel(one, one.evidence, one.collateral, bare),
      intelBaseline(one).verdict,
    ])
    assert.deepEqual(silent(verdicts), [])
  })
  it('of every accepted SNP vector, with and without expectations', { skip }, () => {
    const bare = { expect: {}, waive: [] }
    const verdicts = snpCases().flatMap((one) => [
      judgeSnp(one, one.evidence, one.collateral, bare),
      snpBaseline(one).verdict,
    ])
    assert.deepEqual(silent(verdicts), [])
  })
  it('of every Intel check that fails', () => {
    const sgx = makeSgx()
    const tdx = makeTdx()
    const verdicts = [
      ...Object.values({ ...INTEL_FAILURES, ...SGX_FAILURES }).map((broken) => failSgx(broken(tdx))),
      ...Object.values({ ...INTEL_FAILURES, ...TDX_FAILURES }).map((broken) => failTdx(broken(sgx))),
    ]
    assert.deepEqual(silent(verdicts), [])
  })
  it('of every bad input', () => assert.deepEqual(silent(badInputs()), []))
  it('of SNP reports with parts of others', { skip }, () => {
    const subjects = snpCases()
    const verdicts: Verdict<Claims>[] = []
    for (const swap of Object.values(SNP_SWAPS))
      for (const [i, a] of subjects.entries()) {
        const swapped = swap(a, subjects[(i + 1) % subjects.length] ?? a)
        if (swapped === undefined) continue
        const { evidence = a.evidence, collateral = a.collateral } = swapped
        verdicts.push(judgeSnp(a, evidence, collateral, snpBaseline(a)))
      }
    assert.deepEqual(silent(verdicts), [])
  })
})
