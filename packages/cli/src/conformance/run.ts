import { join } from 'node:path'
import type { CaseResult, CaseRunner, Comparison, JsonValue, MutationRunner } from './case.ts'
import { CaseFiles } from './case-files.ts'
import { compareMembers, type Found } from './compare.ts'
import { applyEdit } from './edits.ts'
import { entriesOf, isRecord, type JsonRecord, listOf, member, textMember } from './json.ts'
import { NOT_JUDGED, type Ruling } from './ruling.ts'

/** A kind of evidence that cases are about: all that the driver has to know of it. */
export interface CaseKind {
  /** Values of a case's `tee` member, or of its `kind` where it has none. */
  readonly tees: readonly string[]
  /** Decodes and verifies what a case is about. */
  readonly read: (files: CaseFiles, content: JsonValue) => Promise<CaseRun>
  /** Members of `expect` that tell how the case is judged. Verdict and reason where a kind does not say otherwise. */
  readonly judged?: readonly [verdict: string, reason: string, ...others: string[]]
  /** The content of a mutation: its own members over those of its case. Undefined where `read` heeds no edits. */
  readonly mutated?: (original: JsonRecord, mutation: JsonRecord) => JsonRecord
}

/** What came of one case's evidence, and what was found beside what the case lists. */
export interface CaseRun {
  /** `known-answers`: such cases have no verdict of their own; theirs is that every value comes out. */
  readonly ruling: Ruling | 'known-answers'
  readonly found: Found
  /** What stands in files beside the evidence, before and after what `expect` lists. */
  readonly first?: readonly Comparison[]
  readonly last?: readonly Comparison[]
  /** The member of the case that names something unknown here: then nothing of it is run. */
  readonly unknown?: string
  /** Paths of other members that nothing compares. */
  readonly unimplemented?: readonly string[]
  /** Whether verdict and reason are as listed, where a kind has a rule of its own for that. */
  readonly holds?: boolean
  /** Why another result than the listed one passes all the same. */
  readonly excused?: string
  /** A verdict with a name of its own. It is shown, and compared as a value or not at all. */
  readonly named?: { readonly expected: string | undefined; readonly actual: string }
  /** Words for a verdict that judge nothing: where every value comes out, they are met. */
  readonly prose?: readonly string[]
  readonly tcb?: { readonly status: string; readonly advisories: readonly string[] }
}

/** A case that names something unknown in `member`. */
export function unknownIn(member: string): CaseRun {
  return { ruling: NOT_JUDGED, found: {}, unknown: member }
}

type MutableKind = CaseKind & Required<Pick<CaseKind, 'mutated'>>

const JUDGED = ['verdict', 'reason'] as const

/** A runner for cases of one kind, and for edits of these: read, compare what is listed, conclude. */
export function casesOf(kind: MutableKind): MutationRunner
export function casesOf(kind: CaseKind): CaseRunner
export function casesOf(kind: CaseKind): CaseRunner {
  const { tees, mutated } = kind
  return {
    tees,
    run: (folder, name, content) => runCase(kind, new CaseFiles(folder), name, content),
    verdict: async (folder, content) => {
      const { ruling } = await kind.read(new CaseFiles(folder), content)
      return ruling === 'known-answers' ? undefined : ruling.found
    },
    ...(mutated === undefined
      ? {}
      : {
          runMutations: (folder: string, name: string, content: JsonValue) =>
            runMutations({ ...kind, mutated }, folder, name, content),
        }),
  }
}

async function runCase(kind: CaseKind, files: CaseFiles, name: string, content: JsonValue): Promise<CaseResult> {
  return conclude(name, content, await kind.read(files, content), kind.judged)
}

/** Runs the edits of a `mutations.json`, each on the files of the case that it names; none when one is of another kind. */
async function runMutations(
  kind: MutableKind,
  folder: string,
  name: string,
  content: JsonValue,
): Promise<readonly CaseResult[]> {
  const results: CaseResult[] = []
  for (const mutation of listOf(member(content, 'mutations') ?? member(content, 'cases'))) {
    const files = new CaseFiles(join(folder, textMember(mutation, 'base') ?? ''))
    const original = await files.readJson('case.json')
    if (original === undefined)
      throw new Error(`base: expected the folder of a case; ${folderOf(mutation)} has no case.json`)
    if (!kind.tees.includes(textMember(original, 'tee') ?? '') || !isRecord(original) || !isRecord(mutation)) return []
    for (const op of listOf(mutation['ops'])) await applyEdit(folder, files, op)
    const label = `${name}#${textMember(mutation, 'id') ?? '?'}`
    results.push(await runCase(kind, files, label, kind.mutated(original, mutation)))
  }
  return results
}

function folderOf(mutation: JsonValue): string {
  return JSON.stringify(member(mutation, 'base') ?? null).slice(0, 128)
}

/**
 * Compares what a case lists with what was found. A reason that the case names must be the one found, unless it is a
 * word that stands for no refusal here: then the verdict alone is compared, and both are shown.
 */
export async function conclude(
  name: string,
  content: JsonValue,
  run: CaseRun,
  judged: NonNullable<CaseKind['judged']> = JUDGED,
): Promise<CaseResult> {
  const { comparisons, unimplemented } = await compareListed(content, run, judged)
  const different = comparisons.find((one) => !one.equal)
  const ruled = run.ruling === 'known-answers' ? answered(different) : run.ruling
  const listed = listedOf(content, judged)
  const named = namedVerdict(listed, ruled, run)
  const expected: Listed = named === undefined ? listed : { ...listed, verdict: undefined }
  const { verdict, reason } = expected
  const found = reason !== undefined && ruled.reasons.includes(reason) ? reason : ruled.reasons[0]
  const isAsListed = run.holds ?? isRuledAs(expected, ruled)
  const difference = different && `a value differs: ${different.path}`
  const fault = run.excused === undefined ? (isAsListed ? difference : unlike(expected, ruled)) : undefined
  const message = unimplemented.length > 0 ? `nothing compares ${unimplemented.join(', ')}` : (run.excused ?? fault)
  return {
    name,
    tee: textMember(content, 'tee') ?? textMember(content, 'kind') ?? '',
    outcome: unimplemented.length > 0 ? 'unsupported' : fault === undefined ? 'pass' : 'fail',
    expectedVerdict: verdict ?? named?.expected ?? 'none',
    actualVerdict: named?.actual ?? ruled.verdict,
    ...(reason === undefined ? {} : { expectedReason: reason }),
    ...(found === undefined ? {} : { actualReason: found }),
    ...(ruled.decidedBy === undefined ? {} : { decidedBy: ruled.decidedBy }),
    ...(run.tcb === undefined ? {} : { tcbStatus: run.tcb.status, advisories: run.tcb.advisories }),
    comparisons,
    unimplemented,
    ...(message === undefined ? {} : { message }),
  }
}

/** What a case says of its verdict. */
interface Listed {
  readonly verdict: string | undefined
  readonly reason: string | undefined
}

function listedOf(content: JsonValue, [verdict, reason]: NonNullable<CaseKind['judged']>): Listed {
  const expect = member(content, 'expect')
  return { verdict: textMember(expect, verdict), reason: textMember(expect, reason) }
}

/** Every value that a case lists beside its verdict; none of a case that names something unknown here. */
async function compareListed(
  content: JsonValue,
  run: CaseRun,
  judged: readonly string[],
): Promise<Pick<CaseResult, 'comparisons' | 'unimplemented'>> {
  const listed = run.unknown === undefined ? entriesOf(member(content, 'expect')) : []
  const compared = await compareMembers(
    listed.filter(([one]) => !judged.includes(one)),
    run.found,
  )
  return {
    comparisons: [...(run.first ?? []), ...compared.comparisons, ...(run.last ?? [])],
    unimplemented:
      run.unknown === undefined ? [...(run.unimplemented ?? []), ...compared.unimplemented] : [run.unknown],
  }
}

/** The verdict where it has a name that judges nothing; undefined where it is one of the classes. */
function namedVerdict({ verdict }: Listed, ruled: Ruling, { prose = [], named }: CaseRun): CaseRun['named'] {
  const isProse = verdict !== undefined && prose.includes(verdict) && ruled.verdict === 'valid'
  return isProse ? { expected: verdict, actual: verdict } : named
}

function unlike({ verdict, reason }: Listed, ruled: Ruling): string {
  const found = `${ruled.verdict} ${ruled.reasons.join('/')}: ${ruled.message ?? ''}`
  return `expected ${verdict} ${reason ?? ''}, found ${found}`
}

function answered(different: Comparison | undefined): Ruling {
  return { verdict: different === undefined ? 'valid' : 'invalid', reasons: [] }
}

function isRuledAs({ verdict, reason }: Listed, ruled: Ruling): boolean {
  // Whoever names a reason and no verdict expects a refusal.
  const isFree =
    reason !== undefined &&
    ruled.vocabulary?.has(reason) === false &&
    (verdict !== undefined || ruled.verdict !== 'valid')
  return (
    (verdict === undefined || isOfClass(verdict, ruled.verdict)) &&
    (reason === undefined || ruled.reasons.includes(reason) || isFree)
  )
}

// A case's `invalid` means not proven, and `parse-only` that nothing is there to prove it with.
function isOfClass(expected: string, actual: Ruling['verdict']): boolean {
  const open = expected === 'invalid' || expected === 'parse-only'
  return expected === actual || (open && actual === 'unverifiable')
}

/** The result of a case that cannot be run, its files being missing or unreadable: it fails. */
export function notRun(name: string, tee: string, error: unknown): CaseResult {
  return {
    name,
    tee,
    outcome: 'fail',
    expectedVerdict: 'not read',
    actualVerdict: 'not read',
    comparisons: [],
    unimplemented: [],
    message: `the case could not be run: ${error instanceof Error ? error.message : String(error)}`,
  }
}
