import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { Database, Sql } from '../../src/storage/sql.ts'
import { VaultError } from '../../src/vault/errors.ts'
import { softwareMasterKey } from '../../src/vault/master-key.ts'
import { serverKeys } from '../../src/vault/server-keys.ts'
import type { Vault } from '../../src/vault/vault.ts'
import { AT, opened, PLACE, text } from './kit.ts'

/** Every byte of every file of a database. */
function dump(path: string): Buffer {
  const files = readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  assert.ok(files.length > 0)
  return Buffer.concat(files.map((file) => readFileSync(join(file.parentPath, file.name))))
}

/** The spellings in which bytes could lie around. */
function spellings(bytes: Uint8Array): readonly Buffer[] {
  const buffer = Buffer.from(bytes)
  const encodings = ['hex', 'base64', 'base64url'] as const
  return [buffer, ...encodings.map((encoding) => Buffer.from(buffer.toString(encoding).replace(/=+$/, '')))]
}

describe('the database alone reveals nothing', () => {
  it('holds neither secrets nor keys in any spelling, in no file', async (t) => {
    const masterBytes = randomBytes(32)
    const key = softwareMasterKey(Uint8Array.from(masterBytes), 'file')
    const { db, vault, path } = await opened(t, key)
    const canary = `canary-${randomBytes(16).toString('hex')}`
    await db.transaction((sql) => vault.putSecret(sql, { ...PLACE, bytes: Buffer.from(canary) }))
    await db.transaction((sql) => vault.putSecret(sql, { ...PLACE, path: 'demo/key/gone', bytes: Buffer.from(canary) }))
    await db.transaction((sql) => vault.remove(sql, PLACE.namespace, 'demo/key/gone', AT))
    const hidden: Uint8Array[] = [masterBytes, Buffer.from(canary)]
    for (const type of ['aes-256', 'ec-p256', 'ed25519'] as const) {
      const place = { ...PLACE, path: `demo/${type}/1` }
      await db.transaction((sql) => vault.generateKey(sql, { ...place, type }))
      const opened = await vault.open(db, place.namespace, place.path)
      const jwk = JSON.parse(text(opened?.bytes) ?? '') as Record<string, string>
      hidden.push(Buffer.from(jwk['d'] ?? jwk['k'] ?? '', 'base64url'))
    }
    const { logKey, sessionKey } = await serverKeys(db, key)
    hidden.push(Buffer.from(String(logKey.export({ format: 'jwk' }).d), 'base64url'), sessionKey.export())

    const all = dump(path)
    assert.ok(all.includes('demo/ec-p256/1'), 'the dump holds what the database does')
    for (const bytes of hidden) {
      assert.ok(bytes.length >= 32)
      for (const spelling of spellings(bytes)) assert.equal(all.includes(spelling), false)
    }
    await db.close()
    const closed = dump(path)
    for (const bytes of hidden) for (const spelling of spellings(bytes)) assert.equal(closed.includes(spelling), false)
  })

  it('does not show whether two secrets are the same', async (t) => {
    const { db, vault } = await opened(t)
    const put = () => db.transaction((sql) => vault.putSecret(sql, { ...PLACE, bytes: Buffer.from('the same') }))
    await Promise.all([put(), put(), put()])
    for (const column of ['data_key_wrapped', 'nonce', 'ciphertext']) {
      const rows = await db.all<{ value: Uint8Array }>(`SELECT ${column} AS value FROM secret_versions`)
      const digests = rows.map(({ value }) => createHash('sha256').update(value).digest('hex'))
      assert.equal(new Set(digests).size, 3, column)
    }
  })
})

describe('who can write the database', () => {
  const change = (db: Database, work: (sql: Sql) => Promise<unknown>) => db.transaction(work)

  async function two(t: Parameters<typeof opened>[0]): Promise<{ readonly db: Database; readonly vault: Vault }> {
    const { db, vault } = await opened(t)
    for (const [namespace, path] of [
      ['default', 'demo/key/1'],
      ['default', 'demo/key/2'],
      ['other', 'demo/key/1'],
    ] as const) {
      for (const round of [1, 2]) {
        const bytes = Buffer.from(`${namespace} ${path} ${round}`)
        await change(db, (sql) => vault.putSecret(sql, { ...PLACE, namespace, path, bytes, contentType: 'text/plain' }))
      }
    }
    return { db, vault }
  }

  async function refused(db: Database, vault: Vault, namespace: string, path: string): Promise<void> {
    await assert.rejects(vault.open(db, namespace, path), (error) => {
      assert.ok(error instanceof VaultError)
      assert.equal(error.code, 'corrupt')
      return true
    })
  }

  const COLUMNS = 'data_key_wrapped, master_key_id, nonce, ciphertext'
  type Content = { data_key_wrapped: Uint8Array; master_key_id: string; nonce: Uint8Array; ciphertext: Uint8Array }

  for (const [what, from] of [
    ['another path', ['default', 'demo/key/2', 2]],
    ['another namespace', ['other', 'demo/key/1', 2]],
    ['an older version', ['default', 'demo/key/1', 1]],
  ] as const) {
    it(`cannot put the row of ${what} in the place of a secret`, async (t) => {
      const { db, vault } = await two(t)
      const where = 'WHERE namespace = ? AND path = ? AND version = ?'
      const [row] = await db.all<Content>(`SELECT ${COLUMNS} FROM secret_versions ${where}`, from)
      assert.ok(row)
      await change(db, (sql) =>
        sql.run(
          `UPDATE secret_versions SET data_key_wrapped = ?, master_key_id = ?, nonce = ?, ciphertext = ? ${where}`,
          [row.data_key_wrapped, row.master_key_id, row.nonce, row.ciphertext, 'default', 'demo/key/1', 2],
        ),
      )
      await refused(db, vault, 'default', 'demo/key/1')
      assert.equal(text((await vault.open(db, 'default', 'demo/key/2'))?.bytes), 'default demo/key/2 2')
    })
  }

  it('cannot mix the data key of one secret with the content of another', async (t) => {
    const { db, vault } = await two(t)
    const [row] = await db.all<Content>(
      `SELECT ${COLUMNS} FROM secret_versions WHERE namespace = 'other' AND version = 2`,
    )
    assert.ok(row)
    const where = `WHERE namespace = 'default' AND path = 'demo/key/1' AND version = 2`
    await change(db, (sql) =>
      sql.run(`UPDATE secret_versions SET nonce = ?, ciphertext = ? ${where}`, [row.nonce, row.ciphertext]),
    )
    await refused(db, vault, 'default', 'demo/key/1')
  })

  it('cannot rename rows', async (t) => {
    const { db, vault } = await two(t)
    await change(db, (sql) =>
      sql.run(`UPDATE secret_versions SET version = 7 WHERE namespace = 'other' AND version = 2`),
    )
    await refused(db, vault, 'other', 'demo/key/1')
  })

  it('cannot change the content type, nor any bit of a key or of the content', async (t) => {
    const { db, vault } = await two(t)
    const where = `namespace = 'default' AND path = 'demo/key/1' AND version = 2`
    await change(db, (sql) => sql.run(`UPDATE secret_versions SET content_type = 'text/html' WHERE ${where}`))
    await refused(db, vault, 'default', 'demo/key/1')
    await change(db, (sql) => sql.run(`UPDATE secret_versions SET content_type = 'text/plain' WHERE ${where}`))
    assert.equal((await vault.open(db, 'default', 'demo/key/1'))?.version, 2)
    for (const column of ['data_key_wrapped', 'nonce', 'ciphertext']) {
      const [row] = await db.all<{ value: Uint8Array }>(`SELECT ${column} AS value FROM secret_versions WHERE ${where}`)
      assert.ok(row)
      for (const at of [0, row.value.length - 1]) {
        const altered = Uint8Array.from(row.value)
        altered[at] = (altered[at] ?? 0) ^ 1
        for (const value of [altered, row.value.subarray(0, at)]) {
          await change(db, (sql) => sql.run(`UPDATE secret_versions SET ${column} = ? WHERE ${where}`, [value]))
          await refused(db, vault, 'default', 'demo/key/1')
        }
      }
      await change(db, (sql) => sql.run(`UPDATE secret_versions SET ${column} = ? WHERE ${where}`, [row.value]))
    }
    assert.equal((await vault.open(db, 'default', 'demo/key/1'))?.version, 2)
  })
})
