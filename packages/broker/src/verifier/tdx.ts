import { INTEL_ROOT, parseTdxQuote, prepareEventLog, verifyTdxSync } from '@sekisho/evidence/tdx'
import { fullBinding, isZero, toHex } from './bytes.ts'
import { intelEndorser } from './intel.ts'
import type { Door, Surroundings } from './model.ts'

/** TDX. */
export function tdxDoor(around: Surroundings): Door {
  const endorse = intelEndorser('tdx', around)
  return {
    skeleton({ evidence }) {
      const { body } = parseTdxQuote(evidence)
      const registers = { rtmr0: body.rtmr0, rtmr1: body.rtmr1, rtmr2: body.rtmr2, rtmr3: body.rtmr3 }
      const extended = Object.entries(registers).filter(([, value]) => !isZero(value))
      return {
        measurement: [toHex(body.mrTd)],
        ...Object.fromEntries(extended.map(([name, value]) => [name, [toHex(value)]])),
        ...(isZero(body.mrConfigId) ? {} : { hostData: [toHex(body.mrConfigId)] }),
      }
    },
    binding: (_received, digest) => fullBinding(digest),
    async verify({ evidence, eventLog }, request) {
      const { expect, at, waive } = request
      const { collateral, kept } = await endorse(parseTdxQuote(evidence), request)
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
      return { verdict: verifyTdxSync(evidence, options), collateral: kept }
    },
  }
}
