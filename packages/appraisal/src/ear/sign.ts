import { jsonToBase64url, keep, signingInput, toBase64url } from '#base64url'
import type { EarClaims } from './model.ts'

/** Whoever signs results: an ES256 key, wherever it lives. */
export interface Signer {
  readonly kid: string
  /** The public key with `alg` ES256 and `kid`; goes into key sets. */
  readonly jwk: Readonly<Record<string, string>>
  /**
   * ECDSA with P-256 and SHA-256 over the bytes: r and s, 64 bytes. The bytes are the signer's until it returns, or
   * until its promise settles.
   */
  sign(data: Uint8Array): Uint8Array | Promise<Uint8Array>
}

/**
 * Signs a result: a compact JWS with `typ` JWT, `alg` ES256 and `kid`. A `jwk` stays out: where a header has one,
 * Trustee's KBS asks for certificates in it, and never looks for `kid` in the key sets that it trusts.
 *
 * @throws TypeError when the signer gives no 64-byte signature
 */
export async function signEar(claims: Pick<EarClaims, 'payload'>, signer: Signer): Promise<string> {
  const [header, payload] = [headerOf(signer), jsonToBase64url(claims.payload)]
  const bytes = signingInput(header, payload)
  const signing = signer.sign(bytes)
  if (!(signing instanceof Uint8Array)) keep(bytes)
  // Waiting for what is there already would cost a turn of the microtask queue.
  const signature = signing instanceof Uint8Array ? signing : await signing
  if (signature.length !== 64) throw new TypeError('the signer gave no ES256 signature of 64 bytes')
  return `${header}.${payload}.${toBase64url(signature)}`
}

const headers: WeakMap<Signer, string> = new WeakMap()

// The same for every token of a signer.
function headerOf(signer: Signer): string {
  const known = headers.get(signer)
  if (known !== undefined) return known
  const made = jsonToBase64url({ typ: 'JWT', alg: 'ES256', kid: signer.kid })
  headers.set(signer, made)
  return made
}
