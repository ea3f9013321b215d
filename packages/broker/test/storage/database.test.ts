import assert from 'node:assert/strict'
import { it } from 'node:test'
import { openDatabase } from '../../src/storage/database.ts'
import { DatabaseBusyError, StorageError } from '../../src/storage/errors.ts'
import { MIGRATIONS } from '../../src/storage/schema.ts'
import type { Database, Sql } from '../../src/storage/sql.ts'
import { until } from '../until.ts'
import { onBoth } from './fixtures.ts'

const SET = 'INSERT INTO settings (name, value) VALUES (?, ?)'
const set = (sql: Sql, name: string, value = 'x'): Promise<number> => sql.run(SET, [name, value])

async function names(db: Sql): Promise<readonly string[]> {
  return (await db.all<{ name: string }>('SELECT name FROM settings ORDER BY name')).map((row) => row.name)
}

function withCode(code: string): (error: unknown) => boolean {
  return (error) => error instanceof StorageError && error.code === code
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

onBoth('database', (place) => {
  const using = async (work: (db: Database) => Promise<void>, limits = {}): Promise<void> => {
    const db = await openDatabase({ ...(await place.create()), limits })
    try {
      await work(db)
    } finally {
      await db.close()
    }
  }

  it('keeps what was written, over closing and opening', async () => {
    const location = await place.create()
    const first = await openDatabase(location)
    assert.equal(first.kind, place.kind)
    assert.equal(await set(first, 'a'), 1)
    await first.close()
    const second = await openDatabase(location)
    assert.deepEqual(await names(second), ['a'])
    await second.close()
  })

  it('gives back numbers, blobs, texts and nulls as they were', async () => {
    await using(async (db) => {
      const pool = Buffer.from('a pooled buffer').subarray(2, 8)
      const text = "it's \u{1f511} 100% “?” \\ $1"
      await db.run('INSERT INTO log_leaves (idx, hash, entry) VALUES (?, ?, ?)', [
        Number.MAX_SAFE_INTEGER,
        pool,
        new Uint8Array(0),
      ])
      await db.run(
        'INSERT INTO secrets (namespace, path, kind, metadata, created, deleted) VALUES (?, ?, ?, ?, ?, ?)',
        ['n', 'p', 'secret', text, 1700000000000n, null],
      )
      const [leaf] = await db.all('SELECT * FROM log_leaves WHERE idx = ?', [Number.MAX_SAFE_INTEGER])
      assert.equal(leaf?.['idx'], Number.MAX_SAFE_INTEGER)
      assert.ok(leaf['hash'] instanceof Uint8Array && leaf['entry'] instanceof Uint8Array)
      assert.deepEqual(Buffer.from(leaf['hash']), Buffer.from(pool))
      assert.equal(leaf['entry'].length, 0)
      const one = await db.all('SELECT * FROM log_leaves WHERE idx = ? LIMIT 1', [Number.MAX_SAFE_INTEGER])
      assert.deepEqual(one, [leaf])
      assert.deepEqual(await db.all('SELECT * FROM log_leaves WHERE idx = ? LIMIT 1', [1]), [])
      const [secret] = await db.all("SELECT metadata, created, deleted, '?' AS mark FROM secrets WHERE path = ?", ['p'])
      assert.deepEqual({ ...secret }, { metadata: text, created: 1700000000000, deleted: null, mark: '?' })
      const [counted] = await db.all('SELECT COUNT(*) AS n, SUM(created) AS s, MAX(created) AS m FROM secrets')
      assert.deepEqual({ ...counted }, { n: 1, s: 1700000000000, m: 1700000000000 })
    })
  })

  it('refuses values that a database would change or cut', async () => {
    await using(async (db) => {
      for (const value of ['a\0b', 2 ** 60, 2n ** 60n, Number.NaN, Number.POSITIVE_INFINITY]) {
        await assert.rejects(db.run(SET, ['name', value]), withCode('usage'))
        await assert.rejects(db.all('SELECT name FROM settings WHERE name = ?', [value]), withCode('usage'))
      }
      await assert.rejects(db.run(SET, ['name']), withCode('usage'))
      await assert.rejects(db.run(SET, ['name', 'value', 'more']), withCode('usage'))
      assert.deepEqual(await names(db), [])
    })
  })

  it('counts events up', async () => {
    await using(async (db) => {
      const text = 'INSERT INTO events (namespace, at, kind, body) VALUES (?, ?, ?, ?) RETURNING seq'
      const seqs: number[] = []
      for (let i = 0; i < 3; i++) {
        const [row] = await db.transaction((sql) => sql.all<{ seq: number }>(text, ['n', i, 'k', '{}']))
        seqs.push(row?.seq ?? 0)
      }
      assert.deepEqual(seqs, [1, 2, 3])
    })
  })

  it('rolls a failing transaction back alone', async () => {
    await using(async (db) => {
      const outcomes = await Promise.allSettled(
        Array.from({ length: 40 }, (_, i) =>
          db.transaction(async (sql) => {
            await set(sql, `n${String(i).padStart(2, '0')}`)
            if (i % 3 === 0) throw new Error(`no ${i}`)
            if (i % 3 === 1) await set(sql, `n${String(i).padStart(2, '0')}`)
            return i
          }),
        ),
      )
      for (const [i, outcome] of outcomes.entries()) {
        if (i % 3 === 2) assert.deepEqual(outcome, { status: 'fulfilled', value: i })
        else assert.equal(outcome.status, 'rejected')
        if (i % 3 === 0) assert.equal(outcome.status === 'rejected' && outcome.reason.message, `no ${i}`)
        if (i % 3 === 1) assert.ok(outcome.status === 'rejected' && withCode('constraint')(outcome.reason))
      }
      assert.equal((await names(db)).length, 13)
    })
  })

  it('fails a transaction in which a statement failed, even when the work goes on', async () => {
    await using(async (db) => {
      const work = db.transaction(async (sql) => {
        await set(sql, 'a')
        await set(sql, 'a').catch(() => 0)
        await set(sql, 'b').catch(() => 0)
        return 'done'
      })
      await assert.rejects(work, withCode('constraint'))
      assert.deepEqual(await names(db), [])
    })
  })

  it('shows readers only what is committed, and a transaction what it wrote itself', async () => {
    await using(async (db) => {
      await db.transaction(async (sql) => {
        await set(sql, 'a')
        assert.deepEqual(await names(sql), ['a'])
        assert.deepEqual(await names(db), [])
      })
      assert.deepEqual(await names(db), ['a'])
    })
  })

  it('changes nothing through a query outside a transaction', async () => {
    await using(async (db) => {
      await assert.rejects(db.all("INSERT INTO settings VALUES ('a', 'b') RETURNING name"), StorageError)
      assert.deepEqual(await names(db), [])
    })
  })

  it('runs transactions one after another, so that counting in one is safe', async () => {
    await using(async (db) => {
      await set(db, 'count', '0')
      const count = async (sql: Sql): Promise<void> => {
        const [row] = await sql.all<{ value: string }>("SELECT value FROM settings WHERE name = 'count'")
        await pause(0)
        await sql.run("UPDATE settings SET value = ? WHERE name = 'count'", [String(Number(row?.value) + 1)])
      }
      await Promise.all(Array.from({ length: 50 }, () => db.transaction(count)))
      const [row] = await db.all<{ value: string }>('SELECT value FROM settings')
      assert.equal(row?.value, '50')
    })
  })

  it('rolls back work that takes too long, and goes on', async () => {
    await using(
      async (db) => {
        let goOn: () => void = () => undefined
        const isOver = new Promise<void>((resolve) => {
          goOn = resolve
        })
        let late: Promise<unknown> = Promise.resolve()
        const slow = db.transaction(async (sql) => {
          await set(sql, 'slow')
          late = isOver.then(() => set(sql, 'late'))
          await late
        })
        const next = db.transaction((sql) => set(sql, 'next'))
        await assert.rejects(slow, withCode('timeout'))
        await next
        goOn()
        await assert.rejects(late, withCode('usage'))
        assert.deepEqual(await names(db), ['next'])
      },
      // For the next one too, which has to come to its end.
      { unitMs: 1000 },
    )
  })

  it('refuses statements after the end of a transaction, and statements that were not awaited', async () => {
    await using(async (db) => {
      let kept: Sql | undefined
      await db.transaction(async (sql) => {
        kept = sql
      })
      assert.ok(kept)
      await assert.rejects(set(kept, 'a'), withCode('usage'))
      let loose: Promise<unknown> = Promise.resolve()
      const hasty = db.transaction(async (sql) => {
        loose = set(sql, 'b').catch(() => 0)
      })
      // Whether the statement was quick enough depends on the database; half of it is never kept.
      const outcome = await hasty.then(
        () => 'kept',
        (error: unknown) => (withCode('usage')(error) ? 'refused' : error),
      )
      await loose
      await set(db, 'c')
      assert.deepEqual(await names(db), outcome === 'kept' ? ['b', 'c'] : ['c'])
      assert.match(String(outcome), place.kind === 'postgres' ? /^refused$/ : /^(kept|refused)$/)
    })
  })

  it('says that it is busy when too many wait', async () => {
    await using(
      async (db) => {
        const all = Array.from({ length: 20 }, (_, i) => set(db, `n${i}`))
        const outcomes = await Promise.allSettled(all)
        const refused = outcomes.filter((outcome) => outcome.status === 'rejected')
        assert.equal(refused.length, 10)
        for (const { reason } of refused) assert.ok(reason instanceof DatabaseBusyError && reason.code === 'busy')
        assert.equal((await names(db)).length, 10)
        await set(db, 'later')
      },
      { queue: 10 },
    )
  })

  it('delivers notices to who listens to the channel', async () => {
    await using(async (db) => {
      const heard: string[] = []
      const stop = db.listen('leases', (payload) => heard.push(payload))
      await db.notify('others', 'no')
      await db.notify('leases', 'one\ntwo “three”')
      await until('the notice is heard', () => heard.length > 0)
      stop()
      const last: string[] = []
      db.listen('last', (payload) => last.push(payload))
      await db.notify('leases', 'after')
      await db.notify('last', 'all before were delivered')
      await until('the last notice is heard', () => last.length > 0)
      assert.deepEqual(heard, ['one\ntwo “three”'])
      await assert.rejects(db.notify('leases', 'x'.repeat(8000)), withCode('usage'))
      await assert.rejects(db.notify('No channel', 'x'), withCode('usage'))
      assert.throws(() => db.listen("x'; DROP", () => undefined), withCode('usage'))
    })
  })

  it('lets what waits finish when it is closed, and refuses everything afterwards', async () => {
    const location = await place.create()
    const db = await openDatabase(location)
    const waiting = Array.from({ length: 10 }, (_, i) => set(db, `n${i}`))
    await db.close()
    await Promise.all(waiting)
    await assert.rejects(set(db, 'a'), withCode('closed'))
    await assert.rejects(db.all('SELECT 1'), withCode('closed'))
    await assert.rejects(db.notify('a', 'b'), withCode('closed'))
    await db.close()
    const again = await openDatabase(location)
    assert.equal((await names(again)).length, 10)
    await again.close()
  })

  it('refuses a database that a newer program wrote, and leaves it alone', async () => {
    const location = await place.create()
    const db = await openDatabase(location)
    const newer = (MIGRATIONS.at(-1)?.version ?? 0) + 1
    await db.run('INSERT INTO schema_versions (version, applied) VALUES (?, ?)', [newer, 0])
    await db.close()
    await assert.rejects(openDatabase(location), withCode('newer'))
    await assert.rejects(openDatabase(location), /newer version/)
  })

  it('names what is wrong with a statement, without its values', async () => {
    await using(async (db) => {
      await assert.rejects(db.all('SELEC 1'), withCode('usage'))
      await set(db, 'taken', 'canary-one')
      const wrong = [
        db.run('INSERT INTO settings (name, value) VALUES (?, ?)', ['taken', 'canary-two']),
        db.run('INSERT INTO settings (name, value) VALUES (?, ?)', ['canary-three', null]),
        db.run('INSERT INTO namespaces (name, created) VALUES (?, ?)', ['canary-four', null]),
      ]
      for (const statement of wrong) {
        await assert.rejects(statement, (error) => {
          assert.ok(withCode('constraint')(error))
          assert.doesNotMatch(String(error) + JSON.stringify(error, errorMembers), /canary/)
          return true
        })
      }
    })
  })
})

/** Shows members of errors that JSON leaves out, with those of their causes. */
function errorMembers(_: string, value: unknown): unknown {
  if (!(value instanceof Error)) return value
  return Object.fromEntries(Object.getOwnPropertyNames(value).map((name) => [name, Reflect.get(value, name)]))
}
