import { assembleVerdict, digestHex } from '../core/assemble.ts'
import { type Judgement, judge, stepIds } from '../core/engine.ts'
import { EvidenceError } from '../core/errors.ts'
import { frozenCopy, spanOf, within } from '../core/kept.ts'
import type { VerifyOptions } from '../core/options.ts'
import type { Part } from '../core/part.ts'
import { evaluationTime, isoTime } from '../core/time.ts'
import type { Verdict, VerdictPart } from '../core/verdict.ts'
import { type DigestJob, type Job, type SignatureJob, sha256 } from '../crypto/jobs.ts'
import { KeptChecks } from '../crypto/kept-checks.ts'
import { type Story, tell, tellNow } from '../crypto/story.ts'
import { DcapCollateral, type DcapCollateralInput } from '../dcap/collateral.ts'
import { SnpCollateral, type SnpCollateralInput } from '../snp/collateral.ts'
import type { SnpExpectations } from '../snp/expectations.ts'
import { type SnpVerifyOptions, snpStory } from '../snp/verify.ts'
import type { TdxExpectations } from '../tdx/expectations.ts'
import { type TdxOptions, tdxStory } from '../tdx/verify.ts'
import type { TpmClaims } from '../tpm/claims.ts'
import type { TpmExpectations } from '../tpm/expectations.ts'
import type { BoundKey } from '../tpm/state.ts'
import { tpmStory } from '../tpm/verify.ts'
import { bareSignature, signatureJob } from '../tpm-structures/signature.ts'
import { AzureBoot, recallBoot, rememberBoot } from './boot.ts'
import { type AzureClaims, azureAssumptions, azureClaims, azureNotes } from './claims.ts'
import { type AzureEvidence, ownAzure, parseAzureEvidence } from './evidence.ts'
import { type AzureExpectations, isForOther, readAzureExpectations } from './expectations.ts'
import type { AzureState, HardwareFacts } from './state.ts'
import { AZURE_STEPS } from './steps.ts'

/**
 * What a verification takes beside the evidence. Waivers name checks of the whole (`azure.…`) or of a
 * part (`snp.…`, `tdx.…`, `tpm.…`).
 */
export interface AzureVerifyOptions extends VerifyOptions {
  /** Endorsements of the hardware report. Certificates that came with the evidence fill the gaps of raw ones. */
  readonly collateral?: {
    readonly snp?: SnpCollateralInput | SnpCollateral
    readonly tdx?: DcapCollateralInput | DcapCollateral
  }
  readonly expect?: AzureExpectations
}

/** Ids of the checks of the whole; those of the parts are the parts' own. */
export function azureCheckIds(which: 'all' | 'waivable' = 'all'): readonly string[] {
  return stepIds<AzureState>(AZURE_STEPS, which)
}

/**
 * Verifies evidence of an Azure confidential VM at `options.at`: the hardware report, the runtime claims it
 * binds, and the quote of the vTPM by the key in them. The parts' verdicts are in `parts`.
 *
 * @param evidence its parts, or in one piece (see {@link parseAzureEvidence})
 * @throws EvidenceError when the HCL report cannot be read
 * @throws TypeError for options that make no sense
 */
export async function verifyAzure(
  evidence: AzureEvidence | Uint8Array,
  options: AzureVerifyOptions,
): Promise<Verdict<AzureClaims>> {
  return tell(azureStory(evidence, options))
}

/** As {@link verifyAzure}, without waiting. @throws TypeError where the runtime's cryptography is asynchronous */
export function verifyAzureSync(
  evidence: AzureEvidence | Uint8Array,
  options: AzureVerifyOptions,
): Verdict<AzureClaims> {
  return tellNow(azureStory(evidence, options))
}

function* azureStory(evidence: AzureEvidence | Uint8Array, options: AzureVerifyOptions): Story<Verdict<AzureClaims>> {
  const door = openDoor(evidence, options)
  yield door.jobs
  const hardware = yield* hardwareStory(door)
  const vtpm = yield* vtpmStory(door, hardware)
  return conclude(door, hardware, vtpm)
}

interface Door {
  readonly options: AzureVerifyOptions
  readonly at: number
  readonly expect: AzureExpectations
  readonly evidence: AzureEvidence
  readonly boot: AzureBoot
  /** What the memory held of this boot: nothing, where it is new. */
  readonly known: Pick<AzureBoot, 'quote' | 'hardware'> | undefined
  readonly kept: KeptChecks
  readonly whole: DigestJob
  readonly signature: SignatureJob | undefined
  readonly jobs: readonly Job[]
}

function openDoor(evidence: AzureEvidence | Uint8Array, options: AzureVerifyOptions): Door {
  const { memory } = options
  const at = evaluationTime(options.at)
  const expect = readAzureExpectations(options.expect)
  const raw = evidence instanceof Uint8Array ? new Uint8Array(evidence) : undefined
  const given = raw === undefined ? (evidence as AzureEvidence) : parseAzureEvidence(raw)
  const known = memory === undefined ? undefined : recallBoot(memory, given)
  const own = ownAzure(given, known?.evidence)
  const { parts } = own
  const boot = known ?? new AzureBoot(own)
  const { claims, digest } = boot
  const whole = sha256(raw ?? own.whole)
  const signature =
    claims.value === undefined || parts.quote === undefined
      ? undefined
      : signatureJob(bareSignature(parts.quote.signature), claims.value.ak.key, parts.quote.message)
  return {
    options,
    at,
    expect,
    evidence: parts,
    boot,
    known: known && { quote: known.quote, hardware: known.hardware },
    kept: new KeptChecks(boot.jobs),
    whole,
    signature,
    jobs: signature === undefined ? [whole, digest] : [whole, digest, signature],
  }
}

/** The verdict about the hardware report, where there is one that can be verified from afar. */
function* hardwareStory(door: Door): Generator<readonly Job[], Part<Verdict>, void> {
  const known = recallHardware(door)
  if (known !== undefined) return { value: known }
  const { report, snp, tdx } = planHardware(door)
  try {
    if (snp === undefined && tdx === undefined) return {}
    const value =
      snp === undefined
        ? yield* tdxStory(report, tdx as TdxOptions, door.kept)
        : yield* snpStory(report, snp, door.kept)
    keepHardware(door, value)
    return { value }
  } catch (error) {
    if (error instanceof EvidenceError) return { error }
    throw error
  }
}

// What the verdict about the hardware report follows from, beside the report, prepared endorsements and the time.
function hardwareSettings({ options, expect }: Door): string {
  const { hardware, measurement, allowDebug, allowEmulated } = expect
  return JSON.stringify([hardware, measurement, allowDebug, allowEmulated, options.waive, options.trustAnchors])
}

function preparedCollateral({ options, boot }: Door): SnpCollateral | DcapCollateral | undefined {
  const given = options.collateral?.[boot.hcl.hardware]
  return given instanceof SnpCollateral || given instanceof DcapCollateral ? given : undefined
}

function recallHardware(door: Door): Verdict | undefined {
  const known = door.known?.hardware
  if (known === undefined || known.collateral !== preparedCollateral(door) || !within(known.span, door.at))
    return undefined
  if (known.settings !== hardwareSettings(door)) return undefined
  return { ...known.verdict, at: isoTime(door.at) }
}

function keepHardware(door: Door, verdict: Verdict): void {
  const collateral = preparedCollateral(door)
  if (door.options.memory === undefined || collateral === undefined || verdict.authenticity !== 'proven') return
  // An exception ends at a time of its own, which no endorsement says.
  if ((door.expect.hardware?.acceptTcb ?? []).length > 0) return
  const span = spanOf(verdict.collateral, door.at)
  if (span === undefined) return
  door.boot.hardware = { settings: hardwareSettings(door), collateral, span, verdict: frozenCopy(verdict) }
}

interface HardwarePlan {
  readonly report: Uint8Array
  readonly snp?: SnpVerifyOptions
  readonly tdx?: TdxOptions
}

/** The hardware report has to hold the digest of the claims; that it is of now is for the vTPM's quote to show. */
function planHardware({ options, expect, evidence, boot: { hcl, digest } }: Door): HardwarePlan {
  const { allowDebug, allowEmulated, measurement } = expect
  const wishes: SnpExpectations & TdxExpectations = {
    ...(isForOther(hcl.hardware, expect) ? {} : expect.hardware),
    ...(measurement === undefined ? {} : { measurement }),
    ...(allowDebug === undefined ? {} : { allowDebug }),
    ...(allowEmulated === undefined ? {} : { allowEmulated }),
    reportData: digestHex(digest),
  }
  const common = {
    at: options.at,
    waive: waiversOf(options, hcl.hardware),
    ...(options.trustAnchors === undefined ? {} : { trustAnchors: options.trustAnchors }),
    ...(options.memory === undefined ? {} : { memory: options.memory }),
  }
  if (hcl.hardware === 'snp')
    return {
      report: hcl.hardwareReport,
      snp: { ...common, collateral: snpCollateral(options.collateral?.snp, evidence.vcek), expect: wishes },
    }
  if (evidence.tdQuote === undefined) return { report: hcl.hardwareReport }
  const collateral = options.collateral?.tdx
  // Under a paravisor it handles the exceptions that SEPT_VE_DISABLE would rule out.
  const tdx: TdxExpectations = { ...wishes, allowSeptVeDisableOff: true }
  return {
    report: evidence.tdQuote,
    tdx: { ...common, ...(collateral === undefined ? {} : { collateral }), expect: tdx },
  }
}

function snpCollateral(
  given: SnpCollateralInput | SnpCollateral | undefined,
  vcek: Uint8Array | undefined,
): SnpCollateralInput | SnpCollateral {
  if (given instanceof SnpCollateral) return given
  return vcek === undefined ? { ...given } : { vcek, ...given }
}

function waiversOf({ waive = [] }: AzureVerifyOptions, part: 'snp' | 'tdx' | 'tpm' | 'azure'): readonly string[] {
  return waive.filter((id) => id.startsWith(`${part}.`) || (part === 'azure' && !/^(?:snp|tdx|tpm)\./.test(id)))
}

/** The quote of the vTPM, by the key that the claims name; it is vouched for as far as the hardware report is. */
function* vtpmStory(door: Door, hardware: Part<Verdict>): Generator<readonly Job[], Part<Verdict<TpmClaims>>, void> {
  const { evidence, options, expect } = door
  const { claims } = door.boot
  const { quote } = evidence
  if (quote === undefined || claims.value === undefined) return {}
  const bound = boundOf(door, hardware)
  const wishes: TpmExpectations = {
    ...expect.vtpm,
    ...(expect.nonce === undefined ? {} : { nonce: expect.nonce }),
    ...(expect.reportData === undefined ? {} : { reportData: expect.reportData }),
    ...(expect.reportDataIsFresh === undefined ? {} : { reportDataIsFresh: expect.reportDataIsFresh }),
  }
  const input = {
    message: quote.message,
    signature: quote.signature,
    ...(quote.pcrs === undefined ? {} : { pcrs: quote.pcrs }),
    ...(evidence.eventLog === undefined ? {} : { eventLog: evidence.eventLog }),
  }
  try {
    const story = tpmStory(
      input,
      { at: options.at, expect: wishes, waive: waiversOf(options, 'tpm') },
      {
        key: claims.value.ak.key,
        bound,
        signature: door.signature,
        keeper: options.memory === undefined ? undefined : door.boot,
      },
    )
    return { value: yield* story }
  } catch (error) {
    if (error instanceof EvidenceError) return { error }
    throw error
  }
}

function boundOf(door: Door, hardware: Part<Verdict>): BoundKey {
  const authenticity = hardware.value?.authenticity
  const names = factsOf(door, hardware)?.reportData === digestHex(door.boot.digest).padEnd(128, '0')
  if (hardware.value !== undefined && !names)
    return { holds: false, reason: 'the hardware report is for other runtime claims than those that name the key' }
  if (authenticity === 'proven')
    return {
      holds: true,
      reason: 'a genuine hardware report holds the digest of the runtime claims, and these name the key',
    }
  if (authenticity === 'refuted' || hardware.error !== undefined)
    return { holds: false, reason: 'the hardware report that should vouch for the key is not genuine' }
  return { holds: undefined, reason: 'the hardware report that should vouch for the key is not proven to be genuine' }
}

/** Facts of the report that the hardware verdict is about. */
function factsOf({ boot }: Door, hardware: Part<Verdict>): HardwareFacts | undefined {
  return hardware.value === undefined ? undefined : boot.facts
}

function conclude(door: Door, hardware: Part<Verdict>, vtpm: Part<Verdict<TpmClaims>>): Verdict<AzureClaims> {
  const { evidence, boot, signature, expect } = door
  const { hcl, claims, digest } = boot
  const facts = factsOf(door, hardware)
  const state: AzureState = { evidence, hcl, claims, digest, hardware, facts, signature, vtpm, expect }
  const judgement = judge<AzureState>(AZURE_STEPS, state, waiversOf(door.options, 'azure'))
  remember(door, judgement)
  const parts: VerdictPart[] = []
  if (hardware.value !== undefined) parts.push({ name: 'hardware-report', verdict: hardware.value })
  if (vtpm.value !== undefined) parts.push({ name: 'vtpm', verdict: vtpm.value })
  return assembleVerdict(judgement, {
    format: `Azure confidential VM (${hcl.hardware === 'snp' ? 'SEV-SNP' : 'TDX'}, HCL report${evidence.quote === undefined ? '' : ', vTPM quote'})`,
    at: door.at,
    evidence: door.whole,
    anchor: hardware.value?.anchors[0],
    collateral: hardware.value?.collateral ?? [],
    claims: azureClaims(state),
    assumed: azureAssumptions(state),
    notes: azureNotes(state),
    parts,
  })
}

// What is refuted is not kept: whoever sends forgeries must not push the good ones out.
function remember({ options: { memory }, known, boot, kept }: Door, { authenticity }: Judgement): void {
  if (memory === undefined || authenticity === 'refuted') return
  if (known === undefined) rememberBoot(memory, boot, kept.verified)
  // What is kept of it may have grown.
  else if (known.quote !== boot.quote) rememberBoot(memory, boot, boot.jobs)
}
