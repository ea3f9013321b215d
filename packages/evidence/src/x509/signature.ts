import { equalBytes } from '../core/bytes.ts'
import { CURVE_BYTES, type PublicKey, type SignatureJob, type SignatureScheme } from '../crypto/jobs.ts'
import { DerReader, TAG } from './der.ts'

/** A key that was asked about. */
interface Asked {
  readonly key: PublicKey
  readonly job: SignatureJob | undefined
}

/**
 * Bytes and the signature over them. The checks against each key are kept, so that the same question
 * is put to the platform's cryptography once for as long as the object lives.
 */
export class Signed {
  /** The signed bytes, exactly as received. */
  readonly data: Uint8Array
  /** Undefined when the algorithm is none that endorsements use; then nothing verifies. */
  readonly scheme: SignatureScheme | undefined
  readonly #signature: Uint8Array
  readonly #form: 'raw' | 'der'
  // Mostly there is one key. Further ones are held weakly: those a stranger brings along go when he does.
  #first: Asked | undefined
  #others: WeakMap<PublicKey, Asked> | undefined

  /** `form` tells how an ECDSA signature is written: r then s in full length, or DER as in certificates. */
  constructor(
    data: Uint8Array,
    scheme: SignatureScheme | undefined,
    signature: Uint8Array,
    form: 'raw' | 'der' = 'raw',
  ) {
    this.data = data
    this.scheme = scheme
    this.#signature = signature
    this.#form = form
  }

  /**
   * The check of this signature with `key`.
   * @returns undefined when it cannot verify under any circumstances: an algorithm that is not
   *   allowed or does not fit the key, or a malformed signature
   */
  by(key: PublicKey): SignatureJob | undefined {
    const known = this.#first?.key === key ? this.#first : this.#others?.get(key)
    if (known !== undefined) return known.job
    const asked: Asked = { key, job: this.#check(key) }
    if (this.#first === undefined) this.#first = asked
    else {
      this.#others ??= new WeakMap()
      this.#others.set(key, asked)
    }
    return asked.job
  }

  #check(key: PublicKey): SignatureJob | undefined {
    const { scheme, data } = this
    if (scheme === undefined || !fits(scheme, key)) return undefined
    const signature =
      key.kind === 'RSA' || this.#form === 'raw'
        ? this.#signature
        : rawEcdsaSignature(this.#signature, CURVE_BYTES[key.kind])
    return signature === undefined ? undefined : { kind: 'signature', scheme, key, data, signature }
  }
}

/** Whether two public keys are the same key. */
export function sameKey(a: PublicKey, b: PublicKey): boolean {
  return a.kind === b.kind && equalBytes(a.bytes, b.bytes)
}

function fits(scheme: SignatureScheme, key: PublicKey): boolean {
  if (key.kind === 'RSA') return scheme.startsWith('rsassa') && key.bits >= 2048 && key.bits <= 8192
  const curve = scheme.startsWith('ecdsa-p') ? `P-${scheme.slice(7, 10)}` : key.kind
  return scheme.startsWith('ecdsa') && curve === key.kind
}

/**
 * The raw form, r then s, of a DER ECDSA-Sig-Value.
 * @returns undefined when it is not canonical DER or a number is longer than the curve's order
 * @see RFC 3279, section 2.2.3
 */
export function rawEcdsaSignature(der: Uint8Array, size: number): Uint8Array | undefined {
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
