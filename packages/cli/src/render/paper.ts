import { plain } from './plain.ts'

/** How a piece of text is meant; colour is only ever an addition to what the words say. */
export type Tone = 'good' | 'bad' | 'open' | 'faint' | 'strong'

/** A piece of text of one tone. */
export interface Span {
  readonly text: string
  readonly tone?: Tone
}

/** What the output can show. */
export interface PaperOptions {
  readonly colour: boolean
  /** Wrap at this many columns; undefined never wraps. */
  readonly columns: number | undefined
}

/** A word, or the spaces between two. */
interface Piece {
  readonly text: string
  readonly tone: Tone | undefined
  readonly blank: boolean
}

const ESCAPE = '\u001b['
const CODES: Readonly<Record<Tone, string>> = { good: '32', bad: '31', open: '33', faint: '2', strong: '1' }

/**
 * Lines of text for a person. All text goes through {@link plain}; only the paper itself writes
 * terminal codes, and only when colours are wanted.
 */
export class Paper {
  readonly #lines: string[] = []
  readonly #options: PaperOptions

  constructor(options: PaperOptions) {
    this.#options = options
  }

  /** A paragraph, `indent` columns from the left; its further lines `hang` columns more, of half the width at most. */
  line(indent: number, hang: number, ...spans: readonly (Span | string)[]): this {
    const pieces = spans.flatMap((span) => piecesOf(typeof span === 'string' ? { text: span } : span))
    for (const line of wrap(pieces, indent, hang, this.#options.columns)) this.#lines.push(this.#paint(line))
    return this
  }

  /** Text whose spaces and line ends stay as they are, such as something to copy. */
  verbatim(indent: number, text: string): this {
    for (const line of text.split('\n')) this.#lines.push(line === '' ? '' : ' '.repeat(indent) + plain(line))
    return this
  }

  /** A heading with an empty line above. */
  heading(text: string): this {
    return this.blank().line(0, 2, { text, tone: 'strong' })
  }

  /** A name and its value, the values below each other. */
  entry(indent: number, width: number, name: string, ...value: readonly (Span | string)[]): this {
    return this.line(indent, width, { text: `${plain(name).padEnd(width - 1)} `, tone: 'faint' }, ...value)
  }

  blank(): this {
    if (this.#lines.length > 0) this.#lines.push('')
    return this
  }

  /** Everything, ending in a line end. */
  toString(): string {
    return `${this.#lines.join('\n')}\n`
  }

  #paint(line: Line): string {
    let text = ' '.repeat(line.indent)
    for (const piece of line.pieces) {
      const painted = piece.tone !== undefined && !piece.blank && this.#options.colour
      text += painted ? `${ESCAPE}${CODES[piece.tone]}m${piece.text}${ESCAPE}0m` : piece.text
    }
    return text
  }
}

function piecesOf(span: Span): readonly Piece[] {
  const text = plain(span.text.replace(/[\r\n\t]+/g, ' '))
  return (text.match(/ +|[^ ]+/g) ?? []).map((piece) => ({
    text: piece,
    tone: span.tone,
    blank: piece.startsWith(' '),
  }))
}

interface Line {
  readonly indent: number
  readonly pieces: Piece[]
}

// What is too long behind the indent, and not for a whole line, stands further left instead of over its edge.
function indentFor({ text }: Piece, indent: number, columns: number): number {
  return text.length > columns ? indent : Math.min(indent, columns - text.length)
}

/** Breaks lines between words, never inside one: a digest that is longer than the line stays whole, to be copied. */
function wrap(pieces: readonly Piece[], indent: number, hang: number, columns: number | undefined): readonly Line[] {
  // A table of many columns would hang its last ones beyond the edge.
  const further = columns === undefined ? indent + hang : Math.min(indent + hang, columns >> 1)
  let line: Line = { indent, pieces: [] }
  const lines: Line[] = [line]
  let used = indent
  let gap: Piece | undefined
  for (const piece of pieces) {
    if (piece.blank) {
      gap = gap === undefined ? piece : { ...gap, text: gap.text + piece.text }
      continue
    }
    const width = piece.text.length + (gap?.text.length ?? 0)
    if (gap !== undefined && (line.pieces.length > 0 || lines.length === 1)) {
      if (columns !== undefined && used + width > columns && line.pieces.length > 0) {
        line = { indent: indentFor(piece, further, columns), pieces: [] }
        lines.push(line)
        used = line.indent
      } else {
        line.pieces.push(gap)
        used += gap.text.length
      }
    }
    line.pieces.push(piece)
    used += piece.text.length
    gap = undefined
  }
  return lines
}
