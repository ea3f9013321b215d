import { randomBytes } from 'node:crypto'
import type { Ground } from '../ground.ts'
import { AMD_PRODUCTS, type AmdProduct, type TcbParts } from '../kit/amd-products.ts'
import { encodeSnpReport, type FirmwareVersion, type SnpReportFields, signReport } from '../kit/amd-report.ts'
import { certificateTable, encodeIdBlock, makeIdAuth, TABLE_GUIDS } from '../kit/amd-tables.ts'
import { concat, filled, flipBit, toHex } from '../kit/bytes.ts'
import type { KeyPair } from '../kit/keys.ts'
import { hexOption, integerOption, knownOptions, nameOption } from '../options.ts'
import { type Faults, reportDataField } from '../report-data.ts'
import { type AmdOffice, chipSecret } from './authority.ts'
import { checkTcb } from './firmware.ts'
import { type DerivedKeyRequest, derivedKey } from './sealing.ts'

/** A confidential VM on an emulated SEV-SNP machine. Everything absent is as it should be. */
export interface SnpPlatformOptions extends Faults {
  readonly product?: AmdProduct
  /** Name of the chip: the same name is the same chip, with the same secret fused in. Default `chip-1`. */
  readonly chip?: string
  /** Default: the newest firmware that AMD's authority released. */
  readonly tcb?: TcbParts
  /**
   * CURRENT_TCB, where it is above what is committed: firmware that the host may still roll back. Default: the same.
   */
  readonly provisionalTcb?: TcbParts
  /** Firmware version. Default 1.55.40. */
  readonly firmware?: FirmwareVersion
  /** The guest policy allows debugging. */
  readonly debug?: boolean
  /** The guest policy allows a migration agent. */
  readonly migratable?: boolean
  /** Launch digest, 48 bytes in hex. */
  readonly measurement?: string
  /** 32 bytes in hex. */
  readonly hostData?: string
  /** The host hides the chip id (MASK_CHIP_ID). */
  readonly maskedId?: boolean
  readonly vmpl?: 0 | 1 | 2 | 3
  /** Report version; default 3, for Turin 5. */
  readonly version?: 2 | 3 | 5
  /** Signed by the chip's own key, or by the key that AMD gave the cloud. Default `vcek`. */
  readonly signedBy?: 'vcek' | 'vlek'
  /** The cloud, where it signs. Default `emulated-cloud.invalid`. */
  readonly cloud?: string
  readonly guestSvn?: number
  /** PLATFORM_INFO. Default: SMT, ECC memory, alias check complete. */
  readonly platformInfo?: bigint
  /** Keys of the workload's owner that sign an ID block. */
  readonly idBlock?: { readonly idKey: KeyPair; readonly authorKey?: KeyPair }
}

/** An attestation report and what its host hands out with it. */
export interface SnpAttested {
  readonly tee: 'snp'
  /** The report, 1184 bytes. */
  readonly evidence: Uint8Array
  /** GHCB certificate table: leaf, intermediate, root. */
  readonly certificateTable: Uint8Array
  readonly product: AmdProduct
  /** The report's fields as they were encoded. */
  readonly fields: SnpReportFields
  readonly idBlock?: Uint8Array
  readonly idAuth?: Uint8Array
}

/** Endorsements of a platform in DER, as its authority issues them now. */
export interface SnpEndorsements {
  readonly vcek?: Uint8Array
  readonly vlek?: Uint8Array
  readonly ask?: Uint8Array
  readonly asvk?: Uint8Array
  readonly ark: Uint8Array
  readonly crl: Uint8Array
  readonly idBlock?: Uint8Array
  readonly idAuth?: Uint8Array
}

/** Reference values of a guest. */
export interface SnpReference {
  readonly measurement: readonly string[]
  readonly hostData: readonly string[]
  readonly products: readonly string[]
  readonly vmpl: readonly number[]
  /** Levels by the names that expectations have for them. */
  readonly minTcb: {
    readonly fmc?: number
    readonly bootloader: number
    readonly tee: number
    readonly snp: number
    readonly microcode: number
  }
}

/** A guest on an emulated SEV-SNP machine. */
export interface SnpPlatform {
  readonly tee: 'snp'
  readonly product: AmdProduct
  /** Hex, as the key service names the chip. */
  readonly chipId: string
  readonly tcb: TcbParts
  readonly measurement: string
  readonly hostData: string
  /** What a relying party that wants this very guest would expect: members of that TEE's expectations, and of a reference set. */
  reference(): SnpReference
  /** A report over at most 64 bytes. */
  attest(reportData: Uint8Array): SnpAttested
  /** What verifies its reports, without asking a service. */
  collateral(): SnpEndorsements
  /** MSG_KEY_REQ: 32 bytes that depend on what the guest chose to mix in. */
  sealingKey(request?: DerivedKeyRequest): Uint8Array
}

const DEFAULT_MEASUREMENT = 'a5'.repeat(48)
const CLOUD = 'emulated-cloud.invalid'
const POLICY_BASE = 0x30000n
const POLICY_MIGRATION = 1n << 18n
const POLICY_DEBUG = 1n << 19n
const FIRMWARE = { build: 40, minor: 55, major: 1 } as const

const OPTIONS: Readonly<Record<keyof SnpPlatformOptions, true>> = {
  product: true,
  chip: true,
  tcb: true,
  provisionalTcb: true,
  firmware: true,
  debug: true,
  migratable: true,
  measurement: true,
  hostData: true,
  maskedId: true,
  vmpl: true,
  version: true,
  signedBy: true,
  cloud: true,
  guestSvn: true,
  platformInfo: true,
  idBlock: true,
  wrongBinding: true,
  wrongSignature: true,
}

/** Starts a guest. @throws TypeError for options that make no sense */
export function snpPlatform(ground: Ground, office: AmdOffice, options: SnpPlatformOptions): SnpPlatform {
  knownOptions(options, 'snp', OPTIONS)
  const { product = 'Genoa', signedBy = 'vcek' } = options
  const chip = nameOption(options.chip, 'chip', 'chip-1')
  const cloud = cloudOf(options.cloud)
  if (!office.products.includes(product)) throw new TypeError(`this world has no ${product}`)
  const tcb = checkTcb(product, options.tcb ?? office.latest(product))
  const chipId = office.chipId(product, chip)
  const launched = launch(product, chipId, tcb, options)
  const key = (): KeyPair =>
    signedBy === 'vcek' ? office.vcekKey(product, chipId, tcb) : office.vlekKey(product, cloud, tcb)
  const signed = signIdBlock(launched, options.idBlock)
  const fields: SnpReportFields = { ...launched, ...signed?.fields }
  const idParts = signed === undefined ? {} : { idBlock: signed.idBlock, idAuth: signed.idAuth }
  const certificates = (): Omit<SnpEndorsements, 'crl'> => {
    const { ark, ...authority } = authorityParts(office, product, signedBy)
    return signedBy === 'vcek'
      ? { vcek: office.vcek(product, chipId, tcb), ask: authority.issuer, ark }
      : { vlek: office.vlek(product, cloud, tcb), asvk: authority.issuer, ark }
  }
  return {
    tee: 'snp',
    product,
    chipId: toHex(chipId),
    tcb,
    measurement: fields.measurement,
    hostData: fields.hostData,
    reference: () => ({
      measurement: [fields.measurement],
      hostData: [fields.hostData],
      products: [product],
      vmpl: [fields.vmpl],
      minTcb: levelsOf(tcb),
    }),
    attest: (reportData) => {
      const bound = { ...fields, reportData: toHex(reportDataField(reportData, 64, options)) }
      const report = signReport(encodeSnpReport(product, bound), key())
      // The report id stands under the signature, and nobody compares it.
      const evidence = options.wrongSignature === true ? flipBit(report, REPORT_ID) : report
      return { tee: 'snp', evidence, certificateTable: tableOf(certificates()), product, fields: bound, ...idParts }
    },
    collateral: () => ({ ...certificates(), crl: office.crl(product), ...idParts }),
    sealingKey: (request = {}) => derivedKey(chipSecret(ground, product, chipId), product, fields, request),
  }
}

function levelsOf({ fmc, bootLoader: bootloader, tee, snp, microcode }: TcbParts): SnpReference['minTcb'] {
  return { ...(fmc === undefined ? {} : { fmc }), bootloader, tee, snp, microcode }
}

// It stands in a certificate as IA5String.
function cloudOf(cloud: string = CLOUD): string {
  if (!/^[A-Za-z0-9.-]{1,128}$/.test(cloud)) throw new TypeError('`cloud` must be a host name')
  return cloud
}

const REPORT_ID = 0x140

function authorityParts(
  office: AmdOffice,
  product: AmdProduct,
  signedBy: 'vcek' | 'vlek',
): { readonly ark: Uint8Array; readonly issuer: Uint8Array } {
  const authority = office.authority(product)
  return { ark: authority.ark.der, issuer: (signedBy === 'vcek' ? authority.ask : authority.asvk).der }
}

function tableOf({ vcek, vlek, ask, asvk, ark }: Omit<SnpEndorsements, 'crl'>): Uint8Array {
  const entry = (guid: string, data: Uint8Array | undefined): { guid: string; data: Uint8Array }[] =>
    data === undefined ? [] : [{ guid, data }]
  return certificateTable([
    ...entry(TABLE_GUIDS.vcek, vcek),
    ...entry(TABLE_GUIDS.vlek, vlek),
    ...entry(TABLE_GUIDS.ask, ask ?? asvk),
    ...entry(TABLE_GUIDS.ark, ark),
  ])
}

function launch(product: AmdProduct, chipId: Uint8Array, tcb: TcbParts, options: SnpPlatformOptions): SnpReportFields {
  const { signedBy = 'vcek', maskedId = false, debug = false, migratable = false } = options
  const hidden = maskedId || signedBy === 'vlek'
  return {
    version: options.version ?? (product === 'Turin' ? 5 : 3),
    guestSvn: integerOption(options.guestSvn, 'guestSvn', 0xffffffff, 0),
    policy: POLICY_BASE | (migratable ? POLICY_MIGRATION : 0n) | (debug ? POLICY_DEBUG : 0n),
    familyId: '00'.repeat(16),
    imageId: '00'.repeat(16),
    vmpl: integerOption(options.vmpl, 'vmpl', 3, 0),
    signatureAlgo: 1,
    currentTcb: checkTcb(product, options.provisionalTcb ?? tcb),
    platformInfo: options.platformInfo ?? 0x25n,
    keyInfo: signedBy === 'vcek' ? 0 : 1 << 2,
    reportData: '00'.repeat(64),
    measurement: hexOption(options.measurement, 'measurement', 48, DEFAULT_MEASUREMENT),
    hostData: hexOption(options.hostData, 'hostData', 32, '00'.repeat(32)),
    idKeyDigest: '00'.repeat(48),
    authorKeyDigest: '00'.repeat(48),
    reportId: randomBytes(32).toString('hex'),
    reportIdMa: 'ff'.repeat(32),
    reportedTcb: tcb,
    cpuid: AMD_PRODUCTS[product].cpuid,
    chipId: toHex(hidden ? filled(64) : concat(chipId, filled(64 - chipId.length))),
    committedTcb: tcb,
    current: options.firmware ?? FIRMWARE,
    committed: options.firmware ?? FIRMWARE,
    launchTcb: tcb,
    launchMitVector: 0xfn,
    currentMitVector: 0xfn,
  }
}

interface SignedIdBlock {
  readonly idBlock: Uint8Array
  readonly idAuth: Uint8Array
  readonly fields: Partial<SnpReportFields>
}

function signIdBlock(launched: SnpReportFields, keys: SnpPlatformOptions['idBlock']): SignedIdBlock | undefined {
  if (keys === undefined) return undefined
  const { measurement: launchDigest, familyId, imageId, guestSvn, policy, keyInfo } = launched
  const idBlock = encodeIdBlock({ launchDigest, familyId, imageId, version: 1, guestSvn, policy })
  const auth = makeIdAuth(idBlock, keys.idKey, keys.authorKey)
  const fields = {
    idKeyDigest: auth.idKeyDigest,
    authorKeyDigest: auth.authorKeyDigest,
    keyInfo: keys.authorKey === undefined ? keyInfo : keyInfo | 1,
  }
  return { idBlock, idAuth: auth.bytes, fields }
}
