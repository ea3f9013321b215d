import {
  decodeTcb,
  keyInfoOf,
  type Leaf,
  type LeafExtensions,
  PLATFORM_BITS,
  POLICY_BITS,
  parseCertificateTable,
  reportProduct,
  type SnpParts,
  type SnpProduct,
  type SnpReport,
  tcbLayout,
} from '@sekisho/evidence/snp'
import type { JsonValue } from '../case.ts'
import { hex, iso, sha256Hex } from '../values.ts'

const word = (value: bigint): string => `0x${value.toString(16).padStart(16, '0')}`

type Values = Record<string, JsonValue>

/** Decoded fields in the shape of a case's `fields`. `known` is the product that reports of version 2 do not name. */
export function fieldValues(report: SnpReport, known: SnpProduct | undefined): Values {
  const product = reportProduct(report) ?? known
  const tcb = (raw: Uint8Array): JsonValue => tcbValues(raw, product)
  const low = Number(report.policy & 0xffffn)
  const { authorKeyEn, maskChipKey, signingKey } = keyInfoOf(report.keyInfo)
  return {
    version: report.version,
    guestSvn: report.guestSvn,
    policy: {
      raw: word(report.policy),
      abiMinor: low & 0xff,
      abiMajor: low >> 8,
      reserved1MustBeOne: ((report.policy >> 17n) & 1n) === 1n,
      ...flags(report.policy, POLICY_BITS),
    },
    familyId: hex(report.familyId),
    imageId: hex(report.imageId),
    vmpl: report.vmpl,
    signatureAlgo: report.signatureAlgo,
    ...(report.cpuidFamily === undefined
      ? {}
      : {
          cpuid: {
            familyId: report.cpuidFamily,
            modelId: report.cpuidModel ?? -1,
            stepping: report.cpuidStepping ?? -1,
          },
        }),
    ...(product === undefined ? {} : { product }),
    currentTcb: tcb(report.currentTcb),
    platformInfo: { raw: word(report.platformInfo), ...flags(report.platformInfo, PLATFORM_BITS) },
    keyInfo: { raw: `0x${report.keyInfo.toString(16).padStart(8, '0')}`, authorKeyEn, maskChipKey, signingKey },
    reserved4c: hex(report.reserved4c),
    reportData: hex(report.reportData),
    measurement: hex(report.measurement),
    hostData: hex(report.hostData),
    idKeyDigest: hex(report.idKeyDigest),
    authorKeyDigest: hex(report.authorKeyDigest),
    reportId: hex(report.reportId),
    reportIdMa: hex(report.reportIdMa),
    reportedTcb: tcb(report.reportedTcb),
    chipId: hex(report.chipId),
    committedTcb: tcb(report.committedTcb),
    current: { ...report.current },
    committed: { ...report.committed },
    launchTcb: tcb(report.launchTcb),
    ...(report.launchMitVector === undefined ? {} : { launchMitVector: word(report.launchMitVector) }),
    ...(report.currentMitVector === undefined ? {} : { currentMitVector: word(report.currentMitVector) }),
    signature: {
      r: hex(new Uint8Array(report.signatureR).reverse()),
      s: hex(new Uint8Array(report.signatureS).reverse()),
    },
  }
}

function flags(value: bigint, bits: Readonly<Record<string, number>>): Values {
  return Object.fromEntries(Object.entries(bits).map(([name, bit]) => [name, ((value >> BigInt(bit)) & 1n) === 1n]))
}

function tcbValues(raw: Uint8Array, product: SnpProduct | undefined): JsonValue {
  const layout = tcbLayout(product)
  return {
    raw: hex(raw),
    ...decodeTcb(raw, layout),
    reserved: hex(Uint8Array.from(layout.reserved, (at) => raw[at] ?? 0)),
  }
}

/** A leaf in the shape of a case's `certificate`. */
export function certificateValues({ certificate, extensions }: Leaf): Values {
  return {
    subjectCN: certificate.subject.commonName ?? null,
    issuerCN: certificate.issuer.commonName ?? null,
    notBefore: iso(certificate.notBefore),
    notAfter: iso(certificate.notAfter),
    extensions: extensions.value === undefined ? null : extensionValues(extensions.value),
    sha256: sha256Hex(certificate.der),
  }
}

const LEVELS: Readonly<Record<string, string>> = {
  '3.1': 'blSPL',
  '3.2': 'teeSPL',
  '3.3': 'snpSPL',
  '3.4': 'spl4',
  '3.5': 'spl5',
  '3.6': 'spl6',
  '3.7': 'spl7',
  '3.8': 'ucodeSPL',
  '3.9': 'fmcSPL',
}

/** AMD extensions in the shape of a case's `extensions`; a wrapped hwID keeps its wrapping, marked `DER:`. */
export function extensionValues(extensions: LeafExtensions): Values {
  const values: Values = {}
  if (extensions.structVersion !== undefined) values.structVersion = extensions.structVersion
  if (extensions.productName !== undefined) values.productName = extensions.productName
  for (const [arc, level] of extensions.levels) values[LEVELS[arc] ?? arc] = level
  const { hwId } = extensions
  if (hwId !== undefined)
    values.hwID = extensions.hwIdWrapped ? `DER:04${hwId.length.toString(16).padStart(2, '0')}${hex(hwId)}` : hex(hwId)
  if (extensions.cspId !== undefined) values.cspID = extensions.cspId
  return values
}

/** A revocation list in the shape of a case's `crl`. `bySignature` says whether the ARK's signature verified. */
export function crlValues(parts: SnpParts, leafSerial: string | undefined, signed: boolean): Values | undefined {
  const crl = parts.crl.value
  if (crl === undefined) return undefined
  return {
    issuerCN: crl.issuer.commonName ?? null,
    thisUpdate: iso(crl.thisUpdate),
    nextUpdate: crl.nextUpdate === undefined ? null : iso(crl.nextUpdate),
    revokedSerials: [...crl.revoked.all].map((serial) => Number.parseInt(serial, 16)),
    signedBy: signed ? 'ark' : null,
    coversLeaf: leafSerial !== undefined && crl.revoked.has(leafSerial),
  }
}

/** Entries of a certificate table in the shape of a case's `certsTable.entries`. */
export function tableValues(table: Uint8Array): readonly JsonValue[] {
  return parseCertificateTable(table).map(({ guid, data }) => ({ guid, length: data.length, sha256: sha256Hex(data) }))
}

/** Every flag that a case may list. */
export function flagValues(report: SnpReport): Values {
  const masked = report.chipId.every((byte) => byte === 0)
  const vlek = keyInfoOf(report.keyInfo).signingKey === 'vlek'
  const bit = (value: bigint, at: number): boolean => ((value >> BigInt(at)) & 1n) === 1n
  const { current, committed } = report
  const sameFirmware =
    current.major === committed.major && current.minor === committed.minor && current.build === committed.build
  return {
    debugAllowed: bit(report.policy, POLICY_BITS.debugAllowed),
    migrationAgentAllowed: bit(report.policy, POLICY_BITS.migrateMaAllowed),
    provisionalFirmware: !sameFirmware || hex(report.currentTcb) !== hex(report.committedTcb),
    reportedTcbDiffersFromCommitted: hex(report.reportedTcb) !== hex(report.committedTcb),
    chipIdZero: masked,
    chipIdMasked: masked && !vlek,
    hostRequested: report.vmpl === 0xffffffff,
    platformInfoBit6Set: bit(report.platformInfo, 6),
    platformInfoUnknownBits: (report.platformInfo & ~0xbfn) !== 0n,
  }
}
