/**
 * A guest policy, decoded.
 * @see AMD 55766 (SEV API), chapter 3 "Guest policy"
 */
export interface SevPolicy {
  readonly noDebug: boolean
  readonly noKeySharing: boolean
  readonly encryptedState: boolean
  readonly noSend: boolean
  readonly domainOnly: boolean
  readonly sevOnly: boolean
  /** Bits 6 to 15, which are to be zero. */
  readonly reserved: number
  readonly minApiMajor: number
  readonly minApiMinor: number
}

/** Decodes a policy. */
export function sevPolicy(policy: number): SevPolicy {
  const bit = (index: number): boolean => ((policy >>> index) & 1) === 1
  return {
    noDebug: bit(0),
    noKeySharing: bit(1),
    encryptedState: bit(2),
    noSend: bit(3),
    domainOnly: bit(4),
    sevOnly: bit(5),
    reserved: (policy >>> 6) & 0x3ff,
    minApiMajor: (policy >>> 16) & 0xff,
    minApiMinor: policy >>> 24,
  }
}
