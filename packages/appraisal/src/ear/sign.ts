import { asciiBytes, jsonToBase64url, toBase64url } from './base64url.ts'
import type { EarClaims } from './model.ts'

/** Whoever signs results: an ES256 key, wherever it lives. */
export interface Signer {
  readonly kid: string
  /** The public key with `alg` ES256 and `kid`; goes into the token's header, and into key sets. */
  readonly jwk: Readonly<Record<string, string>>
  /**
   * ECDSA with P-256 and SHA-256 over the bytes: r and s, 64 bytes. The bytes are the signer's until it returns, or
   * until its promise settles.
   */
  sign(data: Uint8Array): Uint8Array | Promise<Uint8Array>
}

/**
 * Signs a result: a compact JWS with `typ` JWT, `alg` ES256, `kid` and the public `jwk`, as clients of a
 * KBS expect it.
 *
 * @throws TypeError when the signer gives no 64-byte signature
 */
export async function signEar(claims: Pick<EarClaims, 'payload'>, signer: Signer): Promise<string> {
  const signed = `${headerOf(signer)}.${jsonToBase64url(claims.payload)}`
  const { bytes, keep } = asciiBytes(signed)
  const signing = signer.sign(bytes)
  if (!(signing instanceof Uint8Array)) keep()
  const signature = await signing
  if (signature.length !== 64) throw new TypeError('the signer gave no ES256 signature of 64 bytes')
  return `${signed}.${toBase64url(signature)}`
}

const headers: WeakMap<Signer, string> = new WeakMap()

// The same for every token of a signer.
function headerOf(signer: Signer): string {
  const known = headers.get(signer)
  if (known !== undefined) return known
  const made = jsonToBase64url({ typ: 'JWT', alg: 'ES256', kid: signer.kid, jwk: signer.jwk })
  headers.set(signer, made)
  return made
}
