import type { TrustAnchor } from '../core/verdict.ts'

/** The key of the Intel SGX Root CA. Several certificates exist for it; the key is what is pinned. */
export const INTEL_ROOT: TrustAnchor = {
  id: 'intel-sgx-root',
  name: 'Intel SGX Root CA',
  vendor: 'Intel',
  spkiSha256: 'a0af031289f5d5d4132f9186068a7fc13628633ba235777472e29b6b6c67a49e',
}
