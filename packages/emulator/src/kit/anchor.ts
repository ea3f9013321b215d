import { type KeyPair, spkiSha256 } from './keys.ts'

/** A trust anchor as verifiers take it; always marked as emulated. */
export interface ExampleAnchor {
  readonly id: string
  readonly name: string
  readonly vendor: string
  /** SHA-256 of the root's SubjectPublicKeyInfo in lower-case hex. */
  readonly spkiSha256: string
  readonly emulated: true
}

/** Span of time in which lists and signed documents are valid. */
export interface Window {
  readonly from: Date
  readonly to: Date
}

/** The trust anchor of a root key of this kit. */
export function exampleAnchor(id: string, name: string, key: KeyPair): ExampleAnchor {
  return { id, name, vendor: 'Sekisho test kit', spkiSha256: spkiSha256(key), emulated: true }
}

/** The time at which evidence is made and judged unless a caller says otherwise. */
export const DEFAULT_AT: Date = new Date('2026-06-15T12:00:00Z')

/** Validity of lists and signed documents around {@link DEFAULT_AT} unless a caller says otherwise. */
export const DEFAULT_WINDOW: Window = { from: new Date('2026-06-01T00:00:00Z'), to: new Date('2026-07-01T00:00:00Z') }

/** Validity of CA certificates unless a caller says otherwise. */
export const CA_VALIDITY: { readonly notBefore: Date; readonly notAfter: Date } = {
  notBefore: new Date('2020-01-01T00:00:00Z'),
  notAfter: new Date('2049-12-31T23:59:59Z'),
}
