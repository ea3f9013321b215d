import { type EvidenceError, refuse } from '../core/errors.ts'
import { decodeBase64 } from '../x509/pem.ts'

/** The error about a field of an archive or a report. */
export function bad(field: string, found: string, expected: string, code?: EvidenceError['code']): EvidenceError {
  return refuse(`ias.${field}`, found, expected, 0, code)
}

/** Bytes of a text that must be base64; `expected` in words. @throws EvidenceError */
export function base64In(text: string, field: string, expected = 'base64'): Uint8Array {
  const bytes = decodeBase64(text)
  if (bytes === undefined) throw bad(field, 'other text', expected)
  return bytes
}

/** Text of bytes that must be UTF-8; `expected` in words. @throws EvidenceError */
export function textIn(bytes: Uint8Array, field: string, expected: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    // The decoder's own words differ between runtimes.
    throw bad(field, 'bytes that are no UTF-8', expected)
  }
}
