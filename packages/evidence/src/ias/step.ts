import type { Step } from '../core/engine.ts'
import type { Finding } from '../core/verdict.ts'
import type { IasState } from './state.ts'

type Check = (state: IasState) => Finding

/** A step about whether the report is genuine; `needs` are ids without the TEE's prefix. */
export function authenticity(
  id: string,
  title: string,
  source: string,
  check: Check,
  needs: readonly string[] = [],
): Step<IasState> {
  return { id: `ias.${id}`, title, phase: 'authenticity', source, needs: needs.map((one) => `ias.${one}`), check }
}

/** A step about what is expected of it; `waivable` where a relying party may go without. */
export function appraisal(
  id: string,
  title: string,
  source: string,
  check: Check,
  waivable?: 'waivable',
): Step<IasState> {
  const step: Step<IasState> = { id: `ias.${id}`, title, phase: 'appraisal', source, check }
  return waivable === undefined ? step : { ...step, waivable: true }
}
