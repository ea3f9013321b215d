import { createHash, type JsonWebKey } from 'node:crypto'
import { canonicalJson } from '@sekisho/evidence'
import { JweError, readTeeKey } from '../jwe/tee-key.ts'
import type { RuntimeData } from './model.ts'

/**
 * What primary evidence must carry as report data: SHA-384 over the canonical JSON of nonce, key and the additional
 * evidence as it was sent (KBS protocol, section 5). 48 bytes.
 */
export function primaryDigest({ nonce, 'tee-pubkey': key }: RuntimeData, additionalEvidence: string): Uint8Array {
  return digestOf({ 'additional-evidence': additionalEvidence, nonce, 'tee-pubkey': key })
}

/** What the evidence of every additional device must carry. 48 bytes. */
export function deviceDigest({ nonce, 'tee-pubkey': key }: RuntimeData): Uint8Array {
  return digestOf({ nonce, 'tee-pubkey': key })
}

function digestOf(runtimeData: object): Uint8Array {
  return createHash('sha384').update(canonicalJson(runtimeData)).digest()
}

/**
 * A TEE key that secrets can be encrypted to; undefined for anything else. Also for a key with more members than such
 * keys have: what nobody reads would still be bound, signed and stored.
 */
export function teeKeyOf(value: unknown): JsonWebKey | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  if (Object.keys(value).some((name) => !KEY_MEMBERS.includes(name))) return undefined
  try {
    readTeeKey(value)
  } catch (error) {
    if (error instanceof JweError) return undefined
    throw error
  }
  return { ...value }
}

const KEY_MEMBERS: readonly string[] = ['kty', 'crv', 'alg', 'x', 'y', 'n', 'e', 'kid', 'use', 'key_ops', 'ext']

const HASHES: readonly string[] = ['sha256', 'sha384', 'sha512']

/**
 * Digest of init-data, by the hash that its TOML names, over the text as it was sent.
 *
 * @see the init-data specification of Confidential Containers; KBS protocol, section 5
 * @returns undefined when it is no TOML that names one
 */
export function initDataDigest({
  format,
  body,
}: {
  readonly format: string
  readonly body: string
}): Uint8Array | undefined {
  const named = /^\s*algorithm\s*=\s*(?:"([\w-]+)"|'([\w-]+)')\s*(?:#.*)?$/m.exec(body)
  const algorithm = (named?.[1] ?? named?.[2])?.toLowerCase().replace('-', '')
  if (format !== 'toml' || algorithm === undefined || !HASHES.includes(algorithm)) return undefined
  return createHash(algorithm).update(body).digest()
}
