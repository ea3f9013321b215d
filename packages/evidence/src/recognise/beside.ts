import { fromHex, latin1 } from '../core/bytes.ts'
import type { Tee } from '../core/verdict.ts'
import { decodeBase64 } from '../x509/pem.ts'
import { isCertificate } from './carriers.ts'
import { jsonFault } from './json-error.ts'
import type { Companion } from './model.ts'
import { byteArray, isMembers } from './snp-structure.ts'
import { textOf } from './text.ts'

const MAX_COMPANIONS = 16
const MAX_MEMBERS = 64
/** Shorter text is no certificate, and longer text more than a chain. */
const SHORTEST = 400
const LONGEST = 64_000

/** Objects in which certificates have names of their own: a chain, endorsements, a collection of messages. */
const MAX_DEPTH = 2

/**
 * Certificates of AMD's or Intel's hierarchy among members whose names say nothing: DER or PEM, as text, in hexadecimal,
 * base64 or numbers, one, a list or an object of them. Certificates of others belong to no evidence.
 *
 * @param isOther whether a member of this name is looked at
 */
export function certificatesBeside(
  object: Readonly<Record<string, unknown>>,
  isOther: (name: string) => boolean,
): readonly Companion[] {
  const found: Companion[] = []
  for (const [name, value] of Object.entries(object))
    if (isOther(name)) collect(value, name.slice(0, 64), MAX_DEPTH, found)
  return found
}

function collect(value: unknown, name: string, depth: number, found: Companion[]): void {
  if (isMembers(value) && byteArray(value) === undefined) {
    if (depth === 0) return
    for (const [inner, one] of Object.entries(value).slice(0, MAX_MEMBERS))
      collect(one, `${name}.${inner.slice(0, 64)}`, depth - 1, found)
    return
  }
  const values: readonly unknown[] = Array.isArray(value) && byteArray(value) === undefined ? value : [value]
  for (const [i, one] of values.slice(0, MAX_COMPANIONS).entries()) {
    const bytes = certificateOf(one)
    const from = values.length === 1 ? name : `${name}[${i}]`
    if (bytes !== undefined && found.length < MAX_COMPANIONS) found.push({ kind: 'certificates', from, bytes })
  }
}

/**
 * Certificates, and the log of a TD, in the objects around evidence that lies at a path, outermost first.
 *
 * @param tee the kind of the evidence
 * @param rivals paths of other evidence: what is around these as well is nobody's in particular
 * @param isOther whether a value is looked at
 */
export function companionsAlong(
  value: unknown,
  tee: Tee | undefined,
  path: readonly string[],
  rivals: readonly (readonly string[])[],
  isOther: (value: unknown) => boolean,
): readonly Companion[] {
  const found: Companion[] = []
  let at = value
  for (const [depth, name] of path.entries()) {
    const own = at
    const isShared = rivals.some((rival) => path.slice(0, depth).every((one, i) => rival[i] === one))
    if (isMembers(own) && !isShared)
      found.push(
        ...certificatesBeside(own, (member) => member !== name && isOther(own[member])),
        ...(tee === 'tdx' ? logBeside(own, name) : []),
      )
    at = typeof at === 'object' && at !== null ? Reflect.get(at, name) : undefined
  }
  return found
}

/**
 * The event log of a TD among members whose names say nothing: that of a firmware (CCEL) or of dstack, as JSON, as text
 * of JSON, or encoded. Of several none is chosen.
 */
export function logBeside(object: Readonly<Record<string, unknown>>, own: string): readonly Companion[] {
  const found = Object.entries(object).flatMap(([name, value]) => {
    if (name === own) return []
    const bytes = logOf(isMembers(value) ? (value['data'] ?? value['event_log']) : value)
    return bytes === undefined ? [] : [{ kind: 'event-log' as const, from: name.slice(0, 64), bytes }]
  })
  return found.length === 1 ? found : []
}

function logOf(value: unknown): Uint8Array | undefined {
  if (Array.isArray(value) && byteArray(value) === undefined) return isEvents(value) ? encoded(value) : undefined
  const text = typeof value === 'string' ? value.slice(0, LONGEST_LOG + 1) : ''
  if (text.length > LONGEST_LOG) return undefined
  if (/^\s*\[/.test(text)) return jsonFault(text) === undefined && isEvents(JSON.parse(text)) ? utf8(text) : undefined
  const bytes = typeof value === 'string' ? (fromHex(text.replace(/^0x/i, '')) ?? decodeBase64(text)) : byteArray(value)
  if (bytes === undefined || bytes.length < SHORTEST_LOG) return undefined
  if (latin1(bytes.subarray(32, 45)) === 'Spec ID Event') return bytes
  const inner = bytes[0] === 0x5b ? textOf(bytes) : undefined
  return inner === undefined ? undefined : logOf(inner)
}

/** Shorter bytes are no log, longer text is none that is looked at. */
const SHORTEST_LOG = 64
const LONGEST_LOG = 8_000_000

function isEvents(value: unknown): boolean {
  const [first] = Array.isArray(value) ? value : []
  return isMembers(first) && Object.hasOwn(first, 'imr') && Object.hasOwn(first, 'digest')
}

function encoded(value: unknown): Uint8Array {
  return utf8(JSON.stringify(value))
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

const LONG = 64

/**
 * Paths of what lies beside the pieces that are found at some paths, in the objects and lists around them: objects, lists
 * and text that is no mere name.
 */
export function besidePaths(value: unknown, paths: readonly (readonly string[])[], at: string = ''): readonly string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, one]: [string, unknown]) => {
    const within = paths.filter(([first]) => first === name).map(([, ...rest]) => rest)
    if (within.length === 0) return isMore(one) ? [`${at}${name}`] : []
    return within.some(({ length }) => length === 0) ? [] : besidePaths(one, within, `${at}${name}.`)
  })
}

/** Whether a value is an object, a list, or text that is no mere name. */
export function isMore(value: unknown): boolean {
  if (typeof value === 'string') return value.length >= LONG
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0
}

/** Names of members for messages. */
export function namesOf(names: readonly string[]): string {
  const shown = names.slice(0, 12).map((name) => JSON.stringify(name.slice(0, 32)))
  return names.length > shown.length ? `${shown.join(', ')} and ${names.length - shown.length} more` : shown.join(', ')
}

function certificateOf(value: unknown): Uint8Array | undefined {
  const bytes = typeof value === 'string' ? bytesOfText(value) : byteArray(value)
  return bytes && vendorsCertificate(bytes)
}

/** Bytes that are a certificate of AMD's or Intel's hierarchy, or some of them in PEM; undefined for others. */
export function vendorsCertificate(bytes: Uint8Array): Uint8Array | undefined {
  if (bytes.length > LONGEST) return undefined
  if (isCertificate(bytes)) return isVendors(bytes) ? bytes : undefined
  if (!latin1(bytes.subarray(0, 64)).trimStart().startsWith('-----BEGIN CERTIFICATE-----')) return undefined
  const blocks = latin1(bytes).matchAll(BLOCK)
  return [...blocks].some(([, body]) => isVendors(decodeBase64(body ?? '') ?? new Uint8Array(0))) ? bytes : undefined
}

const BLOCK = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/g

function bytesOfText(text: string): Uint8Array | undefined {
  if (text.length < SHORTEST || text.length > 2 * LONGEST) return undefined
  if (text.trimStart().startsWith('-----')) return utf8(text)
  return fromHex(text.replace(/^0x/i, '')) ?? decodeBase64(text)
}

// Names of the issuers, as they stand in every certificate of the two hierarchies.
function isVendors(der: Uint8Array): boolean {
  const text = latin1(der)
  return text.includes('Advanced Micro Devices') || text.includes('Intel SGX')
}
