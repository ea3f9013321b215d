import type { TrustAnchor } from '../core/verdict.ts'

/** Root of the certificates in Confidential Space tokens of the PKI flavour. */
export const CONFIDENTIAL_SPACE_ROOT: TrustAnchor = {
  id: 'google-confidential-space-root',
  name: 'Confidential Space Root CA',
  vendor: 'google',
  spkiSha256: '40b464f4d4ff947572c6b23869a7bccae3f69ba9c81ade6c09d035e4657e40c4',
}

/** SHA-256 of SubjectPublicKeyInfos whose private half is published: they sign samples, never for a verifier. */
export const PUBLISHED_KEYS: readonly string[] = [
  // The key of Veraison's samples of EAR.
  '66e2b23c32c650217f99e11fb60b51ea72c6667c6dfd1238364435e62d659d5b',
]
