import { toHex } from '../core/bytes.ts'
import type { Claims } from '../core/verdict.ts'
import { type DcapTcbClaim, type PlatformClaim, type QeClaim, tcbClaim, vendorClaims } from '../dcap/claims.ts'
import type { EnclaveReport } from '../dcap/enclave-report.ts'
import type { DcapState } from '../dcap/state.ts'
import { decodeSgxAttributes, type SgxAttributes } from './report.ts'

/** What an enclave's quote claims; byte strings are hex in report order. */
export interface SgxClaims extends Claims {
  readonly tee: 'sgx'
  readonly tcb: DcapTcbClaim
  readonly cpuSvn: string
  readonly miscSelect: string
  readonly attributes: SgxAttributes
  readonly isvProdId: number
  readonly isvSvn: number
  /** Key separation and sharing (KSS): set at launch, or by whoever signed the enclave. */
  readonly isvExtProdId: string
  readonly isvFamilyId: string
  readonly configSvn: number
  readonly platform?: PlatformClaim
  readonly qe: QeClaim
}

/** Claims of an SGX quote. */
export function sgxClaims(state: DcapState<EnclaveReport>, levelFound: boolean, hardware: boolean): SgxClaims {
  const { body } = state.quote
  const attributes = decodeSgxAttributes(body.attributes)
  return {
    tee: 'sgx',
    ...vendorClaims(state),
    isolation: 'process',
    hardware,
    debug: attributes.debug,
    launchMeasurement: toHex(body.mrEnclave),
    runtimeMeasurements: {},
    signer: toHex(body.mrSigner),
    svn: body.isvSvn,
    userData: toHex(body.reportData),
    hostData: toHex(body.configId),
    tcb: tcbClaim(state, levelFound),
    cpuSvn: toHex(body.cpuSvn),
    miscSelect: toHex(body.miscSelect),
    attributes,
    isvProdId: body.isvProdId,
    isvSvn: body.isvSvn,
    isvExtProdId: toHex(body.isvExtProdId),
    isvFamilyId: toHex(body.isvFamilyId),
    configSvn: body.configSvn,
  }
}
