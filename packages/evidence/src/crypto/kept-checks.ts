import { equalBytes } from '../core/bytes.ts'
import type { Job, SignatureJob } from './jobs.ts'

/**
 * Signature checks of evidence that stays the same since a machine's boot, from one verification of it to the next. A
 * check settled before stands for a new one only where scheme, key, data and signature are the same byte for byte, and
 * only where it verified.
 */
export class KeptChecks {
  readonly #known: readonly Job[]
  readonly #used: SignatureJob[] = []

  /** `known`: jobs of an earlier verification. */
  constructor(known: readonly Job[] = []) {
    this.#known = known
  }

  /** The same check as it was settled before, or `job` itself. */
  take(job: SignatureJob): SignatureJob {
    const found = this.#known.find((one) => one.kind === 'signature' && one.result === true && isSame(one, job))
    const taken = found?.kind === 'signature' ? found : job
    this.#used.push(taken)
    return taken
  }

  /** Those of the checks taken that verified; nothing else is worth keeping. */
  get verified(): readonly SignatureJob[] {
    return this.#used.filter(({ result }) => result === true)
  }
}

function isSame(a: SignatureJob, b: SignatureJob): boolean {
  return (
    a.scheme === b.scheme &&
    a.anySalt === b.anySalt &&
    a.key.kind === b.key.kind &&
    equalBytes(a.signature, b.signature) &&
    equalBytes(a.key.bytes, b.key.bytes) &&
    equalBytes(a.data, b.data)
  )
}
