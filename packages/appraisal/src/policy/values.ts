import type { Expr, PolicyJson } from '../cedar/cedar.ts'
import { CLAIMS, CLAIMS_BY_PATH } from '../claims/table.ts'
import type { PolicyProblem } from './error.ts'
import { askedPath, literalOf, pathOf, sidesOf, textsOf, walk } from './expressions.ts'
import { unknownClaim } from './messages.ts'
import { nearestOf } from './nearest.ts'
import { problemAt } from './position.ts'
import type { StatementText } from './statements.ts'

/**
 * Comparisons with a value that the claim never has: a misspelt `forbid` would let through what it was
 * written against.
 */
export function valueProblems(
  text: string,
  statement: StatementText & { readonly json: PolicyJson },
): readonly PolicyProblem[] {
  const problems: PolicyProblem[] = []
  for (const { body } of statement.json.conditions) {
    walk(body, (node) => {
      const asked = askedPath(node)
      if (asked !== undefined && !isClaim(asked)) {
        const { message, hint } = unknownClaim(asked)
        problems.push(problemAt(text, askedPlace(statement, asked), message, hint))
      }
      for (const { path, value } of comparisonsOf(node)) {
        const wording = wrongValue(path, value)
        if (wording !== undefined) problems.push(problemAt(text, placeOf(statement, value), ...wording))
      }
      return true
    })
  }
  return problems
}

// `has` with a name that no claim has is always false, and passes the validator.
function isClaim(path: string): boolean {
  return CLAIMS.some((row) => row.path === path || row.path.startsWith(`${path}.`))
}

function askedPlace({ text, start }: StatementText, path: string): number {
  const name = path.slice(path.lastIndexOf('.') + 1)
  return start + Math.max(0, text.indexOf(name, text.indexOf('has')))
}

/** A claim and a text that it is compared with. */
export interface Comparison {
  readonly path: string
  readonly value: string
}

/** What a node compares claims with: texts alone. */
export function comparisonsOf(node: Expr): readonly Comparison[] {
  for (const operation of ['==', '!=', 'contains', 'containsAny', 'containsAll']) {
    const sides = sidesOf(node, operation)
    if (sides === undefined) continue
    const path = sides.map(pathOf).find((one) => one !== undefined && one !== '')
    const values = sides.flatMap((side) => textsOf(side) ?? literalOf(side) ?? [])
    if (path === undefined) return []
    return values.filter((one): one is string => typeof one === 'string').map((value) => ({ path, value }))
  }
  return []
}

function wrongValue(path: string, value: string): readonly [message: string, hint: string] | undefined {
  const row = CLAIMS_BY_PATH.get(path)
  if (row?.values !== undefined && !row.values.includes(value)) {
    const near = nearestOf(value, row.values)
    const known = `it is one of ${row.values.join(', ')}`
    return [
      `\`context.${path}\` is never ${JSON.stringify(value)}`,
      near === undefined ? known : `did you mean ${JSON.stringify(near)}? ${known}`,
    ]
  }
  if (row?.hex === true && !/^(?:[0-9a-f]{2})*$/.test(value))
    return [
      `\`context.${path}\` is never ${JSON.stringify(value.slice(0, 140))}`,
      'it is lower-case hex of whole bytes, without `0x`',
    ]
  return undefined
}

// Cedar's JSON has no places: the first such text in the statement is the one, or another that is as wrong.
function placeOf({ text, start }: StatementText, value: string): number {
  return start + Math.max(0, text.indexOf(JSON.stringify(value)))
}
