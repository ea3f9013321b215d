import { encodeBase64 } from '../core/base64url.ts'
import { fromHex } from '../core/bytes.ts'
import type { PcrValues } from '../tpm/boot/measured-log.ts'
import { readKey } from '../tpm/plan.ts'
import { decodeBase64 } from '../x509/pem.ts'
import { chainAmong } from './certificate-members.ts'
import { isGoogleTpm } from './google.ts'
import { beginsWith, isWithin, type Member, membersOf, withoutMembers } from './members.ts'
import { byteArray, isMembers } from './snp-structure.ts'
import { type OtherQuote, quoteOf } from './tpm-others.ts'
import { bytesOf, keyOfPoint, pcrsIn, type SplitQuote, signatureOf, splitQuote } from './tpm-values.ts'
import { tried } from './tried.ts'

/** A TPMS_ATTEST of the type quote, perhaps as TPM2B_ATTEST, in hexadecimal, base64 or base64url. */
const QUOTE =
  /^\s*(?:(?:0x)?(?:00[0-9a-f]{2})?ff5443478018[0-9a-f]|[/_]1RDR4AY[\w+/-]|A[A-P][\w+/-][/_]VENHgBg[\w+/-])/i
/** JSON text in which a quote stands, in any of these or as a list of numbers. */
export const HAS_QUOTE: RegExp =
  /"\s*(?:(?:0x)?(?:00[0-9a-f]{2})?ff5443478018|[/_]1RDR4AY|A[A-P][\w+/-][/_]VENHgBg)|\[\s*(?:0\s*,\s*\d+\s*,\s*)?255\s*,\s*84\s*,\s*67\s*,\s*71\s*,/i
const MAGIC: readonly number[] = [0xff, 0x54, 0x43, 0x47, 0x80, 0x18]
/** Own members and those of objects in an object: a quote lies there, and its signature. */
const NEAR = 2
/** What else there is of a quote's machine may lie deeper. */
const FAR = 5
/** Names that tell the keys of a TPM apart, where their values do not. */
const OF_AK = /ak|ik|attest|quote/i
const OF_EK = /ek|endors/i
/** Names of signatures, and of those over other statements than the quote. */
const OF_SIGNATURE = /sig/i
const OF_OTHER_STATEMENT = /certif|creat|session/i
/** The bank judged by goes first, as a verification prefers them. */
const BANKS: readonly string[] = ['sha256', 'sha384', 'sha512', 'sha1']

/** Whether a member of an object, or of an object in it, begins like a quote. */
export function mayHoldQuote(value: unknown): boolean {
  return !(isMembers(value) && isGoogleTpm(value)) && membersOf(value, NEAR).some(isQuote)
}

/** Whether a member begins like a quote. */
export function isQuote({ value }: Member): boolean {
  if (typeof value === 'string') return QUOTE.test(value.slice(0, 64))
  return beginsWith(value, MAGIC) || (Array.isArray(value) && beginsWith(value.slice(2, 9), MAGIC))
}

/**
 * A TPM's quote in an object that no project here is known to write: told by what its members hold, and not by their
 * names. The quote and its signature lie in the object or in an object in it; what there is of key, certificates, PCR
 * values and event log lies there or deeper.
 *
 * @see TCG TPM 2.0 Library, part 2, sections 10.12.12 (TPMS_ATTEST) and 11.3.4 (TPMT_SIGNATURE)
 * @returns undefined unless there is one quote, or one for each bank, and one signature of it
 */
export function quoteOfMembers(value: unknown): QuoteOfMembers | undefined {
  if (!mayHoldQuote(value)) return undefined
  const all = membersOf(value, FAR)
  const others = otherBanks(all.filter(isQuote))
  const members = all.filter((one) => !others.some(({ path }) => path.every((name, i) => one.path[i] === name)))
  const found = quoteAmong(members)
  if (found === undefined) return undefined
  const key = ofAttestation(members.filter((one) => keyIn(one) !== undefined))
  const chain = chainAmong(members, OF_AK, OF_EK)
  const log = members.find(isLog)
  const taken = [...found.taken, ...(key === undefined ? [] : [key]), ...(log === undefined ? [] : [log])]
  const own = [...taken, ...(chain?.members ?? [])]
  const rest = leftOf(members, own)
  const banks = others.map((one) => splitIn(one)?.quote.selections[0]?.bank ?? 'unknown')
  const quote = quoteOf(
    {
      message: encodeBase64(found.quote.message),
      signature: encodeBase64(found.signature),
      akPublic: key && encoded(keyIn(key)),
      certificates: chain?.ders.map(encodeBase64),
      pcrs: found.pcrs,
      eventLog: log && encoded(bytesOf(log.value)),
    },
    [
      ...(banks.length === 0 ? [] : [`the quotes of other banks: ${banks.join(', ')}`]),
      ...(rest.length === 0 ? [] : [`what lies around it: ${rest.slice(0, 12).map(nameOf).join(', ')}`]),
    ],
  )
  return { ...quote, beside: withoutMembers(value, [...own, ...others]) }
}

/** A quote, and what is left of the object when all that belongs to it is taken out. */
export interface QuoteOfMembers extends OtherQuote {
  readonly beside: unknown
}

/** A quote among members, with its signature and the values of PCRs. */
export interface FoundQuote {
  readonly quote: SplitQuote
  /** TPMT_SIGNATURE. */
  readonly signature: Uint8Array
  readonly pcrs: PcrValues | undefined
  /** The members that these were taken from. */
  readonly taken: readonly Member[]
}

/** The one quote among members, where its signature is there. */
export function quoteAmong(members: readonly Member[]): FoundQuote | undefined {
  const [found, second] = members.filter(isQuote)
  const quote = found === undefined || second !== undefined ? undefined : splitIn(found)
  if (found === undefined || quote === undefined) return undefined
  const signed = quote.signature === undefined ? signatureAmong(members, found, quote) : undefined
  const signature = quote.signature ?? (signed && signatureIn(signed, quote))
  if (signature === undefined) return undefined
  const pcrs = members.find(
    (one) => one !== found && one !== signed && pcrsIn(one.name, one.value, quote.quote) !== undefined,
  )
  const taken = [found, ...(signed === undefined ? [] : [signed]), ...(pcrs === undefined ? [] : [pcrs])]
  return { quote, signature, pcrs: pcrs && pcrsIn(pcrs.name, pcrs.value, quote.quote), taken }
}

/** Members that none of these is, lies in, or is around. */
export function leftOf(members: readonly Member[], taken: readonly Member[]): readonly Member[] {
  const left = members.filter((one) => !taken.some((each) => isWithin(one, each) || isWithin(each, one)))
  return left.filter((one) => !left.some((inner) => inner !== one && isWithin(inner, one)))
}

/** The name of a member for messages. */
export function nameOf({ name }: Member): string {
  return JSON.stringify(name.slice(0, 32))
}

function splitIn({ value }: Member): SplitQuote | undefined {
  const bytes = bytesOf(value)
  return bytes && splitQuote(bytes)
}

// TPMs quote each bank by itself: of the same nonce and signer, side by side.
function otherBanks(quotes: readonly Member[]): readonly Member[] {
  const read = quotes.map((member) => ({ member, split: splitIn(member) }))
  const places = new Set(quotes.map(({ path }) => path.slice(0, -1).join('\n')))
  const elements = new Set(quotes.map(({ path }) => path.join('\n')))
  const nonces = new Set(read.map(({ split }) => split && encoded(split.attest.extraData)))
  const signers = new Set(read.map(({ split }) => split && encoded(split.attest.qualifiedSigner)))
  const banks = read.map(({ split }) => split?.quote.selections[0]?.bank)
  const isOne = [places, nonces, signers].every(({ size }) => size === 1)
  if (!isOne || elements.size < quotes.length || new Set(banks).size < quotes.length) return []
  const chosen = BANKS.map((bank) => banks.indexOf(bank as (typeof banks)[number])).find((at) => at >= 0) ?? 0
  return quotes.filter((_, i) => i !== chosen)
}

/** Shorter text is names and digests, longer is logs. */
const SHORTEST = 64
const LONGEST = 16384

function isSized({ value }: Member): boolean {
  return (typeof value === 'string' || Array.isArray(value)) && value.length >= SHORTEST && value.length <= LONGEST
}

function signatureIn({ name, value }: Member, { quote }: SplitQuote): Uint8Array | undefined {
  return signatureOf(value, OF_SIGNATURE.test(name), quote)
}

// Of several the one beside the quote, and not one over another statement.
function signatureAmong(members: readonly Member[], found: Member, quote: SplitQuote): Member | undefined {
  const signed = members.filter((one) => one !== found && isSized(one) && signatureIn(one, quote) !== undefined)
  const beside = signed.filter(({ path }) => path.join('\n') === found.path.join('\n'))
  const near = beside.length > 0 ? beside : signed
  const own = near.length > 1 ? near.filter(({ name }) => !OF_OTHER_STATEMENT.test(name)) : near
  return own.length === 1 ? own[0] : undefined
}

const OF_KEY = /key|pub|^a?i?k$/i

/** A key that a TPM's verifier reads, as it is or made of its point. */
function keyIn(one: Member): Uint8Array | undefined {
  const bytes = isSized(one) ? bytesOf(one.value) : undefined
  if (bytes === undefined) return undefined
  if (tried(() => readKey(bytes)) !== undefined) return bytes
  const made = OF_KEY.test(one.name) ? keyOfPoint(bytes) : undefined
  return made && tried(() => readKey(made)) && made
}

// Of several keys the one whose name says so: a TPM's endorsement key signs nothing.
function ofAttestation(found: readonly Member[]): Member | undefined {
  const named = found.filter(({ name }) => !OF_EK.test(name))
  const [only, second] = named.length > 1 ? named.filter(({ name }) => OF_AK.test(name)) : named
  return second === undefined ? only : undefined
}

/** Whether a member is a measured-boot log: TCG_EfiSpecIdEvent is the first event. */
export function isLog({ value }: Member): boolean {
  const head =
    typeof value === 'string'
      ? (fromHex(value.slice(0, 128)) ?? decodeBase64(value.slice(0, 64)))
      : Array.isArray(value)
        ? byteArray(value.slice(0, 45))
        : undefined
  return head !== undefined && String.fromCharCode(...head.subarray(32, 45)) === 'Spec ID Event'
}

function encoded(bytes: Uint8Array | undefined): string | undefined {
  return bytes && encodeBase64(bytes)
}
