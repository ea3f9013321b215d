import type { SentencePairs } from './sentences-ja/sentences.ts'

/** Longest sentence that is looked up: evidence may put long texts into one, and longer ones are shown as they are. */
const MAX_LENGTH = 20_000
const MAX_DEPTH = 12
/** Patterns tried for one sentence, nested ones counted: what evidence writes must not cost more than that. */
const MAX_TRIALS = 4_000
const MAX_MEMBERS = 256

type HoleKind = '' | '#' | '@' | '"' | '~' | '?' | ';' | ','

interface Hole {
  readonly name: string
  readonly kind: HoleKind
}

/** Text with holes: one text more than holes. */
interface Template {
  readonly texts: readonly string[]
  readonly holes: readonly Hole[]
}

interface Pattern {
  readonly english: Template
  readonly japanese: Template
  /** Characters that must match: more of them, tried earlier. */
  readonly weight: number
}

interface Search {
  trials: number
}

/** English sentences of verdicts to Japanese. */
export interface Sentences {
  /** The Japanese of a sentence, with a full stop where it is a whole one; undefined when there is no translation. */
  say(english: string): string | undefined
}

/**
 * Makes a catalogue. A sentence is found by its first words, else by its last; matching looks for the texts between the
 * holes from left to right and never goes back, so that its cost is linear in the sentence for each pattern tried.
 */
export function compileSentences(lists: readonly SentencePairs[]): Sentences {
  const index = new Index()
  for (const list of lists) for (const [english, japanese] of list) index.add(english, japanese)
  index.sort()
  return {
    say(english) {
      if (english.length > MAX_LENGTH) return undefined
      const found = index.translate(english, MAX_DEPTH, { trials: MAX_TRIALS })
      return found === undefined ? undefined : withStop(found)
    },
  }
}

class Index {
  readonly #exact = new Map<string, string>()
  readonly #byFirst = new Map<string, Pattern[]>()
  readonly #byLast = new Map<string, Pattern[]>()
  readonly #open: Pattern[] = []

  add(english: string, japanese: string): void {
    const from = templateOf(english)
    if (from.holes.length === 0) {
      this.#exact.set(english, japanese)
      return
    }
    const pattern = { english: from, japanese: templateOf(japanese), weight: weightOf(from) }
    const first = leadOf(from.texts[0] ?? '', 2) ?? leadOf(from.texts[0] ?? '', 1)
    const last = trailOf(from.texts.at(-1) ?? '')
    if (first !== undefined) push(this.#byFirst, first, pattern)
    else if (last !== undefined) push(this.#byLast, last, pattern)
    else this.#open.push(pattern)
  }

  sort(): void {
    for (const list of [...this.#byFirst.values(), ...this.#byLast.values(), this.#open])
      list.sort((a, b) => b.weight - a.weight)
  }

  translate(english: string, depth: number, search: Search): string | undefined {
    const exact = this.#exact.get(english) ?? this.#exact.get(`the ${english}`)
    if (exact !== undefined) return exact
    if (english.startsWith('the ')) {
      const bare = this.#exact.get(english.slice(4))
      if (bare !== undefined) return bare
    }
    for (const pattern of this.#candidates(english)) {
      if (--search.trials < 0) return undefined
      const values = valuesOf(pattern.english, english)
      const japanese = values && this.#fill(pattern, values, depth, search)
      if (japanese !== undefined) return japanese
    }
    return undefined
  }

  /** Patterns that may match, those with more text first. */
  *#candidates(english: string): Generator<Pattern> {
    const two = this.#byFirst.get(leadOf(english, 2) ?? '') ?? []
    const one = this.#byFirst.get(leadOf(english, 1) ?? '') ?? []
    const last = this.#byLast.get(trailOf(english) ?? '') ?? []
    const lists = [two, one, last, this.#open].map((list) => ({ list, at: 0 }))
    for (;;) {
      const next = lists.reduce((a, b) => (weightAt(b) > weightAt(a) ? b : a))
      const pattern = next.list[next.at++]
      if (pattern === undefined) return
      yield pattern
    }
  }

  #fill({ english, japanese }: Pattern, values: readonly string[], depth: number, search: Search): string | undefined {
    const told = new Map<string, string>()
    for (const [at, { name, kind }] of english.holes.entries()) {
      const found = values[at] ?? ''
      const value = this.#carry(found, kind, depth, search)
      if (value === undefined) return undefined
      // Words before others of the sentence are a name, and no sentence of their own that this one ends like.
      if (kind === '?' && value === found && english.texts[at + 1] !== '' && found.includes(': ')) return undefined
      told.set(name, value)
    }
    return filled(japanese, told)
  }

  #carry(value: string, kind: HoleKind, depth: number, search: Search): string | undefined {
    if (kind === '') return value
    if (kind === '#') return /^\d{1,20}$/.test(value) ? value : undefined
    if (kind === '@') return value === '' || value.includes(' ') ? undefined : value
    if (kind === '"') return QUOTED.test(value) ? value : undefined
    if (kind === '~' || kind === '?') {
      const nested = depth === 0 ? undefined : this.translate(value, depth - 1, search)
      return nested ?? (kind === '?' ? value : undefined)
    }
    const members = value.split(`${kind} `)
    if (depth === 0 || members.length > MAX_MEMBERS) return value
    return members.map((one) => this.translate(one, depth - 1, search) ?? one).reduce(joined)
  }
}

/** A JSON text, as names of certificates are told. */
const QUOTED = /^"(?:[^"\\]|\\.)*"$/

/** Sentences are told one after the other, words in a row. */
function joined(before: string, next: string): string {
  return `${before}${isSentence(before) ? '。' : '、'}${next}`
}

const POLITE = ['です', 'ます', 'ません', 'でした', 'ました', 'ください'] as const

function isSentence(japanese: string): boolean {
  return POLITE.some((end) => japanese.endsWith(end))
}

function withStop(japanese: string): string {
  return isSentence(japanese) ? `${japanese}。` : japanese
}

function weightAt({ list, at }: { readonly list: readonly Pattern[]; readonly at: number }): number {
  return list[at]?.weight ?? -1
}

/** The values of the holes when the text has the template's texts in their order; undefined when it has not. */
function valuesOf({ texts }: Template, text: string): readonly string[] | undefined {
  const [head = '', ...others] = texts
  const tail = others.pop() ?? ''
  const end = text.length - tail.length
  if (end < head.length || !text.startsWith(head) || !text.endsWith(tail)) return undefined
  const values: string[] = []
  let at = head.length
  for (const one of others) {
    const found = text.indexOf(one, at)
    if (found < 0 || found + one.length > end) return undefined
    values.push(text.slice(at, found))
    at = found + one.length
  }
  return [...values, text.slice(at, end)]
}

/** Japanese and Latin words are set apart, Japanese words are not: the space beside a hole depends on what fills it. */
function filled({ texts, holes }: Template, told: ReadonlyMap<string, string>): string {
  let text = texts[0] ?? ''
  for (const [at, { name }] of holes.entries()) {
    const value = told.get(name) ?? ''
    const next = texts[at + 1] ?? ''
    text = (isJapanese(value[0]) && text.endsWith(' ') ? text.slice(0, -1) : text) + value
    text += isJapanese(value.at(-1)) && next.startsWith(' ') ? next.slice(1) : next
  }
  return text
}

function isJapanese(letter: string | undefined): boolean {
  return letter !== undefined && letter >= '\u3000'
}

function templateOf(text: string): Template {
  const parts = text.split(/\{([a-zA-Z0-9]+[#@"~?;,]?)\}/)
  return {
    texts: parts.filter((_, i) => i % 2 === 0),
    holes: parts.filter((_, i) => i % 2 === 1).map(holeOf),
  }
}

function holeOf(text: string): Hole {
  const kind = KINDS.find((one) => text.endsWith(one)) ?? ''
  return { name: text.slice(0, text.length - kind.length), kind }
}

const KINDS: readonly HoleKind[] = ['#', '@', '"', '~', '?', ';', ',']

/** What stands around a whole sentence is taken off before the sentence is looked at. */
function weightOf({ texts, holes }: Template): number {
  const around = texts[0] === '' && holes[0]?.kind === '~'
  return texts.join('').length + (around ? MAX_LENGTH : 0)
}

/** The first words of a text, if there is something after them. */
function leadOf(text: string, count: 1 | 2): string | undefined {
  let end = -1
  for (let i = 0; i < count; i++) {
    end = text.indexOf(' ', end + 1)
    if (end < 0) return undefined
  }
  return text.slice(0, end)
}

/** The last word of a text, if there is something before it. */
function trailOf(text: string): string | undefined {
  const start = text.lastIndexOf(' ')
  return start < 0 || start === text.length - 1 ? undefined : text.slice(start + 1)
}

function push(map: Map<string, Pattern[]>, key: string, pattern: Pattern): void {
  const list = map.get(key)
  if (list === undefined) map.set(key, [pattern])
  else list.push(pattern)
}
