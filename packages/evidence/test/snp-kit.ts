import assert from 'node:assert/strict'
import { flipBit, generateKey, type MadeSnp, makeSnp, type SnpOptions } from '@sekisho/emulator/kit'
import type { Check, Verdict } from '../src/core/verdict.ts'
import { type SnpClaims, type SnpCollateralInput, type SnpExpectations, verifySnpSync } from '../src/snp/index.ts'

/** A report that everything is right with, under a VCEK. */
export const good: MadeSnp = makeSnp()
/** The same under a VLEK. */
export const vlek: MadeSnp = makeSnp({ role: 'vlek' })
/** A guest with an ID block, signed by its author too. */
export const signedGuest: MadeSnp = makeSnp({
  idBlock: { idKey: generateKey('P-384'), authorKey: generateKey('P-384') },
  report: { guestSvn: 5 },
})

/** What is another than in {@link good}, or asked for otherwise. */
export interface Change {
  readonly made?: MadeSnp
  readonly evidence?: Uint8Array
  readonly collateral?: SnpCollateralInput
  readonly expect?: SnpExpectations
  readonly at?: Date
  readonly realRoots?: true
  readonly waive?: readonly string[]
}

/** The verdict on a changed report. */
export function verdictOf(change: Change = {}): Verdict<SnpClaims> {
  const made = change.made ?? good
  return verifySnpSync(change.evidence ?? made.evidence, {
    at: change.at ?? made.at,
    collateral: change.collateral ?? made.collateral,
    expect: { ...made.expectations, ...change.expect },
    ...(change.realRoots === true ? {} : { trustAnchors: [made.anchor] }),
    ...(change.waive === undefined ? {} : { waive: change.waive }),
  })
}

/** Every check of a verdict. */
export function checks(verdict: Verdict): readonly Check[] {
  return verdict.checks.flatMap((group) => group.checks)
}

/** One check of a verdict. */
export function find(verdict: Verdict, id: string): Check {
  const found = checks(verdict).find((check) => check.id === id)
  assert.ok(found, `there is no check ${id}`)
  return found
}

/** The change to another report. */
export const made = (options: SnpOptions): Change => ({ made: makeSnp(options) })
/** The bytes with one bit of another value. */
export const flipped = (bytes: Uint8Array | undefined, from = 40): Uint8Array =>
  flipBit(bytes ?? new Uint8Array(64), from)
/** The collateral of {@link good} without some of it. */
export const without = (...names: readonly (keyof SnpCollateralInput)[]): SnpCollateralInput =>
  Object.fromEntries(Object.entries(good.collateral).filter(([name]) => !names.some((one) => one === name)))
