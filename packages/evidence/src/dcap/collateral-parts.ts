import { digestHex } from '../core/assemble.ts'
import type { CollateralPart } from '../core/verdict.ts'
import type { DigestJob } from '../crypto/jobs.ts'
import { type Chain, type PckChain, type Window, windowOf } from './certificates.ts'
import type { DcapCollateral } from './collateral.ts'
import { valueOf } from './part.ts'

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
  const signer = valueOf(tcbInfo.chain)
  const qeSigner = valueOf(qeIdentity.chain)
  const issuer = valueOf(pckCrlChain)
  return [
    ...crlPart('root-ca-crl', valueOf(rootCrl)),
    ...crlPart('pck-crl', valueOf(pckCrl)),
    ...(issuer === undefined ? [] : certificateParts(issuer, ['pck-crl-issuer', 'pck-crl-root'])),
    ...documentPart('tcb-info', tcbInfo.digest, valueOf(tcbInfo.content)?.window),
    ...(signer === undefined ? [] : certificateParts(signer, ['tcb-info-signer', 'tcb-info-root'])),
    ...documentPart('qe-identity', qeIdentity.digest, valueOf(qeIdentity.content)?.window),
    ...(qeSigner === undefined ? [] : certificateParts(qeSigner, ['qe-identity-signer', 'qe-identity-root'])),
  ]
}

function certificateParts(chain: Chain, names: readonly string[]): readonly CollateralPart[] {
  return chain.certificates
    .slice(0, names.length)
    .map((one, i) => part(names[i] as string, one.digest, windowOf(one.notBefore, one.notAfter)))
}

function crlPart(
  name: string,
  crl: { readonly digest: DigestJob; readonly window: Window } | undefined,
): readonly CollateralPart[] {
  return crl === undefined ? [] : [part(name, crl.digest, crl.window)]
}

function documentPart(
  name: string,
  digest: DigestJob | undefined,
  window: Window | undefined,
): readonly CollateralPart[] {
  return digest === undefined ? [] : [part(name, digest, window)]
}

function part(name: string, digest: DigestJob, window: Window | undefined): CollateralPart {
  const dates = window === undefined || window.fromText === '' ? {} : { from: window.fromText, until: window.untilText }
  return { name, sha256: digestHex(digest), ...dates }
}
