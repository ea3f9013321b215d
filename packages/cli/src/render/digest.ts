/** Hexadecimal for people: a long row of zeros in words, since nobody counts them. */
export function digestText(hex: string): string {
  return /^(00){12,}$/.test(hex) ? `all zero (${hex.length / 2} bytes)` : hex
}
