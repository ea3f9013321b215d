import { fromHex, toHex } from '../core/bytes.ts'
import { type EvidenceError, refuse } from '../core/errors.ts'
import { frame } from '../core/frame.ts'
import { isRecord } from '../core/input.ts'
import { parseBounded } from '../core/json-bound.ts'
import type { PcrValues } from '../tpm/boot/measured-log.ts'
import { readPcrs, samePcrs } from '../tpm/evidence.ts'
import { decodeBase64 } from '../x509/pem.ts'
import { beginsLikeHcl } from './hcl.ts'

/** Evidence of an Azure confidential VM, in its parts. */
export interface AzureEvidence {
  /** NV index 0x01400001. */
  readonly hclReport: Uint8Array
  /** A quote of the vTPM: TPMS_ATTEST, and the bare RSASSA signature with SHA-256 over it. */
  readonly quote?: { readonly message: Uint8Array; readonly signature: Uint8Array; readonly pcrs?: PcrValues }
  /** TDX: the quote that Azure's host made of the TDREPORT. */
  readonly tdQuote?: Uint8Array
  /** SNP: the chip's certificate, DER or PEM. */
  readonly vcek?: Uint8Array
  readonly eventLog?: Uint8Array
}

const MAX_JSON = 32 * 1024 * 1024

/** Evidence that the caller cannot change, and all of it as one byte string: what a verdict names it by. */
export interface OwnAzure {
  readonly parts: AzureEvidence
  readonly whole: Uint8Array
  /** PCR values as they stand in `whole`. */
  readonly pcrText: Uint8Array | undefined
}

/**
 * Copies evidence.
 * @param known evidence of the same boot; PCR values that are the same need not be read again
 * @throws EvidenceError for PCR values that are none
 */
export function ownAzure(input: AzureEvidence, known: OwnAzure | undefined): OwnAzure {
  const given = input.quote?.pcrs
  const before = known?.parts.quote?.pcrs
  const same = given !== undefined && samePcrs(given, before)
  const pcrs = same ? before : given === undefined ? undefined : readPcrs(given)
  const pcrText = same ? known?.pcrText : pcrs && new TextEncoder().encode(JSON.stringify(pcrs))
  const { whole, views } = frame([
    [0, input.hclReport],
    [1, input.quote?.message],
    [2, input.quote?.signature],
    [3, pcrText],
    [4, input.tdQuote],
    [5, input.vcek],
    [6, input.eventLog],
  ])
  const [hclReport = NOTHING, message = NOTHING, signature = NOTHING, , tdQuote, vcek, eventLog] = views
  const parts: Writable = { hclReport }
  if (input.quote !== undefined)
    parts.quote = pcrs === undefined ? { message, signature } : { message, signature, pcrs }
  if (tdQuote !== undefined) parts.tdQuote = tdQuote
  if (vcek !== undefined) parts.vcek = vcek
  if (eventLog !== undefined) parts.eventLog = eventLog
  return { parts, whole, pcrText }
}

type Writable = { -readonly [K in keyof AzureEvidence]: AzureEvidence[K] }
const NOTHING: Uint8Array = new Uint8Array(0)

/**
 * Reads evidence in one piece: a JSON form (see {@link parseAzureJson}), or an HCL report alone, which no quote of the
 * vTPM came with.
 *
 * @throws EvidenceError that names the member
 */
export function parseAzureEvidence(bytes: Uint8Array): AzureEvidence {
  return beginsLikeHcl(bytes) ? { hclReport: bytes } : parseAzureJson(bytes)
}

/**
 * Reads the JSON forms in which guests send evidence: version 0 (numbers in lists, PEM), versions 1 and 2
 * (`hcl_report` and certificates in base64url, the quote in hex), either inside of `{ platform, evidence }`.
 *
 * @see Confidential Containers guest components, attesters az-snp-vtpm and az-tdx-vtpm
 * @throws EvidenceError that names the member
 */
export function parseAzureJson(json: Uint8Array): AzureEvidence {
  if (json.length > MAX_JSON) throw bad('too-large', 'json', `${json.length} bytes`, `at most ${MAX_JSON} bytes`)
  const outer = record(parseBounded(json, 'azure.json'), 'json')
  const inner =
    outer['platform'] !== undefined && outer['evidence'] !== undefined ? record(outer['evidence'], 'evidence') : outer
  const version = inner['version'] ?? 0
  if (version !== 0 && version !== 1 && version !== 2)
    throw bad('unsupported-version', 'version', 'another version', '0, 1 or 2')
  const hclReport = bytesOf(inner['hcl_report'] ?? inner['report'], 'hcl_report')
  const quote = readQuote(inner['tpm_quote'] ?? inner['quote'])
  const tdQuote = inner['td_quote'] === undefined ? undefined : bytesOf(inner['td_quote'], 'td_quote')
  const vcek = inner['vcek'] === undefined ? undefined : certificateOf(inner['vcek'])
  return { hclReport, quote, ...(tdQuote === undefined ? {} : { tdQuote }), ...(vcek === undefined ? {} : { vcek }) }
}

function readQuote(value: unknown): NonNullable<AzureEvidence['quote']> {
  const quote = record(value, 'tpm_quote')
  const message = hexOrNumbers(quote['message'], 'tpm_quote.message')
  const signature = withoutHead(hexOrNumbers(quote['signature'], 'tpm_quote.signature'))
  return quote['pcrs'] === undefined ? { message, signature } : { message, signature, pcrs: pcrsOf(quote['pcrs']) }
}

/** TPMT_SIGNATURE of RSASSA with SHA-256: both ids, and the size of the signature. */
const RSASSA_SHA256: readonly number[] = [0x00, 0x14, 0x00, 0x0b]
const HEAD = 6

// As the TPM answers it, where the attester left the signature in its structure.
function withoutHead(signature: Uint8Array): Uint8Array {
  const size = signature.length - HEAD
  const head = [...RSASSA_SHA256, size >> 8, size & 0xff]
  return size > 0 && head.every((byte, i) => signature[i] === byte) ? signature.subarray(HEAD) : signature
}

// All 24 registers of the SHA-256 bank, in their order, or those of an object by number.
function pcrsOf(value: unknown): PcrValues {
  if (isRecord(value)) return readPcrs({ sha256: value })
  if (!Array.isArray(value) || value.length !== 24)
    throw bad('malformed', 'tpm_quote.pcrs', 'another value', 'a list of 24 values')
  const values: Record<string, string> = {}
  for (const [i, one] of value.entries()) values[String(i)] = toHex(hexOrNumbers(one, `tpm_quote.pcrs[${i}]`))
  return readPcrs({ sha256: values })
}

function hexOrNumbers(value: unknown, field: string): Uint8Array {
  const bytes = typeof value === 'string' ? fromHex(value) : numbersOf(value)
  if (bytes === undefined) throw bad('malformed', field, 'another value', 'hex, or a list of bytes')
  return bytes
}

function bytesOf(value: unknown, field: string): Uint8Array {
  const bytes = typeof value === 'string' ? decodeBase64(value) : numbersOf(value)
  if (bytes === undefined) throw bad('malformed', field, 'another value', 'base64url, or a list of bytes')
  return bytes
}

function certificateOf(value: unknown): Uint8Array {
  if (typeof value === 'string' && value.startsWith('-----BEGIN ')) return new TextEncoder().encode(value)
  return bytesOf(value, 'vcek')
}

function numbersOf(value: unknown): Uint8Array | undefined {
  if (!Array.isArray(value)) return undefined
  const bytes = new Uint8Array(value.length)
  for (let i = 0; i < value.length; i++) {
    const one: unknown = value[i]
    if (typeof one !== 'number' || !Number.isInteger(one) || one < 0 || one > 255) return undefined
    bytes[i] = one
  }
  return bytes
}

function record(value: unknown, field: string): Readonly<Record<string, unknown>> {
  if (!isRecord(value)) throw bad('malformed', field, 'another value', 'an object')
  return Object.fromEntries(Object.entries(value))
}

function bad(code: EvidenceError['code'], field: string, found: string, expected: string): EvidenceError {
  return refuse(`azure.${field}`, found, expected, 0, code)
}
