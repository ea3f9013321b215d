import type { TrustAnchor } from '../core/verdict.ts'

/** Root of the certificates in Confidential Space tokens of the PKI flavour. */
export const CONFIDENTIAL_SPACE_ROOT: TrustAnchor = {
  id: 'google-confidential-space-root',
  name: 'Confidential Space Root CA',
  vendor: 'google',
  spkiSha256: '40b464f4d4ff947572c6b23869a7bccae3f69ba9c81ade6c09d035e4657e40c4',
}
