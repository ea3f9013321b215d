import { equalBytes } from '../core/bytes.ts'
import type { Certificate, Extension } from '../x509/certificate.ts'
import { readSerial } from '../x509/certificate.ts'
import { DerReader, TAG } from '../x509/der.ts'
import { readName } from '../x509/name.ts'

const SUBJECT_KEY_ID = '2.5.29.14'
const AUTHORITY_KEY_ID = '2.5.29.35'

/**
 * Whether an object's authority key identifier, if it has one, names this issuer: its subject key
 * identifier, and its own issuer and serial number where they are given.
 *
 * @see RFC 5280, section 4.2.1.1
 */
export function namesIssuer(extensions: ReadonlyMap<string, Extension>, issuer: Certificate): boolean {
  const extension = extensions.get(AUTHORITY_KEY_ID)
  if (extension === undefined) return true
  try {
    const outer = new DerReader(extension.value, 'authorityKeyIdentifier')
    const fields = outer.inside(TAG.sequence, 'value')
    outer.finish('value')
    while (!fields.done) if (!fieldFits(fields, issuer)) return false
    return true
  } catch {
    // An identifier that cannot be read names nobody.
    return false
  }
}

function fieldFits(fields: DerReader, issuer: Certificate): boolean {
  const tag = fields.peek()
  if (tag === 0x82) {
    const element = fields.any('serial')
    const content = fields.content(element)
    return serialOf(content) === issuer.serial
  }
  if (tag === 0xa1) {
    const names = fields.inside(0xa1, 'issuer')
    if (names.peek() !== 0xa4) return false
    const directory = names.inside(0xa4, 'issuer.directoryName')
    return readName(directory, 'issuer.directoryName').key === issuer.issuer.key
  }
  const element = fields.any('keyIdentifier')
  const known = subjectKeyId(issuer)
  return element.tag === 0x80 && (known === undefined || equalBytes(fields.content(element), known))
}

function serialOf(content: Uint8Array): string {
  const der = new Uint8Array(2 + content.length)
  der.set([TAG.integer, content.length])
  der.set(content, 2)
  return readSerial(new DerReader(der, 'serial'))
}

function subjectKeyId({ extensions }: Certificate): Uint8Array | undefined {
  const extension = extensions.get(SUBJECT_KEY_ID)
  if (extension === undefined) return undefined
  const outer = new DerReader(extension.value, 'subjectKeyIdentifier')
  return outer.content(outer.element(TAG.octetString, 'value'))
}
