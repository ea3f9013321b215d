import {
  deviceFacts,
  type NvidiaCollateralInput,
  type NvidiaVerifyOptions,
  nvidiaFields,
  nvidiaSkeleton,
  parseNvidiaReport,
  splitNvidiaEvidence,
  verifyNvidiaNodeSync,
  verifyNvidiaSync,
} from '@sekisho/evidence/nvidia'
import type { CollateralFiles } from '../options/collateral-files.ts'
import { nvidiaCollateral } from '../options/nvidia-files.ts'
import type { Field, TeeDoor } from './door.ts'

/** NVIDIA GPUs and NVSwitches behind the commands: one device, or all of a node in one JSON. */
export const nvidiaDoor: TeeDoor = {
  async verify({ evidence, at, expect, waive, trustAnchors, files }) {
    const bundled = await fromBundles(files, at)
    const collateral = (report: Uint8Array): NvidiaCollateralInput => ({
      ...bundled(report),
      ...nvidiaCollateral(files.nvidia),
    })
    const options: NvidiaVerifyOptions = { at, expect, waive, ...(trustAnchors === undefined ? {} : { trustAnchors }) }
    const [first, ...others] = splitNvidiaEvidence(evidence)
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

/** What the bundles hold for a device, by its report. Without any, the code that chooses is not loaded. */
async function fromBundles(
  { bundles }: CollateralFiles,
  at: Date,
): Promise<(report: Uint8Array) => NvidiaCollateralInput> {
  if (bundles.length === 0) return () => ({})
  const { selectNvidia } = await import('@sekisho/collateral')
  const items = bundles.flatMap((bundle) => bundle.items)
  return (report) => selectNvidia({ items }, deviceFacts(parseNvidiaReport(report)).versions, at).collateral
}

// Offsets count from the start of each device's report, which the path names.
function ofDevice(fields: readonly Field[], i: number): readonly Field[] {
  return fields.map((field) => ({ ...field, path: `device[${i}].${field.path}` }))
}
