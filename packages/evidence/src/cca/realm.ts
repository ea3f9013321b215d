import { ClaimsSet, encodeClaims } from '../arm/claims-set.ts'
import { DIGEST_LENGTHS } from '../arm/components.ts'
import { readCoseKey, readRawPoint } from '../arm/keys.ts'
import { cborArray, cborBytes, cborText } from '../cbor/encode.ts'
import type { CborItem } from '../cbor/item.ts'
import { arrayOf, bytesOf, bytesOfLength, textOf, wrongItem } from '../cbor/typed.ts'
import type { PublicKey } from '../crypto/jobs.ts'

/** Profile of realm tokens since 2023; older ones name none. */
export const REALM_PROFILE = 'tag:arm.com,2023:realm#1.0.0'

/** How the realm's public key is written: as the profile says, never guessed. */
export type RealmKeyFormat = 'cose-key' | 'raw-uncompressed-point'

/** Claims of a realm token; byte strings are views on the input. @see Arm DEN0137 (RMM), section A7.2.4 */
export interface RealmClaims {
  readonly profile: typeof REALM_PROFILE | undefined
  /** 64 bytes from whoever asked. */
  readonly challenge: Uint8Array
  /** 64 bytes that the realm's owner set at creation (RPV). */
  readonly personalizationValue: Uint8Array
  /** Algorithm of the measurements. */
  readonly hashAlgorithm: string
  /** The key's byte string as carried: its hash is the platform's challenge. */
  readonly publicKey: Uint8Array
  readonly keyFormat: RealmKeyFormat
  readonly key: PublicKey
  /** RIM. */
  readonly initialMeasurement: Uint8Array
  /** REM0 to REM3. */
  readonly extensibleMeasurements: readonly Uint8Array[]
  /** Algorithm of the binding. */
  readonly publicKeyHashAlgorithm: string
  readonly order: readonly number[]
  readonly unknown: Readonly<Record<string, Uint8Array>>
}

const KEY = {
  challenge: 10,
  profile: 265,
  personalizationValue: 44235,
  hashAlgorithm: 44236,
  publicKey: 44237,
  initialMeasurement: 44238,
  extensibleMeasurements: 44239,
  publicKeyHashAlgorithm: 44240,
} as const
const { profile: _, ...MANDATORY } = KEY
const KNOWN: readonly number[] = Object.values(KEY)

/** Reads the claims set that lies in `bytes` from `start` to `end`. @throws EvidenceError */
export function readRealmClaims(bytes: Uint8Array, start = 0, end: number = bytes.length): RealmClaims {
  const claims = new ClaimsSet(bytes, 'realm', start, end)
  claims.require(MANDATORY)
  const profile = claims.maybe(KEY.profile, 'profile', readProfile)
  const keyFormat = profile === undefined ? 'raw-uncompressed-point' : 'cose-key'
  const initialMeasurement = claims.need(KEY.initialMeasurement, 'initial-measurement', bytesOfLength, DIGEST_LENGTHS)
  return {
    profile,
    challenge: claims.need(KEY.challenge, 'challenge', (item, field) => {
      if (item.type === 'array') throw wrongItem(item, field, 'one value', 'several values')
      return bytesOf(item, field, 64, 64)
    }),
    personalizationValue: claims.need(KEY.personalizationValue, 'personalization-value', bytesOf, 64, 64),
    hashAlgorithm: claims.need(KEY.hashAlgorithm, 'hash-algorithm', textOf, 1, 64),
    publicKey: claims.need(KEY.publicKey, 'public-key', bytesOf, 1, 512),
    keyFormat,
    key: claims.need(KEY.publicKey, 'public-key', (item, field) => readKey(bytes, item, field, keyFormat)),
    initialMeasurement,
    extensibleMeasurements: claims.need(KEY.extensibleMeasurements, 'extensible-measurements', (item, field) =>
      arrayOf(item, field, 4, 4).items.map((one, i) =>
        bytesOf(one, `${field}[${i}]`, initialMeasurement.length, initialMeasurement.length),
      ),
    ),
    publicKeyHashAlgorithm: claims.need(KEY.publicKeyHashAlgorithm, 'public-key-hash-algorithm', textOf, 1, 64),
    order: claims.order,
    unknown: claims.unknown(KNOWN),
  }
}

function readProfile(item: CborItem, field: string): typeof REALM_PROFILE {
  const text = textOf(item, field, 1, 256)
  if (text === REALM_PROFILE) return REALM_PROFILE
  throw wrongItem(item, field, `${REALM_PROFILE}, or no profile`, `the profile ${JSON.stringify(text.slice(0, 64))}`)
}

function readKey(bytes: Uint8Array, item: CborItem, field: string, format: RealmKeyFormat): PublicKey {
  const content = bytesOf(item, field, 1, 512)
  const start = item.end - content.length
  return format === 'cose-key' ? readCoseKey(bytes, field, start, item.end) : readRawPoint(content, field, start)
}

/** Writes a claims set in its own order. */
export function encodeRealmClaims(claims: RealmClaims): Uint8Array {
  const values = new Map<number, Uint8Array | undefined>([
    [KEY.profile, claims.profile === undefined ? undefined : cborText(claims.profile)],
    [KEY.challenge, cborBytes(claims.challenge)],
    [KEY.personalizationValue, cborBytes(claims.personalizationValue)],
    [KEY.hashAlgorithm, cborText(claims.hashAlgorithm)],
    [KEY.publicKey, cborBytes(claims.publicKey)],
    [KEY.initialMeasurement, cborBytes(claims.initialMeasurement)],
    [KEY.extensibleMeasurements, cborArray(claims.extensibleMeasurements.map(cborBytes))],
    [KEY.publicKeyHashAlgorithm, cborText(claims.publicKeyHashAlgorithm)],
  ])
  return encodeClaims(claims.order, values, claims.unknown)
}
