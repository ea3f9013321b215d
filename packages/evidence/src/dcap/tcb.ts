import type { PckExtensions } from './pck.ts'
import type { QeIdentity } from './qe-identity.ts'
import {
  type Level,
  moduleIdentityOf,
  type PlatformStatus,
  type SvnLevel,
  type TcbInfo,
  type TcbLevel,
} from './tcb-info.ts'

/** Intel's words for evidence: those for platforms, and for TDs older than the TDX module that now runs. */
export type TcbStatus = PlatformStatus | 'TDRelaunchAdvised' | 'TDRelaunchAdvisedConfigurationNeeded'

/** The outcome of matching one set of SVNs with the levels. */
export interface TcbMatch {
  readonly status: TcbStatus
  /** The earliest date of the matched levels. */
  readonly date: string
  /** Of all matched levels, sorted. */
  readonly advisories: readonly string[]
  readonly platform: TcbLevel
  readonly qe: SvnLevel
  /** Undefined before TDX module version 1, and for SGX. */
  readonly module: SvnLevel | undefined
}

/** What has no matching level. */
export type Unmatched = 'platform' | 'qe' | 'module'

/** State of the TCB at launch, and for TDX 1.5 now. */
export interface TcbState {
  readonly launch: TcbMatch | Unmatched
  readonly current: TcbMatch | Unmatched | undefined
  /** After the relaunch rule; undefined when something has no matching level. */
  readonly status: TcbStatus | undefined
}

/** SVNs that a TDX module reports: at launch of the TD, and, from TDX 1.5 on, now. 16 bytes each. */
export interface TdxSvns {
  readonly launch: Uint8Array
  readonly current: Uint8Array | undefined
}

/**
 * Finds the state of the TCB.
 * @see Intel TDX DCAP Quote Verification Library, "TCB status"; Intel PCS API documentation version 4, "Get TCB Info", steps 1 to 4
 */
export function tcbStateOf(
  pck: PckExtensions,
  qeSvn: number,
  info: TcbInfo,
  identity: QeIdentity,
  tdx: TdxSvns | undefined,
): TcbState {
  const launch = match(pck, qeSvn, info, identity, tdx?.launch)
  if (tdx?.current === undefined) return { launch, current: undefined, status: matched(launch)?.status }
  const current = match(pck, qeSvn, info, identity, tdx.current)
  const status = isMatch(launch) && isMatch(current) ? afterUpdate(launch.status, current.status) : undefined
  return { launch, current, status }
}

/** The match, where there is one. */
export function matched(match: TcbMatch | Unmatched | undefined): TcbMatch | undefined {
  return match !== undefined && isMatch(match) ? match : undefined
}

function isMatch(match: TcbMatch | Unmatched): match is TcbMatch {
  return typeof match === 'object'
}

function match(
  pck: PckExtensions,
  qeSvn: number,
  info: TcbInfo,
  identity: QeIdentity,
  svns: Uint8Array | undefined,
): TcbMatch | Unmatched {
  const platform = info.levels.find((level) => platformShortfall(level, pck, svns).length === 0)
  if (platform === undefined) return 'platform'
  const qe = highestUpTo(identity.levels, qeSvn)
  if (qe === undefined) return 'qe'
  const version = svns?.[1] ?? 0
  if (svns === undefined || version === 0) return converge(platform, qe, undefined)
  const module = highestUpTo(moduleIdentityOf(info, version)?.levels ?? [], svns[0] as number)
  return module === undefined ? 'module' : converge(platform, qe, module)
}

/** A component below what a level needs. */
export interface Shortfall {
  readonly of: 'sgx' | 'tdx' | 'pce'
  /** Index in the vector, from 0. */
  readonly index: number
  readonly actual: number
  readonly needed: number
}

/** What is below `level`; empty when the level matches. */
export function platformShortfall(
  level: TcbLevel,
  pck: PckExtensions,
  svns: Uint8Array | undefined,
): readonly Shortfall[] {
  const short: Shortfall[] = []
  for (let i = 0; i < level.sgx.length; i++) {
    compare(short, 'sgx', i, pck.tcbComponents[i] as number, level.sgx[i] as number)
  }
  compare(short, 'pce', 0, pck.pceSvn, level.pceSvn)
  if (svns === undefined || level.tdx === undefined) return short
  // From module version 1 on, the module identity judges bytes 0 and 1, not the level.
  for (let i = (svns[1] as number) > 0 ? 2 : 0; i < level.tdx.length; i++) {
    compare(short, 'tdx', i, svns[i] as number, level.tdx[i] as number)
  }
  return short
}

function compare(short: Shortfall[], of: Shortfall['of'], index: number, actual: number, needed: number): void {
  if (actual < needed) short.push({ of, index, actual, needed })
}

function highestUpTo(levels: readonly SvnLevel[], isvSvn: number): SvnLevel | undefined {
  return levels.find((level) => level.isvSvn <= isvSvn)
}

function converge(platform: TcbLevel, qe: SvnLevel, module: SvnLevel | undefined): TcbMatch {
  const parts: readonly Level[] = module === undefined ? [platform, qe] : [platform, qe, module]
  return {
    status: convergedStatus(
      platform.status,
      parts.slice(1).map((part) => part.status),
    ),
    date: parts.map((part) => part.date).reduce((a, b) => (Date.parse(b) < Date.parse(a) ? b : a)),
    advisories: [...new Set(parts.flatMap((part) => part.advisories))].sort(),
    platform,
    qe,
    module,
  }
}

const OUT_OF_DATE_WITH: Readonly<Record<PlatformStatus, PlatformStatus>> = {
  UpToDate: 'OutOfDate',
  SWHardeningNeeded: 'OutOfDate',
  ConfigurationNeeded: 'OutOfDateConfigurationNeeded',
  ConfigurationAndSWHardeningNeeded: 'OutOfDateConfigurationNeeded',
  OutOfDate: 'OutOfDate',
  OutOfDateConfigurationNeeded: 'OutOfDateConfigurationNeeded',
  Revoked: 'Revoked',
}

/**
 * The platform's status in the light of those of QE and TDX module: a table, not a maximum, since
 * "configuration needed" must survive an outdated QE.
 */
export function convergedStatus(platform: PlatformStatus, components: readonly PlatformStatus[]): PlatformStatus {
  if (components.includes('Revoked')) return 'Revoked'
  const outdated = components.includes('OutOfDate') || components.includes('OutOfDateConfigurationNeeded')
  const status = outdated ? OUT_OF_DATE_WITH[platform] : platform
  // Intel publishes no other words for QE and module today; should it, they must not be lost.
  const configured = components.some((one) => one.includes('Configuration'))
  return components.reduce(softened, configured ? WITH_CONFIGURATION[status] : status)
}

const WITH_CONFIGURATION: Readonly<Record<PlatformStatus, PlatformStatus>> = {
  UpToDate: 'ConfigurationNeeded',
  SWHardeningNeeded: 'ConfigurationAndSWHardeningNeeded',
  ConfigurationNeeded: 'ConfigurationNeeded',
  ConfigurationAndSWHardeningNeeded: 'ConfigurationAndSWHardeningNeeded',
  OutOfDate: 'OutOfDateConfigurationNeeded',
  OutOfDateConfigurationNeeded: 'OutOfDateConfigurationNeeded',
  Revoked: 'Revoked',
}

function softened(status: PlatformStatus, component: PlatformStatus): PlatformStatus {
  if (!component.includes('SWHardening')) return status
  if (status === 'UpToDate') return 'SWHardeningNeeded'
  return status === 'ConfigurationNeeded' ? 'ConfigurationAndSWHardeningNeeded' : status
}

// The TDX module was updated under a running TD: relaunching the TD mends it.
function afterUpdate(launch: TcbStatus, current: TcbStatus): TcbStatus {
  if (launch === 'Revoked' || current === 'Revoked') return 'Revoked'
  if (!launch.startsWith('OutOfDate') || current.startsWith('OutOfDate')) return launch
  const configuration = launch.includes('Configuration') || current.includes('Configuration')
  return configuration ? 'TDRelaunchAdvisedConfigurationNeeded' : 'TDRelaunchAdvised'
}
