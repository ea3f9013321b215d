import { toHex } from '../core/bytes.ts'
import type { Assumption, Claims, Note } from '../core/verdict.ts'
import { comparedWith, modeOf } from './appraisal-steps.ts'
import { linkIdentity, type NvidiaArchitecture } from './certificates.ts'
import {
  linkedGpus,
  linkedSwitches,
  type NvidiaMode,
  opaqueBytes,
  opaqueName,
  opaqueText,
  statusOf,
  switchIdentity,
} from './opaque.ts'
import { latestAnswers, type NvidiaState } from './state.ts'

/** What a report of a GPU or NVSwitch claims, beside what all evidence does. `userData` is the requester's nonce. */
export interface NvidiaClaims extends Claims {
  readonly tee: 'nvidia-gpu'
  readonly device: 'gpu' | 'switch' | 'node'
  readonly architecture?: NvidiaArchitecture
  /** Common name of the device's identity certificate. */
  readonly hardwareModel?: string
  /** Serial number of the leaf, in decimal. */
  readonly ueid?: string
  readonly mode?: NvidiaMode | 'unknown'
  readonly protectedPcie?: 'on' | 'off' | 'unknown'
  readonly nvdec0?: 'on' | 'off' | 'unknown'
  readonly driverVersion?: string
  readonly vbiosVersion?: string
  readonly boardId?: string
  readonly project?: string
  readonly projectSku?: string
  readonly chipSku?: string
  readonly fwid?: string
  /** The device on NVLink. */
  readonly linkId?: string
  /** Devices it is linked to: a GPU's switches, a switch's GPUs. */
  readonly links: readonly string[]
  /** Measurement blocks by index, from 1 on. */
  readonly measurements: Readonly<Record<string, string>>
  /** Golden values that were met, and the indexes (from 0 on) of those that were not. */
  readonly goldenValues: { readonly active: number; readonly mismatched: readonly number[] }
}

type Writable = { -readonly [K in keyof NvidiaClaims]: NvidiaClaims[K] }

/** Claims of a report; believable only as far as the verdict goes. @param production whether all measurements were found to be NVIDIA's */
export function nvidiaClaims(state: NvidiaState, production: boolean): NvidiaClaims {
  const { report, device, chain, chainView, comparison } = state
  const { opaque, blocks } = report.response
  const [leaf, identity] = chain.value?.certificates ?? []
  const measurements: Record<string, string> = {}
  for (const { index, value } of blocks) measurements[index] = toHex(value)
  const claims: Writable = {
    tee: 'nvidia-gpu',
    vendor: 'nvidia',
    isolation: 'gpu',
    hardware: chainView?.anchor !== undefined && chainView.anchor.emulated !== true,
    debug: !(production && comparedWith(state) === 'all'),
    launchMeasurement: state.measurement,
    runtimeMeasurements: {},
    userData: state.nonce,
    tcb: { components: {} },
    device: device.isSwitch ? 'switch' : 'gpu',
    links: device.isSwitch ? linkedGpus(opaque) : linkedSwitches(opaque),
    measurements,
    goldenValues: { active: comparison.active, mismatched: comparison.mismatches.map(({ index }) => index) },
  }
  set(claims, 'product', device.architecture)
  set(claims, 'architecture', device.architecture)
  set(claims, 'hardwareId', leaf?.serial)
  set(claims, 'hardwareModel', identity?.subject.commonName?.slice(0, 64))
  set(
    claims,
    'ueid',
    leaf === undefined || leaf.serial.startsWith('-') ? undefined : BigInt(`0x${leaf.serial}`).toString(),
  )
  set(claims, 'mode', modeOf(report))
  set(claims, 'protectedPcie', statusOf(opaque, 'PROTECTED_PCIE_STATUS'))
  set(claims, 'nvdec0', statusOf(opaque, 'NVDEC0_STATUS'))
  set(claims, 'driverVersion', device.versions.driver)
  set(claims, 'vbiosVersion', device.versions.vbios)
  set(claims, 'boardId', hex(opaqueBytes(opaque, 'BOARD_ID')))
  set(claims, 'project', opaqueText(opaque, 'PROJECT'))
  set(claims, 'projectSku', opaqueText(opaque, 'PROJECT_SKU'))
  set(claims, 'chipSku', opaqueText(opaque, 'CHIP_SKU'))
  set(claims, 'fwid', hex(opaqueBytes(opaque, 'FWID')))
  set(claims, 'linkId', device.isSwitch ? switchIdentity(opaque) : linkIdentity(identity))
  return claims
}

// Member by member: an object of all of them, copied, costs several times as much.
function set<K extends keyof Writable>(claims: Writable, name: K, value: Writable[K] | undefined): void {
  if (value !== undefined) claims[name] = value
}

function hex(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : toHex(bytes)
}

/** What a verdict about this report relies on without evidence. */
export function nvidiaAssumptions({ report, device, ocsp, chainView }: NvidiaState): readonly Assumption[] {
  const assumed: Assumption[] = [
    {
      id: 'vendor-key',
      statement: 'NVIDIA keeps its signing keys, and devices their seed secrets',
      because: `the chain rests on ${chainView?.anchor?.name ?? 'no trusted root'}`,
    },
    {
      id: 'no-interposer',
      statement: 'nobody with the machine in hand opens the package of the GPU: its memory is not encrypted',
      because: `the device is a ${device.isSwitch ? 'switch' : 'GPU'}`,
    },
    {
      id: 'bound-to-guest',
      statement: 'the guest that uses the device asked for this report itself, in the session it uses',
      because: 'the report names no guest',
    },
  ]
  if (device.isSwitch || modeOf(report) === 'protected-pcie') {
    assumed.push({
      id: 'no-link-interposer',
      statement: 'nobody taps or changes the links between GPUs and switches',
      because: 'protected PCIe leaves NVLink unencrypted',
    })
  }
  if (ocsp.length > 0) {
    assumed.push({
      id: 'ocsp-latest',
      statement: 'the OCSP answers are the latest ones',
      because: 'an answer holds for about a day',
    })
  }
  return assumed
}

/** Facts that change no outcome. */
export function nvidiaNotes(state: NvidiaState): readonly Note[] {
  const { report, chainView, rimViews, ocsp } = state
  const { opaque } = report.response
  const notes: Note[] = []
  const add = (id: string, text: string): void => {
    notes.push({ id: `nvidia.${id}`, text })
  }
  if (report.trailing > 0) add('padding', `${report.trailing} zero bytes follow the signature`)
  if (opaqueBytes(opaque, 'FWID') === undefined) add('fwid', 'the report has no FWID: early firmware, or a switch')
  const unknown = opaque.filter(({ type }) => opaqueName(type) === undefined)
  if (unknown.length > 0)
    add('opaque', `opaque data of types without a name: ${unknown.map(({ type }) => type).join(', ')}`)
  const used = new Set<unknown>()
  for (const view of [chainView, rimViews.driver, rimViews.vbios]) {
    if (view !== undefined) for (const { response } of latestAnswers(view).values()) used.add(response)
  }
  const idle = ocsp.filter(({ value }) => value !== undefined && !used.has(value)).length
  if (idle > 0) add('ocsp', `${idle} OCSP answers were of no use: about other certificates, or there are later ones`)
  return notes
}
