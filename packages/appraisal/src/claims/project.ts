import type { CedarValueJson } from '../cedar/cedar.ts'
import type { PolicyContext } from '../model.ts'
import { CLAIMS, type ClaimRow } from './table.ts'

/** A way to a claim: its row, and the names on the way. */
interface Way {
  readonly row: ClaimRow
  readonly names: readonly string[]
}

/** Those parts of a context that some policies look at, in Cedar's JSON. Fixed order: equal parts give equal text. */
export type Projection = (context: PolicyContext) => Record<string, CedarValueJson>

/**
 * A projection onto the claims that are mentioned. A policy is a function of what it mentions, so that
 * decisions on equal projections are equal.
 *
 * @param mentions paths of claims or of records of claims; `*` stands for all
 */
export function projectionOf(mentions: ReadonlySet<string>): Projection {
  const all = mentions.has('*')
  const ways: readonly Way[] = CLAIMS.filter(({ path }) => all || isMentioned(path, mentions)).map((row) => ({
    row,
    names: row.path.split('.'),
  }))
  return (context) => {
    const made: Record<string, CedarValueJson> = {}
    for (const way of ways) put(made, way, context)
    return made
  }
}

function isMentioned(path: string, mentions: ReadonlySet<string>): boolean {
  if (mentions.has(path)) return true
  for (let dot = path.indexOf('.'); dot > 0; dot = path.indexOf('.', dot + 1)) {
    if (mentions.has(path.slice(0, dot))) return true
  }
  return false
}

// The record around an absent claim is made all the same: `context.tcb has status` must find `tcb`.
function put(made: Record<string, CedarValueJson>, { row, names }: Way, context: PolicyContext): void {
  let from: unknown = context
  let into = made
  for (let i = 0; i < names.length - 1; i++) {
    const name = names[i] as string
    from = memberOf(from, name)
    const known = into[name]
    const next: Record<string, CedarValueJson> = isRecord(known) ? known : {}
    into[name] = next
    into = next
  }
  const last = names.at(-1) as string
  const value = convert(memberOf(from, last), row)
  if (value !== undefined) into[last] = value
}

function memberOf(from: unknown, name: string): unknown {
  if (typeof from !== 'object' || from === null || !Object.hasOwn(from, name)) return undefined
  return (from as Readonly<Record<string, unknown>>)[name]
}

function isRecord(value: CedarValueJson | undefined): value is Record<string, CedarValueJson> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function convert(value: unknown, { type }: ClaimRow): CedarValueJson | undefined {
  switch (type) {
    case 'String':
      return typeof value === 'string' ? value : undefined
    case 'Bool':
      return typeof value === 'boolean' ? value : undefined
    case 'Long':
      return typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined
    case 'Set<String>':
      return Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string').sort() : undefined
    case 'datetime':
      return datetime(value)
  }
}

function datetime(value: unknown): CedarValueJson | undefined {
  const at = typeof value === 'string' ? new Date(value) : undefined
  if (at === undefined || Number.isNaN(at.getTime()) || at.getUTCFullYear() > 9999 || at.getUTCFullYear() < 0)
    return undefined
  return { __extn: { fn: 'datetime', arg: at.toISOString() } }
}
