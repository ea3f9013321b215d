import type { TrustAnchor } from '../core/verdict.ts'

/**
 * The root of AWS Nitro attestation, by the SHA-256 of its SubjectPublicKeyInfo.
 * @see AWS Nitro Enclaves, verifying the root of trust (AWS_NitroEnclaves_Root-G1)
 */
export const AWS_NITRO_ROOTS: readonly TrustAnchor[] = [
  {
    id: 'aws-nitro-root-g1',
    name: 'aws.nitro-enclaves',
    vendor: 'AWS',
    spkiSha256: 'f2caf5ecc6190b4a8399b78bc58a2bbcd0382375db8a1bfd78a82743874fd225',
  },
]

/** SHA-256 of the root certificates that AWS has published: their own signature need not be looked at. */
export const AWS_NITRO_ROOT_CERTIFICATES: readonly string[] = [
  '641a0321a3e244efe456463195d606317ed7cdcc3c1756e09893f3c68f79bb5b',
]
