/** Base64url without padding (RFC 4648, section 5), of up to a few thousand bytes. */
export function toBase64url(bytes: Uint8Array): string {
  return urlSafe(btoa(String.fromCharCode(...bytes)))
}

/** Base64url of a value's JSON. Characters beyond ASCII are escaped, so that bytes and characters are the same. */
export function jsonToBase64url(value: object): string {
  const text = JSON.stringify(value)
  const ascii = /[\x80-\uffff]/.test(text) ? text.replace(/[\x80-\uffff]/g, escape16) : text
  return urlSafe(btoa(ascii))
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
