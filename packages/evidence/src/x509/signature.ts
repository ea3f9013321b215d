import type { PublicKey, SignatureJob, SignatureScheme } from '../crypto/jobs.ts'
import { equalBytes } from '../core/bytes.ts'
import { DerReader, TAG } from './der.ts'

/**
 * Bytes and the signature over them. The checks against each key are kept, so that the same question
 * is put to the platform's cryptography once for as long as the object lives.
 */
export class Signed {
  /** The signed bytes, exactly as received. */
  readonly data: Uint8Array
  /** Undefined when the algorithm is none that endorsements use; then nothing verifies. */
  readonly scheme: SignatureScheme | undefined
  /** Raw form: r then s for ECDSA; undefined when the DER form was not canonical. */
  readonly signature: Uint8Array | undefined
  readonly #checks: { readonly key: PublicKey; readonly job: SignatureJob }[] = []

  constructor(data: Uint8Array, scheme: SignatureScheme | undefined, signature: Uint8Array | undefined) {
    this.data = data
    this.scheme = scheme
    this.signature = signature
  }

  /**
   * The check of this signature with `key`.
   * @returns undefined when it cannot verify under any circumstances: an algorithm that is not
   *   allowed or does not fit the key, or a malformed signature
   */
  by(key: PublicKey): SignatureJob | undefined {
    const { scheme, signature } = this
    if (scheme === undefined || signature === undefined || !fits(scheme, key)) return undefined
    const known = this.#checks.find((check) => check.key === key || sameKey(check.key, key))
    if (known !== undefined) return known.job
    const job: SignatureJob = { kind: 'signature', scheme, key, data: this.data, signature }
    this.#checks.push({ key, job })
    return job
  }
}

/** Whether two public keys are the same key. */
export function sameKey(a: PublicKey, b: PublicKey): boolean {
  return a.kind === b.kind && equalBytes(a.bytes, b.bytes)
}

const KEY_OF_SCHEME: Readonly<Record<SignatureScheme, PublicKey['kind']>> = {
  'ecdsa-p256-sha256': 'P-256',
  'ecdsa-p384-sha384': 'P-384',
  'rsassa-pss-sha384': 'RSA',
}

function fits(scheme: SignatureScheme, key: PublicKey): boolean {
  if (KEY_OF_SCHEME[scheme] !== key.kind) return false
  return key.kind !== 'RSA' || (key.bits !== undefined && key.bits >= 2048 && key.bits <= 8192)
}

/**
 * The raw form, r then s, of a DER ECDSA-Sig-Value.
 * @returns undefined when it is not canonical DER or a number is longer than the curve's order
 * @see RFC 3279, section 2.2.3
 */
export function rawEcdsaSignature(der: Uint8Array, size: 32 | 48): Uint8Array | undefined {
  const raw = new Uint8Array(2 * size)
  try {
    const outer = new DerReader(der, 'signature')
    const pair = outer.inside(TAG.sequence, 'ecdsa')
    outer.finish('ecdsa')
    for (const end of [size, 2 * size]) {
      const number = pair.unsigned(end === size ? 'r' : 's')
      if (number.length > size) return undefined
      raw.set(number, end - number.length)
    }
    pair.finish('ecdsa')
  } catch {
    // Whatever the DER's fault, there is no signature to check: the caller reports it as not verifying.
    return undefined
  }
  return raw
}
