import { cborArray, cborBytes, cborInteger, cborMap, cborTag, cborText, coseSign1 } from '../cbor.ts'
import { flipBit, fromHex, toHex } from '../kit/bytes.ts'
import { digest, type KeyPair, rawPoint } from '../kit/keys.ts'
import { hexOption, integerOption, knownOptions, nameOption } from '../options.ts'
import { type Faults, reportDataField } from '../report-data.ts'
import { type ArmComponent, type ArmEndorsements, type ArmOffice, CONFIGURATION, FIRMWARE } from './authority.ts'

/** A realm on an emulated CCA platform. Everything absent is as it should be. */
export interface CcaPlatformOptions extends Faults {
  /** Name of the machine: the same name is the same machine, with the same key. Default `machine-1`. */
  readonly chip?: string
  /** Realm initial measurement, 32 bytes in hex. */
  readonly measurement?: string
  /** Realm personalization value, 64 bytes in hex. */
  readonly hostData?: string
  /** The platform is in the debug state that leaves CCA's own security alone (non-CCA platform debug). */
  readonly debug?: boolean
  /** Lifecycle, 16 bits; default 0x3000, secured. */
  readonly lifecycle?: number
  /** Firmware; default what the maker vouches for. */
  readonly components?: readonly ArmComponent[]
  /** The platform token vouches for another realm's key: two genuine halves that do not belong together. */
  readonly foreignPlatformToken?: boolean
}

/** A CCA token. */
export interface CcaAttested {
  readonly tee: 'cca'
  readonly evidence: Uint8Array
}

/** Reference values of a realm. */
export interface CcaReference {
  readonly measurement: readonly string[]
  readonly hostData: readonly string[]
  readonly products: readonly string[]
  readonly rem0: readonly string[]
  readonly rem1: readonly string[]
  readonly rem2: readonly string[]
  readonly rem3: readonly string[]
}

/** A realm. */
export interface CcaPlatform {
  readonly tee: 'cca'
  /** Hex, 33 bytes. */
  readonly instanceId: string
  readonly implementationId: string
  readonly measurement: string
  readonly hostData: string
  /** Realm extensible measurements, hex. */
  readonly rems: readonly string[]
  /** What a relying party that wants this very realm, as it is now, would expect: members of that TEE's expectations, and of a reference set. */
  reference(): CcaReference
  /** A token over a challenge of at most 64 bytes. */
  attest(challenge: Uint8Array): CcaAttested
  /** Extends one of the four extensible measurements. */
  extend(index: 0 | 1 | 2 | 3, data: Uint8Array): void
  /** What verifies its tokens. */
  endorsements(): ArmEndorsements
}

const REALM_PROFILE = 'tag:arm.com,2023:realm#1.0.0'
const PLATFORM_PROFILE = 'tag:arm.com,2023:cca_platform#1.0.0'
const CCA_TAG = 399
const SECURED = 0x3000
const NON_CCA_DEBUG = 0x4000

const OPTIONS: Readonly<Record<keyof CcaPlatformOptions, true>> = {
  chip: true,
  measurement: true,
  hostData: true,
  debug: true,
  lifecycle: true,
  components: true,
  foreignPlatformToken: true,
  wrongBinding: true,
  wrongSignature: true,
}

/** Starts a realm. @throws TypeError for options that make no sense */
export function ccaPlatform(office: ArmOffice, options: CcaPlatformOptions): CcaPlatform {
  knownOptions(options, 'cca', OPTIONS)
  const { debug = false, components = FIRMWARE } = options
  const chip = nameOption(options.chip, 'chip', 'machine-1')
  office.provision(chip)
  const measurement = hexOption(options.measurement, 'measurement', 32, 'c4'.repeat(32))
  const hostData = hexOption(options.hostData, 'hostData', 64, '00'.repeat(64))
  const lifecycle = integerOption(options.lifecycle, 'lifecycle', 0xffff, debug ? NON_CCA_DEBUG : SECURED)
  const realmKey = office.realmKey(chip, hostData, measurement)
  const platformKey = office.platformKey(chip)
  const rems = Array.from({ length: 4 }, () => '00'.repeat(32))
  return {
    tee: 'cca',
    instanceId: toHex(office.instanceId(chip)),
    implementationId: office.implementationId,
    measurement,
    hostData,
    rems,
    reference: () => {
      const [rem0 = '', rem1 = '', rem2 = '', rem3 = ''] = rems
      const fixed = { measurement: [measurement], hostData: [hostData], products: [office.implementationId] }
      return { ...fixed, rem0: [rem0], rem1: [rem1], rem2: [rem2], rem3: [rem3] }
    },
    attest: (challenge) => {
      const publicKey = coseKey(realmKey)
      const realm = realmClaims(reportDataField(challenge, 64, options), hostData, publicKey, measurement, rems)
      const vouched =
        options.foreignPlatformToken === true ? digest('sha512', publicKey, publicKey) : digest('sha512', publicKey)
      const platform = platformClaims(office, chip, vouched, lifecycle, components)
      const realmToken = coseSign1(realm, realmKey, { tagged: true })
      return {
        tee: 'cca',
        evidence: collection(
          coseSign1(platform, platformKey, { tagged: true }),
          options.wrongSignature === true ? flipBit(realmToken, realmToken.length - 1) : realmToken,
        ),
      }
    },
    extend: (index, data) => {
      rems[index] = toHex(digest('sha256', fromHex(rems[index] ?? ''), data))
    },
    endorsements: () => office.endorsements(),
  }
}

/** The two tokens in one. Arm DEN0137 (RMM), section A7.2.2. */
function collection(platform: Uint8Array, realm: Uint8Array): Uint8Array {
  return cborTag(
    CCA_TAG,
    cborMap([
      [cborInteger(44234), cborBytes(platform)],
      [cborInteger(44241), cborBytes(realm)],
    ]),
  )
}

function realmClaims(
  challenge: Uint8Array,
  personalization: string,
  publicKey: Uint8Array,
  measurement: string,
  rems: readonly string[],
): Uint8Array {
  return claims([
    [265, cborText(REALM_PROFILE)],
    [10, cborBytes(challenge)],
    [44235, cborBytes(fromHex(personalization))],
    [44236, cborText('sha-256')],
    [44237, cborBytes(publicKey)],
    [44238, cborBytes(fromHex(measurement))],
    [44239, cborArray(rems.map((one) => cborBytes(fromHex(one))))],
    [44240, cborText('sha-512')],
  ])
}

function platformClaims(
  office: ArmOffice,
  chip: string,
  challenge: Uint8Array,
  lifecycle: number,
  components: readonly ArmComponent[],
): Uint8Array {
  return claims([
    [265, cborText(PLATFORM_PROFILE)],
    [10, cborBytes(challenge)],
    [2396, cborBytes(fromHex(office.implementationId))],
    [256, cborBytes(office.instanceId(chip))],
    [2401, cborBytes(fromHex(CONFIGURATION))],
    [2395, cborInteger(lifecycle)],
    [2399, cborArray(components.map(component))],
    [2402, cborText('sha-256')],
  ])
}

function component({ type, measurement, version, signerId }: ArmComponent): Uint8Array {
  return claims([
    [1, cborText(type)],
    [2, cborBytes(fromHex(measurement))],
    [4, cborText(version)],
    [5, cborBytes(fromHex(signerId))],
    [6, cborText('sha-256')],
  ])
}

function claims(entries: readonly (readonly [number, Uint8Array])[]): Uint8Array {
  return cborMap(entries.map(([key, value]) => [cborInteger(key), value]))
}

/** A public key on P-384 as an encoded COSE_Key. RFC 9053, section 7.1.1. */
function coseKey(key: KeyPair): Uint8Array {
  const point = rawPoint(key)
  return claims([
    [1, cborInteger(2)],
    [-1, cborInteger(2)],
    [-2, cborBytes(point.subarray(0, 48))],
    [-3, cborBytes(point.subarray(48))],
  ])
}
