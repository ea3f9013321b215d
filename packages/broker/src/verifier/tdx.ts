import { INTEL_ROOT, parseTdxQuote, prepareEventLog, tdxSkeleton, verifyTdxSync } from '@sekisho/evidence/tdx'
import { fullBinding, lasting } from './bytes.ts'
import { intelEndorser } from './intel.ts'
import type { Door, Surroundings } from './model.ts'

/** TDX. */
export function tdxDoor(around: Surroundings): Door {
  const endorse = intelEndorser('tdx', around)
  return {
    skeleton: ({ evidence }) => lasting(tdxSkeleton(parseTdxQuote(evidence))),
    binding: (_received, digest) => fullBinding(digest),
    async verify({ evidence, eventLog }, request) {
      const { expect, at, waive } = request
      const { collateral, kept, missing } = await endorse(parseTdxQuote(evidence), request)
      const { memory } = around
      const options = {
        at,
        expect,
        collateral,
        memory,
        ...around.anchors([INTEL_ROOT]),
        ...(waive === undefined ? {} : { waive }),
        ...(eventLog === undefined ? {} : { eventLog: prepareEventLog(eventLog) }),
      }
      const verdict = verifyTdxSync(evidence, options)
      return { verdict, collateral: kept, ...(missing === undefined ? {} : { missing }) }
    },
  }
}
