import { trustedAnchors } from '../core/anchors.ts'
import { assembleVerdict } from '../core/assemble.ts'
import { concatBytes } from '../core/bytes.ts'
import { judge, stepIds } from '../core/engine.ts'
import { copyOfEvidence } from '../core/input.ts'
import type { VerifyOptions } from '../core/options.ts'
import { evaluationTime } from '../core/time.ts'
import type { TrustAnchor, Verdict } from '../core/verdict.ts'
import { type DigestJob, type Job, sha256 } from '../crypto/jobs.ts'
import { type Story, tell, tellNow } from '../crypto/story.ts'
import { Signed } from '../x509/signature.ts'
import { IAS_ROOT } from './anchors.ts'
import { type IasEvidence, parseIas } from './archive.ts'
import { anchorOf, authorityKey } from './certificates.ts'
import { type IasClaims, iasAssumptions, iasClaims, iasNotes } from './claims.ts'
import { type IasExpectations, readIasExpectations } from './expectations.ts'
import { readList } from './revocation.ts'
import type { IasState } from './state.ts'
import { STEPS } from './steps.ts'

/** What a verification takes beside the report. An archive is judged once: there is nothing to remember. */
export interface IasVerifyOptions extends VerifyOptions {
  readonly expect?: IasExpectations
  /**
   * Revocation list of the authority of the service, DER. Archives hold none: without it the verdict says that it
   * relies on the key not having been revoked.
   */
  readonly crl?: Uint8Array
}

/** Ids of all checks of a verdict about an archived report, in order; with `waivable` those that may be waived. */
export function iasCheckIds(which: 'all' | 'waivable' = 'all'): readonly string[] {
  return stepIds<IasState>(STEPS, which)
}

/**
 * Verifies an archived report of Intel's attestation service (EPID). Its certificates are judged at the report's own
 * time, which must not be after `options.at`.
 *
 * @param evidence in one of the forms of {@link parseIas}
 * @returns a verdict; forged reports give one too
 * @throws EvidenceError when the report cannot be read
 * @throws TypeError for options that make no sense
 */
export async function verifyIas(evidence: Uint8Array, options: IasVerifyOptions): Promise<Verdict<IasClaims>> {
  return tell(iasStory(evidence, options))
}

/** As {@link verifyIas}, without waiting. @throws TypeError where the runtime's cryptography is asynchronous */
export function verifyIasSync(evidence: Uint8Array, options: IasVerifyOptions): Verdict<IasClaims> {
  return tellNow(iasStory(evidence, options))
}

function* iasStory(evidence: Uint8Array, options: IasVerifyOptions): Story<Verdict<IasClaims>> {
  const plan = planReport(evidence, options)
  yield plan.jobs
  return conclude(plan)
}

interface Plan {
  readonly waive: readonly string[] | undefined
  readonly anchors: readonly TrustAnchor[]
  readonly state: Omit<IasState, 'anchor'>
  readonly evidence: DigestJob
  readonly jobs: readonly Job[]
}

function planReport(input: Uint8Array, options: IasVerifyOptions): Plan {
  const at = evaluationTime(options.at)
  const expect = readIasExpectations(options.expect)
  const anchors = trustedAnchors(options.trustAnchors, [IAS_ROOT])
  const data = copyOfEvidence(input)
  const evidence = parseIas(data)
  const { chain, signature: bytes, body } = evidence
  const key = chain[0]?.key
  const authority = authorityKey(evidence, anchors)
  const chainSignature = authority === undefined ? undefined : chain[0]?.signed.by(authority)
  const list = options.crl === undefined ? undefined : readList(options.crl, authority)
  const signature =
    key === undefined || bytes === undefined ? undefined : new Signed(body, 'rsassa-pkcs1-sha256', bytes).by(key)
  const tlsDigests = digestsOfKey(evidence)
  const digest = sha256(data)
  const jobs = [
    digest,
    chainSignature,
    list?.signature,
    signature,
    ...tlsDigests,
    ...chain.map((one) => one.spkiDigest),
  ]
  return {
    waive: options.waive,
    anchors,
    state: { evidence, chainSignature, list, signature, tlsDigests, at, expect },
    evidence: digest,
    jobs: jobs.filter((job) => job !== undefined),
  }
}

// RA-TLS was written in several ways: digests of the SubjectPublicKeyInfo, of the point, of x and y.
function digestsOfKey({ tls }: IasEvidence): readonly DigestJob[] {
  if (tls === undefined) return []
  const point = tls.key === undefined || tls.key.kind === 'RSA' ? [] : [tls.key.bytes]
  const forms = [tls.spki, ...point, ...point.map((one) => concatBytes(Uint8Array.of(4), one))]
  return forms.map((data) => sha256(data))
}

function conclude(plan: Plan): Verdict<IasClaims> {
  const state: IasState = { ...plan.state, anchor: anchorOf(plan.state.evidence, plan.anchors) }
  return assembleVerdict(judge<IasState>(STEPS, state, plan.waive), {
    format: `IAS report v${state.evidence.report.version}`,
    at: state.at,
    evidence: plan.evidence,
    anchor: state.anchor,
    collateral: [],
    claims: iasClaims(state),
    assumed: iasAssumptions(state),
    notes: iasNotes(),
  })
}
