import assert from 'node:assert/strict'
import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import { it } from 'node:test'
import type { DigestJob, PublicKey, SignatureJob } from '../src/crypto/jobs.ts'
import { settle } from '../src/crypto/web.ts'

it('with WebCrypto a job that is named twice is done once, and a key imported once', async (t) => {
  const calls = (['importKey', 'verify', 'digest'] as const).map((name) => t.mock.method(crypto.subtle, name))
  const counts = (): readonly number[] => calls.map((one) => one.mock.callCount())
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
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
