import type { TrustAnchor } from '../core/verdict.ts'

/** The key of the Intel SGX Root CA. Several certificates exist for it; the key is what is pinned. */
export const INTEL_ROOT: TrustAnchor = {
  id: 'intel-sgx-root',
  name: 'Intel SGX Root CA',
  vendor: 'Intel',
  spkiSha256: 'a0af031289f5d5d4132f9186068a7fc13628633ba235777472e29b6b6c67a49e',
}

/** SHA-256 of the certificates that Intel has published for it. */
export const INTEL_ROOT_CERTIFICATES: readonly string[] = [
  '44a0196b2b99f889b8e149e95b807a350e7424964399e885a7cbb8ccfab674d3',
  '72f9c2498a067b1eea50222d8c95bfe8a8eb3eaa635253575cb1d31dffadb19c',
  'fc64f8076d79a4fee9d1d473d74c89eb8d8fd55c5abafeabeba7366d20429404',
]
