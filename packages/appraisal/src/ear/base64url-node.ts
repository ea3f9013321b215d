import { Buffer } from 'node:buffer'

/** See `base64url.ts`. */
export function toBase64url(bytes: Uint8Array): string {
  const room = roomFor(bytes.length)
  room.set(bytes)
  return room.toString('base64url', 0, bytes.length)
}

/** See `base64url.ts`. */
export function jsonToBase64url(value: object): string {
  const text = JSON.stringify(value)
  const room = roomFor(3 * text.length)
  const written = room.write(text)
  if (written === text.length) return room.toString('base64url', 0, written)
  return Buffer.from(text.replace(/[\x80-\uffff]/g, escape16), 'latin1').toString('base64url')
}

function escape16(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/** See `base64url.ts`. */
export function signingInput(header: string, payload: string): Uint8Array {
  const length = header.length + 1 + payload.length
  const room = roomFor(length)
  // Each for itself: joined, they would be copied once more.
  room.write(header, 'latin1')
  room[header.length] = DOT
  room.write(payload, header.length + 1, 'latin1')
  return room.subarray(0, length)
}

const DOT = 0x2e

/** See `base64url.ts`. */
export function keep(bytes: Uint8Array): void {
  if (bytes.buffer === desk.buffer) desk = Buffer.alloc(0)
}

// Where text is put to be read in another form: making a Buffer of each costs more than writing. No result is a secret.
let desk: Buffer = Buffer.alloc(0)
const LARGEST_HELD = 64 * 1024

function roomFor(length: number): Buffer {
  if (desk.length >= length) return desk
  const room = Buffer.alloc(Math.max(8192, length))
  if (length <= LARGEST_HELD) desk = room
  return room
}
