import { type EvidenceError, refuse } from '../core/errors.ts'
import type { PublicKey } from '../crypto/jobs.ts'
import { rsaKey } from '../crypto/rsa-key.ts'
import { decodeBase64 } from '../x509/pem.ts'

/** One key of the runtime claims. */
export interface RuntimeKey {
  readonly kid: string
  readonly kty: string
  readonly keyOps: readonly string[]
  readonly key: PublicKey
}

/** The runtime claims of an HCL report, read. Nothing here is believed before a hardware report binds the bytes. */
export interface RuntimeClaims {
  /** Those of the vTPM: its attestation key, and its endorsement key where there is one. */
  readonly keys: readonly RuntimeKey[]
  /** The vTPM's attestation key. */
  readonly ak: RuntimeKey
  /** Settings of the VM as they were configured: numbers, texts and booleans. */
  readonly vmConfiguration: Readonly<Record<string, string | number | boolean>>
  /** 64 bytes that the guest chose, hex; undefined in images of early 2023. */
  readonly userData: string | undefined
}

const MAX_KEYS = 16
const MAX_SETTINGS = 64

/**
 * Reads runtime claims. Keys are taken by their id, and each id must occur once.
 * @throws EvidenceError
 */
export function readRuntimeClaims(bytes: Uint8Array): RuntimeClaims {
  const claims = record(jsonOf(bytes), 'claims')
  const list: unknown = claims['keys']
  if (!Array.isArray(list) || list.length > MAX_KEYS)
    throw bad('keys', 'another value', `a list of at most ${MAX_KEYS} keys`)
  const ids = list.map(keyId)
  if (new Set(ids).size !== ids.length) throw bad('keys', 'a key id twice', 'each id once')
  // Others may be of any kind: nothing is done with them.
  const keys = list.flatMap((one, i) => (VTPM_KEYS.includes(ids[i] ?? '') ? [readKey(one, i)] : []))
  const ak = keys.find(({ kid }) => kid === 'HCLAkPub')
  if (ak === undefined) throw bad('keys', 'no key HCLAkPub', 'exactly one')
  return {
    keys,
    ak,
    vmConfiguration: readSettings(claims['vm-configuration']),
    userData: readUserData(claims['user-data']),
  }
}

const VTPM_KEYS: readonly string[] = ['HCLAkPub', 'HCLEkPub']

function keyId(value: unknown, i: number): string {
  const { kid } = record(value, `keys[${i}]`)
  if (typeof kid !== 'string' || kid.length > 64) throw bad(`keys[${i}].kid`, 'another value', 'text')
  return kid
}

function readKey(value: unknown, i: number): RuntimeKey {
  const field = `keys[${i}]`
  const jwk = record(value, field)
  const kid = keyId(value, i)
  const { kty, n, e } = jwk
  const operations: unknown = jwk['key_ops']
  if (kty !== 'RSA') throw bad(`${field}.kty`, 'another value', '`RSA`')
  const modulus = typeof n === 'string' ? decodeBase64(n) : undefined
  const exponent = typeof e === 'string' ? decodeBase64(e) : undefined
  if (modulus === undefined || modulus.length < 128 || modulus.length > 1024)
    throw bad(`${field}.n`, 'another value', 'a modulus in base64url')
  if (exponent === undefined || exponent.length < 1 || exponent.length > 4)
    throw bad(`${field}.e`, 'another value', 'an exponent in base64url')
  const number = exponent.reduce((sum, byte) => sum * 256 + byte, 0)
  if (number < 3 || number % 2 === 0) throw bad(`${field}.e`, 'another number', 'an odd exponent of 3 or more')
  const keyOps = Array.isArray(operations)
    ? operations.filter((one): one is string => typeof one === 'string').slice(0, 8)
    : []
  return {
    kid,
    kty,
    keyOps,
    key: rsaKey(modulus, exponent),
  }
}

function readSettings(value: unknown): RuntimeClaims['vmConfiguration'] {
  if (value === undefined) return {}
  const entries = Object.entries(record(value, 'vm-configuration'))
  if (entries.length > MAX_SETTINGS)
    throw bad('vm-configuration', `${entries.length} settings`, `at most ${MAX_SETTINGS}`)
  const settings: Record<string, string | number | boolean> = {}
  for (const [name, setting] of entries) {
    if (typeof setting === 'boolean' || (typeof setting === 'number' && Number.isSafeInteger(setting)))
      settings[name.slice(0, 64)] = setting
    else if (typeof setting === 'string') settings[name.slice(0, 64)] = setting.slice(0, 256)
  }
  return settings
}

function readUserData(value: unknown): string | undefined {
  if (value === undefined) return undefined
  if (typeof value !== 'string' || !/^[0-9a-fA-F]{128}$/.test(value))
    throw bad('user-data', 'another value', '128 hex digits')
  return value.toLowerCase()
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    // Engines word it differently, and the text is an attacker's until it is bound.
    throw bad('claims', 'text that is no JSON', 'a JSON object')
  }
}

function record(value: unknown, field: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw bad(field, 'another value', 'an object')
  return Object.fromEntries(Object.entries(value))
}

function bad(field: string, found: string, expected: string): EvidenceError {
  return refuse(`HCL.claims.${field}`, found, expected)
}
