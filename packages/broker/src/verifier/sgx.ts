import { INTEL_ROOT, parseSgxQuote, verifySgxSync } from '@sekisho/evidence/sgx'
import { fullBinding, isZero, toHex } from './bytes.ts'
import { intelEndorser } from './intel.ts'
import type { Door, Surroundings } from './model.ts'

/** SGX. */
export function sgxDoor(around: Surroundings): Door {
  const endorse = intelEndorser('sgx', around)
  return {
    skeleton({ evidence }) {
      const { body } = parseSgxQuote(evidence)
      return {
        measurement: [toHex(body.mrEnclave)],
        signer: [toHex(body.mrSigner)],
        minSvn: body.isvSvn,
        ...(isZero(body.configId) ? {} : { hostData: [toHex(body.configId)] }),
      }
    },
    binding: (_received, digest) => fullBinding(digest),
    async verify({ evidence }, request) {
      const { expect, at, waive } = request
      const { collateral, kept } = await endorse(parseSgxQuote(evidence), request)
      const { memory } = around
      const options = { at, expect, collateral, memory, ...around.anchors([INTEL_ROOT]) }
      const verdict = verifySgxSync(evidence, waive === undefined ? options : { ...options, waive })
      return { verdict, collateral: kept }
    },
  }
}
