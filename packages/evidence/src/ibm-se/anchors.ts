import type { TrustAnchor } from '../core/verdict.ts'

/**
 * The public root above IBM's host key signing certificates, by the SHA-256 of its
 * SubjectPublicKeyInfo. Anything that DigiCert signs chains here: the fixed subject of the signing
 * certificate is what narrows it down.
 *
 * @see IBM Secure Execution for Linux, verifying the host key document
 */
export const IBM_SE_ROOTS: readonly TrustAnchor[] = [
  {
    id: 'digicert-trusted-root-g4',
    name: 'DigiCert Trusted Root G4',
    vendor: 'DigiCert, for IBM',
    spkiSha256: '59df317bfa9f4f0ab7ca514d7772296aa2c765b87664d08b96e57399e364729c',
  },
]
