import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { canonicalJson } from '@sekisho/evidence'

/** The public half of a workload's key, as the KBS protocol writes it. */
export interface TeePublicKey {
  readonly kty: 'EC'
  readonly crv: 'P-256'
  readonly alg: 'ECDH-ES+A256KW'
  /** base64url, 32 bytes. */
  readonly x: string
  readonly y: string
}

/** A workload's key: made for one exchange, or for one lease, and never written anywhere. */
export interface TeeKey {
  readonly privateKey: KeyObject
  readonly publicKey: TeePublicKey
}

/** Makes a key that secrets are encrypted to. */
export function makeTeeKey(): TeeKey {
  // Encoded: in Node 20 a key object fresh from the generator can block the process for ever when it is exported.
  const { privateKey: der } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'der' },
    privateKeyEncoding: { type: 'pkcs8', format: 'der' },
  })
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  der.fill(0)
  const { x = '', y = '' } = createPublicKey(privateKey).export({ format: 'jwk' })
  return { privateKey, publicKey: { kty: 'EC', crv: 'P-256', alg: 'ECDH-ES+A256KW', x, y } }
}

/** Hashes that a KBS server may ask the binding to be made with. */
export type BindingHash = 'sha256' | 'sha384' | 'sha512'

/**
 * The report data that binds a nonce and a key: the digest of their canonical JSON.
 * @see KBS protocol of Confidential Containers, `tee-evidence`
 */
export function bindingOf(nonce: string, key: TeePublicKey, hash: BindingHash = 'sha384'): Uint8Array {
  const runtimeData = canonicalJson({ 'additional-evidence': '', nonce, 'tee-pubkey': key })
  return new Uint8Array(createHash(hash).update(runtimeData, 'utf8').digest())
}
