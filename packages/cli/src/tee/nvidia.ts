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
    const collateral = (report: Uint8Array): NvidiaCollateralInput => ({
      ...fromBundles(report, files, at),
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

/** Manifests for the versions that a report names, and the OCSP answers that hold now. */
function fromBundles(report: Uint8Array, { bundles }: CollateralFiles, at: Date): NvidiaCollateralInput {
  if (bundles.length === 0) return {}
  const items = bundles.flatMap((bundle) => bundle.items)
  const { versions } = deviceFacts(parseNvidiaReport(report))
  const manifest = (kind: 'driver' | 'vbios'): Uint8Array | undefined => {
    const rims = items.flatMap((item) => (item.kind === 'nvidia-rim' ? [item.collateral] : []))
    const fitting = rims
      .filter(({ version }) => version.toLowerCase() === versions[kind]?.toLowerCase())
      .sort((a, b) => b.window.from - a.window.from)
    // Where none holds any more, a verdict says so, and not that there is none.
    const one = fitting.find(({ window }) => window.from <= at.getTime() && at.getTime() <= window.to) ?? fitting[0]
    return one?.manifest
  }
  const driverRim = manifest('driver')
  const vbiosRim = manifest('vbios')
  const answers = items.flatMap((item) => (item.kind === 'nvidia-ocsp' ? [item.collateral] : []))
  const now = answers.filter(({ window }) => window.from <= at.getTime() && at.getTime() <= window.to)
  return {
    ...(driverRim === undefined ? {} : { driverRim }),
    ...(vbiosRim === undefined ? {} : { vbiosRim }),
    ...(now.length === 0 ? {} : { ocsp: now.slice(0, MAX_ANSWERS).map(({ response }) => response) }),
  }
}

// As many as the verifier takes.
const MAX_ANSWERS = 32

// Offsets count from the start of each device's report, which the path names.
function ofDevice(fields: readonly Field[], i: number): readonly Field[] {
  return fields.map((field) => ({ ...field, path: `device[${i}].${field.path}` }))
}
