import assert from 'node:assert/strict'
import { createPublicKey, sign, verify } from 'node:crypto'
import { describe, it } from 'node:test'
import { VaultError } from '../../src/vault/errors.ts'
import { serverKeys } from '../../src/vault/server-keys.ts'
import { master, opened } from './kit.ts'

describe('the keys of the server', () => {
  it('are made once and signed with for ever', async (t) => {
    const { db } = await opened(t)
    const [first, second] = [await serverKeys(db, master(1)), await serverKeys(db, master(1))]
    assert.ok(second.logKey.equals(first.logKey))
    assert.ok(second.sessionKey.equals(first.sessionKey))
    assert.equal(first.sessionKey.symmetricKeySize, 32)
    assert.equal(first.logKey.asymmetricKeyType, 'ed25519')
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
    assert.equal(rows.length, 2)
    const [log, session] = rows
    assert.ok(log && session)
    const set = (value: string) => db.run('UPDATE settings SET value = ? WHERE name = ?', [value, log.name])
    await set(session.value)
    await assert.rejects(serverKeys(db, master(1)), code('corrupt'))
    for (const value of ['', '[]', '{}', '{"masterKeyId":5}', 'null']) {
      await set(value)
      await assert.rejects(serverKeys(db, master(1)), code('corrupt'))
    }
    await set(log.value)
    await serverKeys(db, master(1))
  })
})
