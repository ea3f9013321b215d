import { type Tee, toHex } from '@sekisho/evidence'
import {
  type DcapCollateralInput,
  prepareDcapCollateral,
  type Quote,
  readPlatformCertificate,
} from '@sekisho/evidence/sgx'
import { type IntelItem, newest, type PckItem } from '../bundle.ts'
import type { Collateral } from '../collateral.ts'
import type { EndorsementNeed } from '../messages.ts'

/** Intel's collateral from files, for what they lack a bundle's for the quote's platform, and only then what came along. */
export function intelCollateral(
  tee: Extract<Tee, 'sgx' | 'tdx'>,
  quote: Quote<unknown>,
  { intel, bundled, beside }: Collateral,
  at: Date,
): DcapCollateralInput {
  const items = bundled.filter((item): item is IntelItem => item.kind === 'intel' && item.tee === tee)
  const platforms = bundled.filter((item): item is PckItem => item.kind === 'intel-pck' && isOf(item, quote))
  const pck = newest(platforms, at.getTime())
  const chain = pck === undefined ? {} : { pck_certificate_chain: pck.chain }
  const given = { ...beside.intel, ...chain, ...intel }
  if (items.length === 0) return given
  const family = familyOf(quote, given)
  if (family === undefined) return given
  const item = newest(
    items.filter((one) => one.fmspc === family.fmspc && one.ca === family.ca),
    at.getTime(),
  )
  return { ...beside.intel, ...item?.collateral, ...chain, ...intel }
}

/** The family of platforms that a quote's PCK certificate names, and the CA that issued it. */
function familyOf(
  quote: Quote<unknown>,
  given: DcapCollateralInput,
): { readonly fmspc: string; readonly ca: 'platform' | 'processor' } | undefined {
  const platform = readPlatformCertificate(quote, prepareDcapCollateral(given))
  if (platform?.extensions === undefined) return undefined
  return {
    fmspc: toHex(platform.extensions.fmspc),
    ca: platform.issuer.includes('Processor') ? 'processor' : 'platform',
  }
}

/** What names the platform of a quote: its family, or, where the quote brings no PCK chain, its own ids. */
export function intelNeeds(tee: Extract<Tee, 'sgx' | 'tdx'>, quote: Quote<unknown>): readonly EndorsementNeed[] {
  const family = familyOf(quote, {})
  if (family !== undefined) return [{ intel: { tee, ...family } }]
  const ids = idsOf(quote)
  return ids === undefined ? [] : [{ intelPlatform: { tee, ...ids } }]
}

/** The ids by which a quote without a PCK chain names its platform. */
function idsOf({ certification, header }: Quote<unknown>): Readonly<Record<string, string | number>> | undefined {
  if (certification.type > 3 || !('ppid' in certification)) return undefined
  const { type, ppid, cpuSvn, pceSvn, pceId } = certification
  // Intel's own sample leaves it out, and no service can be asked without it.
  if (pceId.length === 0) return undefined
  return {
    ...(type === 3 ? { encryptedPpid: toHex(ppid) } : {}),
    cpuSvn: toHex(cpuSvn),
    pceSvn,
    pceId: toHex(pceId),
    qeId: toHex(header.userData.subarray(0, 16)),
  }
}

// An encrypted PPID differs from quote to quote, and not every request names the QE: one of them must be the same.
function isOf({ request }: PckItem, quote: Quote<unknown>): boolean {
  const ids = idsOf(quote)
  const same = (name: string): boolean => ids?.[name] !== undefined && request[name] === ids[name]
  return ['cpuSvn', 'pceSvn', 'pceId'].every(same) && (same('qeId') || same('encryptedPpid'))
}
