import { valueOf } from './part.ts'
import type { DcapState } from './state.ts'
import { platformShortfall, type Shortfall } from './tcb.ts'
import type { ComponentName, TcbInfo } from './tcb-info.ts'

const MOST_NAMED = 6

/**
 * Which components are below the current TCB level (the highest), or below the one that is easiest to
 * reach: index, name as the TCB info tells it, value and the value needed.
 */
export function shortfallText(state: DcapState, level: 'current' | 'lowest'): string {
  const info = valueOf(state.collateral.tcbInfo.content)
  if (info === undefined || state.extensions === undefined) return 'what is short is not known'
  const goal = level === 'current' ? info.levels[0] : info.levels[info.levels.length - 1]
  if (goal === undefined) return 'there are no levels'
  const short = platformShortfall(goal, state.extensions, state.svns?.launch)
  const current =
    short.length > 0 || state.svns?.current === undefined
      ? short
      : platformShortfall(goal, state.extensions, state.svns.current)
  const texts = current.slice(0, MOST_NAMED).map((one) => describe(one, info, level))
  return texts.length === 0 ? 'no SVN is short' : texts.join(', ')
}

function describe({ of, index, actual, needed }: Shortfall, info: TcbInfo, level: 'current' | 'lowest'): string {
  const values = `is ${actual}, the ${level} level needs ${needed}`
  switch (of) {
    case 'sgx':
      return `component ${index + 1}${name(info.sgxNames[index])} ${values}`
    case 'tdx':
      return `TDX component ${index + 1}${name(info.tdxNames[index])} ${values}`
    case 'pce':
      return `the PCE's SVN ${values}`
  }
}

function name(component: ComponentName | undefined): string {
  const words = [component?.type, component?.category].filter((word) => word !== undefined && word !== '')
  return words.length === 0 ? '' : ` (${words.join(', ').slice(0, 64)})`
}
