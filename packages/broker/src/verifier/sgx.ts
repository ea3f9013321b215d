import { toHex } from '@sekisho/evidence'
import { INTEL_ROOT, parseSgxQuote, sgxSkeleton, verifySgxSync } from '@sekisho/evidence/sgx'
import { fullBinding, lasting } from './bytes.ts'
import { intelEndorser } from './intel.ts'
import type { Door, Surroundings } from './model.ts'

/** SGX. */
export function sgxDoor(around: Surroundings): Door {
  const endorse = intelEndorser('sgx', around)
  return {
    skeleton({ evidence }) {
      const quote = parseSgxQuote(evidence)
      // Sets may name the signer and a lowest version instead of one enclave.
      return { ...lasting(sgxSkeleton(quote)), signer: [toHex(quote.body.mrSigner)], minSvn: quote.body.isvSvn }
    },
    binding: (_received, digest) => fullBinding(digest),
    async verify({ evidence }, request) {
      const { expect, at, waive } = request
      const { collateral, kept, missing } = await endorse(parseSgxQuote(evidence), request)
      const { memory } = around
      const options = { at, expect, collateral, memory, ...around.anchors([INTEL_ROOT]) }
      const verdict = verifySgxSync(evidence, waive === undefined ? options : { ...options, waive })
      return { verdict, collateral: kept, ...(missing === undefined ? {} : { missing }) }
    },
  }
}
