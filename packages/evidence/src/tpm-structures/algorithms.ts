import type { DigestAlgorithm } from '../crypto/jobs.ts'

/** Name of a PCR bank or hash, as TPM tools spell it. */
export type TpmHash = DigestAlgorithm | 'sm3_256' | 'sha3_256' | 'sha3_384' | 'sha3_512'

/** TPM_ALG_ID of hashes. @see TCG Algorithm Registry, section 6.10 */
export const TPM_HASHES: readonly { readonly id: number; readonly name: TpmHash; readonly size: number }[] = [
  { id: 0x0004, name: 'sha1', size: 20 },
  { id: 0x000b, name: 'sha256', size: 32 },
  { id: 0x000c, name: 'sha384', size: 48 },
  { id: 0x000d, name: 'sha512', size: 64 },
  { id: 0x0012, name: 'sm3_256', size: 32 },
  { id: 0x0027, name: 'sha3_256', size: 32 },
  { id: 0x0028, name: 'sha3_384', size: 48 },
  { id: 0x0029, name: 'sha3_512', size: 64 },
]

/** The hash of a TPM_ALG_ID; undefined for other ids. */
export function hashOf(id: number): TpmHash | undefined {
  return TPM_HASHES.find((one) => one.id === id)?.name
}

/** The TPM_ALG_ID of a hash, or of a signing scheme. */
export function algorithmId(name: TpmHash | TpmScheme): number {
  if (name in SCHEME_IDS) return SCHEME_IDS[name as TpmScheme]
  return TPM_HASHES.find((one) => one.name === name)?.id ?? NULL_ALGORITHM
}

/** Bytes of a digest. */
export function hashSize(name: TpmHash): number {
  return TPM_HASHES.find((one) => one.name === name)?.size ?? 0
}

/** The hash as this library computes it; undefined for those it cannot. */
export function computable(name: TpmHash): DigestAlgorithm | undefined {
  return name === 'sha1' || name === 'sha256' || name === 'sha384' || name === 'sha512' ? name : undefined
}

/** Signing schemes of attestation keys. */
export type TpmScheme = 'rsassa' | 'rsapss' | 'ecdsa'

const SCHEME_IDS: Readonly<Record<TpmScheme, number>> = { rsassa: 0x0014, rsapss: 0x0016, ecdsa: 0x0018 }

/** The signing scheme of a TPM_ALG_ID; undefined for others. */
export function schemeOf(id: number): TpmScheme | undefined {
  return id === 0x0014 ? 'rsassa' : id === 0x0016 ? 'rsapss' : id === 0x0018 ? 'ecdsa' : undefined
}

/** TPM_ALG_NULL. */
export const NULL_ALGORITHM = 0x0010

/** An id for messages, e.g. `0x000b`. */
export function idText(id: number): string {
  return `0x${id.toString(16).padStart(4, '0')}`
}
