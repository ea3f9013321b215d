import { emulatedAttester } from '@sekisho/attester'
import type { World } from '@sekisho/emulator'
import { recognise } from '@sekisho/evidence/recognise'
import type { EmulatedPlatforms } from '@sekisho/server'
import { isRecord } from '../options/record.ts'
import { referenceValues } from '../tee/reference-values.ts'
import { type PlayOptions, playedBy } from './case-contexts.ts'
import { emulatedMachine, KINDS, PRODUCTS } from './emulated-machine.ts'

/** The machines of an emulated world, for the server to have them sign. */
export function emulatedPlatforms(worldNow: () => Promise<World>, play: PlayOptions): EmulatedPlatforms {
  const { anchors } = play
  return {
    play: playedBy(worldNow, play),
    kinds: KINDS.map((tee) => (tee === 'snp' ? { tee, products: PRODUCTS } : { tee })),
    anchors,
    async attest({ tee: kind, ...options }, reportData) {
      const world = await worldNow()
      const { tee, kbs, evidence } = await emulatedAttester(world, emulatedMachine(world, kind, options)).attest({
        reportData,
      })
      const found = recognise(evidence)
      const reference = await referenceValues(found.tee, found.evidence)
      return { tee, evidence: { ...(isRecord(kbs) ? kbs : {}) }, reference: { ...reference } }
    },
  }
}
