import { type Tee, toHex } from '@sekisho/evidence'
import {
  type DcapCollateralInput,
  prepareDcapCollateral,
  type Quote,
  readPlatformCertificate,
} from '@sekisho/evidence/sgx'
import { type IntelItem, newest } from '../bundle.ts'
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
  const given = { ...beside.intel, ...intel }
  if (items.length === 0) return given
  const family = familyOf(quote, given)
  if (family === undefined) return given
  const item = newest(
    items.filter((one) => one.fmspc === family.fmspc && one.ca === family.ca),
    at.getTime(),
  )
  return { ...beside.intel, ...item?.collateral, ...intel }
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
  const { certification, header } = quote
  if (certification.type > 3 || !('ppid' in certification)) return []
  const { type, ppid, cpuSvn, pceSvn, pceId } = certification
  return [
    {
      intelPlatform: {
        tee,
        ...(type === 3 ? { encryptedPpid: toHex(ppid) } : {}),
        cpuSvn: toHex(cpuSvn),
        pceSvn,
        pceId: toHex(pceId),
        qeId: toHex(header.userData.subarray(0, 16)),
      },
    },
  ]
}
