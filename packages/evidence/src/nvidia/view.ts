import { digestHex } from '../core/assemble.ts'
import type { TrustAnchor } from '../core/verdict.ts'
import { anchorOf } from './anchors.ts'
import type { Chain } from './certificates.ts'
import type { NvidiaCollateral } from './collateral.ts'
import type { ChainView } from './state.ts'

/** A chain whose jobs are settled, with the anchor it ends at and the OCSP answers about it. */
export function viewOf(
  chain: Chain,
  collateral: NvidiaCollateral,
  anchors: readonly TrustAnchor[],
  purpose: 'device' | 'rim',
): ChainView {
  const anchor = anchorOf(digestHex(chain.root.spkiDigest), anchors, purpose)
  return { chain, anchor, candidates: collateral.answersFor(chain) }
}
