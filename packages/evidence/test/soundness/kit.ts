import assert from 'node:assert/strict'
import type { MadeSgx, MadeSnp, MadeTdx } from '@sekisho/emulator/kit'
import type { Check, Claims, Verdict } from '../../src/core/verdict.ts'
import type { SgxClaims } from '../../src/sgx/claims.ts'
import { type SgxOptions, verifySgxSync } from '../../src/sgx/verify.ts'
import type { SnpClaims } from '../../src/snp/claims.ts'
import { type SnpVerifyOptions, verifySnpSync } from '../../src/snp/verify.ts'
import type { TdxClaims } from '../../src/tdx/claims.ts'
import type { TdxExpectations } from '../../src/tdx/expectations.ts'
import { type TdxOptions, verifyTdxSync } from '../../src/tdx/verify.ts'

/** Verifies what the test kit made, as it should be verified; `overrides` change one thing. */
export function judgeSnp(
  made: MadeSnp,
  overrides: Partial<SnpVerifyOptions> = {},
  evidence: Uint8Array = made.evidence,
): Verdict<SnpClaims> {
  const { at, anchor, collateral, expectations: expect } = made
  return verifySnpSync(evidence, { at, trustAnchors: [anchor], collateral, expect, ...overrides })
}

/** As {@link judgeSnp}, for SGX. */
export function judgeSgx(
  made: MadeSgx,
  overrides: Partial<SgxOptions> = {},
  evidence: Uint8Array = made.evidence,
): Verdict<SgxClaims> {
  const { at, anchor, collateral, expectations: expect } = made
  return verifySgxSync(evidence, { at, trustAnchors: [anchor], collateral, expect, ...overrides })
}

/** As {@link judgeSnp}, for TDX. */
export function judgeTdx(
  made: MadeTdx,
  overrides: Partial<TdxOptions> = {},
  evidence: Uint8Array = made.evidence,
): Verdict<TdxClaims> {
  const { at, anchor, collateral, expectations } = made
  return verifyTdxSync(evidence, {
    at,
    trustAnchors: [anchor],
    collateral,
    expect: tdxExpectations(expectations),
    ...overrides,
  })
}

/** Expectations of the test kit, whose registers are single values, as the verifier has them. */
export function tdxExpectations(made: MadeTdx['expectations']): TdxExpectations {
  const { rtmr0, rtmr1, rtmr2, ...rest } = made
  return { ...rest, rtmr0: [rtmr0], rtmr1: [rtmr1], rtmr2: [rtmr2] }
}

/** All checks of a verdict. */
export function checksOf(verdict: Verdict<Claims>): readonly Check[] {
  return verdict.checks.flatMap((group) => group.checks)
}

/** The check with the id `id`; there must be one. */
export function checkOf(verdict: Verdict<Claims>, id: string): Check {
  const check = checksOf(verdict).find((one) => one.id === id)
  assert.ok(check !== undefined, `there is no check ${id}`)
  return check
}

/** Ids of the failing checks. */
export function failing(verdict: Verdict<Claims>): readonly string[] {
  return checksOf(verdict)
    .filter((check) => check.outcome === 'fail')
    .map((check) => check.id)
}

/** Ids of the checks that were relevant, not made, not waived, and not held up by another check. */
export function open(verdict: Verdict<Claims>): readonly string[] {
  return checksOf(verdict)
    .filter((check) => check.outcome === 'unchecked' && check.waived !== true && check.blockedBy === undefined)
    .map((check) => check.id)
}

/** The verdict is yes, without a gap: the ground that a test then breaks one thing of. */
export function assertVerified(verdict: Verdict<Claims>): void {
  assert.deepEqual(
    { outcome: verdict.outcome, failing: failing(verdict), open: open(verdict) },
    { outcome: 'verified', failing: [], open: [] },
  )
  assert.equal(verdict.authenticity, 'proven')
}

/** The evidence is not genuine, and exactly these checks say so. */
export function assertRefuted(verdict: Verdict<Claims>, ...ids: readonly string[]): void {
  assert.deepEqual(failing(verdict), ids)
  assert.deepEqual([verdict.outcome, verdict.authenticity], ['rejected', 'refuted'])
}

/** The evidence is genuine and not wanted, and exactly these checks say so. */
export function assertUnwanted(verdict: Verdict<Claims>, ...ids: readonly string[]): void {
  assert.deepEqual(failing(verdict), ids)
  assert.deepEqual([verdict.outcome, verdict.authenticity], ['rejected', 'proven'])
}

/** The evidence is genuine, and exactly these checks could not be made. */
export function assertIncomplete(verdict: Verdict<Claims>, ...ids: readonly string[]): void {
  assert.deepEqual(open(verdict), ids)
  assert.equal(verdict.outcome, 'incomplete')
}
