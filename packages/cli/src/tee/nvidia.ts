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
    const options: NvidiaVerifyOptions = {
      at,
      collateral: { ...fromBundles(evidence, files, at), ...nvidiaCollateral(files.nvidia) },
      expect,
      waive,
      ...(trustAnchors === undefined ? {} : { trustAnchors }),
    }
    if (splitNvidiaEvidence(evidence).length === 1) return verifyNvidiaSync(evidence, options)
    return verifyNvidiaNodeSync([{ evidence }], options)
  },
  fields(evidence) {
    const devices = splitNvidiaEvidence(evidence).map(({ report }) => nvidiaFields(parseNvidiaReport(report)))
    const [only] = devices
    return only !== undefined && devices.length === 1 ? only : devices.flatMap(ofDevice)
  },
  skeleton: (evidence) => nvidiaSkeleton(splitNvidiaEvidence(evidence).map(({ report }) => parseNvidiaReport(report))),
}

/** Manifests for the versions that the reports name, and the OCSP answers that hold now. */
function fromBundles(evidence: Uint8Array, { bundles }: CollateralFiles, at: Date): NvidiaCollateralInput {
  if (bundles.length === 0) return {}
  const items = bundles.flatMap((bundle) => bundle.items)
  const devices = splitNvidiaEvidence(evidence).map(({ report }) => deviceFacts(parseNvidiaReport(report)))
  const manifest = (kind: 'driver' | 'vbios'): Uint8Array | undefined => {
    const versions = devices.map(({ versions }) => versions[kind]?.toLowerCase())
    const rims = items.flatMap((item) => (item.kind === 'nvidia-rim' ? [item.collateral] : []))
    return rims
      .filter(({ version }) => versions.includes(version.toLowerCase()))
      .sort((a, b) => b.window.from - a.window.from)
      .find(({ window }) => window.from <= at.getTime() && at.getTime() <= window.to)?.manifest
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
