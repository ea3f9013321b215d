import { fromHex } from '../core/bytes.ts'
import { CURVE_BYTES, type PublicKey } from '../crypto/jobs.ts'
import type { Certificate } from './certificate.ts'
import { sameKey } from './signature.ts'

/**
 * A root key that is pinned, as x then y in hex. One object for all certificates that have it, so that the platform's
 * cryptography imports it once.
 */
export function pinnedKey(kind: keyof typeof CURVE_BYTES, hex: string): PublicKey {
  const bytes = fromHex(hex)
  if (bytes?.length !== 2 * CURVE_BYTES[kind]) throw new TypeError(`a point on ${kind} has another length`)
  return { kind, bytes }
}

/** The certificate, with the pinned key's own object where its key is one of these; so it stands in the pool from then on. */
export function withPinnedKey(
  certificate: Certificate,
  pinned: readonly PublicKey[],
  pool: Certificate[],
): Certificate {
  const { key } = certificate
  if (key === undefined || pinned.includes(key)) return certificate
  const same = pinned.find((one) => sameKey(one, key))
  if (same === undefined) return certificate
  const shared = { ...certificate, key: same }
  pool[pool.indexOf(certificate)] = shared
  return shared
}
