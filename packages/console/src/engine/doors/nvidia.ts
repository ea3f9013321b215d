import {
  deviceFacts,
  NVIDIA_ROOTS,
  type NvidiaCollateralInput,
  type NvidiaExpectations,
  nvidiaCatalogue,
  nvidiaFields,
  nvidiaSkeleton,
  parseNvidiaReport,
  splitNvidiaEvidence,
  verifyNvidia,
  verifyNvidiaNode,
} from '@sekisho/evidence/nvidia'
import { type NvidiaItem, newest } from '../bundle.ts'
import { commonOptions, type Door, type DoorRequest } from '../door.ts'

/** NVIDIA GPUs and NVSwitches behind the page: one device, or all of a node in one JSON. */
export const nvidiaDoor: Door = {
  roots: () => NVIDIA_ROOTS,
  titles: nvidiaCatalogue,
  fields(evidence) {
    const devices = splitNvidiaEvidence(evidence).map(({ report }) => nvidiaFields(parseNvidiaReport(report)))
    const [only] = devices
    if (only !== undefined && devices.length === 1) return only
    // Offsets count from the start of each device's report: they mark no byte of the whole.
    return devices.flatMap((fields, i) =>
      fields.map(({ offset: _offset, length: _length, ...field }) => ({
        ...field,
        path: `device[${i}].${field.path}`,
      })),
    )
  },
  skeleton: (evidence) => nvidiaSkeleton(splitNvidiaEvidence(evidence).map(({ report }) => parseNvidiaReport(report))),
  verify(request) {
    const { evidence, collateral: given } = request
    const collateral = (report: Uint8Array): NvidiaCollateralInput => ({
      ...fromBundles(report, request),
      ...given.nvidia,
      ...(given.ocsp.length === 0 ? {} : { ocsp: given.ocsp }),
    })
    const options = commonOptions<NvidiaExpectations>(request)
    const [first, ...others] = splitNvidiaEvidence(evidence)
    return first !== undefined && others.length === 0
      ? verifyNvidia(evidence, { ...options, collateral: collateral(first.report) })
      : verifyNvidiaNode([{ evidence, collateral }], options)
  },
}

// As many as the verifier takes.
const MAX_ANSWERS = 32

/** Manifests for the versions that a report names, and the OCSP answers that hold now. */
function fromBundles(report: Uint8Array, { collateral: { bundled }, at }: DoorRequest): NvidiaCollateralInput {
  const items = bundled.filter((item): item is NvidiaItem => item.kind.startsWith('nvidia-'))
  if (items.length === 0) return {}
  const { versions } = deviceFacts(parseNvidiaReport(report))
  const manifest = (kind: 'driver' | 'vbios'): Uint8Array | undefined => {
    const wanted = versions[kind]?.toLowerCase()
    const fitting = items.filter((one) => one.kind === 'nvidia-rim' && one.version.toLowerCase() === wanted)
    return newest(fitting, at.getTime())?.bytes
  }
  const driverRim = manifest('driver')
  const vbiosRim = manifest('vbios')
  const now = items.filter(
    ({ kind, window }) => kind === 'nvidia-ocsp' && window.from <= at.getTime() && at.getTime() <= window.to,
  )
  return {
    ...(driverRim === undefined ? {} : { driverRim }),
    ...(vbiosRim === undefined ? {} : { vbiosRim }),
    ...(now.length === 0 ? {} : { ocsp: now.slice(0, MAX_ANSWERS).map(({ bytes }) => bytes) }),
  }
}
