import { ClaimsSet, encodeClaims } from '../arm/claims-set.ts'
import { encodeComponents, readComponents, type SoftwareComponent } from '../arm/components.ts'
import { readChallenge, readInstanceId } from '../arm/shared-claims.ts'
import { cborBytes, cborInteger, cborText } from '../cbor/encode.ts'
import type { CborItem } from '../cbor/item.ts'
import { bytesOf, integerOf, textOf, wrongItem } from '../cbor/typed.ts'

/** Profiles of platform tokens: the one of 2023, and the one before. */
export const PLATFORM_PROFILES = ['tag:arm.com,2023:cca_platform#1.0.0', 'http://arm.com/CCA-SSD/1.0.0'] as const

export type PlatformProfile = (typeof PLATFORM_PROFILES)[number]

/** Claims of a platform token; byte strings are views on the input. @see Arm DEN0137 (RMM), section A7.2.3 */
export interface PlatformClaims {
  readonly profile: PlatformProfile
  /** Hash of the realm's public key. */
  readonly challenge: Uint8Array
  /** 32 bytes. */
  readonly implementationId: Uint8Array
  /** 33 bytes, the first is 1. */
  readonly instanceId: Uint8Array
  readonly configuration: Uint8Array
  /** 16 bits. */
  readonly lifecycle: number
  readonly components: readonly SoftwareComponent[]
  /** Where the attester says a verifier may be found: never followed. */
  readonly verificationService: string | undefined
  /** Default hash algorithm of the components. */
  readonly hashAlgorithm: string
  /** Keys in the order received, and encoded claims without a meaning here. */
  readonly order: readonly number[]
  readonly unknown: Readonly<Record<string, Uint8Array>>
}

const KEY = {
  challenge: 10,
  instanceId: 256,
  profile: 265,
  lifecycle: 2395,
  implementationId: 2396,
  components: 2399,
  verificationService: 2400,
  configuration: 2401,
  hashAlgorithm: 2402,
} as const
const { verificationService: _, ...MANDATORY } = KEY
const KNOWN: readonly number[] = Object.values(KEY)

/** Reads the claims set that lies in `bytes` from `start` to `end`. @throws EvidenceError */
export function readPlatformClaims(bytes: Uint8Array, start = 0, end: number = bytes.length): PlatformClaims {
  const claims = new ClaimsSet(bytes, 'platform', start, end)
  claims.require(MANDATORY)
  return {
    profile: claims.need(KEY.profile, 'profile', readProfile),
    challenge: claims.need(KEY.challenge, 'challenge', readChallenge),
    implementationId: claims.need(KEY.implementationId, 'implementation-id', bytesOf, 32, 32),
    instanceId: claims.need(KEY.instanceId, 'instance-id', readInstanceId),
    configuration: claims.need(KEY.configuration, 'configuration', bytesOf, 0, 4096),
    lifecycle: claims.need(KEY.lifecycle, 'lifecycle', integerOf, 0, 0xffff),
    components: claims.need(KEY.components, 'software-components', readComponents, 'mandatory'),
    verificationService: claims.maybe(KEY.verificationService, 'verification-service', textOf, 0, 2048),
    hashAlgorithm: claims.need(KEY.hashAlgorithm, 'hash-algorithm', textOf, 1, 64),
    order: claims.order,
    unknown: claims.unknown(KNOWN),
  }
}

function readProfile(item: CborItem, field: string): PlatformProfile {
  const text = textOf(item, field, 1, 256)
  const profile = PLATFORM_PROFILES.find((one) => one === text)
  if (profile === undefined)
    throw wrongItem(item, field, PLATFORM_PROFILES.join(' or '), `the profile ${JSON.stringify(text.slice(0, 64))}`)
  return profile
}

/** Writes a claims set in its own order. */
export function encodePlatformClaims(claims: PlatformClaims): Uint8Array {
  const values = new Map<number, Uint8Array | undefined>([
    [KEY.profile, cborText(claims.profile)],
    [KEY.challenge, cborBytes(claims.challenge)],
    [KEY.implementationId, cborBytes(claims.implementationId)],
    [KEY.instanceId, cborBytes(claims.instanceId)],
    [KEY.configuration, cborBytes(claims.configuration)],
    [KEY.lifecycle, cborInteger(claims.lifecycle)],
    [KEY.components, encodeComponents(claims.components)],
    [
      KEY.verificationService,
      claims.verificationService === undefined ? undefined : cborText(claims.verificationService),
    ],
    [KEY.hashAlgorithm, cborText(claims.hashAlgorithm)],
  ])
  return encodeClaims(claims.order, values, claims.unknown)
}
