import { assembleVerdict, digestHex, distinctBy } from '../core/assemble.ts'
import { concatBytes } from '../core/bytes.ts'
import { judge, stepIds } from '../core/engine.ts'
import { copyOfEvidence } from '../core/input.ts'
import type { Assumption, CollateralPart, TrustAnchor, Verdict } from '../core/verdict.ts'
import { type DigestJob, type Job, sha256 } from '../crypto/jobs.ts'
import { type Story, tell, tellNow } from '../crypto/story.ts'
import type { Certificate } from '../x509/certificate.ts'
import type { NvidiaClaims } from './claims.ts'
import type { NvidiaCollateral, NvidiaCollateralInput } from './collateral.ts'
import { splitNvidiaEvidence } from './envelope.ts'
import { NODE_STEPS, type NodeDevice, type NodeState } from './node-steps.ts'
import { concludeDevice, type Door, type NvidiaVerifyOptions, openDevice, type Plan, planDevice } from './verify.ts'

/** One device of a node. */
export interface NvidiaNodeDevice {
  /** Request and response as the driver returns them, or JSON with one or more devices. */
  readonly evidence: Uint8Array
  /**
   * What is of this device alone: its chain, and other manifests and OCSP answers than the rest of the node's. Of JSON with
   * several devices a function gives it, by the report of each.
   */
  readonly collateral?: NvidiaCollateralInput | NvidiaCollateral | ((report: Uint8Array) => NvidiaCollateralInput)
}

/** Ids of the checks of a node beside those of its devices. */
export function nvidiaNodeCheckIds(): readonly string[] {
  return stepIds<NodeState>([NODE_STEPS])
}

/**
 * Verifies the GPUs of a machine, and its NVSwitches, together: all must pass and answer one nonce, and in
 * protected PCIe mode the devices must be linked to each other and to no others. The verdict has one part
 * for each device, `gpu-0`, …, `switch-0`, …, and is never better than the worst of them.
 *
 * @throws EvidenceError when the evidence of one cannot be read; its field begins with the device
 * @throws TypeError for options that make no sense
 */
export async function verifyNvidiaNode(
  devices: readonly NvidiaNodeDevice[],
  options: NvidiaVerifyOptions,
): Promise<Verdict<NvidiaClaims>> {
  return tell(nodeStory(devices, options))
}

/** As {@link verifyNvidiaNode}, without waiting. @throws TypeError where the runtime's cryptography is asynchronous */
export function verifyNvidiaNodeSync(
  devices: readonly NvidiaNodeDevice[],
  options: NvidiaVerifyOptions,
): Verdict<NvidiaClaims> {
  return tellNow(nodeStory(devices, options))
}

function* nodeStory(devices: readonly NvidiaNodeDevice[], options: NvidiaVerifyOptions): Story<Verdict<NvidiaClaims>> {
  const node = openNode(devices, options)
  yield node.doors.flatMap(({ first }) => first)
  const plans = node.doors.map(planDevice)
  yield jobsOf(node, plans)
  return conclude(node, plans)
}

interface Node {
  readonly doors: readonly Door[]
  readonly evidence: DigestJob
  /** Over the measurement records of all devices, in their order. */
  readonly measurement: DigestJob
  readonly options: NvidiaVerifyOptions
}

const MAX_DEVICES = 64

function openNode(devices: readonly NvidiaNodeDevice[], options: NvidiaVerifyOptions): Node {
  // All chains end alike: certificates that several share are read and checked once.
  const pool: Certificate[] = []
  const copies = devices.map(({ evidence }) => copyOfEvidence(evidence))
  const doors = devices.flatMap(({ collateral }, i) =>
    splitNvidiaEvidence(copies[i] as Uint8Array).map((one) => {
      const own = typeof collateral === 'function' ? collateral(one.report) : (collateral ?? options.collateral)
      return openDevice(one, one.report, { ...options, ...(own === undefined ? {} : { collateral: own }) }, pool)
    }),
  )
  if (doors.length === 0 || doors.length > MAX_DEVICES)
    throw new TypeError(`a node has 1 to ${MAX_DEVICES} devices, not ${doors.length}`)
  const evidence = sha256(concatBytes(...copies))
  const records = doors.map(({ report }) => report.response.record)
  const measurement: DigestJob = { kind: 'digest', algorithm: 'sha384', data: concatBytes(...records) }
  return { doors, evidence, measurement, options }
}

function jobsOf({ evidence, measurement }: Node, plans: readonly Plan[]): readonly Job[] {
  return [evidence, measurement, ...plans.flatMap(({ jobs }) => jobs)]
}

function conclude({ evidence, measurement, options }: Node, plans: readonly Plan[]): Verdict<NvidiaClaims> {
  const state = stateOf(plans, options.waive ?? [])
  const judgement = judge<NodeState>([NODE_STEPS], state)
  const { devices } = state
  const anchors = distinctBy(
    devices.flatMap(({ verdict }) => verdict.anchors),
    ({ spkiSha256 }: TrustAnchor) => spkiSha256,
  )
  const verdict = assembleVerdict(judgement, {
    format: `NVIDIA node of ${state.gpus.length} GPUs and ${state.switches.length} NVSwitches`,
    at: plans[0]?.door.at ?? 0,
    evidence,
    anchor: anchors.find(({ emulated }) => emulated === true) ?? anchors[0],
    collateral: distinctBy(devices.flatMap(partsOf), ({ sha256 }: CollateralPart) => sha256),
    claims: nodeClaims(state, digestHex(measurement)),
    assumed: distinctBy(
      devices.flatMap((one) => one.verdict.assumed),
      ({ id }: Assumption) => id,
    ),
    notes: [],
    parts: devices.map(({ name, verdict: part }) => ({ name, verdict: part })),
  })
  return { ...verdict, anchors }
}

/** The collateral of one device, by names that tell the devices apart. */
function partsOf({ name, verdict }: NodeDevice): readonly CollateralPart[] {
  return verdict.collateral.map((part) => ({ ...part, name: `${name}-${part.name}` }))
}

function stateOf(plans: readonly Plan[], waive: readonly string[]): NodeState {
  const verdicts = plans.map((plan) => concludeDevice(plan, waive, true))
  const counts = { gpu: 0, switch: 0 }
  const devices = verdicts.map((verdict): NodeDevice => {
    const kind = verdict.claims.device === 'switch' ? 'switch' : 'gpu'
    return { name: `${kind}-${counts[kind]++}`, verdict }
  })
  return {
    devices,
    gpus: devices.filter(({ verdict }) => verdict.claims.device === 'gpu'),
    switches: devices.filter(({ verdict }) => verdict.claims.device === 'switch'),
  }
}

/** The claims that all GPUs share, and those that hold for the node when they hold for each device. */
function nodeClaims({ devices, gpus }: NodeState, launchMeasurement: string): NvidiaClaims {
  const first = ((gpus[0] ?? devices[0]) as NodeDevice).verdict.claims
  const all = devices.map(({ verdict }) => verdict.claims)
  const claims = {
    ...first,
    device: 'node' as const,
    hardware: all.every(({ hardware }) => hardware),
    debug: all.some(({ debug }) => debug),
    links: [],
    measurements: {},
    launchMeasurement,
    goldenValues: { active: sum(all.map(({ goldenValues }) => goldenValues.active)), mismatched: [] },
  }
  // What only one device can say would be misread as the node's.
  const { hardwareId: _id, ueid: _ueid, linkId: _link, fwid: _fwid, boardId: _board, ...shared } = claims
  return shared
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0)
}
