import { appraise } from '@sekisho/appraisal'
import type { Check, Verdict } from '@sekisho/evidence'
import { readSetting, writeSetting } from '../storage/settings.ts'
import { FROM_FILES } from '../verifier/from-files.ts'
import type { Core } from './core.ts'
import type { Evaluated } from './evaluate.ts'
import { type Fate, revokeAppraisal } from './fate.ts'
import { endingReasons } from './refusal.ts'
import { rejudge } from './rejudge.ts'
import type { Rules, StoredAppraisal } from './state.ts'

/** Of rows of `appraisals` as `body`, those with evidence that files vouch for: of the machine, or of a device. */
export function restsOnFiles(body: string): string {
  return `(${FROM_FILES.map((tee) => `${body} LIKE '%"tee":"${tee}"%'`).join(' OR ')})`
}

/**
 * Judges an appraisal by the files that the operator gives now. Evidence is of its time: a token that has ended since was
 * good when it was shown, and is judged as of then; what files do not vouch for stays as it was judged.
 */
export async function fateByFiles(
  core: Core,
  rules: Rules,
  appraisal: StoredAppraisal,
  at: Date,
): Promise<Fate | StoredAppraisal> {
  const then = await rejudge(core, core.db, rules, appraisal, { collateral: 'files', at })
  if (then === undefined) return { code: 'attestation-revoked', reasons: ['the evidence is not stored any more'] }
  if (then.refusal === undefined) return { ...appraisal, context: then.appraisal.context }
  // A revocation list that took the place of another is of a later time than the evidence.
  const now = await rejudge(core, core.db, rules, appraisal, { collateral: 'now', at })
  if (now !== undefined && now.refusal === undefined) return { ...appraisal, context: now.appraisal.context }
  const ended = now === undefined ? undefined : afterItsEnd(appraisal, now, at)
  if (ended !== undefined) return ended
  await core.db.transaction((sql) => revokeAppraisal(sql, appraisal.id, at))
  const { refusal: code, verdict } = now?.refusal === 'certificate-revoked' ? now : then
  const told = code ?? 'attestation-revoked'
  return { code: told, reasons: endingReasons(told, verdict) }
}

/**
 * The appraisal of evidence that is refused for nothing but that its token has ended since; undefined for other evidence.
 * Everything else about it is as it is by endorsements as they are now, and the token was good when it was shown. How long
 * a lease goes on is for the lease.
 */
export function afterItsEnd(
  before: StoredAppraisal,
  { verdict, appraisal }: Evaluated,
  at: Date,
): StoredAppraisal | undefined {
  const open = leavesOf(verdict).flatMap(({ tee, checks }) =>
    checks.flatMap((group) => group.checks.filter(isOpen).map((check) => ({ ...check, tee }))),
  )
  const [failed, unmade] = [open.filter(isFailed), open.filter((check) => !isFailed(check))]
  if (failed.length === 0 || !failed.every(isEnd)) return undefined
  // A vendor's service that cannot be reached says nothing about a platform; the operator's files are always at hand.
  if (unmade.length > 0)
    return unmade.some(({ phase }) => phase === 'authenticity') && !unmade.some(({ tee }) => FROM_FILES.includes(tee))
      ? before
      : undefined
  // What has become of the rest since is for the policy to see.
  const { references } = appraisal
  return { ...before, context: appraise(unended(verdict), { references, at }).context }
}

const isEnd = ({ id }: Check): boolean => id === 'token.time.end'
const isFailed = ({ outcome }: Check): boolean => outcome === 'fail'

function isOpen({ outcome, waived, blockedBy }: Check): boolean {
  return outcome === 'fail' || (outcome === 'unchecked' && waived !== true && blockedBy === undefined)
}

function leavesOf(verdict: Verdict): readonly Verdict[] {
  return [verdict, ...(verdict.parts ?? []).flatMap((part) => leavesOf(part.verdict))]
}

/** The verdict as it would be if no token in it had ended, where nothing else is open. */
function unended(verdict: Verdict): Verdict {
  const { parts } = verdict
  return {
    ...verdict,
    outcome: 'verified',
    authenticity: 'proven',
    checks: verdict.checks.map((group) => ({
      ...group,
      checks: group.checks.map((check) => (isEnd(check) ? { ...check, outcome: 'pass' } : check)),
    })),
    ...(parts === undefined ? {} : { parts: parts.map((part) => ({ ...part, verdict: unended(part.verdict) })) }),
  }
}

const SEEN = 'endorsement-files'

/** Whether the files with these digests are others than those by which leases were looked at last. */
export async function areOtherFiles({ db }: Core, sha256: string): Promise<boolean> {
  return (await readSetting(db, SEEN)) !== sha256
}

/** Notes by which files leases were looked at. */
export async function noteFiles({ db }: Core, sha256: string): Promise<void> {
  await db.transaction((sql) => writeSetting(sql, SEEN, sha256))
}
