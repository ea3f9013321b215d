import { canonicalJson } from '@sekisho/evidence'

/** A value written by a template: canonical JSON, and what of it the template does not have. */
export interface Filled {
  readonly text: string
  /** JSON texts of what fills the holes, in the order of the text. */
  readonly holes: readonly string[]
}

/**
 * Canonical JSON (RFC 8785, as `canonicalJson` writes it) with holes: of values that differ in a few strings and numbers
 * only, what they share is written once.
 */
export interface TextTemplate {
  /** What stands around the holes: one piece more than there are holes. */
  readonly pieces: readonly string[]
  /** Writes a value; undefined for one that differs in more than the holes have room for. */
  fill(value: unknown): Filled | undefined
  /**
   * The template with further holes that this value fits as well as all that fitted before; undefined where another
   * member or another length makes the difference.
   */
  widen(value: unknown): TextTemplate | undefined
}

/** A template without holes: it fits this very value. @throws TypeError where `canonicalJson` does */
export function templateOf(value: unknown): TextTemplate {
  return templateFrom(nodeOf(value))
}

/** The text of a template whose holes are filled. */
export function joined(pieces: readonly string[], holes: readonly string[]): string {
  let text = pieces[0] ?? ''
  for (let i = 0; i < holes.length; i++) text += `${holes[i]}${pieces[i + 1]}`
  return text
}

type Primitive = string | number | boolean | null

/** One place in a value. */
interface Node {
  /** Whether `value` fits here; writes what fills holes where they belong. */
  fits(value: unknown, holes: string[]): boolean
  widen(value: unknown): Node | undefined
  write(pieces: Pieces): void
}

function templateFrom(root: Node): TextTemplate {
  const pieces = new Pieces()
  root.write(pieces)
  return {
    pieces: pieces.done,
    fill(value) {
      const holes: string[] = Array(pieces.done.length - 1).fill('')
      return root.fits(value, holes) ? { text: joined(pieces.done, holes), holes } : undefined
    },
    widen(value) {
      const wider = root.widen(value)
      return wider === undefined ? undefined : templateFrom(wider)
    },
  }
}

/** A text as it comes about, cut at its holes. */
class Pieces {
  readonly done: string[] = ['']

  add(text: string): void {
    this.done[this.done.length - 1] += text
  }

  /** @returns the hole's place among the holes */
  hole(): number {
    return this.done.push('') - 2
  }
}

function nodeOf(value: unknown): Node {
  if (value === undefined) return new Absent()
  if (Array.isArray(value)) return new List(value.map(memberOf))
  if (typeof value !== 'object' || value === null) return new Same(value as Primitive, canonicalJson(value))
  if (!isPlain(value)) throw new TypeError('canonical JSON holds plain objects only')
  const names = Object.keys(value)
  return new Members(
    names,
    names.map((name) => nodeOf((value as Readonly<Record<string, unknown>>)[name])),
  )
}

function memberOf(value: unknown): Node {
  if (value === undefined) throw new TypeError('canonical JSON cannot hold an undefined')
  return nodeOf(value)
}

/** A member that is undefined: it is left out. */
class Absent implements Node {
  fits(value: unknown): boolean {
    return value === undefined
  }

  widen(value: unknown): Node | undefined {
    return value === undefined ? this : undefined
  }

  write(): void {
    // Nothing of it is in the text.
  }
}

/** A string, number, truth value or null that never changed. */
class Same implements Node {
  readonly #value: Primitive
  readonly #text: string

  constructor(value: Primitive, text: string) {
    this.#value = value
    this.#text = text
  }

  fits(value: unknown): boolean {
    return value === this.#value
  }

  widen(value: unknown): Node | undefined {
    if (value === this.#value) return this
    return isPrimitive(value) ? new Hole() : undefined
  }

  write(pieces: Pieces): void {
    pieces.add(this.#text)
  }
}

/** A string, number, truth value or null that changes. */
class Hole implements Node {
  #place = -1

  fits(value: unknown, holes: string[]): boolean {
    if (!isPrimitive(value)) return false
    holes[this.#place] = typeof value === 'string' ? JSON.stringify(value) : canonicalJson(value)
    return true
  }

  widen(value: unknown): Node | undefined {
    return isPrimitive(value) ? new Hole() : undefined
  }

  write(pieces: Pieces): void {
    this.#place = pieces.hole()
  }
}

class List implements Node {
  readonly #nodes: readonly Node[]

  constructor(nodes: readonly Node[]) {
    this.#nodes = nodes
  }

  fits(value: unknown, holes: string[]): boolean {
    const nodes = this.#nodes
    if (!Array.isArray(value) || value.length !== nodes.length) return false
    for (let i = 0; i < nodes.length; i++) if (nodes[i]?.fits(value[i], holes) !== true) return false
    return true
  }

  widen(value: unknown): Node | undefined {
    if (!Array.isArray(value) || value.length !== this.#nodes.length) return undefined
    const wider = all(this.#nodes.map((node, i) => node.widen(value[i])))
    return wider === undefined ? undefined : new List(wider)
  }

  write(pieces: Pieces): void {
    pieces.add('[')
    for (const [i, node] of this.#nodes.entries()) {
      if (i > 0) pieces.add(',')
      node.write(pieces)
    }
    pieces.add(']')
  }
}

/** An object whose members come in one order, as objects do that one function makes. */
class Members implements Node {
  readonly #names: readonly string[]
  readonly #nodes: readonly Node[]

  constructor(names: readonly string[], nodes: readonly Node[]) {
    this.#names = names
    this.#nodes = nodes
  }

  fits(value: unknown, holes: string[]): boolean {
    if (typeof value !== 'object' || value === null || !isPlain(value)) return false
    let i = 0
    for (const name in value) {
      if (this.#names[i] !== name) return false
      const member = (value as Readonly<Record<string, unknown>>)[name]
      if (this.#nodes[i]?.fits(member, holes) !== true) return false
      i++
    }
    return i === this.#names.length
  }

  widen(value: unknown): Node | undefined {
    if (typeof value !== 'object' || value === null || !isPlain(value)) return undefined
    const names = Object.keys(value)
    if (names.length !== this.#names.length || names.some((name, i) => name !== this.#names[i])) return undefined
    const members = value as Readonly<Record<string, unknown>>
    const wider = all(this.#nodes.map((node, i) => node.widen(members[names[i] ?? ''])))
    return wider === undefined ? undefined : new Members(names, wider)
  }

  write(pieces: Pieces): void {
    // RFC 8785, section 3.2.3: by the UTF-16 code units of the names.
    const sorted = this.#names
      .map((name, i) => ({ name, node: this.#nodes[i] }))
      .filter(({ node }) => !(node instanceof Absent))
      .sort((a, b) => (a.name < b.name ? -1 : 1))
    pieces.add('{')
    for (const [i, { name, node }] of sorted.entries()) {
      pieces.add(`${i > 0 ? ',' : ''}${JSON.stringify(name)}:`)
      node?.write(pieces)
    }
    pieces.add('}')
  }
}

function all(nodes: readonly (Node | undefined)[]): readonly Node[] | undefined {
  return nodes.every((node) => node !== undefined) ? nodes : undefined
}

function isPrimitive(value: unknown): value is Primitive {
  return value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
