import { toHex } from '../core/bytes.ts'
import { decodeBase64 } from '../x509/pem.ts'
import { isMembers } from './snp-structure.ts'

// Newer attesters repeat the report data beside the quote, which has it signed.
const MEMBERS: readonly string[] = ['tpm_quote', 'ak_public', 'report_data', 'event_log', 'ak_certificates']
const SHA256_BASE64 = 44

/**
 * The `tpm` evidence of the KBS protocol as the form that a TPM's verifier reads: byte strings in base64, PCR values
 * in hex or base64, all of the SHA-256 bank by position, or of other banks by name and number.
 *
 * @see KBS protocol, section 6; the members `event_log` and `ak_certificates` are of this project's attester
 * @param json text that is known to be JSON
 * @returns undefined when it is another form; what is wrong with its values, the reader of that form says
 */
export function tpmOfKbs(json: string): Uint8Array | undefined {
  const value: unknown = JSON.parse(json)
  if (!isMembers(value) || !isMembers(value['tpm_quote'])) return undefined
  if (Object.keys(value).some((name) => !MEMBERS.includes(name))) return undefined
  const { message, signature, pcrs } = value['tpm_quote']
  const tpm = {
    message,
    signature,
    akPublic: withoutPem(value['ak_public']),
    pcrs: Array.isArray(pcrs) ? { sha256: byNumber(pcrs) } : (pcrs ?? undefined),
    eventLog: value['event_log'] ?? undefined,
    certificates: value['ak_certificates'] ?? undefined,
  }
  return new TextEncoder().encode(JSON.stringify({ tpm }))
}

function byNumber(values: readonly unknown[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(values.map((one, i) => [String(i), hexOf(one)]))
}

function hexOf(value: unknown): unknown {
  const bytes = typeof value === 'string' && value.length === SHA256_BASE64 ? decodeBase64(value) : undefined
  return bytes === undefined ? value : toHex(bytes)
}

function withoutPem(value: unknown): unknown {
  const body =
    typeof value === 'string'
      ? /^\s*-----BEGIN PUBLIC KEY-----([A-Za-z0-9+/=\s]{1,8192})-----END PUBLIC KEY-----\s*$/.exec(value)?.[1]
      : undefined
  return body === undefined ? (value ?? undefined) : body.replace(/\s/g, '')
}
