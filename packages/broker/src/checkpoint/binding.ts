import { createHash, type JsonWebKey } from 'node:crypto'
import { canonicalJson } from '@sekisho/evidence'
import { JweError, readTeeKey } from '../jwe/tee-key.ts'
import type { BindingHash, Protocol, RuntimeData } from './model.ts'
import { teeName } from './names.ts'

/**
 * The hash by which the evidence of a session is bound: SHA-384, but for guests of IBM Secure Execution that speak the
 * KBS protocol SHA-512 (KBS protocol, section 5).
 */
export function bindingHash(protocol: Protocol, tee: string): BindingHash {
  return protocol === 'kbs' && teeName(tee) === 'ibm-se' ? 'sha512' : 'sha384'
}

/**
 * What primary evidence must carry as report data: the digest of the canonical JSON of nonce, key and the additional
 * evidence as it was sent (KBS protocol, section 5). 48 bytes; 64 by SHA-512.
 */
export function primaryDigest(
  { nonce, 'tee-pubkey': key }: RuntimeData,
  additionalEvidence: string,
  hash: BindingHash = 'sha384',
): Uint8Array {
  return digestOf({ 'additional-evidence': additionalEvidence, nonce, 'tee-pubkey': key }, hash)
}

/** What the evidence of every additional device must carry, as long as that. */
export function deviceDigest({ nonce, 'tee-pubkey': key }: RuntimeData, hash: BindingHash = 'sha384'): Uint8Array {
  return digestOf({ nonce, 'tee-pubkey': key }, hash)
}

function digestOf(runtimeData: object, hash: BindingHash): Uint8Array {
  return createHash(hash).update(canonicalJson(runtimeData)).digest()
}

/**
 * A TEE key that secrets can be encrypted to; undefined for anything else. Also for a key with more members than such
 * keys have: what nobody reads would still be bound, signed and stored.
 */
export function teeKeyOf(value: unknown): JsonWebKey | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  if (!Object.entries(value).every(([name, member]) => KEY_MEMBERS.get(name)?.(member) === true)) return undefined
  try {
    readTeeKey(value)
  } catch (error) {
    if (error instanceof JweError) return undefined
    throw error
  }
  return { ...value }
}

/** Of a key of 4096 bits, in base64url; other texts are shorter. */
const MAX_NUMBER = 1024
const MAX_TEXT = 256
const MAX_OPERATIONS = 16

const isNumber = (value: unknown): boolean => typeof value === 'string' && value.length <= MAX_NUMBER
const isText = (value: unknown): boolean => typeof value === 'string' && value.length <= MAX_TEXT

/** Members of a key, and what each may hold: it is kept with the appraisal and stands in the result (RFC 7517, 4). */
const KEY_MEMBERS: ReadonlyMap<string, (value: unknown) => boolean> = new Map([
  ...['kty', 'crv', 'alg', 'kid', 'use'].map((name) => [name, isText] as const),
  ...['x', 'y', 'n', 'e'].map((name) => [name, isNumber] as const),
  ['key_ops', (value) => Array.isArray(value) && value.length <= MAX_OPERATIONS && value.every(isText)],
  ['ext', (value) => typeof value === 'boolean'],
])

const HASHES: readonly string[] = ['sha256', 'sha384', 'sha512']

const VERSION = '0.1.0'

// Blanks of one line only: a pattern that takes line breaks as well needs quadratic time for a text of line breaks.
const textOf = (name: string): RegExp =>
  new RegExp(
    `^[ \\t]*(?:${name}|"${name}"|'${name}')[ \\t]*=[ \\t]*(?:"([\\w.-]{1,16})"|'([\\w.-]{1,16})')[ \\t]*(?:#.*)?$`,
    'gm',
  )
const KEYS = { version: textOf('version'), algorithm: textOf('algorithm') } as const
const TABLE = /^[ \t]*\[/m

/** The text at a key before the first table; undefined when it is not there once. Behind that, such a key is of a table. */
function topLevel(body: string, key: keyof typeof KEYS): string | undefined {
  const [found, ...more] = body.slice(0, TABLE.exec(body)?.index).matchAll(KEYS[key])
  return more.length > 0 ? undefined : (found?.[1] ?? found?.[2])
}

/**
 * Digest of init-data, by the hash that its TOML names, over the text as it was sent. Agents take version 0.1.0 alone.
 *
 * @see the init-data specification of Confidential Containers; KBS protocol, section 5
 * @returns undefined when it is no TOML of that version that names one
 */
export function initDataDigest({
  format,
  body,
}: {
  readonly format: string
  readonly body: string
}): Uint8Array | undefined {
  if (format !== 'toml' || topLevel(body, 'version') !== VERSION) return undefined
  const algorithm = topLevel(body, 'algorithm')?.toLowerCase().replace('-', '')
  if (algorithm === undefined || !HASHES.includes(algorithm)) return undefined
  return createHash(algorithm).update(body).digest()
}
