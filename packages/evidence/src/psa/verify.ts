import { candidateJobs, type KeyCandidate, planCandidates, signingCandidate } from '../arm/candidates.ts'
import {
  type ArmEndorsementsInput,
  endorsementsAt,
  keysFor,
  type PreparedArmEndorsements,
} from '../arm/endorsements.ts'
import { anchorOf } from '../arm/key-steps.ts'
import { assembleVerdict } from '../core/assemble.ts'
import { toHex } from '../core/bytes.ts'
import { judge, stepIds } from '../core/engine.ts'
import { copyOfEvidence } from '../core/input.ts'
import type { VerifyOptions } from '../core/options.ts'
import { evaluationTime } from '../core/time.ts'
import type { TrustAnchor, Verdict } from '../core/verdict.ts'
import { uncompressed } from '../crypto/ec-key.ts'
import { type DigestJob, type Job, sha256 } from '../crypto/jobs.ts'
import { type Story, tell, tellNow } from '../crypto/story.ts'
import { type PsaClaims, psaAssumptions, psaClaims, psaNotes } from './claims.ts'
import { type PsaExpectations, readPsaExpectations } from './expectations.ts'
import type { PsaState } from './state.ts'
import { STEPS } from './steps.ts'
import { parsePsaToken } from './token.ts'

/** What a verification takes beside the evidence. A token is signed for each request: there is nothing to remember but the key in prepared endorsements. */
export interface PsaVerifyOptions extends VerifyOptions {
  /** Keys and reference values of devices, which the caller vouches for. */
  readonly endorsements?: ArmEndorsementsInput | PreparedArmEndorsements
  readonly expect?: PsaExpectations
}

/** Ids of all checks of a verdict about a PSA token, in order; with `waivable` those that may be waived. */
export function psaCheckIds(which: 'all' | 'waivable' = 'all'): readonly string[] {
  return stepIds<PsaState>(STEPS, which)
}

/**
 * Verifies a PSA attestation token at `options.at`; tokens carry no time.
 *
 * @returns a verdict; forged tokens and unreadable endorsements give one too
 * @throws EvidenceError when the token cannot be read
 * @throws TypeError for options that make no sense
 */
export async function verifyPsa(evidence: Uint8Array, options: PsaVerifyOptions): Promise<Verdict<PsaClaims>> {
  return tell(psaStory(evidence, options))
}

/** As {@link verifyPsa}, without waiting. @throws TypeError where the runtime's cryptography is asynchronous */
export function verifyPsaSync(evidence: Uint8Array, options: PsaVerifyOptions): Verdict<PsaClaims> {
  return tellNow(psaStory(evidence, options))
}

function* psaStory(evidence: Uint8Array, options: PsaVerifyOptions): Story<Verdict<PsaClaims>> {
  const plan = planToken(evidence, options)
  yield plan.jobs
  return conclude(plan)
}

interface Plan {
  readonly at: number
  readonly waive: readonly string[] | undefined
  readonly trustAnchors: readonly TrustAnchor[] | undefined
  readonly state: Omit<PsaState, 'anchor' | 'endorsed' | 'signature' | 'point'>
  readonly candidates: readonly KeyCandidate[]
  /** Of the key of each candidate. */
  readonly points: readonly DigestJob[]
  readonly evidence: DigestJob
  readonly jobs: readonly Job[]
}

function planToken(evidence: Uint8Array, options: PsaVerifyOptions): Plan {
  const at = evaluationTime(options.at)
  const expect = readPsaExpectations(options.expect)
  const data = copyOfEvidence(evidence)
  const token = parsePsaToken(data)
  const endorsements = endorsementsAt(options.endorsements, at)
  const implementationId = toHex(token.implementationId)
  const instanceId = toHex(token.instanceId)
  const keys = keysFor(endorsements, implementationId, instanceId)
  const candidates = planCandidates(keys, token.cose)
  const points = candidates.map(({ endorsed }): DigestJob => sha256(uncompressed(endorsed.key.bytes)))
  const digest = sha256(data)
  return {
    at,
    waive: options.waive,
    trustAnchors: options.trustAnchors,
    state: {
      endorsements,
      keys: keys.length,
      implementationId,
      instanceId,
      token,
      nonce: toHex(token.nonce),
      expect,
    },
    candidates,
    points,
    evidence: digest,
    jobs: [digest, ...candidateJobs(candidates), ...points],
  }
}

function conclude({ at, waive, trustAnchors, state: settled, candidates, points, evidence }: Plan): Verdict<PsaClaims> {
  const candidate = signingCandidate(candidates)
  const point = candidate && points[candidates.indexOf(candidate)]
  const endorsed = candidate?.endorsed
  const signature = candidate?.signature
  const state: PsaState = {
    ...settled,
    endorsed,
    signature,
    point,
    anchor: anchorOf(endorsed, trustAnchors, settled.implementationId),
  }
  return assembleVerdict(judge<PsaState>(STEPS, state, waive), {
    format: `PSA token (${state.token.profile})`,
    at,
    evidence,
    anchor: state.anchor,
    collateral: [],
    claims: psaClaims(state),
    assumed: psaAssumptions(state),
    notes: psaNotes(state),
  })
}
