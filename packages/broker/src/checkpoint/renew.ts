import { teeKeyThumbprint } from '../jwe/tee-key.ts'
import type { Sql } from '../storage/sql.ts'
import { loadAppraisal } from './appraisals.ts'
import { attest } from './attest.ts'
import type { Core } from './core.ts'
import { decide, type PolicyAnswer, policyReasons } from './decide.ts'
import { newId } from './ids.ts'
import { holds, type LeaseRow, readLease, stateOf } from './leases.ts'
import type { RenewOutcome, RenewRequest } from './model.ts'
import { digestsOf, record } from './record.ts'
import type { RefusalCode } from './refusal.ts'
import { stillReferenced } from './rejudge.ts'
import { allowing, contextBody, UNREFERENCED } from './release.ts'
import { rulesOf, standing } from './rules.ts'
import type { Rules, StoredAppraisal } from './state.ts'
import { noteUsed } from './unused.ts'

const MAX_ROUNDS = 4

/** Prolongs a lease on fresh evidence of the same key, workload and machine. A refusal changes nothing: the lease ends when it ends. */
export async function renew(core: Core, request: RenewRequest): Promise<RenewOutcome> {
  const { lease: id, leaseSecret, at } = request
  const lease = await readLease(core.db, id)
  // The same answer for a lease that is not there and for one that is another's.
  if (lease === undefined || !holds(lease, leaseSecret))
    return { refused: { code: 'lease-unknown', decision: undefined } }
  if (stateOf(lease, at).state !== 'live') return refuse(core, lease, { code: 'lease-ended', at })
  const attested = await attest(core, { ...request, namespace: lease.namespace }, false)
  if (attested.token === undefined || attested.appraisal === undefined)
    return refuse(core, lease, {
      code: attested.refusal?.code ?? 'evidence-rejected',
      at,
      reasons: [`attestation was refused: ${attested.refusal?.id ?? ''}`],
      ...(attested.emulated === undefined ? {} : { emulated: attested.emulated }),
    })
  const appraisal = await loadAppraisal(core, core.db, attested.appraisal)
  const before = await loadAppraisal(core, core.db, lease.appraisal)
  if (appraisal === undefined || before === undefined) return refuse(core, lease, { code: 'holder-mismatch', at })
  const mismatch = holderMismatch(lease, before, appraisal)
  if (mismatch !== undefined)
    return refuse(core, lease, { code: 'holder-mismatch', at, appraisal, reasons: [mismatch] })
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const outcome = await tryRenew(core, lease, appraisal, at)
    if (outcome !== undefined) return outcome
  }
  return refuse(core, lease, { code: 'busy', at, appraisal })
}

/** Why evidence is not of a lease's holder; undefined when it is. Evidence that names no hardware may be of any. */
function holderMismatch(lease: LeaseRow, before: StoredAppraisal, now: StoredAppraisal): string | undefined {
  if (now.teeKey === undefined || (now.holder ?? teeKeyThumbprint(now.teeKey)) !== lease.holder_key_sha256)
    return "the evidence is of another key than the lease's"
  if (before.context.tee !== now.context.tee || before.context.measurement !== now.context.measurement)
    return "the evidence is of another workload than the lease's"
  const [was, is] = [before.context.hardwareId, now.context.hardwareId]
  // The same key on another machine was copied or relayed; a guest that was moved attests anew.
  if (was !== undefined && is !== undefined && was !== is) return "the evidence is of another machine than the lease's"
  return undefined
}

async function tryRenew(
  core: Core,
  lease: LeaseRow,
  appraisal: StoredAppraisal,
  at: Date,
): Promise<RenewOutcome | undefined> {
  const { namespace, resource } = lease
  const rules = await rulesOf(core, core.db, namespace)
  if (!stillReferenced(appraisal, rules, at))
    return refuse(core, lease, { code: 'attestation-revoked', at, appraisal, rules, reasons: [UNREFERENCED] })
  const answer = decide(appraisal, rules, { action: 'renew', resource, at }, allowing(core))
  if (!answer.permitted)
    return refuse(core, lease, { code: answer.code ?? 'policy-deny', at, appraisal, answer, rules })
  const expires = new Date(at.getTime() + core.leaseMs)
  const decision = newId('dec', at)
  const done = await core.db.transaction(async (sql) => {
    const now = await standing(sql, namespace, appraisal.id)
    if (now.epoch !== rules.epoch) return 'rules-changed'
    if (now.revoked) return 'attestation-revoked'
    await noteUsed(sql, { lease: lease.id })
    const changed = await sql.run(
      `UPDATE leases SET expires = ?, appraisal = ?, result_key = NULL WHERE id = ? AND state = 'live' AND expires >= ?`,
      [expires.getTime(), appraisal.id, lease.id, at.getTime()],
    )
    if (changed !== 1) return 'lease-ended'
    await write(core, sql, lease, { at, appraisal, answer, rules }, { id: decision, outcome: 'renewed' })
    return 'renewed'
  })
  if (done === 'rules-changed') return undefined
  if (done !== 'renewed') return refuse(core, lease, { code: done, at, appraisal, rules })
  return { renewed: { lease: lease.id, expires }, decision, emulated: appraisal.emulated }
}

interface About {
  readonly at: Date
  readonly appraisal?: StoredAppraisal
  readonly answer?: PolicyAnswer
  readonly rules?: Rules
  readonly reasons?: readonly string[]
  /** Of evidence that was refused. */
  readonly emulated?: boolean
}

function write(
  core: Core,
  sql: Sql,
  lease: LeaseRow,
  { at, appraisal, answer, rules, reasons = [] }: About,
  outcome: { readonly id?: string; readonly outcome: 'renewed' | 'refused'; readonly reason?: RefusalCode },
): Promise<string> {
  const policy = rules?.policy
  const [primary] = appraisal?.grounds ?? []
  return record(core, sql, {
    ...outcome,
    namespace: lease.namespace,
    at,
    kind: 'renew',
    resource: lease.resource,
    lease: lease.id,
    emulated: appraisal?.emulated ?? false,
    ...(appraisal === undefined ? {} : { appraisal: appraisal.id, digests: digestsOf(appraisal) }),
    ...(primary?.reference === undefined ? {} : { referenceSet: primary.reference }),
    ...(policy === undefined ? {} : { policy: { version: policy.version, sha256: policy.compiled.sha256 } }),
    body: {
      reasons: [...reasons, ...(answer === undefined ? [] : policyReasons(answer))],
      ...(answer === undefined || appraisal === undefined ? {} : contextBody(appraisal, answer)),
    },
  })
}

async function refuse(
  core: Core,
  lease: LeaseRow,
  about: About & { readonly code: RefusalCode },
): Promise<RenewOutcome> {
  const { code } = about
  const decision = await core.db.transaction((sql) =>
    write(core, sql, lease, about, { outcome: 'refused', reason: code }),
  )
  const emulated = about.appraisal?.emulated ?? about.emulated ?? lease.emulated === 1
  return { refused: { code, decision, emulated } }
}
