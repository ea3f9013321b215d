import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { ResultKeys } from '../../src/checkpoint/result-keys.ts'
import { openDatabase } from '../../src/storage/database.ts'
import type { Database } from '../../src/storage/sql.ts'
import { VaultError } from '../../src/vault/errors.ts'
import type { MasterKey } from '../../src/vault/master-key.ts'
import { serverKeys } from '../../src/vault/server-keys.ts'
import { openVault, type Vault } from '../../src/vault/vault.ts'
import { postgresMissing, sharedPostgres } from '../postgres.ts'
import { AT, master, PLACE, text } from './kit.ts'

const PATHS: readonly string[] = Array.from({ length: 250 }, (_, i) => `demo/key/${String(i).padStart(3, '0')}`)

async function fill(db: Database, vault: Vault): Promise<void> {
  await Promise.all(
    PATHS.map((path) =>
      db.transaction((sql) => vault.putSecret(sql, { ...PLACE, path, bytes: Buffer.from(`of ${path}`) })),
    ),
  )
}

async function reads(db: Database, vault: Vault, path: string): Promise<void> {
  assert.equal(text((await vault.open(db, PLACE.namespace, path))?.bytes), `of ${path}`)
}

/** Rotation as every database must do it. */
function rotation(open: () => Promise<Database>): void {
  it('wraps every data key anew while readers and writers go on', async (t) => {
    const db = await open()
    t.after(() => db.close())
    const [old, next] = [master(1), master(2)]
    const vault = await openVault(db, { master: old })
    const { logKey, sessionKey } = await serverKeys(db, old)
    const results = await ResultKeys.open(db, vault.ring)
    await fill(db, vault)
    await db.transaction((sql) => vault.remove(sql, PLACE.namespace, PATHS[0] ?? '', AT))

    let rotating = true
    let count = 0
    const reader = async (): Promise<void> => {
      while (rotating) {
        await reads(db, vault, PATHS[1 + (count++ % (PATHS.length - 1))] ?? '')
        await new Promise((resolve) => setImmediate(resolve))
      }
    }
    const writer = async (): Promise<void> => {
      for (let i = 0; rotating; i++) {
        const path = `demo/new/${i}`
        await db.transaction((sql) => vault.putSecret(sql, { ...PLACE, path, bytes: Buffer.from(`of ${path}`) }))
      }
    }
    const others = [reader(), reader(), writer()]
    const report = await vault.rotateMaster(next).finally(() => {
      rotating = false
    })
    await Promise.all(others)

    assert.ok(report.rewrapped >= PATHS.length - 1 + 4, `${report.rewrapped} rewrapped`)
    assert.ok(count > 0, 'somebody read in the meantime')
    assert.deepEqual(report.inUse, [next.id])
    assert.equal(vault.masterKeyId, next.id)
    await old.close()
    for (const path of PATHS.slice(1)) await reads(db, vault, path)
    await reads(db, vault, 'demo/new/0')
    const alone = await openVault(db, { master: next })
    await reads(db, alone, PATHS[1] ?? '')
    const keys = await serverKeys(db, next)
    assert.equal((await ResultKeys.open(db, alone.ring)).signer.kid, results.signer.kid)
    await results.refresh()
    assert.ok(keys.logKey.equals(logKey))
    assert.ok(keys.sessionKey.equals(sessionKey))
    await assert.rejects(openVault(db, { master: master(1) }), VaultError)
  })

  it('lets others in between however slow a token is', async (t) => {
    const db = await open()
    t.after(() => db.close())
    const [old, next] = [master(1), master(2)]
    const vault = await openVault(db, { master: old })
    for (const path of PATHS.slice(0, 20))
      await db.transaction((sql) => vault.putSecret(sql, { ...PLACE, path, bytes: Buffer.from(`of ${path}`) }))
    let others: Promise<number> | undefined
    const slow: MasterKey = {
      ...next,
      async wrap(key, aad) {
        others ??= db.transaction(async (sql) => {
          const rows = await sql.all('SELECT path FROM secret_versions WHERE master_key_id = ?', [old.id])
          return rows.length
        })
        await new Promise((resolve) => setTimeout(resolve, 100))
        return await next.wrap(key, aad)
      },
    }
    const { rewrapped, inUse } = await vault.rotateMaster(slow)
    assert.ok(((await others) ?? 0) > 0, 'not all was wrapped when another was served')
    assert.equal(rewrapped, 20)
    assert.deepEqual(inUse, [next.id])
    await reads(db, vault, PATHS[19] ?? '')
  })

  it('is finished by calling it again when it was interrupted', async (t) => {
    const db = await open()
    t.after(() => db.close())
    const old = master(1)
    let left = 120
    const faltering: MasterKey = {
      ...old,
      async unwrap(wrapped, aad) {
        if (left-- === 0) throw new VaultError('master-key', 'the token went away')
        return await old.unwrap(wrapped, aad)
      },
    }
    const vault = await openVault(db, { master: faltering })
    await fill(db, vault)
    const next = master(2)
    await assert.rejects(vault.rotateMaster(next), /went away/)
    const again = await openVault(db, { master: next, former: [master(1)] })
    for (const path of PATHS) await reads(db, again, path)
    const { rewrapped, inUse } = await again.rotateMaster(next)
    const kept = PATHS.length - rewrapped
    assert.ok(kept > 0 && kept < 120, `whole batches had been kept, the one that failed was not: ${kept}`)
    assert.deepEqual(inUse, [next.id])
    assert.equal((await again.rotateMaster(next)).rewrapped, 0)
  })

  it('makes the keys of the server once, however many ask at the same time', async (t) => {
    const db = await open()
    t.after(() => db.close())
    const all = await Promise.all(Array.from({ length: 8 }, () => serverKeys(db, master(1))))
    const { ring } = await openVault(db, { master: master(1) })
    const results = await Promise.all(Array.from({ length: 8 }, () => ResultKeys.open(db, ring)))
    assert.equal(new Set(results.map(({ signer }) => signer.kid)).size, 1)
    assert.equal(new Set(all.map(({ logKey }) => String(logKey.export({ format: 'jwk' }).d))).size, 1)
    assert.equal(new Set(all.map(({ sessionKey }) => sessionKey.export().toString('hex'))).size, 1)
  })
}

describe('rotation of the master key, SQLite', () => {
  const folders: string[] = []
  after(() => {
    for (const path of folders) rmSync(path, { recursive: true, force: true })
  })

  rotation(async () => {
    const path = mkdtempSync(join(tmpdir(), 'sekisho-vault-'))
    folders.push(path)
    return await openDatabase({ folder: path })
  })
})

describe('rotation of the master key, PostgreSQL', { skip: postgresMissing }, () => {
  rotation(async () => await openDatabase({ url: await (await sharedPostgres()).createDatabase() }))

  it('gives processes that race on one database the same keys', async (t) => {
    const url = await (await sharedPostgres()).createDatabase()
    const databases = await Promise.all([openDatabase({ url }), openDatabase({ url }), openDatabase({ url })])
    for (const db of databases) t.after(() => db.close())
    const all = await Promise.all(databases.map((db) => serverKeys(db, master(1))))
    const results = await Promise.all(
      databases.map(async (db) => ResultKeys.open(db, (await openVault(db, { master: master(1) })).ring)),
    )
    assert.equal(new Set(results.map(({ signer }) => signer.kid)).size, 1)
    assert.equal(new Set(all.map(({ logKey }) => String(logKey.export({ format: 'jwk' }).d))).size, 1)
    assert.equal(new Set(all.map(({ sessionKey }) => sessionKey.export().toString('hex'))).size, 1)
  })

  it('counts versions without a double when two processes put at once', async (t) => {
    const url = await (await sharedPostgres()).createDatabase()
    const databases = await Promise.all([openDatabase({ url }), openDatabase({ url })])
    for (const db of databases) t.after(() => db.close())
    const vaults = await Promise.all(
      databases.map(async (db) => ({ db, vault: await openVault(db, { master: master(1) }) })),
    )
    const put = ({ db, vault }: { readonly db: Database; readonly vault: Vault }) =>
      db.transaction((sql) => vault.putSecret(sql, { ...PLACE, bytes: Buffer.from('x') }))
    const versions = await Promise.all(Array.from({ length: 20 }, () => vaults.map(put)).flat())
    assert.equal(new Set(versions.map(({ version }) => version)).size, 40)
  })
})
