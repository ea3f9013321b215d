import type { JsonWebKey } from 'node:crypto'
import type { PolicyContext } from '@sekisho/appraisal'
import { toHex } from '@sekisho/evidence'
import { newSecretText, secretHash } from '../access/secret-text.ts'
import { encryptToTeeKey } from '../jwe/encrypt.ts'
import { teeKeyThumbprint } from '../jwe/tee-key.ts'
import { isResource } from '../names.ts'
import { loadAppraisal } from './appraisals.ts'
import type { Core } from './core.ts'
import { decide, type PolicyAnswer, policyReasons } from './decide.ts'
import { newId } from './ids.ts'
import type { ReleaseOutcome, ReleaseRequest } from './model.ts'
import { checkNamespace } from './names.ts'
import { type DecisionRecord, digestsOf, record } from './record.ts'
import type { RefusalCode } from './refusal.ts'
import { stillReferenced } from './rejudge.ts'
import { rulesOf, standing } from './rules.ts'
import { isFarOff, readSpent, sessionOf } from './sessions.ts'
import type { Rules, StoredAppraisal } from './state.ts'
import { readToken } from './tokens.ts'

const MAX_ROUNDS = 5

/**
 * Hands out a secret, encrypted to the key that the evidence binds. Decision, lease and leaf are on disk before the
 * secret leaves; the rules that permitted it are those in force in that very transaction.
 */
export async function release(core: Core, request: ReleaseRequest): Promise<ReleaseOutcome> {
  checkNamespace(request.namespace)
  if (!isResource(request.resource)) return refuse(core, request, { code: 'resource-invalid' })
  const found = await appraisalOf(core, request)
  if ('code' in found) return refuse(core, request, found)
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const held = round === 0 ? core.rules.get(request.namespace, 0) : undefined
    const outcome = await tryRelease(core, request, found, held)
    if (outcome !== undefined) return outcome
  }
  return refuse(core, request, { code: 'busy', appraisal: found.appraisal })
}

interface Refusing {
  readonly code: RefusalCode
  readonly appraisal?: StoredAppraisal
  readonly answer?: PolicyAnswer
  readonly rules?: Rules
  readonly reasons?: readonly string[]
  readonly unrecorded?: true
}

interface Attested {
  readonly appraisal: StoredAppraisal
  readonly teeKey: JsonWebKey
  /** The key of the result that was shown; none where a session was. */
  readonly resultKey: string | undefined
}

type Found = Attested | Refusing

async function appraisalOf(core: Core, { by, namespace, at }: ReleaseRequest): Promise<Found> {
  const shown = 'session' in by ? await bySession(core, by.session, at) : await byToken(core, by.token, at)
  if ('code' in shown) return shown
  const appraisal = await loadAppraisal(core, core.db, shown.id)
  if (appraisal === undefined) return { code: 'token-invalid' }
  if (appraisal.namespace !== shown.namespace || appraisal.namespace !== namespace)
    return { code: 'namespace-mismatch', reasons: ['the attestation is for another namespace'] }
  if (appraisal.expires < at.getTime()) return { code: 'token-expired', appraisal }
  const { teeKey } = appraisal
  return teeKey === undefined ? { code: 'not-attested', appraisal } : { appraisal, teeKey, resultKey: shown.resultKey }
}

type Shown = { readonly id: string; readonly namespace: string; readonly resultKey?: string } | Refusing

async function bySession(core: Core, token: string, at: Date): Promise<Shown> {
  const session = sessionOf(core, token)
  if (session === undefined) return { code: 'session-unknown' }
  if (isFarOff(core, session, at)) return { code: 'session-expired', unrecorded: true }
  const { id, namespace, expires } = session
  if (expires < at.getTime()) return { code: 'session-expired' }
  const answered = core.answered.get(id, at.getTime())
  if (answered !== undefined) return { id: answered.appraisal, namespace: answered.namespace }
  const spent = await readSpent(core.db, session)
  const appraisal = spent?.body.appraisal
  if (spent?.state !== 'attested' || appraisal === undefined) return { code: 'not-attested' }
  return { id: appraisal, namespace }
}

async function byToken(core: Core, token: string, at: Date): Promise<Shown> {
  const shown = await readToken(core, token, at)
  if (shown.fault === undefined) return { id: shown.appraisal, namespace: shown.namespace, resultKey: shown.kid }
  // Whoever has a revoked key can write any number of its results: they are not recorded.
  return shown.fault === 'attestation-revoked' ? { code: shown.fault, unrecorded: true } : { code: shown.fault }
}

/**
 * @param held rules that were in force lately. A release by them is one by the rules in force, for its transaction looks;
 *   a refusal is not, so that one is not made by them
 * @returns undefined when it has to be tried again, by rules that are read anew
 */
async function tryRelease(
  core: Core,
  request: ReleaseRequest,
  { appraisal, teeKey, resultKey }: Attested,
  held: Rules | undefined,
): Promise<ReleaseOutcome | undefined> {
  const { namespace, resource, at } = request
  const rules = held ?? (await rulesOf(core, core.db, namespace))
  const refused = (refusing: Refusing): Promise<ReleaseOutcome> | undefined =>
    held === undefined ? refuse(core, request, { ...refusing, appraisal, rules }) : undefined
  if (!stillReferenced(appraisal, rules, at)) return refused({ code: 'attestation-revoked', reasons: [UNREFERENCED] })
  const answer = decide(appraisal, rules, { action: 'release', resource, at }, allowing(core))
  if (!answer.permitted) return refused({ code: answer.code ?? 'policy-deny', answer })
  const opened = await core.vault.open(core.db, namespace, resource)
  // Whoever the policy permits a resource may learn that it is not there; nobody else does.
  if (opened === undefined) return refused({ code: 'not-found', answer })
  const { bytes, version, contentType } = opened
  const jwe = encryptToTeeKey(bytes, teeKey)
  bytes.fill(0)
  const lease = { id: newId('lse', at), secret: newSecretText(), expires: new Date(at.getTime() + core.leaseMs) }
  const decision = newId('dec', at)
  const done = await core.db.transaction(async (sql) => {
    const now = await standing(
      sql,
      namespace,
      appraisal.id,
      resultKey === undefined ? undefined : { kid: resultKey, at },
    )
    if (now.epoch !== rules.epoch) return 'rules-changed'
    if (now.revoked) return 'revoked'
    await sql.run(
      `INSERT INTO leases (id, namespace, resource, appraisal, decision, holder_key_sha256, secret_hash, created, expires, result_key, state)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'live')`,
      [
        lease.id,
        namespace,
        resource,
        appraisal.id,
        decision,
        appraisal.holder ?? teeKeyThumbprint(teeKey),
        toHex(secretHash(lease.secret)),
        at.getTime(),
        lease.expires.getTime(),
        resultKey ?? null,
      ],
    )
    await record(core, sql, {
      ...recordOf(request, { appraisal, rules }),
      id: decision,
      outcome: 'released',
      lease: lease.id,
      body: { version, ...contextBody(appraisal, answer), policy: answer.decision?.reasons ?? [] },
    })
    return 'released'
  })
  if (done === 'rules-changed') return undefined
  if (done === 'revoked') return refuse(core, request, { code: 'attestation-revoked', appraisal, rules })
  return { released: { jwe, version, contentType }, lease, decision, emulated: appraisal.emulated }
}

/** Why a result that was good is not any more. */
export const UNREFERENCED = 'the reference values that it met have changed since, or are over'

/** The context of a decision, where it is another than the appraisal's own: with advisories of the operator. */
export function contextBody(
  { context }: Pick<StoredAppraisal, 'context'>,
  answer: PolicyAnswer,
): { readonly context?: PolicyContext } {
  return answer.context.tcb.advisories.length === context.tcb.advisories.length ? {} : { context: answer.context }
}

/** Whether emulated evidence may ever be released to. */
export function allowing(core: Core): { readonly allowEmulated: boolean } {
  return { allowEmulated: core.verifier.emulated && !core.production }
}

function recordOf(
  { namespace, resource, at }: ReleaseRequest,
  { appraisal, rules }: Pick<Refusing, 'appraisal' | 'rules'>,
): Omit<DecisionRecord, 'outcome' | 'body'> {
  const policy = rules?.policy
  const [primary] = appraisal?.grounds ?? []
  return {
    namespace,
    at,
    kind: 'release',
    ...(isResource(resource) ? { resource } : {}),
    emulated: appraisal?.emulated ?? false,
    ...(appraisal === undefined ? {} : { appraisal: appraisal.id, digests: digestsOf(appraisal) }),
    ...(primary?.reference === undefined ? {} : { referenceSet: primary.reference }),
    ...(policy === undefined ? {} : { policy: { version: policy.version, sha256: policy.compiled.sha256 } }),
  }
}

/** Records a refusal; the caller learns its code and where its owner finds the reason. */
async function refuse(core: Core, request: ReleaseRequest, refusing: Refusing): Promise<ReleaseOutcome> {
  const { code, answer, reasons = [] } = refusing
  // A caller who showed nothing that this namespace knows could fill its log otherwise.
  const isUnattributed = refusing.appraisal === undefined && UNATTRIBUTED.includes(code)
  if (isUnattributed || refusing.unrecorded === true) return { refused: { code, decision: undefined } }
  const decision = await core.db.transaction((sql) =>
    record(core, sql, {
      ...recordOf(request, refusing),
      outcome: 'refused',
      reason: code,
      body: {
        reasons: [...reasons, ...(answer === undefined ? [] : policyReasons(answer))],
        ...(answer === undefined || refusing.appraisal === undefined ? {} : contextBody(refusing.appraisal, answer)),
      },
    }),
  )
  const { appraisal } = refusing
  return { refused: { code, decision, ...(appraisal === undefined ? {} : { emulated: appraisal.emulated }) } }
}

const UNATTRIBUTED: readonly RefusalCode[] = ['session-unknown', 'resource-invalid', 'token-invalid']
