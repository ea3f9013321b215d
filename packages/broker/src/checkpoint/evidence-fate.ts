import type { PolicyContext } from '@sekisho/appraisal'
import { areEnrolled } from '../enrolment/enrolled-keys.ts'
import { loadAppraisal, storeAppraisal, storeBytes, storeGrounds, verdictText } from './appraisals.ts'
import type { Core } from './core.ts'
import { afterItsEnd, fateByFiles } from './endorsement-files.ts'
import type { Evaluated } from './evaluate.ts'
import { type Fate, revokeAppraisal } from './fate.ts'
import { newId } from './ids.ts'
import type { LiveLease } from './live-leases.ts'
import type { Cause } from './model.ts'
import { endingReasons } from './refusal.ts'
import { platformChanged, rejudge, stillReferenced } from './rejudge.ts'
import type { Rules, StoredAppraisal } from './state.ts'
import { noteUsed } from './unused.ts'

/**
 * Judges the evidence of a lease for a cause: a fate, or the appraisal that holds now, for the policy to decide on. What is
 * found is noted beside the appraisal, so that a policy that is set later decides on it too.
 *
 * @param onSilence told when endorsements could not be had, so that nothing was found out
 */
export async function evidenceFate(
  core: Core,
  rules: Rules,
  lease: Pick<LiveLease, 'appraisal' | 'context' | 'recorded'>,
  cause: Cause,
  at: Date,
  onSilence: () => void = () => undefined,
): Promise<Fate | StoredAppraisal> {
  const stored = await loadAppraisal(core, core.db, lease.appraisal)
  if (stored === undefined) return { code: 'attestation-revoked', reasons: ['the appraisal is not stored any more'] }
  // Written by this package alone.
  const appraisal = { ...stored, context: JSON.parse(lease.context) as PolicyContext }
  const found = await judged(core, rules, appraisal, cause, at, onSilence)
  // A fate is no appraisal, and another appraisal has its own context.
  if (!('id' in found) || found.id !== appraisal.id) return found
  const context = cause.kind === 'collateral' ? found.context : lastKnown(lease, found.context)
  await noteContext(core, appraisal, context)
  return { ...found, context }
}

/** What is judged as of then does not undo what the vendor has said of the platform since. */
export function lastKnown(lease: Pick<LiveLease, 'context' | 'recorded'>, then: PolicyContext): PolicyContext {
  if (lease.context === lease.recorded) return then
  const { tcb, status, vector } = JSON.parse(lease.context) as PolicyContext
  return { ...then, tcb, status, vector }
}

async function noteContext(core: Core, { id, context }: StoredAppraisal, found: PolicyContext): Promise<void> {
  const text = JSON.stringify({ ...found, now: context.now })
  if (text === JSON.stringify(context)) return
  await core.db.transaction((sql) => sql.run('UPDATE appraisals SET later_context = ? WHERE id = ?', [text, id]))
}

async function judged(
  core: Core,
  rules: Rules,
  appraisal: StoredAppraisal,
  cause: Cause,
  at: Date,
  onSilence: () => void,
): Promise<Fate | StoredAppraisal> {
  if (cause.kind === 'reference' && stillReferenced(appraisal, rules, at)) return appraisal
  if (cause.kind === 'tpm-key') return keyFate(core, appraisal, at)
  if (cause.kind === 'endorsements') return fateByFiles(core, rules, appraisal, at)
  const collateral = cause.kind === 'collateral' ? 'now' : 'as-of-then'
  const found = await rejudge(core, core.db, rules, appraisal, {
    collateral,
    at,
    ...(collateral === 'now' ? { request: { refresh: true } } : {}),
  })
  if (found === undefined) return { code: 'attestation-revoked', reasons: ['the evidence is not stored any more'] }
  // A vendor's service that cannot be reached says nothing about a platform: renewal will ask again.
  if (collateral === 'now' && found.refusal === 'collateral-missing') {
    onSilence()
    return appraisal
  }
  const ended = collateral === 'now' ? afterItsEnd(appraisal, found, at) : undefined
  if (ended !== undefined) return ended
  if (found.refusal !== undefined) {
    await core.db.transaction((sql) => revokeAppraisal(sql, appraisal.id, at))
    // By the set that is gone all was well: that is the reason, and not what its exceptions accepted.
    const isGone = cause.kind === 'reference' && !found.referenced && found.refusal !== 'reference-mismatch'
    const code = isGone ? 'reference-missing' : found.refusal
    return { code, reasons: endingReasons(code, found.verdict) }
  }
  return collateral === 'now' && platformChanged(found.appraisal.context, appraisal.context)
    ? replace(core, appraisal, found, at)
    : { ...appraisal, context: found.appraisal.context }
}

/** Whether the TPMs' keys that an appraisal rests on are enrolled still. */
async function keyFate(core: Core, appraisal: StoredAppraisal, at: Date): Promise<Fate | StoredAppraisal> {
  const keys = appraisal.grounds.flatMap(({ enrolledKey }) => enrolledKey ?? [])
  if (await areEnrolled(core.db, appraisal.namespace, keys)) return appraisal
  await core.db.transaction((sql) => revokeAppraisal(sql, appraisal.id, at))
  return { code: 'tpm-key-revoked', reasons: ['an operator revoked the TPM whose key signed the evidence'] }
}

/** The platform's state is another now: leases rest on the new appraisal, and the old result gets nothing more. */
async function replace(core: Core, before: StoredAppraisal, found: Evaluated, at: Date): Promise<StoredAppraisal> {
  const text = verdictText(core, found.verdict)
  const now: StoredAppraisal = {
    ...before,
    id: newId('apr', at),
    at: at.getTime(),
    verdict: text.sha256,
    outcome: found.verdict.outcome,
    authenticity: found.verdict.authenticity,
    status: found.appraisal.status,
    context: found.appraisal.context,
    grounds: before.grounds.map((grounds, i) => ({
      ...grounds,
      collateral: found.collateral[i]?.sha256 ?? grounds.collateral,
    })),
  }
  await core.db.transaction(async (sql) => {
    for (const { sha256, bytes } of found.collateral) await storeBytes(core, sql, sha256, bytes, at)
    await storeGrounds(core, sql, [], text, at)
    await storeAppraisal(sql, now)
    await noteUsed(sql, { appraisal: before.id })
    // A lease may have ended or moved on meanwhile: nothing rests on the new one then, but its evidence is that of the old.
    await noteUsed(sql, { appraisal: now.id })
    await sql.run(`UPDATE leases SET appraisal = ? WHERE appraisal = ? AND state = 'live'`, [now.id, before.id])
    await revokeAppraisal(sql, before.id, at)
  })
  return now
}
