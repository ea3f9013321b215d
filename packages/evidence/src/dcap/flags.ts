/** Names of single bits, lowest first in each byte, by bit number. */
export type BitNames = Readonly<Record<string, number>>

/** Flags by name, and the numbers of set bits that have none. */
export type Flags<N extends BitNames> = { readonly [K in keyof N]: boolean } & { readonly reserved: readonly number[] }

/** Whether bit `bit` of a little-endian bit field is set. */
export function hasBit(field: Uint8Array, bit: number): boolean {
  return (((field[bit >> 3] ?? 0) >> (bit & 7)) & 1) === 1
}

/** Decodes a little-endian bit field. */
export function decodeFlags<N extends BitNames>(field: Uint8Array, names: N): Flags<N> {
  const flags: Record<string, boolean | number[]> = {}
  const rest = new Uint8Array(field)
  for (const name in names) {
    const bit = names[name] as number
    flags[name] = hasBit(field, bit)
    rest[bit >> 3] = (rest[bit >> 3] as number) & ~(1 << (bit & 7))
  }
  const reserved: number[] = []
  for (let byte = 0; byte < rest.length; byte++) {
    if (rest[byte] !== 0) for (let bit = 8 * byte; bit < 8 * byte + 8; bit++) if (hasBit(rest, bit)) reserved.push(bit)
  }
  flags['reserved'] = reserved
  // Every name of the table was set above.
  return flags as Flags<N>
}

/** Whether `value`, under `mask`, is `expected`. All three are of one length. */
export function equalUnderMask(value: Uint8Array, mask: Uint8Array, expected: Uint8Array): boolean {
  for (let i = 0; i < value.length; i++) if (((value[i] as number) & (mask[i] as number)) !== expected[i]) return false
  return true
}

/**
 * State components of XFRM and XFAM.
 * @see Intel SDM, volume 1, section 13.1 (XCR0, IA32_XSS)
 */
export const XFEATURES = {
  x87: 0,
  sse: 1,
  avx: 2,
  bndregs: 3,
  bndcsr: 4,
  opmask: 5,
  zmmHi256: 6,
  hi16Zmm: 7,
  pt: 8,
  pkru: 9,
  pasid: 10,
  cetU: 11,
  cetS: 12,
  hdc: 13,
  uintr: 14,
  lbr: 15,
  hwp: 16,
  tileCfg: 17,
  tileData: 18,
  apx: 19,
} as const
