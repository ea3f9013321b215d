import { equalBytes } from '../core/bytes.ts'

/** Size of an SEV-SNP report, in bytes. */
export const REPORT_SIZE = 1184

const INTEL_QE_VENDOR: Uint8Array = Uint8Array.of(
  0x93,
  0x9a,
  0x72,
  0x33,
  0xf7,
  0x9c,
  0x4c,
  0xa9,
  0x94,
  0x0a,
  0x0d,
  0xb3,
  0x95,
  0x7f,
  0x06,
  0x07,
)

// SGX/TDX quote header: version u16, attestation key type u16, TEE type u32, …, QE vendor id at 12.
/** Whether bytes begin like an SGX or TDX quote, also when it is cut short. */
export function looksLikeQuote(bytes: Uint8Array): boolean {
  if (bytes.length < 28) return false
  const version = u16(bytes, 0)
  const keyType = u16(bytes, 2)
  if (version === 0 || version > 16) return false
  return (
    equalBytes(bytes.subarray(12, 28), INTEL_QE_VENDOR) ||
    ((keyType === 2 || keyType === 3) && version <= 6 && !looksLikeReport(bytes))
  )
}

/** Whether bytes are a quote by the vendor's id and are as long as the shortest one. */
export function isSurelyQuote(bytes: Uint8Array): boolean {
  return bytes.length >= SHORTEST_QUOTE && equalBytes(bytes.subarray(12, 28), INTEL_QE_VENDOR)
}

/** Header, SGX report, and a signature without a chain. */
const SHORTEST_QUOTE = 1020

// SNP report: version u32 at 0, SIGNATURE_ALGO u32 at 0x34; policy bit 17 (at 0x0a) must be one.
/** Whether bytes begin like an SEV-SNP report, also when it is cut short. */
export function looksLikeReport(bytes: Uint8Array): boolean {
  if (bytes.length < 0x38) return false
  const version = u32(bytes, 0)
  if (version === 0 || version > 16) return false
  if (bytes.length === REPORT_SIZE) return true
  return u32(bytes, 0x34) === 1 && ((bytes[0x0a] as number) & 0x02) !== 0
}

/** Little-endian. */
export function u16(bytes: Uint8Array, at: number): number {
  return (bytes[at] as number) | ((bytes[at + 1] as number) << 8)
}

/** Little-endian. */
export function u32(bytes: Uint8Array, at: number): number {
  return (u16(bytes, at) | (u16(bytes, at + 2) << 16)) >>> 0
}

/** Big-endian. */
export function u32be(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] as number) << 24) |
      ((bytes[at + 1] as number) << 16) |
      ((bytes[at + 2] as number) << 8) |
      (bytes[at + 3] as number)) >>>
    0
  )
}
