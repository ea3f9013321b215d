import { candidateJobs, type KeyCandidate, planCandidates, signingCandidate } from '../arm/candidates.ts'
import type { EndorsedKey } from '../arm/endorsed.ts'
import {
  type ArmEndorsements,
  type ArmEndorsementsInput,
  endorsementsAt,
  keysFor,
  type PreparedArmEndorsements,
} from '../arm/endorsements.ts'
import { anchorOf, keySteps } from '../arm/key-steps.ts'
import { planSign1 } from '../arm/signature.ts'
import { assembleVerdict, digestHex } from '../core/assemble.ts'
import { concatBytes, equalBytes, toHex } from '../core/bytes.ts'
import { type Judgement, judge, type StepGroup, stepIds } from '../core/engine.ts'
import { copyOfEvidence } from '../core/input.ts'
import type { VerifyOptions } from '../core/options.ts'
import { evaluationTime } from '../core/time.ts'
import type { Verdict } from '../core/verdict.ts'
import {
  type DigestAlgorithm,
  type DigestJob,
  type Job,
  type PublicKey,
  type SignatureJob,
  sha256,
} from '../crypto/jobs.ts'
import { type Story, tell, tellNow } from '../crypto/story.ts'
import { sameKey } from '../x509/signature.ts'
import { APPRAISAL_STEPS } from './appraisal-steps.ts'
import { type CcaClaims, ccaAssumptions, ccaClaims, ccaNotes } from './claims.ts'
import { type CcaExpectations, readCcaExpectations } from './expectations.ts'
import type { CcaState } from './state.ts'
import { CCA_TAGS, type CcaToken, parseCcaToken } from './token.ts'
import { TOKEN_STEPS } from './token-steps.ts'

/** What a verification takes beside the evidence. */
export interface CcaVerifyOptions extends VerifyOptions {
  /** Keys and reference values of platforms, which the caller vouches for. */
  readonly endorsements?: ArmEndorsementsInput | PreparedArmEndorsements
  readonly expect?: CcaExpectations
}

const KEY_STEPS: StepGroup<CcaState> = {
  id: 'cca.key',
  title: 'Verification key',
  steps: keySteps('cca', 'Arm DEN0137 (RMM), section A7.2'),
}

/** Arm's order of verification: the key, the platform token, the binding, the realm token; then what the relying party wants. */
const STEPS: readonly StepGroup<CcaState>[] = [KEY_STEPS, TOKEN_STEPS, ...APPRAISAL_STEPS]

/** Ids of all checks of a verdict about a CCA token, in order; with `waivable` those that may be waived. */
export function ccaCheckIds(which: 'all' | 'waivable' = 'all'): readonly string[] {
  return stepIds<CcaState>(STEPS, which)
}

/**
 * Verifies a CCA attestation token at `options.at`; tokens carry no time.
 *
 * @returns a verdict; forged tokens and unreadable endorsements give one too
 * @throws EvidenceError when the token cannot be read
 * @throws TypeError for options that make no sense
 */
export async function verifyCca(evidence: Uint8Array, options: CcaVerifyOptions): Promise<Verdict<CcaClaims>> {
  return tell(ccaStory(evidence, options))
}

/** As {@link verifyCca}, without waiting. @throws TypeError where the runtime's cryptography is asynchronous */
export function verifyCcaSync(evidence: Uint8Array, options: CcaVerifyOptions): Verdict<CcaClaims> {
  return tellNow(ccaStory(evidence, options))
}

function* ccaStory(evidence: Uint8Array, options: CcaVerifyOptions): Story<Verdict<CcaClaims>> {
  const door = openDoor(evidence, options)
  yield door.first
  const plan = planToken(door)
  yield plan.jobs
  return conclude(plan)
}

interface Door {
  readonly options: CcaVerifyOptions
  readonly at: number
  readonly expect: CcaExpectations
  readonly token: CcaToken
  readonly endorsements: ArmEndorsements
  /** Keys that count for the device. */
  readonly keys: readonly EndorsedKey[]
  readonly implementationId: string
  readonly instanceId: string
  readonly evidence: DigestJob
  /** Digest of platform token and keys, under which a memory may know both; undefined without one. */
  readonly key: DigestJob | undefined
  readonly first: readonly Job[]
}

function openDoor(evidence: Uint8Array, options: CcaVerifyOptions): Door {
  const at = evaluationTime(options.at)
  const expect = readCcaExpectations(options.expect)
  const data = copyOfEvidence(evidence)
  const token = parseCcaToken(data)
  const endorsements = endorsementsAt(options.endorsements, at)
  const implementationId = toHex(token.platform.claims.implementationId)
  const instanceId = toHex(token.platform.claims.instanceId)
  const keys = keysFor(endorsements, implementationId, instanceId)
  const key =
    options.memory === undefined || keys.length === 0
      ? undefined
      : sha256(concatBytes(DOMAIN, ...keys.map(({ spki }) => spki.data), token.platformToken))
  return {
    options,
    at,
    expect,
    token,
    endorsements,
    keys,
    implementationId,
    instanceId,
    evidence: sha256(data),
    key,
    first: key === undefined ? [] : [key],
  }
}

// A memory may hold platforms of other TEEs: no bytes of theirs begin like this.
const DOMAIN: Uint8Array = new TextEncoder().encode('cca platform ')

interface Plan {
  readonly door: Door
  /** The platform token's signature with each key of the device; with the one alone that is remembered. */
  readonly platform: readonly KeyCandidate[]
  readonly realmSignature: SignatureJob | undefined
  readonly binding: DigestJob | undefined
  readonly keyAttestation: DigestJob | undefined
  readonly jobs: readonly Job[]
}

function planToken(door: Door): Plan {
  const { token, keys, key, options } = door
  const known = key === undefined ? undefined : options.memory?.get(digestHex(key))
  const platform = rememberedKey(keys, signatureIn(known?.jobs ?? [], 0)) ?? planCandidates(keys, token.platform.cose)
  const realmSignature = planSign1(
    token.realm.cose,
    importedKey(token.realm.claims.key, signatureIn(known?.jobs ?? [], 1)?.key),
  )
  const algorithm = HASHES.get(token.realm.claims.publicKeyHashAlgorithm)
  const binding: DigestJob | undefined =
    algorithm === undefined ? undefined : { kind: 'digest', algorithm, data: token.realm.claims.publicKey }
  const keyAttestation: DigestJob | undefined =
    token.keyAttestation === undefined
      ? undefined
      : { kind: 'digest', algorithm: 'sha512', data: token.keyAttestation.raw }
  const planned = [realmSignature, binding, keyAttestation].filter((job) => job !== undefined)
  return {
    door,
    platform,
    realmSignature,
    binding,
    keyAttestation,
    jobs: [door.evidence, ...candidateJobs(platform), ...planned],
  }
}

/** Hash algorithms that a realm token may name. */
const HASHES: ReadonlyMap<string, DigestAlgorithm> = new Map([
  ['sha-256', 'sha256'],
  ['sha-384', 'sha384'],
  ['sha-512', 'sha512'],
])

// What a memory knows by the digest of all keys was signed with one of them.
function rememberedKey(
  keys: readonly EndorsedKey[],
  signature: SignatureJob | undefined,
): readonly KeyCandidate[] | undefined {
  const endorsed = signature && keys.find(({ key }) => sameKey(key, signature.key))
  return endorsed && [{ endorsed, signature }]
}

function signatureIn(jobs: readonly Job[], index: number): SignatureJob | undefined {
  const job = jobs[index]
  return job?.kind === 'signature' ? job : undefined
}

// The realm's key is the same since boot too: one that the platform has imported before spares the import.
function importedKey(key: PublicKey, known: PublicKey | undefined): PublicKey {
  return known?.kind === key.kind && equalBytes(known.bytes, key.bytes) ? known : key
}

function conclude(plan: Plan): Verdict<CcaClaims> {
  const { door } = plan
  const state = stateOf(plan)
  const judgement = judge<CcaState>(STEPS, state, door.options.waive)
  remember(plan, judgement)
  return assembleVerdict(judgement, {
    format: `CCA token (tag ${door.token.tag}${door.token.keyAttestation === undefined ? '' : ', with a key attestation'}${door.token.tag === CCA_TAGS.cmw ? ', CMW' : ''})`,
    at: door.at,
    evidence: door.evidence,
    anchor: state.anchor,
    collateral: [],
    claims: ccaClaims(state),
    assumed: ccaAssumptions(state),
    notes: ccaNotes(state),
  })
}

function stateOf({ door, platform, realmSignature, binding, keyAttestation }: Plan): CcaState {
  const { token, endorsements, keys, implementationId, instanceId, expect, options } = door
  const candidate = signingCandidate(platform)
  const endorsed = candidate?.endorsed
  const platformSignature = candidate?.signature
  const { claims: realm } = token.realm
  return {
    endorsements,
    keys: keys.length,
    endorsed,
    anchor: anchorOf(endorsed, options.trustAnchors, implementationId),
    implementationId,
    instanceId,
    token,
    platformSignature,
    realmSignature,
    binding,
    keyAttestation,
    rim: toHex(realm.initialMeasurement),
    rems: realm.extensibleMeasurements.map(toHex),
    rpv: toHex(realm.personalizationValue),
    challenge: toHex(realm.challenge),
    expect,
  }
}

// Only what verified is kept: whoever sends forgeries must not push the good ones out.
function remember({ door: { options, key }, platform, realmSignature }: Plan, { authenticity }: Judgement): void {
  const platformSignature = signingCandidate(platform)?.signature
  if (
    options.memory === undefined ||
    key === undefined ||
    authenticity !== 'proven' ||
    platformSignature === undefined ||
    realmSignature === undefined
  )
    return
  options.memory.set(digestHex(key), { certificates: [], jobs: [platformSignature, realmSignature] }, key.data.length)
}
