import { decodeCbor } from '../cbor/decode.ts'
import { entryOf } from '../cbor/item.ts'
import { encodeBase64 } from '../core/base64url.ts'
import { Reader, toHex } from '../core/bytes.ts'
import { EvidenceError } from '../core/errors.ts'
import { hashOf, type TpmHash } from '../tpm-structures/algorithms.ts'
import { parseAttest } from '../tpm-structures/attest.ts'
import { decodeBase64 } from '../x509/pem.ts'
import { isMembers } from './snp-structure.ts'
import { tried } from './tried.ts'

/** A quote of another project's form, as the JSON that a TPM's verifier reads. */
export interface OtherQuote {
  readonly json: Uint8Array
  readonly unused: readonly string[]
}

/** `r`, then a quote, its signature and perhaps PCR values in base64. @see Keylime, REST API of the agent */
export const KEYLIME: RegExp = /^\s*r(\/1RDR4AY[\w+/]+=*):([\w+/]+=*)(?::([\w+/]*=*))?\s*$/

/** The quote of Keylime's agent. @throws EvidenceError for PCR values that are none */
export function quoteOfKeylime(text: string): OtherQuote | undefined {
  const [, message, signature, values] = KEYLIME.exec(text) ?? []
  if (message === undefined || signature === undefined) return undefined
  const blob = values === undefined || values === '' ? undefined : decodeBase64(values)
  if (values !== undefined && values !== '' && blob === undefined) throw bad('keylime.pcrs', 'other text', 'base64')
  return quoteOf({ message, signature, ...(blob === undefined ? {} : { pcrs: pcrsOfTools(blob) }) })
}

const MAX_BANKS = 16
const DIGESTS = 8
const BITMAP = 4
const LONGEST_DIGEST = 64

/**
 * PCR values as tpm2-tools write them, in the memory layout of their structures, little endian: a TPML_PCR_SELECTION
 * with all its sixteen places, how many TPML_DIGEST follow, and these with all their eight places.
 *
 * @see tpm2-tools, tpm2_quote(1), `--pcrs_format=serialized`
 * @throws EvidenceError
 */
export function pcrsOfTools(bytes: Uint8Array): Readonly<Record<string, Readonly<Record<string, string>>>> {
  const r = new Reader(bytes, 0)
  const wanted = selectionsIn(r)
  const digests = digestsIn(r)
  r.end('pcrs')
  const banks: Record<string, Record<string, string>> = {}
  for (const [bank, index] of wanted) {
    const digest = digests.shift()
    if (digest === undefined) throw bad('pcrs', 'too few values', `${wanted.length} values`)
    banks[bank] = { ...banks[bank], [String(index)]: toHex(digest) }
  }
  if (digests.length > 0) throw bad('pcrs', 'too many values', `${wanted.length} values`)
  return banks
}

function selectionsIn(r: Reader): readonly (readonly [string, number])[] {
  const count = r.u32('pcrs.selection.count')
  if (count > MAX_BANKS) throw bad('pcrs.selection', `${count} banks`, `at most ${MAX_BANKS}`)
  const wanted: (readonly [string, number])[] = []
  for (let i = 0; i < MAX_BANKS; i++) {
    const id = r.u16('pcrs.selection.hash')
    const size = r.u8('pcrs.selection.size')
    const bitmap = r.bytes(BITMAP, 'pcrs.selection.bitmap')
    // Structures begin at even addresses.
    r.u8('pcrs.selection.padding')
    if (i >= count) continue
    const bank = hashOf(id)
    if (bank === undefined || size > BITMAP) throw bad('pcrs.selection', 'another bank', 'a known hash algorithm')
    for (let bit = 0; bit < 8 * size; bit++)
      if ((((bitmap[bit >> 3] ?? 0) >> (bit & 7)) & 1) === 1) wanted.push([bank, bit])
  }
  return wanted
}

function digestsIn(r: Reader): Uint8Array[] {
  const lists = r.u32('pcrs.digests.count')
  if (lists > MAX_BANKS * DIGESTS) throw bad('pcrs.digests', `${lists} lists`, `at most ${MAX_BANKS * DIGESTS}`)
  const digests: Uint8Array[] = []
  for (let i = 0; i < lists; i++) {
    const count = r.u32('pcrs.digests.count')
    for (let at = 0; at < DIGESTS; at++) {
      const size = r.u16('pcrs.digest.size')
      const buffer = r.bytes(LONGEST_DIGEST, 'pcrs.digest')
      if (at < count) digests.push(buffer.subarray(0, size))
    }
  }
  return digests
}

/** Numbers of hash algorithms in the programming language Go. */
const GO_HASHES: Readonly<Record<number, TpmHash>> = { 3: 'sha1', 5: 'sha256', 6: 'sha384', 7: 'sha512' }
/** The bank judged by goes first, as a verification prefers them. */
const BANKS: readonly string[] = ['sha256', 'sha384', 'sha512', 'sha1']

/**
 * The `PlatformParameters` of go-attestation in JSON: a quote for each bank, all PCR values, the key and the event log.
 *
 * @see go-attestation, attest.PlatformParameters
 * @throws EvidenceError for a quote that cannot be read
 */
export function quoteOfGo(value: unknown): OtherQuote | undefined {
  if (!isMembers(value) || !Array.isArray(value['Quotes']) || !Array.isArray(value['PCRs'])) return undefined
  const quotes = value['Quotes'].flatMap((one: unknown) =>
    isMembers(one) ? [{ one, bank: bankOf(one['Quote']) }] : [],
  )
  const chosen = BANKS.map((bank) => quotes.find((quote) => quote.bank === bank)).find((quote) => quote !== undefined)
  if (chosen === undefined) return undefined
  const { one, bank = '' } = chosen
  const others = quotes.filter((quote) => quote !== chosen).map((quote) => quote.bank ?? 'unknown')
  return quoteOf(
    {
      message: one['Quote'],
      signature: one['Signature'],
      akPublic: value['Public'],
      pcrs: { [bank]: goValues(value['PCRs'], bank) },
      eventLog: value['EventLog'] ?? undefined,
    },
    others.length === 0 ? [] : [`the quotes of other banks: ${others.slice(0, BANKS.length).join(', ')}`],
  )
}

function bankOf(message: unknown): string | undefined {
  const bytes = typeof message === 'string' ? decodeBase64(message) : undefined
  return bytes === undefined ? undefined : parseAttest(bytes).quote?.selections[0]?.bank
}

function goValues(all: readonly unknown[], bank: string): Readonly<Record<string, unknown>> {
  const values: Record<string, unknown> = {}
  for (const one of all) {
    if (!isMembers(one) || typeof one['DigestAlg'] !== 'number' || GO_HASHES[one['DigestAlg']] !== bank) continue
    const digest = typeof one['Digest'] === 'string' ? decodeBase64(one['Digest']) : undefined
    if (digest === undefined || typeof one['Index'] !== 'number') throw bad('PCRs', 'another value', 'index and digest')
    values[String(one['Index'])] = toHex(digest)
  }
  return values
}

const PARSEC: Uint8Array = Uint8Array.of(0xa2, 0x63)

/**
 * The key attestation of Parsec's TPM provider: a map of the attestation of a key (`kat`) and that of the platform
 * (`pat`), which is the quote. The AK is for whoever verifies to know.
 *
 * @see Veraison, scheme parsec-tpm
 */
export function quoteOfParsec(bytes: Uint8Array): OtherQuote | undefined {
  if (PARSEC.some((byte, i) => bytes[i] !== byte)) return undefined
  const map = cborMap(bytes)
  const platform = map === undefined ? undefined : entryOf(map, 'pat')
  if (platform?.type !== 'map') return undefined
  const [message, signature] = [entryOf(platform, 'attestInfo'), entryOf(platform, 'sig')]
  if (message?.type !== 'bytes' || signature?.type !== 'bytes') return undefined
  return quoteOf({ message: encodeBase64(message.value), signature: encodeBase64(signature.value) }, [
    'the attestation of the key (`kat`), which the same AK signed: whoever uses the key is to check it',
  ])
}

function cborMap(bytes: Uint8Array): Parameters<typeof entryOf>[0] | undefined {
  // Some other map: the reader of CCA's tokens says what is wrong with it.
  const item = tried(() => decodeCbor(bytes, { field: 'parsec', maxItems: 64 }))
  return item?.type === 'map' ? item : undefined
}

/** A quote in the form that a TPM's verifier reads; what is undefined is left out. */
export function quoteOf(tpm: Readonly<Record<string, unknown>>, unused: readonly string[] = []): OtherQuote {
  return { json: new TextEncoder().encode(JSON.stringify({ tpm })), unused }
}

function bad(field: string, found: string, expected: string): EvidenceError {
  return new EvidenceError('malformed', found, { field, offset: 0, expected })
}
