import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { openDatabase } from '../../src/storage/database.ts'
import { StorageError } from '../../src/storage/errors.ts'
import { Child } from './child.ts'
import { temporaryFolder } from './fixtures.ts'

function withCode(code: string): (error: unknown) => boolean {
  return (error) => error instanceof StorageError && error.code === code
}

const write = 'INSERT INTO evidence (sha256, bytes, created) VALUES (?, ?, ?)'

describe('SQLite folder', () => {
  it('is refused to a second process, and to a second database of the same one', async () => {
    const folder = join(temporaryFolder(), 'data')
    const db = await openDatabase({ folder })
    await assert.rejects(openDatabase({ folder }), withCode('locked'))
    const second = new Child('holder.js', [folder])
    const answer = await second.line('locked: ')
    assert.match(answer, new RegExp(`in use by another server \\(process ${process.pid}\\)`))
    await second.ended()
    await db.run('INSERT INTO settings VALUES (?, ?)', ['still', 'mine'])
    await db.close()
  })

  it('is free again when its process was killed or has closed it', async () => {
    const folder = join(temporaryFolder(), 'data')
    const holder = new Child('holder.js', [folder])
    await holder.line('open')
    await assert.rejects(openDatabase({ folder }), withCode('locked'))
    await holder.kill()
    const db = await openDatabase({ folder })
    await db.close()
    await (await openDatabase({ folder })).close()
  })

  it('is readable for nobody else', async () => {
    const folder = join(temporaryFolder(), 'data')
    const db = await openDatabase({ folder })
    await db.run('INSERT INTO settings VALUES (?, ?)', ['a', 'b'])
    assert.equal(statSync(folder).mode & 0o077, 0)
    const files = readdirSync(folder)
    assert.ok(files.includes('sekisho.db-wal'))
    for (const file of files) assert.equal(statSync(join(folder, file)).mode & 0o077, 0, file)
    await db.close()
  })

  it('writes through to the disk at every commit', async () => {
    const folder = join(temporaryFolder(), 'data')
    const db = await openDatabase({ folder })
    await db.transaction(async (sql) => {
      const [mode] = await sql.all<{ journal_mode: string }>('PRAGMA journal_mode')
      const [level] = await sql.all<{ synchronous: number }>('PRAGMA synchronous')
      // 2 is FULL: sqlite.org/pragma.html.
      assert.deepEqual([mode?.journal_mode, level?.synchronous], ['wal', 2])
    })
    await db.close()
  })

  it('that cannot be one is refused with the reason', async () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'file'), '')
    await assert.rejects(openDatabase({ folder: join(folder, 'file') }), withCode('permission'))
    const damaged = join(folder, 'damaged')
    mkdirSync(damaged)
    writeFileSync(join(damaged, 'sekisho.db'), Buffer.alloc(8192, 'not a database '))
    await assert.rejects(openDatabase({ folder: damaged }), withCode('corrupt'))
    // The lock was given back.
    await assert.rejects(openDatabase({ folder: damaged }), withCode('corrupt'))
  })

  it('on a full disk: says so, keeps what was acknowledged, and goes on when there is room', async (t) => {
    const mounted = join(temporaryFolder(), 'disk')
    mkdirSync(mounted)
    const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', mounted])
    if (status !== 0) return t.skip('no file system of limited size can be mounted here (not root)')
    try {
      const folder = join(mounted, 'data')
      const ballast = join(mounted, 'ballast')
      writeFileSync(ballast, Buffer.alloc(1_000_000))
      const db = await openDatabase({ folder })
      const acknowledged: string[] = []
      let refusals = 0
      for (let i = 0; i < 300 && refusals < 5; i++) {
        const id = `e${i}`
        await db.run(write, [id, Buffer.alloc(20_000, i), i]).then(
          () => acknowledged.push(id),
          (error: unknown) => {
            refusals++
            assert.ok(withCode('full')(error) || withCode('io')(error), String(error))
          },
        )
      }
      assert.equal(refusals, 5)
      assert.equal((await db.all('SELECT sha256 FROM evidence')).length, acknowledged.length)
      rmSync(ballast)
      await db.run(write, ['room', Buffer.alloc(20_000), 0])
      await db.close()
      const again = await openDatabase({ folder })
      const kept = (await again.all<{ sha256: string }>('SELECT sha256 FROM evidence')).map((row) => row.sha256)
      assert.deepEqual(new Set(kept), new Set([...acknowledged, 'room']))
      await again.close()
    } finally {
      spawnSync('umount', ['-l', mounted])
    }
  })
})
