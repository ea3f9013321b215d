import { trustedAnchors } from '../core/anchors.ts'
import { assembleVerdict, digestHex } from '../core/assemble.ts'
import { toHex } from '../core/bytes.ts'
import { type Judgement, judge, stepIds } from '../core/engine.ts'
import { refuse } from '../core/errors.ts'
import { copyOfEvidence } from '../core/input.ts'
import type { VerifyOptions } from '../core/options.ts'
import { isPresent, type Part, readPart } from '../core/part.ts'
import { evaluationTime } from '../core/time.ts'
import type { Verdict } from '../core/verdict.ts'
import { type DigestJob, inSignatureRange, type Job, P384_ORDER, type SignatureJob, sha256 } from '../crypto/jobs.ts'
import { type Story, tell, tellNow } from '../crypto/story.ts'
import type { Certificate } from '../x509/certificate.ts'
import { NVIDIA_ROOTS } from './anchors.ts'
import { APPRAISAL_STEPS } from './appraisal-steps.ts'
import { type Chain, readFwid } from './certificates.ts'
import { type NvidiaClaims, nvidiaAssumptions, nvidiaClaims, nvidiaNotes } from './claims.ts'
import { collateralBytes, copyCollateral, NvidiaCollateral, type NvidiaCollateralInput } from './collateral.ts'
import { describeCollateral } from './describe.ts'
import { deviceFacts } from './device.ts'
import { type NvidiaDeviceEvidence, splitNvidiaEvidence } from './envelope.ts'
import { type NvidiaExpectations, readNvidiaExpectations } from './expectations.ts'
import { MEASUREMENT_STEPS } from './measurement-steps.ts'
import { OCSP_READABLE } from './ocsp-steps.ts'
import { type NvidiaReport, parseNvidiaReport } from './report.ts'
import { CHAIN_STEPS, REPORT_STEPS } from './report-steps.ts'
import { compareMeasurements } from './rim/compare.ts'
import { rimGroup } from './rim/rim-steps.ts'
import type { ChainView, NvidiaState } from './state.ts'
import { viewOf } from './view.ts'

/** What a verification takes beside the evidence. */
export interface NvidiaVerifyOptions extends VerifyOptions {
  /** Certificates, manifests and OCSP answers, raw or prepared. A chain that comes with the evidence is used where this has none. */
  readonly collateral?: NvidiaCollateralInput | NvidiaCollateral
  readonly expect?: NvidiaExpectations
}

/** NVIDIA's order of verification, then what the relying party wants. */
const STEPS = [
  OCSP_READABLE,
  CHAIN_STEPS,
  REPORT_STEPS,
  rimGroup<NvidiaState>('driver', ['nvidia.chain.well-formed']),
  rimGroup<NvidiaState>('vbios', ['nvidia.chain.well-formed']),
  MEASUREMENT_STEPS,
  APPRAISAL_STEPS,
] as const

/** Ids of all checks of a verdict about one device, in order; with `waivable` those that may be waived. */
export function nvidiaCheckIds(which: 'all' | 'waivable' = 'all'): readonly string[] {
  return stepIds<NvidiaState>(STEPS, which)
}

/**
 * Verifies the report of one GPU or NVSwitch at `options.at`. Several devices are judged together by
 * `verifyNvidiaNode`.
 *
 * @param evidence request and response as the driver returns them, or JSON with one device
 * @returns a verdict; forged evidence and unreadable collateral give one too
 * @throws EvidenceError when the evidence cannot be read
 * @throws TypeError for options that make no sense
 */
export async function verifyNvidia(evidence: Uint8Array, options: NvidiaVerifyOptions): Promise<Verdict<NvidiaClaims>> {
  return tell(nvidiaStory(evidence, options))
}

/** As {@link verifyNvidia}, without waiting. @throws TypeError where the runtime's cryptography is asynchronous */
export function verifyNvidiaSync(evidence: Uint8Array, options: NvidiaVerifyOptions): Verdict<NvidiaClaims> {
  return tellNow(nvidiaStory(evidence, options))
}

/** The steps of {@link verifyNvidia}, for whoever tells them otherwise. */
export function* nvidiaStory(evidence: Uint8Array, options: NvidiaVerifyOptions): Story<Verdict<NvidiaClaims>> {
  const door = openDoor(evidence, options)
  yield door.first
  const plan = planDevice(door)
  yield plan.jobs
  return concludeDevice(plan, options.waive)
}

function openDoor(evidence: Uint8Array, options: NvidiaVerifyOptions): Door {
  const copy = copyOfEvidence(evidence)
  const devices = splitNvidiaEvidence(copy)
  const [device] = devices
  if (device === undefined || devices.length !== 1) {
    throw refuse(
      'evidence',
      `${devices.length} devices`,
      'one device; several are judged by verifyNvidiaNode',
      0,
      'unsupported-kind',
    )
  }
  return openDevice(device, copy, options, [])
}

/** One device at the door: its report read, nothing believed. */
export interface Door {
  readonly options: NvidiaVerifyOptions
  readonly at: number
  readonly expect: NvidiaExpectations
  readonly report: NvidiaReport
  /** The chain that came with the evidence. */
  readonly chain: Uint8Array | undefined
  /** Prepared, or a copy of what the caller gave: it may change its bytes while this waits. */
  readonly given: NvidiaCollateral | NvidiaCollateralInput
  readonly evidence: DigestJob
  readonly pool: Certificate[]
  /** Digest of raw collateral, under which a memory may know it. */
  readonly key: DigestJob | undefined
  readonly raw: NvidiaCollateralInput
  readonly first: readonly Job[]
}

/**
 * Reads one device's evidence. @param whole the bytes that the verdict is about; they are nobody else's
 * @throws EvidenceError @throws TypeError
 */
export function openDevice(
  device: NvidiaDeviceEvidence,
  whole: Uint8Array,
  options: NvidiaVerifyOptions,
  pool: Certificate[],
): Door {
  const at = evaluationTime(options.at)
  const expect = readNvidiaExpectations(options.expect)
  const report = parseNvidiaReport(device.report)
  const { collateral = {} } = options
  const given = collateral instanceof NvidiaCollateral ? collateral : copyCollateral(collateral)
  const chain = device.certificateChain
  const raw = rawCollateral(given, chain)
  const key: DigestJob | undefined = options.memory === undefined ? undefined : sha256(collateralBytes(raw))
  const evidence = sha256(whole)
  return { options, at, expect, report, chain, given, evidence, pool, key, raw, first: key === undefined ? [] : [key] }
}

/** What is still to be read: of prepared collateral nothing but a chain that came with the evidence. */
function rawCollateral(
  given: NvidiaCollateral | NvidiaCollateralInput,
  chain: Uint8Array | undefined,
): NvidiaCollateralInput {
  const own = chain === undefined ? {} : { certificateChain: chain }
  if (given instanceof NvidiaCollateral) return isPresent(given.chain) ? {} : own
  return { ...own, ...given }
}

/** One device with all its cryptography named. */
export interface Plan {
  readonly door: Door
  readonly read: NvidiaCollateral
  readonly collateral: NvidiaCollateral
  readonly chain: Part<Chain>
  readonly measurement: DigestJob
  readonly signature: SignatureJob | undefined
  readonly jobs: readonly Job[]
}

/** Names every job of a device. */
export function planDevice(door: Door): Plan {
  const { report, given } = door
  const known = door.key === undefined ? undefined : door.options.memory?.get(digestHex(door.key))
  const read = known instanceof NvidiaCollateral ? known : new NvidiaCollateral(door.raw, door.pool)
  const collateral = given instanceof NvidiaCollateral ? given : read
  const chain = isPresent(collateral.chain) ? collateral.chain : read.chain
  const signature = planSignature(report, chain.value?.certificates[0])
  const measurement: DigestJob = { kind: 'digest', algorithm: 'sha384', data: report.response.record }
  const jobs: Job[] = [door.evidence, measurement]
  if (signature !== undefined) jobs.push(signature)
  if (chain.value !== undefined) jobs.push(...chain.value.jobs)
  for (const { value } of [collateral.driverRim, collateral.vbiosRim]) if (value !== undefined) jobs.push(...value.jobs)
  for (const one of chainsOf(chain, collateral))
    for (const answer of collateral.answersFor(one)) jobs.push(...answer.jobs)
  return { door, read, collateral, chain, measurement, signature, jobs }
}

function chainsOf(chain: Part<Chain>, { driverRim, vbiosRim }: NvidiaCollateral): readonly Chain[] {
  return [chain.value, driverRim.value?.chain, vbiosRim.value?.chain].filter((one) => one !== undefined)
}

/** The check of the report's own signature; undefined when r or s is no number from 1 to n-1, or the key is of another kind. */
function planSignature({ signed, response }: NvidiaReport, leaf: Certificate | undefined): SignatureJob | undefined {
  const key = leaf?.key
  const { signature } = response
  if (key?.kind !== 'P-384' || !inSignatureRange(signature, P384_ORDER)) return undefined
  return { kind: 'signature', scheme: 'ecdsa-p384-sha384', key, data: signed, signature }
}

/** Judges a device whose jobs are settled. @param inNode whether its node is judged with it */
export function concludeDevice(plan: Plan, waive: readonly string[] = [], inNode = false): Verdict<NvidiaClaims> {
  const state = stateOf(plan, inNode)
  const judgement = judge<NvidiaState>(STEPS, state, waive)
  remember(plan, judgement)
  const anchors = [state.chainView, state.rimViews.driver, state.rimViews.vbios].flatMap((view) => view?.anchor ?? [])
  const distinct = anchors.filter((anchor, i) => anchors.indexOf(anchor) === i)
  const verdict = assembleVerdict(judgement, {
    format: state.device.isSwitch ? 'NVSwitch SPDM 1.1 measurements' : 'NVIDIA GPU SPDM 1.1 measurements',
    at: plan.door.at,
    evidence: plan.door.evidence,
    anchor: distinct.find((anchor) => anchor.emulated === true) ?? distinct[0],
    collateral: describeCollateral(state),
    claims: nvidiaClaims(state, judgement.authenticity === 'proven'),
    assumed: nvidiaAssumptions(state),
    notes: nvidiaNotes(state),
  })
  return distinct.length < 2 ? verdict : { ...verdict, anchors: distinct }
}

function stateOf(plan: Plan, inNode: boolean): NvidiaState {
  const { door, chain, collateral } = plan
  const anchors = trustedAnchors(door.options.trustAnchors, NVIDIA_ROOTS)
  const view = (one: Chain | undefined, purpose: 'device' | 'rim'): ChainView | undefined =>
    one && viewOf(one, collateral, anchors, purpose)
  const { driverRim, vbiosRim, ocsp } = collateral
  const leaf = chain.value?.certificates[0]
  return {
    at: door.at,
    expect: door.expect,
    ocsp,
    rims: { driver: driverRim, vbios: vbiosRim },
    rimViews: { driver: view(driverRim.value?.chain, 'rim'), vbios: view(vbiosRim.value?.chain, 'rim') },
    device: deviceFacts(door.report, chain.value?.certificates),
    report: door.report,
    chain,
    chainView: view(chain.value, 'device'),
    signature: plan.signature,
    nonce: toHex(door.report.request.nonce),
    measurement: digestHex(plan.measurement),
    fwid: leaf === undefined ? {} : readPart(leaf.der, () => readFwid(leaf)),
    comparison: compareMeasurements(door.report, driverRim.value, vbiosRim.value),
    inNode,
  }
}

// Refuted collateral is not kept: whoever sends forgeries must not push the good ones out.
function remember({ door: { options, key }, read }: Plan, { authenticity }: Judgement): void {
  if (options.memory === undefined || key === undefined || authenticity === 'refuted') return
  options.memory.set(digestHex(key), read, read.size)
}
