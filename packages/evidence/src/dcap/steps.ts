import { fail, pass, type Step, type StepGroup } from '../core/engine.ts'
import type { Finding, Remedy } from '../core/verdict.ts'

/** The documents that ask for the checks. */
export const PCK_PROFILE = 'Intel SGX PCK Certificate and CRL Profile Specification'
export const QVL = 'Intel TDX DCAP Quote Generation Library and Quote Verification Library'
export const PCS = 'Intel PCS API documentation version 4'

/** A step towards authenticity. Ids are written without the TEE: {@link ofTee} puts it in front. */
export function authentic<S>(
  id: string,
  source: string,
  needs: readonly string[],
  check: (state: S) => Finding,
): Step<S> {
  return { id, phase: 'authenticity', source, needs, check }
}

/** A step of the appraisal. */
export function appraised<S>(
  id: string,
  source: string,
  needs: readonly string[],
  check: (state: S) => Finding,
): Step<S> {
  return { id, phase: 'appraisal', source, needs, check }
}

/** A step of the appraisal that a relying party may go without. */
export function waivable<S>(
  id: string,
  source: string,
  needs: readonly string[],
  check: (state: S) => Finding,
): Step<S> {
  return { ...appraised(id, source, needs, check), waivable: true }
}

/**
 * Pass, or fail with a reason, a remedy and details; the details go with both. Where reason or remedy have to be put
 * together they come as functions: mostly nobody reads them.
 */
export function finding(
  holds: boolean,
  reason: string | (() => string),
  remedy: Remedy | (() => Remedy),
  expected?: string,
  actual?: string,
): Finding {
  const details = actual === undefined ? undefined : { expected: expected ?? '', actual }
  if (holds) return pass(undefined, details)
  return fail(typeof reason === 'string' ? reason : reason(), typeof remedy === 'function' ? remedy() : remedy, details)
}

/** Groups under the name of a TEE: `tdx` in front of every id and need. */
export function ofTee<S>(tee: string, groups: readonly StepGroup<S>[]): readonly StepGroup<S>[] {
  const under = (id: string): string => `${tee}.${id}`
  return groups.map((group) => ({
    id: under(group.id),
    steps: group.steps.map((step) => ({ ...step, id: under(step.id), needs: (step.needs ?? []).map(under) })),
  }))
}
