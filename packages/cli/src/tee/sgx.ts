import { parseSgxQuote, sgxFields, sgxSkeleton, verifySgxSync } from '@sekisho/evidence/sgx'
import type { TeeDoor } from './door.ts'
import { intelCollateral } from './intel.ts'

/** SGX behind the commands. */
export const sgxDoor: TeeDoor = {
  async verify(request) {
    const { evidence, at, expect, waive, trustAnchors } = request
    const collateral = await intelCollateral('sgx', parseSgxQuote(evidence), request)
    return verifySgxSync(evidence, {
      at,
      collateral,
      expect,
      waive,
      ...(trustAnchors === undefined ? {} : { trustAnchors }),
    })
  },
  fields: (evidence) => sgxFields(parseSgxQuote(evidence)),
  skeleton: (evidence) => sgxSkeleton(parseSgxQuote(evidence)),
}
