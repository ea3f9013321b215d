import type { TrustAnchor } from '../core/verdict.ts'

/**
 * Roots above the endorsement and attestation keys of Google's virtual TPMs, by the SHA-256 of their
 * SubjectPublicKeyInfo. Makers of TPM chips have many roots: the caller names those he accepts.
 */
export const GOOGLE_TPM_ROOTS: readonly TrustAnchor[] = [
  {
    id: 'google-ek-ak-ca-root',
    name: 'EK/AK CA Root',
    vendor: 'Google',
    spkiSha256: '56a613f57126a385dd6949294e93b0b566f96ab0573be0c2368e6f5ca779831f',
  },
  {
    id: 'google-tpm-ek-v1-root',
    name: 'tpm_ek_v1_cloud_host_root',
    vendor: 'Google',
    spkiSha256: 'f23057f4f97d1d90e4cae0ce91d5a0fc99069f0a1bc147021dca33b1e9c4d0d9',
  },
]
