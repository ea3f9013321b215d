import { toHex } from '@sekisho/evidence'
import {
  type NvidiaCollateralInput,
  type NvidiaDeviceEvidence,
  type NvidiaVerifyOptions,
  nvidiaFields,
  nvidiaSkeleton,
  parseNvidiaReport,
  splitNvidiaEvidence,
  verifyNvidiaNodeSync,
  verifyNvidiaSync,
} from '@sekisho/evidence/nvidia'
import { nvidiaCollateral } from '../options/nvidia-files.ts'
import type { Field, TeeDoor, VerifyRequest } from './door.ts'

/** NVIDIA GPUs and NVSwitches behind the commands: one device, or all of a node in one JSON. */
export const nvidiaDoor: TeeDoor = {
  async verify(request) {
    const { evidence, at, expect, waive, trustAnchors, files } = request
    const devices = splitNvidiaEvidence(evidence)
    const bundled = await collateralFor(devices, request)
    const collateral = (report: Uint8Array): NvidiaCollateralInput => ({
      ...bundled(report),
      ...nvidiaCollateral(files.nvidia),
    })
    const options: NvidiaVerifyOptions = { at, expect, waive, ...(trustAnchors === undefined ? {} : { trustAnchors }) }
    const [first, ...others] = devices
    if (first !== undefined && others.length === 0)
      return verifyNvidiaSync(evidence, { ...options, collateral: collateral(first.report) })
    return verifyNvidiaNodeSync([{ evidence, collateral }], options)
  },
  fields(evidence) {
    const devices = splitNvidiaEvidence(evidence).map(({ report }) => nvidiaFields(parseNvidiaReport(report)))
    const [only] = devices
    return only !== undefined && devices.length === 1 ? only : devices.flatMap(ofDevice)
  },
  skeleton: (evidence) => nvidiaSkeleton(splitNvidiaEvidence(evidence).map(({ report }) => parseNvidiaReport(report))),
}

/**
 * What the bundles hold for a device, by its report, and what NVIDIA's services have beside that. Where there is neither,
 * the code that chooses is not loaded.
 *
 * @throws CollateralError `aborted`
 */
async function collateralFor(
  devices: readonly NvidiaDeviceEvidence[],
  { files: { bundles, nvidia }, source, at, trustAnchors, onMissing }: VerifyRequest,
): Promise<(report: Uint8Array) => NvidiaCollateralInput> {
  const services = source?.nvidia
  if (bundles.length === 0 && services === undefined) return () => ({})
  const { nvidiaDevice, nvidiaItems, nvidiaSelection } = await import('@sekisho/collateral/requests/nvidia')
  // A chain beside the evidence counts for all of its devices, as for the verifier.
  const read = devices.map((one) =>
    nvidiaDevice(nvidia.certificateChain === undefined ? one : { ...one, certificateChain: nvidia.certificateChain }),
  )
  const items = bundles.flatMap((bundle) => bundle.items)
  if (services !== undefined) {
    const found = await nvidiaItems(read, services, { items, at, trustAnchors })
    for (const what of found.missing) onMissing?.(what)
    items.push(...found.items)
  }
  const byReport = new Map(read.map((one) => [toHex(one.report), nvidiaSelection(one, items, at).collateral]))
  return (report) => byReport.get(toHex(report)) ?? {}
}

// Offsets count from the start of each device's report, which the path names.
function ofDevice(fields: readonly Field[], i: number): readonly Field[] {
  return fields.map((field) => ({ ...field, path: `device[${i}].${field.path}` }))
}
