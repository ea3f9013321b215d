import { COSE_ALGORITHMS, type CoseSign1, sign1Input } from '../cbor/sign1.ts'
import { CURVE_BYTES, type PublicKey, type SignatureJob } from '../crypto/jobs.ts'

/** Curve that each COSE algorithm is used with in Arm's tokens. */
const CURVE_OF: ReadonlyMap<number, PublicKey['kind']> = new Map([
  [-7, 'P-256'],
  [-35, 'P-384'],
  [-36, 'P-521'],
])

/** Name of a token's algorithm, e.g. `ES384`; the number of one that is not known. */
export function algorithmName({ algorithm }: CoseSign1): string {
  return algorithm === undefined ? 'none' : (COSE_ALGORITHMS.get(algorithm)?.name ?? String(algorithm))
}

/**
 * The check of a token's signature with a key. The header must name the algorithm that fits the key's
 * curve: it is signed, and never a hint.
 * @returns undefined when it cannot verify under any circumstances
 */
export function planSign1(cose: CoseSign1, key: PublicKey): SignatureJob | undefined {
  const { algorithm = 0, signature } = cose
  const scheme = COSE_ALGORITHMS.get(algorithm)?.scheme
  if (scheme === undefined || key.kind === 'RSA' || CURVE_OF.get(algorithm) !== key.kind) return undefined
  if (signature.length !== 2 * CURVE_BYTES[key.kind]) return undefined
  return { kind: 'signature', scheme, key, data: sign1Input(cose.protected, cose.payload), signature }
}
