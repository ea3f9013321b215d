const HEX: readonly string[] = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, '0'))

const DIGITS: Uint8Array = Uint8Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0))
const ascii: TextDecoder = new TextDecoder('latin1')
const line: Uint8Array = new Uint8Array(128)

/** Lower-case hexadecimal of `bytes`, in memory order. */
export function toHex(bytes: Uint8Array): string {
  if (bytes.length < SHORT) return joined(bytes)
  // One flat string: joining pieces leaves a chain of them behind, seven times the size.
  const digits = 2 * bytes.length <= line.length ? line : new Uint8Array(2 * bytes.length)
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] as number
    digits[2 * i] = DIGITS[byte >> 4] as number
    digits[2 * i + 1] = DIGITS[byte & 15] as number
  }
  return ascii.decode(digits.subarray(0, 2 * bytes.length))
}

const SHORT = 16

function joined(bytes: Uint8Array): string {
  let text = ''
  for (let i = 0; i < bytes.length; i++) text += HEX[bytes[i] as number]
  return text
}

/**
 * Bytes of an even-length hexadecimal string of either case.
 * @returns undefined when `text` is anything else.
 */
export function fromHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0) return undefined
  const bytes = new Uint8Array(text.length / 2)
  let wrong = 0
  for (let i = 0; i < bytes.length; i++) {
    const high = NIBBLES[text.charCodeAt(2 * i)] ?? 0xff
    const low = NIBBLES[text.charCodeAt(2 * i + 1)] ?? 0xff
    wrong |= high | low
    bytes[i] = (high << 4) | low
  }
  return (wrong & 0xf0) === 0 ? bytes : undefined
}

const NIBBLES: Uint8Array = makeNibbles()

function makeNibbles(): Uint8Array {
  const nibbles = new Uint8Array(128).fill(0xff)
  for (let i = 0; i < 16; i++) {
    const digit = i.toString(16)
    nibbles[digit.charCodeAt(0)] = i
    nibbles[digit.toUpperCase().charCodeAt(0)] = i
  }
  return nibbles
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const VALUES: Int8Array = makeValues()

function makeValues(): Int8Array {
  const values = new Int8Array(128).fill(-1)
  for (let i = 0; i < ALPHABET.length; i++) values[ALPHABET.charCodeAt(i)] = i
  values['-'.charCodeAt(0)] = 62
  values['_'.charCodeAt(0)] = 63
  for (const blank of ' \t\r\n') values[blank.charCodeAt(0)] = -2
  return values
}

// Negative for anything that is no digit.
function digit(text: string, at: number): number {
  const code = text.charCodeAt(at)
  return code < 128 ? (VALUES[code] as number) : -1
}

/**
 * Bytes of base64 or base64url text, padded or not; white space is skipped.
 * @returns undefined for any other character, for padding in the middle, and for leftover bits that are not zero
 * @see RFC 4648, sections 4 and 5
 */
export function decodeBase64(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(Math.ceil((text.length * 3) / 4))
  let length = 0
  let bits = 0
  let held = 0
  let digits = 0
  let padding = 0
  for (let i = 0; i < text.length; i++) {
    // Four digits at once, as long as nothing else is among them: most of what there is.
    while (held === 0 && padding === 0 && i + 4 <= text.length) {
      const group = (digit(text, i) << 18) | (digit(text, i + 1) << 12) | (digit(text, i + 2) << 6) | digit(text, i + 3)
      if (group < 0) break
      bytes[length] = group >> 16
      bytes[length + 1] = group >> 8
      bytes[length + 2] = group
      length += 3
      digits += 4
      i += 4
    }
    if (i === text.length) break
    const code = text.charCodeAt(i)
    if (code === 61) {
      padding++
      continue
    }
    const value = code < 128 ? (VALUES[code] as number) : -1
    if (value === -2) continue
    if (value < 0 || padding > 0) return undefined
    digits++
    bits = ((bits << 6) | value) & 0xffffff
    held += 6
    if (held >= 8) {
      held -= 8
      bytes[length++] = (bits >> held) & 0xff
    }
  }
  const last = digits % 4
  if (last === 1 || (padding > 0 && (last === 0 || padding !== 4 - last))) return undefined
  if (held > 0 && (bits & ((1 << held) - 1)) !== 0) return undefined
  return bytes.subarray(0, length)
}
