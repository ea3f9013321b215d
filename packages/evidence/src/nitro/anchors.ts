import type { TrustAnchor } from '../core/verdict.ts'
import type { PublicKey } from '../crypto/jobs.ts'
import { pinnedKey } from '../x509/pinned-key.ts'

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

/** Its key itself. */
export const AWS_NITRO_ROOT_KEYS: readonly PublicKey[] = [
  pinnedKey(
    'P-384',
    'fc0254eba608c1f36870e29ada90be46383292736e894bfff672d989444b5051e534a4b1f6dbe3c0bc581a32b7b17607' +
      '0ede12d69a3fea211b66e752cf7dd1dd095f6f1370f4170843d9dc100121e4cf63012809664487c9796284304dc53ff4',
  ),
]
