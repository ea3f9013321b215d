import { hmac } from '#crypto'
import { trustedAnchors } from '../core/anchors.ts'
import { assembleVerdict, digestHex } from '../core/assemble.ts'
import { concatBytes, fromHex } from '../core/bytes.ts'
import { judge, stepIds } from '../core/engine.ts'
import { EvidenceError } from '../core/errors.ts'
import { copyOfEvidence } from '../core/input.ts'
import type { HexOrBytes, VerifyOptions } from '../core/options.ts'
import { evaluationTime } from '../core/time.ts'
import type { CollateralPart, TrustAnchor, Verdict } from '../core/verdict.ts'
import { type DigestJob, type Job, type SignatureJob, sha256 } from '../crypto/jobs.ts'
import { spkiOf } from '../crypto/spki.ts'
import { type Story, tell, tellNow } from '../crypto/story.ts'
import { encodeAmdCertificate } from './amd-certificate.ts'
import { AMD_SEV_ROOTS } from './anchors.ts'
import { parseSevCertificates, type SevCertificates, type SevPlace } from './certificates.ts'
import { CHAIN_STEPS } from './chain-steps.ts'
import { type SevClaims, sevAssumptions, sevClaims, sevNotes } from './claims.ts'
import { readSevExpectations, type SevExpectations } from './expectations.ts'
import { APPRAISAL_STEPS, EVIDENCE_STEPS } from './guest-steps.ts'
import { bigEndian } from './numbers.ts'
import { sevPolicy } from './policy.ts'
import {
  launchMeasureInput,
  parseSevLaunchMeasure,
  parseSevReport,
  SEV_LAUNCH_MEASURE_SIZE,
  SEV_REPORT_SIZE,
  type SevLaunch,
} from './report.ts'
import { encodeSevCertificate, isEmptySlot, SEV_USAGE, signatureBy, signatureJob } from './sev-certificate.ts'
import type { SevCandidate, SevEvidence, SevSignatures, SevState } from './state.ts'

/** What the guest owner knows of a launch and its measurement. The TIK is a secret: it shows nowhere in a verdict. */
export interface SevLaunchOptions extends SevLaunch {
  /** Transport integrity key, 16 bytes. */
  readonly tik: HexOrBytes
}

/** What a verification takes beside the evidence. */
export interface SevVerifyOptions extends VerifyOptions {
  /** Certificate files in any of the forms of `parseSevCertificates`; those in the evidence come first, save a CEK that nobody signed. */
  readonly certificates?: readonly Uint8Array[]
  /** Needed for a launch measurement. */
  readonly launch?: SevLaunchOptions
  readonly expect?: SevExpectations
}

const STEPS = [CHAIN_STEPS, EVIDENCE_STEPS, APPRAISAL_STEPS] as const

/** Ids of all checks of a verdict, in order; with `waivable` those that may be waived. */
export function sevCheckIds(which: 'all' | 'waivable' = 'all'): readonly string[] {
  return stepIds<SevState>(STEPS, which)
}

/**
 * Verifies evidence of SEV or SEV-ES: the certificates of a platform, an attestation report (208
 * bytes), or the answer to LAUNCH_MEASURE (48 bytes).
 *
 * @returns a verdict; forged evidence and unreadable collateral give one too
 * @throws EvidenceError when the evidence cannot be read
 * @throws TypeError for options that make no sense
 */
export async function verifySev(evidence: Uint8Array, options: SevVerifyOptions): Promise<Verdict<SevClaims>> {
  return tell(sevStory(evidence, options))
}

/** As {@link verifySev}, without waiting. @throws TypeError where the runtime's cryptography is asynchronous */
export function verifySevSync(evidence: Uint8Array, options: SevVerifyOptions): Verdict<SevClaims> {
  return tellNow(sevStory(evidence, options))
}

function* sevStory(evidence: Uint8Array, options: SevVerifyOptions): Story<Verdict<SevClaims>> {
  const plan = planSev(evidence, options)
  yield plan.jobs
  return conclude(plan)
}

interface Plan extends Omit<SevState, 'anchor' | 'matched' | 'policy' | 'rawPolicy'> {
  readonly options: SevVerifyOptions
  readonly at: number
  readonly digest: DigestJob
  readonly files: Readonly<Partial<Record<SevPlace, DigestJob>>>
  readonly jobs: readonly Job[]
}

function planSev(input: Uint8Array, options: SevVerifyOptions): Plan {
  const at = evaluationTime(options.at)
  const expect = readSevExpectations(options.expect)
  const tik = readTik(options.launch)
  const data = copyOfEvidence(input)
  const evidence = parseEvidence(data)
  const { certificates, error } = gather(
    evidence.kind === 'platform' ? parseSevCertificates(data) : {},
    options.certificates ?? [],
  )
  const signatures = planSignatures(certificates)
  const reportSignature = planReport(evidence, certificates)
  const candidates = planCandidates(evidence, options.launch, tik, expect)
  const digest = sha256(data)
  const keys = eachPlace(certificates, (one) => sha256(spkiOf(one.key)))
  const files = eachPlace(certificates, (one) =>
    sha256(one.form === 'amd' ? encodeAmdCertificate(one) : encodeSevCertificate(one)),
  )
  const named: readonly (Job | undefined)[] = [
    digest,
    reportSignature,
    ...Object.values(signatures),
    ...Object.values(keys),
    ...Object.values(files),
    ...candidates.map(({ mac }) => mac),
  ]
  const jobs = named.filter((job): job is Job => job !== undefined)
  return {
    options,
    at,
    expect,
    evidence,
    certificates,
    error,
    signatures,
    reportSignature,
    candidates,
    launch: options.launch,
    digest,
    keys,
    files,
    jobs,
  }
}

function readTik(launch: SevLaunchOptions | undefined): Uint8Array | undefined {
  if (launch === undefined) return undefined
  const tik =
    typeof launch.tik === 'string'
      ? fromHex(launch.tik)
      : launch.tik instanceof Uint8Array
        ? new Uint8Array(launch.tik)
        : undefined
  if (tik?.length !== 16) throw new TypeError('launch.tik: expected 16 bytes')
  for (const name of ['apiMajor', 'apiMinor', 'buildId', 'policy'] as const) {
    const limit = name === 'policy' ? 0xffffffff : 255
    if (!Number.isInteger(launch[name]) || launch[name] < 0 || launch[name] > limit)
      throw new TypeError(`launch.${name}: expected a whole number from 0 to ${limit}`)
  }
  return tik
}

function parseEvidence(data: Uint8Array): SevEvidence {
  if (data.length === SEV_REPORT_SIZE) return { kind: 'report', report: parseSevReport(data) }
  if (data.length === SEV_LAUNCH_MEASURE_SIZE) return { kind: 'launch', measure: parseSevLaunchMeasure(data) }
  return { kind: 'platform' }
}

interface Gathered {
  readonly certificates: SevCertificates
  readonly error: EvidenceError | undefined
}

const MAX_FILES = 16

function gather(from: SevCertificates, files: readonly Uint8Array[]): Gathered {
  let certificates = from
  let error: EvidenceError | undefined
  if (files.length > MAX_FILES) throw new TypeError(`certificates: at most ${MAX_FILES} files`)
  for (const file of files) {
    try {
      certificates = completed(certificates, parseSevCertificates(file))
    } catch (thrown) {
      if (!(thrown instanceof EvidenceError)) throw thrown
      error ??= thrown
    }
  }
  return { certificates, error }
}

// What came first counts, but a CEK as the chip gives it: only the one from AMD's key service is signed.
function completed(first: SevCertificates, second: SevCertificates): SevCertificates {
  const all = { ...second, ...first }
  const { cek } = second
  return cek !== undefined && first.cek?.signatures.every(isEmptySlot) === true ? { ...all, cek } : all
}

function planSignatures({ ark, ask, cek, oca, pek, pdh }: SevCertificates): SevSignatures {
  return {
    ark: ark && byAmd(ark, ark),
    ask: ark && ask && byAmd(ask, ark),
    cek: ask && cek && signatureBy(cek, SEV_USAGE.ask, ask.key),
    oca: oca && signatureBy(oca, SEV_USAGE.oca, oca.key),
    pekByCek: cek && pek && signatureBy(pek, SEV_USAGE.cek, cek.key),
    pekByOca: oca && pek && signatureBy(pek, SEV_USAGE.oca, oca.key),
    pdh: pek && pdh && signatureBy(pdh, SEV_USAGE.pek, pek.key),
  }
}

type Amd = NonNullable<SevCertificates['ark']>

// The hash goes with the size of the signer's key: SHA-256 for 2048 bits, SHA-384 for 4096.
function byAmd({ signature, signedBytes }: Amd, { key, bits }: Amd): SignatureJob | undefined {
  const value = signature && bigEndian(signature, bits / 8)
  if (value === undefined || signature?.length !== bits / 8) return undefined
  return {
    kind: 'signature',
    scheme: bits === 2048 ? 'rsassa-pss-sha256' : 'rsassa-pss-sha384',
    key,
    data: signedBytes,
    signature: value,
  }
}

function planReport(evidence: SevEvidence, { pek }: SevCertificates): SignatureJob | undefined {
  if (evidence.kind !== 'report' || pek === undefined) return undefined
  const { signature, signatureAlgorithm, signedBytes } = evidence.report
  return pek.key.kind === 'P-384' && signatureAlgorithm === 2
    ? signatureJob(2, signature, signedBytes, pek.key)
    : undefined
}

function planCandidates(
  evidence: SevEvidence,
  launch: SevLaunch | undefined,
  key: Uint8Array | undefined,
  { measurement }: SevExpectations,
): readonly SevCandidate[] {
  if (evidence.kind !== 'launch' || launch === undefined || key === undefined) return []
  return (measurement ?? []).map((digest) => ({
    digest,
    mac: {
      kind: 'hmac',
      by: hmac,
      algorithm: 'sha256',
      key,
      data: launchMeasureInput(launch, fromHex(digest) ?? new Uint8Array(0), evidence.measure.mnonce),
    },
  }))
}

function eachPlace(
  certificates: SevCertificates,
  make: (one: NonNullable<SevCertificates[SevPlace]>) => DigestJob,
): Partial<Record<SevPlace, DigestJob>> {
  const made: Partial<Record<SevPlace, DigestJob>> = {}
  for (const place of ['ark', 'ask', 'cek', 'oca', 'pek', 'pdh'] as const) {
    const one = certificates[place]
    if (one !== undefined) made[place] = make(one)
  }
  return made
}

function conclude(plan: Plan): Verdict<SevClaims> {
  const { evidence, options, launch } = plan
  const rawPolicy =
    evidence.kind === 'report' ? evidence.report.policy : evidence.kind === 'launch' ? launch?.policy : undefined
  const state: SevState = {
    ...plan,
    rawPolicy,
    policy: rawPolicy === undefined ? undefined : sevPolicy(rawPolicy),
    anchor: anchorOf(plan),
    matched: matchOf(plan),
  }
  return assembleVerdict(judge<SevState>(STEPS, state, options.waive), {
    format: FORMATS[evidence.kind],
    at: plan.at,
    evidence: plan.digest,
    anchor: state.anchor,
    collateral: collateralParts(plan),
    claims: sevClaims(state),
    assumed: sevAssumptions(state),
    notes: sevNotes(state),
  })
}

const FORMATS: Readonly<Record<SevEvidence['kind'], string>> = {
  platform: 'SEV platform certificates',
  report: 'SEV attestation report',
  launch: 'SEV launch measurement',
}

function anchorOf({ keys, options }: Plan): TrustAnchor | undefined {
  const spki = keys.ark === undefined ? undefined : digestHex(keys.ark)
  return trustedAnchors(options.trustAnchors, AMD_SEV_ROOTS).find((anchor) => anchor.spkiSha256 === spki)
}

function matchOf({ evidence, candidates }: Plan): string | undefined {
  if (evidence.kind !== 'launch') return undefined
  let matched: string | undefined
  for (const { digest, mac } of candidates) if (sameMac(mac.result, evidence.measure.measure)) matched ??= digest
  return matched
}

/** Compares MACs in a time that does not tell how much of them is equal. */
function sameMac(made: Uint8Array | undefined, received: Uint8Array): boolean {
  if (made?.length !== received.length) return false
  let difference = 0
  for (let i = 0; i < made.length; i++) difference |= (made[i] as number) ^ (received[i] as number)
  return difference === 0
}

function collateralParts({ files }: Plan): readonly CollateralPart[] {
  return Object.entries(files).map(([name, digest]) => ({ name, sha256: digestHex(digest) }))
}

/** All bytes of a platform's certificates in the order of whole chains: PDH, PEK, OCA, CEK, ASK, ARK. */
export function encodeSevCertificates({ pdh, pek, oca, cek, ask, ark }: SevCertificates): Uint8Array {
  const platform = [pdh, pek, oca, cek].map((one) =>
    one === undefined ? new Uint8Array(0) : encodeSevCertificate(one),
  )
  const vendor = [ask, ark].map((one) => (one === undefined ? new Uint8Array(0) : encodeAmdCertificate(one)))
  return concatBytes(...platform, ...vendor)
}
