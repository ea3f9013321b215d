import { StorageError, type StorageErrorCode } from './errors.ts'
import { removeSetting, writeSetting } from './settings.ts'
import type { Sql } from './sql.ts'

/** What a disk says that takes no more, or a server that is away or follows another, not what is wrong with one statement. */
const FAILING: ReadonlySet<StorageErrorCode> = new Set(['full', 'io', 'permission', 'corrupt', 'unavailable'])

const TRY_EVERY_MS = 5000

/** As much as a piece of evidence: the last free page of a file says nothing of the next release. */
const TRIED_CHARACTERS = 64 * 1024
const TRIED = 'write-tried'

/** Whether writing works, by the last write that was tried. */
export class WriteHealth {
  #failure: StorageError | undefined
  #triedAt = 0
  #trying: Promise<void> | undefined

  /** Something failed: only what says that no write succeeds counts. */
  failed(error: unknown): void {
    if (!(error instanceof StorageError) || !FAILING.has(error.code)) return
    this.#failure = error
    this.#triedAt = performance.now()
  }

  /** Something was written, and is on disk. */
  wrote(): void {
    this.#failure = undefined
  }

  /**
   * Resolves while writing works. After a write that failed, one is tried, but not more often than every five seconds: of a server that
   * is away, each time, since nothing is written until it is back.
   *
   * @throws StorageError of the last write that failed
   */
  async check(transaction: (work: (sql: Sql) => Promise<unknown>) => Promise<unknown>): Promise<void> {
    if (this.#failure === undefined) return
    if (this.#failure.code === 'unavailable' || performance.now() - this.#triedAt >= TRY_EVERY_MS)
      this.#trying ??= this.#try(transaction).finally(() => {
        this.#trying = undefined
      })
    await this.#trying
    if (this.#failure !== undefined) throw this.#failure
  }

  async #try(transaction: (work: (sql: Sql) => Promise<unknown>) => Promise<unknown>): Promise<void> {
    this.#triedAt = performance.now()
    try {
      await transaction((sql) => writeSetting(sql, TRIED, 'x'.repeat(TRIED_CHARACTERS)))
      await transaction((sql) => removeSetting(sql, TRIED))
    } catch (error) {
      this.failed(error)
      if (!(error instanceof StorageError)) throw error
    }
  }
}
