import { PolicyError } from './error.ts'
import { problemAt } from './position.ts'

/** One statement of a policy text: `permit (…) …;` or `forbid (…) …;`, annotations included. */
export interface StatementText {
  readonly text: string
  /** Where it begins in the whole text, in characters. */
  readonly start: number
}

const MAX_TEXT = 4 * 1024 * 1024
// Reading and linting are synchronous: a larger set would hold everybody up for seconds.
const MAX_STATEMENTS = 2000
const MAX_STATEMENT = 256 * 1024
// Cedar recurses over nesting and over chains of operators, and an overflow of its stack ends the engine for good: with
// code that the runtime has optimised, whose frames are larger, at about 100 operators. These leave room for half as much.
const MAX_NESTING = 16
const MAX_OPERATORS = 64
const MAX_STEPS = 24

const TOKEN =
  /(?<space>\s+|\/\/[^\n]*)|(?<text>"(?:[^"\\\n]|\\[^\n])*")|(?<unclosed>")|(?<word>[A-Za-z_]\w*)|(?<operator>\|\||&&|[=!<>]=|[-+*!<>])|(?<open>[([{])|(?<close>[)\]}])|(?<step>\.)|(?<end>;)|(?<comma>,)|(?<other>[\s\S])/gy

const WORD_OPERATORS: ReadonlySet<string> = new Set(['in', 'has', 'like', 'is', 'if', 'when', 'unless'])

/**
 * Cuts a policy text into statements, and refuses what is too large or too deep to be evaluated.
 *
 * @throws PolicyError that says where
 */
export function splitStatements(text: string): readonly StatementText[] {
  if (text.length > MAX_TEXT)
    throw refuse(text, 0, `the policy has ${text.length} characters: expected at most ${MAX_TEXT}`)
  const found: StatementText[] = []
  const scan = new Scan(text)
  TOKEN.lastIndex = 0
  for (let token = TOKEN.exec(text); token !== null; token = TOKEN.exec(text)) {
    const { space, end, unclosed } = token.groups ?? {}
    if (space !== undefined) continue
    if (unclosed !== undefined)
      throw refuse(text, token.index, 'the text has no end', 'close it with `"` on the same line')
    scan.take(token)
    if (end === undefined) continue
    found.push({ text: text.slice(scan.start, token.index + 1), start: scan.start })
    if (found.length > MAX_STATEMENTS)
      throw refuse(text, scan.start, `the policy has more than ${MAX_STATEMENTS} statements`)
    scan.reset()
  }
  if (scan.isOpen) throw new PolicyError([problemAt(text, scan.start, 'the statement has no end', 'close it with `;`')])
  return found
}

/** How deep the statement at hand goes. */
class Scan {
  readonly #text: string
  #start = -1
  #nesting = 0
  #operators = 0
  #steps = 0

  constructor(text: string) {
    this.#text = text
  }

  get start(): number {
    return this.#start
  }

  get isOpen(): boolean {
    return this.#start >= 0
  }

  reset(): void {
    this.#start = -1
    this.#nesting = 0
    this.#operators = 0
    this.#steps = 0
  }

  take({ index, groups = {} }: RegExpExecArray): void {
    if (this.#start < 0) this.#start = index
    const { word, operator, open, close, step, comma } = groups
    if (open !== undefined) this.#nesting++
    if (close !== undefined) this.#nesting = Math.max(0, this.#nesting - 1)
    if (operator !== undefined || (word !== undefined && WORD_OPERATORS.has(word))) {
      this.#operators++
      this.#steps = 0
    }
    if (comma !== undefined) this.#steps = 0
    if (step !== undefined || open === '[') this.#steps++
    this.#check(index)
  }

  #check(index: number): void {
    const hint = 'split it into several statements, or list values as `["a", "b"].contains(…)`'
    if (this.#nesting > MAX_NESTING)
      throw refuse(this.#text, index, `brackets are nested deeper than ${MAX_NESTING}`, hint)
    if (this.#operators > MAX_OPERATORS)
      throw refuse(this.#text, this.#start, `the statement has more than ${MAX_OPERATORS} operators`, hint)
    if (this.#steps > MAX_STEPS) throw refuse(this.#text, index, `a path has more than ${MAX_STEPS} steps`, hint)
    if (index - this.#start > MAX_STATEMENT)
      throw refuse(this.#text, this.#start, `the statement has more than ${MAX_STATEMENT} characters`, hint)
  }
}

function refuse(text: string, at: number, message: string, hint?: string): PolicyError {
  return new PolicyError([problemAt(text, at, message, hint)])
}
