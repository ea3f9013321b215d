/** Bits of the guest policy, by name. @see AMD 56860, guest policy */
export type SnpPolicyFlag = keyof typeof POLICY_BITS
/** Bits of PLATFORM_INFO, by name. @see AMD 56860, PLATFORM_INFO */
export type SnpPlatformFlag = keyof typeof PLATFORM_BITS

/** Bit numbers of the guest policy; bits 0 to 7 are the ABI minor version, 8 to 15 the major one. */
export const POLICY_BITS: {
  readonly smtAllowed: 16
  readonly migrateMaAllowed: 18
  readonly debugAllowed: 19
  readonly singleSocketOnly: 20
  readonly cxlAllowed: 21
  readonly memAes256XtsRequired: 22
  readonly raplDisabled: 23
  readonly ciphertextHidingDramRequired: 24
  readonly pageSwapDisabled: 25
} = {
  smtAllowed: 16,
  migrateMaAllowed: 18,
  debugAllowed: 19,
  singleSocketOnly: 20,
  cxlAllowed: 21,
  memAes256XtsRequired: 22,
  raplDisabled: 23,
  ciphertextHidingDramRequired: 24,
  pageSwapDisabled: 25,
}

/** Bit numbers of PLATFORM_INFO. Bit 6 is not described anywhere, and set on real Turin machines. */
export const PLATFORM_BITS: {
  readonly smtEnabled: 0
  readonly tsmeEnabled: 1
  readonly eccEnabled: 2
  readonly raplDisabled: 3
  readonly ciphertextHidingDramEnabled: 4
  readonly aliasCheckComplete: 5
  readonly sevTioEnabled: 7
} = {
  smtEnabled: 0,
  tsmeEnabled: 1,
  eccEnabled: 2,
  raplDisabled: 3,
  ciphertextHidingDramEnabled: 4,
  aliasCheckComplete: 5,
  sevTioEnabled: 7,
}

/** Whether a bit is set. */
export function bitOf(word: bigint, bit: number): boolean {
  return ((word >> BigInt(bit)) & 1n) === 1n
}

/** The named bits of a word as booleans, in the order of the table. */
export function flagsOf<T extends Readonly<Record<string, number>>>(word: bigint, bits: T): Record<keyof T, boolean> {
  const low = Number(word & 0xffffffffn)
  const flags: Partial<Record<keyof T, boolean>> = {}
  for (const name in bits) flags[name] = ((low >>> (bits[name] as number)) & 1) === 1
  // Every name of the table was set in the loop.
  return flags as Record<keyof T, boolean>
}

/** Bits of PLATFORM_INFO that have no name here; zero when there are none. */
export function unknownPlatformBits(info: bigint): bigint {
  return info & ~0xbfn
}

/** Policy bits 26 to 63, which are to be zero. */
export function unknownPolicyBits(policy: bigint): bigint {
  return (policy >> 26n) << 26n
}

/** Which key signed a report; `none` for an unsigned one, `reserved2` to `reserved6` for values that mean nothing yet. */
export type SnpSigningKey = 'vcek' | 'vlek' | 'none' | `reserved${number}`

/** KEY_INFO by name. */
export interface SnpKeyInfo {
  readonly authorKeyEn: boolean
  readonly maskChipKey: boolean
  readonly signingKey: SnpSigningKey
}

/** Reads KEY_INFO. @see AMD 56860, ATTESTATION_REPORT */
export function keyInfoOf(keyInfo: number): SnpKeyInfo {
  const key = (keyInfo >>> 2) & 7
  return {
    authorKeyEn: (keyInfo & 1) === 1,
    maskChipKey: (keyInfo & 2) === 2,
    signingKey: key === 0 ? 'vcek' : key === 1 ? 'vlek' : key === 7 ? 'none' : `reserved${key}`,
  }
}

/** A 64-bit word as `0x` and 16 lower-case hex digits. */
export function hex64(word: bigint): string {
  return `0x${word.toString(16).padStart(16, '0')}`
}

/** The guest policy by name; `raw` as {@link hex64} writes it. */
export type SnpPolicy = Readonly<Record<SnpPolicyFlag, boolean>> & {
  readonly raw: string
  readonly abiMajor: number
  readonly abiMinor: number
}

/** PLATFORM_INFO by name. */
export type SnpPlatformInfo = Readonly<Record<SnpPlatformFlag, boolean>> & { readonly raw: string }

/** Reads a guest policy. @see AMD 56860, guest policy */
export function policyOf(policy: bigint): SnpPolicy {
  const low = Number(policy & 0xffffn)
  return Object.assign(flagsOf(policy, POLICY_BITS), { raw: hex64(policy), abiMajor: low >> 8, abiMinor: low & 0xff })
}

/** Reads PLATFORM_INFO. @see AMD 56860, PLATFORM_INFO */
export function platformOf(info: bigint): SnpPlatformInfo {
  return Object.assign(flagsOf(info, PLATFORM_BITS), { raw: hex64(info) })
}
