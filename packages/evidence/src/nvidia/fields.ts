import { toHex } from '../core/bytes.ts'
import type { Field } from '../core/fields.ts'
import {
  featureMode,
  linkedGpus,
  linkedSwitches,
  type OpaqueEntry,
  type OpaqueName,
  opaqueName,
  opaqueText,
  statusOf,
  switchIdentity,
  vbiosVersion,
} from './opaque.ts'
import type { MeasurementBlock, NvidiaReport } from './report.ts'

const SPDM = 'DMTF DSP0274 1.1'
const OPAQUE = 'NVIDIA attestation, opaque data'
const REQUEST = 37
const RECORD = 45

/** Every field of an exchange, in order of offset, with what it means. */
export function nvidiaFields(report: NvidiaReport): readonly Field[] {
  const { request, response, signed, trailing } = report
  const end = RECORD + response.record.length
  const header = (path: string, offset: number, length: number, value: Field['value'], meaning?: string): Field => ({
    path,
    offset,
    length,
    value,
    source: SPDM,
    ...(meaning === undefined ? {} : { meaning }),
  })
  return [
    header('request.spdmVersion', 0, 1, request.spdmVersion, 'SPDM 1.1'),
    header('request.code', 1, 1, request.code, 'GET_MEASUREMENTS'),
    header('request.param1', 2, 1, request.param1, 'a signature is asked for'),
    header('request.param2', 3, 1, request.param2, 'all measurements are asked for'),
    header('request.nonce', 4, 32, toHex(request.nonce), 'chosen by whoever asked'),
    header('request.slotId', 36, 1, request.slotId, 'which of its chains the device is to use'),
    header('response.spdmVersion', REQUEST, 1, response.spdmVersion, 'SPDM 1.1'),
    header('response.code', REQUEST + 1, 1, response.code, 'MEASUREMENTS'),
    header('response.param1', REQUEST + 2, 1, response.param1),
    header('response.param2', REQUEST + 3, 1, response.param2),
    header('response.numberOfBlocks', REQUEST + 4, 1, response.blocks.length),
    header('response.recordLength', REQUEST + 5, 3, response.record.length),
    ...response.blocks.map(blockField),
    header('response.nonce', end, 32, toHex(response.nonce), 'chosen by the device'),
    header('response.opaqueLength', end + 32, 2, signed.length - end - 34),
    ...response.opaque.map((entry) => opaqueField(entry, report)),
    header(
      'response.signature',
      signed.length,
      96,
      toHex(response.signature),
      'ECDSA P-384 with SHA-384 over everything in front of it',
    ),
    ...(trailing === 0
      ? []
      : [header('trailing', signed.length + 96, trailing, toHex(new Uint8Array(trailing)), 'padding; not signed')]),
  ]
}

const KINDS: readonly string[] = [
  'immutable ROM',
  'mutable firmware',
  'hardware configuration',
  'firmware configuration',
]

function blockField({ index, type, value, offset }: MeasurementBlock): Field {
  const raw = type >= 0x80 ? ', raw value' : ''
  return {
    path: `measurements.${index}`,
    offset,
    length: value.length,
    value: toHex(value),
    meaning: `${KINDS[type & 0x7f] ?? `DMTF type ${type & 0x7f}`}${raw}; index ${index - 1} of a manifest`,
    source: `${SPDM}, DMTF measurement specification`,
  }
}

function opaqueField({ type, value, offset }: OpaqueEntry, { response: { opaque } }: NvidiaReport): Field {
  const name = opaqueName(type)
  const meaning = name === undefined ? 'a type without a name' : MEANINGS[name as OpaqueName]?.(opaque)
  return {
    path: `opaque.${name ?? type}`,
    offset,
    length: value.length,
    value: toHex(value),
    source: OPAQUE,
    ...(meaning === undefined ? {} : { meaning }),
  }
}

type Meaning = (opaque: readonly OpaqueEntry[]) => string | undefined

const text =
  (name: OpaqueName): Meaning =>
  (opaque) =>
    opaqueText(opaque, name)

const list = (names: readonly string[]): string => names.join(', ') || 'none'

const MEANINGS: Readonly<Partial<Record<OpaqueName, Meaning>>> = {
  DRIVER_VERSION: text('DRIVER_VERSION'),
  VBIOS_VERSION: vbiosVersion,
  NVDEC0_STATUS: (opaque) => statusOf(opaque, 'NVDEC0_STATUS'),
  MSRSCNT: () => 'how often each register was extended',
  CHIP_SKU: text('CHIP_SKU'),
  CHIP_SKU_MOD: text('CHIP_SKU_MOD'),
  PROJECT: text('PROJECT'),
  PROJECT_SKU: text('PROJECT_SKU'),
  PROJECT_SKU_MOD: text('PROJECT_SKU_MOD'),
  FWID: () => 'digest of the firmware that holds the attestation key',
  PROTECTED_PCIE_STATUS: (opaque) => statusOf(opaque, 'PROTECTED_PCIE_STATUS'),
  SWITCH_PDI: (opaque) =>
    switchIdentity(opaque) === undefined
      ? `switches: ${list(linkedSwitches(opaque))}`
      : 'the switch itself, bytes in reverse',
  SWITCH_GPU_PDIS: (opaque) => `GPUs: ${list(linkedGpus(opaque))}; then the map of ports`,
  CHIP_INFO: text('CHIP_INFO'),
  FEATURE_FLAG: featureMode,
}
