import type { PolicyContext } from '@sekisho/appraisal'
import { areEnrolled } from '../enrolment/enrolled-keys.ts'
import { removeSetting, writeSetting } from '../storage/settings.ts'
import type { Row, Sql } from '../storage/sql.ts'
import type { Reappraised } from './admin-model.ts'
import { loadAppraisal, storeAppraisal, storeBytes, storeGrounds, verdictText } from './appraisals.ts'
import type { Core } from './core.ts'
import { decide, type PolicyAnswer, policyReasons } from './decide.ts'
import { afterItsEnd, endResultsByFiles, fateByFiles, restsOnFiles } from './endorsement-files.ts'
import type { Evaluated } from './evaluate.ts'
import { addEvents, announce } from './events.ts'
import { type Fate, revokeAppraisal } from './fate.ts'
import { idTime, newId } from './ids.ts'
import { expireLeases } from './leases.ts'
import type { Cause } from './model.ts'
import { type DecisionRecord, recordAll } from './record.ts'
import { reasonsOf } from './refusal.ts'
import { platformChanged, rejudge, stillReferenced } from './rejudge.ts'
import { allowing } from './release.ts'
import { epochOf, rulesOf } from './rules.ts'
import type { Rules, StoredAppraisal } from './state.ts'
import { noteUsed } from './unused.ts'

/** A live lease with what its policy decision needs. */
export interface LiveLease extends Row {
  readonly id: string
  readonly resource: string
  readonly appraisal: string
  readonly expires: number
  readonly context: string
  readonly outcome: string
  readonly emulated: number
  readonly result_key: string | null
}

const PAGE = 1000

/** Live leases of a namespace in pages, in the order of their ids. `only`: a further condition, of ours. */
export async function* liveLeases(
  core: Core,
  namespace: string,
  at: Date,
  only = '',
): AsyncGenerator<readonly LiveLease[], void, void> {
  let after = ''
  for (;;) {
    const rows = await core.db.all<LiveLease>(
      `SELECT l.id, l.resource, l.appraisal, l.expires, l.result_key, a.context, a.outcome, a.emulated FROM leases l
       JOIN appraisals a ON a.id = l.appraisal
       WHERE l.namespace = ? AND l.state = 'live' AND l.expires >= ? AND l.id > ? ${only} ORDER BY l.id LIMIT ${PAGE}`,
      [namespace, at.getTime(), after],
    )
    const last = rows.at(-1)
    if (last === undefined) return
    yield rows
    if (rows.length < PAGE) return
    after = last.id
  }
}

const STAYS: Fate = {}

const KEY_REVOKED: Fate = {
  code: 'attestation-revoked',
  reasons: [
    'the key was revoked that had signed the result on which it was granted: somebody else may have written it',
  ],
}

/**
 * Looks at every live lease of a namespace again and revokes those that no longer pass, each with a decision, a leaf and
 * an event. A policy or advisory is decided on the recorded contexts; changed reference values and new endorsements
 * are judged on the recorded evidence.
 */
export async function reappraise(core: Core, namespace: string, cause: Cause, at: Date): Promise<Reappraised> {
  // What is over by this clock is not looked at: so it must have ended, should the clock be ahead.
  await expireLeases(core, at)
  const rules = await rulesOf(core, core.db, namespace)
  const only = cause.kind === 'endorsements' ? `AND ${restsOnFiles('a.body')}` : ''
  const { live, revoked: first } = await judgeLive(core, namespace, rules, cause, at, only)
  let revoked = first
  if (cause.kind === 'collateral') {
    await revokeRecent(core, namespace, rules, at)
    // Services may have been waited for, and leases granted meanwhile on what is revoked only now.
    revoked += (await judgeLive(core, namespace, rules, cause, at, 'AND a.revoked IS NOT NULL')).revoked
    // Rules that changed meanwhile were asked about what was recorded before, and not about what was found.
    const now = await rulesOf(core, core.db, namespace)
    const byPolicy = policyJudge(core, namespace, now, at)
    if (now.epoch !== rules.epoch)
      revoked += (await judgeLive(core, namespace, now, cause, at, '', async (lease) => byPolicy(lease))).revoked
  }
  if (cause.kind === 'endorsements') await endResultsByFiles(core, namespace, at)
  await done(core, namespace, cause, rules)
  if (revoked > 0) await announce(core, namespace)
  return { live, revoked }
}

/** Judges live leases and revokes those that no longer pass. */
async function judgeLive(
  core: Core,
  namespace: string,
  rules: Rules,
  cause: Cause,
  at: Date,
  only: string,
  judge: (lease: LiveLease) => Promise<Fate> = judgeOf(core, namespace, rules, cause, at),
): Promise<Reappraised> {
  let [live, revoked] = [0, 0]
  for await (const page of liveLeases(core, namespace, at, only)) {
    const failing: { readonly lease: LiveLease; readonly fate: Fate }[] = []
    for (const lease of page) {
      const fate = await judge(lease)
      if (fate.code !== undefined) failing.push({ lease, fate })
    }
    if (failing.length > 0) revoked += await revokeAll(core, namespace, failing, cause, rules, at)
    live += page.length - failing.length
  }
  return { live, revoked }
}

function judgeOf(
  core: Core,
  namespace: string,
  rules: Rules,
  cause: Cause,
  at: Date,
): (lease: LiveLease) => Promise<Fate> {
  if (cause.kind === 'result-key') return async (lease) => (lease.result_key === cause.kid ? KEY_REVOKED : STAYS)
  const byPolicy = policyJudge(core, namespace, rules, at)
  if (cause.kind === 'policy' || cause.kind === 'advisory') return async (lease) => byPolicy(lease)
  const evidence = new Map<string, Promise<Fate | StoredAppraisal>>()
  return async (lease) => {
    const known = evidence.get(lease.appraisal) ?? evidenceFate(core, rules, lease.appraisal, cause, at)
    evidence.set(lease.appraisal, known)
    const found = await known
    if (!('context' in found)) return found
    return byPolicy({ ...lease, context: JSON.stringify(found.context) })
  }
}

function policyJudge(core: Core, namespace: string, rules: Rules, at: Date): (lease: LiveLease) => Fate {
  const known = new Map<string, Fate>()
  return ({ context: text, resource, outcome, emulated, appraisal }) => {
    const key = `${resource} ${emulated} ${outcome} ${text}`
    const before = known.get(key)
    if (before !== undefined) return before
    // Written by this package alone.
    const context = JSON.parse(text) as PolicyContext
    const stored = {
      id: appraisal,
      namespace,
      context,
      emulated: emulated === 1,
      outcome: outcome as StoredAppraisal['outcome'],
      authenticity: context.verdict.authenticity,
    }
    const fate = fateOf(decide(stored, rules, { action: 'release', resource, at }, allowing(core)))
    if (known.size < PAGE) known.set(key, fate)
    return fate
  }
}

function fateOf(answer: PolicyAnswer): Fate {
  return answer.permitted ? STAYS : { code: answer.code ?? 'policy-deny', reasons: policyReasons(answer) }
}

/** Judges an appraisal's evidence for a cause: a fate, or the appraisal that holds now, for the policy to decide on. */
async function evidenceFate(
  core: Core,
  rules: Rules,
  id: string,
  cause: Cause,
  at: Date,
): Promise<Fate | StoredAppraisal> {
  const appraisal = await loadAppraisal(core, core.db, id)
  if (appraisal === undefined) return { code: 'attestation-revoked', reasons: ['the appraisal is not stored any more'] }
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
  if (collateral === 'now' && found.refusal === 'collateral-missing') return appraisal
  const ended = collateral === 'now' ? afterItsEnd(appraisal, found, at) : undefined
  if (ended !== undefined) return ended
  if (found.refusal !== undefined) {
    await revokeAppraisal(core, id, at)
    const reasons =
      found.refusal === 'reference-missing'
        ? ['no reference values in force are met', ...reasonsOf(found.verdict)]
        : reasonsOf(found.verdict)
    return { code: found.refusal, reasons }
  }
  return collateral === 'now' && platformChanged(found.verdict, appraisal)
    ? replace(core, appraisal, found, at)
    : { ...appraisal, context: found.appraisal.context }
}

interface Group extends Row {
  readonly id: string
  readonly tee: string
  readonly hardware_id: string | null
  readonly collateral_sha256: string | null
  readonly reference_set: string | null
}

/**
 * Results that are still good for a release are looked at too: one of each platform, endorsements and reference set, for
 * all that share them.
 */
async function revokeRecent(core: Core, namespace: string, rules: Rules, at: Date): Promise<void> {
  const groups = await core.db.all<Group>(
    `SELECT MIN(id) AS id, tee, hardware_id, collateral_sha256, reference_set FROM appraisals
     WHERE namespace = ? AND expires >= ? AND revoked IS NULL AND outcome = 'verified'
     GROUP BY tee, hardware_id, collateral_sha256, reference_set`,
    [namespace, at.getTime()],
  )
  for (const group of groups) {
    const appraisal = await loadAppraisal(core, core.db, group.id)
    if (appraisal === undefined) continue
    const found = await rejudge(core, core.db, rules, appraisal, { collateral: 'now', at, request: { refresh: true } })
    if (found === undefined || found.refusal === 'collateral-missing') continue
    if (found.refusal === undefined && !platformChanged(found.verdict, appraisal)) continue
    await core.db.transaction((sql) =>
      sql.run(
        `UPDATE appraisals SET revoked = ? WHERE namespace = ? AND revoked IS NULL AND expires >= ? AND at <= ? AND tee = ?
         AND COALESCE(hardware_id, '') = ? AND COALESCE(collateral_sha256, '') = ? AND COALESCE(reference_set, '') = ?`,
        [
          at.getTime(),
          namespace,
          at.getTime(),
          at.getTime(),
          group.tee,
          group.hardware_id ?? '',
          group.collateral_sha256 ?? '',
          group.reference_set ?? '',
        ],
      ),
    )
  }
}

/** Whether the TPMs' keys that an appraisal rests on are enrolled still. */
async function keyFate(core: Core, appraisal: StoredAppraisal, at: Date): Promise<Fate | StoredAppraisal> {
  const keys = appraisal.grounds.flatMap(({ enrolledKey }) => enrolledKey ?? [])
  if (await areEnrolled(core.db, appraisal.namespace, keys)) return appraisal
  await revokeAppraisal(core, appraisal.id, at)
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
    await sql.run('UPDATE appraisals SET revoked = ? WHERE id = ? AND revoked IS NULL', [at.getTime(), before.id])
  })
  return now
}

async function revokeAll(
  core: Core,
  namespace: string,
  failing: readonly { readonly lease: LiveLease; readonly fate: Fate }[],
  cause: Cause,
  rules: Rules,
  at: Date,
): Promise<number> {
  return core.db.transaction(async (sql) => {
    const byId = new Map(failing.map((one) => [one.lease.id, one]))
    const places = failing.map(() => '?').join(', ')
    const ended = await sql.all<{ id: string }>(
      `UPDATE leases SET state = 'revoked', ended = ?, ended_reason = ? WHERE id IN (${places}) AND state = 'live' RETURNING id`,
      [at.getTime(), `reappraisal: ${cause.kind}`, ...byId.keys()],
    )
    const decisions = ended.flatMap(({ id }) => {
      const one = byId.get(id)
      return one === undefined ? [] : [revocation(namespace, one.lease, one.fate, cause, rules, at)]
    })
    await recordAll(core, sql, decisions)
    await addEvents(
      sql,
      namespace,
      at,
      decisions.map(({ id, lease, resource, reason }) => ({
        kind: 'lease-revoked',
        body: { lease, resource, reason, decision: id, cause },
      })),
    )
    return decisions.length
  })
}

function revocation(
  namespace: string,
  lease: LiveLease,
  fate: Fate,
  cause: Cause,
  rules: Rules,
  at: Date,
): DecisionRecord & { readonly id: string } {
  const policy = rules.policy
  return {
    id: newId('dec', at),
    namespace,
    at,
    kind: 'revoke',
    outcome: 'revoked',
    resource: lease.resource,
    appraisal: lease.appraisal,
    lease: lease.id,
    reason: fate.code ?? 'policy-deny',
    emulated: lease.emulated === 1,
    ...(policy === undefined ? {} : { policy: { version: policy.version, sha256: policy.compiled.sha256 } }),
    body: { cause, reasons: fate.code === undefined ? [] : fate.reasons },
  }
}

/** Clocks of processes on one database may differ by this much. */
const SKEW_MS = 2000

/** Leases that a cause has ended since a decision was recorded, in whatever process. */
export async function revokedSince(sql: Sql, namespace: string, cause: Cause, decision: string): Promise<number> {
  const [since] = await sql.all<{ at: number; leaf_index: number }>(
    'SELECT at, leaf_index FROM decisions WHERE id = ? LIMIT 1',
    [decision],
  )
  if (since === undefined) return 0
  // As `revocation` writes it: the cause is the body's first member.
  const body = `{"cause":${JSON.stringify(cause)},`
  const [row] = await sql.all<{ revoked: number }>(
    `SELECT COUNT(*) AS revoked FROM decisions WHERE namespace = ? AND id >= ? AND leaf_index > ? AND kind = 'revoke'
     AND substr(body, 1, ${[...body].length}) = ?`,
    // Ids begin with their time, which spares looking through older ones.
    [namespace, idTime('dec', new Date(since.at - SKEW_MS)), since.leaf_index, body],
  )
  return Number(row?.revoked ?? 0)
}

const PENDING = 'reappraise:'

function pendingName(namespace: string, cause: Cause): string {
  const what = 'name' in cause ? cause.name : 'id' in cause ? cause.id : 'kid' in cause ? cause.kid : ''
  return `${PENDING}${namespace}:${cause.kind}:${what}`
}

/** Notes, in the transaction of a change, that leases have to be looked at again: whoever comes next does it if this process cannot. */
export async function pending(sql: Sql, namespace: string, cause: Cause): Promise<void> {
  await writeSetting(sql, pendingName(namespace, cause), JSON.stringify({ namespace, cause }))
}

async function done(core: Core, namespace: string, cause: Cause, { epoch }: Rules): Promise<void> {
  await core.db.transaction(async (sql) => {
    // The rules changed meanwhile: the note may be of that change, and leases were not looked at by it.
    if ((await epochOf(sql, namespace)) !== epoch) return
    await removeSetting(sql, pendingName(namespace, cause))
  })
}

/** Does what a process that ended left undone. */
export async function resumePending(core: Core, at: Date): Promise<void> {
  const rows = await core.db.all<{ value: string }>(`SELECT value FROM settings WHERE name LIKE '${PENDING}%'`)
  for (const { value } of rows) {
    const { namespace, cause } = JSON.parse(value) as { namespace: string; cause: Cause }
    await reappraise(core, namespace, cause, at)
  }
}
