/**
 * Text that is safe to show: control characters, bidirectional controls, zero-width and line
 * separator characters become visible escapes, so that nothing from evidence reaches the terminal
 * as a command or reorders what a person reads.
 */
export function plain(text: string): string {
  let safe = ''
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0
    safe += isUnsafe(code) ? `\\u{${code.toString(16)}}` : character
  }
  return safe
}

function isUnsafe(code: number): boolean {
  if (code < 0x20 || (code >= 0x7f && code <= 0x9f)) return true
  if (code < 0x200) return code === 0xad
  return UNSAFE.some(([from, to]) => code >= from && code <= to)
}

// Marks and overrides of direction, joiners, separators, tags, surrogates on their own, specials.
const UNSAFE: readonly (readonly [from: number, to: number])[] = [
  [0x061c, 0x061c],
  [0x180e, 0x180e],
  [0x200b, 0x200f],
  [0x2028, 0x202e],
  [0x2060, 0x206f],
  [0xd800, 0xdfff],
  [0xfeff, 0xfeff],
  [0xfff0, 0xfffb],
  [0xe0000, 0xe007f],
]
