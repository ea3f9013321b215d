import type { XmlAttribute, XmlElement } from './xml.ts'

type Scope = ReadonlyMap<string, string>

const NONE: Scope = new Map()

/**
 * Canonical form of an element, as UTF-8. What our reader lets through has no comments, no processing
 * instructions and no `xml:` attributes, so that Canonical XML 1.0 and 1.1 say the same of it.
 *
 * @param context namespaces in scope around the element, which a canonical form declares on its first one
 * @param omit a child of the element that is left out: the signature that it envelops
 * @see W3C Canonical XML 1.1, sections 2.3 and 2.4; W3C XML Signature 1.1, section 6.6.4
 */
export function canonicalXml(element: XmlElement, context: Scope = NONE, omit?: XmlElement): Uint8Array {
  return new TextEncoder().encode(write(element, context, NONE, omit))
}

/** Namespaces in scope inside of an element. */
export function scopeOf(element: XmlElement, outer: Scope = NONE): Scope {
  return element.declared.size === 0 ? outer : new Map([...outer, ...element.declared])
}

// `rendered` holds what an element around this one has declared in the output.
function write(element: XmlElement, outer: Scope, rendered: Scope, omit: XmlElement | undefined): string {
  const scope = scopeOf(element, outer)
  let text = `<${element.name}`
  // Where nothing is declared, the scope is the one that was written out around it.
  if (scope !== rendered) text += declarations(scope, rendered)
  for (const { name, value } of inOrder(element.attributes)) text += ` ${name}="${attributeText(value)}"`
  text += '>'
  for (const child of element.children) {
    if (typeof child === 'string') text += characterText(child)
    else if (child !== omit) text += write(child, scope, scope, undefined)
  }
  return `${text}</${element.name}>`
}

function declarations(scope: Scope, rendered: Scope): string {
  let text = ''
  for (const prefix of [...scope.keys()].sort()) {
    const uri = scope.get(prefix) as string
    if (rendered.get(prefix) !== uri) text += ` xmlns${prefix === '' ? '' : `:${prefix}`}="${attributeText(uri)}"`
  }
  return text
}

function inOrder(attributes: readonly XmlAttribute[]): readonly XmlAttribute[] {
  for (let i = 1; i < attributes.length; i++)
    if (byName(attributes[i - 1] as XmlAttribute, attributes[i] as XmlAttribute) > 0)
      return [...attributes].sort(byName)
  return attributes
}

// Names and namespaces are ASCII: UTF-16 order is the order of code points.
function byName(a: XmlAttribute, b: XmlAttribute): number {
  if (a.namespace !== b.namespace) return a.namespace < b.namespace ? -1 : 1
  return a.local < b.local ? -1 : a.local > b.local ? 1 : 0
}

// Asked first without `g`: few texts have one, and to look for none is twice as fast so.
const IN_ATTRIBUTES = /[&<"\t\n\r]/
const IN_TEXT = /[&<>\r]/
const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\t': '&#x9;',
  '\n': '&#xA;',
  '\r': '&#xD;',
}

function attributeText(text: string): string {
  return IN_ATTRIBUTES.test(text) ? text.replace(/[&<"\t\n\r]/g, escaped) : text
}

function characterText(text: string): string {
  return IN_TEXT.test(text) ? text.replace(/[&<>\r]/g, escaped) : text
}

function escaped(character: string): string {
  return ESCAPES[character] as string
}
