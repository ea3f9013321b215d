import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import pg from 'pg'
import { openDatabase } from '../../src/storage/database.ts'
import { StorageError } from '../../src/storage/errors.ts'
import { MIGRATIONS } from '../../src/storage/schema.ts'
import { until } from '../until.ts'
import { Child } from './child.ts'
import { onPostgres } from './fixtures.ts'

function withCode(...codes: readonly string[]): (error: unknown) => boolean {
  return (error) => error instanceof StorageError && codes.includes(error.code)
}

/** What a program does that knows more than this one. */
const NEWER = 'INSERT INTO schema_versions (version, applied) VALUES (99, 0)'

const SET = 'INSERT INTO settings (name, value) VALUES (?, ?)'

onPostgres('shared database', (server) => {
  it('carries notices from one process to another', async () => {
    const url = await server().createDatabase()
    const db = await openDatabase({ url })
    const other = new Child('holder.js', [url])
    await other.line('open')
    const answers: string[] = []
    db.listen('answers', (payload) => answers.push(payload))
    await db.notify('greetings', 'hello')
    await until('the other hears', () => other.lines.includes('heard hello'))
    other.process.stdin.write('good day\n')
    await until('it answers', () => answers.includes('good day'))
    await other.kill()
    await db.close()
  })

  it('tells listeners to look again after the connection was lost, and hears on', async () => {
    const url = await server().createDatabase()
    const [db, other] = [await openDatabase({ url }), await openDatabase({ url })]
    const heard: string[] = []
    let gaps = 0
    db.listen(
      'leases',
      (payload) => heard.push(payload),
      () => gaps++,
    )
    await endSessions(url, "query LIKE 'LISTEN%' OR query LIKE '%schema_versions%'")
    await until('the gap is told', () => gaps > 0)
    await other.notify('leases', 'after the gap')
    await until('it hears on', () => heard.length > 0)
    assert.deepEqual(heard, ['after the gap'])
    await db.close()
    await other.close()
  })

  it('goes on by itself when idle connections were ended', async () => {
    const url = await server().createDatabase()
    const db = await openDatabase({ url })
    await db.run(SET, ['a', 'b'])
    await db.all('SELECT 1 AS one')
    await endSessions(url, 'true')
    await db.run(SET, ['c', 'd'])
    assert.equal((await db.all('SELECT name FROM settings')).length, 2)
    await db.close()
  })

  it('says that it is away, and works again when it is back', async () => {
    const url = await server().createDatabase()
    const db = await openDatabase({ url })
    await db.run(SET, ['before', 'x'])
    const during = db.transaction(async (sql) => {
      await sql.run(SET, ['during', 'x'])
      await server().kill()
      await sql.run(SET, ['during too', 'x'])
    })
    const waiting = db.run(SET, ['waiting', 'x'])
    await assert.rejects(during, withCode('unavailable'))
    await assert.rejects(waiting, withCode('unavailable'))
    await assert.rejects(db.run(SET, ['away', 'x']), withCode('unavailable'))
    await assert.rejects(db.all('SELECT 1'), withCode('unavailable'))
    await assert.rejects(openDatabase({ url, patienceMs: 300 }), withCode('unavailable'))
    const patient = openDatabase({ url, patienceMs: 90_000 })
    await server().start()
    await db.run(SET, ['after', 'x'])
    const rows = await db.all<{ name: string }>('SELECT name FROM settings ORDER BY name')
    assert.deepEqual(
      rows.map((row) => row.name),
      ['after', 'before'],
    )
    await (await patient).close()
    await db.close()
  })

  it('says that it takes nothing while its server follows another, and works again when it leads', async () => {
    const url = await server().createDatabase()
    const db = await openDatabase({ url })
    const [where] = await db.all<{ folder: string }>(`SELECT current_setting('data_directory') AS folder`)
    await server().kill()
    writeFileSync(join(where?.folder ?? '', 'standby.signal'), '')
    await server().start()
    await assert.rejects(db.run(SET, ['following', 'x']), withCode('unavailable'))
    assert.deepEqual(await db.all('SELECT name FROM settings'), [])
    await assert.rejects(db.writing(), withCode('unavailable'), 'what reads is not ready to release')
    await db.all('SELECT pg_promote()')
    await db.writing()
    await db.run(SET, ['leading', 'x'])
    await db.close()
  })

  it('is waited for once by who finds no connection to read by', async () => {
    const db = await openDatabase({ url: await server().createDatabase(), limits: { connectMs: 300 } })
    const all = (): Promise<readonly PromiseSettledResult<unknown>[]> =>
      Promise.allSettled(Array.from({ length: 4 }, () => db.all('SELECT 1')))
    // A connection, too, is waited for no longer than this.
    await until('four stand', async () => (await all()).every(({ status }) => status === 'fulfilled'))
    const slow = Array.from({ length: 4 }, () => db.all('SELECT pg_sleep(1)'))
    await assert.rejects(db.all('SELECT 1'), withCode('unavailable'))
    await Promise.all(slow)
    assert.equal((await db.all('SELECT 1 AS one')).length, 1)
    await db.close()
  })

  it('is left by who closes, also when its server is silent', async () => {
    const url = await server().createDatabase()
    const db = await openDatabase({ url })
    const silent = await db.all<{ pid: number }>(
      'SELECT pid FROM pg_stat_activity WHERE datname = current_database() ORDER BY pid',
    )
    assert.equal(silent.length, 3)
    for (const { pid } of silent) process.kill(pid, 'SIGSTOP')
    const late = new Promise((resolve) => setTimeout(resolve, 60_000, 'late').unref())
    const closed = await Promise.race([db.close(), late])
    for (const { pid } of silent) process.kill(pid, 'SIGCONT')
    assert.equal(closed, undefined)
  })

  it('does not wait for ever for another process that holds the database', async () => {
    const url = await server().createDatabase()
    const db = await openDatabase({ url, limits: { lockMs: 300 } })
    const other = await openDatabase({ url })
    let release: () => void = () => undefined
    let begun: () => void = () => undefined
    const running = new Promise<void>((resolve) => {
      begun = resolve
    })
    const held = other.transaction(() => {
      begun()
      return new Promise<void>((resolve) => {
        release = resolve
      })
    })
    await running
    await assert.rejects(db.run(SET, ['a', 'b']), withCode('busy'))
    release()
    await held
    await db.run(SET, ['a', 'b'])
    await db.close()
    await other.close()
  })

  it('a start waits for another process that brings the schema up to date, and says so, but not for ever', async () => {
    const url = await server().createDatabase()
    const other = new pg.Client(url)
    await other.connect()
    // The lock that migrations are made under.
    await other.query('BEGIN; SELECT pg_advisory_xact_lock(32481134326802543)')
    const limits = { lockMs: 100 }
    await assert.rejects(openDatabase({ url, limits, migrationMs: 0 }), withCode('busy'))
    const told: string[] = []
    const opening = openDatabase({ url, limits, onWait: (reason) => told.push(reason) })
    await until('it is told twice', () => told.length > 1)
    assert.match(told[0] ?? '', /another process holds the database, .* waiting for it since \d+ s/)
    await other.query('COMMIT')
    await other.end()
    const db = await opening
    await db.run(SET, ['a', 'b'])
    await db.close()
  })

  it('runs transactions of two processes one after another', async () => {
    const url = await server().createDatabase()
    const both = [await openDatabase({ url }), await openDatabase({ url })]
    await both[0]?.run(SET, ['count', '0'])
    const work = Array.from({ length: 60 }, (_, i) =>
      both[i % 2]?.transaction(async (sql) => {
        const [row] = await sql.all<{ value: string }>('SELECT value FROM settings')
        await sql.run('UPDATE settings SET value = ?', [String(Number(row?.value) + 1)])
      }),
    )
    await Promise.all(work)
    assert.deepEqual((await both[0]?.all('SELECT value FROM settings'))?.[0], { value: '60' })
    for (const db of both) await db.close()
  })

  it('opens a new database from several processes at once', async () => {
    const url = await server().createDatabase()
    const opened = await Promise.all(Array.from({ length: 4 }, () => openDatabase({ url })))
    assert.equal((await opened[3]?.all('SELECT version FROM schema_versions'))?.length, MIGRATIONS.length)
    for (const db of opened) await db.close()
  })

  it('writes nothing from the moment on when another process has brought a newer schema, and reads nothing', async () => {
    const url = await server().createDatabase()
    const both = [await openDatabase({ url }), await openDatabase({ url })]
    for (const [i, db] of both.entries()) await db.run(SET, [`before ${i}`, 'x'])
    // Without a word, so that it is the writing that finds it out.
    await ask(url, NEWER)
    for (const db of both) {
      await assert.rejects(db.run(SET, ['after', 'x']), (error) => {
        assert.ok(withCode('newer')(error))
        assert.match(
          String(error),
          /has schema 99, and this program knows \d+: it was written by a newer version, use that one/,
        )
        return true
      })
      await assert.rejects(Promise.all([db.all('SELECT 1'), db.run(SET, ['later', 'x'])]), withCode('newer'))
      await assert.rejects(db.notify('leases', 'x'), withCode('newer'))
    }
    await ask(url, 'DELETE FROM schema_versions WHERE version = 99')
    for (const db of both) {
      await assert.rejects(db.all('SELECT 1'), withCode('newer'), 'rows of the other layout stay')
      await db.close()
    }
    const again = await openDatabase({ url })
    assert.equal((await again.all('SELECT name FROM settings')).length, 2)
    await again.close()
  })

  it('reads nothing any more as soon as it hears of a newer schema, or finds it out by itself', async (t) => {
    // Nobody looks by itself until this clock goes on.
    t.mock.timers.enable({ apis: ['setInterval'] })
    const [told, untold] = [await server().createDatabase(), await server().createDatabase()]
    const both = [await openDatabase({ url: told }), await openDatabase({ url: untold })] as const
    const refusing = async (db: (typeof both)[number]): Promise<boolean> => {
      const answer = await db.all('SELECT 1').catch((error: unknown) => error)
      if (Array.isArray(answer)) return false
      assert.ok(withCode('newer')(answer), String(answer))
      return true
    }
    await ask(told, `${NEWER}; NOTIFY sekisho, E'schema\\n'`)
    await until('whoever was told reads no more', () => refusing(both[0]))
    await ask(untold, NEWER)
    assert.equal(await refusing(both[1]), false)
    t.mock.timers.tick(5000)
    await until('whoever was not told finds it out', () => refusing(both[1]))
    for (const db of both) await db.close()
  })

  it('tells all others when it changes the schema, and nobody when it does not', async () => {
    const url = await server().createDatabase()
    const db = await openDatabase({ url })
    const listener = new pg.Client({ connectionString: url })
    const heard: (string | undefined)[] = []
    listener.on('notification', ({ payload }) => heard.push(payload))
    await listener.connect()
    await listener.query('LISTEN sekisho')
    // Of the newest version, what it made.
    await ask(url, 'DELETE FROM schema_versions WHERE version = 9')
    await ask(url, 'ALTER TABLE reference_sets DROP COLUMN matched_values')
    const next = await openDatabase({ url })
    const third = await openDatabase({ url })
    await db.notify('leases', 'last')
    await until('the last is heard', () => heard.includes('leases\nlast'))
    assert.deepEqual(heard, ['schema\n', 'leases\nlast'])
    await db.all('SELECT 1')
    for (const one of [db, next, third]) await one.close()
    await listener.end()
  })

  it('makes commits durable even where the server’s default is not', async () => {
    const url = await server().createDatabase()
    await ask(url, `ALTER DATABASE ${new URL(url).pathname.slice(1)} SET synchronous_commit = off`)
    const db = await openDatabase({ url })
    const [row] = await db.transaction((sql) =>
      sql.all<{ s: string }>("SELECT current_setting('synchronous_commit') AS s"),
    )
    assert.equal(row?.s, 'on')
    await db.close()
  })
})

describe('URL of a database', () => {
  it('that is none is refused without being repeated', async () => {
    for (const url of ['mysql://user:canary@host/db', 'canary', 'postgres://user:canary@host:port:port/db']) {
      await assert.rejects(openDatabase({ url, patienceMs: 0 }), (error) => {
        assert.ok(error instanceof TypeError || withCode('unavailable', 'permission')(error), String(error))
        assert.doesNotMatch(String(error), /canary/)
        return true
      })
    }
  })
})

async function ask(url: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query(text)
  await client.end()
}

async function endSessions(url: string, which: string): Promise<void> {
  await ask(
    url,
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE datname = current_database() AND application_name = 'sekisho' AND (${which})`,
  )
}
