import { type Tee, toHex } from '@sekisho/evidence'
import {
  type DcapCollateralInput,
  prepareDcapCollateral,
  type Quote,
  readPlatformCertificate,
} from '@sekisho/evidence/sgx'
import { type IntelItem, newest } from '../bundle.ts'
import type { Collateral } from '../collateral.ts'

/** Intel's collateral from files, and for what they lack a bundle's for the platform that the quote names. */
export function intelCollateral(
  tee: Extract<Tee, 'sgx' | 'tdx'>,
  quote: Quote<unknown>,
  { intel, bundled }: Collateral,
  at: Date,
): DcapCollateralInput {
  const items = bundled.filter((item): item is IntelItem => item.kind === 'intel' && item.tee === tee)
  if (items.length === 0) return intel
  const platform = readPlatformCertificate(quote, prepareDcapCollateral(intel))
  if (platform?.extensions === undefined) return intel
  const fmspc = toHex(platform.extensions.fmspc)
  const ca = platform.issuer.includes('Processor') ? 'processor' : 'platform'
  const item = newest(
    items.filter((one) => one.fmspc === fmspc && one.ca === ca),
    at.getTime(),
  )
  return { ...item?.collateral, ...intel }
}
