import { type JsonWebKey, timingSafeEqual } from 'node:crypto'
import { areEnrolled } from '../enrolment/enrolled-keys.ts'
import { acceptedThumbprint } from '../jwe/tee-key.ts'
import type { Sql } from '../storage/sql.ts'
import { rememberStored, storeAppraisal, storedBytes, storeGrounds, verdictText, wholeText } from './appraisals.ts'
import { bindingHash, teeKeyOf } from './binding.ts'
import type { Core } from './core.ts'
import { type Evaluation, evaluate } from './evaluate.ts'
import { newId } from './ids.ts'
import type { AttestOutcome, AttestRequest } from './model.ts'
import { digestsOf, record } from './record.ts'
import { noteMatch } from './reference-matches.ts'
import { type RefusalCode, reasonsOf } from './refusal.ts'
import { storeRefused } from './refused-evidence.ts'
import { isCurrent } from './result-keys.ts'
import { rulesOf } from './rules.ts'
import { isFarOff, nonceOf, readSpent, sessionOf, spendSession } from './sessions.ts'
import type { Rules, Session, StoredAppraisal } from './state.ts'
import { issueToken } from './tokens.ts'
import type { VerdictText } from './verdict-text.ts'

/**
 * Judges the evidence of a session. Its nonce is spent by whatever comes of it, in the transaction that records
 * that: of any number of calls in any number of processes, one finds it unspent.
 *
 * @param repeats whether a KBS session that was answered well may be answered the same again
 */
export async function attest(core: Core, request: AttestRequest, repeats = true): Promise<AttestOutcome> {
  const session = sessionOf(core, request.session)
  // What nobody can be held to is not recorded: anybody could fill the log with it.
  if (session === undefined) return { refusal: { code: 'session-unknown' } }
  if (isFarOff(core, session, request.at)) return { refusal: { code: 'session-expired' } }
  const refused = (code: RefusalCode, reason: string, nonce?: 'kept'): Promise<AttestOutcome> =>
    refuse(core, session, code, reason, request.at, nonce)
  if (request.namespace !== undefined && request.namespace !== session.namespace)
    return refused('session-mismatch', 'the session is of another namespace', 'kept')
  const answered = await answeredBefore(core, session, request.at, repeats)
  if (answered !== undefined) return answered
  if (!sameText(nonceOf(core, session), request.runtimeData.nonce))
    return refused('nonce-mismatch', 'runtime-data.nonce is not the nonce of this session')
  const teeKey = teeKeyOf(request.runtimeData['tee-pubkey'])
  if (teeKey === undefined)
    return refused('key-unsupported', 'tee-pubkey is no public key that a secret can be encrypted to')
  if (tooLarge(core, request)) return refused('evidence-unreadable', 'the evidence is too large')
  const rules = await rulesOf(core, core.db, session.namespace)
  const tee = request.tee ?? (session.tee === '' ? undefined : session.tee)
  const { namespace } = session
  const hash = bindingHash(session.protocol, session.tee)
  const evaluation = await evaluate(core, rules, { ...request, namespace, ...(tee === undefined ? {} : { tee }) }, hash)
  if (evaluation.unreadable !== undefined) return refused(evaluation.unreadable, evaluation.reason)
  return conclude(core, { session, request, rules, evaluation: await toldApart(core, evaluation), teeKey, repeats })
}

function sameText(a: string, b: unknown): boolean {
  if (typeof b !== 'string') return false
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}

function tooLarge({ limits }: Core, { evidence, additionalEvidence, initData, eventLog }: AttestRequest): boolean {
  const bytes = evidence instanceof Uint8Array || typeof evidence === 'string' ? evidence.length : 0
  const all = bytes + (additionalEvidence?.length ?? 0) + (initData?.body.length ?? 0) + (eventLog?.length ?? 0)
  return all > limits.maxEvidence
}

async function answeredBefore(
  core: Core,
  session: Session,
  at: Date,
  repeats: boolean,
): Promise<AttestOutcome | undefined> {
  if (session.expires < at.getTime())
    return refuse(core, session, 'session-expired', 'the time of the session is over', at, 'kept')
  if (core.opened.take(session.id, at.getTime()) === true) return undefined
  const spent = await readSpent(core.db, session)
  if (spent === undefined) return undefined
  const { token, appraisal, decision } = spent.body
  if (!repeats || session.protocol !== 'kbs' || spent.state !== 'attested' || token === undefined)
    return refuse(core, session, 'session-spent', 'the nonce of this session was used before', at, 'kept')
  return {
    token,
    expires: new Date(session.expires),
    ...(appraisal === undefined ? {} : { appraisal }),
    ...(decision === undefined ? {} : { decision }),
  }
}

async function refuse(
  core: Core,
  session: Session,
  code: RefusalCode,
  reason: string,
  at: Date,
  nonce: 'spent' | 'kept' = 'spent',
): Promise<AttestOutcome> {
  const decision = await core.db.transaction(async (sql) => {
    const id = newId('dec', at)
    if (nonce === 'spent') await spendSession(sql, session, 'spent', { decision: id, refusal: code }, at)
    const body = { session: session.id, reasons: [reason] }
    return record(core, sql, {
      id,
      namespace: session.namespace,
      at,
      kind: 'attest',
      outcome: 'refused',
      reason: code,
      emulated: false,
      body,
    })
  })
  return { refusal: { code, id: decision } }
}

interface Concluding {
  readonly session: Session
  readonly request: AttestRequest
  readonly rules: Rules
  readonly evaluation: Exclude<Evaluation, { readonly unreadable: RefusalCode }>
  readonly teeKey: JsonWebKey
  readonly repeats: boolean
}

const MAX_ROUNDS = 5

/** What does not bind this exchange is a replay if it was accepted here before, as far back as evidence is kept. */
async function toldApart(core: Core, evaluation: Concluding['evaluation']): Promise<Concluding['evaluation']> {
  if (evaluation.refusal !== 'evidence-stale') return evaluation
  for (const { grounds } of evaluation.judged)
    if ((await storedBytes(core.db, grounds.evidence)) !== undefined) return evaluation
  return { ...evaluation, refusal: 'evidence-misbound' }
}

async function conclude(core: Core, concluding: Concluding, round = 0): Promise<AttestOutcome> {
  const { session, request, rules, evaluation, teeKey } = concluding
  const { judged, verdict, appraisal, refusal } = evaluation
  const { at } = request
  const decision = newId('dec', at)
  // Refused verdicts are kept whole: whoever sends what is refused teaches nothing to the writers of the others.
  const text = refusal === undefined ? verdictText(core, verdict) : wholeText(verdict)
  const expires = new Date(at.getTime() + core.limits.tokenSeconds * 1000)
  const stored = appraisalOf(concluding, text, expires)
  const { signer } = core.resultKeys
  const token =
    refusal === undefined
      ? await issueToken(core, signer, appraisal, verdict, {
          namespace: session.namespace,
          appraisal: stored.id,
          decision,
          nonce: request.runtimeData.nonce,
          teeKey,
          policyIds: rules.policy === undefined ? [] : [rules.policy.compiled.sha256],
          issuedAt: at,
          expiresAt: expires,
        })
      : undefined
  const fate = await core.db.transaction((sql) =>
    store(core, sql, concluding, { decision, text, stored, token, signer }),
  )
  if (fate === 'tpm-key-revoked') return refuse(core, session, fate, 'the key was revoked meanwhile', at)
  if (fate === 'other-key') {
    if (round === MAX_ROUNDS) return refuse(core, session, 'busy', 'the keys of results changed again and again', at)
    await core.resultKeys.refresh()
    return conclude(core, concluding, round + 1)
  }
  // Somebody was faster: what they were answered is the answer.
  if (fate === 'answered') return again(core, session, at, concluding.repeats)
  if (refusal === undefined) rememberStored(core, judged, text)
  core.appraisals.set(stored.id, stored, Number.POSITIVE_INFINITY)
  const { emulated } = appraisal.context
  if (token === undefined)
    return { decision, appraisal: stored.id, emulated, refusal: { code: refusal ?? 'evidence-rejected', id: decision } }
  if (session.protocol !== 'kbs') return { token, appraisal: stored.id, decision, expires, emulated }
  core.answered.set(session.id, { appraisal: stored.id, namespace: session.namespace }, session.expires)
  return { token, appraisal: stored.id, decision, expires: new Date(session.expires), emulated }
}

/** What a conclusion writes. */
interface Made {
  readonly decision: string
  readonly text: VerdictText
  readonly stored: StoredAppraisal
  /** Undefined for a refusal. */
  readonly token: string | undefined
  /** The key that signed the token. */
  readonly signer: Core['resultKeys']['signer']
}

/** What became of it: `answered` where somebody else was faster, `other-key` where the signer is the key of results no more. */
type Conclusion = 'stored' | 'answered' | 'other-key' | 'tpm-key-revoked'

async function store(
  core: Core,
  sql: Sql,
  concluding: Concluding,
  { decision, text, stored, token, signer }: Made,
): Promise<Conclusion> {
  const { session, evaluation } = concluding
  const { judged, refusal } = evaluation
  const { at } = concluding.request
  // A key that was revoked while its evidence was judged vouches for nothing any more.
  const keys = judged.flatMap(({ grounds }) => grounds.enrolledKey ?? [])
  if (!(await areEnrolled(sql, session.namespace, keys))) return 'tpm-key-revoked'
  const body = {
    appraisal: stored.id,
    decision,
    ...(token === undefined || session.protocol !== 'kbs' ? {} : { token }),
    ...(refusal === undefined ? {} : { refusal }),
  }
  const spent =
    token === undefined
      ? await spendSession(sql, session, 'spent', body, at)
      : await spendSession(sql, session, 'attested', body, at, signer.kid)
  // A result under a key that was taken back meanwhile would be refused everywhere.
  if (!spent) return token === undefined || (await isCurrent(sql, signer.kid)) ? 'answered' : 'other-key'
  if (refusal === undefined) await storeGrounds(core, sql, judged, text, at)
  else await storeRefused(sql, judged, text, stored, at)
  await storeAppraisal(sql, stored)
  // Evidence that is refused may be anybody's: it says of no value that something has it.
  if (refusal === undefined)
    for (const { met } of judged) if (met !== undefined) await noteMatch(core, sql, session.namespace, met, at)
  await recordAttest(core, sql, decision, concluding, stored)
  return 'stored'
}

function appraisalOf(
  { session, request, evaluation, teeKey }: Concluding,
  { sha256: verdictSha256 }: VerdictText,
  expires: Date,
): StoredAppraisal {
  const { judged, verdict, appraisal, refusal } = evaluation
  return {
    id: newId('apr', request.at),
    namespace: session.namespace,
    at: request.at.getTime(),
    expires: expires.getTime(),
    session: session.id,
    verdict: verdictSha256,
    // Genuine, but nobody said that it is wanted: no policy may make a yes of that.
    outcome: refusal !== undefined && verdict.outcome === 'verified' ? 'incomplete' : verdict.outcome,
    authenticity: verdict.authenticity,
    emulated: verdict.emulated,
    status: appraisal.status,
    context: appraisal.context,
    teeKey,
    holder: acceptedThumbprint(teeKey),
    grounds: judged.map(({ grounds }) => grounds),
  }
}

async function again(core: Core, session: Session, at: Date, repeats: boolean): Promise<AttestOutcome> {
  const answered = await answeredBefore(core, session, at, repeats)
  return answered ?? { refusal: { code: 'session-unknown' } }
}

function recordAttest(
  core: Core,
  sql: Sql,
  id: string,
  { session, request, evaluation, rules }: Concluding,
  stored: StoredAppraisal,
): Promise<string> {
  const { verdict, refusal, judged, faults, initData } = evaluation
  const [primary] = judged
  const { reference } = primary.grounds
  return record(core, sql, {
    id,
    namespace: session.namespace,
    at: request.at,
    kind: 'attest',
    outcome: refusal === undefined ? 'attested' : 'refused',
    appraisal: stored.id,
    emulated: verdict.emulated,
    digests: digestsOf(stored),
    ...(rules.policy === undefined
      ? {}
      : { policy: { version: rules.policy.version, sha256: rules.policy.compiled.sha256 } }),
    ...(reference === undefined ? {} : { referenceSet: reference }),
    ...(refusal === undefined ? {} : { reason: refusal }),
    body: {
      session: session.id,
      protocol: session.protocol,
      tee: verdict.tee,
      status: stored.status,
      summary: verdict.summary,
      emulated: verdict.emulated,
      reasons: refusal === undefined ? [] : [...faults, ...reasonsOf(verdict)],
      ...(initData === undefined ? {} : { initData }),
    },
  })
}
