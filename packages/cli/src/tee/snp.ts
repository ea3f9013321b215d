import { snpFound, snpPartsOf } from '@sekisho/collateral/requests/amd'
import { EvidenceError } from '@sekisho/evidence'
import {
  parseCertificateTable,
  parseSnpReport,
  type SnpCollateralInput,
  type SnpReport,
  snpFields,
  snpSkeleton,
  verifySnpSync,
} from '@sekisho/evidence/snp'
import type { SnpPart } from '../options/collateral-files.ts'
import type { TeeDoor, VerifyRequest } from './door.ts'
import { sourceOfRequest, tellMissing } from './shared.ts'

/** SEV-SNP behind the commands. */
export const snpDoor: TeeDoor = {
  async verify(request) {
    const collateral = await snpCollateralOf(parseSnpReport(request.evidence), request)
    const { evidence, at, expect, waive, trustAnchors } = request
    return verifySnpSync(evidence, {
      at,
      collateral,
      expect,
      waive,
      ...(trustAnchors === undefined ? {} : { trustAnchors }),
    })
  },
  fields: (evidence) => snpFields(parseSnpReport(evidence)),
  skeleton: (evidence) => snpSkeleton(parseSnpReport(evidence)),
}

const NEEDED: readonly (readonly SnpPart[])[] = [
  ['vcek', 'vlek'],
  ['ask', 'asvk', 'certChain'],
  ['ark', 'certChain'],
  ['crl'],
]

/** Certificates in a host's table, which may have the leaf alone. One that cannot be read has none: the verdict says so. */
function tabled({ certificateTable }: SnpCollateralInput): SnpCollateralInput {
  try {
    const entries = parseCertificateTable(certificateTable ?? new Uint8Array(0))
    const found = entries.flatMap(({ kind, data }) =>
      kind === undefined || kind === 'crl' || kind === 'platform-info' ? [] : [[kind, data] as const],
    )
    return Object.fromEntries(found)
  } catch (error) {
    if (error instanceof EvidenceError) return {}
    throw error
  }
}

/** The VCEK or VLEK certificate among given parts, also where a host's table holds it; unverified. */
export function snpLeafOf(snp: SnpCollateralInput): Uint8Array | undefined {
  const { vlek, vcek } = { ...tabled(snp), ...snp }
  return vlek ?? vcek
}

/** The ARK certificate among given parts, also where a host's table holds it; unverified. */
export function snpRootOf(snp: SnpCollateralInput): Uint8Array | undefined {
  return { ...tabled(snp), ...snp }.ark
}

/**
 * The parts from files, and for what they lack the bundles' or the source's. A revocation list that came with the
 * evidence is the last to be taken: whoever sent it may have kept one from before a certificate was revoked.
 */
export async function snpCollateralOf(report: SnpReport, request: VerifyRequest): Promise<SnpCollateralInput> {
  const { snp, snpCrlBeside } = request.files
  const known = { ...tabled(snp), ...snp }
  if (NEEDED.every((parts) => parts.some((part) => part in known))) return snp
  const beside: SnpCollateralInput = snpCrlBeside === undefined ? {} : { crl: snpCrlBeside }
  const source = await sourceOfRequest(request)
  if (source === undefined) return { ...beside, ...snp }
  const found = await snpFound(report, source, snpLeafOf(snp), tellMissing(request))
  return found === undefined ? { ...beside, ...snp } : { ...beside, ...snpPartsOf(found), ...snp }
}
