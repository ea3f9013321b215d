import type { TrustAnchor } from '../core/verdict.ts'

/**
 * AMD's root keys (ARK) by the SHA-256 of their SubjectPublicKeyInfo. From Milan on they are those of
 * SEV-SNP. The root of Rome is not among them: name it as an anchor of your own.
 * @see AMD 55766 (SEV API), appendix B
 */
export const AMD_SEV_ROOTS: readonly TrustAnchor[] = [
  root('Naples', '3a04f8f1347de206c9206a81148ba4ef0a233b245d43a15dd82de043bb3e4f69'),
  root('Milan', '9f056bee44377e29308cb5ffa895bdfb62d18881fa6bed8d6f075b0204089cb9'),
  root('Genoa', '429a69c9422aa258ee4d8db5fcda9c6470ef15f8cd5a9cebd6cbc7d90b863831'),
  root('Turin', '4f125410563a2ab9a50356f9243f6fe0b6f73de98603f53f90339c70e9d7ad08'),
]

function root(product: string, spkiSha256: string): TrustAnchor {
  return { id: `amd-ark-${product.toLowerCase()}`, name: `ARK-${product}`, vendor: 'AMD', spkiSha256 }
}

/** Product of one of AMD's roots. */
export function productOfAnchor(anchor: TrustAnchor | undefined): string | undefined {
  return AMD_SEV_ROOTS.includes(anchor as TrustAnchor) ? anchor?.name.slice(4) : undefined
}
