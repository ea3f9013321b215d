import { ClaimsSet, encodeClaims } from '../arm/claims-set.ts'
import { encodeComponents, readComponents, type SoftwareComponent } from '../arm/components.ts'
import { readChallenge, readInstanceId } from '../arm/shared-claims.ts'
import { decodeCbor } from '../cbor/decode.ts'
import { cborBytes, cborInteger, cborText } from '../cbor/encode.ts'
import type { CborItem } from '../cbor/item.ts'
import { type CoseSign1, encodeSign1, readSign1 } from '../cbor/sign1.ts'
import { bytesOf, integerOf, textOf, wrongItem } from '../cbor/typed.ts'
import { refuse } from '../core/errors.ts'

/** Longest token that is read, in bytes. */
export const PSA_MAX_SIZE: number = 64 * 1024

/** Profiles: the older one with keys of private use, and those of RFC 9783 and its drafts. */
export const PSA_PROFILES = [
  'PSA_IOT_PROFILE_1',
  'http://arm.com/psa/2.0.0',
  'tag:psacertified.org,2023:psa#tfm',
] as const

export type PsaProfile = (typeof PSA_PROFILES)[number]

/** A PSA attestation token. Nothing in it is verified; byte strings are views on the input. @see RFC 9783 */
export interface PsaToken {
  readonly cose: CoseSign1
  readonly profile: PsaProfile
  /** 32, 48 or 64 bytes. */
  readonly nonce: Uint8Array
  /** 33 bytes, the first is 1. */
  readonly instanceId: Uint8Array
  /** 32 bytes. */
  readonly implementationId: Uint8Array
  /** Of the caller; negative for one outside of the secure world. */
  readonly clientId: number
  /** 16 bits. */
  readonly lifecycle: number
  readonly bootSeed: Uint8Array | undefined
  /** EAN-13, with a version of 5 digits behind it. */
  readonly certificationReference: string | undefined
  /** Where the attester says a verifier may be found: never followed. */
  readonly verificationService: string | undefined
  /** Empty only where the token says that nothing is measured. */
  readonly components: readonly SoftwareComponent[]
  readonly order: readonly number[]
  readonly unknown: Readonly<Record<string, Uint8Array>>
}

interface Keys {
  readonly nonce: number
  readonly instanceId: number
  readonly profile: number
  readonly clientId: number
  readonly lifecycle: number
  readonly implementationId: number
  /** The first that is there counts. */
  readonly bootSeed: readonly number[]
  readonly certificationReference: number
  readonly components: number
  readonly verificationService: number
  readonly noMeasurement: number | undefined
}

const PROFILE_1: Keys = {
  profile: -75000,
  clientId: -75001,
  lifecycle: -75002,
  implementationId: -75003,
  bootSeed: [-75004],
  certificationReference: -75005,
  components: -75006,
  noMeasurement: -75007,
  nonce: -75008,
  instanceId: -75009,
  verificationService: -75010,
}

// 2397 is the boot seed of the drafts, 268 that of RFC 9783.
const PROFILE_2: Keys = {
  nonce: 10,
  instanceId: 256,
  profile: 265,
  bootSeed: [268, 2397],
  clientId: 2394,
  lifecycle: 2395,
  implementationId: 2396,
  certificationReference: 2398,
  components: 2399,
  verificationService: 2400,
  noMeasurement: undefined,
}

/**
 * Reads a PSA token: a COSE_Sign1, tagged or not. `bytes` is kept, not copied.
 * @throws EvidenceError also for a COSE_Mac0, whose key a verifier would have to share
 */
export function parsePsaToken(bytes: Uint8Array): PsaToken {
  if (bytes.length > PSA_MAX_SIZE)
    throw refuse('token', `${bytes.length} bytes`, `at most ${PSA_MAX_SIZE} bytes`, PSA_MAX_SIZE, 'too-large')
  const cose = readSign1(bytes, decodeCbor(bytes, { field: 'token', maxItems: 64 }), 'token')
  const claims = new ClaimsSet(bytes, 'token', cose.payloadOffset, cose.payloadOffset + cose.payload.length)
  const older = !claims.has(PROFILE_2.profile)
  const keys = older ? PROFILE_1 : PROFILE_2
  const { nonce, instanceId, clientId, lifecycle, implementationId } = keys
  claims.require({
    nonce,
    'instance-id': instanceId,
    'client-id': clientId,
    lifecycle,
    'implementation-id': implementationId,
  })
  return {
    cose,
    profile: older
      ? (claims.maybe(keys.profile, 'profile', readProfile, 'older') ?? 'PSA_IOT_PROFILE_1')
      : claims.need(keys.profile, 'profile', readProfile),
    nonce: claims.need(nonce, 'nonce', readChallenge),
    instanceId: claims.need(instanceId, 'instance-id', readInstanceId),
    implementationId: claims.need(implementationId, 'implementation-id', bytesOf, 32, 32),
    clientId: claims.need(clientId, 'client-id', integerOf, -0x80000000, 0x7fffffff),
    lifecycle: claims.need(lifecycle, 'lifecycle', integerOf, 0, 0xffff),
    bootSeed: readBootSeed(claims, keys, older),
    certificationReference: claims.maybe(keys.certificationReference, 'certification-reference', readReference),
    verificationService: claims.maybe(keys.verificationService, 'verification-service', textOf, 0, 2048),
    components: readSoftware(claims, keys, older),
    order: claims.order,
    unknown: claims.unknown(Object.values(keys).flat()),
  }
}

function readProfile(item: CborItem, field: string, age: unknown = 'newer'): PsaProfile {
  const text = textOf(item, field, 1, 256)
  const fitting = age === 'older' ? PSA_PROFILES.slice(0, 1) : PSA_PROFILES.slice(1)
  const profile = fitting.find((one) => one === text)
  if (profile === undefined)
    throw wrongItem(item, field, fitting.join(' or '), `the profile ${JSON.stringify(text.slice(0, 64))}`)
  return profile
}

function readBootSeed(claims: ClaimsSet, { bootSeed }: Keys, older: boolean): Uint8Array | undefined {
  const [key, ...more] = bootSeed.filter((one) => claims.has(one))
  if (key === undefined) {
    if (older) claims.require({ 'boot-seed': bootSeed[0] as number })
    return undefined
  }
  return claims.maybe(key, 'boot-seed', (item, field) => {
    if (more.length > 0) throw wrongItem(item, field, 'one boot seed', 'two of them')
    return bytesOf(item, field, older ? 32 : 8, 32)
  })
}

// Released reference firmware writes the second number without its hyphen, and for years cut it to three digits: tokens
// of such devices are told by a note, not refused.
function readReference(item: CborItem, field: string): string {
  const text = textOf(item, field, 13, 19)
  if (/^\d{13}(?:-?\d{5}|\d{3})?$/.test(text)) return text
  throw wrongItem(item, field, '13 digits, a hyphen and 5 digits', 'other text')
}

/** Whether a certification reference is written as the profile of its token asks. @see RFC 9783, section 4.2 */
export function isInForm(reference: string, profile: PsaProfile): boolean {
  return (profile === 'PSA_IOT_PROFILE_1' ? /^\d{13}(?:-\d{5})?$/ : /^\d{13}-\d{5}$/).test(reference)
}

function readSoftware(claims: ClaimsSet, keys: Keys, older: boolean): readonly SoftwareComponent[] {
  const none =
    keys.noMeasurement === undefined
      ? undefined
      : claims.maybe(keys.noMeasurement, 'no-software-measurement', integerOf, 1, 1)
  const components = claims.maybe(keys.components, 'software-components', (item, field) => {
    if (none !== undefined) throw wrongItem(item, field, 'either components or the claim that there are none', 'both')
    return readComponents(item, field, older ? 'optional' : 'mandatory')
  })
  if (components === undefined && none === undefined) claims.require({ 'software-components': keys.components })
  return components ?? []
}

/** Writes a token again, byte for byte as it was when it was in the form that devices write. */
export function encodePsaToken(token: PsaToken): Uint8Array {
  return encodeSign1({ ...token.cose, payload: encodePsaClaims(token) })
}

/** Writes the claims set of a token in its own order. */
export function encodePsaClaims(token: Omit<PsaToken, 'cose'>): Uint8Array {
  const keys = token.profile === 'PSA_IOT_PROFILE_1' ? PROFILE_1 : PROFILE_2
  const text = (value: string | undefined): Uint8Array | undefined =>
    value === undefined ? undefined : cborText(value)
  const values = new Map<number, Uint8Array | undefined>([
    [keys.profile, cborText(token.profile)],
    [keys.nonce, cborBytes(token.nonce)],
    [keys.instanceId, cborBytes(token.instanceId)],
    [keys.implementationId, cborBytes(token.implementationId)],
    [keys.clientId, cborInteger(token.clientId)],
    [keys.lifecycle, cborInteger(token.lifecycle)],
    [keys.certificationReference, text(token.certificationReference)],
    [keys.verificationService, text(token.verificationService)],
    [keys.components, token.components.length === 0 ? undefined : encodeComponents(token.components)],
  ])
  for (const key of keys.bootSeed) values.set(key, token.bootSeed === undefined ? undefined : cborBytes(token.bootSeed))
  if (keys.noMeasurement !== undefined) values.set(keys.noMeasurement, cborInteger(1))
  return encodeClaims(token.order, values, token.unknown)
}
