import assert from 'node:assert/strict'
import type { Check, Verdict } from '@sekisho/evidence'
import { createWorld, type World } from '../src/index.ts'
import { keptRsaKeys } from '../src/kit/index.ts'

/** Report data that every test asks for. */
export const REPORT_DATA: Uint8Array = Uint8Array.from({ length: 48 }, (_, i) => i + 1)
export const REPORT_DATA_HEX: string = Buffer.from(REPORT_DATA).toString('hex')

/** A clock that tests set. */
export interface Clock {
  at: Date
}

let genoa: { readonly saved: string } | undefined

/** A world with Genoa alone, whose RSA keys are made once a process, and its clock. */
export function testWorld(): { readonly world: World; readonly clock: Clock } {
  const clock: Clock = { at: new Date('2026-06-15T12:00:00Z') }
  const now = (): Date => clock.at
  if (genoa === undefined) {
    const first = createWorld({ products: ['Genoa'], now, rsaKey: keptRsaKeys() })
    first.snp().attest(REPORT_DATA)
    genoa = { saved: first.save() }
  }
  return { world: createWorld({ saved: genoa.saved, now }), clock }
}

/** A world without AMD: no RSA key is made for it. */
export function worldWithoutAmd(): { readonly world: World; readonly clock: Clock } {
  const clock: Clock = { at: new Date('2026-06-15T12:00:00Z') }
  return { world: createWorld({ products: [], now: () => clock.at }), clock }
}

/** Ids of a verdict's failed checks. */
export function failed(verdict: Verdict): readonly string[] {
  return checks(verdict)
    .filter(({ outcome }) => outcome === 'fail')
    .map(({ id }) => id)
}

/** All checks in a row. */
export function checks(verdict: Verdict): readonly Check[] {
  return verdict.checks.flatMap((group) => group.checks)
}

/** Fails with the checks that stand in the way unless the verdict is `verified`, and says EMULATED. */
export function assertVerified(verdict: Verdict): void {
  const open = checks(verdict).filter(({ outcome }) => outcome === 'fail' || outcome === 'unchecked')
  assert.equal(verdict.outcome, 'verified', open.map(({ id, reason }) => `${id}: ${reason}`).join('\n'))
  assert.equal(verdict.emulated, true)
  assert.match(verdict.summary, /EMULATED/)
}
