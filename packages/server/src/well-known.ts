import type { Broker } from '@sekisho/broker'
import type { Front } from './http/front.ts'
import { json } from './http/reply.ts'

/** Long enough to spare us, short enough that a revoked key is forgotten soon. The next key is published for longer before it signs. */
const CACHED = { 'cache-control': 'public, max-age=60' }

/** Where relying parties find the keys that attestation results are verified with. */
export function wellKnownFace(front: Front, { jwks, issuer }: Pick<Broker, 'jwks' | 'issuer'>): void {
  front.on('GET', '/.well-known/jwks.json', async ({ at }) => json(200, await jwks(at), CACHED))
  front.on('GET', '/.well-known/openid-configuration', () =>
    json(
      200,
      {
        issuer,
        jwks_uri: `${issuer.replace(/\/$/, '')}/.well-known/jwks.json`,
        response_types_supported: ['id_token'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['ES256'],
      },
      CACHED,
    ),
  )
}
