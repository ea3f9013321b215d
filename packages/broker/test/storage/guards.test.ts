import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import pg from 'pg'
import { openDatabase } from '../../src/storage/database.ts'
import { DatabaseBusyError, StorageError } from '../../src/storage/errors.ts'
import { checkNotice, Listeners, NOTICE_LIMIT } from '../../src/storage/notices.ts'
import {
  createClient,
  PostgresStatements,
  postgresError,
  postgresSettings,
} from '../../src/storage/postgres-session.ts'
import { SchemaWatch } from '../../src/storage/schema-watch.ts'
import { BoundedCache, checkParameters, splitAtParameters } from '../../src/storage/statements.ts'

const usage = { name: 'StorageError', code: 'usage' }

describe('a statement', () => {
  it('is split at its parameters, and not at marks inside of literals and names', () => {
    const parts = splitAtParameters(
      `SELECT '?', 'it''s ?', "a?b" FROM t WHERE a = ? AND b = '"' AND c = ? AND d = "'?"`,
    )
    assert.deepEqual(parts, [
      `SELECT '?', 'it''s ?', "a?b" FROM t WHERE a = `,
      ` AND b = '"' AND c = `,
      ` AND d = "'?"`,
    ])
    assert.deepEqual(splitAtParameters('SELECT 1'), ['SELECT 1'])
    const { text, values } = new PostgresStatements().query("SELECT '?' WHERE a = ? AND b = ?", [1, 'x'])
    assert.equal(text, "SELECT '?' WHERE a = $1 AND b = $2")
    assert.deepEqual(values, [1, 'x'])
  })

  it('takes the values that every database gives back as they are, and names the others by position alone', () => {
    const good = [Number.MAX_SAFE_INTEGER, -Number.MAX_SAFE_INTEGER, 2n ** 53n - 1n, -(2n ** 53n) + 1n, 1.5, '', null]
    checkParameters(8, [...good, new Uint8Array(0)])
    const bad = [
      2 ** 53,
      -(2 ** 53),
      2n ** 53n,
      -(2n ** 53n),
      Number.NaN,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      'canary\0',
    ]
    for (const value of bad)
      assert.throws(
        () => checkParameters(2, ['canary', value]),
        (error) => {
          assert.ok(error instanceof StorageError && error.code === 'usage')
          assert.match(error.message, /^parameter 2 /)
          assert.doesNotMatch(error.message, /canary/)
          return true
        },
        String(value),
      )
    for (const values of [[], [1], [1, 2, 3]])
      assert.throws(() => checkParameters(2, values), { ...usage, message: /2 parameters/ })
  })

  it('stays prepared while it is used: what was used longest ago makes room', () => {
    const made: string[] = []
    const cache = new BoundedCache<string>(2)
    const get = (key: string): string =>
      cache.get(key, () => {
        made.push(key)
        return key.toUpperCase()
      })
    for (const key of ['a', 'b', 'a', 'c', 'a', 'b']) assert.equal(get(key), key.toUpperCase())
    assert.deepEqual(made, ['a', 'b', 'c', 'b'])
    cache.clear()
    get('b')
    assert.equal(made.length, 5)
  })
})

describe('a notice', () => {
  it('has a channel with a name, and as many bytes as every database carries, none of them NUL', () => {
    checkNotice('leases', 'é'.repeat(NOTICE_LIMIT / 2))
    checkNotice('l'.repeat(63), 'x'.repeat(NOTICE_LIMIT))
    assert.throws(() => checkNotice('leases', 'x'.repeat(NOTICE_LIMIT + 1)), usage)
    assert.throws(() => checkNotice('leases', `${'é'.repeat(NOTICE_LIMIT / 2)}x`), usage)
    assert.throws(() => checkNotice('leases', 'a\0b'), usage)
    for (const channel of ['', 'l'.repeat(64), 'Leases', '1', 'a\nb', "x'"])
      assert.throws(() => checkNotice(channel, ''), usage, channel)
  })

  it('reaches those that listen and still do; all of them hear that some may be missing', () => {
    const heard: string[] = []
    const listeners = new Listeners()
    const stop = listeners.add(
      'a',
      (payload) => heard.push(`one ${payload}`),
      () => heard.push('gap one'),
    )
    listeners.add('a', (payload) => heard.push(`two ${payload}`), undefined)
    listeners.add(
      'b',
      (payload) => heard.push(`three ${payload}`),
      () => heard.push('gap three'),
    )
    listeners.deliver('a', 'x')
    listeners.gap()
    stop()
    stop()
    listeners.deliver('a', 'y')
    listeners.clear()
    listeners.deliver('b', 'z')
    assert.deepEqual(heard, ['one x', 'two x', 'gap one', 'gap three', 'two y'])
  })
})

describe('a schema that processes of several versions share', () => {
  it('ends the work of a program that does not know it, and stays seen', () => {
    const watch = new SchemaWatch(5)
    for (const rows of [[], [{ version: null }], [{ version: 4 }], [{ version: 5 }]]) {
      watch.see(rows)
      watch.check()
    }
    watch.see([{ version: 6 }])
    assert.throws(() => watch.check(), { code: 'newer', message: /schema 6, and this program knows 5/ })
    watch.see([{ version: 5 }])
    assert.throws(() => watch.check(), { code: 'newer' })
  })
})

const settings = (url: string, role: 'read' | 'write'): pg.ClientConfig =>
  postgresSettings({ url, sockets: new Set() }, role)

describe('a PostgreSQL that is talked to', () => {
  const URL_OF_ONE = 'postgres://user:canary@127.0.0.1:1/db'

  it('is named by a URL of its own kind, and no error shows the password in it', async () => {
    for (const url of ['mysql://user:canary@h/db', 'user:canary@h/db', ' postgres://h/db', '']) {
      const isRefused = (error: unknown): boolean => error instanceof TypeError && !/canary/.test(error.message)
      assert.throws(() => settings(url, 'write'), isRefused)
      await assert.rejects(openDatabase({ url, patienceMs: 0 }), isRefused)
    }
    assert.equal(settings('postgresql://h/db', 'write').connectionString, 'postgresql://h/db')
    assert.throws(() => createClient({ connectionString: 'postgres://user:canary@h:port/db' }), {
      name: 'TypeError',
      message: 'the URL of the database cannot be read',
    })
  })

  it('may change nothing through a connection for reading', () => {
    assert.match(settings(URL_OF_ONE, 'read').options ?? '', /default_transaction_read_only=on/)
    assert.equal(settings(URL_OF_ONE, 'write').options, undefined)
  })

  it('gives numbers as SQLite does, and none that is rounded', () => {
    const { types } = settings(URL_OF_ONE, 'read')
    const parse = (oid: number, text: string): unknown => types?.getTypeParser(oid)(text)
    assert.equal(parse(20, '9007199254740991'), Number.MAX_SAFE_INTEGER)
    assert.equal(parse(1700, '1.5'), 1.5)
    assert.throws(() => parse(20, '9007199254740993'), { code: 'corrupt' })
    assert.deepEqual([parse(16, 't'), parse(16, 'f')], [1, 0])
    assert.equal(parse(25, 'text'), 'text')
  })

  it('says in its codes what became of a statement, and quotes no value of a row', () => {
    const failed = (state: string): StorageError => {
      const error = new pg.DatabaseError('as the server says it', 1, 'error')
      return postgresError(Object.assign(error, { code: state, detail: 'Key (name)=(canary) already exists.' }))
    }
    for (const [state, code] of [
      ['53100', 'full'],
      ['53300', 'unavailable'],
      ['55P03', 'busy'],
      ['40001', 'busy'],
      ['40P01', 'busy'],
      ['57014', 'timeout'],
      ['57P01', 'unavailable'],
      ['25P03', 'unavailable'],
      ['08006', 'unavailable'],
      ['0A000', 'unavailable'],
      ['22001', 'usage'],
      ['23505', 'constraint'],
      ['28P01', 'permission'],
      ['3D000', 'permission'],
      ['42501', 'permission'],
      ['25006', 'usage'],
      ['58030', 'io'],
      ['XX001', 'corrupt'],
      ['XX002', 'corrupt'],
      ['42601', 'usage'],
      ['', 'usage'],
    ] as const) {
      const error = failed(state)
      assert.equal(error.code, code, state)
      assert.equal(error.cause, undefined, 'the details of the server quote values')
      assert.doesNotMatch(error.message, /canary/)
      assert.equal(error instanceof DatabaseBusyError, code === 'busy', state)
    }
    // What is wrong with a value is said with the value.
    assert.doesNotMatch(failed('22P02').message, /as the server says it/)
    const gone = postgresError(new AggregateError([new Error('no route'), new Error('refused')]))
    assert.equal(gone.code, 'unavailable')
    assert.match(gone.message, /no route, refused/)
    assert.equal(postgresError(gone), gone)
  })
})
