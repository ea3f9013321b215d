import type { Step } from '../core/engine.ts'
import type { Finding } from '../core/verdict.ts'
import type { NitroState } from './state.ts'

type Check = (state: NitroState) => Finding

/** A step about whether the document is genuine; `needs` are ids without the TEE's prefix. */
export function authenticity(
  id: string,
  title: string,
  source: string,
  needs: readonly string[],
  check: Check,
): Step<NitroState> {
  return { id: `nitro.${id}`, title, phase: 'authenticity', source, needs: needs.map((one) => `nitro.${one}`), check }
}

/** A step about what is expected of the enclave or instance. */
export function appraisal(id: string, title: string, source: string, check: Check): Step<NitroState> {
  return { id: `nitro.${id}`, title, phase: 'appraisal', source, check }
}

/** The same, where a relying party may go without. */
export function waivable(id: string, title: string, source: string, check: Check): Step<NitroState> {
  return { ...appraisal(`expect.${id}`, title, source, check), waivable: true }
}
