import { concatBytes } from '../core/bytes.ts'
import {
  type DigestJob,
  inSignatureRange,
  P256_ORDER,
  type PublicKey,
  type SignatureJob,
  sha256,
} from '../crypto/jobs.ts'
import type { Quote } from './quote.ts'

/** The check of a raw P-256 signature; undefined when r or s is out of range, or the key is missing. */
export function signatureOf(
  data: Uint8Array,
  signature: Uint8Array,
  key: PublicKey | undefined,
): SignatureJob | undefined {
  if (key === undefined || !inSignatureRange(signature, P256_ORDER)) return undefined
  return { kind: 'signature', scheme: 'ecdsa-p256-sha256', key, data, signature }
}

/** The digest that binds the attestation key: SHA-256 over the key and the QE's authentication data. */
export function bindingOf(quote: Quote<unknown>): DigestJob {
  return sha256(concatBytes(quote.attestationKey, quote.qeAuthData))
}
