import { refuse } from '../core/errors.ts'
import { frame } from '../core/frame.ts'
import { isRecord } from '../core/input.ts'
import { parseBounded } from '../core/json-bound.ts'
import { TPM_HASHES } from '../tpm-structures/algorithms.ts'
import { decodeBase64 } from '../x509/pem.ts'
import { PCR_COUNT, type PcrValues } from './boot/measured-log.ts'

/**
 * A quote and what came with it. Everything is verified, or believed only as far as it is covered:
 * nothing here needs to come from a trusted place.
 */
export interface TpmEvidence {
  /** TPMS_ATTEST, exactly as signed. */
  readonly message: Uint8Array
  /** TPMT_SIGNATURE. */
  readonly signature: Uint8Array
  /** The attestation key: TPMT_PUBLIC, TPM2B_PUBLIC, or DER SubjectPublicKeyInfo. */
  readonly akPublic?: Uint8Array
  /** Values of PCRs in hex, by bank and index. */
  readonly pcrs?: PcrValues
  /** The firmware's event log, Windows' log (WBCL) included. */
  readonly eventLog?: Uint8Array
  /** DER: the certificate of the AK first, then those above it. */
  readonly certificates?: readonly Uint8Array[]
}

/** Longest JSON text that is read. */
export const MAX_TPM_JSON: number = 32 * 1024 * 1024
/** Most certificates that are looked at. */
export const MAX_CERTIFICATES = 16

/** Evidence that the caller cannot change, and all of it as one byte string: what a verdict names it by. */
export interface OwnEvidence {
  readonly parts: TpmEvidence
  readonly whole: Uint8Array
  /** PCR values as they stand in `whole`. */
  readonly pcrText: Uint8Array | undefined
}

/**
 * Copies evidence, with its PCR values checked and in lower case.
 * @param known evidence of before: the same PCR values need not be read again
 * @throws EvidenceError
 */
export function ownEvidence(input: TpmEvidence, known?: OwnEvidence): OwnEvidence {
  const { certificates = [] } = input
  if (certificates.length > MAX_CERTIFICATES)
    throw refuse('certificates', `${certificates.length} certificates`, `at most ${MAX_CERTIFICATES}`, 0, 'too-large')
  const same = known !== undefined && samePcrs(input.pcrs, known.parts.pcrs)
  const pcrs = same ? known.parts.pcrs : input.pcrs === undefined ? undefined : readPcrs(input.pcrs)
  const text = same ? known.pcrText : pcrs && new TextEncoder().encode(pcrText(pcrs))
  const { whole, views } = frame([
    [1, input.message],
    [2, input.signature],
    [3, input.akPublic],
    [4, text],
    [5, input.eventLog],
    ...certificates.map((der) => [6, der] as const),
  ])
  const [message, signature, akPublic, , eventLog, ...ders] = views as readonly Uint8Array[]
  const parts: Writable = {
    message: message ?? NOTHING,
    signature: signature ?? NOTHING,
    certificates: ders,
  }
  if (akPublic !== undefined) parts.akPublic = akPublic
  if (pcrs !== undefined) parts.pcrs = pcrs
  if (eventLog !== undefined) parts.eventLog = eventLog
  return { parts, whole, pcrText: text }
}

type Writable = { -readonly [K in keyof TpmEvidence]: TpmEvidence[K] }
const NOTHING: Uint8Array = new Uint8Array(0)

/** Whether PCR values are the very ones that were read before, in the order in which they were written then. */
export function samePcrs(given: PcrValues | undefined, read: PcrValues | undefined): boolean {
  if (given === undefined || read === undefined) return given === read
  const banks = Object.keys(read)
  return (
    Object.keys(Object(given)).join() === banks.join() &&
    banks.every((bank) => sameValues(Object(given[bank]), read[bank] ?? {}))
  )
}

function sameValues(given: Readonly<Record<string, unknown>>, read: Readonly<Record<string, unknown>>): boolean {
  for (let i = 0; i < PCR_COUNT; i++) if (given[i] !== read[i]) return false
  return Object.keys(given).length === Object.keys(read).length
}

function pcrText(pcrs: PcrValues): string {
  const lines: string[] = []
  for (const { name } of TPM_HASHES) {
    for (let i = 0; i < PCR_COUNT; i++) {
      const value = pcrs[name]?.[String(i)]
      if (value !== undefined) lines.push(`${name}:${i}:${value}`)
    }
  }
  return lines.join('\n')
}

/**
 * Reads PCR values: an object from bank to an object from index to hex.
 * @throws EvidenceError that names the value which is none
 */
export function readPcrs(value: unknown): PcrValues {
  const banks: Record<string, Record<string, string>> = {}
  for (const [bank, list] of members(value, 'pcrs')) {
    const size = TPM_HASHES.find(({ name }) => name === bank)?.size
    if (size === undefined)
      throw refuse(
        'pcrs',
        quote(bank),
        `one of ${TPM_HASHES.map(({ name }) => name).join(', ')}`,
        0,
        'unsupported-algorithm',
      )
    const values: Record<string, string> = {}
    for (const [index, one] of members(list, `pcrs.${bank}`)) {
      if (!/^(?:1?\d|2[0-3])$/.test(index)) throw refuse(`pcrs.${bank}`, quote(index), 'a PCR number from 0 to 23')
      if (typeof one !== 'string' || one.length !== 2 * size || !/^[0-9a-fA-F]*$/.test(one)) {
        throw refuse(`pcrs.${bank}.${index}`, 'another value', `${size} bytes in hex`)
      }
      values[index] = one.toLowerCase()
    }
    banks[bank] = values
  }
  return banks
}

const MEMBERS: readonly string[] = ['message', 'signature', 'akPublic', 'pcrs', 'eventLog', 'certificates']

/**
 * Reads evidence from JSON: `{ "tpm": { message, signature, akPublic, pcrs, eventLog, certificates } }` with
 * byte strings in base64 or base64url, PCR values in hex by bank and index, and certificates as a list.
 *
 * @throws EvidenceError
 */
export function parseTpmJson(json: Uint8Array): TpmEvidence {
  if (json.length > MAX_TPM_JSON)
    throw refuse('tpm', `${json.length} bytes`, `at most ${MAX_TPM_JSON} bytes`, 0, 'too-large')
  const outer = members(parseBounded(json, 'json'), 'json')
  const [first] = outer
  if (first === undefined || outer.length !== 1 || first[0] !== 'tpm')
    throw refuse('json', 'another object', 'one member, `tpm`', 0, 'unsupported-kind')
  const inner = members(first[1], 'tpm')
  for (const [name] of inner)
    if (!MEMBERS.includes(name)) throw refuse('tpm', quote(name), `no members beside ${MEMBERS.join(', ')}`)
  const found = Object.fromEntries(inner)
  const need = (name: string): Uint8Array => {
    const bytes = optional(name)
    if (bytes === undefined) throw refuse(`tpm.${name}`, 'nothing', 'base64', 0, 'truncated')
    return bytes
  }
  const optional = (name: string): Uint8Array | undefined =>
    found[name] === undefined ? undefined : base64(found[name], `tpm.${name}`)
  const akPublic = optional('akPublic')
  const eventLog = optional('eventLog')
  return {
    message: need('message'),
    signature: need('signature'),
    certificates: certificatesOf(found['certificates']),
    ...(akPublic === undefined ? {} : { akPublic }),
    ...(found['pcrs'] === undefined ? {} : { pcrs: readPcrs(found['pcrs']) }),
    ...(eventLog === undefined ? {} : { eventLog }),
  }
}

function certificatesOf(value: unknown): readonly Uint8Array[] {
  if (value === undefined) return []
  if (!Array.isArray(value) || value.length > MAX_CERTIFICATES)
    throw refuse('tpm.certificates', 'another value', `a list of at most ${MAX_CERTIFICATES}`)
  return value.map((one, i) => base64(one, `tpm.certificates[${i}]`))
}

function base64(value: unknown, field: string): Uint8Array {
  const bytes = typeof value === 'string' ? decodeBase64(value) : undefined
  if (bytes === undefined) throw refuse(field, 'another value', 'base64')
  return bytes
}

function members(value: unknown, field: string): readonly (readonly [string, unknown])[] {
  if (!isRecord(value)) throw refuse(field, 'another value', 'an object')
  return Object.entries(value)
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 32))
}
