import { fromHex } from '../core/bytes.ts'
import { EvidenceError } from '../core/errors.ts'
import type { Tee } from '../core/verdict.ts'
import { DEVICE_LISTS } from '../nvidia/envelope.ts'
import { decodeBase64 } from '../x509/pem.ts'
import { AZURE_MEMBERS } from './azure-members.ts'
import { identify, openBinary } from './binary.ts'
import { isGoogleTpm, openGoogleJson } from './google.ts'
import { jsonFault } from './json-error.ts'
import { MAX_PARTS } from './model.ts'
import { knownNames } from './other-names.ts'
import { byteArray, isMembers } from './snp-structure.ts'
import { textOf } from './text.ts'
import { isBundle } from './token.ts'
import { mayHoldQuote, type QuoteOfMembers, quoteOfMembers } from './tpm-members.ts'
import { KEYLIME } from './tpm-others.ts'
import { tried } from './tried.ts'

/** Evidence somewhere inside of a JSON value. */
export interface Hit {
  /** Names of members and indices of lists, outermost first. */
  readonly path: readonly string[]
  /** Undefined for wrapped bytes, whose wrapper does not say. */
  readonly tee: Tee | undefined
  /** The evidence, or the outermost object around it that is a form of its own, with what travels in that. */
  readonly inner: { readonly bytes: Uint8Array } | { readonly json: unknown }
}

/** Shorter text is names, digests and nonces. */
const SHORTEST = 100
const MAX_DEPTH = 12

interface Place {
  readonly path: readonly string[]
  readonly depth: number
}

/**
 * Finds every piece of evidence in a JSON value, however its owner calls it and whatever lies around it: bytes in
 * hexadecimal, base64 or numbers that begin like evidence. Text is opened where it holds JSON or another encoding.
 *
 * @param holds whether an object is a form that is known, whose evidence is the member of this name
 * @returns at most one more than a wrapper may hold, in their order
 */
export function evidenceIn(value: unknown, holds: (object: object, name: string) => boolean): readonly Hit[] {
  const hits: Hit[] = []
  walk(value, { path: [], depth: 0 }, { hits, holds })
  return hits
}

/** The same in a value that is known to be a form of that kind: the form is the first, without what lies beside it. */
export function evidenceWith(
  value: unknown,
  tee: Tee,
  holds: (object: object, name: string) => boolean,
): readonly Hit[] {
  const hits: Hit[] = []
  const form = formOf(value, tee)
  if (tee === 'tpm' && isMembers(value)) intoQuote(value, undefined, { path: [], depth: 0 }, { hits, holds })
  if (form !== undefined) intoForm(form, { path: [], depth: 0 }, { hits, holds })
  return hits
}

interface Search {
  readonly hits: Hit[]
  readonly holds: (object: object, name: string) => boolean
}

function walk(value: unknown, place: Place, search: Search): void {
  if (place.depth > MAX_DEPTH || search.hits.length > MAX_PARTS) return
  const leaf = leafIn(value)
  const form = formOf(value, leaf?.tee)
  if (leaf?.tee === 'tpm' && isMembers(value)) intoQuote(value, leaf.bytes, place, search)
  else if (form !== undefined) intoForm(form, place, search)
  else if (isMembers(value) && isGoogleTpm(value) && tried(() => openGoogleJson(value)) !== undefined)
    search.hits.push({ path: place.path, tee: undefined, inner: { json: value } })
  else if (leaf !== undefined) search.hits.push({ path: place.path, tee: leaf.tee, inner: { bytes: leaf.bytes } })
  else if (typeof value === 'string') intoText(value, place, search)
  else if (Array.isArray(value)) intoList(value, place, search)
  else if (isMembers(value)) intoObject(value, place, search)
}

function intoList(list: readonly unknown[], place: Place, search: Search): void {
  if (byteArray(list) !== undefined) return
  for (const [i, one] of list.entries()) walk(one, within(place, String(i)), search)
}

/**
 * A form whose parts mean something only together, and what lies beside them: evidence of GPUs beside that of their
 * machine, say. Whoever reads the form does not see it: it is a piece of its own, and is taken out.
 */
function intoForm({ value, tee, isOwn }: Form, place: Place, search: Search): void {
  const others: Hit[] = []
  const alone = (one: unknown, at: Place): unknown => {
    if (!isMembers(one)) return one
    const kept = Object.entries(one).flatMap(([name, member]) => {
      if (isOwn(name, member, at)) return [[name, member] as const]
      if (tee === 'azure-vtpm' && AROUND.includes(name) && isMembers(member))
        return [[name, alone(member, within(at, name))] as const]
      const inside: Search = { ...search, hits: [] }
      // Of a quote's JSON the name is a part.
      walk(name === 'tpm' ? { tpm: member } : member, within(at, name), inside)
      others.push(...inside.hits)
      return inside.hits.length === 0 ? [[name, member] as const] : []
    })
    return Object.fromEntries(kept)
  }
  const json = Array.isArray(value) ? value.map((one, i) => alone(one, within(place, String(i)))) : alone(value, place)
  const bytes = new TextEncoder().encode(JSON.stringify(json))
  search.hits.push({ path: place.path, tee, inner: { bytes } }, ...others)
}

/** A TPM's quote told by what members hold: what is beside it may be other evidence, of the same machine as a rule. */
function intoQuote(value: object, bytes: Uint8Array | undefined, place: Place, search: Search): void {
  const found = quoteOfMembers(value)
  const inside: Search = { ...search, hits: [] }
  if (found !== undefined) walk(found.beside, { path: place.path, depth: place.depth + 1 }, inside)
  const whole = bytes ?? new TextEncoder().encode(JSON.stringify(value))
  const own = found === undefined || inside.hits.length === 0 ? whole : withRest(found, inside.hits, place)
  search.hits.push({ path: place.path, tee: 'tpm', inner: { bytes: own } }, ...inside.hits)
}

// What is neither the quote's nor other evidence stays beside the quote, whose reader names it.
function withRest({ json, beside }: QuoteOfMembers, hits: readonly Hit[], { path }: Place): Uint8Array {
  const { tpm }: { readonly tpm: unknown } = JSON.parse(new TextDecoder().decode(json))
  // The rest may be a form of other evidence as a whole, whose reader names what is in it.
  const isForm = hits.some((hit) => hit.path.length === path.length)
  const rest = isMembers(beside) && !isForm ? Object.entries(beside) : []
  const left = rest.filter(([name]) => name !== 'tpm' && !hits.some((hit) => hit.path[path.length] === name))
  return new TextEncoder().encode(JSON.stringify({ tpm, ...Object.fromEntries(left) }))
}

interface Form {
  readonly value: object
  readonly tee: Tee
  /** Whether a member belongs to the form, whatever is in it. */
  readonly isOwn: (name: string, member: unknown, at: Place) => boolean
}

const QUOTES: readonly string[] = ['tpm_quote', 'quote']
/** Members of Azure's form that are objects with further members of it. */
const AROUND: readonly string[] = ['evidence', ...QUOTES]
/** Members of the quote in there. */
const OF_QUOTE: readonly string[] = ['message', 'signature', 'pcrs']

// A certificate is read by nobody where the caller has another one: evidence in its place is looked for.
function isOfAzure(name: string, member: unknown, { path }: Place): boolean {
  if (QUOTES.includes(path.at(-1) ?? '')) return OF_QUOTE.includes(name)
  return name !== 'vcek' && AZURE_MEMBERS.includes(name) && !(QUOTES.includes(name) && isMembers(member))
}

function formOf(value: unknown, tee: Tee | undefined): Form | undefined {
  const isObjects = isMembers(value) || (Array.isArray(value) && byteArray(value) === undefined)
  if (!isObjects) return undefined
  if (tee === 'nvidia-gpu')
    return {
      value,
      tee,
      isOwn: (name, member) =>
        (name === 'evidence' && typeof member === 'string') || (DEVICE_LISTS.includes(name) && Array.isArray(member)),
    }
  return tee === 'azure-vtpm' ? { value, tee, isOwn: isOfAzure } : undefined
}

// What else lies in a form that is known is for its own reader.
function intoObject(object: object, place: Place, search: Search): void {
  const members = Object.entries(object)
  const main = members.find(([name]) => search.holds(object, name))
  if (main !== undefined) {
    const inside: Search = { ...search, hits: [] }
    walk(main[1], within(place, main[0]), inside)
    const [first, second] = inside.hits
    const tee = second === undefined ? first?.tee : undefined
    // The form says that what is packed is evidence.
    if (first !== undefined || isPacked(main[1])) {
      search.hits.push({ path: place.path, tee, inner: { json: object } })
      return
    }
  }
  for (const [name, one] of members) if (name !== main?.[0]) walk(one, within(place, name), search)
}

function within({ path, depth }: Place, name: string): Place {
  return { path: [...path, name], depth: depth + 1 }
}

// Encodings around each other are one level each.
function intoText(text: string, place: Place, search: Search): void {
  if (text.length < SHORTEST) return
  const deeper = { ...place, depth: place.depth + 1 }
  if (/^\s*[[{]/.test(text)) {
    if (jsonFault(text) === undefined) walk(knownNames(JSON.parse(text)), deeper, search)
    return
  }
  const bytes = decoded(text)
  const inner = bytes === undefined ? undefined : textOf(bytes)
  if (inner !== undefined) walk(inner, deeper, search)
}

interface Leaf {
  readonly tee: Tee | undefined
  readonly bytes: Uint8Array
}

/** What begins like evidence, or like a binary wrapper around some. */
function leafIn(value: unknown): Leaf | undefined {
  const bytes = bytesOf(value)
  if (bytes === undefined) return undefined
  const found = identify(bytes)
  // What is behind the first block of PEM is named by whoever opens the text.
  if (found !== undefined)
    return { tee: found.tee, bytes: isMoreThanPem(value) ? new TextEncoder().encode(value) : bytes }
  return isWrapped(bytes) ? { tee: undefined, bytes } : undefined
}

/** Whether text is gzip in base64 or hexadecimal. */
function isPacked(value: unknown): boolean {
  return typeof value === 'string' && value.length >= SHORTEST && /^(?:H4sI|1[fF]8[bB]08)/.test(value)
}

function isWrapped(bytes: Uint8Array): boolean {
  // What is packed is opened where a form says that it is evidence: unpacking whatever lies around costs much.
  if (bytes[0] === 0x1f) return false
  try {
    return openBinary(bytes) !== undefined
  } catch (error) {
    // What is wrong with it is said when it is opened.
    if (error instanceof EvidenceError) return true
    throw error
  }
}

const COMPACT = /^\s*eyJ[\w-]*\.[\w-]+\.[\w-]*\s*$/

function bytesOf(value: unknown): Uint8Array | undefined {
  if (typeof value === 'string') {
    if (value.length < SHORTEST) return undefined
    return COMPACT.test(value) || KEYLIME.test(value) || /^\s*[[{]/.test(value)
      ? new TextEncoder().encode(value)
      : decoded(value)
  }
  if (Array.isArray(value)) {
    const numbers = value.length < SHORTEST / 2 ? undefined : byteArray(value)
    return (
      numbers ?? (isDevices(value) || isBundle(value) ? new TextEncoder().encode(JSON.stringify(value)) : undefined)
    )
  }
  return isForm(value) ? new TextEncoder().encode(JSON.stringify(value)) : byteArray(value)
}

/** Whether an object may be a form whose parts mean something only together: inside of another too it is told as if it stood alone. */
export function isForm(value: unknown): boolean {
  return isMembers(value) && (FORMS.some((name) => Object.hasOwn(value, name)) || mayHoldQuote(value))
}

const FORMS: readonly string[] = [
  'tpm_quote',
  'tpm',
  'hcl_report',
  'evidence',
  'evidence_list',
  'device_evidence_list',
  'evidences',
  'image_hdr_tags',
  'isvEnclaveQuoteBody',
  'TPMVersion',
]

function isDevices([first]: readonly unknown[]): boolean {
  return isMembers(first) && typeof first['evidence'] === 'string'
}

const PEM = /^\s*-----BEGIN [\w. -]{1,64}-----([A-Za-z0-9+/=\s]+)-----END /
const PEM_ALONE = /^\s*-----BEGIN [^-]*-----[^-]*-----END [^-]*-----\s*$/

function isMoreThanPem(value: unknown): value is string {
  return typeof value === 'string' && PEM.test(value) && !PEM_ALONE.test(value)
}

function decoded(text: string): Uint8Array | undefined {
  const block = PEM.exec(text)?.[1]
  if (block !== undefined) return decodeBase64(block)
  const digits = text.trim().replace(/^0x/i, '')
  return fromHex(digits) ?? decodeBase64(text)
}
