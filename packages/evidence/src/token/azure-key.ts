import { concatBytes, equalBytes, toHex } from '../core/bytes.ts'
import { fail, notApplicable, pass, REPLACE_EVIDENCE } from '../core/engine.ts'
import type { Finding } from '../core/verdict.ts'
import { type DigestJob, sha256 } from '../crypto/jobs.ts'
import type { Certificate } from '../x509/certificate.ts'

/** The extension in which Azure's attestation service carries a quote of itself. */
export const AZURE_QUOTE_EXTENSION = '1.3.6.1.4.1.311.105.1'

/** Open Enclave's report header: version 1, type 2, length, all little-endian. */
const HEADER = 16
/** Report data in an SGX quote: a header of 48 bytes, then 320 bytes of the enclave report. */
const REPORT_DATA = HEADER + 48 + 320
const QUOTE_MIN = REPORT_DATA + 64

/** What a signing certificate of the service says of the enclave that has its key. */
export interface AzureKeyQuote {
  /** An SGX quote, to be verified by whoever wants a second anchor. */
  readonly quote: Uint8Array
  /** Its report data, 64 bytes. */
  readonly reportData: Uint8Array
  /** SHA-256 of the key in PEM and a zero byte: what the report data begins with, and the key id in base64. */
  readonly digest: DigestJob
}

/** The quote in a certificate of the service; undefined when it has none, or one in another form. */
export function azureKeyQuote(certificate: Certificate): AzureKeyQuote | undefined {
  const value = certificate.extensions.get(AZURE_QUOTE_EXTENSION)?.value
  if (value === undefined || value.length < QUOTE_MIN) return undefined
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength)
  const length = view.getBigUint64(8, true)
  if (view.getUint32(0, true) !== 1 || view.getUint32(4, true) !== 2 || length > BigInt(value.length - HEADER))
    return undefined
  return {
    quote: value.subarray(HEADER, HEADER + Number(length)),
    reportData: value.subarray(REPORT_DATA, QUOTE_MIN),
    digest: sha256(concatBytes(pemOf(certificate.spki), Uint8Array.of(0))),
  }
}

function pemOf(spki: Uint8Array): Uint8Array {
  const base64 = btoa(String.fromCharCode(...spki)).replace(/(.{64})/g, '$1\n')
  const body = base64.endsWith('\n') ? base64 : `${base64}\n`
  return new TextEncoder().encode(`-----BEGIN PUBLIC KEY-----\n${body}-----END PUBLIC KEY-----\n`)
}

/** Whether the key is the one that the service's own enclave vouches for. Its quote is not verified here. */
export function keyQuoteFinding(quote: AzureKeyQuote | undefined): Finding {
  if (quote === undefined) return notApplicable('the key has no certificate with a quote of the service')
  const { reportData, digest } = quote
  const bound = digest.result !== undefined && equalBytes(reportData.subarray(0, 32), digest.result)
  const details = { expected: toHex(digest.result ?? new Uint8Array(0)).padEnd(128, '0'), actual: toHex(reportData) }
  return bound && reportData.subarray(32).every((byte) => byte === 0)
    ? pass(
        'the quote in the certificate of the key names this key; whether the quote is genuine was not asked',
        details,
      )
    : fail('the quote in the certificate of the key names another key', REPLACE_EVIDENCE, details)
}
