import { decodeBase64url } from '../core/base64url.ts'
import { concatBytes } from '../core/bytes.ts'
import { EvidenceError, refuse } from '../core/errors.ts'
import { isList, isObject, type Json, memberOf, parseStrict, textOf } from '../core/json.ts'
import { ecSpki } from '../crypto/ec-key.ts'
import { CURVE_BYTES, type DigestJob, type EcKey, type PublicKey, sha256 } from '../crypto/jobs.ts'
import { rsaKey, rsaSpki } from '../crypto/rsa-key.ts'
import { sameKey } from '../x509/signature.ts'
import { type AzureKeyQuote, azureKeyQuote } from './azure-key.ts'
import { parseChain, type TokenChain } from './certificates.ts'
import { keyKindOf } from './services.ts'

/** One key of a set that the caller trusts. */
export interface TrustedKey {
  /** Undefined when the set gives the key no id. */
  readonly kid: string | undefined
  readonly alg: string | undefined
  /** `use` of the key, `none` where its operations do not have `verify`; undefined when it does not say. */
  readonly use: string | undefined
  /** Undefined when it could not be read; `fault` says why. */
  readonly key: PublicKey | undefined
  /** SHA-256 of the DER SubjectPublicKeyInfo. */
  readonly spki: DigestJob | undefined
  /** Azure: what the certificate of the key says of it. */
  readonly quote?: AzureKeyQuote | undefined
  /** Certificates of the key, its own first; not judged. */
  readonly chain?: TokenChain | undefined
  readonly fault: string | undefined
}

const MAX_KEYS = 64

/**
 * Reads a JSON Web Key Set, or a single JSON Web Key. A key that cannot be read does not hide the others: it has a `fault`.
 *
 * @throws EvidenceError when the set as a whole is unreadable, or one key id stands for two keys
 * @see RFC 7517, section 5; RFC 7518, section 6
 */
export function readKeySet(text: string): readonly TrustedKey[] {
  const set = parseStrict(text, 'jwks')
  const list = memberOf(set, 'keys') ?? (textOf(set, 'kty') === undefined ? undefined : [set])
  if (!isList(list) || list.length > MAX_KEYS)
    throw refuse('jwks.keys', 'another value', `a list of at most ${MAX_KEYS}`)
  const keys = list.map(readKey)
  const named = keys.map(({ kid }) => kid).filter((kid) => kid !== undefined)
  if (new Set(named).size !== named.length) throw refuse('jwks.keys', 'a key id twice', 'each key id once')
  return keys
}

function readKey(jwk: Json, index: number): TrustedKey {
  const field = `jwks.keys[${index}]`
  if (!isObject(jwk)) throw refuse(field, 'another value', 'an object')
  const named = { kid: textOf(jwk, 'kid'), alg: textOf(jwk, 'alg'), use: useOf(jwk) }
  try {
    const { key, spki, quote, chain } = material(jwk, field)
    return { ...named, key, spki: sha256(spki), quote, chain, fault: undefined }
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error
    return { ...named, key: undefined, spki: undefined, fault: error.message }
  }
}

function useOf(jwk: Json): string | undefined {
  const operations = memberOf(jwk, 'key_ops')
  if (operations === undefined) return textOf(jwk, 'use')
  return isList(operations) && operations.includes('verify') ? textOf(jwk, 'use') : 'none'
}

interface Material {
  readonly key: PublicKey
  readonly spki: Uint8Array
  readonly quote?: AzureKeyQuote | undefined
  readonly chain?: TokenChain
}

// Where a key has certificates, they must be of this very key: a set that says two things is damaged.
function material(jwk: Json, field: string): Material {
  const plain = textOf(jwk, 'kty') === 'EC' ? ecOf(jwk, field) : rsaOf(jwk, field)
  const certified = memberOf(jwk, 'x5c') === undefined ? undefined : certifiedOf(memberOf(jwk, 'x5c'), field)
  if (plain === undefined) {
    if (certified === undefined) throw refuse(field, 'neither a public key nor a certificate', 'a public key')
    return certified
  }
  if (certified !== undefined && !sameKey(plain.key, certified.key))
    throw refuse(`${field}.x5c`, 'the certificate of another key', 'the certificate of this key')
  return certified === undefined ? plain : { ...certified, ...plain }
}

function certifiedOf(x5c: Json | undefined, field: string): Material {
  const chain = parseChain(x5c, `${field}.x5c`)
  const [leaf] = chain.certificates
  if (leaf?.key === undefined) throw refuse(`${field}.x5c`, 'another key', 'an RSA or EC key')
  return { key: leaf.key, spki: leaf.spki, quote: azureKeyQuote(leaf), chain }
}

function ecOf(jwk: Json, field: string): Material {
  const crv = textOf(jwk, 'crv')
  if (crv !== 'P-256' && crv !== 'P-384' && crv !== 'P-521')
    throw refuse(`${field}.crv`, 'another curve', 'P-256, P-384 or P-521')
  const [x, y] = ['x', 'y'].map((name) => decodeBase64url(textOf(jwk, name) ?? '', `${field}.${name}`))
  const size = CURVE_BYTES[crv]
  if (x?.length !== size || y?.length !== size)
    throw refuse(field, 'coordinates of another length', `${size} bytes each`)
  const key: EcKey = { kind: crv, bytes: concatBytes(x, y) }
  return { key, spki: ecSpki(key) }
}

function rsaOf(jwk: Json, field: string): Material | undefined {
  if (textOf(jwk, 'kty') !== 'RSA') throw refuse(`${field}.kty`, 'another kind of key', '`RSA` or `EC`')
  if (memberOf(jwk, 'n') === undefined && memberOf(jwk, 'e') === undefined) return undefined
  const modulus = decodeBase64url(textOf(jwk, 'n') ?? '', `${field}.n`)
  const exponent = decodeBase64url(textOf(jwk, 'e') ?? '', `${field}.e`)
  const number = exponent.reduce((sum, byte) => sum * 256 + byte, 0)
  if (modulus.length < 256 || modulus.length > 1024) throw refuse(`${field}.n`, 'another length', '2048 to 8192 bits')
  if (number < 3 || number > 0xffffffff || number % 2 === 0)
    throw refuse(`${field}.e`, 'another number', 'an odd exponent of 4 bytes at most')
  const key = rsaKey(modulus, exponent)
  return { key, spki: rsaSpki(key) }
}

/** Why a key must not be used with an algorithm; undefined when it may. */
export function misfit(key: TrustedKey, alg: string): string | undefined {
  if (key.alg !== undefined && key.alg !== alg) return `the key is for ${JSON.stringify(key.alg.slice(0, 16))}`
  if (key.use !== undefined && key.use !== 'sig') return 'the key is not for signatures'
  const kind = keyKindOf(alg)
  return key.key === undefined || key.key.kind === kind ? undefined : `the key is of the kind ${key.key.kind}`
}
