import assert from 'node:assert/strict'
import {
  constants,
  createDecipheriv,
  createECDH,
  createPrivateKey,
  createPublicKey,
  type JsonWebKey,
  type KeyObject,
  privateDecrypt,
} from 'node:crypto'
import { describe, it } from 'node:test'
import { generateKey, namedKey } from '@sekisho/emulator/kit'
import { flattenedDecrypt, importJWK } from 'jose'
import { encryptToTeeKey, encryptWith, type FlattenedJwe, MAX_PLAINTEXT_BYTES } from '../../src/jwe/encrypt.ts'
import { JweError } from '../../src/jwe/tee-key.ts'

interface Pair {
  readonly pub: JsonWebKey
  readonly priv: JsonWebKey
}

function ec(crv: 'P-256' | 'P-521'): Pair {
  return pair(generateKey(crv).privateKey, 'ECDH-ES+A256KW')
}

function rsa(bits: 2048 | 3072 | 4096, name = 'TEE'): Pair {
  return pair(namedKey(name, `RSA-${bits}`).privateKey, 'RSA-OAEP-256')
}

function pair(key: KeyObject, alg: string): Pair {
  return { pub: { ...createPublicKey(key).export({ format: 'jwk' }), alg }, priv: key.export({ format: 'jwk' }) }
}

async function decrypt(jwe: FlattenedJwe, { pub, priv }: Pair): Promise<Uint8Array> {
  const key = await importJWK({ ...priv, alg: String(pub['alg']) } as Parameters<typeof importJWK>[0])
  return (await flattenedDecrypt(jwe, key)).plaintext
}

const header = (jwe: FlattenedJwe): string => Buffer.from(jwe.protected, 'base64url').toString()
const SECRET = Buffer.from('sekisho-demo-key')

describe('encryptToTeeKey', () => {
  it('reproduces the worked example of the KBS protocol, byte for byte', () => {
    const teeKey = {
      kty: 'EC',
      crv: 'P-256',
      alg: 'ECDH-ES+A256KW',
      x: 'f6_vJiG6k6150u06YUyvQM7DwvQbN9phCOQ77r-e-yE',
      y: 'F0YT1g2zhXK6otqYnAfaU9Xs01XbwIFGn54V3bkSj5U',
    }
    const scalar = Buffer.alloc(32, 0x22)
    scalar[31] = 0x02
    assert.deepEqual(encryptWith(SECRET, teeKey, { cek: Buffer.alloc(32, 0x33), iv: Buffer.alloc(12, 0x44), scalar }), {
      protected:
        'eyJhbGciOiJFQ0RILUVTK0EyNTZLVyIsImVuYyI6IkEyNTZHQ00iLCJlcGsiOnsiY3J2IjoiUC0yNTYiLCJrdHkiOiJFQyIsIngiOiJ5TExPRC1XNXVkcUJpbDdrY1ZBWk1Xemk4UVF4d1VvcUVWTFQzb1IyV2pjIiwieSI6IklvdEo0Qk02NXpKLWlJRVozR2E4ZF82VU1BaU5SR0JxM2VSeTBwaDR6TEEifX0',
      encrypted_key: 'teAIImWODsXt87us7Ww79zt7DXqq6xhvjmj6tozSG5vcVyeViahFIA',
      iv: 'RERERERERERERERE',
      ciphertext: 'Q_Sv-7lu4EbE58n92_avCA',
      tag: '2qbQIuNNEJDPwBVJj-8LfQ',
    })
  })

  for (const [name, pair] of [
    ['P-256', ec('P-256')],
    ['P-521', ec('P-521')],
    ['RSA 2048', rsa(2048)],
    ['RSA 3072', rsa(3072)],
    ['RSA 4096', rsa(4096)],
  ] as const) {
    it(`encrypts to ${name} what a JOSE library decrypts`, async () => {
      for (const plaintext of [Buffer.alloc(0), SECRET, Buffer.alloc(70_000, 7)]) {
        const jwe = encryptToTeeKey(plaintext, pair.pub)
        assert.deepEqual(Buffer.from(await decrypt(jwe, pair)), plaintext)
      }
    })

    it(`${name}: nothing decrypts once any part is altered`, async () => {
      const jwe = encryptToTeeKey(SECRET, pair.pub)
      for (const part of ['protected', 'encrypted_key', 'iv', 'ciphertext', 'tag'] as const) {
        const bytes = Buffer.from(jwe[part], 'base64url')
        for (const at of [0, bytes.length >> 1, bytes.length - 1]) {
          const altered = Buffer.from(bytes)
          altered[at] = (altered[at] ?? 0) ^ 1
          await assert.rejects(decrypt({ ...jwe, [part]: altered.toString('base64url') }, pair), `${part} at ${at}`)
        }
      }
    })

    it(`${name}: nobody else's key decrypts`, async () => {
      const other = name.startsWith('RSA') ? rsa(2048, 'other') : ec(name as 'P-256' | 'P-521')
      await assert.rejects(decrypt(encryptToTeeKey(SECRET, pair.pub), other))
    })
  }

  it('wraps by RSA1_5 for keys that say so, as older clients of the KBS protocol do', () => {
    const { pub, priv } = rsa(2048)
    const jwe = encryptToTeeKey(SECRET, { ...pub, alg: 'RSA1_5' })
    assert.equal(header(jwe), '{"alg":"RSA1_5","enc":"A256GCM"}')
    const block = privateDecrypt(
      { key: createPrivateKey({ key: priv, format: 'jwk' }), padding: constants.RSA_NO_PADDING },
      Buffer.from(jwe.encrypted_key, 'base64url'),
    )
    // RFC 8017, 7.2.1: 00 02, at least eight bytes that are not zero, 00, the key.
    const end = block.indexOf(0, 2)
    assert.deepEqual([block[0], block[1], end, block.length - end - 1], [0, 2, 256 - 33, 32])
    const open = createDecipheriv('aes-256-gcm', block.subarray(end + 1), Buffer.from(jwe.iv, 'base64url'))
    open.setAAD(Buffer.from(jwe.protected)).setAuthTag(Buffer.from(jwe.tag, 'base64url'))
    assert.deepEqual(Buffer.concat([open.update(Buffer.from(jwe.ciphertext, 'base64url')), open.final()]), SECRET)
  })

  it('writes the members of the header in the only order that every KBS client reads', () => {
    const width = { 'P-256': 43, 'P-521': 88 } as const
    for (const crv of ['P-256', 'P-521'] as const) {
      const point = `"x":"[\\w-]{${width[crv]}}","y":"[\\w-]{${width[crv]}}"`
      const text = `{"alg":"ECDH-ES\\+A256KW","enc":"A256GCM","epk":{"crv":"${crv}","kty":"EC",${point}}}`
      assert.match(header(encryptToTeeKey(SECRET, ec(crv).pub)), new RegExp(`^${text}$`))
    }
    assert.equal(header(encryptToTeeKey(SECRET, rsa(2048).pub)), '{"alg":"RSA-OAEP-256","enc":"A256GCM"}')
  })

  it('keeps leading zeros of coordinates and of the shared secret', async () => {
    // One shared secret in 256 begins with a zero byte; a KEK from a shortened one decrypts nowhere.
    const pair = ec('P-256')
    const own = createECDH('prime256v1')
    const peer = createECDH('prime256v1')
    peer.setPrivateKey(String(pair.priv['d']), 'base64url')
    let short: Buffer | undefined
    while (short === undefined) {
      const shared = peer.computeSecret(own.generateKeys())
      assert.equal(shared.length, 32)
      if (shared[0] === 0) short = Buffer.from(own.getPrivateKey('hex').padStart(64, '0'), 'hex')
    }
    const jwe = encryptWith(SECRET, pair.pub, { cek: Buffer.alloc(32, 1), iv: Buffer.alloc(12, 2), scalar: short })
    assert.deepEqual(Buffer.from(await decrypt(jwe, pair)), SECRET)
  })

  it('never uses a key, an IV or an ephemeral key twice', () => {
    const { pub } = ec('P-256')
    const all = Array.from({ length: 50 }, () => encryptToTeeKey(SECRET, pub))
    for (const part of ['protected', 'encrypted_key', 'iv', 'ciphertext', 'tag'] as const) {
      assert.equal(new Set(all.map((jwe) => jwe[part])).size, all.length, part)
    }
  })

  it('encrypts to no point off the curve', () => {
    for (const crv of ['P-256', 'P-521'] as const) {
      const { pub } = ec(crv)
      assert.throws(
        () => encryptToTeeKey(SECRET, { ...pub, y: String(pub.x) }),
        (error) => error instanceof JweError && error.code === 'malformed' && error.message.includes(crv),
      )
    }
  })

  it('refuses a plaintext that is too long', () => {
    assert.throws(
      () => encryptToTeeKey(new Uint8Array(MAX_PLAINTEXT_BYTES + 1), ec('P-256').pub),
      (error) => error instanceof JweError && error.code === 'too-large',
    )
  })
})
