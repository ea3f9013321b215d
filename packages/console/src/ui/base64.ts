/** Bytes as `String.fromCharCode` takes them at once: more arguments than this overflow the stack of some engines. */
const AT_ONCE = 8192

/** Base64 with padding. */
export function toBase64(bytes: Uint8Array): string {
  let binary = ''
  for (let at = 0; at < bytes.length; at += AT_ONCE) binary += String.fromCharCode(...bytes.subarray(at, at + AT_ONCE))
  return btoa(binary)
}
