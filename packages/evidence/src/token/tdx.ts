import { type Json, memberOf, textOf } from '../core/json.ts'
import { hexOf, type Statement } from './statement-model.ts'

/** The claims of a TD, which Azure and Intel name alike. */
export function tdx(from: Json): Partial<Statement> {
  return {
    isolation: 'vm',
    debug: tdxDebug(from),
    measurement: hexOf(memberOf(from, 'tdx_mrtd')),
    reportData: hexOf(memberOf(from, 'tdx_report_data')),
    hostData: hexOf(memberOf(from, 'tdx_mrconfigid')),
    rtmrs: [0, 1, 2, 3].map((index) => hexOf(memberOf(from, `tdx_rtmr${index}`))),
    tcbStatus: textOf(from, 'attester_tcb_status'),
  }
}

// Tokens have one of two names for it, or both, which must then say the same.
function tdxDebug(from: Json): boolean {
  const said = ['tdx_td_attributes_debug', 'tdx_is_debuggable'].map((name) => memberOf(from, name))
  const known = said.filter((one) => one !== undefined)
  return known.length === 0 || known.some((one) => one !== false)
}
