import assert from 'node:assert/strict'
import { createPublicKey, sign, verify } from 'node:crypto'
import { describe, it } from 'node:test'
import { calculateJwkThumbprint } from 'jose'
import { VaultError } from '../../src/vault/errors.ts'
import { serverKeys } from '../../src/vault/server-keys.ts'
import { master, opened } from './kit.ts'

describe('the keys of the server', () => {
  it('are made once and signed with for ever', async (t) => {
    const { db } = await opened(t)
    const [first, second] = [await serverKeys(db, master(1)), await serverKeys(db, master(1))]
    assert.deepEqual(second.signer.jwk, first.signer.jwk)
    assert.ok(second.logKey.equals(first.logKey))
    assert.ok(second.sessionKey.equals(first.sessionKey))
    assert.equal(first.sessionKey.symmetricKeySize, 32)
    assert.equal(first.logKey.asymmetricKeyType, 'ed25519')
  })

  it('sign attestation results with ES256, r and s raw', async (t) => {
    const { db } = await opened(t)
    const { signer } = await serverKeys(db, master(1))
    assert.deepEqual(Object.keys(signer.jwk).sort(), ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'])
    assert.deepEqual([signer.jwk['alg'], signer.jwk['crv'], signer.jwk['kid']], ['ES256', 'P-256', signer.kid])
    assert.equal(signer.kid, await calculateJwkThumbprint(signer.jwk as Parameters<typeof calculateJwkThumbprint>[0]))
    const data = Buffer.from('header.payload')
    const signature = await signer.sign(data)
    assert.equal(signature.length, 64)
    const key = createPublicKey({ key: { ...signer.jwk }, format: 'jwk' })
    assert.ok(verify('sha256', data, { key, dsaEncoding: 'ieee-p1363' }, signature))
  })

  it('sign checkpoints with Ed25519', async (t) => {
    const { db } = await opened(t)
    const { logKey } = await serverKeys(db, master(1))
    const data = Buffer.from('checkpoint')
    assert.ok(verify(null, data, createPublicKey(logKey), sign(null, data, logKey)))
  })

  it("do not open under another master key, nor in each other's place, nor altered", async (t) => {
    const { db } = await opened(t)
    await serverKeys(db, master(1))
    const code = (wanted: string) => (error: unknown) => error instanceof VaultError && error.code === wanted
    await assert.rejects(serverKeys(db, master(2)), code('master-key-unknown'))
    const rows = await db.all<{ name: string; value: string }>(
      `SELECT name, value FROM settings WHERE name LIKE 'server-key/%' ORDER BY name`,
    )
    assert.equal(rows.length, 3)
    const [ear, log] = rows
    assert.ok(ear && log)
    const set = (value: string) => db.run('UPDATE settings SET value = ? WHERE name = ?', [value, ear.name])
    await set(log.value)
    await assert.rejects(serverKeys(db, master(1)), code('corrupt'))
    for (const value of ['', '[]', '{}', '{"masterKeyId":5}', 'null']) {
      await set(value)
      await assert.rejects(serverKeys(db, master(1)), code('corrupt'))
    }
    await set(ear.value)
    await serverKeys(db, master(1))
  })
})
