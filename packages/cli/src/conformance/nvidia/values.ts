import {
  type Chain,
  compareMeasurements,
  deviceFacts,
  diceExtension,
  type NvidiaReport,
  type NvidiaRim,
  type OpaqueEntry,
  opaqueBytes,
  opaqueName,
  opaqueNumber,
  opaqueText,
  readFwid,
  vbiosVersion,
} from '@sekisho/evidence/nvidia'
import type { JsonValue } from '../case.ts'
import { hex, iso, sha256Hex } from '../values.ts'

type Certificate = Chain['certificates'][number]

/** Everything decoded of a report, and of its chain where there is one, as cases list it. */
export function reportValues(report: NvidiaReport, chain: Chain | undefined): JsonValue {
  const { request, response } = report
  const facts = deviceFacts(report, chain?.certificates)
  const opaqueLength = response.opaque.reduce((sum, { value }) => sum + 4 + value.length, 0)
  return {
    architecture: facts.architecture ?? null,
    request: {
      spdmVersion: request.spdmVersion.toString(16),
      code: request.code.toString(16),
      param1: request.param1,
      param2: request.param2,
      nonceHex: hex(request.nonce),
      slotId: request.slotId,
    },
    response: {
      spdmVersion: response.spdmVersion.toString(16),
      code: response.code.toString(16),
      numberOfBlocks: response.blocks.length,
      nonceHex: hex(response.nonce),
      opaqueLength,
      signatureHex: hex(response.signature),
    },
    trailingBytes: report.trailing,
    opaque: Object.fromEntries(
      response.opaque.map((entry) => [
        opaqueName(entry.type) ?? String(entry.type),
        opaqueValue(entry, response.opaque),
      ]),
    ),
    measurementsSha384: Object.fromEntries(response.blocks.map(({ index, value }) => [String(index), hex(value)])),
    measurementValueTypes: [...new Set(response.blocks.map(({ type }) => type))].sort((a, b) => a - b),
    driverVersion: facts.versions.driver ?? null,
    vbiosVersion: facts.versions.vbios ?? null,
    rimIds: { driver: facts.rimIds.driver ?? null, [facts.isSwitch ? 'bios' : 'vbios']: facts.rimIds.vbios ?? null },
    ...(chain === undefined ? {} : chainValues(report, chain)),
  }
}

function chainValues(report: NvidiaReport, { certificates }: Chain): { readonly [name: string]: JsonValue } {
  const leaf = certificates[0] as Certificate
  const extension = diceExtension(leaf)
  return {
    certChain: certificates.map(certificateValue),
    certFwidExtensionOid: extension?.oid ?? null,
    certFwidExtensionHex: extension === undefined ? null : hex(extension.value),
    ...fwidValues(report, leaf),
    ueidDecimal: BigInt(`0x${leaf.serial}`).toString(),
  }
}

function fwidValues(report: NvidiaReport, leaf: Certificate): { readonly [name: string]: JsonValue } {
  const reported = opaqueBytes(report.response.opaque, 'FWID')
  const extension = diceExtension(leaf)
  if (reported === undefined || extension === undefined)
    return { fwidMatchesReport: null, fwidIsLast48BytesOfExtension: null }
  const fwid = readFwid(leaf)
  return {
    fwidMatchesReport: fwid !== undefined && hex(fwid) === hex(reported),
    fwidIsLast48BytesOfExtension: hex(extension.value.subarray(-48)) === hex(reported),
  }
}

function opaqueValue({ type, value }: OpaqueEntry, opaque: readonly OpaqueEntry[]): JsonValue {
  const decoded = DECODERS[opaqueName(type) ?? '']?.(opaque, value)
  return { type, hex: hex(value), ...(decoded === undefined ? {} : { value: decoded }) }
}

type Decoder = (opaque: readonly OpaqueEntry[], value: Uint8Array) => JsonValue | undefined

const text =
  (
    name: 'DRIVER_VERSION' | 'CHIP_SKU' | 'CHIP_SKU_MOD' | 'PROJECT' | 'PROJECT_SKU' | 'PROJECT_SKU_MOD' | 'CHIP_INFO',
  ): Decoder =>
  (opaque) =>
    opaqueText(opaque, name)

const DECODERS: Readonly<Record<string, Decoder>> = {
  VBIOS_VERSION: (opaque) => vbiosVersion(opaque),
  DRIVER_VERSION: text('DRIVER_VERSION'),
  CHIP_SKU: text('CHIP_SKU'),
  CHIP_SKU_MOD: text('CHIP_SKU_MOD'),
  PROJECT: text('PROJECT'),
  PROJECT_SKU: text('PROJECT_SKU'),
  PROJECT_SKU_MOD: text('PROJECT_SKU_MOD'),
  CHIP_INFO: text('CHIP_INFO'),
  MSRSCNT: (_opaque, value) =>
    Array.from({ length: value.length / 4 }, (_, i) => Buffer.from(value).readUInt32LE(4 * i)),
  NVDEC0_STATUS: (_opaque, value) => ({ aa: 'ENABLED', 55: 'DISABLED' })[hex(value)],
  SWITCH_PDI: (_opaque, value) =>
    Array.from({ length: value.length / 8 }, (_, i) => hex(value.subarray(8 * i, 8 * i + 8))),
  OPAQUE_DATA_VERSION: (opaque) => opaqueNumber(opaque, 'OPAQUE_DATA_VERSION'),
  FEATURE_FLAG: (opaque) => ['SPT', 'MPT', 'PPCIE'][opaqueNumber(opaque, 'FEATURE_FLAG') ?? -1],
}

function certificateValue(certificate: Certificate): JsonValue {
  return {
    subject: nameText(certificate.subject.key),
    issuer: nameText(certificate.issuer.key),
    serialHex: certificate.serial,
    notBefore: iso(certificate.notBefore),
    notAfter: iso(certificate.notAfter),
    sha256: sha256Hex(certificate.der),
  }
}

/** Everything decoded of a manifest, as cases list it. */
export function rimValues(rim: NvidiaRim): JsonValue {
  const active = rim.measurements.filter((one) => one.active)
  return {
    colloquialVersion: rim.colloquialVersion,
    tagId: rim.tagId,
    product: rim.product,
    firmwareManufacturerId: rim.firmwareManufacturerId ?? null,
    certificates: rim.chain.certificates.map(({ subject, notBefore, notAfter }) => ({
      subject: nameText(subject.key),
      notBefore: iso(notBefore),
      notAfter: iso(notAfter),
    })),
    activeIndexes: active.map(({ index }) => index),
    golden: Object.fromEntries(active.map(({ index, alternatives }) => [String(index), alternatives.map(hex)])),
  }
}

/** The comparison of a report with its manifests, as cases list it. */
export function comparisonValues(
  report: NvidiaReport,
  driver: NvidiaRim | undefined,
  vbios: NvidiaRim | undefined,
): JsonValue {
  const { active, mismatches, conflicts } = compareMeasurements(report, driver, vbios)
  return {
    goldenActive: active,
    mismatchedIndexes: mismatches.map(({ index }) => index),
    mismatchSources: mismatches.map(({ source }) => source),
    indexConflicts: [...conflicts],
    indexBase: 'RIM index i compares with SPDM block index i+1',
  }
}

const SHORT: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
}

/** A name in the order of RFC 4514, from its canonical text: `type=length:value;`, and `/` behind each set. */
function nameText(key: string): string {
  const parts: string[] = []
  let at = 0
  while (at < key.length) {
    const head = /^\/*([0-9.]+)=(\d+):/.exec(key.slice(at))
    if (head === null) break
    const start = at + head[0].length
    const end = start + Number(head[2])
    parts.unshift(`${SHORT[head[1] as string] ?? head[1]}=${key.slice(start, end)}`)
    at = end + 1
  }
  return parts.join(',')
}
