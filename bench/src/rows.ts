import type { Measured } from './measure.ts'

/** One line of the report: a ratio, and the least (or most) that it should be. */
export interface Row {
  readonly what: string
  readonly ours: string
  readonly against: string
  readonly ratio: number
  readonly target: number
  /** `at-least`: higher is better. `at-most`: lower is better. `reported`: there is no goal. */
  readonly sense: 'at-least' | 'at-most' | 'reported'
}

/** A row that says how fast `ours` is relative to `other`: 1 is as fast, above 1 is faster. */
export function speedRow(what: string, ours: Measured, other: Measured, target: number): Row {
  return {
    what,
    ours: `${ours.micros.toFixed(0)} us`,
    against: `${other.name} ${other.micros.toFixed(0)} us`,
    ratio: ours.ratio,
    target,
    sense: 'at-least',
  }
}

/** Prints rows as a table; a row that misses its target is marked. */
export function printRows(rows: readonly Row[]): void {
  const width = Math.max(...rows.map((row) => row.what.length))
  for (const row of rows) {
    const { verdict, goal } = against(row)
    console.log(
      `${verdict} ${row.what.padEnd(width)}  ${row.ratio.toFixed(2).padStart(7)} ${goal}  ${row.ours} | ${row.against}`,
    )
  }
}

function against({ ratio, target, sense }: Row): { readonly verdict: string; readonly goal: string } {
  if (sense === 'reported') return { verdict: '      ', goal: '(no goal)' }
  const met = sense === 'at-least' ? ratio >= target : ratio <= target
  return { verdict: met ? 'met   ' : 'missed', goal: `(${sense === 'at-least' ? '>=' : '<='} ${target})` }
}
