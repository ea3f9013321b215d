import { fromHex } from '../core/bytes.ts'
import { EvidenceError } from '../core/errors.ts'
import { decodeBase64 } from '../x509/pem.ts'
import { jsonFault } from './json-error.ts'
import type { Opened } from './model.ts'
import { identifyIbmSe } from './sev-ibm.ts'

/** The text that `bytes` are, without a byte order mark; undefined when they hold control characters or are not UTF-8. */
export function textOf(bytes: Uint8Array): string | undefined {
  let end = bytes.length
  while (end > 0 && bytes[end - 1] === 0) end--
  for (let i = 0; i < end; i++) {
    const byte = bytes[i] as number
    if (byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d) return undefined
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, end))
  } catch {
    // Not UTF-8: then it is binary, which is what undefined says.
    return undefined
  }
}

/**
 * Takes one textual wrapper off.
 *
 * @param where names the text in errors
 * @throws EvidenceError that says at which byte what was expected, and what was tried
 */
export function openText(text: string, where: string): Opened {
  const start = text.search(/\S/)
  if (start < 0) throw unreadable(where, 0, 'nothing', 'evidence')
  const first = text.charAt(start)
  if (first === '{' || first === '[' || first === '"') return openJson(text, where)
  if (text.startsWith('-----BEGIN ', start)) return openPem(text, start, where)
  return openDigits(text, where)
}

function openJson(text: string, where: string): Opened {
  const fault = jsonFault(text)
  if (fault === undefined) return { name: 'JSON', inner: { json: JSON.parse(text) }, path: '' }
  throw new EvidenceError('malformed', found(text, fault.at), {
    field: `${where} (JSON)`,
    offset: byteOffset(text, fault.at),
    expected: fault.expected,
  })
}

function openPem(text: string, start: number, where: string): Opened {
  const line = /^-----BEGIN ([A-Z0-9 ]{1,64})-----/.exec(text.slice(start, start + 96))
  const field = `${where} (PEM)`
  const label = line?.[1]
  if (line === null || label === undefined)
    throw unreadable(field, byteOffset(text, start), 'an unusual first line', '`-----BEGIN …-----`')
  const document = label === 'CERTIFICATE' ? hostKeyDocument(text.slice(start)) : undefined
  if (document !== undefined) return { name: 'PEM CERTIFICATE', inner: { bytes: document }, path: '' }
  if (label.includes('CERTIFICATE') || label.includes('CRL') || label.includes('KEY')) {
    throw new EvidenceError('unsupported-kind', `a ${label}: that is collateral, not evidence`, {
      field,
      offset: start,
      expected: 'a report or quote',
    })
  }
  const from = start + line[0].length
  const to = text.indexOf(`-----END ${label}-----`, from)
  if (to < 0) throw unreadable(field, byteOffset(text, text.length), 'the end', `\`-----END ${label}-----\``)
  const body = text.slice(from, to)
  return { name: `PEM ${label}`, inner: { bytes: base64(body, text, from, field) }, path: '' }
}

/** A host key document, the one certificate that is evidence too, where it stands alone. */
function hostKeyDocument(pem: string): Uint8Array | undefined {
  const body = /^-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]{1,24000})-----END CERTIFICATE-----\s*$/.exec(pem)?.[1]
  const der = body === undefined ? undefined : decodeBase64(body)
  return der !== undefined && identifyIbmSe(der) !== undefined ? der : undefined
}

function base64(body: string, text: string, from: number, field: string): Uint8Array {
  const bytes = decodeBase64(body)
  if (bytes !== undefined) return bytes
  const bad = body.search(NOT_BASE64)
  const at = from + (bad < 0 ? body.length : bad)
  throw unreadable(field, byteOffset(text, at), bad < 0 ? 'padding that does not fit' : found(text, at), 'base64')
}

const NOT_HEX = /[^0-9a-fA-F\s:,]/
const NOT_BASE64 = /[^A-Za-z0-9+/_=\s-]/

function openDigits(text: string, where: string): Opened {
  // Kept as long as it was, so that offsets stay true.
  const plain = text.replace(/(^|[\s,:])0[xX]/g, '$1  ')
  const noHex = plain.search(NOT_HEX)
  if (noHex < 0) {
    const bytes = fromHex(plain.replace(/[\s:,]+/g, ''))
    if (bytes !== undefined) return { name: 'hexadecimal', inner: { bytes }, path: '' }
  }
  const noBase64 = text.search(NOT_BASE64)
  if (noBase64 < 0) {
    const bytes = decodeBase64(text)
    if (bytes !== undefined) return { name: 'base64', inner: { bytes }, path: '' }
  }
  throw digitFault(text, where, noHex, noBase64)
}

// Neither: whichever it was nearly is what the writer meant.
function digitFault(text: string, where: string, noHex: number, noBase64: number): EvidenceError {
  const end = byteOffset(text, text.length)
  if (noHex < 0) return unreadable(where, end, 'the end after an odd number of hexadecimal digits', 'one digit more')
  const strangers = (text.match(new RegExp(NOT_HEX, 'g')) ?? []).length
  const nearlyHex = strangers * 8 <= text.length
  if (nearlyHex) return unreadable(where, byteOffset(text, noHex), found(text, noHex), 'a hexadecimal digit')
  if (noBase64 < 0)
    return unreadable(where, end, 'the end of base64 text whose length or padding does not fit', 'base64 to its end')
  return unreadable(where, byteOffset(text, noBase64), found(text, noBase64), 'a base64 character')
}

function unreadable(field: string, offset: number, what: string, expected: string): EvidenceError {
  return new EvidenceError('malformed', what, {
    field,
    offset,
    expected: `${expected}; tried: raw report or quote, hexadecimal, base64, PEM, JSON`,
  })
}

/** The character at `index` as it may be shown. */
function found(text: string, index: number): string {
  const code = text.codePointAt(index)
  if (code === undefined) return 'the end'
  return code > 0x20 && code < 0x7f
    ? `the character ${JSON.stringify(String.fromCodePoint(code))}`
    : `the character U+${code.toString(16).toUpperCase().padStart(4, '0')}`
}

function byteOffset(text: string, index: number): number {
  return new TextEncoder().encode(text.slice(0, index)).length
}
