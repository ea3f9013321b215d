import assert from 'node:assert/strict'
import { it } from 'node:test'
import { generateKey } from '@sekisho/emulator/kit'
import { openCheckpoint } from '../../src/log/checkpoint.ts'
import { logReader } from '../../src/log/files.ts'
import { type Log, openLog } from '../../src/log/log.ts'
import { hashLeaf, isConsistent, rootFromInclusion } from '../../src/log/merkle.ts'
import { readVerifierKey } from '../../src/log/note.ts'
import { openDatabase } from '../../src/storage/database.ts'
import { StorageError } from '../../src/storage/errors.ts'
import type { Database } from '../../src/storage/sql.ts'
import { onBoth } from '../storage/fixtures.ts'
import { naiveRoot } from './naive.ts'

const origin = 'log.example/sekisho'
const signingKey = generateKey('Ed25519').privateKey
const entryOf = (i: number): Buffer => Buffer.from(`entry ${i} ${'x'.repeat(i % 50)}`)

async function append(db: Database, log: Log, entry: Uint8Array): Promise<number> {
  const { index, leafHash } = await db.transaction((sql) => log.append(sql, entry))
  assert.deepEqual(Buffer.from(leafHash), Buffer.from(hashLeaf(entry)))
  return index
}

onBoth('log', (place) => {
  const using = async (work: (db: Database, log: Log) => Promise<void>): Promise<void> => {
    const db = await openDatabase(await place.create())
    try {
      await work(db, await openLog(db, { origin, signingKey }))
    } finally {
      await db.close()
    }
  }

  it('numbers entries without gaps, and proves each of them at every size', async () => {
    await using(async (db, log) => {
      assert.deepEqual(openCheckpoint(await log.checkpoint(), readVerifierKey(log.verifierKey)).size, 0)
      const entries = Array.from({ length: 70 }, (_, i) => entryOf(i))
      const indexes = await Promise.all(entries.map((entry) => append(db, log, entry)))
      assert.deepEqual(indexes, [...entries.keys()])
      assert.equal(await log.size(), 70)
      for (const size of [1, 2, 33, 64, 69, 70]) {
        const root = naiveRoot(entries.slice(0, size))
        for (const index of [0, size >> 1, size - 1]) {
          const proof = await log.inclusion(index, size)
          assert.deepEqual({ index: proof.index, size: proof.size }, { index, size })
          const led = rootFromInclusion(hashLeaf(entryOf(index)), index, size, proof.hashes)
          assert.deepEqual(led && Buffer.from(led), root)
        }
        const later = { size: 70, root: naiveRoot(entries) }
        assert.ok(isConsistent({ size, root }, later, await log.consistency(size, 70)))
      }
      const head = openCheckpoint(await log.checkpoint(), readVerifierKey(log.verifierKey))
      assert.deepEqual({ size: head.size, root: Buffer.from(head.root) }, { size: 70, root: naiveRoot(entries) })
      assert.equal((await log.inclusion(3)).size, 70)
    })
  })

  it('leaves no gap where a transaction failed', async () => {
    await using(async (db, log) => {
      const work = Array.from({ length: 30 }, (_, i) =>
        db.transaction(async (sql) => {
          const { index } = await log.append(sql, entryOf(i))
          if (i % 2 === 0) await log.append(sql, Buffer.from('another'))
          if (i % 3 === 0) throw new Error('no')
          return index
        }),
      )
      const outcomes = await Promise.allSettled(work)
      const expected: Buffer[] = []
      for (const [i, outcome] of outcomes.entries()) {
        assert.equal(outcome.status, i % 3 === 0 ? 'rejected' : 'fulfilled')
        if (outcome.status === 'rejected') continue
        assert.equal(outcome.value, expected.length)
        expected.push(entryOf(i), ...(i % 2 === 0 ? [Buffer.from('another')] : []))
      }
      const kept = await log.entries(0, expected.length)
      assert.deepEqual(
        kept.map((entry) => Buffer.from(entry)),
        expected,
      )
      const head = openCheckpoint(await log.checkpoint(), readVerifierKey(log.verifierKey))
      assert.deepEqual(Buffer.from(head.root), naiveRoot(expected))
    })
  })

  it('gives tiles and entries, and nothing beyond its end', async () => {
    await using(async (db, log) => {
      const entries = Array.from({ length: 600 }, (_, i) => entryOf(i))
      await Promise.all(entries.map((entry) => append(db, log, entry)))
      const tile = await log.tile(0, 1)
      assert.deepEqual(Buffer.from(tile), Buffer.concat(entries.slice(256, 512).map(hashLeaf)))
      const partial = await log.tile(0, 2, 88)
      assert.deepEqual(Buffer.from(partial), Buffer.concat(entries.slice(512).map(hashLeaf)))
      const above = await log.tile(1, 0, 2)
      assert.deepEqual(
        Buffer.from(above),
        Buffer.concat([naiveRoot(entries.slice(0, 256)), naiveRoot(entries.slice(256, 512))]),
      )
      const beyond: readonly (() => Promise<unknown>)[] = [
        () => log.tile(0, 2),
        () => log.tile(0, 2, 89),
        () => log.tile(0, 0, 0),
        () => log.tile(0, 0, 257),
        () => log.tile(1, 0, 3),
        () => log.tile(2, 0, 1),
        () => log.tile(0, 0.5),
        () => log.tile(-1, 0),
        () => log.entries(599, 2),
        () => log.entries(-1, 1),
        () => log.entries(0, 5000),
        () => log.inclusion(600),
        () => log.inclusion(0, 601),
        () => log.consistency(1, 601),
      ]
      for (const [i, call] of beyond.entries()) await assert.rejects(call, RangeError, `call ${i}`)
      const read = logReader(log)
      assert.equal(
        (await read('tile/entries/002.p/88'))?.length,
        entries.slice(512).reduce((n, e) => n + 2 + e.length, 0),
      )
      for (const path of [
        'tile/entries/002',
        'tile/0/2',
        'tile/0/002.p/256',
        '../checkpoint',
        'tile/0/x000/002.p/88',
      ]) {
        assert.equal(await read(path), undefined, path)
      }
    })
  })

  it('refuses empty and oversized entries, and appending outside a transaction', async () => {
    await using(async (db, log) => {
      await assert.rejects(append(db, log, Buffer.alloc(0)), RangeError)
      await assert.rejects(append(db, log, Buffer.alloc(65_536)), RangeError)
      await assert.rejects(
        log.append(db, Buffer.from('x')),
        (error) => error instanceof StorageError && error.code === 'usage',
      )
      assert.equal(await append(db, log, Buffer.alloc(65_535)), 0)
    })
  })

  it('keeps its name and key, and notices a head that does not belong to its leaves', async () => {
    const location = await place.create()
    const db = await openDatabase(location)
    const log = await openLog(db, { origin, signingKey })
    await append(db, log, entryOf(0))
    await append(db, log, entryOf(1))
    const again = await openLog(db, { origin, signingKey })
    assert.equal(await again.checkpoint(), await log.checkpoint())
    const usage = (error: unknown): boolean => error instanceof StorageError && error.code === 'usage'
    await assert.rejects(openLog(db, { origin: 'other.example', signingKey }), usage)
    const otherKey = generateKey('Ed25519').privateKey
    await assert.rejects(openLog(db, { origin, signingKey: otherKey }), usage)
    await db.run('DELETE FROM log_leaves WHERE idx = 1')
    const corrupt = (error: unknown): boolean => error instanceof StorageError && error.code === 'corrupt'
    await assert.rejects(openLog(db, { origin, signingKey }), corrupt)
    await db.run('UPDATE log_head SET size = 3')
    await assert.rejects(log.checkpoint(), corrupt)
    await db.close()
  })
})
