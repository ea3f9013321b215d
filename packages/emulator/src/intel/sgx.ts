import type { Ground } from '../ground.ts'
import { toHex } from '../kit/bytes.ts'
import type { DcapCollateralJson } from '../kit/intel-collateral.ts'
import { EXAMPLE_ENCLAVE, encodeSgxReport, type SgxReportFields } from '../kit/intel-reports.ts'
import { hexOption, integerOption, knownOptions } from '../options.ts'
import { reportDataField } from '../report-data.ts'
import type { IntelOffice, PckCa } from './authority.ts'
import { localReport, type SealingKeyRequest, sealingKey, targetInfoOf, verifyLocalReport } from './enclave-keys.ts'
import { intelMachine, type MachineOptions } from './machine.ts'

/** An enclave on an emulated SGX machine. */
export interface SgxPlatformOptions extends MachineOptions {
  /** MRENCLAVE, 32 bytes in hex. */
  readonly measurement?: string
  /** MRSIGNER, 32 bytes in hex. */
  readonly signer?: string
  readonly isvProdId?: number
  readonly isvSvn?: number
  /** CONFIGID, 64 bytes in hex. */
  readonly hostData?: string
  readonly debug?: boolean
  /** Quote version; default 3. */
  readonly version?: 3 | 4 | 5
}

/** A quote. */
export interface SgxAttested {
  readonly tee: 'sgx'
  readonly evidence: Uint8Array
}

/** Reference values of an enclave: by its own measurement. */
export interface SgxReference {
  readonly measurement: readonly string[]
  readonly hostData: readonly string[]
  readonly products: readonly string[]
}

/** An enclave. */
export interface SgxPlatform {
  readonly tee: 'sgx'
  readonly fmspc: string
  readonly ca: PckCa
  /** Hex. */
  readonly pckSerial: string
  /** As verifiers claim it: the platform instance id, or the PPID under the processor CA. Hex. */
  readonly hardwareId: string
  readonly measurement: string
  readonly signer: string
  readonly isvSvn: number
  /** What a relying party that wants this very enclave would expect: members of that TEE's expectations, and of a reference set. */
  reference(): SgxReference
  /** A quote over at most 64 bytes of report data. */
  attest(reportData: Uint8Array): SgxAttested
  /** What verifies its quotes, without asking the service. */
  collateral(channel?: 'standard' | 'early'): DcapCollateralJson
  /** EGETKEY for a sealing key, 16 bytes. */
  sealingKey(request?: SealingKeyRequest): Uint8Array
  /** TARGETINFO of this enclave, 512 bytes: for whoever reports to it. */
  targetInfo(): Uint8Array
  /** EREPORT for another enclave of the same machine, 432 bytes. Checkable within this world only. */
  localReport(target: Uint8Array, reportData: Uint8Array): Uint8Array
  /** Whether a report to this enclave was made on the same machine. */
  verifyLocalReport(report: Uint8Array): boolean
}

const ATTRIBUTES = '0500000000000000e700000000000000'
const DEBUG_ATTRIBUTES = '0700000000000000e700000000000000'

const OPTIONS: Readonly<Record<keyof SgxPlatformOptions, true>> = {
  measurement: true,
  signer: true,
  isvProdId: true,
  isvSvn: true,
  hostData: true,
  debug: true,
  version: true,
  product: true,
  fmspc: true,
  chip: true,
  tcb: true,
  ca: true,
  certification: true,
  wrongBinding: true,
  wrongSignature: true,
}

/** Starts an enclave. @throws TypeError for options that make no sense */
export function sgxPlatform(ground: Ground, office: IntelOffice, options: SgxPlatformOptions): SgxPlatform {
  knownOptions(options, 'sgx', OPTIONS)
  const machine = intelMachine(ground, office, 'SGX', options)
  const { version = 3, debug = false } = options
  const enclave: SgxReportFields = {
    ...EXAMPLE_ENCLAVE,
    cpuSvn: machine.cpuSvn,
    attributes: debug ? DEBUG_ATTRIBUTES : ATTRIBUTES,
    mrEnclave: hexOption(options.measurement, 'measurement', 32, 'e1'.repeat(32)),
    mrSigner: hexOption(options.signer, 'signer', 32, '51'.repeat(32)),
    configId: hexOption(options.hostData, 'hostData', 64, '00'.repeat(64)),
    isvProdId: integerOption(options.isvProdId, 'isvProdId', 0xffff, 1),
    isvSvn: integerOption(options.isvSvn, 'isvSvn', 0xffff, 3),
  }
  const bound = (reportData: Uint8Array): SgxReportFields => ({
    ...enclave,
    reportData: toHex(reportDataField(reportData, 64, options)),
  })
  return {
    tee: 'sgx',
    fmspc: machine.fmspc,
    ca: machine.ca,
    pckSerial: machine.pckSerial,
    hardwareId: machine.platformInstanceId ?? machine.ppid,
    measurement: enclave.mrEnclave,
    signer: enclave.mrSigner,
    isvSvn: enclave.isvSvn,
    reference: () => ({ measurement: [enclave.mrEnclave], hostData: [enclave.configId], products: [machine.fmspc] }),
    attest: (reportData) => {
      const body = encodeSgxReport(bound(reportData))
      return { tee: 'sgx', evidence: machine.quote({ version, teeType: 0, bodyType: 1, body }) }
    },
    collateral: (channel = 'standard') => machine.collateral(channel),
    sealingKey: (request = {}) => sealingKey(machine.secret, enclave, request),
    targetInfo: () => targetInfoOf(enclave),
    localReport: (target, reportData) => localReport(machine.secret, bound(reportData), target),
    verifyLocalReport: (report) => verifyLocalReport(machine.secret, enclave, report),
  }
}
