import { jsonFault } from './json-error.ts'
import type { Identified } from './model.ts'
import { isMembers } from './snp-structure.ts'

const COMPACT = /^\s*eyJ[\w-]*\.[\w-]+\.[\w-]*\s*$/
const BUNDLE = /^\s*\[\s*\[\s*"JWT"\s*,/
const MOST = 512 * 1024

/** Tells a JSON Web Token in compact form: base64url of an object, and two dots. @see RFC 7515, section 3.1 */
export function identifyToken(bytes: Uint8Array): Identified | undefined {
  const start = new TextDecoder('latin1').decode(bytes.subarray(0, 64))
  if (BUNDLE.test(start) && bytes.length <= MOST)
    return bundleInside(bytes) ?? { tee: 'token', form: 'bundle of JSON Web Tokens', bytes }
  const first = bytes.findIndex((byte) => byte > 0x20)
  if (bytes.length > MOST || bytes[first] !== 0x65 || bytes[first + 1] !== 0x79) return undefined
  const text = new TextDecoder('latin1').decode(bytes)
  return COMPACT.test(text) ? { tee: 'token', form: 'JSON Web Token', bytes } : undefined
}

/**
 * The bundle of the service in what NVIDIA's attestation library hands on: a bundle of its own, whose only member is
 * the answer of the service. The library's own token is signed by nobody else.
 */
function bundleInside(bytes: Uint8Array): Identified | undefined {
  const text = new TextDecoder().decode(bytes)
  if (jsonFault(text) !== undefined) return undefined
  const bundle: unknown = JSON.parse(text)
  const members: unknown = Array.isArray(bundle) ? bundle[1] : undefined
  const [inner, second] = isMembers(members) ? Object.values(members) : []
  if (!Array.isArray(inner) || second !== undefined) return undefined
  const json = JSON.stringify(inner)
  if (!BUNDLE.test(json)) return undefined
  return {
    tee: 'token',
    form: 'bundle of JSON Web Tokens',
    bytes: new TextEncoder().encode(json),
    unused: ['the token around the bundle, which whoever asked the service has made'],
  }
}
