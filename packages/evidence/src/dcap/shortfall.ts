import type { Finding } from '../core/verdict.ts'
import { valueOf } from './part.ts'
import type { DcapState } from './state.ts'
import { matched, platformShortfall, type Shortfall } from './tcb.ts'

const MOST_NAMED = 6

/** The TCB that was found, and the level that it matched; the lowest one where it matched none. */
export function levelDetails(state: DcapState): Pick<Finding, 'expected' | 'actual'> {
  const { extensions, quote, svns, tcb, collateral } = state
  const launch = matched(tcb?.launch)
  const level = launch?.platform ?? valueOf(collateral.tcbInfo.content)?.levels.at(-1)
  if (extensions === undefined || level === undefined) return {}
  const { tcbComponents, pceSvn } = extensions
  return {
    expected: vectorText(level.sgx, level.pceSvn, launch?.qe.isvSvn, level.tdx),
    actual: vectorText(tcbComponents, pceSvn, launch && quote.qe.isvSvn, svns?.launch),
  }
}

function vectorText(
  sgx: Iterable<number>,
  pceSvn: number,
  qe: number | undefined,
  tdx: Iterable<number> | undefined,
): string {
  const ofQe = qe === undefined ? '' : `, QE ${qe}`
  const ofTdx = tdx === undefined ? '' : `, TDX ${[...tdx].join('.')}`
  return `SGX ${[...sgx].join('.')}, PCE ${pceSvn}${ofQe}${ofTdx}`
}

function shortOf(
  { extensions, svns, collateral }: DcapState,
  level: 'current' | 'lowest',
): readonly Shortfall[] | undefined {
  const levels = valueOf(collateral.tcbInfo.content)?.levels
  const goal = level === 'current' ? levels?.[0] : levels?.at(-1)
  if (goal === undefined || extensions === undefined) return undefined
  const atLaunch = platformShortfall(goal, extensions, svns?.launch)
  return atLaunch.length > 0 ? atLaunch : platformShortfall(goal, extensions, svns?.current)
}

/** Whether TDX components alone are below that level: no new PCK certificate is needed for these. */
export function isShortOfTdx(state: DcapState, level: 'current' | 'lowest'): boolean {
  const short = shortOf(state, level) ?? []
  return short.length > 0 && short.every(({ of }) => of === 'TDX component')
}

/** What must be updated for the current level, by the categories of its TCB info; undefined where nothing is short. */
export function updatersOf(state: DcapState): string | undefined {
  const names = valueOf(state.collateral.tcbInfo.content)?.sgxNames
  const short = shortOf(state, 'current') ?? []
  // The PCE comes with the host's DCAP packages.
  const ofHost = short.filter(({ of, index }) => of === 'PCE' || names?.[index]?.includes('OS/VMM') === true)
  if (short.length === 0) return undefined
  if (ofHost.length === 0) return 'BIOS update'
  return ofHost.length === short.length ? 'OS or VMM update' : 'BIOS update, and OS or VMM update,'
}

/**
 * Which components are below the current TCB level (the highest), or below the one that is easiest to
 * reach: index, name as the TCB info tells it, value and the value needed.
 */
export function shortfallText(state: DcapState, level: 'current' | 'lowest'): string {
  const info = valueOf(state.collateral.tcbInfo.content)
  const short = shortOf(state, level)
  if (short === undefined) return 'what is short is not known'
  const texts = short.slice(0, MOST_NAMED).map(({ of, index, actual, needed }) => {
    const names = of === 'TDX component' ? info?.tdxNames : info?.sgxNames
    const name = of === 'PCE' ? '' : ` ${index + 1}${names?.[index] ?? ''}`
    return `${of}${name} is ${actual}, the ${level} level needs ${needed}`
  })
  return texts.length === 0 ? 'the highest level is not up to date either' : texts.join(', ')
}
