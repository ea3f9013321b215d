import { jsonFault } from './json-error.ts'
import type { Identified, Opened } from './model.ts'
import { isMembers } from './snp-structure.ts'

const COMPACT = /^\s*eyJ[\w-]*\.[\w-]+\.[\w-]*\s*$/
const BUNDLE = /^\s*\[\s*\[\s*"JWT"\s*,/
const MOST = 512 * 1024

/** Tells a JSON Web Token in compact form: base64url of an object, and two dots. @see RFC 7515, section 3.1 */
export function identifyToken(bytes: Uint8Array): Identified | undefined {
  const start = new TextDecoder('latin1').decode(bytes.subarray(0, 64))
  if (BUNDLE.test(start) && bytes.length <= MOST) {
    const text = new TextDecoder().decode(bytes)
    const [only, second] = jsonFault(text) === undefined ? answersIn(JSON.parse(text)) : []
    if (second !== undefined) return undefined
    return only === undefined ? { tee: 'token', form: 'bundle of JSON Web Tokens', bytes } : bundleInside(only)
  }
  const first = bytes.findIndex((byte) => byte > 0x20)
  if (bytes.length > MOST || bytes[first] !== 0x65 || bytes[first + 1] !== 0x79) return undefined
  const text = new TextDecoder('latin1').decode(bytes)
  return COMPACT.test(text) ? { tee: 'token', form: 'JSON Web Token', bytes } : undefined
}

/** The answers of services in what NVIDIA's attestation library hands on, where it asked for several kinds of devices. */
export function openBundles(value: unknown): Opened | undefined {
  const [first, second] = answersIn(value)
  if (first === undefined || second === undefined) return undefined
  const parts = answersIn(value).map(([label, json]) => ({ label, inner: { json } }))
  return { name: 'bundles of JSON Web Tokens', inner: { json: first[1] }, path: '', parts, unused: [AROUND] }
}

const AROUND = 'the token around the bundle, which whoever asked the service has made'

/** The bundle of the service in the same, where it is the only one. */
function bundleInside([, inner]: Answer): Identified {
  return {
    tee: 'token',
    form: 'bundle of JSON Web Tokens',
    bytes: new TextEncoder().encode(JSON.stringify(inner)),
    unused: [AROUND],
  }
}

type Answer = readonly [name: string, bundle: unknown]

// NVIDIA's library makes a bundle of its own, whose members are the bundles of services: nobody else signs it.
function answersIn(value: unknown): readonly Answer[] {
  const members: unknown = Array.isArray(value) ? value[1] : undefined
  const all = isMembers(members) ? Object.entries(members) : []
  return all.every(([, one]) => isBundle(one)) ? all : []
}

const MAX_TOKENS = 64

/**
 * A bundle whose parts are members of an object, as clients of NVIDIA's service in Go and Rust keep its answer: the main
 * token, alone or as `["JWT", token]`, and an object with those of devices.
 *
 * @returns the bundle as the service sends it; undefined for any other object
 */
export function bundleOfMembers(value: Readonly<Record<string, unknown>>): unknown {
  const entries = Object.entries(value)
  const [main, second] = entries.filter(([name, one]) => isMain(one) || (name === 'JWT' && isToken(one)))
  if (main === undefined || second !== undefined) return undefined
  const others = entries.filter((one) => one !== main)
  const [devices, more] = others.filter(([, one]) => isTokens(one))
  if (devices !== undefined && more === undefined && others.length === 1) return [inBundle(main[1]), devices[1]]
  const alone = Object.fromEntries(others)
  return isTokens(alone) ? [inBundle(main[1]), alone] : undefined
}

function inBundle(main: unknown): unknown {
  return isMain(main) ? main : ['JWT', main]
}

function isMain(value: unknown): boolean {
  return Array.isArray(value) && value.length === 2 && value[0] === 'JWT' && isToken(value[1])
}

function isTokens(value: unknown): boolean {
  if (!isMembers(value)) return false
  const all = Object.values(value)
  return all.length > 0 && all.length <= MAX_TOKENS && all.every(isToken)
}

function isToken(value: unknown): boolean {
  return typeof value === 'string' && COMPACT.test(value)
}

/** Whether a value is a bundle of tokens. @see RFC 9711, section 5 (detached EAT bundle) */
export function isBundle(value: unknown): boolean {
  const [token]: unknown[] = Array.isArray(value) ? value : []
  return Array.isArray(token) && token[0] === 'JWT' && token.length > 1
}
