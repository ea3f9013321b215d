import { canonicalJson } from '@sekisho/evidence'

/** The public half of the workload's key, as the KBS protocol writes it. */
export interface PublicKey {
  readonly kty: 'EC'
  readonly crv: 'P-256'
  readonly alg: 'ECDH-ES+A256KW'
  readonly x: string
  readonly y: string
}

/** Makes a key pair of which no script, ours neither, can read the private half. */
export async function makeKey(): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, false, ['deriveBits'])
}

/** The public half. */
export async function publicKeyOf({ publicKey }: CryptoKeyPair): Promise<PublicKey> {
  const { x = '', y = '' } = await crypto.subtle.exportKey('jwk', publicKey)
  return { kty: 'EC', crv: 'P-256', alg: 'ECDH-ES+A256KW', x, y }
}

/**
 * What the machine signs: SHA-384 of the canonical JSON of nonce and key, 48 bytes.
 * @see KBS protocol of Confidential Containers, `tee-evidence`
 */
export async function bindingOf(nonce: string, key: PublicKey): Promise<Uint8Array> {
  const bound = canonicalJson({ 'additional-evidence': '', nonce, 'tee-pubkey': key })
  return new Uint8Array(await crypto.subtle.digest('SHA-384', new TextEncoder().encode(bound)))
}
