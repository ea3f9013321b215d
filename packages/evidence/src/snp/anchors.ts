import type { TrustAnchor } from '../core/verdict.ts'

/**
 * AMD's root keys (ARK), one a product generation, by the SHA-256 of their SubjectPublicKeyInfo.
 * @see AMD 57230 (VCEK certificates and key distribution service), certificate chain
 */
export const AMD_ROOTS: readonly TrustAnchor[] = [
  root('Milan', '9f056bee44377e29308cb5ffa895bdfb62d18881fa6bed8d6f075b0204089cb9'),
  root('Genoa', '429a69c9422aa258ee4d8db5fcda9c6470ef15f8cd5a9cebd6cbc7d90b863831'),
  root('Turin', '4f125410563a2ab9a50356f9243f6fe0b6f73de98603f53f90339c70e9d7ad08'),
]

/** SHA-256 of the root certificates that AMD has published. */
export const AMD_ROOT_CERTIFICATES: readonly string[] = [
  '69d063b45344d26a2e94e1f4210de49ef555308287d4c174445c95639a540bcd',
  '4c6598d19c18719c5dfd4a7d335f674e5bfe1d8f800cea2cf270c10d103db2f1',
  '1f084161a44bb6d93778a904877d4819cafa5d05ef4193b2ded9dd9c73dd3f6a',
]

function root(product: string, spkiSha256: string): TrustAnchor {
  return { id: `amd-ark-${product.toLowerCase()}`, name: `ARK-${product}`, vendor: 'AMD', spkiSha256 }
}
