import { CollateralError, type CollateralSource, networkSource } from '@sekisho/collateral'
import type { World } from '@sekisho/emulator'

/** The emulated services of a world. */
export interface PlayedServices {
  /** Origin of AMD's and Intel's alike. */
  readonly url: string
  readonly anchors: World['anchors']
  /** The world as it is now. */
  worldNow(): Promise<World>
}

/** What a world's services have. What has run out is given too: the verdict looks at every date, and says what is expired. */
export function playedEndorsements({ url, anchors }: PlayedServices, now: () => Date): CollateralSource {
  return networkSource({
    // Without a key it would refuse to say which platforms are its own.
    intel: { baseUrl: url, kind: 'pcs', rootCrlUrl: `${url}/IntelSGXRootCA.der`, subscriptionKey: 'EMULATED' },
    amd: { baseUrl: url },
    nvidia: false,
    trustAnchors: anchors,
    giveEnded: true,
    now,
  })
}

/**
 * Emulated platforms' endorsements from the world's services, all others from the vendors'. No vendor is asked about a
 * platform of the world: neither while its service does not answer, nor when it has nothing for the platform any more.
 */
export function endorsementsBeside(
  played: CollateralSource,
  services: PlayedServices,
  real: CollateralSource | undefined,
): CollateralSource {
  if (real === undefined) return played
  const beside = async <T>(
    own: () => Promise<T>,
    others: () => Promise<T>,
    isOwn: (world: World) => boolean = () => false,
  ): Promise<T> => {
    try {
      return await own()
    } catch (error) {
      if (!(error instanceof CollateralError) || error.code !== 'not-found') throw error
      if (isOwn(await services.worldNow())) throw error
      return others()
    }
  }
  return {
    // The world's own services are asked each time: nothing of theirs is kept.
    renew: () => real.renew?.(),
    ...(real.nvidia === undefined ? {} : { nvidia: real.nvidia }),
    intel: (one) =>
      beside(
        () => played.intel(one),
        () => real.intel(one),
      ),
    pck: (one) =>
      beside(
        () => played.pck(one),
        () => real.pck(one),
      ),
    amd: (one) =>
      beside(
        () => played.amd(one),
        () => real.amd(one),
        ({ amd }) => one.chipId !== undefined && amd.isOwnChip(one.chipId),
      ),
  }
}
