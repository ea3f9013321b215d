import { valueOf } from './part.ts'
import type { DcapState } from './state.ts'
import { platformShortfall } from './tcb.ts'

const MOST_NAMED = 6

/**
 * Which components are below the current TCB level (the highest), or below the one that is easiest to
 * reach: index, name as the TCB info tells it, value and the value needed.
 */
export function shortfallText(state: DcapState, level: 'current' | 'lowest'): string {
  const { extensions, svns, collateral } = state
  const info = valueOf(collateral.tcbInfo.content)
  const goal = level === 'current' ? info?.levels[0] : info?.levels.at(-1)
  if (goal === undefined || extensions === undefined) return 'what is short is not known'
  const atLaunch = platformShortfall(goal, extensions, svns?.launch)
  const short = atLaunch.length > 0 ? atLaunch : platformShortfall(goal, extensions, svns?.current)
  const texts = short.slice(0, MOST_NAMED).map(({ of, index, actual, needed }) => {
    const names = of === 'TDX component' ? info?.tdxNames : info?.sgxNames
    const name = of === 'PCE' ? '' : ` ${index + 1}${names?.[index] ?? ''}`
    return `${of}${name} is ${actual}, the ${level} level needs ${needed}`
  })
  return texts.length === 0 ? 'no SVN is short' : texts.join(', ')
}
