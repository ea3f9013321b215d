import { DatabaseBusyError, StorageError } from './errors.ts'
import type { Row, Sql, SqlValue } from './sql.ts'
import { WriteHealth } from './write-health.ts'

/** A connection that can hold one transaction. Its errors are {@link StorageError}s. */
export interface Writer extends Sql {
  begin(): Promise<void>
  savepoint(): Promise<void>
  release(): Promise<void>
  /** Undoes everything since {@link savepoint}. Throws when the whole transaction is lost. */
  rollbackToSavepoint(): Promise<void>
  /** Resolves when what the transaction wrote is on disk. */
  commit(): Promise<void>
  /** Ends the transaction, if there is one; never throws. */
  rollback(): Promise<void>
}

/**
 * Something that gathers writes in memory while a batch runs, and writes them at its end. The log
 * does, so that its head is read and written once a batch.
 */
export interface BatchMember {
  /** A function that takes the member back to where it is now. */
  mark(): () => void
  flush(sql: Sql): Promise<void>
}

/** What the members of a batch see of the unit that uses them. */
export interface UnitContext {
  /**
   * The member that belongs to `key`, created by the first unit of the batch that asks for it. A
   * member that could not be created is not kept.
   *
   * @throws StorageError `usage` when the unit has ended already
   */
  member<T extends BatchMember>(key: object, create: (sql: Sql) => Promise<T>): Promise<T>
  /** @throws StorageError `usage` when the unit has ended already */
  check(): void
}

/** How much may wait and how long things may take. */
export interface UnitLimits {
  /** Units that may wait. */
  readonly queue: number
  /** Milliseconds after which a unit that has not begun is not begun any more. */
  readonly waitMs: number
  /** Milliseconds a unit's work may take. */
  readonly unitMs: number
  /** Milliseconds after which a batch takes in no further units. */
  readonly batchMs: number
  /** Milliseconds to wait for another process that is in the middle of a batch. */
  readonly lockMs: number
  /** Milliseconds to wait for a connection to read by; SQLite has one. */
  readonly connectMs: number
}

/** Limits that suit a server. */
export const UNIT_LIMITS: UnitLimits = {
  queue: 10_000,
  waitMs: 15_000,
  unitMs: 10_000,
  batchMs: 20,
  lockMs: 5_000,
  connectMs: 5_000,
}

/** The context of the unit that `sql` belongs to, or undefined when it belongs to none. */
export function unitOf(sql: Sql): UnitContext | undefined {
  return sql instanceof Unit ? sql : undefined
}

interface Waiting {
  readonly since: number
  readonly work: (sql: Sql) => Promise<unknown>
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
}

/** Runs units one after another and commits together those that wait together. */
export class UnitQueue {
  readonly health: WriteHealth = new WriteHealth()
  readonly #writer: Writer
  readonly #limits: UnitLimits
  readonly #waiting: Waiting[] = []
  #running: Promise<void> | undefined
  #closed = false

  constructor(writer: Writer, limits: UnitLimits) {
    this.#writer = writer
    this.#limits = limits
  }

  /** See `Database.transaction`. */
  add<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
    if (this.#closed) return Promise.reject(closedError())
    if (this.#waiting.length >= this.#limits.queue) {
      return Promise.reject(new DatabaseBusyError(`${this.#waiting.length} transactions wait already`))
    }
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({ since: performance.now(), work, resolve: (value) => resolve(value as T), reject })
      this.#running ??= this.#run()
    })
  }

  /** Refuses further units and resolves when the waiting ones are done. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#running
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      // Callers that the last batch woke up, or whose request is being read right now, join this one.
      await new Promise((resolve) => setImmediate(resolve))
      await this.#runBatch()
    }
    this.#running = undefined
  }

  /** Where each waits for a lock of somebody else's, the last would wait for as many as are before it. */
  #refuseLate(): void {
    const before = performance.now() - this.#limits.waitMs
    const late = this.#waiting.findIndex(({ since }) => since >= before)
    for (const { reject } of this.#waiting.splice(0, late === -1 ? this.#waiting.length : late))
      reject(new DatabaseBusyError(`the transaction waited longer than ${this.#limits.waitMs} ms and was not begun`))
  }

  async #runBatch(): Promise<void> {
    const batch = new Batch(this.#writer, this.#limits.unitMs)
    const done: { readonly waiting: Waiting; readonly value: unknown }[] = []
    let current: Waiting | undefined
    let begun = false
    try {
      await this.#writer.begin()
      begun = true
      this.#refuseLate()
      const end = performance.now() + this.#limits.batchMs
      do {
        current = this.#waiting.shift()
        if (current === undefined) break
        const outcome = await batch.run(current.work)
        if ('error' in outcome) {
          this.health.failed(outcome.error)
          current.reject(outcome.error)
        } else done.push({ waiting: current, value: outcome.value })
        current = undefined
      } while (performance.now() < end)
      await batch.flush()
      await this.#writer.commit()
      if (batch.changed) this.health.wrote()
    } catch (error) {
      this.health.failed(error)
      await this.#writer.rollback()
      for (const { waiting } of done) waiting.reject(error)
      current?.reject(error)
      // Without a transaction nobody gets further now: better told at once than one after the other.
      if (!begun) for (const waiting of this.#waiting.splice(0)) waiting.reject(error)
      return
    } finally {
      batch.end()
    }
    for (const { waiting, value } of done) waiting.resolve(value)
  }
}

function closedError(): StorageError {
  return new StorageError('closed', 'the database was closed')
}

type Outcome = { readonly value: unknown } | { readonly error: unknown }

/** Units that share one transaction. */
class Batch {
  readonly writer: Writer
  readonly members: Map<object, Promise<BatchMember>> = new Map()
  readonly #ready: BatchMember[] = []
  readonly #unitMs: number
  /** Whether any row was touched: a transaction that changed nothing writes nothing. */
  changed = false
  #timer: NodeJS.Timeout | undefined
  #onTimeout: (() => void) | undefined

  constructor(writer: Writer, unitMs: number) {
    this.writer = writer
    this.#unitMs = unitMs
  }

  /** Runs one unit. Throws only when the whole transaction is lost. */
  async run(work: (sql: Sql) => Promise<unknown>): Promise<Outcome> {
    const unit = new Unit(this)
    const marks = this.#ready.map((member) => member.mark())
    try {
      const value = await this.#inTime(unit, work)
      await unit.finish()
      return { value }
    } catch (error) {
      unit.stop()
      if (unit.touched) await this.writer.rollbackToSavepoint()
      for (const back of marks) back()
      for (const back of unit.joined) back()
      return { error }
    }
  }

  async flush(): Promise<void> {
    for (const member of this.#ready) await member.flush(this.writer)
  }

  end(): void {
    clearTimeout(this.#timer)
  }

  /** Takes in a member whose creation ended well. */
  add(member: BatchMember): void {
    this.#ready.push(member)
  }

  // One timer serves all units of the batch: setting one for each would cost as much as a statement.
  async #inTime(unit: Unit, work: (sql: Sql) => Promise<unknown>): Promise<unknown> {
    const late = new Promise<never>((_, reject) => {
      this.#onTimeout = () => {
        reject(
          new StorageError('timeout', `a transaction's work took longer than ${this.#unitMs} ms and was rolled back`),
        )
      }
    })
    this.#timer = this.#timer?.refresh() ?? setTimeout(() => this.#onTimeout?.(), this.#unitMs)
    return await Promise.race([work(unit), late])
  }
}

/** What a work is given: statements that count as one, and end with it. */
class Unit implements Sql, UnitContext {
  readonly #batch: Batch
  readonly joined: (() => void)[] = []
  #savepoint: Promise<void> | undefined
  #running = 0
  #failure: unknown
  #ended = false

  constructor(batch: Batch) {
    this.#batch = batch
  }

  get touched(): boolean {
    return this.#savepoint !== undefined
  }

  all<T extends Row>(text: string, params?: readonly SqlValue[]): Promise<readonly T[]> {
    return this.#guard((writer) => writer.all<T>(text, params))
  }

  run(text: string, params?: readonly SqlValue[]): Promise<number> {
    return this.#guard(async (writer) => {
      const touched = await writer.run(text, params)
      if (touched > 0) this.#batch.changed = true
      return touched
    })
  }

  check(): void {
    if (this.#ended) throw new StorageError('usage', 'a statement came after the end of its transaction')
  }

  async member<T extends BatchMember>(key: object, create: (sql: Sql) => Promise<T>): Promise<T> {
    this.check()
    const known = this.#batch.members.get(key)
    if (known !== undefined) return (await known) as T
    const created = create(this)
    this.#batch.members.set(key, created)
    try {
      const member = await created
      this.joined.push(member.mark())
      this.#batch.add(member)
      return member
    } catch (error) {
      this.#batch.members.delete(key)
      throw error
    }
  }

  async finish(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure
    if (this.#running > 0) {
      throw new StorageError('usage', "a transaction's work ended before its statements did: each must be awaited")
    }
    this.#ended = true
    if (this.touched) await this.#batch.writer.release()
  }

  stop(): void {
    this.#ended = true
  }

  async #guard<T>(statement: (writer: Writer) => Promise<T>): Promise<T> {
    this.check()
    // PostgreSQL refuses everything after a failed statement; SQLite would go on. Both refuse here.
    if (this.#failure !== undefined) throw this.#failure
    this.#running++
    try {
      this.#savepoint ??= this.#batch.writer.savepoint()
      await this.#savepoint
      this.check()
      return await statement(this.#batch.writer)
    } catch (error) {
      this.#failure ??= error
      throw error
    } finally {
      this.#running--
    }
  }
}
