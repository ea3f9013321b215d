import type { PolicyProblem } from './error.ts'

/** A place in a text, counted from 1. */
export interface Position {
  readonly line: number
  readonly column: number
}

/** The place of a character of a text. */
export function positionAt(text: string, offset: number): Position {
  const starts = lineStarts(text)
  let low = 0
  let high = starts.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((starts[middle] ?? 0) <= offset) low = middle
    else high = middle - 1
  }
  return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 }
}

// Thousands of places of one text are asked for in a row: its lines are counted once.
let counted: { readonly text: string; readonly starts: readonly number[] } = { text: '', starts: [0] }

function lineStarts(text: string): readonly number[] {
  if (counted.text === text) return counted.starts
  const starts = [0]
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  counted = { text, starts }
  return starts
}

/** The character that begins at a byte of the text's UTF-8: Cedar counts bytes. */
export function characterAtByte(text: string, byte: number): number {
  let at = 0
  let bytes = 0
  while (at < text.length && bytes < byte) {
    const code = text.codePointAt(at) ?? 0
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4
    at += code < 0x10000 ? 1 : 2
  }
  return at
}

/** A problem at a character of the text. */
export function problemAt(text: string, offset: number, message: string, hint?: string): PolicyProblem {
  // Cedar repeats what it was given: a problem is for reading.
  return { ...positionAt(text, offset), message: message.slice(0, 512), ...(hint === undefined ? {} : { hint }) }
}
