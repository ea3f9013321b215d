import type { Tee } from '@sekisho/evidence'
import type { Expectations } from '../tee/door.ts'

/** A file of expectations: members for every TEE, and one object for each TEE of its own. */
export interface ExpectationFile {
  /** What holds for evidence of the kind `tee`: the common members, overridden by the TEE's own. */
  for(tee: Tee): Expectations
  /** The common members alone, and the objects of TEEs alone: for evidence of several TEEs. */
  split(): { readonly common: Expectations; readonly tees: Readonly<Record<string, Expectations>> }
}
