import type { Comparison, JsonValue } from './case.ts'
import type { expectedMembers } from './judged.ts'
import { compareTree } from './snp-tree.ts'

/** Finds the value of one member of a case's `expect`, as it is here; undefined for none. */
export type Observer<Run> = (run: Run, expected: JsonValue) => JsonValue | undefined | Promise<JsonValue | undefined>

/** What comparing the members of a case's `expect` came to. */
export interface Observed {
  readonly comparisons: Comparison[]
  /** Paths of members that nothing compares. */
  readonly unimplemented: string[]
}

/** Compares members of a case's `expect`, as {@link expectedMembers} gives them, each with what its observer finds. */
export async function compareMembers<Run>(
  members: ReturnType<typeof expectedMembers>,
  run: Run,
  observers: Readonly<Record<string, Observer<Run>>>,
): Promise<Observed> {
  const comparisons: Comparison[] = []
  const unimplemented: string[] = []
  for (const [member, expected] of members) {
    const observe = Object.hasOwn(observers, member) ? observers[member] : undefined
    if (observe === undefined) unimplemented.push(`expect.${member}`)
    else comparisons.push(...compareTree(member, expected, await observe(run, expected)))
  }
  return { comparisons, unimplemented }
}
