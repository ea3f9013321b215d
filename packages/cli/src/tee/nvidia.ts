import {
  deviceFacts,
  type NvidiaVerifyOptions,
  nvidiaFields,
  parseNvidiaReport,
  splitNvidiaEvidence,
  verifyNvidiaNodeSync,
  verifyNvidiaSync,
} from '@sekisho/evidence/nvidia'
import { nvidiaCollateral } from '../options/nvidia-files.ts'
import type { Field, TeeDoor } from './door.ts'
import { toHex } from './shared.ts'

/** NVIDIA GPUs and NVSwitches behind the commands: one device, or all of a node in one JSON. */
export const nvidiaDoor: TeeDoor = {
  async verify({ evidence, at, expect, waive, trustAnchors, files }) {
    const options: NvidiaVerifyOptions = {
      at,
      collateral: nvidiaCollateral(files.nvidia),
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
  skeleton(evidence) {
    const reports = splitNvidiaEvidence(evidence).map(({ report }) => parseNvidiaReport(report))
    const of = (kind: 'driver' | 'vbios'): readonly string[] =>
      [...new Set(reports.flatMap((one) => deviceFacts(one).versions[kind] ?? []))].sort()
    const driverVersions = of('driver')
    const vbiosVersions = of('vbios')
    return {
      nonce: toHex(reports[0]?.request.nonce ?? new Uint8Array()),
      ...(driverVersions.length === 0 ? {} : { driverVersions }),
      ...(vbiosVersions.length === 0 ? {} : { vbiosVersions }),
    }
  },
}

// Offsets count from the start of each device's report, which the path names.
function ofDevice(fields: readonly Field[], i: number): readonly Field[] {
  return fields.map((field) => ({ ...field, path: `device[${i}].${field.path}` }))
}
