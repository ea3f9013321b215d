import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { DatabaseBusyError, StorageError } from '../../src/storage/errors.ts'
import type { Row, Sql } from '../../src/storage/sql.ts'
import { type BatchMember, UNIT_LIMITS, UnitQueue, unitOf, type Writer } from '../../src/storage/units.ts'

/** A connection that only notes what is asked of it, and fails where it is told to. */
class NotedWriter implements Writer {
  readonly notes: string[] = []
  failing: string | undefined

  begin = (): Promise<void> => this.#note('begin')
  savepoint = (): Promise<void> => this.#note('savepoint')
  release = (): Promise<void> => this.#note('release')
  rollbackToSavepoint = (): Promise<void> => this.#note('back')
  commit = (): Promise<void> => this.#note('commit')
  rollback = async (): Promise<void> => {
    this.notes.push('rollback')
  }
  all = async <T extends Row>(): Promise<readonly T[]> => []
  run = async (text: string): Promise<number> => {
    await this.#note(text)
    return 1
  }

  async #note(what: string): Promise<void> {
    this.notes.push(what)
    if (this.failing === what) throw new StorageError('io', `${what} failed`)
  }
}

const ioError = (error: unknown): boolean => error instanceof StorageError && error.code === 'io'

describe('group commit', () => {
  it('commits what waits together once, and resolves nobody before', async () => {
    const writer = new NotedWriter()
    const queue = new UnitQueue(writer, UNIT_LIMITS)
    const seen: (readonly string[])[] = []
    const units = ['a', 'b', 'c'].map((text) =>
      queue.add((sql) => sql.run(text)).then(() => seen.push([...writer.notes])),
    )
    await Promise.all(units)
    const expected = [
      'begin',
      'savepoint',
      'a',
      'release',
      'savepoint',
      'b',
      'release',
      'savepoint',
      'c',
      'release',
      'commit',
    ]
    assert.deepEqual(writer.notes, expected)
    for (const notes of seen) assert.deepEqual(notes, expected)
  })

  it('resolves nobody when the commit fails, and works again afterwards', async () => {
    const writer = new NotedWriter()
    const queue = new UnitQueue(writer, UNIT_LIMITS)
    writer.failing = 'commit'
    const outcomes = await Promise.allSettled(['a', 'b'].map((text) => queue.add((sql) => sql.run(text))))
    for (const outcome of outcomes) assert.ok(outcome.status === 'rejected' && ioError(outcome.reason))
    assert.equal(writer.notes.at(-1), 'rollback')
    writer.failing = undefined
    assert.equal(await queue.add((sql) => sql.run('c')), 1)
    assert.equal(writer.notes.at(-1), 'commit')
  })

  it('rejects all units of a transaction that is lost, and everyone who waits for one that cannot begin', async () => {
    const writer = new NotedWriter()
    const queue = new UnitQueue(writer, UNIT_LIMITS)
    writer.failing = 'back'
    const lost = [
      queue.add((sql) => sql.run('a')),
      queue.add(async (sql) => {
        await sql.run('b')
        throw new Error('no')
      }),
    ]
    for (const outcome of await Promise.allSettled(lost)) {
      assert.ok(outcome.status === 'rejected' && ioError(outcome.reason))
    }
    assert.ok(!writer.notes.includes('commit'))
    writer.failing = 'begin'
    const none = await Promise.allSettled(['c', 'd', 'e'].map((text) => queue.add((sql) => sql.run(text))))
    for (const outcome of none) assert.ok(outcome.status === 'rejected' && ioError(outcome.reason))
    assert.ok(!writer.notes.includes('c'))
  })

  it('begins nobody who has waited for too long behind others', async () => {
    const queue = new UnitQueue(new NotedWriter(), { ...UNIT_LIMITS, batchMs: 0, waitMs: 500 })
    const slow = queue.add(() => new Promise((resolve) => setTimeout(resolve, 600, 'done')))
    const late = ['a', 'b'].map((text) => queue.add((sql) => sql.run(text)))
    assert.equal(await slow, 'done')
    for (const outcome of await Promise.allSettled(late))
      assert.ok(outcome.status === 'rejected' && outcome.reason instanceof DatabaseBusyError)
    assert.equal(await queue.add((sql) => sql.run('c')), 1)
  })

  it('takes nobody down with a commit that fails who was not in it', async () => {
    const writer = new NotedWriter()
    const queue = new UnitQueue(writer, { ...UNIT_LIMITS, batchMs: 0 })
    writer.failing = 'commit'
    const first = queue.add((sql) => sql.run('a'))
    const second = queue.add(async (sql) => {
      writer.failing = undefined
      return sql.run('b')
    })
    await assert.rejects(first, ioError)
    assert.equal(await second, 1)
  })

  it('runs every unit exactly once, in order, whichever of them fail', async () => {
    const failing = fc.array(fc.boolean(), { minLength: 1, maxLength: 40 })
    await fc.assert(
      fc.asyncProperty(failing, fc.integer({ min: 0, max: 3 }), async (fails, batchMs) => {
        const writer = new NotedWriter()
        const queue = new UnitQueue(writer, { ...UNIT_LIMITS, batchMs })
        const outcomes = await Promise.allSettled(
          fails.map((fail, i) =>
            queue.add(async (sql) => {
              await sql.run(`unit ${i}`)
              if (fail) throw new Error(`${i}`)
              return i
            }),
          ),
        )
        for (const [i, fail] of fails.entries()) assert.equal(outcomes[i]?.status, fail ? 'rejected' : 'fulfilled')
        const ran = writer.notes.filter((note) => note.startsWith('unit'))
        assert.deepEqual(
          ran,
          fails.map((_, i) => `unit ${i}`),
        )
        const count = (what: string): number => writer.notes.filter((note) => note === what).length
        assert.equal(count('begin'), count('commit'))
        assert.equal(count('release'), fails.filter((fail) => !fail).length)
        assert.equal(count('back'), fails.filter((fail) => fail).length)
      }),
      { numRuns: 50 },
    )
  })
})

/** Adds up numbers in memory, and writes the sum at the end of the batch. */
class Sum implements BatchMember {
  value = 0
  mark = (): (() => void) => {
    const { value } = this
    return () => {
      this.value = value
    }
  }
  flush = async (sql: Sql): Promise<void> => {
    await sql.run(`sum ${this.value}`)
  }
}

describe('what is gathered during a batch', () => {
  const KEY = {}
  const adding =
    (value: number, then: () => void = () => undefined) =>
    async (sql: Sql) => {
      const sum = await unitOf(sql)?.member(KEY, async () => new Sum())
      if (sum !== undefined) sum.value += value
      then()
    }
  const fail = (): never => {
    throw new Error('no')
  }

  it('is written once, before the commit, without what failed units put into it', async () => {
    const writer = new NotedWriter()
    const queue = new UnitQueue(writer, UNIT_LIMITS)
    const units = [adding(1000, fail), adding(1), adding(100, fail), adding(2)]
    const outcomes = await Promise.allSettled(units.map((unit) => queue.add(unit)))
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ['rejected', 'fulfilled', 'rejected', 'fulfilled'],
    )
    assert.deepEqual(writer.notes, ['begin', 'sum 3', 'commit'])
  })

  it('is resolved with nobody when it cannot be written', async () => {
    const writer = new NotedWriter()
    const queue = new UnitQueue(writer, UNIT_LIMITS)
    writer.failing = 'sum 3'
    const outcomes = await Promise.allSettled([queue.add(adding(1)), queue.add(adding(2))])
    for (const outcome of outcomes) assert.ok(outcome.status === 'rejected' && ioError(outcome.reason))
    assert.deepEqual(writer.notes, ['begin', 'sum 3', 'rollback'])
  })

  it('is not kept when it could not be made: who needs it is told, and the next one makes it', async () => {
    const writer = new NotedWriter()
    const queue = new UnitQueue(writer, UNIT_LIMITS)
    const outcomes = await Promise.allSettled([
      queue.add(async (sql) => unitOf(sql)?.member(KEY, fail)),
      queue.add(async (sql) => unitOf(sql)?.member(KEY, async () => fail())),
      queue.add(adding(5)),
    ])
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ['rejected', 'rejected', 'fulfilled'],
    )
    assert.ok(writer.notes.includes('sum 5'))
  })

  it('is for units that have not ended', async () => {
    const queue = new UnitQueue(new NotedWriter(), UNIT_LIMITS)
    const ended = await queue.add(async (sql) => unitOf(sql))
    assert.throws(() => ended?.check(), { code: 'usage' })
    await assert.rejects(async () => ended?.member(KEY, async () => new Sum()), { code: 'usage' })
    assert.equal(unitOf(new NotedWriter()), undefined)
  })
})
