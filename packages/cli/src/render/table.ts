import type { Paper, Span, Tone } from './paper.ts'
import { plain } from './plain.ts'

/** One column of a table. */
export interface Column<T> {
  readonly title: string
  value(row: T): string
  tone?(row: T): Tone | undefined
}

const GAP = 2

/** Rows below each other, the columns as wide as their widest value; the last column takes what is left. */
export function addTable<T>(paper: Paper, indent: number, columns: readonly Column<T>[], rows: readonly T[]): void {
  const cells = rows.map((row) => columns.map((column) => plain(column.value(row))))
  const widths = columns.map((column, at) =>
    Math.max(column.title.length, ...cells.map((line) => line[at]?.length ?? 0)),
  )
  const padded = (text: string, at: number): string =>
    at === columns.length - 1 ? text : text.padEnd((widths[at] ?? 0) + GAP)
  const hang = widths.slice(0, -1).reduce((sum, width) => sum + width + GAP, 0)
  const head: Span[] = columns.map((column, at) => ({ text: padded(column.title, at), tone: 'faint' }))
  paper.line(indent, hang, ...head)
  for (const [index, row] of rows.entries()) {
    const spans = columns.map((column, at): Span => {
      const tone = column.tone?.(row)
      return { text: padded(cells[index]?.[at] ?? '', at), ...(tone === undefined ? {} : { tone }) }
    })
    paper.line(indent, hang, ...spans)
  }
}
