import {
  constants,
  createECDH,
  createHash,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  type KeyObject,
  privateDecrypt,
  publicEncrypt,
} from 'node:crypto'
import type { JsonValue } from '../case.ts'
import { isRecord, listOf, member, textMember } from '../json.ts'

type NameAlg = 'sha256' | 'sha384'

const IDENTITY = Buffer.from('IDENTITY\0', 'latin1')

/** What a credential is made from, and remarks: they are taken over. Any other member that is not made here differs. */
const INPUTS: readonly string[] = [
  ...['selfMade', 'independentlyRecomputed', 'nameAlg', 'aesKeyBits', 'ekPrivatePkcs8', 'ekPublicSpki', 'aikName'],
  ...['secret', 'encryptedSecret', 'oaep', 'ephemeralPrivate'],
]

/**
 * Makes the credentials of a case again: from the private endorsement key where the case has one, else from the
 * shared secret or the seed. What the case gives as input is taken over, and held against the private keys in it.
 */
export async function credentialVectors(vectors: JsonValue): Promise<JsonValue> {
  // Only this case needs the code that enrols TPMs.
  const broker = await import('@sekisho/broker')
  return listOf(vectors).map((given): JsonValue => {
    if (!isRecord(given)) return null
    const nameAlg: NameAlg = given['nameAlg'] === 'sha384' ? 'sha384' : 'sha256'
    const symmetricBits = typeof given['aesKeyBits'] === 'number' ? given['aesKeyBits'] : 128
    const ek = publicKeyOf(given)
    const found =
      ek.asymmetricKeyType === 'ec'
        ? ellipticValues(given, ek, (z, ephemeralX, ekX) => broker.eccSeed(nameAlg, z, ephemeralX, ekX))
        : { ...rsaSecret(given, ek, nameAlg), seed: rsaSeed(given, nameAlg) }
    const blob = broker.protectCredential(
      bytesOf(found.seed),
      { nameAlg, symmetricBits },
      bytes(given, 'aikName'),
      bytes(given, 'secret'),
    )
    const taken = Object.fromEntries(Object.entries(given).filter(([name]) => INPUTS.includes(name)))
    return {
      ...taken,
      ek: nameOf(ek),
      ekPublicSpki: ek.export({ format: 'der', type: 'spki' }).toString('hex'),
      ...found,
      credentialBlob: Buffer.from(blob).toString('hex'),
    }
  })
}

/** The endorsement key: of the private one, where the case has it. */
function publicKeyOf(given: JsonValue): KeyObject {
  const privateKey = privateKeyOf(given)
  return privateKey === undefined
    ? createPublicKey({ key: bytes(given, 'ekPublicSpki'), format: 'der', type: 'spki' })
    : createPublicKey(privateKey)
}

function nameOf(ek: KeyObject): string {
  const { crv = '', n = '' } = ek.export({ format: 'jwk' })
  return crv === '' ? `rsa-${8 * Buffer.from(n, 'base64url').length}` : `ecc-${crv.replace('-', '').toLowerCase()}`
}

/** What the owner of the key finds in the encrypted secret; the seed of the case where nobody has the key. */
function rsaSeed(given: JsonValue, oaepHash: NameAlg): string {
  const key = privateKeyOf(given)
  if (key === undefined) return textMember(given, 'seed') ?? ''
  const encrypted = bytes(given, 'encryptedSecret').subarray(2)
  const padding = constants.RSA_PKCS1_OAEP_PADDING
  return privateDecrypt({ key, padding, oaepHash, oaepLabel: IDENTITY }, encrypted).toString('hex')
}

/** Where a case tells the random part of the padding, its encrypted secret can be made again. */
function rsaSecret(given: JsonValue, key: KeyObject, hash: NameAlg): { readonly [name: string]: JsonValue } {
  const random = textMember(member(given, 'oaep'), 'oaepSeed')
  if (random === undefined) return {}
  const size = (key.asymmetricKeyDetails?.modulusLength ?? 0) / 8
  const padded = oaep(bytes(given, 'seed'), bytesOf(random), hash, size)
  const encrypted = publicEncrypt({ key, padding: constants.RSA_NO_PADDING }, padded)
  return {
    encryptedSecret: Buffer.concat([Buffer.of(size >> 8, size & 0xff), encrypted]).toString('hex'),
    oaep: { hash, label: IDENTITY.toString('hex'), oaepSeed: random },
  }
}

/** EME-OAEP. @see RFC 8017, section 7.1.1 */
function oaep(message: Buffer, seed: Buffer, hash: NameAlg, size: number): Buffer {
  const label = createHash(hash).update(IDENTITY).digest()
  const zeros = Buffer.alloc(size - message.length - 2 * label.length - 2)
  const block = masked(Buffer.concat([label, zeros, Buffer.of(1), message]), seed, hash)
  return Buffer.concat([Buffer.of(0), masked(seed, block, hash), block])
}

/** MGF1 over `seed`, laid over `data`. @see RFC 8017, appendix B.2.1 */
function masked(data: Buffer, seed: Buffer, hash: NameAlg): Buffer {
  const out = Buffer.from(data)
  let mask = Buffer.alloc(0)
  for (let counter = 0; mask.length < data.length; counter++) {
    const block = createHash(hash)
      .update(seed)
      .update(Buffer.of(0, 0, 0, counter))
      .digest()
    mask = Buffer.concat([mask, block])
  }
  for (let i = 0; i < out.length; i++) out[i] = (out[i] ?? 0) ^ (mask[i] ?? 0)
  return out
}

interface EllipticValues {
  readonly [name: string]: JsonValue
  readonly seed: string
}

const CURVES: Readonly<Record<string, string>> = { 'P-256': 'prime256v1', 'P-384': 'secp384r1' }

function ellipticValues(
  given: JsonValue,
  ek: KeyObject,
  derive: (z: Uint8Array, ephemeralX: Uint8Array, ekX: Uint8Array) => Uint8Array,
): EllipticValues {
  const { crv = '', x = '', y = '' } = ek.export({ format: 'jwk' })
  const ephemeral = pointIn(bytes(given, 'encryptedSecret'))
  const privateKey = privateKeyOf(given)
  const owner = createECDH(CURVES[crv] ?? crv)
  const scalar = textMember(given, 'ephemeralPrivate')
  const point = Buffer.concat([Buffer.of(4), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')])
  if (scalar !== undefined) owner.setPrivateKey(bytesOf(scalar))
  const url = (part: Uint8Array): string => Buffer.from(part).toString('base64url')
  const jwk = { kty: 'EC', crv, x: url(ephemeral.x), y: url(ephemeral.y) }
  const z =
    privateKey !== undefined
      ? diffieHellman({ privateKey, publicKey: createPublicKey({ key: jwk, format: 'jwk' }) })
      : scalar === undefined
        ? bytes(given, 'z')
        : owner.computeSecret(point)
  const made = scalar === undefined ? undefined : owner.getPublicKey().subarray(1)
  const half = (made?.length ?? 0) / 2
  const seed = derive(z, made?.subarray(0, half) ?? ephemeral.x, Buffer.from(x, 'base64url'))
  return {
    z: z.toString('hex'),
    seed: Buffer.from(seed).toString('hex'),
    ...(made === undefined
      ? {}
      : {
          ephemeralPublic: {
            x: made.subarray(0, half).toString('hex'),
            y: made.subarray(half).toString('hex'),
          },
          encryptedSecret: Buffer.from(encodedPoint(made.subarray(0, half), made.subarray(half))).toString('hex'),
        }),
  }
}

/** TPM2B_ENCRYPTED_SECRET around a TPMS_ECC_POINT. */
function encodedPoint(x: Uint8Array, y: Uint8Array): Buffer {
  const part = (bytes: Uint8Array): Buffer => Buffer.concat([Buffer.of(0, bytes.length), bytes])
  const both = Buffer.concat([part(x), part(y)])
  return Buffer.concat([Buffer.of(0, both.length), both])
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
