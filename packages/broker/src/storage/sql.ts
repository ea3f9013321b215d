/**
 * A value of a column or a parameter. BIGINT columns come back as numbers (safe integers), BLOB
 * columns as `Uint8Array`. Strings hold no NUL character, bigints and whole numbers are safe integers.
 */
export type SqlValue = string | number | bigint | Uint8Array | null

/** One row: column name to value. */
export type Row = Readonly<Record<string, SqlValue>>

/**
 * Statements in the common subset of SQLite and PostgreSQL, with `?` for parameters.
 *
 * @throws StorageError from both members
 */
export interface Sql {
  /** The rows of a query (or of a change with RETURNING). */
  all<T extends Row>(text: string, params?: readonly SqlValue[]): Promise<readonly T[]>
  /** Makes a change; the number of rows it touched. */
  run(text: string, params?: readonly SqlValue[]): Promise<number>
}

/** What listens to notices. */
export type NoticeListener = (payload: string) => void

/** The checkpoint's storage: one embedded SQLite database, or one PostgreSQL that several processes share. */
export interface Database extends Sql {
  readonly kind: 'sqlite' | 'postgres'
  /**
   * Runs `work` with its writes in one transaction; resolves with its result only when they are on
   * disk. Works run one after another, across all processes of the database, and those that wait
   * together are committed together. A work that throws, or in which a statement failed (even when
   * it caught the error), is rolled back alone. `work` must not wait for anything but its own
   * statements: it holds up everyone else, and is rolled back after ten seconds.
   *
   * @throws DatabaseBusyError when too many wait; StorageError; whatever `work` throws
   */
  transaction<T>(work: (sql: Sql) => Promise<T>): Promise<T>
  /** Sends `payload` (at most 7,000 bytes of UTF-8) to all listeners of `channel`, in every process of the database. */
  notify(channel: string, payload: string): Promise<void>
  /**
   * Calls `on` for every notice sent on `channel` from now on, until the returned function is
   * called. After a lost connection `onGap` is called: notices may have been missed, so look again.
   */
  listen(channel: string, on: NoticeListener, onGap?: () => void): () => void
  /**
   * Resolves while writing works, by the last write. After one that failed for want of a disk, one is tried each time it is
   * asked, but not more often than every five seconds; of a server that is away or follows another, each time.
   *
   * @throws StorageError of the last write: `full`, `io`, `permission`, `corrupt`, `unavailable`
   */
  writing(): Promise<void>
  /** Lets what is waiting finish, then lets go of the database. */
  close(): Promise<void>
}
