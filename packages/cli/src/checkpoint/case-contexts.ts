import { createHash, randomBytes } from 'node:crypto'
import { appraise, type PlatformPlay } from '@sekisho/appraisal'
import { emulatedAttester } from '@sekisho/attester'
import { openVerifier } from '@sekisho/broker'
import type { CollateralSource } from '@sekisho/collateral'
import type { World } from '@sekisho/emulator'
import { emulatedMachine } from './emulated-machine.ts'

/** Where the endorsements of the emulated platforms come from, and what they end at. */
export interface PlayOptions {
  readonly source: CollateralSource
  readonly anchors: World['anchors']
  /** Keys and reference values of its Arm platforms. */
  readonly arm: ReturnType<World['arm']['endorsements']>
  readonly now: () => Date
}

/** Has platforms of an emulated world attest, and gives what policies see of the evidence, as they would see hardware. */
export function playedBy(worldNow: () => Promise<World>, { source, anchors, arm, now }: PlayOptions): PlatformPlay {
  const verifier = openVerifier({ source, trustAnchors: anchors, arm })
  return async ({ kind, ...options }, known, resource) => {
    const world = await worldNow()
    const digest = new Uint8Array(createHash('sha384').update(randomBytes(32)).digest())
    const { evidence, eventLog } = await emulatedAttester(world, emulatedMachine(world, kind, options)).attest({
      reportData: digest,
    })
    const received = verifier.recognise(evidence, eventLog)
    const binding = verifier.binding(received, digest)
    const values = known ? verifier.skeleton(received) : {}
    const expect = { ...values, ...binding, reportDataIsFresh: true, allowEmulated: true }
    const at = now()
    const { verdict } = await verifier.verify(received, { expect, at })
    const { context } = appraise(verdict, { references: known ? ['known'] : [], at, resource })
    // The case is about what hardware would be given: the platform plays it.
    return { ...context, hardware: true, emulated: false, vector: { ...context.vector, hardware: 2 } }
  }
}
