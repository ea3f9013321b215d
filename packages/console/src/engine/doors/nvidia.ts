import { toHex } from '@sekisho/evidence'
import {
  architectureOf,
  type Chain,
  deviceFacts,
  NVIDIA_ROOTS,
  type NvidiaCollateralInput,
  type NvidiaDeviceEvidence,
  type NvidiaExpectations,
  nvidiaCatalogue,
  nvidiaFields,
  nvidiaSkeleton,
  parseNvidiaReport,
  parseNvidiaRim,
  parsePemChain,
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
    const devices = splitNvidiaEvidence(evidence)
    const collateral = (report: Uint8Array): NvidiaCollateralInput => {
      const device = devices.find((one) => toHex(one.report) === toHex(report)) ?? { report }
      return {
        // A chain beside the evidence counts for all of its devices, as for the verifier.
        ...fromBundles({ ...device, ...given.nvidia }, request),
        ...given.nvidia,
        ...(given.ocsp.length === 0 ? {} : { ocsp: given.ocsp }),
      }
    }
    const options = commonOptions<NvidiaExpectations>(request)
    const [first, ...others] = devices
    return first !== undefined && others.length === 0
      ? verifyNvidia(evidence, { ...options, collateral: collateral(first.report) })
      : verifyNvidiaNode([{ evidence, collateral }], options)
  },
}

// As many as the verifier takes.
const MAX_ANSWERS = 32

/**
 * Manifests for the versions and the architecture of a device, and the newest OCSP answers about its certificates and the
 * manifests' that hold now.
 */
function fromBundles(
  { report, certificateChain }: NvidiaDeviceEvidence,
  { collateral: { bundled }, at }: DoorRequest,
): NvidiaCollateralInput {
  const items = bundled.filter((item): item is NvidiaItem => item.kind.startsWith('nvidia-'))
  if (items.length === 0) return {}
  const chain = readable(certificateChain, (pem) => parsePemChain(pem, []))
  const { architecture, versions } = deviceFacts(parseNvidiaReport(report), chain?.certificates)
  const manifest = (kind: 'driver' | 'vbios'): Uint8Array | undefined => {
    const wanted = versions[kind]?.toLowerCase()
    const fitting = items.filter((one) => one.kind === 'nvidia-rim' && one.version.toLowerCase() === wanted)
    const own = fitting.filter(({ product }) => architecture === undefined || architectureOf(product) === architecture)
    return newest(own.length === 0 ? fitting : own, at.getTime())?.bytes
  }
  const driverRim = manifest('driver')
  const vbiosRim = manifest('vbios')
  const manifests = [driverRim, vbiosRim].map((xml) => readable(xml, (bytes) => parseNvidiaRim(bytes).chain))
  const ocsp = answersAbout([chain, ...manifests], items, at).map(({ bytes }) => bytes)
  return {
    ...(driverRim === undefined ? {} : { driverRim }),
    ...(vbiosRim === undefined ? {} : { vbiosRim }),
    ...(ocsp.length === 0 ? {} : { ocsp }),
  }
}

/** What holds now; without the device's own chain it cannot be told what is about it. */
function answersAbout(
  chains: readonly (Chain | undefined)[],
  items: readonly NvidiaItem[],
  at: Date,
): readonly NvidiaItem[] {
  const now = items.filter(
    ({ kind, window }) => kind === 'nvidia-ocsp' && window.from <= at.getTime() && at.getTime() <= window.to,
  )
  if (chains[0] === undefined) return now.slice(0, MAX_ANSWERS)
  const own = new Set(chains.flatMap((chain) => chain?.certificates.map(({ serial }) => serial) ?? []))
  return now
    .filter(({ serials }) => serials.some((serial) => own.has(serial)))
    .sort((a, b) => b.window.from - a.window.from)
    .slice(0, MAX_ANSWERS)
}

/** What cannot be read says nothing here: the verifier's own check says what is wrong with it. */
function readable<T>(bytes: Uint8Array | undefined, read: (bytes: Uint8Array) => T): T | undefined {
  if (bytes === undefined) return undefined
  try {
    return read(bytes)
  } catch {
    return undefined
  }
}
