import type { Expr, PolicyJson } from '../cedar/cedar.ts'
import { askedPath, nodeOf, pathOf, walk } from './expressions.ts'

/** What a statement looks at. */
export interface Mentions {
  /** Paths below `context`; `*` for `context` as a whole. */
  readonly paths: ReadonlySet<string>
  /** True where the workload's name matters. */
  readonly principal: boolean
  /** True where the secret's name matters beyond the scope. */
  readonly resource: boolean
}

/** Everything that a statement's outcome depends on, beside its scope. */
export function mentionsOf(policy: PolicyJson): Mentions {
  const paths = new Set<string>()
  let principal = policy.principal.op !== 'All' && policy.principal.op !== 'is'
  let resource = false
  for (const { body } of policy.conditions) {
    walk(body, (node: Expr) => {
      const path = askedPath(node) ?? pathOf(node)
      if (path !== undefined) {
        paths.add(path === '' ? '*' : path)
        return false
      }
      const [name, variable] = nodeOf(node)
      if (name === 'Var' && variable === 'principal') principal = true
      if (name === 'Var' && variable === 'resource') resource = true
      return true
    })
  }
  return { paths, principal, resource }
}
