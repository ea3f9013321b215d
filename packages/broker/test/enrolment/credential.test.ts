import assert from 'node:assert/strict'
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  type KeyObject,
  privateDecrypt,
} from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { eccSeed, makeCredential, type Protection, protectCredential } from '../../src/enrolment/credential.ts'
import { join as concat, sized, uint } from '../../src/enrolment/tpm-bytes.ts'

const FOLDER: string =
  process.env['SEKISHO_VECTORS'] ?? fileURLToPath(new URL('../../../../../../shared/vectors', import.meta.url))
const FILE = join(FOLDER, 'tpm/make-credential/case.json')
const skip = existsSync(FILE) ? false : `needs the vectors of make-credential in ${FOLDER} (SEKISHO_VECTORS)`

interface Vector {
  readonly ek: 'ecc-p256' | 'ecc-p384' | 'rsa-2048'
  readonly nameAlg?: 'sha256' | 'sha384'
  readonly aesKeyBits?: number
  readonly ekPublicSpki: string
  readonly ekPrivatePkcs8?: string
  readonly aikName: string
  readonly secret: string
  readonly seed: string
  readonly z?: string
  readonly oaep?: { readonly oaepSeed: string }
  readonly credentialBlob: string
  readonly encryptedSecret: string
}

const vectors: readonly Vector[] = skip === false ? JSON.parse(readFileSync(FILE, 'utf8')).expect.vectors : []

function bytes(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, 'hex'))
}

function hex(value: Uint8Array): string {
  return Buffer.from(value).toString('hex')
}

function protection({ nameAlg = 'sha256', aesKeyBits = 128 }: Vector): Protection {
  return { nameAlg, symmetricBits: aesKeyBits }
}

/** A public area of an endorsement key around a key of the vectors. */
function areaOf(vector: Vector): Uint8Array {
  const { n, x, y } = publicKey(vector).export({ format: 'jwk' })
  const { nameAlg, symmetricBits } = protection(vector)
  const number = (text: string | undefined): Uint8Array => sized(Buffer.from(text ?? '', 'base64url'))
  const hash = uint(nameAlg === 'sha384' ? 0x000c : 0x000b, 2)
  const rest = concat(hash, uint(0x000300b2, 4), sized(new Uint8Array(32)), uint(6, 2), uint(symmetricBits, 2))
  const start = concat(rest, uint(0x43, 2), uint(0x10, 2))
  if (n !== undefined) return concat(uint(1, 2), start, uint(2048, 2), uint(0, 4), number(n))
  const curve = uint(vector.ek === 'ecc-p384' ? 4 : 3, 2)
  return concat(uint(0x23, 2), start, curve, uint(0x10, 2), number(x), number(y))
}

function publicKey({ ekPublicSpki }: Vector): KeyObject {
  return createPublicKey({ key: Buffer.from(ekPublicSpki, 'hex'), format: 'der', type: 'spki' })
}

/** The seed as the holder of the endorsement key finds it, done by other means than the source's. */
function recoverSeed(vector: Vector, encryptedSecret: Uint8Array): Uint8Array {
  const privateKey = createPrivateKey({
    key: Buffer.from(vector.ekPrivatePkcs8 ?? '', 'hex'),
    format: 'der',
    type: 'pkcs8',
  })
  const oaepLabel = Buffer.from('IDENTITY\0')
  if (vector.ek === 'rsa-2048')
    return new Uint8Array(privateDecrypt({ key: privateKey, oaepHash: 'sha256', oaepLabel }, encryptedSecret.slice(2)))
  const size = vector.ek === 'ecc-p384' ? 48 : 32
  const x = encryptedSecret.slice(4, 4 + size)
  const y = encryptedSecret.slice(6 + size)
  const jwk = { kty: 'EC', crv: vector.ek === 'ecc-p384' ? 'P-384' : 'P-256', ...base64url({ x, y }) }
  const z = diffieHellman({ privateKey, publicKey: createPublicKey({ key: jwk, format: 'jwk' }) })
  const own = Buffer.from(publicKey(vector).export({ format: 'jwk' }).x ?? '', 'base64url')
  return eccSeed(protection(vector).nameAlg, z, x, own)
}

function base64url(point: { readonly x: Uint8Array; readonly y: Uint8Array }): { x: string; y: string } {
  return { x: Buffer.from(point.x).toString('base64url'), y: Buffer.from(point.y).toString('base64url') }
}

/** RSA-OAEP with SHA-256 and a given seed, by RFC 8017, section 7.1.1, as node:crypto takes no seed. */
function oaep(message: Uint8Array, seed: Uint8Array, key: KeyObject): bigint {
  const mask = (from: Uint8Array, length: number): Uint8Array => {
    const parts: Buffer[] = []
    for (let i = 0; parts.length * 32 < length; i++)
      parts.push(createHash('sha256').update(from).update(uint(i, 4)).digest())
    return new Uint8Array(Buffer.concat(parts).subarray(0, length))
  }
  const xor = (one: Uint8Array, other: Uint8Array): Uint8Array => one.map((byte, i) => byte ^ (other[i] ?? 0))
  const label = createHash('sha256').update('IDENTITY\0').digest()
  const block = new Uint8Array(256 - 33)
  block.set(label)
  block[block.length - message.length - 1] = 1
  block.set(message, block.length - message.length)
  const masked = xor(block, mask(seed, block.length))
  const encoded = concat(Uint8Array.of(0), xor(seed, mask(masked, 32)), masked)
  const { n, e } = key.export({ format: 'jwk' })
  return power(BigInt(`0x${hex(encoded)}`), number(e), number(n))
}

function number(text: string | undefined): bigint {
  return BigInt(`0x${Buffer.from(text ?? '', 'base64url').toString('hex')}`)
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let [result, square] = [1n, base]
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = (result * square) % modulus
    square = (square * square) % modulus
  }
  return result
}

describe('makeCredential against known answers', { skip }, () => {
  for (const [i, vector] of vectors.entries()) {
    it(`protects a secret under the seed of vector ${i} (${vector.ek})`, () => {
      const blob = protectCredential(
        bytes(vector.seed),
        protection(vector),
        bytes(vector.aikName),
        bytes(vector.secret),
      )
      assert.equal(hex(blob), vector.credentialBlob)
    })
    it(`has the seed of vector ${i} where the exchange's value or the padding is known`, () => {
      const encrypted = bytes(vector.encryptedSecret)
      if (vector.oaep !== undefined) {
        const made = oaep(bytes(vector.seed), bytes(vector.oaep.oaepSeed), publicKey(vector))
        assert.equal(made.toString(16).padStart(512, '0'), hex(encrypted.slice(2)))
      } else if (vector.ekPrivatePkcs8 !== undefined) {
        assert.equal(hex(recoverSeed(vector, encrypted)), vector.seed)
      } else {
        const own = Buffer.from(publicKey(vector).export({ format: 'jwk' }).x ?? '', 'base64url')
        assert.equal(hex(eccSeed('sha256', bytes(vector.z ?? ''), encrypted.slice(4, 36), own)), vector.seed)
      }
    })
  }

  it('makes credentials that the holder of the key can open, and nobody else', () => {
    const own = vectors.filter((vector) => vector.ekPrivatePkcs8 !== undefined)
    assert.equal(own.length, 2)
    for (const vector of own) {
      const akName = bytes(vector.aikName)
      const secret = bytes(vector.secret)
      const { credentialBlob, encryptedSecret } = makeCredential({ ekPublic: areaOf(vector), akName, secret })
      const seed = recoverSeed(vector, encryptedSecret)
      assert.equal(hex(protectCredential(seed, protection(vector), akName, secret)), hex(credentialBlob))
    }
  })

  it('takes no key that protects nothing, and no secret or name out of bounds', () => {
    const [vector] = vectors.slice(2)
    assert.ok(vector)
    const ekPublic = areaOf(vector)
    const akName = bytes(vector.aikName)
    const secret = bytes(vector.secret)
    assert.throws(
      () => makeCredential({ ekPublic, akName, secret: new Uint8Array(33) }),
      /secret must be 1 to 32 bytes/,
    )
    assert.throws(() => makeCredential({ ekPublic, akName, secret: new Uint8Array(0) }), /secret/)
    assert.throws(() => makeCredential({ ekPublic, akName: new Uint8Array(4), secret }), /akName/)
    const signing = concat(ekPublic.slice(0, 42), uint(0x10, 2), ekPublic.slice(48))
    assert.throws(() => makeCredential({ ekPublic: signing, akName, secret }), /no endorsement key/)
  })
})
