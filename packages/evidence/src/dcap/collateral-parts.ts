import { digestHex } from '../core/assemble.ts'
import { isoTime } from '../core/time.ts'
import type { CollateralPart } from '../core/verdict.ts'
import type { DigestJob } from '../crypto/jobs.ts'
import type { Crl } from '../x509/crl.ts'
import type { Chain, PckChain, Window } from './certificates.ts'
import type { DcapCollateral, SignedDocument } from './collateral.ts'
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
  const addCrl = (name: string, crl: Crl | undefined): void => {
    if (crl !== undefined) parts.push(part(name, crl.digest, crl.thisUpdate, crl.nextUpdate))
  }
  const addChain = (chain: Part<Chain>, names: readonly string[]): void => {
    const found = valueOf(chain)
    if (found !== undefined) parts.push(...certificateParts(found, names))
  }
  const addDocument = (name: string, { digest, content, chain }: SignedDocument<Dated>): void => {
    const window = valueOf(content)?.window
    if (digest !== undefined) parts.push(part(name, digest, window?.from, window?.until))
    addChain(chain, [`${name}-signer`, `${name}-root`])
  }
  addCrl('root-ca-crl', valueOf(rootCrl))
  addCrl('pck-crl', valueOf(pckCrl))
  addChain(pckCrlChain, ['pck-crl-issuer', 'pck-crl-root'])
  addDocument('tcb-info', tcbInfo)
  addDocument('qe-identity', qeIdentity)
  return parts
}

interface Dated {
  readonly window: Window
}

function certificateParts(chain: Chain, names: readonly string[]): readonly CollateralPart[] {
  return chain.certificates
    .slice(0, names.length)
    .map(({ digest, notBefore, notAfter }, i) => part(names[i] as string, digest, notBefore, notAfter))
}

function part(name: string, digest: DigestJob, from: number | undefined, until: number | undefined): CollateralPart {
  const sha256 = digestHex(digest)
  return from === undefined || until === undefined
    ? { name, sha256 }
    : { name, sha256, from: isoTime(from), until: isoTime(until) }
}
