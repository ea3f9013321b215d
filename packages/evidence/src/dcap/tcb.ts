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
  const platform = info.levels.find((level) => meets(level, pck, svns))
  if (platform === undefined) return 'platform'
  const qe = highestUpTo(identity.levels, qeSvn)
  if (qe === undefined) return 'qe'
  const version = svns?.[1] ?? 0
  if (svns === undefined || version === 0) return converge(platform, qe, undefined)
  const module = highestUpTo(moduleIdentityOf(info, version)?.levels ?? [], svns[0] as number)
  return module === undefined ? 'module' : converge(platform, qe, module)
}

// From module version 1 on, the module identity judges bytes 0 and 1 of the TDX SVNs, not the level.
function firstTdxByte(svns: Uint8Array): number {
  return svns[1] === 0 ? 0 : 2
}

function meets(level: TcbLevel, pck: PckExtensions, svns: Uint8Array | undefined): boolean {
  return (
    pck.pceSvn >= level.pceSvn &&
    reaches(pck.tcbComponents, level.sgx, 0) &&
    (svns === undefined || level.tdx === undefined || reaches(svns, level.tdx, firstTdxByte(svns)))
  )
}

function reaches(actual: ArrayLike<number>, needed: readonly number[], from: number): boolean {
  for (let i = from; i < needed.length; i++) if ((actual[i] as number) < (needed[i] as number)) return false
  return true
}

/** A component below what a level needs. */
export interface Shortfall {
  readonly of: 'component' | 'TDX component' | 'PCE'
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
  const compare = (of: Shortfall['of'], actual: ArrayLike<number>, needed: readonly number[], from: number): void => {
    for (let index = from; index < needed.length; index++) {
      const is = actual[index] as number
      const goal = needed[index] as number
      if (is < goal) short.push({ of, index, actual: is, needed: goal })
    }
  }
  compare('component', pck.tcbComponents, level.sgx, 0)
  compare('PCE', [pck.pceSvn], [level.pceSvn], 0)
  if (svns !== undefined && level.tdx !== undefined) compare('TDX component', svns, level.tdx, firstTdxByte(svns))
  return short
}

function highestUpTo(levels: readonly SvnLevel[], isvSvn: number): SvnLevel | undefined {
  return levels.find((level) => level.isvSvn <= isvSvn)
}

function converge(platform: TcbLevel, qe: SvnLevel, module: SvnLevel | undefined): TcbMatch {
  const components: readonly Level[] = module === undefined ? [qe] : [qe, module]
  const advisories = new Set(platform.advisories)
  let { date } = platform
  for (const one of components) {
    if (one.date !== date && Date.parse(one.date) < Date.parse(date)) date = one.date
    for (const advisory of one.advisories) advisories.add(advisory)
  }
  const status = convergedStatus(
    platform.status,
    components.map((one) => one.status),
  )
  return { status, date, advisories: [...advisories].sort(), platform, qe, module }
}

/**
 * The platform's status in the light of those of QE and TDX module: not a maximum, since "configuration
 * needed" must survive an outdated QE. Intel publishes no other words for QE and module than UpToDate,
 * OutOfDate and Revoked today; should it, they are not lost.
 */
export function convergedStatus(platform: PlatformStatus, components: readonly PlatformStatus[]): PlatformStatus {
  const all = [platform, ...components]
  const any = (word: string): boolean => all.some((one) => one.includes(word))
  if (any('Revoked')) return 'Revoked'
  const configuration = any('Configuration')
  if (any('OutOfDate')) return configuration ? 'OutOfDateConfigurationNeeded' : 'OutOfDate'
  if (any('SWHardening')) return configuration ? 'ConfigurationAndSWHardeningNeeded' : 'SWHardeningNeeded'
  return configuration ? 'ConfigurationNeeded' : 'UpToDate'
}

// The TDX module was updated under a running TD: relaunching the TD mends it.
function afterUpdate(launch: TcbStatus, current: TcbStatus): TcbStatus {
  if (launch === 'Revoked' || current === 'Revoked') return 'Revoked'
  if (!launch.startsWith('OutOfDate') || current.startsWith('OutOfDate')) return launch
  const configuration = launch.includes('Configuration') || current.includes('Configuration')
  return configuration ? 'TDRelaunchAdvisedConfigurationNeeded' : 'TDRelaunchAdvised'
}
