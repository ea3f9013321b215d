const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
/** The two letters of each 12 bits. */
const PAIRS: readonly string[] = Array.from(
  { length: 4096 },
  (_, bits) => ALPHABET.charAt(bits >> 6) + ALPHABET.charAt(bits & 63),
)

/** Base64url without padding (RFC 4648, section 5). */
export function toBase64url(bytes: Uint8Array): string {
  const at = (index: number): number => bytes[index] ?? 0
  const whole = bytes.length - (bytes.length % 3)
  let text = ''
  for (let i = 0; i < whole; i += 3) {
    const bits = (at(i) << 16) | (at(i + 1) << 8) | at(i + 2)
    text += `${PAIRS[bits >> 12]}${PAIRS[bits & 4095]}`
  }
  if (bytes.length - whole === 1) return `${text}${PAIRS[at(whole) << 4]}`
  if (bytes.length - whole === 2) {
    const bits = (at(whole) << 10) | (at(whole + 1) << 2)
    return `${text}${PAIRS[bits >> 6]}${ALPHABET.charAt(bits & 63)}`
  }
  return text
}

/** Base64url of a value's JSON. Characters beyond ASCII are escaped, so that bytes and characters are the same. */
export function jsonToBase64url(value: object): string {
  const text = JSON.stringify(value)
  return urlSafe(btoa(isAscii(text) ? text : text.replace(/[\x80-\uffff]/g, escape16)))
}

/**
 * The bytes that a compact JWS is signed over (RFC 7515, 5.1), in memory that the next call of any function here uses
 * again unless {@link keep} is called: making room costs more than writing.
 */
export function signingInput(header: string, payload: string): Uint8Array {
  const text = `${header}.${payload}`
  const room = roomFor(text)
  encoder.encodeInto(text, room)
  return room.subarray(0, text.length)
}

/** Leaves what {@link signingInput} gave to whoever holds it. */
export function keep(bytes: Uint8Array): void {
  if (bytes.buffer === scratch.buffer) scratch = new Uint8Array(0)
}

const encoder: TextEncoder = new TextEncoder()
let scratch: Uint8Array = new Uint8Array(0)
const LARGEST_HELD = 64 * 1024

function roomFor({ length }: string): Uint8Array {
  if (scratch.length >= length) return scratch
  const room = new Uint8Array(Math.max(4096, 2 * length))
  if (length <= LARGEST_HELD) scratch = room
  return room
}

// One byte a character: the platform's own encoder is the fastest to tell.
function isAscii(text: string): boolean {
  const { read, written } = encoder.encodeInto(text, roomFor(text))
  return read === text.length && written === text.length
}

function escape16(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

function urlSafe(base64: string): string {
  const padding = base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0
  return base64
    .slice(0, base64.length - padding)
    .replaceAll('+', '-')
    .replaceAll('/', '_')
}
