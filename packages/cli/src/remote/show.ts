import { canonicalJson } from '@sekisho/evidence'
import type { Around } from '../around.ts'
import { EXIT } from '../exit.ts'
import { Paper, type Span } from '../render/paper.ts'
import { addTable, type Column } from '../render/table.ts'
import type { Answer } from './answer.ts'

/** Prints an answer: as JSON where that is wanted, else as `draw` lays it out. */
export function show(
  answer: unknown,
  options: { readonly json?: true },
  around: Around,
  draw: (paper: Paper) => void,
): number {
  if (options.json === true) {
    around.out(`${canonicalJson(answer ?? {})}\n`)
    return EXIT.ok
  }
  const paper = new Paper(around)
  draw(paper)
  around.out(paper.toString())
  return EXIT.ok
}

/** Prints rows, or one sentence where there are none. */
export function showRows<T>(
  answer: unknown,
  options: { readonly json?: true },
  around: Around,
  rows: readonly T[],
  columns: readonly Column<T>[],
  none: string,
  below: readonly string[] = [],
): number {
  return show(answer, options, around, (paper) => {
    if (rows.length === 0) paper.line(0, 2, none)
    else addTable(paper, 0, columns, rows)
    for (const line of below) paper.line(0, 2, { text: line, tone: 'open' })
  })
}

/** One line for each set some of whose values no evidence had, though it met the set. */
export function unmatchedValues(sets: readonly Answer[]): readonly string[] {
  return sets.flatMap((set) => {
    if (!set.has('unmatchedValues')) return []
    const values = set.list('unmatchedValues').map((one) => `${one.text('member')} ${one.text('value')}`)
    return [`${set.text('name')}: no evidence ever had ${values.join(', ')}`]
  })
}

/** A time as people read it, in UTC: `2026-11-21 02:05:00Z`. */
export function when(iso: string | undefined): string {
  return iso === undefined ? '–' : iso.replace('T', ' ').replace(/\.\d+Z$/, 'Z')
}

/** What stands beside everything that no hardware vouches for. */
export function emulatedMark(row: Answer): readonly Span[] {
  return row.flag('emulated') ? [{ text: ' EMULATED', tone: 'bad' }] : []
}

/** `1 set`, `2 sets`. */
export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}

/** What appraising the live leases again came to. */
export function reappraised(live: number, revoked: number): string {
  if (live + revoked === 0) return 'There are no live leases.'
  return `Live leases appraised again: ${live} kept, ${revoked} revoked.`
}
