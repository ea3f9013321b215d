import type { Verdict } from '@sekisho/evidence'

/** A member of a `case.json`, read as JSON and not yet checked. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue }

/** One value that a case lists, beside what the verification found. */
export interface Comparison {
  /** Path within `expect`, e.g. `fields.pck.fmspc`. */
  readonly path: string
  readonly expected: JsonValue
  /** Undefined when nothing of that name was found. */
  readonly actual: JsonValue | undefined
  readonly equal: boolean
}

/**
 * What became of one case.
 *
 * - `pass`: the verdict and every listed value are as expected.
 * - `fail`: at least one is not.
 * - `unsupported`: the case asks for something that is not implemented; never counted as passed.
 */
export interface CaseResult {
  /** Folder of the case, relative to the folder that was asked for; for a mutation `…/mutations.json#id`. */
  readonly name: string
  readonly tee: string
  readonly outcome: 'pass' | 'fail' | 'unsupported'
  /** The verdict class the case expects (`valid`, `invalid`, …) and the one found. */
  readonly expectedVerdict: string
  readonly actualVerdict: string
  /** Reason the case names for a refusal, and the one found, in the case's own vocabulary. */
  readonly expectedReason?: string
  readonly actualReason?: string
  /** Id of the first failing check, or code of the EvidenceError. */
  readonly decidedBy?: string
  readonly tcbStatus?: string
  readonly advisories?: readonly string[]
  readonly comparisons: readonly Comparison[]
  /** Paths within the case that no code compares. Not empty means `unsupported`. */
  readonly unimplemented: readonly string[]
  /** One sentence when the outcome is not `pass`. */
  readonly message?: string
}

/** Runs the cases of one kind of evidence. */
export interface CaseRunner {
  /** Values of a case's `tee` member that this runner takes. */
  readonly tees: readonly string[]
  /**
   * Runs one case.
   *
   * @param folder the folder of `case.json`, absolute
   * @param name how the case is to be called in the result
   * @param content the parsed `case.json`
   */
  run(folder: string, name: string, content: JsonValue): Promise<CaseResult>
  /** The verdict that a case is compared with; undefined where its evidence cannot be read, or it has none. */
  verdict(folder: string, content: JsonValue): Promise<Verdict | undefined>
}

/** A runner that also knows the `mutations.json` of its kind of evidence; no results when the file is of another kind. */
export interface MutationRunner extends CaseRunner {
  runMutations(folder: string, name: string, content: JsonValue): Promise<readonly CaseResult[]>
}
