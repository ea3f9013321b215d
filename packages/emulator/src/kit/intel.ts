import { DEFAULT_AT, DEFAULT_WINDOW, type ExampleAnchor } from './anchor.ts'
import { toHex, utf8 } from './bytes.ts'
import { type EventLogOptions, makeEventLog } from './event-log.ts'
import { createIntelAuthority, type IntelAuthority } from './intel-authority.ts'
import {
  type CollateralOptions,
  type DcapCollateralJson,
  type ModuleIdentity,
  makeCollateral,
  type PlatformLevel,
  type QeIdentityFields,
  type TcbInfoFields,
} from './intel-collateral.ts'
import { EXAMPLE_PLATFORM, issuePck, type PckFields } from './intel-pck.ts'
import { makeQuote, type QuoteOverrides, type QuoteParts } from './intel-quote.ts'
import {
  EXAMPLE_ENCLAVE,
  EXAMPLE_TD,
  encodeSgxReport,
  encodeTdReport,
  reportDataOf,
  type SgxReportFields,
  type TdBodyType,
  type TdReportFields,
} from './intel-reports.ts'
import { digest, generateKey, type KeyPair } from './keys.ts'
import type { CertificateOptions, Issued } from './x509.ts'

/** What SGX and TDX evidence have in common; what is not given is as it should be. */
export interface IntelOptions extends CollateralOptions {
  /** Default: one authority for all evidence of the process. */
  readonly authority?: IntelAuthority
  readonly at?: Date
  readonly ca?: 'platform' | 'processor'
  readonly pckKey?: KeyPair
  readonly pck?: Partial<PckFields>
  readonly pckCertificate?: Partial<CertificateOptions>
  readonly tcbInfo?: Partial<TcbInfoFields>
  readonly qeIdentity?: Partial<QeIdentityFields>
  /** Fields of the quoting enclave's report. */
  readonly qe?: Partial<SgxReportFields>
  readonly quote?: QuoteOverrides
  /** First bytes of the report data; default 32 bytes. */
  readonly nonce?: Uint8Array
}

export interface SgxOptions extends IntelOptions {
  readonly version?: 3 | 4 | 5
  readonly enclave?: Partial<SgxReportFields>
}

export interface TdxOptions extends IntelOptions {
  readonly version?: 4 | 5
  /** Format 5 only: 2 is TD report 1.0, 3 is 1.5, 4 is 1.5 extended. */
  readonly bodyType?: TdBodyType
  readonly td?: Partial<TdReportFields>
  readonly eventLog?: EventLogOptions
}

/** Evidence with all that is needed to verify it. */
export interface MadeIntel {
  readonly evidence: Uint8Array
  readonly collateral: DcapCollateralJson
  readonly anchor: ExampleAnchor
  readonly at: Date
  readonly authority: IntelAuthority
  readonly pck: Issued
  readonly attestationKey: KeyPair
}

export interface MadeSgx extends MadeIntel {
  readonly expectations: {
    readonly measurement: readonly string[]
    readonly nonce: string
    readonly allowEmulated: true
  }
}

export interface MadeTdx extends MadeIntel {
  /** CCEL event log that replays to RTMR0 to RTMR2 of the quote, unless `td.rtmrs` says otherwise. */
  readonly eventLog: Uint8Array
  readonly expectations: {
    readonly measurement: readonly string[]
    readonly rtmr0: string
    readonly rtmr1: string
    readonly rtmr2: string
    readonly nonce: string
    readonly allowEmulated: true
  }
}

const QE_SIGNER = '4e0c11c4329d2cc95397f89d8db6df327d915e6282f037779a2bfc947d25f857'
const QE_ATTRIBUTES = '1500000000000000e700000000000000'
const DEFAULT_NONCE: Uint8Array = digest('sha256', utf8('a nonce for tests'))

let shared: IntelAuthority | undefined

/** The authority that evidence is made under when the caller names none. */
export function sharedIntelAuthority(): IntelAuthority {
  shared ??= createIntelAuthority()
  return shared
}

/** Makes an SGX quote (format 3 unless told otherwise) and its collateral. */
export function makeSgx(options: SgxOptions = {}): MadeSgx {
  const { nonce = DEFAULT_NONCE, version = 3 } = options
  const enclave: SgxReportFields = { ...EXAMPLE_ENCLAVE, reportData: reportDataOf(nonce), ...options.enclave }
  const made = make(options, { version, teeType: 0, bodyType: 1, body: encodeSgxReport(enclave) }, 'SGX')
  return {
    ...made,
    expectations: { measurement: [enclave.mrEnclave], nonce: toHex(nonce), allowEmulated: true },
  }
}

/** Makes a TDX quote (format 4 unless told otherwise), its collateral and an event log. */
export function makeTdx(options: TdxOptions = {}): MadeTdx {
  const { nonce = DEFAULT_NONCE, version = 4, bodyType = 2 } = options
  const log = makeEventLog(options.eventLog)
  const zero = '00'.repeat(48)
  const td: TdReportFields = {
    ...EXAMPLE_TD,
    rtmrs: [log.registers[0] ?? zero, log.registers[1] ?? zero, log.registers[2] ?? zero, log.registers[3] ?? zero],
    reportData: reportDataOf(nonce),
    ...options.td,
  }
  const made = make(options, { version, teeType: 0x81, bodyType, body: encodeTdReport(td, bodyType) }, 'TDX')
  const [rtmr0, rtmr1, rtmr2] = td.rtmrs
  return {
    ...made,
    eventLog: log.bytes,
    expectations: { measurement: [td.mrTd], rtmr0, rtmr1, rtmr2, nonce: toHex(nonce), allowEmulated: true },
  }
}

function make(
  options: IntelOptions,
  kind: Pick<QuoteParts, 'version' | 'teeType' | 'bodyType' | 'body'>,
  id: 'SGX' | 'TDX',
): MadeIntel {
  const { authority = sharedIntelAuthority(), ca = 'platform', at = DEFAULT_AT } = options
  const pckKey = options.pckKey ?? generateKey('P-256')
  const fields = pckFields(ca, options.pck)
  const pck = issuePck(authority, ca, pckKey, fields, options.pckCertificate)
  const attestationKey = options.quote?.attestationKey ?? generateKey('P-256')
  const evidence = makeQuote(
    {
      ...kind,
      qe: qeReport(id, options.qe),
      pck: fields,
      pckKey,
      chain: [pck.der, authority[ca].der, authority.root.der],
      attestationKey,
    },
    options.quote,
  )
  const tcbInfo = { ...defaultTcbInfo(id, fields, options), ...options.tcbInfo }
  const qeIdentity = { ...defaultQeIdentity(id, options), ...options.qeIdentity }
  const collateral = makeCollateral(authority, ca, tcbInfo, qeIdentity, options)
  return { evidence, collateral, anchor: authority.anchor, at, authority, pck, attestationKey }
}

function pckFields(ca: 'platform' | 'processor', overrides: Partial<PckFields> = {}): PckFields {
  if (ca === 'platform') return { ...EXAMPLE_PLATFORM, ...overrides }
  const { platformInstanceId: _, configuration: __, ...processor } = EXAMPLE_PLATFORM
  return { ...processor, sgxType: 0, ...overrides }
}

function qeReport(id: 'SGX' | 'TDX', overrides: Partial<SgxReportFields> = {}): SgxReportFields {
  return {
    ...EXAMPLE_ENCLAVE,
    mrEnclave: '0e'.repeat(32),
    mrSigner: QE_SIGNER,
    attributes: QE_ATTRIBUTES,
    isvProdId: id === 'TDX' ? 2 : 1,
    isvSvn: 8,
    ...overrides,
  }
}

/** ISO 8601 to the second, as the PCS writes dates. */
export function isoDate(at: Date): string {
  return `${at.toISOString().slice(0, 19)}Z`
}

/** A level that the platform `pck` meets exactly, and one below it. */
export function exampleLevels(id: 'SGX' | 'TDX', pck: PckFields): readonly PlatformLevel[] {
  const tdxComponents = { tdxComponents: [5, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0] }
  const level = { components: pck.components, pcesvn: pck.pceSvn, ...(id === 'TDX' ? tdxComponents : {}) }
  const [first = 0, ...rest] = pck.components
  return [
    { ...level, tcbDate: '2026-01-10T00:00:00Z', tcbStatus: 'UpToDate' },
    {
      ...level,
      components: [Math.max(0, first - 1), ...rest],
      tcbDate: '2025-03-05T00:00:00Z',
      tcbStatus: 'OutOfDate',
      advisoryIDs: ['INTEL-SA-00000'],
    },
  ]
}

const INTEL_MODULE: Omit<ModuleIdentity, 'id' | 'levels'> = {
  mrsigner: '00'.repeat(48),
  attributes: '00'.repeat(8),
  attributesMask: 'FF'.repeat(8),
}

/** Identities of TDX modules of major version 1 and 3. */
export const EXAMPLE_MODULES: readonly ModuleIdentity[] = [
  { id: 'TDX_03', ...INTEL_MODULE, levels: [{ isvsvn: 3, tcbDate: '2026-01-05T00:00:00Z', tcbStatus: 'UpToDate' }] },
  {
    id: 'TDX_01',
    ...INTEL_MODULE,
    levels: [
      { isvsvn: 5, tcbDate: '2026-01-05T00:00:00Z', tcbStatus: 'UpToDate' },
      { isvsvn: 2, tcbDate: '2025-01-05T00:00:00Z', tcbStatus: 'OutOfDate', advisoryIDs: ['INTEL-SA-00001'] },
    ],
  },
]

function defaultTcbInfo(id: 'SGX' | 'TDX', pck: PckFields, { window = DEFAULT_WINDOW }: IntelOptions): TcbInfoFields {
  return {
    id,
    version: 3,
    issueDate: isoDate(window.from),
    nextUpdate: isoDate(window.to),
    fmspc: pck.fmspc.toUpperCase(),
    pceId: pck.pceId,
    tcbType: 0,
    tcbEvaluationDataNumber: 17,
    ...(id === 'TDX' ? { tdxModule: INTEL_MODULE, tdxModuleIdentities: EXAMPLE_MODULES } : {}),
    levels: exampleLevels(id, pck),
  }
}

function defaultQeIdentity(id: 'SGX' | 'TDX', { window = DEFAULT_WINDOW }: IntelOptions): QeIdentityFields {
  return {
    id: id === 'TDX' ? 'TD_QE' : 'QE',
    version: 2,
    issueDate: isoDate(window.from),
    nextUpdate: isoDate(window.to),
    tcbEvaluationDataNumber: 17,
    miscselect: '00000000',
    miscselectMask: 'FFFFFFFF',
    attributes: '11000000000000000000000000000000',
    attributesMask: 'FBFFFFFFFFFFFFFF0000000000000000',
    mrsigner: QE_SIGNER.toUpperCase(),
    isvprodid: id === 'TDX' ? 2 : 1,
    levels: [
      { isvsvn: 8, tcbDate: '2026-01-03T00:00:00Z', tcbStatus: 'UpToDate' },
      { isvsvn: 6, tcbDate: '2025-01-03T00:00:00Z', tcbStatus: 'OutOfDate', advisoryIDs: ['INTEL-SA-00002'] },
      { isvsvn: 1, tcbDate: '2024-01-03T00:00:00Z', tcbStatus: 'Revoked' },
    ],
  }
}
