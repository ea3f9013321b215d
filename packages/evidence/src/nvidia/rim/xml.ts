import { type EvidenceError, type EvidenceErrorCode, refuse } from '../../core/errors.ts'

/** One attribute, a namespace declaration aside. */
export interface XmlAttribute {
  /** As written, with its prefix. */
  readonly name: string
  readonly local: string
  /** Empty for none. */
  readonly namespace: string
  readonly value: string
}

/** One element. */
export interface XmlElement {
  /** As written, with its prefix. */
  readonly name: string
  readonly local: string
  /** Empty for none. */
  readonly namespace: string
  /** Namespace declarations on this element: prefix (empty for the default one) and URI. */
  readonly declared: ReadonlyMap<string, string>
  readonly attributes: readonly XmlAttribute[]
  readonly children: readonly (XmlElement | string)[]
}

/** Bounds of what is read: several times the largest manifest known. */
const MAX_BYTES = 512 * 1024
const MAX_DEPTH = 12
const MAX_ELEMENTS = 8192
const MAX_ATTRIBUTES = 128
const MAX_NAMESPACES = 32

/**
 * Reads as much of XML as reference integrity manifests use: elements, attributes, text, character
 * references and the five entities that need no declaration, in UTF-8. Whatever could make two readers see
 * two documents is refused: document types, entities, comments, processing instructions, CDATA, `xml:`
 * attributes, names that are not ASCII.
 *
 * @throws EvidenceError with offsets counted in characters
 * @see W3C XML 1.0 (fifth edition); W3C Namespaces in XML 1.0
 */
export function parseXml(bytes: Uint8Array): XmlElement {
  if (bytes.length > MAX_BYTES) throw bad('too-large', 0, `${bytes.length} bytes`, `at most ${MAX_BYTES} bytes`)
  return new XmlReader(decode(bytes)).document()
}

function decode(bytes: Uint8Array): string {
  try {
    // XML 1.0, 2.11: whatever ends a line is one line feed to whoever reads.
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes).replace(/\r\n?/g, '\n')
  } catch {
    throw bad('malformed', 0, 'bytes that are not UTF-8', 'XML in UTF-8')
  }
}

function bad(code: EvidenceErrorCode, offset: number, found: string, expected: string): EvidenceError {
  return refuse('manifest.xml', found, expected, offset, code)
}

type Scope = ReadonlyMap<string, string>

// XML 1.0, productions 23 to 26, 32 and 80: either quotes (Python writes single ones), white space where it may stand.
const DECLARATION =
  /<\?xml\s+version\s*=\s*(["'])1\.0\1(?:\s+encoding\s*=\s*(["'])[Uu][Tt][Ff]-8\2)?(?:\s+standalone\s*=\s*(["'])(?:yes|no)\3)?\s*\?>/y
const NAME = /[A-Za-z_][A-Za-z0-9._-]*(?::[A-Za-z_][A-Za-z0-9._-]*)?/y
const URI = /^[\x21-\x7e]+$/
// XML 1.0, production 2: tab, line feed, carriage return, and everything from the space on but surrogates and two others.
const NOT_A_CHARACTER = /[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u
const SPECIAL_IN_VALUE = /[<&\t\n]/
const REFERENCE = /&(?:#x([0-9a-fA-F]{1,6})|#([0-9]{1,7})|(amp|lt|gt|quot|apos));|&/g
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

class XmlReader {
  readonly #text: string
  #at = 0
  #elements = 0

  constructor(text: string) {
    this.#text = text
  }

  document(): XmlElement {
    this.#check(this.#text)
    this.#match(DECLARATION)
    this.#space()
    const root = this.#element(new Map(), 1)
    this.#space()
    if (this.#at < this.#text.length) throw this.#error('something behind the root element', 'the end')
    return root
  }

  #element(outer: Scope, depth: number): XmlElement {
    if (depth > MAX_DEPTH) throw this.#error('an element nested deeper', `at most ${MAX_DEPTH} levels`, 'too-large')
    if (++this.#elements > MAX_ELEMENTS) throw this.#error('more elements', `at most ${MAX_ELEMENTS}`, 'too-large')
    this.#expect('<')
    const name = this.#name()
    const written: [string, string][] = []
    const declared = new Map<string, string>()
    let spaced = this.#space()
    while (!this.#text.startsWith('>', this.#at) && !this.#text.startsWith('/>', this.#at)) {
      if (!spaced) throw this.#error('no space', 'a space in front of an attribute')
      this.#attribute(written, declared)
      spaced = this.#space()
    }
    const scope = declared.size === 0 ? outer : new Map([...outer, ...declared])
    if (scope.size > MAX_NAMESPACES) throw this.#error('more namespaces', `at most ${MAX_NAMESPACES}`, 'too-large')
    const [local, namespace] = this.#resolve(name, scope, true)
    const attributes = this.#attributes(written, scope)
    if (this.#skip('/>')) return { name, local, namespace, declared, attributes, children: [] }
    this.#expect('>')
    const children = this.#content(scope, depth)
    this.#expect('</')
    if (this.#name() !== name) throw this.#error('the end of another element', `the end of ${name}`)
    this.#space()
    this.#expect('>')
    return { name, local, namespace, declared, attributes, children }
  }

  #content(scope: Scope, depth: number): readonly (XmlElement | string)[] {
    const children: (XmlElement | string)[] = []
    for (;;) {
      const end = this.#text.indexOf('<', this.#at)
      if (end < 0) throw this.#error('no end of the element', 'its end tag', 'truncated')
      if (end > this.#at) children.push(this.#characters(end))
      if (this.#text.startsWith('</', this.#at)) return children
      children.push(this.#element(scope, depth + 1))
    }
  }

  #characters(end: number): string {
    const raw = this.#text.slice(this.#at, end)
    if (raw.includes(']]>')) throw this.#error('`]]>` in text', 'text')
    const text = this.#resolved(raw)
    this.#at = end
    return text
  }

  #attribute(written: [string, string][], declared: Map<string, string>): void {
    const name = this.#name()
    this.#space()
    this.#expect('=')
    this.#space()
    const quote = this.#text.charAt(this.#at)
    if (quote !== '"' && quote !== "'") throw this.#error('no quote', 'a quoted value')
    const end = this.#text.indexOf(quote, this.#at + 1)
    if (end < 0) throw this.#error('no end of the value', 'a quote', 'truncated')
    const raw = this.#text.slice(this.#at + 1, end)
    const value = SPECIAL_IN_VALUE.test(raw) ? this.#value(raw) : raw
    this.#at = end + 1
    const prefix = name === 'xmlns' ? '' : name.startsWith('xmlns:') ? name.slice(6) : undefined
    if (prefix === undefined) {
      if (written.length === MAX_ATTRIBUTES)
        throw this.#error('more attributes', `at most ${MAX_ATTRIBUTES}`, 'too-large')
      written.push([name, value])
    } else this.#declare(prefix, value, declared)
  }

  #value(raw: string): string {
    if (raw.includes('<')) throw this.#error('`<` in a value', 'a value')
    // XML 1.0, 3.3.3: white space that is written as such becomes spaces.
    return this.#resolved(raw.replace(/[\t\n]/g, ' '))
  }

  #declare(prefix: string, uri: string, declared: Map<string, string>): void {
    if (prefix === 'xml' || prefix === 'xmlns') throw this.#error('a reserved prefix', 'another prefix')
    if (declared.has(prefix)) throw this.#error('a prefix declared twice', 'each prefix once')
    if (declared.size === MAX_NAMESPACES) throw this.#error('more namespaces', `at most ${MAX_NAMESPACES}`, 'too-large')
    if (!URI.test(uri)) throw this.#error('another name of a namespace', 'a URI of visible ASCII characters')
    declared.set(prefix, uri)
  }

  #attributes(written: readonly [string, string][], scope: Scope): readonly XmlAttribute[] {
    const attributes: XmlAttribute[] = []
    for (const [name, value] of written) {
      const [local, namespace] = this.#resolve(name, scope, false)
      for (const one of attributes)
        if (one.local === local && one.namespace === namespace)
          throw this.#error(`the attribute ${name} a second time`, 'each attribute once')
      attributes.push({ name, local, namespace, value })
    }
    return attributes
  }

  #resolve(name: string, scope: Scope, isElement: boolean): readonly [local: string, namespace: string] {
    const colon = name.indexOf(':')
    if (colon < 0) return [name, isElement ? (scope.get('') ?? '') : '']
    const namespace = scope.get(name.slice(0, colon))
    // Prefixes that need no declaration are not in scope here: `xml:` would be inherited by canonical forms.
    if (namespace === undefined) throw this.#error(`the prefix of ${name}, which is not declared`, 'a declared prefix')
    return [name.slice(colon + 1), namespace]
  }

  #resolved(raw: string): string {
    if (!raw.includes('&')) return raw
    const text = raw.replace(REFERENCE, (whole, hex, decimal, entity) => this.#reference(whole, hex, decimal, entity))
    this.#check(text)
    return text
  }

  #check(text: string): void {
    if (NOT_A_CHARACTER.test(text)) throw this.#error('a character that XML does not allow', 'text')
  }

  #reference(whole: string, hex: string | undefined, decimal: string | undefined, entity: string | undefined): string {
    if (entity !== undefined) return ENTITIES[entity] as string
    const code = hex !== undefined ? Number.parseInt(hex, 16) : Number(decimal)
    if (whole === '&' || code > 0x10ffff)
      throw this.#error('an entity or `&`', 'a character reference, or one of &amp; &lt; &gt; &quot; &apos;')
    return String.fromCodePoint(code)
  }

  #name(): string {
    const name = this.#match(NAME)
    if (name === '')
      throw this.#error('no name: a comment, a declaration, an instruction, or other text', 'an ASCII name')
    return name
  }

  /** Whether there was any. */
  #space(): boolean {
    const start = this.#at
    for (let code = this.#text.charCodeAt(start); code === 32 || code === 10 || code === 9; )
      code = this.#text.charCodeAt(++this.#at)
    return this.#at > start
  }

  #match(pattern: RegExp): string {
    const start = this.#at
    pattern.lastIndex = start
    if (!pattern.test(this.#text)) return ''
    this.#at = pattern.lastIndex
    return this.#text.slice(start, this.#at)
  }

  #skip(token: string): boolean {
    if (!this.#text.startsWith(token, this.#at)) return false
    this.#at += token.length
    return true
  }

  #expect(token: string): void {
    if (this.#skip(token)) return
    const truncated = this.#at >= this.#text.length
    throw this.#error(truncated ? 'the end' : 'other text', `\`${token}\``, truncated ? 'truncated' : 'malformed')
  }

  #error(found: string, expected: string, code: EvidenceErrorCode = 'malformed'): EvidenceError {
    return bad(code, this.#at, found, expected)
  }
}
