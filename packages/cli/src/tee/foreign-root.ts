import { createHash } from 'node:crypto'
import type { TrustAnchor } from '@sekisho/evidence'
import type { Recognised } from '@sekisho/evidence/recognise'
import { hardwareOf, type Piece } from './fetch.ts'

/**
 * The vendor at whose root the chain in the evidence does not end, as that of an emulator or example does: its service has
 * nothing for such a platform.
 *
 * @returns undefined where the chain ends at the vendor's root, or the evidence has none that can be read
 */
export async function foreignRootOf(piece: Recognised): Promise<'Intel' | 'AMD' | undefined> {
  try {
    return await foreignRoot(
      piece.tee === 'azure-vtpm' ? { ...(await hardwareOf(piece.evidence)), companions: [] } : piece,
    )
  } catch {
    // What cannot be read ends nowhere; the verifier's own check says what is wrong with it.
    return undefined
  }
}

async function foreignRoot({ tee, evidence, companions }: Piece): Promise<'Intel' | 'AMD' | undefined> {
  if (tee === 'snp') {
    const { AMD_ROOTS } = await import('@sekisho/evidence/snp')
    const { noCollateralFiles, withCompanions } = await import('../options/collateral-files.ts')
    const { snpRootOf } = await import('./snp.ts')
    const root = snpRootOf((await withCompanions(noCollateralFiles(), companions)).snp)
    return root === undefined || (await isOneOf(root, AMD_ROOTS)) ? undefined : 'AMD'
  }
  if (tee !== 'sgx' && tee !== 'tdx') return undefined
  const { INTEL_ROOT, parseSgxQuote } = await import('@sekisho/evidence/sgx')
  const quote =
    tee === 'sgx' ? parseSgxQuote(evidence) : (await import('@sekisho/evidence/tdx')).parseTdxQuote(evidence)
  const { type, data } = quote.certification
  if (type !== CHAIN) return undefined
  const { decodePem } = await import('@sekisho/evidence/x509')
  const root = decodePem(new TextDecoder('latin1').decode(data), 'CERTIFICATE', 'PCK chain').at(-1)
  return root === undefined || (await isOneOf(root, [INTEL_ROOT])) ? undefined : 'Intel'
}

/** Certification data that are a chain in PEM, leaf first. */
const CHAIN = 5

async function isOneOf(der: Uint8Array, anchors: readonly TrustAnchor[]): Promise<boolean> {
  const { AMD, parseCertificate } = await import('@sekisho/evidence/x509')
  const { issuer, subject, spki } = parseCertificate(der, [], AMD)
  // Above one that somebody else issued the vendor's root may stand.
  if (issuer.key !== subject.key) return true
  const key = createHash('sha256').update(spki).digest('hex')
  return anchors.some(({ spkiSha256 }) => spkiSha256 === key)
}
