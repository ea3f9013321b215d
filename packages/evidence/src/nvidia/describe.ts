import { digestHex } from '../core/assemble.ts'
import { isoTime } from '../core/time.ts'
import type { CollateralPart } from '../core/verdict.ts'
import type { DigestJob } from '../crypto/jobs.ts'
import { type ChainView, latestAnswers, type TrustState } from './state.ts'

/** The endorsements, manifests and OCSP answers that a verdict used, in a fixed order. */
export function describeCollateral(
  state: TrustState & { readonly chainView: ChainView | undefined },
): readonly CollateralPart[] {
  const found: CollateralPart[] = []
  const { chainView, rims, rimViews } = state
  if (chainView !== undefined) found.push(...ofChain('device', chainView))
  for (const kind of ['driver', 'vbios'] as const) {
    const rim = rims[kind].value
    const view = rimViews[kind]
    if (rim === undefined || view === undefined) continue
    const signer = rim.chain.certificates[0]
    found.push(part(`${kind}-rim`, rim.received, signer?.notBefore ?? 0, signer?.notAfter))
    found.push(...ofChain(`${kind}-rim`, view))
  }
  return found
}

function ofChain(name: string, view: ChainView): readonly CollateralPart[] {
  const found = view.chain.certificates.map((one, i) =>
    part(`${name}-certificate-${i}`, one.digest, one.notBefore, one.notAfter),
  )
  for (const [position, { response, answer }] of latestAnswers(view)) {
    found.push(part(`${name}-ocsp-${position}`, response.digest, answer.thisUpdate, answer.nextUpdate))
  }
  return found
}

// Dates and digests of a part never change: they are written out once for as long as the part lives. A root may be in
// two chains under two names.
const DESCRIBED: WeakMap<DigestJob, Map<string, CollateralPart>> = new WeakMap()

function part(name: string, digest: DigestJob, from: number, until: number | undefined): CollateralPart {
  const known = DESCRIBED.get(digest)
  const described = known?.get(name)
  if (described !== undefined) return described
  const made = {
    name,
    sha256: digestHex(digest),
    from: isoTime(from),
    ...(until === undefined ? {} : { until: isoTime(until) }),
  }
  if (known === undefined) DESCRIBED.set(digest, new Map([[name, made]]))
  else known.set(name, made)
  return made
}
