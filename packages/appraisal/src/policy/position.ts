import type { PolicyProblem } from './error.ts'

/** A place in a text, counted from 1. */
export interface Position {
  readonly line: number
  readonly column: number
}

/** The place of a character of a text. */
export function positionAt(text: string, offset: number): Position {
  const before = text.slice(0, Math.max(0, Math.min(offset, text.length)))
  const lastBreak = before.lastIndexOf('\n')
  return { line: before.split('\n').length, column: before.length - lastBreak }
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
  return { ...positionAt(text, offset), message, ...(hint === undefined ? {} : { hint }) }
}
