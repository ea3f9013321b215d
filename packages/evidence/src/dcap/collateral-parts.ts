import { digestHex } from '../core/assemble.ts'
import { isoTime } from '../core/time.ts'
import type { CollateralPart } from '../core/verdict.ts'
import type { DigestJob } from '../crypto/jobs.ts'
import type { Chain, PckChain, Window } from './certificates.ts'
import type { DcapCollateral } from './collateral.ts'
import { type Part, valueOf } from './part.ts'

/** Names, digests and dates of all endorsements that a verification used. */
export function collateralParts(collateral: DcapCollateral, chain: PckChain | undefined): readonly CollateralPart[] {
  const platform =
    chain === undefined ? [] : once(chain, () => certificateParts(chain, ['pck-certificate', 'pck-ca', 'root-ca']))
  return [...platform, ...once(collateral, () => ownParts(collateral))]
}

// Facts about immutable objects, told once: writing digests and dates costs as much as judging them.
function once(
  of: { told: readonly CollateralPart[] | undefined },
  tell: () => readonly CollateralPart[],
): readonly CollateralPart[] {
  of.told ??= tell()
  return of.told
}

function ownParts({ rootCrl, pckCrl, pckCrlChain, tcbInfo, qeIdentity }: DcapCollateral): readonly CollateralPart[] {
  const parts: CollateralPart[] = []
  const add = (name: string, digest: DigestJob | undefined, window: Window | undefined): void => {
    if (digest !== undefined) parts.push(part(name, digest, window))
  }
  const addChain = (chain: Part<Chain>, names: readonly string[]): void => {
    const found = valueOf(chain)
    if (found !== undefined) parts.push(...certificateParts(found, names))
  }
  add('root-ca-crl', valueOf(rootCrl)?.digest, valueOf(rootCrl)?.window)
  add('pck-crl', valueOf(pckCrl)?.digest, valueOf(pckCrl)?.window)
  addChain(pckCrlChain, ['pck-crl-issuer', 'pck-crl-root'])
  add('tcb-info', tcbInfo.digest, valueOf(tcbInfo.content)?.window)
  addChain(tcbInfo.chain, ['tcb-info-signer', 'tcb-info-root'])
  add('qe-identity', qeIdentity.digest, valueOf(qeIdentity.content)?.window)
  addChain(qeIdentity.chain, ['qe-identity-signer', 'qe-identity-root'])
  return parts
}

function certificateParts(chain: Chain, names: readonly string[]): readonly CollateralPart[] {
  return chain.certificates
    .slice(0, names.length)
    .map(({ digest, notBefore, notAfter }, i) => part(names[i] as string, digest, { from: notBefore, until: notAfter }))
}

function part(name: string, digest: DigestJob, window: Window | undefined): CollateralPart {
  const sha256 = digestHex(digest)
  return window?.until === undefined
    ? { name, sha256 }
    : { name, sha256, from: isoTime(window.from), until: isoTime(window.until) }
}
