import {
  constants,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  type KeyObject,
  privateDecrypt,
} from 'node:crypto'
import type { JsonValue } from './case.ts'
import { isRecord, textMember } from './snp-files.ts'

type NameAlg = 'sha256' | 'sha384'

const IDENTITY = Buffer.from('IDENTITY\0', 'latin1')

/**
 * Makes the credentials of a case again: from the private endorsement key where the case has one, else from the
 * shared secret or the seed. What the case gives as input is taken over.
 */
export async function credentialVectors(vectors: JsonValue): Promise<JsonValue> {
  // Only this case needs the code that enrols TPMs.
  const broker = await import('@sekisho/broker')
  const list = Array.isArray(vectors) ? vectors : []
  return list.map((given): JsonValue => {
    if (!isRecord(given)) return null
    const nameAlg: NameAlg = given['nameAlg'] === 'sha384' ? 'sha384' : 'sha256'
    const symmetricBits = typeof given['aesKeyBits'] === 'number' ? given['aesKeyBits'] : 128
    const found = isElliptic(given)
      ? ellipticSeed(given, (z, ephemeralX, ekX) => broker.eccSeed(nameAlg, z, ephemeralX, ekX))
      : { seed: rsaSeed(given, nameAlg) }
    const blob = broker.protectCredential(
      bytesOf(found.seed),
      { nameAlg, symmetricBits },
      bytes(given, 'aikName'),
      bytes(given, 'secret'),
    )
    return { ...given, ...found, credentialBlob: Buffer.from(blob).toString('hex') }
  })
}

function isElliptic(given: JsonValue): boolean {
  return (textMember(given, 'ek') ?? '').startsWith('ecc')
}

/** What the owner of the key finds in the encrypted secret; the seed of the case where nobody has the key. */
function rsaSeed(given: JsonValue, oaepHash: NameAlg): string {
  const key = privateKeyOf(given)
  if (key === undefined) return textMember(given, 'seed') ?? ''
  const encrypted = bytes(given, 'encryptedSecret').subarray(2)
  const padding = constants.RSA_PKCS1_OAEP_PADDING
  return privateDecrypt({ key, padding, oaepHash, oaepLabel: IDENTITY }, encrypted).toString('hex')
}

function ellipticSeed(
  given: JsonValue,
  derive: (z: Uint8Array, ephemeralX: Uint8Array, ekX: Uint8Array) => Uint8Array,
): { readonly z: string; readonly seed: string } {
  const ek = createPublicKey({ key: Buffer.from(bytes(given, 'ekPublicSpki')), format: 'der', type: 'spki' })
  const { crv = '', x = '' } = ek.export({ format: 'jwk' })
  const ephemeral = pointIn(bytes(given, 'encryptedSecret'))
  const privateKey = privateKeyOf(given)
  const url = (part: Uint8Array): string => Buffer.from(part).toString('base64url')
  const z =
    privateKey === undefined
      ? bytes(given, 'z')
      : diffieHellman({
          privateKey,
          publicKey: createPublicKey({
            key: { kty: 'EC', crv, x: url(ephemeral.x), y: url(ephemeral.y) },
            format: 'jwk',
          }),
        })
  const seed = derive(z, ephemeral.x, Buffer.from(x, 'base64url'))
  return { z: Buffer.from(z).toString('hex'), seed: Buffer.from(seed).toString('hex') }
}

/** TPM2B_ENCRYPTED_SECRET around a TPMS_ECC_POINT. */
function pointIn(encrypted: Buffer): { readonly x: Uint8Array; readonly y: Uint8Array } {
  const size = encrypted.readUInt16BE(2)
  const second = 4 + size
  return {
    x: encrypted.subarray(4, second),
    y: encrypted.subarray(second + 2, second + 2 + encrypted.readUInt16BE(second)),
  }
}

function privateKeyOf(given: JsonValue): KeyObject | undefined {
  const hex = textMember(given, 'ekPrivatePkcs8')
  return hex === undefined ? undefined : createPrivateKey({ key: bytesOf(hex), format: 'der', type: 'pkcs8' })
}

function bytes(given: JsonValue, name: string): Buffer {
  return bytesOf(textMember(given, name) ?? '')
}

function bytesOf(hex: string): Buffer {
  return Buffer.from(hex, 'hex')
}
