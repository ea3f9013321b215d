import type { DigestJob } from '../crypto/jobs.ts'
import { toHex } from './bytes.ts'
import type { Judgement } from './engine.ts'
import { isoTime } from './time.ts'
import type { Assumption, Check, Claims, CollateralPart, Note, TrustAnchor, Verdict, VerdictPart } from './verdict.ts'

/** Everything of a verdict that the loop over the steps does not know. */
export interface VerdictParts<C extends Claims> {
  readonly format: string
  /** Milliseconds since 1970. */
  readonly at: number
  readonly evidence: DigestJob
  readonly anchor: TrustAnchor | undefined
  readonly collateral: readonly CollateralPart[]
  readonly claims: C
  readonly assumed: readonly Assumption[]
  readonly notes: readonly Note[]
  /** Of evidence that is made of several. */
  readonly parts?: readonly VerdictPart[]
}

/** Puts a verdict together. */
export function assembleVerdict<C extends Claims>(judgement: Judgement, parts: VerdictParts<C>): Verdict<C> {
  const waived = waivedIn(judgement, parts.parts ?? [])
  const verdict: Verdict<C> = {
    schema: 'urn:sekisho:verdict:v1',
    outcome: judgement.outcome,
    summary: summarise(judgement, waived, parts),
    authenticity: judgement.authenticity,
    tee: parts.claims.tee,
    format: parts.format,
    at: isoTime(parts.at),
    evidence: { sha256: digestHex(parts.evidence), length: parts.evidence.data.length },
    emulated: parts.anchor?.emulated === true,
    anchors: parts.anchor === undefined ? [] : [parts.anchor],
    collateral: parts.collateral,
    claims: parts.claims,
    checks: judgement.checks,
    assumed: parts.assumed,
    waived,
    notes: parts.notes,
  }
  return parts.parts === undefined ? verdict : { ...verdict, parts: parts.parts }
}

// What was waived of a part was waived of the whole.
function waivedIn(judgement: Judgement, parts: readonly VerdictPart[]): readonly string[] {
  if (parts.every(({ verdict }) => verdict.waived.length === 0)) return judgement.waived
  return [...new Set([...judgement.waived, ...parts.flatMap(({ verdict }) => verdict.waived)])]
}

/** Hex of a settled digest. @throws Error when the job was never settled: a verification forgot to name it */
export function digestHex(job: DigestJob): string {
  if (job.result === undefined) throw new Error('a digest was not computed before it was needed')
  return toHex(job.result)
}

function summarise<C extends Claims>(judgement: Judgement, waivers: readonly string[], parts: VerdictParts<C>): string {
  const mark = parts.anchor?.emulated === true ? 'EMULATED: ' : ''
  if (judgement.outcome === 'rejected') {
    const failed = select(judgement, (check) => check.outcome === 'fail')
    const more = failed.length > 1 ? ` (and ${failed.length - 1} more)` : ''
    const reason = failed[0]?.reason ?? 'a check failed'
    return `${reason.startsWith(mark) ? '' : mark}${reason}${more}`
  }
  if (judgement.outcome === 'incomplete') {
    const proven = judgement.authenticity === 'proven'
    const open = select(judgement, (check) => isOpen(check) && (proven || check.phase === 'authenticity'))
    const names = open.map((check) => check.id).join(', ')
    if (!proven) return `${mark}not proven to be genuine: ${names} could not be checked`
    // A value that was said, and has no weight until others are.
    const weightless = open.find(({ expected }) => expected !== undefined)
    return weightless === undefined
      ? `${mark}genuine, but you have not said what you expect: ${names}`
      : `${mark}genuine, but ${weightless.reason}; open: ${names}`
  }
  const waived = waivers.length > 0 ? `; waived by you: ${waivers.join(', ')}` : ''
  const { status = 'OK' } = parts.claims.tcb
  // Whatever else the vendor's word is, it passed because it was accepted.
  const current =
    status === 'OK' || status === 'UpToDate'
      ? 'in date, and as you expect'
      : `as you expect, and ${status}, which you accept`
  return `${mark}genuine, ${current}${waived}`
}

// What failed or is open is not in a group that holds.
function select({ checks }: Judgement, wanted: (check: Check) => boolean): readonly Check[] {
  const found: Check[] = []
  for (const group of checks) {
    if (group.outcome === 'pass' || group.outcome === 'not-applicable') continue
    for (const check of group.checks) if (wanted(check)) found.push(check)
  }
  return found
}

function isOpen(check: Check): boolean {
  return check.outcome === 'unchecked' && check.waived !== true && check.blockedBy === undefined
}

/** The first of each key, in order: what several verdicts say alike is said once. */
export function distinctBy<T>(all: readonly T[], key: (one: T) => string): readonly T[] {
  const seen = new Set<string>()
  return all.filter((one) => {
    const known = seen.has(key(one))
    seen.add(key(one))
    return !known
  })
}
