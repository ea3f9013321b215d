import { digest, ecdsaRaw, generateKey, type KeyPair, namedKey, rawPoint } from '@sekisho/emulator/kit'
import type { SoftwareComponent } from '../src/arm/components.ts'
import { cborBytes, cborInteger, cborMap } from '../src/cbor/encode.ts'
import { type CoseSign1, encodeSign1, sign1Input } from '../src/cbor/sign1.ts'
import {
  type ArmEndorsementsInput,
  type CcaToken,
  encodeCcaToken,
  encodePlatformClaims,
  encodeRealmClaims,
  type PlatformClaims,
  REALM_PROFILE,
  type RealmClaims,
} from '../src/cca/index.ts'
import { concatBytes, toHex } from '../src/core/bytes.ts'
import { encodePsaClaims, type PsaToken } from '../src/psa/index.ts'

export const AT: Date = new Date('2026-06-15T12:00:00Z')
export const PLATFORM_KEY: KeyPair = namedKey('arm platform', 'P-384')
export const REALM_KEY: KeyPair = namedKey('arm realm', 'P-384')
export const STRANGER: KeyPair = generateKey('P-384')

export const ES256: Uint8Array = cborMap([[cborInteger(1), cborInteger(-7)]])
export const ES384: Uint8Array = cborMap([[cborInteger(1), cborInteger(-35)]])

export const filled = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value)
export const IMPLEMENTATION: Uint8Array = filled(32, 0x11)
export const RIM: Uint8Array = filled(32, 0x43)
export const CHALLENGE: Uint8Array = filled(64, 0xab)

const COMPONENT: SoftwareComponent = {
  type: 'BL',
  measurement: filled(32, 1),
  version: '1.0',
  signerId: filled(32, 2),
  hashAlgorithm: 'sha-256',
  order: [1, 2, 4, 5, 6],
}

/** A public key as an encoded COSE_Key on P-384. */
export function coseKey(key: KeyPair): Uint8Array {
  const point = rawPoint(key)
  return cborMap([
    [cborInteger(1), cborInteger(2)],
    [cborInteger(-1), cborInteger(2)],
    [cborInteger(-2), cborBytes(point.subarray(0, 48))],
    [cborInteger(-3), cborBytes(point.subarray(48))],
  ])
}

/** Endorsements of {@link PLATFORM_KEY} and of everything good tokens hold. */
export function endorsements(
  change: { readonly key?: KeyPair; readonly measurement?: string; readonly configuration?: string } = {},
): ArmEndorsementsInput {
  const { x, y } = (change.key ?? PLATFORM_KEY).publicKey.export({ format: 'jwk' })
  return {
    keys: JSON.stringify([{ pkey: { kty: 'EC', crv: 'P-384', x, y }, 'implementation-id': toHex(IMPLEMENTATION) }]),
    referenceValues: JSON.stringify({
      platform: [
        {
          'implementation-id': toHex(IMPLEMENTATION),
          'platform-configuration': change.configuration ?? '0102',
          'sw-components': [
            {
              'component-type': 'BL',
              'signer-id': toHex(filled(32, 2)),
              version: '1.0',
              'measurement-value': change.measurement ?? toHex(filled(32, 1)),
            },
          ],
        },
      ],
    }),
  }
}

/** What of a made token differs from a good one. */
export interface CcaChange {
  readonly platform?: Partial<PlatformClaims>
  readonly realm?: Partial<RealmClaims>
  readonly platformSigner?: KeyPair
  readonly realmSigner?: KeyPair
  readonly platformHeader?: Uint8Array
  readonly realmHeader?: Uint8Array
  readonly token?: Partial<CcaToken>
}

function sign(header: Uint8Array, payload: Uint8Array, key: KeyPair): CoseSign1 {
  const none = { type: 'map', entries: [], indefinite: false, offset: 0, end: 0 } as const
  const signature = ecdsaRaw('sha384', key, sign1Input(header, payload))
  return {
    tagged: true,
    protected: header,
    headers: none,
    unprotected: none,
    unprotectedBytes: Uint8Array.of(0xa0),
    algorithm: -35,
    payload,
    payloadOffset: 0,
    signature,
    signatureOffset: 0,
  }
}

/** A CCA token; a good one is bound, and signed with the two keys above. */
export function makeCca(change: CcaChange = {}): Uint8Array {
  const publicKey = change.realm?.publicKey ?? coseKey(REALM_KEY)
  const realm: RealmClaims = {
    profile: REALM_PROFILE,
    challenge: CHALLENGE,
    personalizationValue: filled(64, 0),
    hashAlgorithm: 'sha-256',
    publicKey,
    keyFormat: 'cose-key',
    key: { kind: 'P-384', bytes: rawPoint(REALM_KEY) },
    initialMeasurement: RIM,
    extensibleMeasurements: [0, 0, 0, 0].map(() => filled(32, 0)),
    publicKeyHashAlgorithm: 'sha-512',
    order: [265, 10, 44235, 44236, 44237, 44238, 44239, 44240],
    unknown: {},
    ...change.realm,
  }
  const platform: PlatformClaims = {
    profile: 'tag:arm.com,2023:cca_platform#1.0.0',
    challenge: digest('sha512', publicKey),
    implementationId: IMPLEMENTATION,
    instanceId: concatBytes(Uint8Array.of(1), filled(32, 3)),
    configuration: Uint8Array.of(1, 2),
    lifecycle: 0x3000,
    components: [COMPONENT],
    verificationService: undefined,
    hashAlgorithm: 'sha-256',
    order: [265, 10, 2396, 256, 2401, 2395, 2399, 2402],
    unknown: {},
    ...change.platform,
  }
  return encodeCcaToken({
    tag: 399,
    platform: {
      cose: sign(change.platformHeader ?? ES384, encodePlatformClaims(platform), change.platformSigner ?? PLATFORM_KEY),
      claims: platform,
    },
    realm: {
      cose: sign(change.realmHeader ?? ES384, encodeRealmClaims(realm), change.realmSigner ?? REALM_KEY),
      claims: realm,
    },
    platformToken: new Uint8Array(0),
    realmFirst: false,
    keyAttestation: undefined,
    ...change.token,
  })
}

/** A PSA token of profile 2 that {@link PLATFORM_KEY} signed. */
export function makePsa(
  change: Partial<PsaToken> = {},
  signer: KeyPair = PLATFORM_KEY,
  header: Uint8Array = ES384,
): Uint8Array {
  const token: Omit<PsaToken, 'cose'> = {
    profile: 'tag:psacertified.org,2023:psa#tfm',
    nonce: filled(64, 0xab),
    instanceId: concatBytes(Uint8Array.of(1), digest('sha256', Uint8Array.of(4), rawPoint(PLATFORM_KEY))),
    implementationId: IMPLEMENTATION,
    clientId: 1,
    lifecycle: 0x3000,
    bootSeed: filled(32, 5),
    certificationReference: '0604565272829-10010',
    verificationService: undefined,
    components: [COMPONENT],
    order: [265, 10, 256, 2396, 2394, 2395, 268, 2398, 2399],
    unknown: {},
    ...change,
  }
  const payload = encodePsaClaims(token)
  return encodeSign1({
    tagged: true,
    protected: header,
    payload,
    signature: ecdsaRaw('sha384', signer, sign1Input(header, payload)),
  })
}
