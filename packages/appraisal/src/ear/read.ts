import { EvidenceError } from '@sekisho/evidence'
import { type JsonObject, parseToken, type Token } from '@sekisho/evidence/token'
import type { EarClaims } from './model.ts'
import { EarError, readEarPayload } from './payload.ts'

/** A key that results may be signed with. */
export interface EarKey extends JsonWebKey {
  readonly kid?: string
}

/** What reading a result needs beside the keys. */
export interface ReadEarOptions {
  readonly at: Date
  /** Whoever must have issued it; anybody whose key is trusted unless said. */
  readonly issuer?: string
  /** Verifies ECDSA with P-256 and SHA-256; WebCrypto unless given. */
  readonly verify?: (key: EarKey, signature: Uint8Array, data: Uint8Array) => Promise<boolean>
}

/** Seconds by which clocks may differ. */
const SLACK = 60

/**
 * Verifies an EAR offline and reads it: ES256 alone, a key of `keys` by the token's `kid`, the signature
 * over the text as received, times, issuer, mandatory claims. Keys that the token itself carries are
 * never used.
 *
 * @throws EarError that says which rule it breaks
 */
export async function readEar(
  token: string,
  keys: { readonly keys: readonly EarKey[] },
  options: ReadEarOptions,
): Promise<EarClaims> {
  const { header, claims: payload, signature, signed } = split(token)
  if (signature.length !== 64) throw new EarError('expected a signature of 64 bytes')
  if (header['alg'] !== 'ES256') throw new EarError('alg: expected ES256')
  if (header['crit'] !== undefined) throw new EarError('crit: no extension is known')
  const key = keyFor(header, keys.keys)
  const verify = options.verify ?? verifyEs256
  if (!(await verify(key, signature, signed)))
    throw new EarError('the signature does not verify with the key of that kid')
  const claims = readEarPayload(payload)
  checkTimes(claims, payload, options.at)
  if (options.issuer !== undefined && claims.issuer !== options.issuer)
    throw new EarError(`iss: expected ${options.issuer}`)
  return claims
}

// Strict base64url and JSON, no member twice: the reader that all tokens share.
function split(token: string): Token {
  if (!/^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/.test(token))
    throw new EarError('expected a compact JWS: three parts of base64url with dots between them')
  try {
    return parseToken(new TextEncoder().encode(token))
  } catch (error) {
    if (error instanceof EvidenceError) throw new EarError(error.message)
    throw error
  }
}

// A token without a kid is read with the only key there is; trying several would hide which one is meant.
function keyFor({ kid }: JsonObject, keys: readonly EarKey[]): EarKey {
  const fitting = kid === undefined ? keys : keys.filter((key) => key.kid === kid)
  const [key] = fitting
  if (key === undefined || fitting.length > 1)
    throw new EarError(kid === undefined ? 'kid: the token names no key' : 'kid: expected the id of one trusted key')
  if (key.kty !== 'EC' || key.crv !== 'P-256') throw new EarError('the key of that kid is none for ES256')
  if (key.alg !== undefined && key.alg !== 'ES256') throw new EarError('the key of that kid is for another algorithm')
  return key
}

async function verifyEs256(key: EarKey, signature: Uint8Array, data: Uint8Array): Promise<boolean> {
  const { kty, crv, x, y } = key
  if (kty === undefined || crv === undefined || x === undefined || y === undefined) return false
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }
  try {
    const imported = await crypto.subtle.importKey('jwk', { kty, crv, x, y }, algorithm, false, ['verify'])
    return await crypto.subtle.verify(
      { name: 'ECDSA', hash: 'SHA-256' },
      imported,
      new Uint8Array(signature),
      new Uint8Array(data),
    )
  } catch {
    throw new EarError('the key of that kid is no point on P-256')
  }
}

function checkTimes({ issuedAt, expiresAt }: EarClaims, payload: JsonObject, at: Date): void {
  const now = at.getTime() / 1000
  if (!Number.isFinite(now)) throw new TypeError('at: expected a time')
  if (issuedAt.getTime() / 1000 > now + SLACK) throw new EarError('iat: the token is of a later time')
  if (expiresAt !== undefined && now >= expiresAt.getTime() / 1000 + SLACK)
    throw new EarError('exp: the token has expired')
  const { nbf } = payload
  if (nbf === undefined) return
  if (typeof nbf !== 'number' || !Number.isSafeInteger(nbf))
    throw new EarError('nbf: expected whole seconds since 1970')
  if (nbf > now + SLACK) throw new EarError('nbf: the token is not valid yet')
}
