import { parseTdxQuote, prepareEventLog, tdxFields, verifyTdxSync } from '@sekisho/evidence/tdx'
import type { TeeDoor } from './door.ts'
import { intelCollateral } from './intel.ts'
import { isZero, toHex } from './shared.ts'

/** TDX behind the commands. */
export const tdxDoor: TeeDoor = {
  async verify(request) {
    const { evidence, at, expect, waive, trustAnchors, eventLog } = request
    const collateral = await intelCollateral('tdx', parseTdxQuote(evidence), request)
    return verifyTdxSync(evidence, {
      at,
      collateral,
      expect,
      waive,
      ...(trustAnchors === undefined ? {} : { trustAnchors }),
      ...(eventLog === undefined ? {} : { eventLog: prepareEventLog(eventLog) }),
    })
  },
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
}
