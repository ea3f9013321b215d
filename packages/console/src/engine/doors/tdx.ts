import {
  INTEL_ROOT,
  parseTdxQuote,
  prepareEventLog,
  type TdxExpectations,
  tdxCatalogue,
  tdxFields,
  verifyTdx,
} from '@sekisho/evidence/tdx'
import { isZero, toHex } from '../bytes.ts'
import { commonOptions, type Door } from '../door.ts'
import { intelCollateral } from './intel.ts'

/** TDX behind the page. */
export const tdxDoor: Door = {
  roots: () => [INTEL_ROOT],
  titles: tdxCatalogue,
  fields: (evidence) => tdxFields(parseTdxQuote(evidence)),
  skeleton(evidence) {
    const { body } = parseTdxQuote(evidence)
    const registers = { rtmr0: body.rtmr0, rtmr1: body.rtmr1, rtmr2: body.rtmr2, rtmr3: body.rtmr3 }
    const extended = Object.entries(registers).filter(([, value]) => !isZero(value))
    return {
      measurement: [toHex(body.mrTd)],
      ...Object.fromEntries(extended.map(([name, value]) => [name, [toHex(value)]])),
      reportData: toHex(body.reportData),
      ...(isZero(body.mrConfigId) ? {} : { hostData: [toHex(body.mrConfigId)] }),
    }
  },
  verify: (request) =>
    verifyTdx(request.evidence, {
      ...commonOptions<TdxExpectations>(request),
      collateral: intelCollateral('tdx', parseTdxQuote(request.evidence), request.collateral, request.at),
      ...(request.eventLog === undefined ? {} : { eventLog: prepareEventLog(request.eventLog) }),
    }),
}
