import type { IntelTee } from '@sekisho/collateral'
import { firstFound } from '@sekisho/collateral/requests'
import { hasPckChain, intelRequest, platformOf } from '@sekisho/collateral/requests/intel'
import type { DcapCollateralInput, Quote } from '@sekisho/evidence/sgx'
import type { VerifyRequest } from './door.ts'
import { sourceOfRequest, tellMissing } from './shared.ts'

/** Members of DCAP collateral without which something stays unchecked. */
const NEEDED: readonly (keyof DcapCollateralInput)[] = [
  'pck_crl_issuer_chain',
  'root_ca_crl',
  'pck_crl',
  'tcb_info_issuer_chain',
  'tcb_info',
  'tcb_info_signature',
  'qe_identity_issuer_chain',
  'qe_identity',
  'qe_identity_signature',
]

/**
 * Intel collateral from the files, for what they lack from the bundles or the source, and only then what came with
 * the evidence: whoever sent it may have kept an old document that is still in date.
 *
 * @throws CollateralError when a source fails otherwise than by not having it
 */
export async function intelCollateral(
  tee: IntelTee,
  quote: Quote<unknown>,
  request: VerifyRequest,
): Promise<DcapCollateralInput> {
  const given: DcapCollateralInput = request.files.intel ?? {}
  const complete =
    NEEDED.every((name) => given[name] !== undefined) &&
    (hasPckChain(quote) || given.pck_certificate_chain !== undefined)
  const source = complete ? undefined : await sourceOfRequest(request)
  const beside: DcapCollateralInput = complete ? {} : (request.files.intelBeside ?? {})
  if (source === undefined) return { ...beside, ...given }
  const named = given.pck_certificate_chain ?? beside.pck_certificate_chain
  const platform = await platformOf(quote, named, (one) => source.pck(one), tellMissing(request))
  if (platform === undefined) return { ...beside, ...given }
  const found = await firstFound([() => source.intel(intelRequest(tee, platform))], tellMissing(request))
  const chain = hasPckChain(quote) ? {} : { pck_certificate_chain: platform.chain }
  return { ...beside, ...found?.collateral, ...chain, ...given }
}
