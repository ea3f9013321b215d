import { fromHex, toHex } from '../core/bytes.ts'
import { ecSpki } from '../crypto/ec-key.ts'
import type { PcrValues } from '../tpm/boot/measured-log.ts'
import { readPcrs } from '../tpm/evidence.ts'
import { hashSize, type TpmHash } from '../tpm-structures/algorithms.ts'
import { type Attest, type PcrSelection, parseAttest, type QuoteInfo } from '../tpm-structures/attest.ts'
import { encodeSignature, parseSignature } from '../tpm-structures/signature.ts'
import { DerReader, TAG } from '../x509/der.ts'
import { decodeBase64, decodePem } from '../x509/pem.ts'
import { byteArray, isMembers } from './snp-structure.ts'
import { pcrsOfTools } from './tpm-others.ts'
import { tried } from './tried.ts'

const PEM_KEY = 'PUBLIC KEY'
/** Longest text that is decoded as bytes of a TPM: keys, quotes and signatures are shorter. */
const LONGEST = 16384

/** The bytes of text in hexadecimal, base64 or base64url, of a list of numbers, or of a key in PEM. */
export function bytesOf(value: unknown): Uint8Array | undefined {
  if (typeof value !== 'string') return byteArray(value)
  const text = value.trim()
  if (text.startsWith('-----')) return tried(() => decodePem(text, PEM_KEY, 'key'))?.[0]
  const bytes = fromHex(text.replace(/^0x/i, '')) ?? decodeBase64(text)
  return bytes !== undefined && isArmoured(bytes) ? bytesOf(new TextDecoder().decode(bytes)) : bytes
}

// Text in PEM that was encoded once more.
function isArmoured(bytes: Uint8Array): boolean {
  return bytes.length < LONGEST && String.fromCharCode(...bytes.subarray(0, 6)) === '-----B'
}

/** A quote, and the signature where it stands right behind it. */
export interface SplitQuote {
  readonly message: Uint8Array
  readonly attest: Attest
  readonly quote: QuoteInfo
  /** TPMT_SIGNATURE. */
  readonly signature?: Uint8Array
}

/**
 * Reads a TPMS_ATTEST of the type quote, a TPM2B_ATTEST, or either with the TPMT_SIGNATURE right behind it, as the TPM
 * answers TPM2_Quote.
 *
 * @see TCG TPM 2.0 Library, part 3, section 18.4
 * @returns undefined for anything else
 */
export function splitQuote(bytes: Uint8Array): SplitQuote | undefined {
  const prefixed = startsLikeQuote(bytes.subarray(2)) && !startsLikeQuote(bytes)
  const whole = prefixed ? bytes.subarray(2) : bytes
  const length = prefixed ? ((bytes[0] as number) << 8) | (bytes[1] as number) : lengthOf(whole)
  if (length === undefined || length > whole.length) return undefined
  const message = whole.subarray(0, length)
  const behind = whole.subarray(length)
  const attest = tried(() => parseAttest(message))
  const { quote } = attest ?? {}
  if (attest === undefined || quote === undefined) return undefined
  if (behind.length === 0) return { message, attest, quote }
  return tried(() => parseSignature(behind)) && { message, attest, quote, signature: behind }
}

/** TPM_GENERATED_VALUE and TPM_ST_ATTEST_QUOTE. */
const QUOTE_START: readonly number[] = [0xff, 0x54, 0x43, 0x47, 0x80, 0x18]

function startsLikeQuote(bytes: Uint8Array): boolean {
  return QUOTE_START.every((byte, i) => bytes[i] === byte)
}

/** From the nonce's end to the selections: clock, counters, the flag, version of the firmware. */
const FIXED = 25

// Where the TPMS_ATTEST ends that bytes begin with.
function lengthOf(bytes: Uint8Array): number | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = 6
  const skipSized = (): void => {
    at = at + 2 <= view.byteLength ? at + 2 + view.getUint16(at) : Number.POSITIVE_INFINITY
  }
  skipSized()
  skipSized()
  at += FIXED
  if (at + 4 > view.byteLength) return undefined
  const count = view.getUint32(at)
  at += 4
  for (let i = 0; i < count; i++) {
    if (at + 3 > view.byteLength) return undefined
    at += 3 + view.getUint8(at + 2)
  }
  skipSized()
  return at <= view.byteLength ? at : undefined
}

/** The TPM signs the digest of the PCRs' values with the hash of its signing scheme. */
const HASHES: Readonly<Record<number, TpmHash>> = { 20: 'sha1', 32: 'sha256', 48: 'sha384', 64: 'sha512' }

/** The hash of the scheme that signed a quote; undefined for a digest of no hash that is known. */
export function signingHash({ pcrDigest }: QuoteInfo): TpmHash | undefined {
  return HASHES[pcrDigest.length]
}

const RSA_SIZES: readonly number[] = [256, 384, 512]
const CURVE_SIZES: readonly number[] = [32, 48, 66]

/**
 * A signature as TPMT_SIGNATURE. Where a member's name says that it is one, a bare signature is taken as well: RSASSA,
 * ECDSA as two numbers or in DER, as tpm2-tools write it (`plain`). The hash is that of the quote's digest.
 *
 * @see TCG TPM 2.0 Library, part 3, section 18.4 (hash of the digest); tpm2-tools, tpm2_quote(1), `--format`
 */
export function signatureOf(value: unknown, isNamed: boolean, quote: QuoteInfo): Uint8Array | undefined {
  const bytes = bytesOf(value)
  if (bytes === undefined) return undefined
  if (tried(() => parseSignature(bytes)) !== undefined) return bytes
  const hash = isNamed ? signingHash(quote) : undefined
  if (hash === undefined) return undefined
  if (RSA_SIZES.includes(bytes.length)) return encodeSignature({ scheme: 'rsassa', hash, numbers: [bytes] })
  const half = bytes.length / 2
  const numbers = CURVE_SIZES.includes(half) ? [bytes.subarray(0, half), bytes.subarray(half)] : integersOf(bytes)
  return numbers && encodeSignature({ scheme: 'ecdsa', hash, numbers })
}

// ECDSA-Sig-Value of RFC 3279, section 2.2.3.
function integersOf(bytes: Uint8Array): readonly Uint8Array[] | undefined {
  if (bytes[0] !== TAG.sequence) return undefined
  return tried(() => {
    const outer = new DerReader(bytes, 'signature')
    const inner = outer.inside(TAG.sequence, 'signature')
    outer.finish('signature')
    const numbers = ['r', 's'].map((field) => withoutZero(inner.content(inner.element(TAG.integer, field))))
    inner.finish('signature')
    return numbers
  })
}

function withoutZero(bytes: Uint8Array): Uint8Array {
  return bytes[0] === 0 ? bytes.subarray(1) : bytes
}

/** An EC key as DER, where its point alone is given: x and y, perhaps behind 04. */
export function keyOfPoint(bytes: Uint8Array): Uint8Array | undefined {
  const point = bytes.length % 2 === 1 && bytes[0] === 4 ? bytes.subarray(1) : bytes
  const kind = point.length === 64 ? 'P-256' : point.length === 96 ? 'P-384' : undefined
  return kind && ecSpki({ kind, bytes: point })
}

/**
 * PCR values by bank and number, by number, by position, as a list that names the numbers, one behind the other where
 * the member's name says that it holds PCRs, or as tpm2-tools write them; each in hex, base64 or numbers. A list as long
 * as the selection is in its order, another one begins with PCR 0. Whether they are the quoted ones the digest in the
 * quote tells.
 *
 * @returns undefined unless every PCR is there that the quote covers
 */
export function pcrsIn(name: string, value: unknown, { selections }: QuoteInfo): PcrValues | undefined {
  const [first] = selections
  const found = first && valuesIn(value, first, OF_PCRS.test(name))
  return found && selections.every(({ bank, pcrs }) => pcrs.every((pcr) => found[bank]?.[pcr] !== undefined))
    ? found
    : undefined
}

// Other text may be as long as two digests: keys, nonces, signatures.
const OF_PCRS = /pcr/i

function valuesIn(value: unknown, { bank, pcrs }: PcrSelection, isNamed: boolean): PcrValues | undefined {
  if (typeof value === 'string') return valuesInText(value, bank, isNamed ? pcrs : [])
  const listed = Array.isArray(value) ? numberedList(value, pcrs) : isMembers(value) ? Object.entries(value) : []
  if (listed.length === 0 || listed.length > MAX_LISTED) return undefined
  return inBanks(listed) ?? inBank(bank, listed)
}

const MAX_LISTED = 32
const COUNT = 24

function valuesInText(text: string, bank: TpmHash, pcrs: readonly number[]): PcrValues | undefined {
  if (text.length > LONGEST) return undefined
  const bytes = bytesOf(text)
  if (bytes === undefined) return undefined
  const size = hashSize(bank)
  const order =
    bytes.length === size * pcrs.length ? pcrs : pcrs.length > 0 && bytes.length === size * COUNT ? ALL : undefined
  if (order === undefined || order.length < 2) return tried(() => pcrsOfTools(bytes))
  return { [bank]: Object.fromEntries(order.map((pcr, i) => [pcr, toHex(bytes.subarray(i * size, (i + 1) * size))])) }
}

const ALL: readonly number[] = Array.from({ length: COUNT }, (_, i) => i)

type Listed = readonly (readonly [name: string, value: unknown])[]

function numberedList(list: readonly unknown[], pcrs: readonly number[]): Listed {
  const inOrder = list.length === pcrs.length && !list.some(isMembers)
  return list.map((one, position) => {
    if (!isMembers(one)) return [String(inOrder ? pcrs[position] : position), one]
    const values = Object.values(one)
    return [String(values.find((each) => typeof each === 'number')), values.find(isDigest)]
  })
}

function isDigest(value: unknown): boolean {
  const bytes = typeof value === 'string' || Array.isArray(value) ? bytesOf(value) : undefined
  return bytes !== undefined && HASHES[bytes.length] !== undefined
}

function inBanks(listed: Listed): PcrValues | undefined {
  const banks: [string, unknown][] = []
  for (const [name, values] of listed) {
    const bank = name.toLowerCase().replace(/^tpm2?_alg_|[-_]/g, '')
    const found = isMembers(values) ? inBank(bank as TpmHash, Object.entries(values)) : undefined
    if (found === undefined) return undefined
    banks.push(...Object.entries(found))
  }
  return tried(() => readPcrs(Object.fromEntries(banks)))
}

function inBank(bank: TpmHash, listed: Listed): PcrValues | undefined {
  const size = hashSize(bank)
  const values = listed.map(([name, value]) => [numberIn(name), digestIn(value, size)] as const)
  if (size === 0 || values.some(([number, digest]) => number === undefined || digest === undefined)) return undefined
  if (new Set(values.map(([number]) => number)).size < values.length) return undefined
  return tried(() => readPcrs({ [bank]: Object.fromEntries(values) }))
}

function numberIn(name: string): string | undefined {
  const digits = /^(?:pcr[-_ ]?)?0?(\d{1,2})$/i.exec(name)?.[1]
  return digits === undefined ? undefined : String(Number(digits))
}

// Digits of another size may be base64 as well, by accident.
function digestIn(value: unknown, size: number): string | undefined {
  const digits = typeof value === 'string' ? value.trim().replace(/^0x/i, '') : ''
  if (/^[0-9a-f]+$/i.test(digits)) return digits.length === 2 * size ? digits.toLowerCase() : undefined
  const bytes = bytesOf(value)
  return bytes?.length === size ? toHex(bytes) : undefined
}
