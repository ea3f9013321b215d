import { createPublicKey, type KeyObject, sign } from 'node:crypto'
import type { Signer } from '@sekisho/appraisal'

/** A signer over a P-256 key of this process. */
export function es256(key: KeyObject): Signer {
  const { x = '', y = '' } = createPublicKey(key).export({ format: 'jwk' })
  const kid = 'bench'
  return {
    kid,
    jwk: { kty: 'EC', crv: 'P-256', x, y, alg: 'ES256', kid },
    sign: (data) => sign('sha256', data, { key, dsaEncoding: 'ieee-p1363' }),
  }
}
