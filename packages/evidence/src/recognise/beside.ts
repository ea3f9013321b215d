import { fromHex } from '../core/bytes.ts'
import { decodeBase64 } from '../x509/pem.ts'
import { isCertificate } from './carriers.ts'
import type { Companion } from './model.ts'
import { byteArray, isMembers } from './snp-structure.ts'

const MAX_COMPANIONS = 16
/** Shorter text is no certificate, and longer text more than a chain. */
const SHORTEST = 400
const LONGEST = 64_000

/**
 * Certificates of AMD's or Intel's hierarchy among members whose names say nothing: DER or PEM, as text, in hexadecimal,
 * base64 or numbers, one or a list. Certificates of others belong to no evidence.
 *
 * @param isOther whether a member of this name is looked at
 */
export function certificatesBeside(
  object: Readonly<Record<string, unknown>>,
  isOther: (name: string) => boolean,
): readonly Companion[] {
  const found: Companion[] = []
  for (const [name, value] of Object.entries(object)) {
    if (!isOther(name)) continue
    const values: readonly unknown[] = Array.isArray(value) && byteArray(value) === undefined ? value : [value]
    for (const [i, one] of values.slice(0, MAX_COMPANIONS).entries()) {
      const bytes = certificateOf(one)
      const from = values.length === 1 ? name.slice(0, 64) : `${name.slice(0, 64)}[${i}]`
      if (bytes !== undefined && found.length < MAX_COMPANIONS) found.push({ kind: 'certificates', from, bytes })
    }
  }
  return found
}

/** The objects around what lies at a path, outermost first. */
export function objectsAlong(value: unknown, path: readonly string[]): readonly Readonly<Record<string, unknown>>[] {
  const objects: Readonly<Record<string, unknown>>[] = []
  let at = value
  for (const name of path) {
    if (isMembers(at)) objects.push(at)
    at = typeof at === 'object' && at !== null ? Reflect.get(at, name) : undefined
  }
  return objects
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
  if (bytes === undefined || bytes.length > LONGEST) return undefined
  if (isCertificate(bytes)) return isVendors(bytes) ? bytes : undefined
  if (!latin1(bytes.subarray(0, 64)).trimStart().startsWith('-----BEGIN CERTIFICATE-----')) return undefined
  const blocks = latin1(bytes).matchAll(BLOCK)
  return [...blocks].some(([, body]) => isVendors(decodeBase64(body ?? '') ?? new Uint8Array(0))) ? bytes : undefined
}

const BLOCK = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/g

function bytesOfText(text: string): Uint8Array | undefined {
  if (text.length < SHORTEST || text.length > 2 * LONGEST) return undefined
  if (text.trimStart().startsWith('-----')) return new TextEncoder().encode(text)
  return fromHex(text.replace(/^0x/i, '')) ?? decodeBase64(text)
}

// Names of the issuers, as they stand in every certificate of the two hierarchies.
function isVendors(der: Uint8Array): boolean {
  const text = latin1(der)
  return text.includes('Advanced Micro Devices') || text.includes('Intel SGX')
}

// A character for each byte. What decoders call latin1 is windows-1252 on most runtimes, which differs from 80 to 9f.
function latin1(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return text
}
