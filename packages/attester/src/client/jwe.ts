import { createDecipheriv, createHash, createPublicKey, diffieHellman, type KeyObject } from 'node:crypto'
import { ClientError } from './errors.ts'
import { isMembers, type Members, parseJson } from './http.ts'

const ALGORITHM = 'ECDH-ES+A256KW'
const ENCRYPTION = 'A256GCM'
const MAX_HEADER = 4096

/**
 * Decrypts a flattened JWE that is encrypted to a P-256 key with ECDH-ES+A256KW and A256GCM; nothing else is accepted.
 *
 * @throws ClientError `protocol` when it is no such JWE, `undecryptable` when it is for another key or was changed
 * @see RFC 7516, section 5.2; RFC 7518, sections 4.4 to 4.6
 */
export function decryptJwe(jwe: unknown, privateKey: KeyObject): Uint8Array {
  if (!isMembers(jwe)) throw malformed('it is no object')
  const encoded = memberText(jwe, 'protected', MAX_HEADER)
  const header = headerOf(encoded)
  const encryptedKey = base64url(jwe, 'encrypted_key', 40)
  const iv = base64url(jwe, 'iv', 12)
  const tag = base64url(jwe, 'tag', 16)
  const ciphertext = base64url(jwe, 'ciphertext')
  const aad = jwe['aad'] === undefined ? encoded : `${encoded}.${memberText(jwe, 'aad', MAX_HEADER)}`
  try {
    const contentKey = unwrap(encryptedKey, keyEncryptionKey(header, privateKey))
    const decipher = createDecipheriv('aes-256-gcm', contentKey, iv, { authTagLength: 16 })
    decipher.setAAD(Buffer.from(aad, 'ascii'))
    decipher.setAuthTag(tag)
    return new Uint8Array(Buffer.concat([decipher.update(ciphertext), decipher.final()]))
  } catch (cause) {
    if (cause instanceof ClientError) throw cause
    throw new ClientError('undecryptable', 'the secret is not encrypted to this key, or was changed on its way', cause)
  }
}

function headerOf(encoded: string): Members {
  const header = parseJson(Buffer.from(encoded, 'base64url').toString('utf8'))
  if (!isMembers(header)) throw malformed('its protected header is no JSON object')
  const { alg, enc, crit, zip } = header
  if (alg !== ALGORITHM || enc !== ENCRYPTION) throw malformed(`it is not by ${ALGORITHM} and ${ENCRYPTION}`)
  if (crit !== undefined || zip !== undefined) throw malformed('it asks for an extension or compression')
  return header
}

/** Concat KDF with SHA-256 for one round, as 256 bits are one digest. @see RFC 7518, section 4.6.2; NIST SP 800-56A */
function keyEncryptionKey({ epk, apu, apv }: Members, privateKey: KeyObject): Buffer {
  if (!isMembers(epk)) throw malformed('its header has no ephemeral key')
  const { kty, crv, x, y } = epk
  if (kty !== 'EC' || crv !== 'P-256' || typeof x !== 'string' || typeof y !== 'string' || 'd' in epk)
    throw malformed('its ephemeral key is no public key on P-256')
  const z = diffieHellman({ privateKey, publicKey: createPublicKey({ key: { kty, crv, x, y }, format: 'jwk' }) })
  return createHash('sha256')
    .update(uint32(1))
    .update(z)
    .update(prefixed(Buffer.from(ALGORITHM, 'ascii')))
    .update(prefixed(partyInfo(apu)))
    .update(prefixed(partyInfo(apv)))
    .update(uint32(256))
    .digest()
}

function partyInfo(value: unknown): Buffer {
  if (value === undefined) return Buffer.alloc(0)
  if (typeof value !== 'string' || value.length > 512) throw malformed('its header names a party badly')
  return Buffer.from(value, 'base64url')
}

function prefixed(bytes: Buffer): Buffer {
  return Buffer.concat([uint32(bytes.length), bytes])
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** AES Key Wrap, whose initial value tells whether the key fits. @see RFC 3394, section 2.2.2 */
function unwrap(wrapped: Buffer, key: Buffer): Buffer {
  const decipher = createDecipheriv('aes256-wrap', key, Buffer.alloc(8, 0xa6))
  return Buffer.concat([decipher.update(wrapped), decipher.final()])
}

function memberText(jwe: Members, name: string, max: number): string {
  const value = jwe[name]
  if (typeof value !== 'string' || value.length > max || !/^[A-Za-z0-9_-]*$/.test(value))
    throw malformed(`${name} is no base64url`)
  return value
}

function base64url(jwe: Members, name: string, length?: number): Buffer {
  const bytes = Buffer.from(memberText(jwe, name, Number.MAX_SAFE_INTEGER), 'base64url')
  if (length !== undefined && bytes.length !== length)
    throw malformed(`${name} has ${bytes.length} bytes, not ${length}`)
  return bytes
}

function malformed(problem: string): ClientError {
  return new ClientError('protocol', `the answer is no encrypted secret: ${problem}`)
}
