import { parseTdxQuote, prepareEventLog, tdxFields, tdxSkeleton, verifyTdxSync } from '@sekisho/evidence/tdx'
import type { TeeDoor } from './door.ts'
import { intelCollateral } from './intel.ts'

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
  skeleton: (evidence) => tdxSkeleton(parseTdxQuote(evidence)),
}
