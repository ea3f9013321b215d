import type { Expr, PolicyJson } from '../cedar/cedar.ts'
import { askedPath, nodeOf, pathOf, sidesOf, timeOf, walk } from './expressions.ts'

/** What a statement looks at. */
export interface Mentions {
  /** Paths below `context`; `*` for `context` as a whole. */
  readonly paths: ReadonlySet<string>
  /** True where the workload's name matters. */
  readonly principal: boolean
  /** True where the secret's name matters beyond the scope. */
  readonly resource: boolean
  /** Times that `context.now` is compared with, in milliseconds; undefined where more of it matters than their order. */
  readonly times: readonly number[] | undefined
}

/** Everything that a statement's outcome depends on, beside its scope. */
export function mentionsOf(policy: PolicyJson): Mentions {
  const paths = new Set<string>()
  let principal = policy.principal.op !== 'All' && policy.principal.op !== 'is'
  let resource = false
  let times: number[] | undefined = []
  for (const { body } of policy.conditions) {
    walk(body, (node: Expr) => {
      const limit = comparedTime(node)
      if (limit !== undefined) {
        paths.add('now')
        times?.push(limit)
        return false
      }
      const path = askedPath(node) ?? pathOf(node)
      if (path !== undefined) {
        paths.add(path === '' ? '*' : path)
        if (path === '' || path === 'now') times = undefined
        return false
      }
      const [name, variable] = nodeOf(node)
      if (name === 'Var' && variable === 'principal') principal = true
      if (name === 'Var' && variable === 'resource') resource = true
      return true
    })
  }
  return { paths, principal, resource, times }
}

/** The time that a node compares `context.now` with. */
function comparedTime(node: Expr): number | undefined {
  for (const operation of ['<', '<=', '>', '>=', '==', '!=']) {
    const [left, right] = sidesOf(node, operation) ?? []
    if (left === undefined || right === undefined) continue
    if (pathOf(left) === 'now') return timeOf(right)
    if (pathOf(right) === 'now') return timeOf(left)
  }
  return undefined
}
