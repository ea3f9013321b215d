import { createHash, createPublicKey, type KeyObject, sign } from 'node:crypto'
import type { Signer } from '@sekisho/appraisal'

/** The public JSON Web Key of a P-256 key, as key sets show it. Its `kid` is the key's thumbprint (RFC 7638). */
export function es256Jwk(key: KeyObject): Signer['jwk'] {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key
  const { crv = '', x = '', y = '' } = publicKey.export({ format: 'jwk' })
  const kid = createHash('sha256')
    .update(JSON.stringify({ crv, kty: 'EC', x, y }))
    .digest('base64url')
  return { kty: 'EC', crv, x, y, alg: 'ES256', use: 'sig', kid }
}

/** A signer of attestation results over a P-256 private key. */
export function es256Signer(key: KeyObject): Signer {
  const jwk = es256Jwk(key)
  return {
    kid: jwk['kid'] ?? '',
    jwk,
    sign: (data) => sign('sha256', data, { key, dsaEncoding: 'ieee-p1363' }),
  }
}
