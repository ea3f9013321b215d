import { jsonFault } from '@sekisho/evidence/recognise'
import { unreadable } from '../exit.ts'

/**
 * Reads JSON. What is wrong is told by line and column, with what would have been right there: engines word it differently,
 * and some name no place.
 *
 * @param name names the text in errors
 * @throws CliError (unreadable), whose cause is a SyntaxError
 */
export function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw unreadable(`${name}: not JSON: ${faultIn(text)}`, error)
  }
}

function faultIn(text: string): string {
  const { at, expected } = jsonFault(text) ?? { at: text.length, expected: 'JSON' }
  const before = text.slice(0, at).split(/\r\n|\n|\r/)
  const column = [...(before.at(-1) ?? '')].length + 1
  const code = text.codePointAt(at)
  return `line ${before.length}, column ${column}: ${code === undefined ? 'the end' : shown(code)}; expected ${expected}`
}

/** A character as it may be shown on a terminal. */
function shown(code: number): string {
  const isPlain = code > 0x20 && code < 0x7f
  return isPlain ? JSON.stringify(String.fromCodePoint(code)) : `U+${code.toString(16).toUpperCase().padStart(4, '0')}`
}
