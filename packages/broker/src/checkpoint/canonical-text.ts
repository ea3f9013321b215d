import { canonicalJson } from '@sekisho/evidence'

/** Writes canonical JSON, and remembers what it wrote last. */
export type CanonicalWriter = (value: unknown) => string

/**
 * Makes a writer whose texts are those of `canonicalJson`, and that is fast for values most of which is as it was the
 * last time, as verdicts on one platform are: what has not changed is not written again. It holds the texts of one
 * value, and no reference to any.
 *
 * @throws TypeError (the writer) where `canonicalJson` does
 */
export function canonicalWriter(): CanonicalWriter {
  let spot = new Spot()
  return (value) => {
    try {
      return spot.write(value)
    } catch (error) {
      // Half of it may be of this value and half of the last.
      spot = new Spot()
      throw error
    }
  }
}

/** What is between the brackets of an object or a list. */
interface Members {
  fits(value: object): boolean
  write(value: object): string
}

/** One place in a value: what stood there last, and its text. Texts that did not change are the same string. */
class Spot {
  #text: string | undefined
  #primitive: unknown
  #members: Members | undefined

  write(value: unknown): string {
    if (typeof value === 'object' && value !== null) {
      this.#text = undefined
      if (this.#members?.fits(value) !== true)
        this.#members = Array.isArray(value) ? new ListMembers() : new ObjectMembers(value)
      return this.#members.write(value)
    }
    if (this.#text === undefined || this.#primitive !== value) {
      this.#members = undefined
      this.#primitive = value
      this.#text = typeof value === 'string' ? JSON.stringify(value) : canonicalJson(value)
    }
    return this.#text
  }
}

class ListMembers implements Members {
  readonly #spots: Spot[] = []
  #texts: string[] = []
  #text = '[]'

  fits(value: object): boolean {
    return Array.isArray(value)
  }

  write(list: readonly unknown[]): string {
    const { length } = list
    let changed = length !== this.#texts.length
    if (changed) this.#texts = this.#texts.slice(0, length)
    this.#spots.length = Math.min(length, this.#spots.length)
    for (let i = 0; i < length; i++) {
      const spot = this.#spots[i] ?? new Spot()
      const text = spot.write(list[i])
      if (text === this.#texts[i]) continue
      this.#spots[i] = spot
      this.#texts[i] = text
      changed = true
    }
    if (changed) this.#text = `[${this.#texts.join(',')}]`
    return this.#text
  }
}

interface Member {
  readonly name: string
  /** The name as it stands before the value. */
  readonly label: string
  readonly spot: Spot
  /** Empty for a member that is undefined: it is left out. */
  text: string
}

class ObjectMembers implements Members {
  /** As they come in the object. */
  readonly #members: readonly Member[]
  /** As they stand in the text: RFC 8785, section 3.2.3. */
  readonly #sorted: readonly Member[]
  #text = '{}'

  constructor(value: object) {
    if (!isPlain(value)) throw new TypeError('canonical JSON holds plain objects only')
    const made = Object.keys(value).map((name) => ({
      name,
      label: `${JSON.stringify(name)}:`,
      spot: new Spot(),
      text: '',
    }))
    this.#members = made
    this.#sorted = made.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  }

  fits(value: object): boolean {
    if (!isPlain(value)) return false
    let i = 0
    for (const name in value) if (this.#members[i++]?.name !== name) return false
    return i === this.#members.length
  }

  write(value: Readonly<Record<string, unknown>>): string {
    let changed = false
    for (const member of this.#members) {
      const one = value[member.name]
      const text = one === undefined ? '' : member.spot.write(one)
      if (text === member.text) continue
      member.text = text
      changed = true
    }
    if (changed)
      this.#text = `{${this.#sorted
        .filter(({ text }) => text !== '')
        .map(labelled)
        .join(',')}}`
    return this.#text
  }
}

function labelled({ label, text }: Member): string {
  return label + text
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
