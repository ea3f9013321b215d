import { concatBytes, fromHex, toHex } from '../core/bytes.ts'
import { refuse } from '../core/errors.ts'
import { CURVE_BYTES, type EcKey } from '../crypto/jobs.ts'
import { decodeBase64 } from '../x509/pem.ts'
import {
  type EndorsedKey,
  type EndorsementPart,
  endorsedKey,
  type PlatformReference,
  type RealmReference,
  type ReferenceComponent,
} from './endorsed.ts'

const MAX_TEXT = 4 * 1024 * 1024
const MAX_ENTRIES = 4096

type Members = Readonly<Record<string, unknown>>

/** Verification keys in JSON: a JWK, or a list of trust anchors. @throws EvidenceError */
export function readKeys(text: string): readonly EndorsedKey[] {
  const value = parse(text, 'keys')
  if (!Array.isArray(value)) return [endorsedKey(readJwk(membersOf(value, 'keys'), 'keys'), undefined, undefined)]
  return listOf(value, 'keys', (one, field) => {
    const anchor = membersOf(one, field)
    const key =
      'pkey' in anchor ? readJwk(membersOf(anchor['pkey'], `${field}.pkey`), `${field}.pkey`) : readJwk(anchor, field)
    return endorsedKey(key, maybeHex(anchor, 'implementation-id', field), maybeHex(anchor, 'instance-id', field))
  })
}

/** A public EC key in JSON; a private member beside it is not looked at. @see RFC 7518, section 6.2.1 */
function readJwk(jwk: Members, field: string): EcKey {
  const { kty, crv } = jwk
  if (kty !== 'EC' || (crv !== 'P-256' && crv !== 'P-384' && crv !== 'P-521'))
    throw refuse(`${field}.crv`, 'another key', 'an EC key on P-256, P-384 or P-521')
  const size = CURVE_BYTES[crv]
  const coordinate = (name: 'x' | 'y'): Uint8Array => {
    const text = jwk[name]
    const bytes = typeof text === 'string' && /^[\w-]*$/.test(text) ? decodeBase64(text) : undefined
    if (bytes?.length === size) return bytes
    throw refuse(`${field}.${name}`, 'another value', `${size} bytes in base64url`)
  }
  return { kind: crv, bytes: concatBytes(coordinate('x'), coordinate('y')) }
}

/** Reference values in JSON. @throws EvidenceError */
export function readReferenceValues(text: string): EndorsementPart {
  const value = membersOf(parse(text, 'reference-values'), 'reference-values')
  return {
    platforms: listOf(value['platform'] ?? [], 'platform', readPlatform),
    realms: listOf(value['realm'] ?? [], 'realm', readRealm),
  }
}

function readPlatform(value: unknown, field: string): PlatformReference {
  const platform = membersOf(value, field)
  const configuration = maybeHex(platform, 'platform-configuration', field)
  return {
    implementationId: needHex(platform, 'implementation-id', field),
    instanceId: maybeHex(platform, 'instance-id', field),
    components: listOf(platform['sw-components'] ?? [], `${field}.sw-components`, readComponent),
    configuration: configuration === undefined ? undefined : { value: configuration, mask: undefined },
  }
}

function readComponent(value: unknown, field: string): ReferenceComponent {
  const component = membersOf(value, field)
  return {
    type: maybeText(component, 'component-type', field),
    version: maybeText(component, 'version', field),
    signerId: maybeHex(component, 'signer-id', field),
    measurements: [needHex(component, 'measurement-value', field)],
  }
}

function readRealm(value: unknown, field: string): RealmReference {
  const realm = membersOf(value, field)
  return {
    initialMeasurement: needHex(realm, 'initial-measurement', field),
    instanceId: maybeHex(realm, 'instance-id', field),
    extensibleMeasurements: listOf(
      realm['extensible-measurements'] ?? [],
      `${field}.extensible-measurements`,
      (one, at) => hexOf(one, at),
    ),
    personalizationValue: maybeHex(realm, 'personalization-value', field),
  }
}

function parse(text: string, field: string): unknown {
  if (text.length > MAX_TEXT)
    throw refuse(field, `${text.length} characters`, `at most ${MAX_TEXT} characters`, MAX_TEXT, 'too-large')
  try {
    return JSON.parse(text)
  } catch {
    // The parser's own words quote the text, which may steer a terminal.
    throw refuse(field, 'text that is no JSON', 'JSON')
  }
}

function listOf<T>(value: unknown, field: string, read: (one: unknown, field: string) => T): readonly T[] {
  if (!Array.isArray(value)) throw refuse(field, 'no list', 'a list')
  const values: readonly unknown[] = value
  if (values.length > MAX_ENTRIES)
    throw refuse(field, `${values.length} entries`, `at most ${MAX_ENTRIES}`, 0, 'too-large')
  return values.map((one, i) => read(one, `${field}[${i}]`))
}

function membersOf(value: unknown, field: string): Members {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw refuse(field, 'no object', 'an object')
  return Object.fromEntries(Object.entries(value))
}

function maybeText(members: Members, name: string, field: string): string | undefined {
  const value = members[name]
  if (value === undefined || (typeof value === 'string' && value.length <= 256)) return value
  throw refuse(`${field}.${name}`, 'another value', 'text of at most 256 characters')
}

function maybeHex(members: Members, name: string, field: string): string | undefined {
  return members[name] === undefined ? undefined : hexOf(members[name], `${field}.${name}`)
}

function needHex(members: Members, name: string, field: string): string {
  return hexOf(members[name], `${field}.${name}`)
}

function hexOf(value: unknown, field: string): string {
  const bytes = typeof value === 'string' && value.length <= 4096 ? fromHex(value) : undefined
  if (bytes !== undefined) return toHex(bytes)
  throw refuse(field, value === undefined ? 'nothing' : 'another value', 'bytes in hex')
}
