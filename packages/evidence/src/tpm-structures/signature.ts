import { anySalt } from '#crypto'
import { bigEndian, concatBytes } from '../core/bytes.ts'
import { CURVE_BYTES, type PublicKey, type SignatureJob, type SignatureScheme } from '../crypto/jobs.ts'
import { algorithmId, computable, hashOf, idText, schemeOf, type TpmHash, type TpmScheme } from './algorithms.ts'
import { sized, TpmReader } from './reader.ts'

/** A TPMT_SIGNATURE. */
export interface TpmSignature {
  readonly scheme: TpmScheme
  readonly hash: TpmHash
  /** RSA: the signature. ECDSA: r and s, each as sent, without leading zeros perhaps. */
  readonly numbers: readonly Uint8Array[]
}

/**
 * Parses a TPMT_SIGNATURE; nothing may follow it.
 *
 * @see TCG TPM 2.0 Library, part 2, section 11.3.4
 * @throws EvidenceError
 */
export function parseSignature(bytes: Uint8Array): TpmSignature {
  const from = new TpmReader(bytes, 'TPMT_SIGNATURE')
  const id = from.u16('sigAlg')
  const scheme = schemeOf(id)
  if (scheme === undefined)
    throw from.error('unsupported-algorithm', idText(id), 'sigAlg', 'RSASSA, RSAPSS or ECDSA', 0)
  const hashId = from.u16('hash')
  const hash = hashOf(hashId)
  if (hash === undefined) throw from.error('unsupported-algorithm', idText(hashId), 'hash', 'a hash algorithm', 2)
  const numbers =
    scheme === 'ecdsa' ? [from.sized(66, 'signatureR'), from.sized(66, 'signatureS')] : [from.sized(1024, 'sig')]
  from.end()
  return { scheme, hash, numbers }
}

/** A bare RSASSA signature with SHA-256, as Azure's evidence carries it. @throws EvidenceError when it is too long */
export function bareSignature(bytes: Uint8Array): TpmSignature {
  if (bytes.length > 1024)
    throw new TpmReader(bytes, 'signature').error('too-large', `${bytes.length} bytes`, 'length', 'at most 1024 bytes')
  return { scheme: 'rsassa', hash: 'sha256', numbers: [bytes] }
}

/** Writes a signature; what {@link parseSignature} has read comes out byte for byte. */
export function encodeSignature({ scheme, hash, numbers }: TpmSignature): Uint8Array {
  return concatBytes(bigEndian(algorithmId(scheme), 2), bigEndian(algorithmId(hash), 2), ...numbers.map(sized))
}

/**
 * The check of a TPM's signature over `data` with `key`.
 * @returns undefined when it cannot verify under any circumstances: a scheme that does not fit the key,
 *   or numbers longer than the curve's
 */
export function signatureJob(
  { scheme, hash, numbers }: TpmSignature,
  key: PublicKey,
  data: Uint8Array,
): SignatureJob | undefined {
  const computed = computable(hash)
  if (computed === undefined || (scheme === 'ecdsa') === (key.kind === 'RSA')) return undefined
  if (key.kind !== 'RSA') {
    const raw = padded(numbers, CURVE_BYTES[key.kind])
    return raw === undefined ? undefined : { kind: 'signature', scheme: `ecdsa-${computed}`, key, data, signature: raw }
  }
  const named: SignatureScheme = scheme === 'rsassa' ? `rsassa-pkcs1-${computed}` : `rsassa-pss-${computed}`
  const job: SignatureJob = { kind: 'signature', scheme: named, key, data, signature: numbers[0] as Uint8Array }
  return scheme === 'rsapss' ? { ...job, anySalt } : job
}

// TPMs drop leading zeros of r and s, or keep them.
function padded(numbers: readonly Uint8Array[], size: number): Uint8Array | undefined {
  const raw = new Uint8Array(2 * size)
  for (const [i, number] of numbers.entries()) {
    if (number.length > size) return undefined
    raw.set(number, (i + 1) * size - number.length)
  }
  return raw
}
