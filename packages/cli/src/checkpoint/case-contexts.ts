import { createHash, randomBytes } from 'node:crypto'
import { appraise, type CasePlatform, type PlatformPlay, type PlayedPlatform } from '@sekisho/appraisal'
import { emulatedAttester } from '@sekisho/attester'
import { openVerifier, reasonsOf, type Verifier } from '@sekisho/broker'
import { type CollateralSource, networkSource } from '@sekisho/collateral'
import type { World } from '@sekisho/emulator'
import { emulatedMachine } from './emulated-machine.ts'
import { serveWorld } from './served-world.ts'
import { changePart } from './world-parts.ts'

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
  return async ({ revoked = [], expired = [], ...platform }, known, resource) => {
    const world = await worldNow()
    if (revoked.length + expired.length === 0) return played(world, verifier, platform, { known, resource, now })
    // Others attest in a world in which nothing happened: this one is the case's own.
    const own = (await import('@sekisho/emulator')).createWorld({ saved: world.save(), now })
    for (const part of revoked) changePart(own, 'revoke', part)
    for (const part of expired) changePart(own, 'expire', part)
    const { url, close } = await serveWorld(async () => own, 0)
    try {
      const ofCase = openVerifier({ source: sourceAt(url, anchors, now), trustAnchors: anchors, arm })
      return await played(own, ofCase, platform, { known, resource, now })
    } finally {
      await close()
    }
  }
}

/** What the services of a world have, at their address. */
export function sourceAt(url: string, anchors: World['anchors'], now: () => Date): CollateralSource {
  const intel = { baseUrl: url, kind: 'pcs', rootCrlUrl: `${url}/IntelSGXRootCA.der` } as const
  return networkSource({ intel, amd: { baseUrl: url }, nvidia: false, trustAnchors: anchors, now })
}

interface Playing {
  readonly known: boolean
  readonly resource: string
  readonly now: () => Date
}

async function played(
  world: World,
  verifier: Verifier,
  { kind, ...options }: Omit<CasePlatform, 'revoked' | 'expired'>,
  { known, resource, now }: Playing,
): Promise<PlayedPlatform> {
  const digest = new Uint8Array(createHash('sha384').update(randomBytes(32)).digest())
  const { kbs, evidence, eventLog } = await emulatedAttester(world, emulatedMachine(world, kind, options)).attest({
    reportData: digest,
  })
  // A chip that hides itself brings its certificate.
  const received = verifier.recognise(options.maskedId === true ? kbs : evidence, eventLog)
  const binding = verifier.binding(received, digest)
  const values = known ? verifier.skeleton(received) : {}
  const expect = { ...values, ...binding, reportDataIsFresh: true, allowEmulated: true }
  const at = now()
  const { verdict } = await verifier.verify(received, { expect, at })
  const { context } = appraise(verdict, { references: known ? ['known'] : [], at, resource })
  // The case is about what hardware would be given: the platform plays it.
  const played = { ...context, hardware: true, emulated: false, vector: { ...context.vector, hardware: 2 } }
  const faults = [...(known ? [] : [UNKNOWN]), ...(verdict.outcome === 'verified' ? [] : reasonsOf(verdict))]
  return faults.length === 0 ? { context: played } : { context: played, faults }
}

const UNKNOWN = 'reference-missing: the case has `known: false`, and evidence that meets no reference set gets nothing'
