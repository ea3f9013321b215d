import assert from 'node:assert/strict'
import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { describe, it } from 'node:test'
import { generateKey } from '@sekisho/emulator/kit'
import { calculateJwkThumbprint } from 'jose'
import { JweError, type JweErrorCode, readTeeKey, teeKeyThumbprint } from '../../src/jwe/tee-key.ts'
import { ENCODED } from '../../src/vault/key-material.ts'

const P256 = {
  ...generateKey('P-256').publicKey.export({ format: 'jwk' }),
  alg: 'ECDH-ES+A256KW',
}
const P521 = {
  ...generateKey('P-521').publicKey.export({ format: 'jwk' }),
  alg: 'ECDH-ES+A256KW',
}
const RSA = { ...rsa(2048), alg: 'RSA-OAEP-256' }

function rsa(modulusLength: number, publicExponent = 65537): object {
  return createPublicKey({
    key: generateKeyPairSync('rsa', { modulusLength, publicExponent, ...ENCODED }).publicKey,
    format: 'der',
    type: 'spki',
  }).export({ format: 'jwk' })
}

function longer(value: unknown): string {
  return Buffer.concat([Buffer.of(0), Buffer.from(String(value), 'base64url')]).toString('base64url')
}

function refuses(jwk: unknown, code: JweErrorCode, message: RegExp): void {
  assert.throws(
    () => readTeeKey(jwk),
    (error) => {
      assert.ok(error instanceof JweError)
      assert.equal(error.code, code)
      assert.match(error.message, message)
      return true
    },
  )
}

describe('readTeeKey', () => {
  it('accepts the keys that KBS clients send', () => {
    for (const jwk of [P256, P521, RSA, { ...RSA, alg: 'RSA1_5' }, { ...P256, kid: 'x', use: 'enc' }])
      assert.equal(readTeeKey(jwk).alg, jwk.alg)
  })

  it('refuses what is no key', () => {
    for (const jwk of [null, undefined, 'key', 7, [], [P256]]) refuses(jwk, 'malformed', /JSON Web Key/)
    refuses({}, 'malformed', /kty/)
    refuses({ kty: 'oct', alg: 'A256KW' }, 'unsupported', /kty/)
    refuses(JSON.parse('{"__proto__":{"kty":"EC"}}'), 'malformed', /kty/)
  })

  it('refuses private keys, so that nobody uses one that travelled', () => {
    for (const name of ['d', 'p', 'k', 'priv'])
      refuses({ ...P256, [name]: 'AAAA' }, 'malformed', new RegExp(`\`${name}\``))
  })

  it('refuses post-quantum keys and other algorithms by name', () => {
    refuses({ ...P256, alg: 'RSA1_5' }, 'unsupported', /alg must be ECDH-ES\+A256KW for this kty/)
    refuses({ ...RSA, alg: 'rsa1_5' }, 'unsupported', /alg must be RSA-OAEP-256 or RSA1_5 for this kty/)
    refuses({ kty: 'AKP', alg: 'ML-KEM-768+A192KW', pub: 'AAAA' }, 'unsupported', /post-quantum/)
    refuses({ ...RSA, alg: 'RSA-OAEP' }, 'unsupported', /alg/)
    refuses({ ...P256, alg: 'ECDH-ES' }, 'unsupported', /alg/)
    refuses({ ...P256, alg: 'RSA-OAEP-256' }, 'unsupported', /alg/)
    refuses({ ...P256, alg: undefined }, 'malformed', /alg/)
  })

  it('refuses other curves, and coordinates of another length', () => {
    for (const crv of ['P-384', 'secp256k1', 'X25519', 'p-256', '__proto__'])
      refuses({ ...P256, crv }, 'unsupported', /crv/)
    refuses({ ...P256, crv: 'P-521' }, 'malformed', /\.x has 32 bytes, not 66/)
    refuses({ ...P256, x: longer(P256.x) }, 'malformed', /\.x/)
    refuses(
      { ...P256, y: Buffer.from(String(P256.y), 'base64url').subarray(1).toString('base64url') },
      'malformed',
      /\.y/,
    )
    refuses({ ...P256, y: 'A'.repeat(1_000_000) }, 'malformed', /\.y/)
  })

  it('refuses points off the curve', () => {
    refuses({ ...P256, y: P256.x }, 'malformed', /not a point on P-256/)
    refuses({ ...P521, x: P521.y }, 'malformed', /not a point on P-521/)
    const zeros = Buffer.alloc(32).toString('base64url')
    refuses({ ...P256, x: zeros, y: zeros }, 'malformed', /not a point/)
    const above = Buffer.alloc(32, 0xff).toString('base64url')
    refuses({ ...P256, x: above }, 'malformed', /not a point/)
  })

  it('takes only base64url without padding, in its one spelling', () => {
    refuses({ ...P256, x: `${P256.x}=` }, 'malformed', /\.x/)
    refuses({ ...P256, x: `${String(P256.x).slice(0, 42)}+` }, 'malformed', /\.x/)
    const last = String(P256.x).slice(-1)
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    const sameBits = alphabet[alphabet.indexOf(last) ^ 1] ?? ''
    refuses({ ...P256, x: String(P256.x).slice(0, -1) + sameBits }, 'malformed', /\.x/)
    refuses({ ...P256, x: 5 }, 'malformed', /\.x/)
  })

  it('bounds RSA keys', () => {
    refuses({ ...rsa(1024), alg: 'RSA-OAEP-256' }, 'unsupported', /1024 bits/)
    refuses({ ...RSA, n: Buffer.alloc(513, 0xff).toString('base64url') }, 'malformed', /\.n/)
    refuses({ ...RSA, n: longer(RSA['n' as keyof typeof RSA]) }, 'malformed', /zero byte/)
    refuses({ ...RSA, n: Buffer.alloc(256, 0xfe).toString('base64url') }, 'malformed', /even/)
    refuses({ ...rsa(2048, 3), alg: 'RSA-OAEP-256' }, 'malformed', /\.e/)
    refuses({ ...RSA, e: 'AQ' }, 'malformed', /\.e/)
    refuses({ ...RSA, e: 'AQAA' }, 'malformed', /\.e/)
    refuses({ ...RSA, e: 'AQABAQAB' }, 'malformed', /\.e/)
  })

  it('puts no key material into its errors', () => {
    try {
      readTeeKey({ ...P256, y: P256.x })
      assert.fail('accepted')
    } catch (error) {
      assert.ok(error instanceof JweError)
      assert.ok(!`${error.message}${error.stack}${String(error.cause)}`.includes(String(P256.x)))
    }
  })
})

describe('teeKeyThumbprint', () => {
  it('is that of RFC 7638', async () => {
    for (const jwk of [P256, P521, RSA]) {
      const theirs = await calculateJwkThumbprint(jwk as Parameters<typeof calculateJwkThumbprint>[0], 'sha256')
      assert.equal(teeKeyThumbprint(jwk), Buffer.from(theirs, 'base64url').toString('hex'))
    }
  })

  it('does not change with members that do not describe the key', () => {
    assert.equal(teeKeyThumbprint({ ...P256, kid: 'other' }), teeKeyThumbprint(P256))
  })
})
