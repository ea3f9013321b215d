import { type EvidenceError, refuse } from '../../core/errors.ts'
import { decodeBase64 } from '../../x509/pem.ts'
import { canonicalXml, scopeOf } from './canonical-xml.ts'
import type { XmlElement } from './xml.ts'

/** An enveloped signature, taken apart. */
export interface EnvelopedSignature {
  /** Canonical form of the root element without the signature: what was digested. */
  readonly document: Uint8Array
  /** SHA-384 of `document`, as the signature says. */
  readonly digest: Uint8Array
  /** Canonical form of SignedInfo: what was signed. */
  readonly signedInfo: Uint8Array
  /** r then s, 96 bytes. */
  readonly signature: Uint8Array
  /** DER certificates, leaf first. */
  readonly certificates: readonly Uint8Array[]
}

const DS = 'http://www.w3.org/2000/09/xmldsig#'
const C14N = 'http://www.w3.org/2006/12/xml-c14n11'
const ECDSA_SHA384 = 'http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384'
const SHA384 = 'http://www.w3.org/2001/04/xmldsig-more#sha384'
const ENVELOPED = `${DS}enveloped-signature`
const MAX_CERTIFICATES = 8

/**
 * Takes the one signature of a document apart. It must be a child of the root and cover all the rest of
 * the document: one reference, to the whole, whose only transforms take the signature out and make the
 * rest canonical. Everything else that XML Signature could express is refused, by shape and by algorithm,
 * so that no other text than what the tree holds can have been signed.
 *
 * @throws EvidenceError; `unsupported-algorithm` for algorithms and transforms that manifests do not use
 * @see W3C XML Signature 1.1, sections 4 and 6.6.4
 */
export function readEnvelopedSignature(root: XmlElement): EnvelopedSignature {
  const found: XmlElement[] = []
  collect(root, found, new Set())
  const [signature] = found
  if (signature === undefined || found.length !== 1 || !root.children.includes(signature))
    throw bad('malformed', `${found.length} signatures`, 'one, as a child of the root element', 'Signature')
  const [info, value, keyInfo] = children(signature, ['SignedInfo', 'SignatureValue', 'KeyInfo'])
  const digest = readSignedInfo(info)
  const scope = scopeOf(signature, scopeOf(root))
  return {
    document: canonicalXml(root, undefined, signature),
    digest,
    signedInfo: canonicalXml(info, scope),
    signature: base64(value, 96),
    certificates: readCertificates(keyInfo),
  }
}

/** Signatures wherever they stand; a second element with the same id, or stray parts of a signature, are refused. */
function collect(element: XmlElement, found: XmlElement[], ids: Set<string>): void {
  const isSignature = element.namespace === DS && element.local === 'Signature'
  if (isSignature) found.push(element)
  else if (element.namespace === DS && found.length === 0)
    throw bad('malformed', `${element.local} outside of a signature`, 'none', 'Signature')
  for (const { local, value } of element.attributes) {
    if (local.toLowerCase() !== 'id') continue
    if (ids.has(value)) throw bad('malformed', 'an id a second time', 'each id once', 'Id')
    ids.add(value)
  }
  for (const child of element.children) if (typeof child !== 'string') collect(child, found, ids)
}

function readSignedInfo(info: XmlElement): Uint8Array {
  const [canonicalization, method, reference] = children(info, [
    'CanonicalizationMethod',
    'SignatureMethod',
    'Reference',
  ])
  algorithm(canonicalization, C14N)
  algorithm(method, ECDSA_SHA384)
  only(reference, ['URI'])
  if (attribute(reference, 'URI') !== '')
    throw bad('malformed', 'a reference to something else', 'a reference to the whole document, URI=""', 'Reference')
  const [transforms, digestMethod, digestValue] = children(reference, ['Transforms', 'DigestMethod', 'DigestValue'])
  readTransforms(transforms)
  algorithm(digestMethod, SHA384)
  return base64(digestValue, 48)
}

// Without the second one, Canonical XML 1.0 is implied, which says the same of what our reader lets through.
function readTransforms(transforms: XmlElement): void {
  const steps = elements(transforms)
  const wanted = [ENVELOPED, C14N]
  if (
    steps.length === 0 ||
    steps.length > wanted.length ||
    attribute(steps[0] as XmlElement, 'Algorithm') !== ENVELOPED
  )
    throw bad('unsupported-algorithm', 'other transforms', `${ENVELOPED} and ${C14N}`, 'Transforms')
  steps.forEach((step, i) => {
    if (step.namespace !== DS || step.local !== 'Transform')
      throw bad('malformed', step.local, 'Transform', 'Transforms')
    algorithm(step, wanted[i] as string)
  })
}

function readCertificates(keyInfo: XmlElement): readonly Uint8Array[] {
  const [data] = children(keyInfo, ['X509Data'])
  const all = elements(data)
  if (all.length === 0 || all.length > MAX_CERTIFICATES)
    throw bad('malformed', `${all.length} certificates`, `1 to ${MAX_CERTIFICATES}`, 'X509Data')
  return all.map((one) => {
    if (one.namespace !== DS || one.local !== 'X509Certificate')
      throw bad('malformed', one.local, 'X509Certificate', 'X509Data')
    return base64(one)
  })
}

function algorithm(element: XmlElement, wanted: string): void {
  const found = attribute(element, 'Algorithm')
  if (found !== wanted)
    throw bad('unsupported-algorithm', JSON.stringify(found?.slice(0, 64) ?? ''), wanted, element.local)
  only(element, ['Algorithm'])
  if (elements(element).length > 0) throw bad('unsupported-algorithm', 'parameters', 'none', element.local)
}

function only(element: XmlElement, names: readonly string[]): void {
  const stranger = element.attributes.find(
    ({ local, namespace }) => namespace !== '' || !(local === 'Id' || names.includes(local)),
  )
  if (stranger !== undefined) throw bad('malformed', `the attribute ${stranger.name}`, names.join(', '), element.local)
}

/** Child elements, which must be these and no others, in this order. */
function children<const N extends readonly string[]>(
  element: XmlElement,
  names: N,
): { readonly [I in keyof N]: XmlElement } {
  const found = elements(element)
  const fits = found.length === names.length && found.every((one, i) => one.namespace === DS && one.local === names[i])
  if (!fits)
    throw bad(
      'malformed',
      found
        .map((one) => one.local)
        .join(', ')
        .slice(0, 64),
      names.join(', '),
      element.local,
    )
  // Just compared, one by one.
  return found as unknown as { readonly [I in keyof N]: XmlElement }
}

function elements(element: XmlElement): readonly XmlElement[] {
  const found: XmlElement[] = []
  for (const child of element.children) {
    if (typeof child !== 'string') found.push(child)
    else if (/[^ \t\n\r]/.test(child)) throw bad('malformed', 'text', 'elements only', element.local)
  }
  return found
}

function attribute(element: XmlElement, name: string): string | undefined {
  return element.attributes.find(({ local, namespace }) => local === name && namespace === '')?.value
}

function base64(element: XmlElement, length?: number): Uint8Array {
  let text = ''
  for (const child of element.children) {
    if (typeof child !== 'string') throw bad('malformed', `an element ${child.local}`, 'text', element.local)
    text += child
  }
  const bytes = decodeBase64(text)
  if (bytes === undefined || bytes.length === 0 || (length !== undefined && bytes.length !== length))
    throw bad(
      'malformed',
      `${bytes?.length ?? 'no'} bytes of base64`,
      `${length ?? 'some'} bytes of base64`,
      element.local,
    )
  return bytes
}

function bad(
  code: 'malformed' | 'unsupported-algorithm',
  found: string,
  expected: string,
  field: string,
): EvidenceError {
  return refuse(`manifest.${field}`, found, expected, 0, code)
}
