import { assembleVerdict, digestHex } from '../core/assemble.ts'
import { toHex } from '../core/bytes.ts'
import { judge, stepIds } from '../core/engine.ts'
import type { VerifyOptions } from '../core/options.ts'
import { evaluationTime, isoTime } from '../core/time.ts'
import type { CollateralPart, Verdict } from '../core/verdict.ts'
import { type PublicKey, type SignatureJob, sha256 } from '../crypto/jobs.ts'
import { type Story, tell, tellNow } from '../crypto/story.ts'
import { parseAttest } from '../tpm-structures/attest.ts'
import { bareSignature, parseSignature, signatureJob } from '../tpm-structures/signature.ts'
import { AK_STEPS } from './ak-steps.ts'
import { GOOGLE_TPM_ROOTS } from './anchors.ts'
import { explainBank } from './boot/explain.ts'
import { compareReplay, type MeasuredLog, tryMeasuredLog } from './boot/measured-log.ts'
import { chainJobs } from './certificates.ts'
import { type TpmClaims, tpmAssumptions, tpmClaims, tpmNotes } from './claims.ts'
import { copyEvidence, framedEvidence, parseTpmJson, type TpmEvidence } from './evidence.ts'
import { readTpmExpectations, type TpmExpectations } from './expectations.ts'
import { LOG_STEPS } from './log-steps.ts'
import {
  cutAtAnchor,
  hexOrEmpty,
  hierarchyGuesses,
  hierarchyOf,
  plannedKey,
  planPcrDigest,
  preferLeaf,
  present,
  quotedBanks,
  settledName,
} from './plan.ts'
import { platformKey, recallPlatform, rememberPlatform, TpmPlatform } from './platform.ts'
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
}

/** One verification, told in turns: it hands out jobs, and goes on when they are settled. */
export function* tpmStory(
  evidence: TpmEvidence | Uint8Array,
  options: TpmVerifyOptions,
  wrapped?: BoundEvidence,
): Story<Verdict<TpmClaims>> {
  const at = evaluationTime(options.at)
  const expect = readTpmExpectations(options.expect)
  const raw = evidence instanceof Uint8Array ? new Uint8Array(evidence) : undefined
  const parts = copyEvidence(evidence instanceof Uint8Array ? parseTpmJson(evidence) : evidence)
  const digest = sha256(raw ?? framedEvidence(parts))
  const attest = parseAttest(parts.message)
  const signed = wrapped !== undefined ? bareSignature(parts.signature) : parseSignature(parts.signature)
  const ders =
    parts.certificates?.length === 0
      ? (options.activation?.ekCertificates.map((der) => new Uint8Array(der)) ?? [])
      : (parts.certificates ?? [])
  const role = parts.certificates?.length === 0 && options.activation !== undefined ? 'ek' : 'ak'
  const { memory } = options
  const nothing = wrapped !== undefined || (ders.length === 0 && parts.akPublic === undefined)
  const key = memory === undefined || nothing ? undefined : platformKey(parts.akPublic, ders)
  if (key !== undefined) yield [key]
  const known = memory === undefined || key === undefined ? undefined : recallPlatform(memory, key)
  const platform = known ?? (wrapped === undefined ? new TpmPlatform(parts.akPublic, ders) : undefined)
  const whole = platform?.chain
  const given = wrapped === undefined ? platform?.given : plannedKey(wrapped.key, undefined)
  const planned = preferLeaf(given, whole, role)
  yield [
    digest,
    ...present(planned?.nameJob, planned?.spki),
    ...(whole?.links.map(({ certificate }) => certificate.spkiDigest) ?? []),
  ]

  const anchors = options.trustAnchors ?? GOOGLE_TPM_ROOTS
  const cut = whole === undefined ? undefined : cutAtAnchor(whole, anchors)
  const enrolled =
    planned === undefined || wrapped !== undefined
      ? undefined
      : anchors.find((one) => one.spkiSha256 === digestHex(planned.spki))
  const name = planned === undefined ? undefined : settledName(planned)
  const guesses = hierarchyGuesses(planned?.area, name)
  const signature =
    wrapped !== undefined
      ? wrapped.signature
      : planned === undefined
        ? undefined
        : signatureJob(signed, planned.key, parts.message)
  const { job: pcrDigest, missing } = planPcrDigest(attest, signed, parts.pcrs)
  const banks = quotedBanks(attest)
  // A bank of SHA-1 stands in for a better one only where the caller says so.
  const bank = expect.bank ?? banks.find((one) => one !== 'sha1' || expect.allowSha1 === true) ?? 'sha256'
  const log = parts.eventLog === undefined ? {} : tryMeasuredLog(parts.eventLog, banks, bank)
  yield [
    ...present(signature, pcrDigest),
    ...guesses.map(({ job }) => job),
    ...(cut === undefined ? [] : chainJobs(cut.chain)),
    ...(log.value?.jobs ?? []),
  ]

  const early: TpmState = {
    at,
    attest,
    signed,
    ak:
      planned === undefined
        ? undefined
        : {
            key: planned.key,
            area: planned.area,
            name: name === undefined ? undefined : toHex(name),
            hierarchy: hierarchyOf(planned.area, guesses, attest.qualifiedSigner),
            spki: planned.spki,
          },
    signature,
    bound: wrapped?.bound,
    activation: options.activation,
    chain: enrolled === undefined ? cut?.chain : undefined,
    role,
    anchor: enrolled ?? cut?.anchor,
    akIsAnchor: enrolled !== undefined,
    bank,
    pcrs: parts.pcrs,
    pcrDigest,
    missing,
    log: undefined,
    logError: log.error,
    hex: { extraData: toHex(attest.extraData), pcrDigest: hexOrEmpty(attest.quote?.pcrDigest) },
    expect,
  }
  const state: TpmState = log.value === undefined ? early : { ...early, log: logState(early, log.value) }
  const judgement = judge<TpmState>(STEPS, state, options.waive)
  // Only what is proven is kept: whoever sends keys of his own must not push the good ones out.
  const isNew = known === undefined && judgement.authenticity === 'proven'
  if (memory !== undefined && key !== undefined && platform !== undefined && isNew)
    rememberPlatform(memory, key, platform)
  return assembleVerdict(judgement, {
    format: 'TPM 2.0 quote',
    at,
    evidence: digest,
    anchor: state.anchor,
    collateral: collateralParts(state),
    claims: tpmClaims(state),
    assumed: tpmAssumptions(state),
    notes: tpmNotes(state),
  })
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
