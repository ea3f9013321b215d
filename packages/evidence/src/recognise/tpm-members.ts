import { fromHex } from '../core/bytes.ts'
import { readPcrs } from '../tpm/evidence.ts'
import { readKey } from '../tpm/plan.ts'
import { parseAttest } from '../tpm-structures/attest.ts'
import { parseSignature } from '../tpm-structures/signature.ts'
import { parseCertificate } from '../x509/certificate.ts'
import { decodeBase64, decodePem } from '../x509/pem.ts'
import { WIDE } from '../x509/wide-algorithms.ts'
import { isMembers } from './snp-structure.ts'
import { base64, type OtherQuote, pcrsOfTools, quoteOf } from './tpm-others.ts'
import { tried } from './tried.ts'

/** A TPMS_ATTEST of the type quote in hexadecimal, base64 or base64url. */
const QUOTE = /^\s*(?:(?:0x)?ff5443478018[0-9a-f]|[/_]1RDR4AY[\w+/-])/i
const MAX_MEMBERS = 256
/** Names that tell the keys of a TPM apart, where their values do not. */
const OF_AK = /ak|ik|attest|quote/i
const OF_EK = /ek|endors/i

interface Member {
  readonly name: string
  readonly value: unknown
}

/** Whether a member of an object, or of an object in it, begins like a quote. */
export function mayHoldQuote(value: unknown): boolean {
  return quotesIn(membersOf(value)).length > 0
}

/**
 * A TPM's quote in an object that no project here is known to write: told by what its members hold, and not by their
 * names. The quote and its signature, and what there is of key, certificates, PCR values and event log, lie in the
 * object or in an object in it.
 *
 * @see TCG TPM 2.0 Library, part 2, sections 10.12.12 (TPMS_ATTEST) and 11.3.4 (TPMT_SIGNATURE)
 * @returns undefined unless there is one quote, and one signature
 */
export function quoteOfMembers(value: unknown): OtherQuote | undefined {
  const members = membersOf(value)
  const [quote, second] = quotesIn(members)
  const message = quote === undefined || second !== undefined ? undefined : bytesOf(quote.value)
  const bank = message && tried(() => parseAttest(message))?.quote?.selections[0]?.bank
  if (message === undefined || bank === undefined) return undefined
  const [signature, another] = members.filter((one) => one !== quote && reads(one, parseSignature))
  if (signature === undefined || another !== undefined) return undefined
  const key = ofAttestation(members.filter((one) => reads(one, readKey)))
  const certificate = ofAttestation(members.filter(({ value }) => certificatesIn(value).length > 0))
  const pcrs = members.find((one) => valuesIn(one.value, bank) !== undefined)
  const log = members.find(({ value }) => isLog(value))
  const taken = [quote, signature, key, certificate, pcrs, log]
  const others = members.filter((one) => !taken.includes(one) && !members.some((inner) => isIn(inner, one)))
  return quoteOf(
    {
      message: base64(message),
      signature: encoded(signature),
      akPublic: key && encoded(key),
      certificates: certificate && certificatesIn(certificate.value).map(base64),
      pcrs: pcrs && valuesIn(pcrs.value, bank),
      eventLog: log && encoded(log),
    },
    others.length === 0 ? [] : [`what lies around it: ${others.slice(0, 12).map(nameOf).join(', ')}`],
  )
}

function membersOf(value: unknown): readonly Member[] {
  if (!isMembers(value)) return []
  const own = Object.entries(value).map(([name, one]) => ({ name, value: one }))
  const inner = own.flatMap((one) => (isMembers(one.value) ? Object.entries(one.value) : []))
  return [...own, ...inner.map(([name, one]) => ({ name, value: one }))].slice(0, MAX_MEMBERS)
}

function isIn({ name, value }: Member, outer: Member): boolean {
  return isMembers(outer.value) && Object.hasOwn(outer.value, name) && outer.value[name] === value
}

function quotesIn(members: readonly Member[]): readonly Member[] {
  return members.filter(({ value }) => typeof value === 'string' && QUOTE.test(value))
}

const PEM_KEY = 'PUBLIC KEY'
const PEM_CERTIFICATE = 'CERTIFICATE'

/** The bytes of text in hexadecimal or base64, or of a key in PEM. */
function bytesOf(value: unknown): Uint8Array | undefined {
  if (typeof value !== 'string') return undefined
  const text = value.trim()
  if (text.startsWith('-----')) return tried(() => decodePem(text, PEM_KEY, 'key'))?.[0]
  return fromHex(text.replace(/^0x/i, '')) ?? decodeBase64(text)
}

function encoded({ value }: Member): string | undefined {
  const bytes = bytesOf(value)
  return bytes && base64(bytes)
}

/** Shorter text is names and digests, longer is logs. */
const SHORTEST = 64
const LONGEST = 8192

function reads({ value }: Member, read: (bytes: Uint8Array) => unknown): boolean {
  if (typeof value !== 'string' || value.length < SHORTEST || value.length > LONGEST) return false
  const bytes = bytesOf(value)
  return bytes !== undefined && tried(() => read(bytes)) !== undefined
}

// Of several keys the one whose name says so: a TPM's endorsement key signs nothing.
function ofAttestation(found: readonly Member[]): Member | undefined {
  const named = found.filter(({ name }) => !OF_EK.test(name))
  const [only, second] = named.length > 1 ? named.filter(({ name }) => OF_AK.test(name)) : named
  return second === undefined ? only : undefined
}

function certificatesIn(value: unknown): readonly Uint8Array[] {
  if (typeof value === 'string' && value.trimStart().startsWith('-----'))
    return tried(() => decodePem(value, PEM_CERTIFICATE, 'certificates'))?.filter(isCertificate) ?? []
  const list = Array.isArray(value) ? value.slice(0, 16) : [value]
  const found = list.flatMap((one) =>
    typeof one !== 'string' || one.length < SHORTEST || one.length > LONGEST
      ? []
      : one.startsWith('-----')
        ? [...certificatesIn(one)]
        : [bytesOf(one) ?? new Uint8Array(0)],
  )
  return found.every(isCertificate) ? found : []
}

function isCertificate(der: Uint8Array): boolean {
  return der[0] === 0x30 && tried(() => parseCertificate(der, [], WIDE)) !== undefined
}

/** PCR values: by bank and number, by number, by position, as a list that names the numbers, or as tpm2-tools write them. */
function valuesIn(value: unknown, bank: string): unknown {
  if (typeof value === 'string') {
    const blob = value.length > 700 ? decodeBase64(value) : undefined
    return blob && tried(() => pcrsOfTools(blob))
  }
  const all = isMembers(value) ? value : undefined
  const listed = Array.isArray(value) ? Object.fromEntries(value.map(numbered)) : all
  if (listed === undefined || Object.keys(listed).length === 0) return undefined
  return tried(() => readPcrs(listed)) ?? tried(() => readPcrs({ [bank]: listed }))
}

function numbered(one: unknown, position: number): readonly [string, unknown] {
  if (!isMembers(one)) return [String(position), one]
  const values = Object.values(one)
  const number = values.find((value) => typeof value === 'number')
  const digest = values.find((value) => typeof value === 'string' && /^(?:[0-9a-f]{2}){20,64}$/i.test(value))
  return [String(number), digest]
}

// TCG_EfiSpecIdEvent is the first event.
function isLog(value: unknown): boolean {
  const head = typeof value === 'string' ? decodeBase64(value.slice(0, 64)) : undefined
  return head !== undefined && String.fromCharCode(...head.subarray(32, 45)) === 'Spec ID Event'
}

function nameOf({ name }: Member): string {
  return JSON.stringify(name.slice(0, 32))
}
