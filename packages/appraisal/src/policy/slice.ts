import type { PolicyJson } from '../cedar/cedar.ts'
import type { PolicyContext } from '../model.ts'
import { type Guard, guardsOf } from './guards.ts'
import type { Statement } from './parse.ts'
import { appliesTo, type ScopeRequest } from './scope.ts'

/** What a slice is chosen by. */
export interface SliceRequest extends ScopeRequest {
  readonly context: PolicyContext
}

/** Positions of the statements that may apply, in order: all others certainly do not. */
export type Slicer = (request: SliceRequest) => readonly number[]

/** One statement as far as slicing looks at it. */
interface Entry {
  readonly index: number
  readonly json: PolicyJson
  readonly guards: readonly Guard[]
}

/** Statements by the values of one claim. */
type Shelf = ReadonlyMap<string | boolean, readonly Entry[]>

/** Sorts statements by one of their guards each, so that most of a large set is never looked at. */
export function createSlicer(statements: readonly Statement[]): Slicer {
  const entries = statements.map(({ json }, index): Entry => ({ index, json, guards: guardsOf(json) }))
  const free = entries.filter(({ guards }) => guards.length === 0)
  const shelves = shelvesOf(entries)
  return (request) => {
    const candidates = [...free]
    for (const [path, shelf] of shelves) {
      const value = valueAt(request.context, path)
      if (value === undefined) for (const some of new Set([...shelf.values()].flat())) candidates.push(some)
      else candidates.push(...(shelf.get(value) ?? []))
    }
    return candidates
      .filter(
        (entry) => appliesTo(entry.json, request) && entry.guards.every((guard) => mayHold(guard, request.context)),
      )
      .map(({ index }) => index)
      .sort((a, b) => a - b)
  }
}

function shelvesOf(entries: readonly Entry[]): ReadonlyMap<string, Shelf> {
  const variety = new Map<string, Set<string | boolean>>()
  for (const { guards } of entries) {
    for (const { path, values } of guards) {
      const known = variety.get(path) ?? new Set()
      for (const value of values) known.add(value)
      variety.set(path, known)
    }
  }
  const shelves = new Map<string, Map<string | boolean, Entry[]>>()
  for (const entry of entries) {
    // The claim that tells most statements apart.
    const [guard] = [...entry.guards].sort(
      (a, b) => (variety.get(b.path)?.size ?? 0) - (variety.get(a.path)?.size ?? 0),
    )
    if (guard === undefined) continue
    const shelf = shelves.get(guard.path) ?? new Map<string | boolean, Entry[]>()
    shelves.set(guard.path, shelf)
    for (const value of guard.values) {
      const some = shelf.get(value)
      if (some === undefined) shelf.set(value, [entry])
      else some.push(entry)
    }
  }
  return shelves
}

// A claim that is missing or of another type proves nothing: the statement is evaluated, and says so.
function mayHold({ path, values }: Guard, context: PolicyContext): boolean {
  const value = valueAt(context, path)
  return value === undefined || values.has(value)
}

function valueAt(context: PolicyContext, path: string): string | boolean | undefined {
  let value: unknown = context
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
    value = (value as Readonly<Record<string, unknown>>)[name]
  }
  return typeof value === 'string' || typeof value === 'boolean' ? value : undefined
}
