import type { Ground } from '../ground.ts'
import { concat, le, toHex, utf8 } from '../kit/bytes.ts'
import { bootEvents, type EventLogOptions, type LogEvent, makeEventLog } from '../kit/event-log.ts'
import type { DcapCollateralJson } from '../kit/intel-collateral.ts'
import { EXAMPLE_TD, encodeTdReport, type TdBodyType, type TdReportFields } from '../kit/intel-reports.ts'
import { hexOption, knownOptions } from '../options.ts'
import { reportDataField } from '../report-data.ts'
import type { IntelOffice, PckCa } from './authority.ts'
import { intelMachine, type MachineOptions } from './machine.ts'
import { tdReport, verifyTdReport } from './td-report.ts'

/** A confidential VM on an emulated TDX machine. */
export interface TdxPlatformOptions extends MachineOptions {
  /** MRTD, 48 bytes in hex. */
  readonly measurement?: string
  /** MRCONFIGID, 48 bytes in hex. */
  readonly hostData?: string
  readonly mrOwner?: string
  readonly mrOwnerConfig?: string
  readonly debug?: boolean
  /** SEPT_VE_DISABLE; default set. */
  readonly septVeDisable?: boolean
  /** Quote version; default 4. */
  readonly version?: 4 | 5
  /** Version 5 only: 2 is TD report 1.0, 3 is 1.5 (default), 4 is 1.5 extended. */
  readonly bodyType?: TdBodyType
  /** The log that comes along is of another boot: it does not replay to the quoted registers. */
  readonly foreignEventLog?: boolean
  /** What boots, and whether Secure Boot was on. */
  readonly boot?: Pick<EventLogOptions, 'secureBoot' | 'kernel' | 'commandLine' | 'initrd'>
}

/** A quote with the log that its registers replay. */
export interface TdxAttested {
  readonly tee: 'tdx'
  readonly evidence: Uint8Array
  /** CCEL event log. */
  readonly eventLog: Uint8Array
}

/** Reference values of a TD. */
export interface TdxReference {
  readonly measurement: readonly string[]
  readonly hostData: readonly string[]
  readonly products: readonly string[]
  readonly rtmr0: readonly string[]
  readonly rtmr1: readonly string[]
  readonly rtmr2: readonly string[]
  readonly rtmr3: readonly string[]
}

/** A TD. */
export interface TdxPlatform {
  readonly tee: 'tdx'
  readonly fmspc: string
  readonly ca: PckCa
  /** Hex. */
  readonly pckSerial: string
  /** As verifiers claim it: the platform instance id, or the PPID under the processor CA. Hex. */
  readonly hardwareId: string
  readonly measurement: string
  readonly hostData: string
  /** RTMR0 to RTMR3 in hex, as they are now. */
  readonly rtmrs: readonly [string, string, string, string]
  /** What a relying party that wants this very TD, as it is now, would expect: members of that TEE's expectations, and of a reference set. */
  reference(): TdxReference
  /** A quote over at most 64 bytes of report data. */
  attest(reportData: Uint8Array): TdxAttested
  /** Extends RTMR2 or RTMR3 (default) with an event of the running guest, and writes it to the log. */
  extend(event: string, register?: 2 | 3): void
  /** What verifies its quotes, without asking the service. */
  collateral(channel?: 'standard' | 'early'): DcapCollateralJson
  /** TDG.MR.REPORT: a TDREPORT over at most 64 bytes, 1024 bytes, which this machine alone can check. */
  localReport(reportData: Uint8Array): Uint8Array
  /** TDG.MR.VERIFYREPORT: whether a TDREPORT was made on this machine. */
  verifyLocalReport(report: Uint8Array): boolean
}

const EVENT_TAG = 6
/** Tag of events that guests of Confidential Containers write: the letters AAEL. */
const AAEL = 0x4141454c
const SEPT_VE_DISABLE = 1 << 28
const DEBUG = 1

const OPTIONS: Readonly<Record<keyof TdxPlatformOptions, true>> = {
  measurement: true,
  hostData: true,
  mrOwner: true,
  mrOwnerConfig: true,
  debug: true,
  septVeDisable: true,
  version: true,
  bodyType: true,
  foreignEventLog: true,
  boot: true,
  product: true,
  fmspc: true,
  chip: true,
  tcb: true,
  ca: true,
  certification: true,
  wrongBinding: true,
  wrongSignature: true,
}

/** Starts a TD. @throws TypeError for options that make no sense */
export function tdxPlatform(ground: Ground, office: IntelOffice, options: TdxPlatformOptions): TdxPlatform {
  knownOptions(options, 'tdx', OPTIONS)
  const machine = intelMachine(ground, office, 'TDX', options)
  const { version = 4, debug = false, septVeDisable = true } = options
  const bodyType = options.bodyType ?? (version === 5 ? 3 : 2)
  if (version === 4 && bodyType !== 2) throw new TypeError('`bodyType`: version 4 has TD report 1.0 only')
  const events: LogEvent[] = [...bootEvents(options.boot)]
  let log = makeEventLog({ events })
  const registers = (): readonly [string, string, string, string] => {
    const [r0 = '', r1 = '', r2 = '', r3 = ''] = log.registers
    return [r0, r1, r2, r3]
  }
  const teeTcbSvn = toHex(concat(Uint8Array.of(machine.moduleSvn, 1, 7), new Uint8Array(13)))
  const fixed: Omit<TdReportFields, 'rtmrs' | 'reportData'> = {
    ...EXAMPLE_TD,
    teeTcbSvn,
    teeTcbSvn2: teeTcbSvn,
    tdAttributes: toHex(le((septVeDisable ? SEPT_VE_DISABLE : 0) | (debug ? DEBUG : 0), 8)),
    mrTd: hexOption(options.measurement, 'measurement', 48, 'd1'.repeat(48)),
    mrConfigId: hexOption(options.hostData, 'hostData', 48, '00'.repeat(48)),
    mrOwner: hexOption(options.mrOwner, 'mrOwner', 48, '00'.repeat(48)),
    mrOwnerConfig: hexOption(options.mrOwnerConfig, 'mrOwnerConfig', 48, '00'.repeat(48)),
  }
  const bound = (reportData: Uint8Array): TdReportFields => ({
    ...fixed,
    rtmrs: registers(),
    reportData: toHex(reportDataField(reportData, 64, options)),
  })
  return {
    tee: 'tdx',
    fmspc: machine.fmspc,
    ca: machine.ca,
    pckSerial: machine.pckSerial,
    hardwareId: machine.platformInstanceId ?? machine.ppid,
    measurement: fixed.mrTd,
    hostData: fixed.mrConfigId,
    get rtmrs() {
      return registers()
    },
    reference: () => {
      const [rtmr0, rtmr1, rtmr2, rtmr3] = registers()
      const fixedValues = { measurement: [fixed.mrTd], hostData: [fixed.mrConfigId], products: [machine.fmspc] }
      return { ...fixedValues, rtmr0: [rtmr0], rtmr1: [rtmr1], rtmr2: [rtmr2], rtmr3: [rtmr3] }
    },
    attest: (reportData) => {
      const body = encodeTdReport(bound(reportData), bodyType)
      const evidence = machine.quote({ version, teeType: 0x81, bodyType, body })
      const eventLog =
        options.foreignEventLog === true ? makeEventLog({ kernel: utf8('of another boot') }).bytes : log.bytes
      return { tee: 'tdx', evidence, eventLog }
    },
    extend: (event, register = 3) => {
      events.push({ index: register + 1, type: EVENT_TAG, data: taggedEvent(event) })
      log = makeEventLog({ events })
    },
    collateral: (channel = 'standard') => machine.collateral(channel),
    localReport: (reportData) => tdReport(machine.secret, machine.cpuSvn, bound(reportData)),
    verifyLocalReport: (report) => verifyTdReport(machine.secret, report),
  }
}

/** TCG_PCClientTaggedEvent: tag, length, text. */
function taggedEvent(event: string): Uint8Array {
  const text = utf8(event)
  return concat(le(AAEL, 4), le(text.length, 4), text)
}
