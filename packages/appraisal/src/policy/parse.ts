import type { Cedar, DetailedError, PolicyJson } from '../cedar/cedar.ts'
import { CEDAR_SCHEMA } from '../claims/schema.ts'
import { PolicyError, type PolicyProblem } from './error.ts'
import { wordingOf } from './messages.ts'
import { characterAtByte, positionAt, problemAt } from './position.ts'
import { type StatementText, splitStatements } from './statements.ts'
import { valueProblems } from './values.ts'

/** One statement that was read and checked. */
export interface Statement extends StatementText {
  /** Its `@id`, or `policy` and its number from 0. */
  readonly id: string
  readonly effect: 'permit' | 'forbid'
  /** Counted from 1: where the statement begins. */
  readonly line: number
  readonly json: PolicyJson
  /** Cedar found that it can never apply. */
  readonly impossible: boolean
}

/** Reads a policy text and checks it against the schema. @throws PolicyError that lists every problem */
export function parsePolicies(cedar: Cedar, text: string): readonly Statement[] {
  const pieces = splitStatements(text)
  const problems: PolicyProblem[] = []
  const read = pieces.flatMap((piece, i) => readStatement(cedar, text, piece, i, problems))
  if (problems.length > 0) throw new PolicyError(inOrder(problems))
  const impossible = validate(cedar, text, read, problems)
  problems.push(...sameIds(read), ...read.flatMap((one) => valueProblems(text, one)))
  if (problems.length > 0) throw new PolicyError(inOrder(problems))
  return read.map((one, i) => ({ ...one, impossible: impossible.has(i) }))
}

function readStatement(
  cedar: Cedar,
  text: string,
  piece: StatementText,
  index: number,
  problems: PolicyProblem[],
): readonly Omit<Statement, 'impossible'>[] {
  const answer = cedar.policyToJson(piece.text)
  if (answer.type === 'failure') {
    problems.push(...answer.errors.map((error) => problemOf(text, piece, error)))
    return []
  }
  const { json } = answer
  const { line } = positionAt(text, piece.start)
  const id = json.annotations?.['id'] ?? `policy${index}`
  if (!/^[\x21-\x7e][\x20-\x7e]{0,127}$/.test(id))
    problems.push(problemAt(text, piece.start, 'the `@id` is not 1 to 128 printable characters'))
  return [{ ...piece, id, effect: json.effect, line, json }]
}

// Positions of the statements that can never apply.
function validate(
  cedar: Cedar,
  text: string,
  statements: readonly Omit<Statement, 'impossible'>[],
  problems: PolicyProblem[],
): ReadonlySet<number> {
  const staticPolicies = Object.fromEntries(statements.map((one, i) => [String(i), one.text]))
  const answer = cedar.validate({ schema: CEDAR_SCHEMA, policies: { staticPolicies } })
  if (answer.type === 'failure') {
    const whole: StatementText = { text, start: 0 }
    problems.push(...answer.errors.map((error) => problemOf(text, whole, error)))
    return new Set()
  }
  for (const { policyId, error } of answer.validationErrors) {
    const statement = statements[Number(policyId)]
    if (statement !== undefined) problems.push(problemOf(text, statement, error))
  }
  const impossible = answer.validationWarnings.filter(({ error }) => error.message.includes('policy is impossible'))
  return new Set(impossible.map(({ policyId }) => Number(policyId)))
}

function problemOf(text: string, piece: StatementText, error: DetailedError): PolicyProblem {
  const [place] = error.sourceLocations ?? []
  const offset = piece.start + characterAtByte(piece.text, place?.start ?? 0)
  const { message, hint } = wordingOf(error.message, error.help ?? place?.label ?? undefined)
  return problemAt(text, offset, message, hint)
}

function sameIds(statements: readonly Omit<Statement, 'impossible'>[]): readonly PolicyProblem[] {
  const lines = new Map<string, number>()
  return statements.flatMap(({ id, line }) => {
    const first = lines.get(id)
    if (first === undefined) lines.set(id, line)
    return first === undefined
      ? []
      : [
          {
            line,
            column: 1,
            message: `the id ${id} is that of line ${first} already`,
            hint: 'give each statement its own `@id`',
          },
        ]
  })
}

// Cedar says the same once for each action.
function inOrder(problems: readonly PolicyProblem[]): readonly PolicyProblem[] {
  const distinct = new Map(problems.map((one) => [`${one.line}:${one.column}:${one.message}`, one]))
  return [...distinct.values()].sort((a, b) => a.line - b.line || a.column - b.column)
}
