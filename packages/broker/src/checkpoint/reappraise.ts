import type { PolicyContext } from '@sekisho/appraisal'
import { removeSetting, writeSetting } from '../storage/settings.ts'
import type { Sql } from '../storage/sql.ts'
import type { Reappraised } from './admin-model.ts'
import { readAppraisals } from './appraisals.ts'
import type { Core } from './core.ts'
import { decide, type PolicyAnswer, policyReasons } from './decide.ts'
import { each } from './each.ts'
import { restsOnFiles } from './endorsement-files.ts'
import { addEvents, announce } from './events.ts'
import { evidenceFate } from './evidence-fate.ts'
import type { Fate } from './fate.ts'
import { idTime, newId } from './ids.ts'
import { expireLeases } from './leases.ts'
import { type LiveLease, liveLeases, PAGE } from './live-leases.ts'
import type { Cause } from './model.ts'
import { endResultsByFiles, endResultsLookedAt } from './recent-results.ts'
import { type DecisionRecord, digestsOf, recordAll } from './record.ts'
import { allowing, contextBody } from './release.ts'
import { epochOf, rulesOf } from './rules.ts'
import type { Rules, StoredAppraisal } from './state.ts'

const STAYS: Fate = {}

const KEY_REVOKED: Fate = {
  code: 'attestation-revoked',
  reasons: [
    'the key was revoked that had signed the result on which it was granted: somebody else may have written it',
  ],
}

/**
 * Looks at every live lease of a namespace again and revokes those that no longer pass, each with a decision, a leaf and
 * an event. A policy or advisory is decided on what the last look found; changed reference values and new endorsements
 * are judged on the recorded evidence.
 *
 * @param silent is given the ids of leases that stay because endorsements of their platforms could not be had
 */
export async function reappraise(
  core: Core,
  namespace: string,
  cause: Cause,
  at: Date,
  silent?: Set<string>,
): Promise<Reappraised> {
  // What is over by this clock is not looked at: so it must have ended, should the clock be ahead.
  await expireLeases(core, at)
  const rules = await rulesOf(core, core.db, namespace)
  const only = cause.kind === 'endorsements' ? `AND ${restsOnFiles('a.body')}` : ''
  const found = { live: 0, revoked: 0 }
  const steps = [
    () =>
      judgeLive(core, namespace, rules, cause, at, {
        only,
        found,
        judge: judgeOf(core, namespace, rules, cause, at, silent),
      }),
    ...(cause.kind === 'collateral' ? [() => endResultsLookedAt(core, namespace, rules, at)] : []),
    ...(cause.kind === 'endorsements' ? [() => endResultsByFiles(core, namespace, at)] : []),
    ...(cause.kind === 'collateral' || cause.kind === 'endorsements'
      ? [() => judgeMeanwhile(core, namespace, rules, cause, at, found)]
      : []),
  ]
  try {
    await each(steps, (step) => step())
    await done(core, namespace, cause, rules)
  } finally {
    if (found.revoked > 0) await announce(core, namespace)
  }
  return found
}

/** What was granted or set while services were waited for. */
async function judgeMeanwhile(
  core: Core,
  namespace: string,
  rules: Rules,
  cause: Cause,
  at: Date,
  found: Judging['found'],
): Promise<void> {
  // Leases were granted on what is revoked only now.
  if (cause.kind === 'collateral')
    await judgeLive(core, namespace, rules, cause, at, { only: 'AND a.revoked IS NOT NULL', found, again: true })
  // Rules that changed meanwhile were asked about what was recorded before, and not about what was found.
  const now = await rulesOf(core, core.db, namespace)
  const byPolicy = policyJudge(core, namespace, now, at)
  if (now.epoch !== rules.epoch)
    await judgeLive(core, namespace, now, cause, at, { found, again: true, judge: async (lease) => byPolicy(lease) })
}

interface Judging {
  /** A further condition, of ours. */
  readonly only?: string
  readonly judge?: (lease: LiveLease) => Promise<Fate>
  /** Counts what is found, also where a step fails. */
  readonly found: { live: number; revoked: number }
  /** A further pass over leases that were counted before. */
  readonly again?: true
}

/** Judges live leases and revokes those that no longer pass. One that cannot be judged keeps no other from ending. */
async function judgeLive(
  core: Core,
  namespace: string,
  rules: Rules,
  cause: Cause,
  at: Date,
  { only = '', judge = judgeOf(core, namespace, rules, cause, at), found, again }: Judging,
): Promise<void> {
  await each(liveLeases(core, namespace, at, only), async (page) => {
    const failing: { readonly lease: LiveLease; readonly fate: Fate }[] = []
    const judging = each(page, async (lease) => {
      const fate = await judge(lease)
      if (fate.code !== undefined) failing.push({ lease, fate })
    })
    const [judged] = await Promise.allSettled([judging])
    if (failing.length > 0) found.revoked += await revokeAll(core, namespace, failing, cause, rules, at)
    if (again === undefined) found.live += page.length - failing.length
    if (judged.status === 'rejected') throw judged.reason
  })
}

function judgeOf(
  core: Core,
  namespace: string,
  rules: Rules,
  cause: Cause,
  at: Date,
  silent: Set<string> = new Set(),
): (lease: LiveLease) => Promise<Fate> {
  if (cause.kind === 'result-key') return async (lease) => (lease.result_key === cause.kid ? KEY_REVOKED : STAYS)
  const byPolicy = policyJudge(core, namespace, rules, at)
  if (cause.kind === 'policy' || cause.kind === 'advisory' || cause.kind === 'production')
    return async (lease) => byPolicy(lease)
  const evidence = new Map<string, Promise<Fate | StoredAppraisal>>()
  const unanswered = new Set<string>()
  return async (lease) => {
    const { appraisal } = lease
    const known =
      evidence.get(appraisal) ?? evidenceFate(core, rules, lease, cause, at, () => unanswered.add(appraisal))
    evidence.set(appraisal, known)
    const found = await known
    if (!('id' in found)) return found
    const fate = byPolicy({ ...lease, context: JSON.stringify(found.context) })
    if (fate.code === undefined && unanswered.has(appraisal)) silent.add(lease.id)
    return fate
  }
}

function policyJudge(core: Core, namespace: string, rules: Rules, at: Date): (lease: LiveLease) => Fate {
  const known = new Map<string, Fate>()
  return ({ context: text, recorded, resource, outcome, emulated, appraisal }) => {
    const key = `${resource} ${emulated} ${outcome} ${text === recorded} ${text}`
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
    const answer = decide(stored, rules, { action: 'release', resource, at }, allowing(core))
    const fate = fateOf(answer, text === recorded ? contextBody(stored, answer) : { context: answer.context })
    if (known.size < PAGE) known.set(key, fate)
    return fate
  }
}

function fateOf(answer: PolicyAnswer, about: { readonly context?: PolicyContext }): Fate {
  return answer.permitted ? STAYS : { code: answer.code ?? 'policy-deny', reasons: policyReasons(answer), ...about }
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
    const appraisals = await readAppraisals(sql, [
      ...new Set(ended.flatMap(({ id }) => byId.get(id)?.lease.appraisal ?? [])),
    ])
    const decisions = ended.flatMap(({ id }) => {
      const one = byId.get(id)
      if (one === undefined) return []
      const appraisal = appraisals.get(one.lease.appraisal)
      const made = revocation(namespace, one.lease, one.fate, cause, rules, at)
      return [appraisal === undefined ? made : { ...made, digests: digestsOf(appraisal) }]
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
    body: {
      cause,
      reasons: fate.code === undefined ? [] : fate.reasons,
      ...(fate.code === undefined || fate.context === undefined ? {} : { context: fate.context }),
    },
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
  await each(rows, async ({ value }) => {
    const { namespace, cause } = JSON.parse(value) as { namespace: string; cause: Cause }
    await reappraise(core, namespace, cause, at)
  })
}
