import { fromBase64 } from '../../../engine/bytes.ts'
import { isRecord, type JsonRecord, parseJson, textMember } from '../../../engine/json.ts'

type Bytes = Uint8Array<ArrayBuffer>

const ALGORITHM = 'ECDH-ES+A256KW'
const ENCRYPTION = 'A256GCM'

/**
 * Decrypts a flattened JWE that is encrypted to a P-256 key of this page, with ECDH-ES+A256KW and A256GCM; nothing else is
 * accepted. The private key never leaves the browser's keeping.
 *
 * @throws Error when it is no such JWE, is for another key, or was changed
 * @see RFC 7516, section 5.2; RFC 7518, sections 4.4 to 4.6
 */
export async function decryptJwe(jwe: unknown, privateKey: CryptoKey): Promise<Bytes> {
  if (!isRecord(jwe)) throw malformed('no object')
  const encoded = textMember(jwe, 'protected')
  const header = headerOf(encoded)
  const wrapping = await wrappingKey(header, privateKey)
  const contentKey = await crypto.subtle.unwrapKey(
    'raw',
    bytesMember(jwe, 'encrypted_key'),
    wrapping,
    'AES-KW',
    'AES-GCM',
    false,
    ['decrypt'],
  )
  const sealed = concat(bytesMember(jwe, 'ciphertext'), bytesMember(jwe, 'tag', 16))
  const aad = new TextEncoder().encode(encoded)
  const iv = bytesMember(jwe, 'iv', 12)
  return new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-GCM', iv, additionalData: aad }, contentKey, sealed))
}

function headerOf(encoded: string): JsonRecord {
  const bytes = fromBase64(encoded)
  const header = bytes === undefined ? undefined : parseJson(new TextDecoder().decode(bytes))
  if (!isRecord(header)) throw malformed('its protected header cannot be read')
  if (header['alg'] !== ALGORITHM || header['enc'] !== ENCRYPTION)
    throw malformed(`it is not by ${ALGORITHM} and ${ENCRYPTION}`)
  if ('crit' in header || 'zip' in header || 'apu' in header || 'apv' in header)
    throw malformed('it asks for what the checkpoint never does')
  return header
}

/** One round of the Concat KDF with SHA-256 and empty party infos: RFC 7518, section 4.6.2. */
async function wrappingKey({ epk }: JsonRecord, privateKey: CryptoKey): Promise<CryptoKey> {
  if (!isRecord(epk) || epk['crv'] !== 'P-256' || 'd' in epk) throw malformed('its ephemeral key is none on P-256')
  const jwk = { kty: 'EC', crv: 'P-256', x: textMember(epk, 'x'), y: textMember(epk, 'y') }
  const ephemeral = await crypto.subtle.importKey('jwk', jwk, { name: 'ECDH', namedCurve: 'P-256' }, false, [])
  const shared = new Uint8Array(await crypto.subtle.deriveBits({ name: 'ECDH', public: ephemeral }, privateKey, 256))
  const name = new TextEncoder().encode(ALGORITHM)
  const input = concat(uint32(1), shared, uint32(name.length), name, uint32(0), uint32(0), uint32(256))
  const derived = await crypto.subtle.digest('SHA-256', input)
  return crypto.subtle.importKey('raw', derived, 'AES-KW', false, ['unwrapKey'])
}

function bytesMember(jwe: JsonRecord, name: string, length?: number): Bytes {
  const bytes = fromBase64(textMember(jwe, name))
  if (bytes === undefined || (length !== undefined && bytes.length !== length)) throw malformed(`${name} is wrong`)
  // A copy has a buffer of its own, which Web Crypto's types ask for.
  return new Uint8Array(bytes)
}

function uint32(value: number): Bytes {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value)
  return bytes
}

function concat(...parts: readonly Bytes[]): Bytes {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

function malformed(problem: string): Error {
  return new Error(`the answer is no encrypted secret: ${problem}`)
}
