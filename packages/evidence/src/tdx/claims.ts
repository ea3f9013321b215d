import { toHex } from '../core/bytes.ts'
import type { Claims } from '../core/verdict.ts'
import { type DcapTcbClaim, type PlatformClaim, type QeClaim, tcbClaim, vendorClaims } from '../dcap/claims.ts'
import type { Flags, XFEATURES } from '../dcap/flags.ts'
import type { DcapState } from '../dcap/state.ts'
import { decodeTdAttributes, decodeXfam, type TdAttributes, type TdReport } from './report.ts'

/** What a TD's quote claims; byte strings are hex in report order. */
export interface TdxClaims extends Claims {
  readonly tee: 'tdx'
  readonly tcb: DcapTcbClaim
  /** SVNs of TDX module and SEAM loader, at launch of the TD. */
  readonly teeTcbSvn: string
  /** The same of what runs now; TDX 1.5. */
  readonly teeTcbSvn2?: string
  readonly mrSeam: string
  readonly mrSignerSeam: string
  readonly seamAttributes: string
  readonly tdAttributes: TdAttributes
  /** State components the TD may use. */
  readonly xfam: Flags<typeof XFEATURES>
  readonly mrOwner: string
  readonly mrOwnerConfig: string
  /** All zero when no service TD is bound; TDX 1.5. */
  readonly mrServiceTd?: string
  readonly platform?: PlatformClaim
  readonly qe: QeClaim
}

/** Claims of a TDX quote. */
export function tdxClaims(state: DcapState<TdReport>, levelFound: boolean, hardware: boolean): TdxClaims {
  const { body } = state.quote
  const tdAttributes = decodeTdAttributes(body.tdAttributes)
  const { teeTcbSvn2, mrServiceTd } = body
  return {
    tee: 'tdx',
    ...vendorClaims(state),
    isolation: 'vm',
    hardware,
    debug: tdAttributes.debug,
    launchMeasurement: toHex(body.mrTd),
    runtimeMeasurements: {
      rtmr0: toHex(body.rtmr0),
      rtmr1: toHex(body.rtmr1),
      rtmr2: toHex(body.rtmr2),
      rtmr3: toHex(body.rtmr3),
    },
    userData: toHex(body.reportData),
    hostData: toHex(body.mrConfigId),
    tcb: tcbClaim(state, levelFound),
    teeTcbSvn: toHex(body.teeTcbSvn),
    ...(teeTcbSvn2 === undefined ? undefined : { teeTcbSvn2: toHex(teeTcbSvn2) }),
    mrSeam: toHex(body.mrSeam),
    mrSignerSeam: toHex(body.mrSignerSeam),
    seamAttributes: toHex(body.seamAttributes),
    tdAttributes,
    xfam: decodeXfam(body.xfam),
    mrOwner: toHex(body.mrOwner),
    mrOwnerConfig: toHex(body.mrOwnerConfig),
    ...(mrServiceTd === undefined ? undefined : { mrServiceTd: toHex(mrServiceTd) }),
  }
}
