import type { IntelRequest, IntelTee, PckCertificate, PckRequest } from '@sekisho/collateral'
import type { DcapCollateralInput, Quote } from '@sekisho/evidence/sgx'
import type { VerifyRequest } from './door.ts'
import { firstFound, sourceFor, toHex } from './shared.ts'

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
 * Intel collateral from the files, and for what they lack from the bundles or the source.
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
    NEEDED.every((name) => given[name] !== undefined) && (hasChain(quote) || given.pck_certificate_chain !== undefined)
  const source = complete ? undefined : await sourceFor(request)
  if (source === undefined) return given
  const platform = await platformOf(quote, given.pck_certificate_chain, (one) => source.pck(one))
  if (platform === undefined) return given
  const found = await firstFound([() => source.intel(intelRequest(tee, platform))])
  const chain = hasChain(quote) ? {} : { pck_certificate_chain: platform.chain }
  return { ...found?.collateral, ...chain, ...given }
}

/** What collateral a platform needs. */
export function intelRequest(tee: IntelTee, { fmspc, ca }: PckCertificate): IntelRequest {
  return { tee, fmspc, ca }
}

function hasChain(quote: Quote<unknown>): boolean {
  return quote.certification.type === 5
}

/** The platform's certificate chain: the given one, the quote's own, or what `ask` answers for the ids in the quote. */
export async function platformOf(
  quote: Quote<unknown>,
  given: string | undefined,
  ask: (request: PckRequest) => Promise<PckCertificate>,
): Promise<PckCertificate | undefined> {
  const { certification } = quote
  const pem = given ?? (certification.type === 5 ? new TextDecoder('latin1').decode(certification.data) : undefined)
  if (pem !== undefined) return describe(pem)
  const ids = idsOf(quote)
  return ids === undefined ? undefined : firstFound([() => ask(ids)])
}

async function describe(pem: string): Promise<PckCertificate | undefined> {
  const { describePck } = await import('@sekisho/collateral')
  try {
    return describePck(pem.replace(/\0+$/, ''))
  } catch {
    // A chain that cannot be read names no platform to ask for; the verifier's own check says what is wrong with it.
    return undefined
  }
}

function idsOf({ certification, header }: Quote<unknown>): PckRequest | undefined {
  if (certification.type > 3 || !('ppid' in certification)) return undefined
  const { ppid, cpuSvn, pceSvn, pceId } = certification
  const encrypted = certification.type === 3 ? { encryptedPpid: toHex(ppid) } : {}
  return {
    ...encrypted,
    cpuSvn: toHex(cpuSvn),
    pceSvn,
    pceId: toHex(pceId),
    qeId: toHex(header.userData.subarray(0, 16)),
  }
}
