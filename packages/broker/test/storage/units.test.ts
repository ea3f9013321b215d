import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { StorageError } from '../../src/storage/errors.ts'
import type { Row } from '../../src/storage/sql.ts'
import { UNIT_LIMITS, UnitQueue, type Writer } from '../../src/storage/units.ts'

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
