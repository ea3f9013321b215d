import { X509Certificate } from 'node:crypto'
import { allZero, toHex } from '@sekisho/evidence'
import {
  decodeTcb,
  keyInfoOf,
  reportProduct,
  type SnpCollateralInput,
  type SnpProduct,
  type SnpReport,
  type SnpTcb,
  tcbLayout,
} from '@sekisho/evidence/snp'
import type { BundleItem } from './bundle-items.ts'
import { CollateralError } from './errors.ts'
import { firstFound, isCollateralError } from './requests.ts'
import type { AmdCollateral, AmdRequest, AmdTcb, CollateralSource } from './types.ts'

/**
 * What to ask AMD's key service for: one request a product that the report may be of, in this order. A report of version 2 does
 * not tell its product; then the issuer in `leaf` tells, else the chip id as far as it does: Turin's have eight bytes, those of
 * Milan and Genoa 64, and a hidden one may be any's: where only a chain would be asked for, nothing is.
 *
 * @param leaf VCEK or VLEK that came with the report, DER or PEM, unverified
 */
export function snpRequests(report: SnpReport, leaf: Uint8Array | undefined): readonly AmdRequest[] {
  const vlek = keyInfoOf(report.keyInfo).signingKey === 'vlek'
  const isHidden = allZero(report.chipId)
  // A chip that hides itself has to bring its certificate; without one, zeros are asked for, of which no source has any.
  const leafGiven = isHidden && !vlek && leaf !== undefined
  const chipId = (vlek && isHidden) || leafGiven ? undefined : toHex(report.chipId)
  const products = productsOf(report, leaf)
  // Every product has a chain to give: the first to be asked would pass for the report's.
  if (chipId === undefined && products.length > 1) return []
  return products.map((product) => ({
    product,
    tcb: amdTcb(decodeTcb(report.reportedTcb, tcbLayout(product))),
    vlek,
    ...(chipId === undefined ? {} : { chipId }),
    ...(leafGiven ? { leafGiven } : {}),
  }))
}

function productsOf(report: SnpReport, leaf: Uint8Array | undefined): readonly SnpProduct[] {
  const product = reportProduct(report)
  if (product !== undefined) return [product]
  if (report.cpuidFamily !== undefined) return []
  const issuer = leaf === undefined ? '' : issuerOf(leaf)
  const named = (['Milan', 'Genoa', 'Turin'] as const).filter((name) => issuer.includes(name))
  return named.length > 0 ? named : productsOfChip(report.chipId)
}

const TURIN_ID = 8

function productsOfChip(chipId: Uint8Array): readonly SnpProduct[] {
  if (!allZero(chipId.subarray(TURIN_ID))) return ['Milan', 'Genoa']
  return allZero(chipId) ? ['Milan', 'Genoa', 'Turin'] : ['Turin']
}

function issuerOf(leaf: Uint8Array): string {
  try {
    return new X509Certificate(leaf).issuer
  } catch {
    // Unreadable: the verifier's own check says so; here nothing is learned from it.
    return ''
  }
}

function amdTcb(tcb: SnpTcb): AmdTcb {
  const { fmc, bootloader = 0, tee = 0, snp = 0, microcode = 0 } = tcb
  return { bootloader, tee, snp, microcode, ...(fmc === undefined ? {} : { fmc }) }
}

/** The questions of {@link snpRequests} to a source, in order; what it has not got is said with the product, where several may be meant. */
function snpAsks(
  report: SnpReport,
  source: CollateralSource,
  leaf: Uint8Array | undefined,
): readonly (() => Promise<AmdCollateral>)[] {
  const requests = snpRequests(report, leaf)
  return requests.map((request) => async () => {
    try {
      return await source.amd(request)
    } catch (error) {
      if (requests.length < 2 || !isCollateralError(error) || error.code !== 'not-found') throw error
      throw new CollateralError('not-found', `${request.product}: ${error.message}`, { cause: error })
    }
  })
}

/**
 * What a source has for a report. Where it does not know the chip and no leaf came along, the certificates above the chip's and
 * their revocation list all the same: they may say that what the report rests on is revoked. A leaf that came along gets no list: of
 * a chip that AMD disowns it is no proof.
 *
 * @param leaf as for {@link snpRequests}
 * @param onMissing told what the source has not got, in words, also where the rest is given
 * @throws CollateralError the last one that is worse than `not-found`, when there is no answer
 */
export async function snpFound(
  report: SnpReport,
  source: CollateralSource,
  leaf: Uint8Array | undefined,
  onMissing?: (what: string) => void,
): Promise<AmdCollateral | undefined> {
  const found = await firstFound(snpAsks(report, source, leaf), onMissing)
  const [request, ...others] = snpRequests(report, leaf)
  // Of several products the first to answer would pass for the report's.
  const isOne = leaf === undefined && others.length === 0
  if (found !== undefined || !isOne || request?.chipId === undefined) return found
  const { chipId: _unknown, ...above } = request
  return firstFound([() => source.amd({ ...above, leafGiven: true })])
}

/** What a source found, as the SEV-SNP verifier takes it. */
export function snpPartsOf(found: AmdCollateral): SnpCollateralInput {
  const leaf = found.leaf === undefined ? {} : found.vlek ? { vlek: found.leaf } : { vcek: found.leaf }
  const intermediate = found.vlek ? { asvk: found.intermediate } : { ask: found.intermediate }
  return { ...leaf, ...intermediate, ark: found.root, crl: found.crl }
}

/**
 * What a source has for an SEV-SNP report, as items of a bundle; empty when it has nothing.
 * @param leaf as for {@link snpRequests}
 * @param onMissing told what the source has not got, in words, when there is nothing
 * @throws CollateralError
 */
export async function amdItems(
  report: SnpReport,
  source: CollateralSource,
  leaf?: Uint8Array,
  onMissing?: (what: string) => void,
): Promise<readonly BundleItem[]> {
  const collateral = await firstFound(snpAsks(report, source, leaf), onMissing)
  return collateral === undefined ? [] : [{ kind: 'amd', collateral }]
}
