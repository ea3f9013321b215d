import type { TrustAnchor } from '@sekisho/evidence'
import { readCertificate } from './x509.ts'

/**
 * Why a chain of NVIDIA leads to no root key in `anchors`; undefined when it does. Dates and constraints are for the
 * verifier.
 *
 * @param chain DER, each certificate issued by the next
 */
export function chainFault(chain: readonly Uint8Array[], anchors: readonly TrustAnchor[]): string | undefined {
  try {
    const certificates = chain.map((der) => readCertificate(der, 'wide'))
    const root = certificates.at(-1)
    if (!anchors.some((anchor) => anchor.spkiSha256 === root?.spkiSha256))
      return 'the chain does not end at a trusted root key'
    const broken = certificates.findIndex((certificate, i) => {
      const issuer = certificates[i + 1]
      return issuer !== undefined && !certificate.issuedBy(issuer)
    })
    return broken < 0 ? undefined : `certificate ${broken + 1} of the chain is not signed by the next`
  } catch (error) {
    if (!(error instanceof Error)) throw error
    return `a certificate of the chain cannot be read: ${error.message}`
  }
}
