import assert from 'node:assert/strict'
import { constants, createHash, sign } from 'node:crypto'
import { it } from 'node:test'
import { generateKey } from '@sekisho/emulator/kit'
import { decodeBase64url } from '../src/core/base64url.ts'
import type { DigestJob, PublicKey, SignatureJob, SignatureScheme } from '../src/crypto/jobs.ts'
import { anySalt as anySaltOfNode, settleNow } from '../src/crypto/node.ts'
import { rsaKey } from '../src/crypto/rsa-key.ts'
import { anySalt, settle } from '../src/crypto/web.ts'

it('with WebCrypto a job that is named twice is done once, and a key imported once', async (t) => {
  const calls = (['importKey', 'verify', 'digest'] as const).map((name) => t.mock.method(crypto.subtle, name))
  const counts = (): readonly number[] => calls.map((one) => one.mock.callCount())
  const { privateKey, publicKey } = generateKey('P-256')
  const key: PublicKey = { kind: 'P-256', bytes: publicKey.export({ type: 'spki', format: 'der' }).subarray(-64) }
  const data = Uint8Array.of(1, 2, 3)
  const signature = sign('sha256', data, { key: privateKey, dsaEncoding: 'ieee-p1363' })
  const good: SignatureJob = { kind: 'signature', scheme: 'ecdsa-p256-sha256', key, data, signature }
  const bad: SignatureJob = { ...good, data: Uint8Array.of(1, 2, 4) }
  const digest: DigestJob = { kind: 'digest', algorithm: 'sha256', data }

  await settle([good, digest, bad, good, digest, bad, good])
  assert.deepEqual([good.result, bad.result], [true, false])
  assert.deepEqual(digest.result, new Uint8Array(createHash('sha256').update(data).digest()))
  assert.deepEqual(counts(), [1, 2, 1])

  const later: SignatureJob = { kind: 'signature', scheme: 'ecdsa-p256-sha256', key, data, signature }
  await settle([good, digest, later, bad])
  assert.equal(later.result, true)
  assert.deepEqual(counts(), [1, 3, 1])
})

it('soundness 7 and 39: an RSA signature without the zeros in front of it, or with one more, is none, on every platform', async () => {
  const { privateKey, publicKey } = generateKey('RSA-2048')
  const { n = '', e = '' } = publicKey.export({ format: 'jwk' })
  const key = rsaKey(decodeBase64url(n, 'n'), decodeBase64url(e, 'e'))
  const schemes: Readonly<Record<string, SignatureScheme>> = {
    [constants.RSA_PKCS1_PADDING]: 'rsassa-pkcs1-sha256',
    [constants.RSA_PKCS1_PSS_PADDING]: 'rsassa-pss-sha256',
  }
  for (const [padding, scheme] of Object.entries(schemes)) {
    const data = new Uint8Array(4)
    let whole: Uint8Array
    // One of 256 begins with a zero.
    do {
      new DataView(data.buffer).setUint32(0, new DataView(data.buffer).getUint32(0) + 1)
      const saltLength = constants.RSA_PSS_SALTLEN_DIGEST
      whole = new Uint8Array(sign('sha256', data, { key: privateKey, padding: Number(padding), saltLength }))
    } while (whole[0] !== 0)
    const forms = [whole, whole.subarray(1), Uint8Array.of(0, ...whole)]
    for (const salt of scheme.startsWith('rsassa-pss') ? [true, false] : [false]) {
      const jobs = (salts: SignatureJob['anySalt']): readonly SignatureJob[] =>
        forms.map((signature) => {
          const job: SignatureJob = { kind: 'signature', scheme, key: { ...key }, data, signature }
          return salt && salts !== undefined ? { ...job, anySalt: salts } : job
        })
      const [node, web] = [jobs(anySaltOfNode), jobs(anySalt)]
      settleNow(node)
      await settle(web)
      for (const settled of [node, web])
        assert.deepEqual(
          settled.map(({ result }) => result),
          [true, false, false],
          scheme,
        )
    }
  }
})

it('soundness 7 and 39: an RSA key with the exponent 1, of which everybody can write the signatures, verifies nothing', async () => {
  const { publicKey } = generateKey('RSA-2048')
  const modulus = decodeBase64url(publicKey.export({ format: 'jwk' }).n ?? '', 'n')
  const data = Uint8Array.of(1, 2, 3)
  // What a signature is once the exponent was applied (RFC 8017, 9.2): under 1 it is the signature.
  const digestInfo = Buffer.from('3031300d060960864801650304020105000420', 'hex')
  const tail = Buffer.concat([digestInfo, createHash('sha256').update(data).digest()])
  const padding = Buffer.alloc(256 - 3 - tail.length, 0xff)
  const signature = new Uint8Array(Buffer.concat([Uint8Array.of(0, 1), padding, Uint8Array.of(0), tail]))
  const jobs = [Uint8Array.of(1), Uint8Array.of(0, 1), Uint8Array.of(0), Uint8Array.of(2)].flatMap((exponent) =>
    [0, 1].map((): SignatureJob => {
      const key = rsaKey(modulus, exponent)
      return { kind: 'signature', scheme: 'rsassa-pkcs1-sha256', key, data, signature }
    }),
  )
  settleNow(jobs.filter((_, i) => i % 2 === 0))
  await settle(jobs.filter((_, i) => i % 2 === 1))
  assert.deepEqual(
    jobs.map(({ result }) => result),
    jobs.map(() => false),
  )
})
