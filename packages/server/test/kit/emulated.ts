import { readPolicyCases } from '@sekisho/appraisal'
import { kbsEvidence } from '@sekisho/emulator'
import type { EmulatedPlatforms } from '../../src/index.ts'
import { sharedWorld } from './checkpoint.ts'

/** The SEV-SNP guests of the shared world, as the command line gives them to the server. */
export function emulatedMachines(): EmulatedPlatforms {
  return {
    kinds: [{ tee: 'snp', products: ['Genoa'] }],
    anchors: sharedWorld().anchors,
    play: async ({ kind, product = 'Genoa', debug = false }, known, resource) => {
      if (kind !== 'snp') throw new TypeError(`there is no emulated ${kind}`)
      const [written] = readPolicyCases([
        {
          name: 'played',
          resource,
          permitted: true,
          context: { tee: 'snp', product, debug, references: known ? ['known'] : [] },
        },
      ])
      if (written === undefined || !('context' in written)) throw new TypeError('no context')
      return { context: written.context }
    },
    attest: async ({ tee, product, ...launch }, reportData) => {
      if (tee !== 'snp') throw new TypeError(`there is no emulated ${tee}`)
      if (product !== undefined && product !== 'Genoa') throw new TypeError(`product ${product}: expected Genoa`)
      const guest = sharedWorld().snp(launch)
      return {
        tee,
        evidence: { ...Object(kbsEvidence(tee, guest.attest(reportData))) },
        reference: { ...guest.reference() },
      }
    },
  }
}
