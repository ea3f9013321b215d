import type { Check, Verdict } from '@sekisho/evidence'

/**
 * Why a caller is refused. Stable, short, and the same for whatever the caller must not learn.
 *
 * - `session-unknown`: no session of this id, or it is over and forgotten.
 * - `session-expired`: its time is over.
 * - `session-spent`: a nonce is for one exchange.
 * - `session-mismatch`: of another namespace, protocol or TEE.
 * - `busy`: the rules changed again and again meanwhile.
 * - `nonce-mismatch`: the nonce is not the one of the session.
 * - `key-unsupported`: the TEE key is none that a secret can be encrypted to.
 * - `evidence-unreadable`: no evidence of a TEE that is verified here.
 * - `evidence-unbound`: evidence of this kind cannot name a session and its key: nothing is released on it.
 * - `evidence-rejected`: a check failed that no other code names.
 * - `evidence-stale`: the evidence does not bind this session's nonce and key, and was accepted here before: a replay.
 * - `evidence-misbound`: it does not bind them, and was never accepted here: made for another exchange, or for another key.
 * - `root-untrusted`: the evidence ends at no root that is trusted here: an emulated platform, or a forgery.
 * - `evidence-emulated`: no hardware vouches for it, and this checkpoint does not accept that.
 * - `debug-enabled`: the host can read the workload's memory.
 * - `tcb-unacceptable`: the platform's TCB is out of date or revoked.
 * - `certificate-revoked`: the platform's certificate was revoked.
 * - `collateral-expired`: endorsements were not valid at the time.
 * - `collateral-missing`: endorsements could not be had.
 * - `reference-missing`: no reference values for workloads of this TEE.
 * - `reference-mismatch`: the workload is none that the reference values name.
 * - `init-data-mismatch`: the machine was launched with other init-data than was sent, or with none that its evidence binds.
 * - `evidence-incomplete`: something relevant was not checked: the evidence lacks a part, or a reference set a value.
 * - `policy-deny`: the policy does not permit it, or there is nothing by that name for this caller.
 * - `policy-missing`: the namespace has no policy: nothing is permitted.
 * - `token-invalid`: no attestation result of this checkpoint.
 * - `token-expired`: its time is over.
 * - `attestation-revoked`: what the result rests on no longer holds.
 * - `namespace-mismatch`: the result is for another namespace.
 * - `not-attested`: nothing was attested in this session.
 * - `not-found`: no such resource. Only told to a caller whom the policy permits it.
 * - `resource-invalid`: no path of a resource.
 * - `lease-unknown`: no such lease, or not this caller's.
 * - `lease-ended`: it was revoked or is over.
 * - `holder-mismatch`: the evidence is of another key, workload or machine than the lease's.
 * - `tpm-key-unknown`: nobody vouches for the TPM's attestation key: it is not enrolled in this namespace.
 * - `tpm-key-revoked`: a key of this TPM was revoked.
 * - `enrolment-unknown`: no enrolment of this id waits for an answer: it is over, or was answered.
 * - `enrolment-failed`: the machine did not activate the credential.
 * - `enrolment-limit`: too many keys are enrolled.
 */
export type RefusalCode =
  | 'session-unknown'
  | 'session-expired'
  | 'session-spent'
  | 'session-mismatch'
  | 'busy'
  | 'nonce-mismatch'
  | 'key-unsupported'
  | 'evidence-unreadable'
  | 'evidence-unbound'
  | 'evidence-rejected'
  | 'evidence-stale'
  | 'evidence-misbound'
  | 'root-untrusted'
  | 'evidence-emulated'
  | 'debug-enabled'
  | 'tcb-unacceptable'
  | 'certificate-revoked'
  | 'collateral-expired'
  | 'collateral-missing'
  | 'reference-missing'
  | 'reference-mismatch'
  | 'init-data-mismatch'
  | 'evidence-incomplete'
  | 'policy-deny'
  | 'policy-missing'
  | 'token-invalid'
  | 'token-expired'
  | 'attestation-revoked'
  | 'namespace-mismatch'
  | 'not-attested'
  | 'not-found'
  | 'resource-invalid'
  | 'lease-unknown'
  | 'lease-ended'
  | 'holder-mismatch'
  | 'tpm-key-unknown'
  | 'tpm-key-revoked'
  | 'enrolment-unknown'
  | 'enrolment-failed'
  | 'enrolment-limit'

/** What may be released rests on a verdict like this, whatever a policy says. */
export function meetsFloor(verdict: Pick<Verdict, 'outcome' | 'authenticity'>): boolean {
  return verdict.outcome === 'verified' && verdict.authenticity === 'proven'
}

/** Checks of a verdict and of its parts, in order. */
export function allChecks(verdict: Verdict): readonly Check[] {
  return [
    ...verdict.checks.flatMap(({ checks }) => checks),
    ...(verdict.parts ?? []).flatMap((part) => allChecks(part.verdict)),
  ]
}

/** Ids of checks by what their failing means, the weightiest first. */
const MEANINGS: readonly (readonly [RegExp, RefusalCode])[] = [
  [/(\.pinned|\.root|\.trusted)$/, 'root-untrusted'],
  // An answer of OCSP that lacks a nonce is a matter of endorsements, and what is in an HCL report is there since the boot.
  [/\.expect\.(report-data|freshness)$|^(nitro|ibm-se)\.expect\.user-data$|^nvidia\.node\.nonce$/, 'evidence-stale'],
  [
    /\.tcb\.(not-revoked|status|level|evaluation-number|order|certificate)$|\.min-(tcb|firmware)$|^(ias|token)\.tcb$|^(token\.expect\.tcb|sev\.expect\.firmware|tdx\.td\.tee-tcb-svn)$/,
    'tcb-unacceptable',
  ],
  [/\.(not-revoked|revocation|ca-revocation)$|\.ocsp\.status$/, 'certificate-revoked'],
  [/^[^.]+\.(platform\.)?hardware$/, 'evidence-emulated'],
  [/\.(not-after|not-before|validity|dates|current|crl-current|issued)$/, 'collateral-expired'],
  [/\.debug$|\.debug\.guest$|\.no-debugging$/, 'debug-enabled'],
  [/\.expect\./, 'reference-mismatch'],
]

/** What the guest left out of its evidence, by the checks that then stay unmade: no vendor has it. */
const LEFT_OUT =
  /^(azure\.(hardware|quote)\.present|ias\.(signature\.present|chain\.readable)|ibm-se\.response|nvidia\.chain\.present)$/

/**
 * The code for a verdict that does not meet the floor. A failed proof of authenticity that no other code names is
 * `evidence-rejected`, so that nobody learns from a code which part of a forgery was noticed.
 *
 * @param referenced whether there were reference values to compare with
 */
export function refusalOf(verdict: Verdict, referenced: boolean): RefusalCode {
  const failed = allChecks(verdict).filter(({ outcome }) => outcome === 'fail')
  // The machine can mend this itself, and until then it does not matter what else is amiss.
  if (isUnenrolled(verdict) && !failed.some(({ phase }) => phase === 'authenticity')) return 'tpm-key-unknown'
  if (failed.length > 0) {
    const authenticity = failed.filter(({ phase }) => phase === 'authenticity')
    const weighty = authenticity.length > 0 ? authenticity : failed
    for (const [pattern, code] of MEANINGS) if (weighty.some(({ id }) => pattern.test(id))) return code
    // What is expected of the other kind of hardware: the report's own checks have nothing to compare it with.
    return weighty.every(({ id }) => id === 'azure.accept.hardware') ? 'reference-mismatch' : 'evidence-rejected'
  }
  if (!referenced) return 'reference-missing'
  const unmade = allChecks(verdict).filter(({ outcome, waived }) => outcome === 'unchecked' && waived !== true)
  // The guest can send it itself, and until then no endorsement completes the evidence.
  if (unmade.some(({ id }) => LEFT_OUT.test(id))) return 'evidence-incomplete'
  return unmade.some(({ phase }) => phase === 'authenticity') ? 'collateral-missing' : 'evidence-incomplete'
}

function isUnenrolled(verdict: Verdict): boolean {
  return (
    verdict.tee === 'tpm' &&
    allChecks(verdict).some(({ id, outcome }) => id === 'tpm.ak.trust' && outcome === 'unchecked')
  )
}

const MAX_REASONS = 32

/** Why a verdict does not meet the floor, in plain sentences: failed checks first, then those not made. */
export function reasonsOf(verdict: Verdict): readonly string[] {
  const checks = allChecks(verdict)
  const of = (outcome: Check['outcome']): readonly Check[] =>
    checks.filter((check) => check.outcome === outcome && check.waived !== true && check.blockedBy === undefined)
  return [...of('fail'), ...of('unchecked')].slice(0, MAX_REASONS).map(({ id, reason }) => `${id}: ${reason}`)
}

/** Why evidence that was good enough is so no more: never nothing, also where the verdict itself is as it should be. */
export function endingReasons(code: RefusalCode, verdict: Verdict): readonly string[] {
  const reasons = reasonsOf(verdict)
  return code === 'reference-missing' ? ['no reference values in force are met', ...reasons] : reasons
}
