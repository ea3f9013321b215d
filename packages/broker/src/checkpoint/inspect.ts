import { setImmediate as others } from 'node:timers/promises'
import { compilePolicies, type PolicyContext } from '@sekisho/appraisal'
import type { Remedy, Verdict } from '@sekisho/evidence'
import type { Receipt } from '../log/log.ts'
import { makeReceipt } from '../log/receipt.ts'
import type { Row } from '../storage/sql.ts'
import type { Core } from './core.ts'
import { UNHAD } from './evaluate.ts'
import type { DecisionFilter, Explained, Refusals } from './model.ts'
import { allChecks } from './refusal.ts'
import { policyText } from './rules.ts'
import { storedText } from './verdict-text.ts'

/** A decision as it is stored. */
export interface DecisionRow extends Row {
  readonly id: string
  readonly namespace: string
  readonly at: number
  readonly kind: string
  readonly outcome: string
  readonly resource: string | null
  readonly appraisal: string | null
  readonly policy_version: number | null
  readonly reason_code: string | null
  readonly body: string
  readonly leaf_index: number | null
  /** Of the appraisal. */
  readonly context: string | null
}

const COLUMNS = `d.id, d.namespace, d.at, d.kind, d.outcome, d.resource, d.appraisal, d.policy_version, d.reason_code, d.body,
  d.leaf_index, a.context FROM decisions d LEFT JOIN appraisals a ON a.id = d.appraisal`

/** The whole reason of a decision: what was found, check by check, and what would mend it. Undefined for one of another namespace. */
export async function why(core: Core, namespace: string, id: string): Promise<Explained | undefined> {
  const row = await readDecision(core, namespace, id)
  if (row === undefined) return undefined
  const explained = await withNearestPermits(core, row, explain(row))
  if (row.appraisal === null) return explained
  const verdict = await verdictOf(core, row.appraisal)
  if (verdict === undefined) return { ...explained, notKept: NOT_KEPT, reasons: [...explained.reasons, NOT_KEPT] }
  return { ...explained, verdict, remedies: remediesOf(verdict, explained.reasons) }
}

const NOT_KEPT = 'the evidence was not kept: retention'

interface FoundVerdict extends Row {
  readonly sha256: string
  readonly body: string | null
  readonly template: string | null
  readonly template_body: string | null
  readonly refused: Uint8Array | null
}

/** The verdict of an appraisal, where it is kept for good or, of a refusal, for a while. @throws StorageError `corrupt` */
export async function verdictOf(core: Core, appraisal: string): Promise<Verdict | undefined> {
  const [row] = await core.db.all<FoundVerdict>(
    `SELECT a.verdict_sha256 AS sha256, v.body, v.template, t.body AS template_body, r.bytes AS refused FROM appraisals a
     LEFT JOIN verdicts v ON v.sha256 = a.verdict_sha256
     LEFT JOIN verdict_templates t ON t.sha256 = v.template
     LEFT JOIN refused_evidence r ON r.sha256 = a.verdict_sha256 WHERE a.id = ?`,
    [appraisal],
  )
  if (row === undefined) return undefined
  const body = row.body ?? (row.refused === null ? undefined : Buffer.from(row.refused).toString())
  if (body === undefined) return undefined
  // Written by this package alone, and looked at: its digest is the one that was logged.
  return JSON.parse(storedText({ ...row, body })) as Verdict
}

/** Of a refusal by policy: which permits came nearest, and the first condition of each that does not hold. */
async function withNearestPermits(core: Core, row: DecisionRow, explained: Explained): Promise<Explained> {
  const { context } = explained
  if (row.reason_code !== 'policy-deny' || row.policy_version === null || row.resource === null) return explained
  if (!isContext(context)) return explained
  const text = await policyText(core.db, row.namespace, row.policy_version)
  if (text === undefined) return explained
  const compiled = await compilePolicies(text)
  const near = compiled.explain({
    action: row.kind === 'renew' ? 'renew' : 'release',
    namespace: row.namespace,
    resource: row.resource,
    workload: context.measurement,
    context,
  })
  const sentences = near.map(({ id, line, unmet }) => `line ${line} (${id}) would permit it if this held: ${unmet}`)
  return { ...explained, reasons: [...explained.reasons, ...sentences] }
}

// Written by this package alone, as the appraisal had it.
export function isContext(value: unknown): value is PolicyContext {
  return typeof value === 'object' && value !== null && 'measurement' in value && 'verdict' in value
}

/** What would mend a verdict, each remedy once: of failed checks first. */
function remediesOf(verdict: Verdict, reasons: readonly string[]): readonly Remedy[] {
  const answers = reasons.filter((one) => one.startsWith(UNHAD)).map((one) => one.slice(UNHAD.length))
  const asked = answers.filter((one) => one !== NOBODY_ASKED)
  const checks = allChecks(verdict).filter(({ blockedBy, waived }) => blockedBy === undefined && waived !== true)
  const ordered = [
    ...checks.filter(({ outcome }) => outcome === 'fail'),
    ...checks.filter(({ outcome }) => outcome === 'unchecked'),
  ]
  const byAction = new Map(
    ordered.flatMap(({ remedy, outcome }) =>
      // The checkpoint has asked for it by itself: what is to be mended is why it did not get it.
      remedy === undefined || (asked.length > 0 && outcome === 'unchecked' && FETCH.test(remedy.action))
        ? []
        : [[remedy.action, remedy] as const],
    ),
  )
  const ofSource = asked.map(
    (answer): Remedy => ({
      action: `have the checkpoint's source of endorsements give them (${answer}), or bring them with \`--endorsements\``,
      by: 'relying-party',
    }),
  )
  return [...ofSource, ...byAction.values()]
}

/** As `chainSources` words it where there is none: who fetches by hand is told what. */
const NOBODY_ASKED = 'no source of collateral has it'
/** Remedies that tell to fetch from a vendor's service. */
const FETCH = /^fetch |\bsekisho collateral fetch\b/

const MAX_LISTED = 1000
const LISTED = 100

/** Decisions of a namespace, the newest first. */
export async function decisions(
  core: Core,
  namespace: string,
  o: DecisionFilter & { readonly after?: string; readonly limit?: number },
): Promise<readonly Explained[]> {
  const limit = Math.min(Math.max(Math.trunc(o.limit ?? LISTED), 1), MAX_LISTED)
  const found: Explained[] = []
  for await (const { text, values } of stretches(core, namespace, o, o.after)) {
    const rows = await core.db.all<DecisionRow>(
      `SELECT ${COLUMNS} WHERE ${text} ORDER BY d.id DESC LIMIT ${limit - found.length}`,
      values,
    )
    found.push(...rows.map(explain))
    if (found.length === limit) break
  }
  return found
}

interface Conditions {
  readonly text: string
  readonly values: readonly string[]
}

/** Decisions that are looked through at once, where each has to be. */
const STRETCH = 2000

/**
 * Conditions for the decisions of a namespace that fit, stretch by stretch from the newest on: a search through all of them
 * takes seconds where there are many, and the embedded database answers nobody else meanwhile.
 */
async function* stretches(
  core: Core,
  namespace: string,
  o: DecisionFilter,
  after: string | undefined,
): AsyncGenerator<Conditions, void, void> {
  for (let before = after; ; ) {
    const fitting = conditionsOf(namespace, o, before)
    const all = conditionsOf(namespace, {}, before)
    const [edge] =
      fitting.text === all.text
        ? []
        : await core.db.all<{ id: string }>(
            `SELECT d.id FROM decisions d WHERE ${all.text} ORDER BY d.id DESC LIMIT 1 OFFSET ${STRETCH - 1}`,
            all.values,
          )
    if (edge === undefined) {
      yield fitting
      return
    }
    yield { text: `${fitting.text} AND d.id >= ?`, values: [...fitting.values, edge.id] }
    before = edge.id
    await others()
  }
}

/** The contexts of appraisals are JSON that this package wrote: quotes inside of texts are escaped there. */
function conditionsOf(namespace: string, o: DecisionFilter, after: string | undefined): Conditions {
  const like = (name: string, value: string | undefined, end: string): string | undefined =>
    value === undefined || !/^[0-9a-z-]{1,128}$/.test(value) ? undefined : `%"${name}":"${value}${end}%`
  const filters: readonly (readonly [string, string | undefined])[] = [
    ['d.namespace = ?', namespace],
    ['d.id < ?', after],
    ['d.kind = ?', o.kind],
    ['d.outcome = ?', o.outcome],
    ['d.resource = ?', o.resource],
    ['d.reason_code = ?', o.reason],
    // Ids sort by time: no decision on a lease is older than it, and older ones need not be read.
    ['d.id >= ?', o.lease === undefined ? undefined : `dec_${o.lease.slice(4, 14)}`],
    ['d.body LIKE ?', o.lease === undefined ? undefined : `%"lease":"${o.lease}"%`],
    ['a.context LIKE ?', like('tee', o.tee, '"')],
    ['a.context LIKE ?', like('measurement', o.workload, '')],
  ]
  const used = filters.flatMap(([text, value]) => (value === undefined ? [] : [{ text, value }]))
  return { text: used.map(({ text }) => text).join(' AND '), values: used.map(({ value }) => value) }
}

const MAX_COUNTED = 10_000

/** The newest 10,000 refusals that fit, counted by reason, the commonest first. */
export async function refusals(
  core: Core,
  namespace: string,
  filter: Omit<DecisionFilter, 'outcome' | 'reason'>,
): Promise<Refusals> {
  const byReason = new Map<string, { reason: string; count: number; latest: string; latestAt: Date }>()
  let counted = 0
  for await (const { text, values } of stretches(core, namespace, { ...filter, outcome: 'refused' }, undefined)) {
    const rows = await core.db.all<{ reason: string | null; count: number; latest: string; at: number }>(
      `SELECT r.reason_code AS reason, COUNT(*) AS count, MAX(r.id) AS latest, MAX(r.at) AS at FROM (
         SELECT d.id, d.at, d.reason_code FROM decisions d LEFT JOIN appraisals a ON a.id = d.appraisal
         WHERE ${text} ORDER BY d.id DESC LIMIT ${MAX_COUNTED - counted}) r GROUP BY r.reason_code`,
      values,
    )
    for (const row of rows) {
      const [reason, count] = [row.reason ?? '', Number(row.count)]
      const known = byReason.get(reason) ?? { reason, count: 0, latest: row.latest, latestAt: new Date(Number(row.at)) }
      byReason.set(reason, { ...known, count: known.count + count })
      counted += count
    }
    if (counted >= MAX_COUNTED) break
  }
  const groups = [...byReason.values()].sort((a, b) => b.count - a.count || (a.latest < b.latest ? 1 : -1))
  return { groups, counted, more: counted >= MAX_COUNTED }
}

/** A decision of a namespace; undefined for one of another. */
export async function readDecision(core: Core, namespace: string, id: string): Promise<DecisionRow | undefined> {
  if (!/^dec_[0-9a-z]{26}$/.test(id)) return undefined
  const [row] = await core.db.all<DecisionRow>(`SELECT ${COLUMNS} WHERE d.id = ? AND d.namespace = ?`, [id, namespace])
  return row
}

// The appraisal's own context, at the time of the decision.
function contextThen(text: string, at: number): object {
  return { ...(JSON.parse(text) as object), now: new Date(at).toISOString() }
}

function explain(row: DecisionRow): Explained {
  const body = JSON.parse(row.body) as Explained['body']
  const reasons = body['reasons']
  const context = body['context'] ?? (row.context === null ? undefined : contextThen(row.context, row.at))
  return {
    id: row.id,
    namespace: row.namespace,
    at: new Date(row.at),
    kind: row.kind,
    outcome: row.outcome,
    reasons: Array.isArray(reasons) ? reasons.map(String) : [],
    remedies: [],
    body,
    ...(context === undefined ? {} : { context }),
    ...(row.resource === null ? {} : { resource: row.resource }),
    ...(row.reason_code === null ? {} : { reasonCode: row.reason_code }),
    ...(row.appraisal === null ? {} : { appraisal: row.appraisal }),
    ...(row.policy_version === null ? {} : { policyVersion: row.policy_version }),
    ...(row.leaf_index === null ? {} : { leafIndex: row.leaf_index }),
  }
}

/** Proof that a decision is in the log, as of now. Undefined for one of another namespace. */
export async function receipt(core: Core, namespace: string, id: string): Promise<Receipt | undefined> {
  const row = await readDecision(core, namespace, id)
  if (row?.leaf_index === undefined || row.leaf_index === null) return undefined
  return makeReceipt(core.log, row.leaf_index)
}
