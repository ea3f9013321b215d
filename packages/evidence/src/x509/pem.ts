import { EvidenceError } from '../core/errors.ts'

const BEGIN = '-----BEGIN '
const MAX_BLOCKS = 16

/**
 * DER of every PEM block with the label `label` in `text`, in order. Text outside of blocks is white
 * space or NUL, as hosts deliver it; other labels, other text and more than 16 blocks are refused.
 *
 * @throws EvidenceError with offsets counted in characters
 * @see RFC 7468, sections 2 and 3
 */
export function decodePem(text: string, label: string, field: string): readonly Uint8Array[] {
  const blocks: Uint8Array[] = []
  const begin = `${BEGIN}${label}-----`
  const end = `-----END ${label}-----`
  let at = skipBlank(text, 0)
  while (at < text.length) {
    if (!text.startsWith(begin, at)) throw bad(field, at, 'other text', `\`${begin}\``)
    const start = at + begin.length
    const stop = text.indexOf(end, start)
    if (stop < 0) throw bad(field, start, 'no end of the block', `\`${end}\``)
    if (blocks.length === MAX_BLOCKS) throw bad(field, at, 'another block', `at most ${MAX_BLOCKS} blocks`)
    const der = decodeBase64(text.slice(start, stop))
    if (der === undefined) throw bad(field, start, 'text that is not base64', 'base64')
    blocks.push(der)
    at = skipBlank(text, stop + end.length)
  }
  return blocks
}

function skipBlank(text: string, from: number): number {
  let at = from
  while (at < text.length && ' \t\r\n\0'.includes(text.charAt(at))) at++
  return at
}

function bad(field: string, offset: number, found: string, expected: string): EvidenceError {
  return new EvidenceError('malformed', found, { field, offset, expected })
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
