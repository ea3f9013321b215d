import type { Expr } from '../cedar/cedar.ts'
import { nodeOf, sidesOf } from '../policy/expressions.ts'
import { type EntityName, resourceOf, uidOf } from '../policy/scope.ts'
import type { Reading } from './cover.ts'

// The parts of a secret's name, as the checkpoint takes them.
const PART = '[A-Za-z0-9_-][A-Za-z0-9_.-]{0,127}'
const POSSIBLE: Readonly<Record<string, RegExp>> = {
  'Sekisho::Secret': new RegExp(`^${PART}(?:/${PART}){2}$`),
  'Sekisho::Folder': new RegExp(`^${PART}(?:/${PART})?$`),
}

/** A secret or folder, in Cedar's words, that a statement needs and whose name none can have; undefined when there is none. */
export function namesNothing({ statement, conditions }: Reading): string | undefined {
  const named = [resourceOf(statement.json), ...conditions.map(neededResource)]
  const wrong = named.find((one) => one !== undefined && POSSIBLE[one.type]?.test(one.id) === false)
  return wrong === undefined ? undefined : `${wrong.type}::${JSON.stringify(wrong.id)}`
}

/** The entity that a condition compares the resource with, where nothing else meets it. */
function neededResource(condition: Expr): EntityName | undefined {
  const [left, right] = sidesOf(condition, '==') ?? sidesOf(condition, 'in') ?? []
  if (left === undefined || right === undefined) return undefined
  const [operation, variable] = nodeOf(left)
  if (operation !== 'Var' || variable !== 'resource') return undefined
  const [name, entity] = nodeOf(right)
  return name === 'Value' ? uidOf(entity) : undefined
}
