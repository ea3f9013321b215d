/** Longest text that is shown of an event, in characters; the rest is counted. */
const MAX_TEXT = 1024

/**
 * Text from a log, safe to print: quoted, printable ASCII only, everything else as `\xNN` or `\uNNNN`,
 * and cut where it is long. An attacker writes these texts; they must not move a terminal's cursor or
 * look like ours.
 */
export function quoted(text: string, max: number = MAX_TEXT): string {
  let shown = ''
  for (let i = 0; i < text.length && i < max; i++) {
    const code = text.charCodeAt(i)
    if (code === 0x22 || code === 0x5c) shown += `\\${text[i]}`
    else if (code >= 0x20 && code < 0x7f) shown += text[i]
    else if (code === 0x0a) shown += '\\n'
    else shown += code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`
  }
  return text.length > max ? `"${shown}" and ${text.length - max} more characters` : `"${shown}"`
}

/** One character for each byte, without the NULs at the end. */
export function latin1(bytes: Uint8Array): string {
  let end = Math.min(bytes.length, 4 * MAX_TEXT)
  if (end === bytes.length) while (end > 0 && bytes[end - 1] === 0) end--
  let text = ''
  for (let i = 0; i < end; i++) text += String.fromCharCode(bytes[i] as number)
  return text
}

/** UTF-16, little-endian, up to the first NUL, or with the NULs as characters. An odd byte at the end is left out. */
export function utf16(bytes: Uint8Array, nul: 'ends' | 'counts' = 'ends'): string {
  let text = ''
  for (let i = 0; i + 1 < bytes.length && text.length < 4 * MAX_TEXT; i += 2) {
    const code = (bytes[i] as number) | ((bytes[i + 1] as number) << 8)
    if (code === 0 && nul === 'ends') break
    text += String.fromCharCode(code)
  }
  return text
}

/** Text of event data, whichever way it is written: UTF-16 when every second byte of it is zero. */
export function textOf(bytes: Uint8Array): string {
  const wide = bytes.length >= 4 && bytes.length % 2 === 0 && bytes.every((byte, i) => i % 2 === 0 || byte === 0)
  return wide ? utf16(bytes) : latin1(bytes)
}

/** Whether `bytes` begin with the ASCII text `prefix`. */
export function startsWith(bytes: Uint8Array, prefix: string): boolean {
  if (bytes.length < prefix.length) return false
  for (let i = 0; i < prefix.length; i++) if (bytes[i] !== prefix.charCodeAt(i)) return false
  return true
}
