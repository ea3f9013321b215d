import { assembleVerdict, digestHex, type VerdictParts } from '../core/assemble.ts'
import { toHex } from '../core/bytes.ts'
import { type Judgement, judge, stepIds } from '../core/engine.ts'
import { spanOf } from '../core/kept.ts'
import type { Memory } from '../core/memory.ts'
import type { VerifyOptions } from '../core/options.ts'
import { type Part, readPart } from '../core/part.ts'
import { evaluationTime, isoTime } from '../core/time.ts'
import type { CollateralPart, Verdict } from '../core/verdict.ts'
import { type DigestJob, type Job, type PublicKey, type SignatureJob, sha256 } from '../crypto/jobs.ts'
import { type Story, tell, tellNow } from '../crypto/story.ts'
import { type Attest, parseAttest } from '../tpm-structures/attest.ts'
import { bareSignature, parseSignature, signatureJob, type TpmSignature } from '../tpm-structures/signature.ts'
import { AK_STEPS } from './ak-steps.ts'
import { GOOGLE_TPM_ROOTS } from './anchors.ts'
import { explainBank } from './boot/explain.ts'
import { compareReplay, type MeasuredLog, readMeasuredLog } from './boot/measured-log.ts'
import { chainJobs, type TpmChain } from './certificates.ts'
import { type TpmClaims, tpmAssumptions, tpmClaims, tpmNotes } from './claims.ts'
import { type OwnEvidence, ownEvidence, parseTpmJson, type TpmEvidence } from './evidence.ts'
import { readTpmExpectations, type TpmExpectations } from './expectations.ts'
import { KeptQuote, type QuoteKeeper, standingOf } from './kept-quote.ts'
import { LOG_STEPS } from './log-steps.ts'
import {
  cutAtAnchor,
  type HierarchyGuess,
  hexOrEmpty,
  hierarchyGuesses,
  hierarchyOf,
  type PlannedKey,
  plannedKey,
  planPcrDigest,
  preferLeaf,
  present,
  quotedBanks,
  settledName,
} from './plan.ts'
import { recallPlatform, rememberPlatform, TpmPlatform } from './platform.ts'
import { EXPECT_STEPS, QUOTE_STEPS, quotedValues } from './quote-steps.ts'
import type { BoundKey, LogState, TpmActivation, TpmState } from './state.ts'

/** What a verification takes beside the evidence. `trustAnchors` may name roots of TPM makers, or the AK's own key. */
export interface TpmVerifyOptions extends VerifyOptions {
  readonly expect?: TpmExpectations
  /** Outcome of a credential activation, in place of an AK certificate. */
  readonly activation?: TpmActivation
}

const STEPS = [AK_STEPS, QUOTE_STEPS, EXPECT_STEPS, LOG_STEPS] as const

/** Ids of all checks of a verdict about a quote, in order; with `waivable` those that may be waived. */
export function tpmCheckIds(which: 'all' | 'waivable' = 'all'): readonly string[] {
  return stepIds<TpmState>(STEPS, which)
}

/**
 * Verifies a TPM 2.0 quote, with PCR values and an event log if they are given, at `options.at`.
 *
 * @param evidence its parts, or their JSON form (see {@link parseTpmJson})
 * @returns a verdict; forged quotes, and certificates and logs that cannot be read, give one too
 * @throws EvidenceError when quote, signature, key or PCR values cannot be read
 * @throws TypeError for options that make no sense
 */
export async function verifyTpm(
  evidence: TpmEvidence | Uint8Array,
  options: TpmVerifyOptions,
): Promise<Verdict<TpmClaims>> {
  return tell(tpmStory(evidence, options))
}

/** As {@link verifyTpm}, without waiting. @throws TypeError where the runtime's cryptography is asynchronous */
export function verifyTpmSync(evidence: TpmEvidence | Uint8Array, options: TpmVerifyOptions): Verdict<TpmClaims> {
  return tellNow(tpmStory(evidence, options))
}

/** What a platform that wraps a TPM knows better than the evidence: its AK, and who vouches for it. */
export interface BoundEvidence {
  readonly key: PublicKey
  readonly bound: BoundKey
  /** The check of the quote's signature, a bare RSASSA one with SHA-256, by that key; undefined when it cannot verify. */
  readonly signature: SignatureJob | undefined
  /** What remembers the machine, if anything does. */
  readonly keeper: QuoteKeeper | undefined
}

/** One verification, told in turns: it hands out jobs, and goes on when they are settled. */
export function* tpmStory(
  evidence: TpmEvidence | Uint8Array,
  options: TpmVerifyOptions,
  wrapped?: BoundEvidence,
): Story<Verdict<TpmClaims>> {
  const door = openDoor(evidence, options, wrapped)
  const again = yield* recalled(door)
  if (again !== undefined) return again
  const platform = platformOf(door)
  const ak = preferLeaf(wrapped ? plannedKey(wrapped.key, undefined) : platform?.given, platform?.chain, door.role)
  yield [
    door.digest,
    ...present(ak?.nameJob, ak?.spki),
    ...(platform?.chain?.links.map(({ certificate }) => certificate.spkiDigest) ?? []),
  ]

  const plan = planChecks(door, ak, platform?.chain)
  yield plan.jobs

  const state = stateOf(door, ak, plan)
  const judgement = judge<TpmState>(STEPS, state, options.waive)
  const verdict: VerdictParts<TpmClaims> = {
    format: 'TPM 2.0 quote',
    at: door.at,
    evidence: door.digest,
    anchor: state.anchor,
    collateral: collateralParts(state),
    claims: tpmClaims(state),
    assumed: tpmAssumptions(state),
    notes: tpmNotes(state),
  }
  // Only what is proven is kept: whoever sends keys of his own must not push the good ones out.
  if (judgement.authenticity === 'proven' && ak !== undefined) {
    const { memory, own } = door
    keepQuote(door, wrapped?.keeper ?? (memory && platform), ak.key, judgement, verdict)
    if (memory !== undefined && platform !== undefined) rememberPlatform(memory, platform, own.whole.length)
  }
  return assembleVerdict(judgement, verdict)
}

/** A verification at its beginning: options and evidence are read, and nothing is computed yet. */
interface Door {
  readonly options: TpmVerifyOptions
  readonly wrapped: BoundEvidence | undefined
  readonly at: number
  readonly expect: TpmExpectations
  readonly role: 'ak' | 'ek'
  /** Where the TPM may be known; undefined also where nothing names one. */
  readonly memory: Memory | undefined
  readonly known: TpmPlatform | undefined
  /** The last quote of the same TPM. */
  readonly kept: KeptQuote | undefined
  readonly own: OwnEvidence
  readonly parts: TpmEvidence
  readonly digest: DigestJob
  readonly attest: Attest
  readonly signed: TpmSignature
}

function openDoor(
  evidence: TpmEvidence | Uint8Array,
  options: TpmVerifyOptions,
  wrapped: BoundEvidence | undefined,
): Door {
  const { activation } = options
  const at = evaluationTime(options.at)
  const expect = readTpmExpectations(options.expect)
  const raw = evidence instanceof Uint8Array ? new Uint8Array(evidence) : undefined
  const given = raw === undefined ? (evidence as TpmEvidence) : parseTpmJson(raw)
  const { certificates = [], akPublic } = given
  const role = certificates.length === 0 && activation !== undefined ? 'ek' : 'ak'
  const ders = role === 'ek' ? (activation?.ekCertificates ?? []) : certificates
  const isNamed = wrapped === undefined && (ders.length > 0 || akPublic !== undefined)
  const memory = isNamed ? options.memory : undefined
  const known = memory && recallPlatform(memory, akPublic, ders)
  // What an activation brings is no part of the evidence.
  const kept = activation === undefined ? (known ?? wrapped?.keeper)?.quote : undefined
  const own = ownEvidence(given, kept?.evidence)
  const { parts } = own
  const digest = sha256(raw ?? own.whole)
  const attest = parseAttest(parts.message)
  const signed = wrapped === undefined ? parseSignature(parts.signature) : bareSignature(parts.signature)
  return { options, wrapped, at, expect, role, memory, known, kept, own, parts, digest, attest, signed }
}

/** The checks of a quote, planned once the digests of the keys are settled. */
interface Plan
  extends Pick<TpmState, 'signature' | 'chain' | 'anchor' | 'akIsAnchor' | 'bank' | 'pcrDigest' | 'missing'> {
  /** What is to be settled before the steps can read it. */
  readonly jobs: readonly Job[]
  readonly name: Uint8Array | undefined
  readonly guesses: readonly HierarchyGuess[]
  readonly log: Part<MeasuredLog>
}

function planChecks(door: Door, ak: PlannedKey | undefined, whole: TpmChain | undefined): Plan {
  const { options, wrapped, attest, signed, parts, expect } = door
  const anchors = options.trustAnchors ?? GOOGLE_TPM_ROOTS
  const cut = whole && cutAtAnchor(whole, anchors)
  const enrolled =
    wrapped === undefined ? ak && anchors.find((one) => one.spkiSha256 === digestHex(ak.spki)) : undefined
  const name = ak && settledName(ak)
  const guesses = hierarchyGuesses(ak?.area, name)
  const signature = wrapped === undefined ? ak && signatureJob(signed, ak.key, parts.message) : wrapped.signature
  const { job: pcrDigest, missing } = planPcrDigest(attest, signed, parts.pcrs)
  const banks = quotedBanks(attest)
  // A bank of SHA-1 stands in for a better one only where the caller says so.
  const bank = expect.bank ?? banks.find((one) => one !== 'sha1' || expect.allowSha1 === true) ?? 'sha256'
  const log = readPart(parts.eventLog, (bytes) => readMeasuredLog(bytes, banks, bank))
  return {
    jobs: [
      ...present(signature, pcrDigest),
      ...guesses.map(({ job }) => job),
      ...(cut === undefined ? [] : chainJobs(cut.chain)),
      ...(log.value?.jobs ?? []),
    ],
    name,
    guesses,
    log,
    signature,
    chain: enrolled === undefined ? cut?.chain : undefined,
    anchor: enrolled ?? cut?.anchor,
    akIsAnchor: enrolled !== undefined,
    bank,
    pcrDigest,
    missing,
  }
}

function stateOf(door: Door, ak: PlannedKey | undefined, { jobs: _, name, guesses, log, ...planned }: Plan): TpmState {
  const { at, attest, signed, parts, role, expect } = door
  const early: TpmState = {
    ...planned,
    at,
    attest,
    signed,
    ak: ak && {
      key: ak.key,
      area: ak.area,
      name: name && toHex(name),
      hierarchy: hierarchyOf(ak.area, guesses, attest.qualifiedSigner),
      spki: ak.spki,
    },
    bound: door.wrapped?.bound,
    activation: door.options.activation,
    role,
    pcrs: parts.pcrs,
    log: undefined,
    logError: log.error,
    hex: { extraData: toHex(attest.extraData), pcrDigest: hexOrEmpty(attest.quote?.pcrDigest) },
    expect,
  }
  return log.value === undefined ? early : { ...early, log: logState(early, log.value) }
}

function standing({ expect, options, wrapped, attest, signed }: Door): string {
  return standingOf(expect, options, wrapped?.bound, attest, signed)
}

/** The kept verdict, where it is about this quote too. */
function* recalled(door: Door): Generator<readonly Job[], Verdict<TpmClaims> | undefined, void> {
  const { kept, own, at, wrapped, signed, parts, digest, attest, expect, options } = door
  if (kept?.isOf(own, standing(door), at) !== true) return undefined
  const check = wrapped === undefined ? signatureJob(signed, kept.key, parts.message) : wrapped.signature
  yield present(digest, check)
  return check?.result === true ? kept.renew(attest, digest, at, expect, options.waive) : undefined
}

function keepQuote(
  door: Door,
  keeper: QuoteKeeper | undefined,
  key: PublicKey,
  judgement: Judgement,
  verdict: VerdictParts<TpmClaims>,
): void {
  if (keeper === undefined || door.options.activation !== undefined) return
  const span = spanOf(verdict.collateral, door.at)
  if (span === undefined) return
  keeper.quote = new KeptQuote({ evidence: door.own, key, standing: standing(door), span, judgement, verdict })
}

/** What is kept of the TPM between quotes; undefined where a platform that wraps it keeps that. */
function platformOf({ known, wrapped, parts, options }: Door): TpmPlatform | undefined {
  if (wrapped !== undefined) return undefined
  return known ?? new TpmPlatform(parts.akPublic, ownChain(parts, options.activation))
}

// Copies: what the caller passed may change.
function ownChain({ certificates = [] }: TpmEvidence, activation: TpmActivation | undefined): readonly Uint8Array[] {
  return certificates.length > 0 ? certificates : (activation?.ekCertificates.map((der) => new Uint8Array(der)) ?? [])
}

function logState(state: TpmState, measured: MeasuredLog): LogState {
  const values = quotedValues(state)
  const own = measured.banks.find(({ bank }) => bank === state.bank)
  const explained =
    own === undefined || values === undefined ? undefined : explainBank(own, values, measured.startupLocality, true)
  const otherBanks: { bank: string; differing: readonly number[] }[] = []
  for (const other of measured.banks) {
    const quoted = other === own ? undefined : quotedValues({ ...state, bank: other.bank })
    const differing = quoted === undefined ? [] : compareReplay(other, quoted, measured.startupLocality).differing
    if (differing.length > 0) otherBanks.push({ bank: other.bank, differing })
  }
  return { measured, explained, proven: explained?.replay?.matching ?? [], otherBanks }
}

function collateralParts({ chain, role }: TpmState): readonly CollateralPart[] {
  return (chain?.links ?? []).map(({ certificate }, i) => ({
    name: i === 0 ? `${role}-certificate` : `issuer-${i}`,
    sha256: digestHex(certificate.digest),
    from: isoTime(certificate.notBefore),
    until: isoTime(certificate.notAfter),
  }))
}
