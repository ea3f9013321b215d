import { guardOf } from '../policy/guards.ts'
import type { Reading } from './cover.ts'

/** Positions of the statements that may cover one, in order: all others certainly do not. */
export type Candidates = (narrow: Reading) => readonly number[]

/** Statements of which one condition, the one that tells most of them apart, is of this kind. */
interface Shelves {
  readonly byText: Map<string, number[]>
  readonly byValue: Map<string, number[]>
  /** Without any such condition: these may cover anything. */
  readonly free: number[]
}

/** Comparing each statement with each other one takes minutes where there are ten thousand: most pairs need no look. */
export function createCandidates(readings: readonly Reading[]): Candidates {
  const shelves = shelvesOf(readings)
  return (narrow) => {
    const found = new Set(shelves.free)
    for (const text of narrow.known) for (const index of shelves.byText.get(text) ?? []) found.add(index)
    for (const [path, value] of narrow.implied)
      for (const index of shelves.byValue.get(keyOf(path, value)) ?? []) found.add(index)
    return [...found].sort((a, b) => a - b)
  }
}

function shelvesOf(readings: readonly Reading[]): Shelves {
  const variety = varietyOf(readings)
  const shelves: Shelves = { byText: new Map(), byValue: new Map(), free: [] }
  for (const [index, { conditions, texts }] of readings.entries()) {
    const [best] = conditions
      .map((condition, i) => ({ guard: guardOf(condition), text: texts[i] ?? '' }))
      .filter(({ guard }) => guard !== undefined)
      .sort((a, b) => (variety.get(b.guard?.path ?? '')?.size ?? 0) - (variety.get(a.guard?.path ?? '')?.size ?? 0))
    if (best?.guard === undefined) {
      shelves.free.push(index)
      continue
    }
    put(shelves.byText, best.text, index)
    for (const value of best.guard.values) put(shelves.byValue, keyOf(best.guard.path, value), index)
  }
  return shelves
}

function varietyOf(readings: readonly Reading[]): ReadonlyMap<string, ReadonlySet<unknown>> {
  const variety = new Map<string, Set<unknown>>()
  for (const { conditions } of readings) {
    for (const condition of conditions) {
      const guard = guardOf(condition)
      if (guard === undefined) continue
      const known = variety.get(guard.path) ?? new Set()
      for (const value of guard.values) known.add(value)
      variety.set(guard.path, known)
    }
  }
  return variety
}

function put(shelf: Map<string, number[]>, key: string, index: number): void {
  const some = shelf.get(key)
  if (some === undefined) shelf.set(key, [index])
  else some.push(index)
}

function keyOf(path: string, value: unknown): string {
  return `${path} ${typeof value} ${String(value)}`
}
