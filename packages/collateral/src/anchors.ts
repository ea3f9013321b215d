import type { TrustAnchor } from '@sekisho/evidence'
import { bad } from './reading.ts'
import type { Window } from './types.ts'
import type { CertificateFacts } from './x509.ts'

/**
 * Vendors' root keys that answers must lead to by default: the same pins as the verifiers', so that an
 * answer no verifier would accept is not kept.
 */
export const VENDOR_ROOTS: readonly TrustAnchor[] = [
  {
    id: 'intel-sgx-root',
    name: 'Intel SGX Root CA',
    vendor: 'Intel',
    spkiSha256: 'a0af031289f5d5d4132f9186068a7fc13628633ba235777472e29b6b6c67a49e',
  },
  {
    id: 'amd-ark-milan',
    name: 'ARK-Milan',
    vendor: 'AMD',
    spkiSha256: '9f056bee44377e29308cb5ffa895bdfb62d18881fa6bed8d6f075b0204089cb9',
  },
  {
    id: 'amd-ark-genoa',
    name: 'ARK-Genoa',
    vendor: 'AMD',
    spkiSha256: '429a69c9422aa258ee4d8db5fcda9c6470ef15f8cd5a9cebd6cbc7d90b863831',
  },
  {
    id: 'amd-ark-turin',
    name: 'ARK-Turin',
    vendor: 'AMD',
    spkiSha256: '4f125410563a2ab9a50356f9243f6fe0b6f73de98603f53f90339c70e9d7ad08',
  },
]

/**
 * Checks that each certificate is issued and signed by the next, that the last is self-signed, and that its
 * key is pinned.
 *
 * @param names what the common name of each must contain, first to last; also says how many there must be
 * @throws CollateralError `bad-answer`
 */
export function checkChain(
  chain: readonly CertificateFacts[],
  names: readonly string[],
  anchors: readonly TrustAnchor[],
): void {
  if (chain.length !== names.length) throw bad(`a chain of ${chain.length} certificates instead of ${names.length}`)
  for (const [i, certificate] of chain.entries()) {
    const name = names[i] ?? ''
    if (!certificate.commonName.includes(name)) throw bad(`certificate ${i + 1} of the chain is not the ${name}`)
    if (!certificate.issuedBy(chain[i + 1] ?? certificate))
      throw bad(`certificate ${i + 1} of the chain is not signed by the next`)
  }
  const root = chain.at(-1)
  if (!anchors.some((anchor) => anchor.spkiSha256 === root?.spkiSha256))
    throw bad('the chain does not end at a trusted root key')
}

/** The span in which every one of `spans` is valid. */
export function intersection(spans: readonly Window[]): Window {
  return { from: Math.max(...spans.map(({ from }) => from)), to: Math.min(...spans.map(({ to }) => to)) }
}

/** Validity of certificates as windows. */
export function validity(certificates: readonly Pick<CertificateFacts, 'notBefore' | 'notAfter'>[]): readonly Window[] {
  return certificates.map(({ notBefore, notAfter }) => ({ from: notBefore, to: notAfter }))
}
