import { allZero, toHex } from '../core/bytes.ts'
import { looksLikeQuote, looksLikeReport, u16, u32, u32be } from './looks.ts'
import type { Companion, Opened } from './model.ts'

const NITRO: readonly number[] = [0x84, 0x44, 0xa1, 0x01, 0x38, 0x22]

function looksLikeEvidence(bytes: Uint8Array): boolean {
  const nitro = bytes[0] === 0xd2 ? bytes.subarray(1) : bytes
  return looksLikeQuote(bytes) || looksLikeReport(bytes) || NITRO.every((byte, i) => nitro[i] === byte)
}

/**
 * Takes evidence out of bytes that say its length in front: dstack's attestation (version 0), the buffer in which a TD gets
 * its quote, the encoding of calls to contracts, and lengths of 4 or 8 bytes in either order.
 *
 * @returns undefined where the lengths do not fit, or what they are of begins like no evidence
 */
export function openPrefixed(bytes: Uint8Array): Opened | undefined {
  return openDstack(bytes) ?? openQuoteBuffer(bytes) ?? openCall(bytes) ?? openLength(bytes)
}

const MAX_VARIANT = 4
const MAX_CHAIN = 16

// VersionedAttestation::V0 in SCALE: the kind of platform, then the evidence as its first member; of SEV-SNP the
// certificates are the next. What dstack says of the machine behind it, nobody signed.
function openDstack(bytes: Uint8Array): Opened | undefined {
  if (bytes[0] !== 0 || (bytes[1] ?? 0xff) > MAX_VARIANT) return undefined
  const evidence = vectorAt(bytes, 2)
  if (evidence === undefined || !looksLikeEvidence(evidence.value)) return undefined
  const isReport = looksLikeReport(evidence.value) && !looksLikeQuote(evidence.value)
  return {
    name: 'dstack attestation',
    inner: { bytes: evidence.value },
    path: 'quote',
    companions: isReport ? chainAt(bytes, evidence.next) : [],
    unused: ['what dstack says of the machine: events, report data and configuration'],
  }
}

function chainAt(bytes: Uint8Array, at: number): readonly Companion[] {
  const count = compactAt(bytes, at)
  const found: Companion[] = []
  for (let i = 0, next = count?.next ?? 0; i < Math.min(count?.value ?? 0, MAX_CHAIN); i++) {
    const one = vectorAt(bytes, next)
    if (one === undefined) return []
    found.push({ kind: 'certificates', from: `cert_chain[${i}]`, bytes: one.value.slice() })
    next = one.next
  }
  return found
}

interface Vector {
  readonly value: Uint8Array
  readonly next: number
}

function vectorAt(bytes: Uint8Array, at: number): Vector | undefined {
  const length = compactAt(bytes, at)
  if (length === undefined || length.value > bytes.length - length.next) return undefined
  const next = length.next + length.value
  return { value: bytes.subarray(length.next, next), next }
}

/** A compact integer of SCALE: the two lowest bits tell how long it is. Longer ones are no lengths of evidence. */
function compactAt(bytes: Uint8Array, at: number): { readonly value: number; readonly next: number } | undefined {
  const mode = (bytes[at] ?? 3) & 3
  if (mode === 3 || at + (1 << mode) > bytes.length) return undefined
  if (mode === 0) return { value: (bytes[at] ?? 0) >> 2, next: at + 1 }
  return mode === 1 ? { value: u16(bytes, at) >> 2, next: at + 2 } : { value: u32(bytes, at) >>> 2, next: at + 4 }
}

const BUFFER_HEADER = 24
/** The answer of a quote service inside of the buffer: its length, its header of 16 bytes and two lengths. */
const SERVICE_HEADER = 28

// Version 1 and status, 8 bytes each, length of the TDREPORT, length of the quote; zeros fill the page behind it.
// Intel GHCI for TDX, TDG.VP.VMCALL<GetQuote>.
function openQuoteBuffer(bytes: Uint8Array): Opened | undefined {
  if (bytes.length < BUFFER_HEADER || u32(bytes, 0) !== 1 || !allZero(bytes.subarray(4, 16))) return undefined
  const end = BUFFER_HEADER + u32(bytes, 20)
  if (end > bytes.length || !allZero(bytes.subarray(end))) return undefined
  const data = bytes.subarray(BUFFER_HEADER, end)
  const quote = [data, data.subarray(SERVICE_HEADER)].find(looksLikeQuote)
  return quote && { name: 'buffer in which a TD gets its quote', inner: { bytes: quote }, path: 'quote' }
}

const WORD = 32
const SELECTOR = 4
const MAX_ARGUMENTS = 8

// Words of 32 bytes, perhaps behind the four of a function: an offset that points to a length and the bytes.
function openCall(bytes: Uint8Array): Opened | undefined {
  const start = bytes.length % WORD
  if (start !== 0 && start !== SELECTOR) return undefined
  const words = bytes.subarray(start)
  for (let at = 0; at < MAX_ARGUMENTS * WORD && at < words.length; at += WORD) {
    const inner = argumentAt(words, at)
    if (inner === undefined || !looksLikeEvidence(inner)) continue
    const name = start === 0 ? 'ABI encoding' : `ABI encoding of a call of 0x${toHex(bytes.subarray(0, SELECTOR))}`
    const isOnly = words.length <= 2 * WORD + inner.length + WORD
    return { name, inner: { bytes: inner }, path: 'bytes', unused: isOnly ? [] : ['other arguments'] }
  }
  return undefined
}

function argumentAt(words: Uint8Array, at: number): Uint8Array | undefined {
  const offset = wordAt(words, at)
  const length = offset === undefined || offset % WORD !== 0 ? undefined : wordAt(words, offset)
  if (offset === undefined || length === undefined || length > words.length - offset - WORD) return undefined
  return words.subarray(offset + WORD, offset + WORD + length)
}

/** A word that is a number of four bytes. */
function wordAt(words: Uint8Array, at: number): number | undefined {
  if (at + WORD > words.length) return undefined
  for (let i = at; i < at + WORD - 4; i++) if (words[i] !== 0) return undefined
  return u32be(words, at + WORD - 4)
}

function openLength(bytes: Uint8Array): Opened | undefined {
  if (bytes.length < 8) return undefined
  const isLong = u32(bytes, 0) === bytes.length - 8 && u32(bytes, 4) === 0
  const isShort = u32(bytes, 0) === bytes.length - 4 || u32be(bytes, 0) === bytes.length - 4
  const inner = isLong ? bytes.subarray(8) : isShort ? bytes.subarray(4) : undefined
  return inner !== undefined && looksLikeEvidence(inner)
    ? { name: 'bytes behind their length', inner: { bytes: inner }, path: '' }
    : undefined
}
