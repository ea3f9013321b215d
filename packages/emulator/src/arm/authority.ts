import { type EmulatedAnchor, emulatedAnchor } from '../anchor.ts'
import type { Ground } from '../ground.ts'
import { concat, toHex, utf8 } from '../kit/bytes.ts'
import type { KeyPair } from '../kit/keys.ts'
import { nameOption } from '../options.ts'
import { derive, deriveKey } from '../secrets.ts'

/** A part of the firmware under a realm. Byte strings in hex. */
export interface ArmComponent {
  readonly type: string
  readonly version: string
  readonly measurement: string
  readonly signerId: string
}

/** What makers of platforms publish: JSON texts, as verifiers take them. */
export interface ArmEndorsements {
  /** Verification keys of all platforms that were made. */
  readonly keys: string
  /** Firmware that the makers vouch for. */
  readonly referenceValues: string
}

/**
 * The maker of CCA platforms. Arm has no root: each platform's own key is an anchor, and whoever verifies must be given
 * it. The key of `machine-1` is one from the beginning; others become one when their first realm starts.
 */
export interface EmulatedArm {
  readonly anchors: readonly EmulatedAnchor[]
  readonly implementationId: string
  endorsements(): ArmEndorsements
  /** Makes a platform of this name known before its first realm starts. */
  provision(name: string): void
}

/** What realms need of the maker. */
export interface ArmOffice extends EmulatedArm {
  platformKey(name: string): KeyPair
  /** 33 bytes. */
  instanceId(name: string): Uint8Array
  realmKey(name: string, personalization: string, measurement: string): KeyPair
}

/** Firmware of every platform of a world. */
export const FIRMWARE: readonly ArmComponent[] = ['BL2', 'RMM', 'TF-A'].map((type, i) => ({
  type,
  version: '1.0.0',
  measurement: `b${i + 1}`.repeat(32),
  signerId: '5a'.repeat(32),
}))

/** Configuration of every platform of a world. */
export const CONFIGURATION = '010203'

/** Opens the maker's office. */
export function armOffice(ground: Ground): ArmOffice {
  const { state, seed } = ground
  // 32 bytes. Verifiers know the mark, which each token carries under its signature: no endorsement makes it hardware.
  const implementationId = toHex(concat(utf8('EMULATED'), derive(seed, 24, 'cca implementation')))
  const office: ArmOffice = {
    implementationId,
    get anchors() {
      return state.arm.platforms.map((name) =>
        emulatedAnchor(
          `cca-${toHex(office.instanceId(name)).slice(2, 18)}`,
          'a platform of the Arm architecture',
          office.platformKey(name),
        ),
      )
    },
    endorsements: () => ({
      keys: JSON.stringify(
        state.arm.platforms.map((name) => ({
          pkey: jwkOf(office.platformKey(name)),
          'implementation-id': implementationId,
          'instance-id': toHex(office.instanceId(name)),
        })),
      ),
      referenceValues: JSON.stringify({ platform: [referenceOf(implementationId)] }),
    }),
    provision: (name) => {
      const known = nameOption(name, 'name', name)
      if (!state.arm.platforms.includes(known)) state.arm.platforms.push(known)
    },
    platformKey: (name) =>
      ground.derivedKey(`cca/${name}`, () =>
        deriveKey(derive(seed, 48, 'fuses', 'cca', name), 'P-384', 'initial attestation key'),
      ),
    instanceId: (name) => concat(Uint8Array.of(1), derive(seed, 32, 'cca instance', name)),
    realmKey: (name, personalization, measurement) =>
      deriveKey(derive(seed, 48, 'fuses', 'cca', name), 'P-384', 'realm attestation key', personalization, measurement),
  }
  return office
}

function jwkOf(key: KeyPair): object {
  const { kty, crv, x, y } = key.publicKey.export({ format: 'jwk' })
  return { kty, crv, x, y }
}

function referenceOf(implementationId: string): object {
  return {
    'implementation-id': implementationId,
    'platform-configuration': CONFIGURATION,
    'sw-components': FIRMWARE.map(({ type, version, measurement, signerId }) => ({
      'component-type': type,
      'signer-id': signerId,
      version,
      'measurement-value': measurement,
    })),
  }
}
