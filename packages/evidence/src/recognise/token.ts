import type { Identified } from './model.ts'

const COMPACT = /^\s*eyJ[\w-]*\.[\w-]+\.[\w-]*\s*$/
const BUNDLE = /^\s*\[\s*\[\s*"JWT"\s*,/
const MOST = 512 * 1024

/** Tells a JSON Web Token in compact form: base64url of an object, and two dots. @see RFC 7515, section 3.1 */
export function identifyToken(bytes: Uint8Array): Identified | undefined {
  const start = new TextDecoder('latin1').decode(bytes.subarray(0, 64))
  if (BUNDLE.test(start) && bytes.length <= MOST) return { tee: 'token', form: 'bundle of JSON Web Tokens', bytes }
  const first = bytes.findIndex((byte) => byte > 0x20)
  if (bytes.length > MOST || bytes[first] !== 0x65 || bytes[first + 1] !== 0x79) return undefined
  const text = new TextDecoder('latin1').decode(bytes)
  return COMPACT.test(text) ? { tee: 'token', form: 'JSON Web Token', bytes } : undefined
}
