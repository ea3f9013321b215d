import { StorageError, type StorageErrorCode } from '../storage/errors.ts'

/**
 * Does something with each, one after another, whatever becomes of the others; but no more once there is no database, for
 * each would wait for it anew.
 *
 * @throws when all were tried: what failed, or an AggregateError that says what did, each once
 */
export async function each<T>(
  items: Iterable<T> | AsyncIterable<T>,
  work: (item: T) => Promise<unknown>,
): Promise<void> {
  const failed = new Map<string, unknown>()
  const note = (error: unknown): void => {
    const words = error instanceof Error ? error.message : String(error)
    const counts = failed.size < MOST || (error instanceof StorageError && GONE.has(error.code))
    if (counts && !failed.has(words)) failed.set(words, error)
  }
  try {
    for await (const item of items) {
      try {
        await work(item)
      } catch (error) {
        note(error)
        if (error instanceof StorageError && GONE.has(error.code)) break
      }
    }
  } catch (error) {
    // No further item is to be had.
    note(error)
  }
  if (failed.size === 0) return
  const errors = [...failed.values()]
  // It ends the process, and is not to be lost among others.
  const newer = errors.find((error) => error instanceof StorageError && error.code === 'newer')
  throw newer ?? (errors.length === 1 ? errors[0] : new AggregateError(errors, [...failed.keys()].join('; ')))
}

const GONE: ReadonlySet<StorageErrorCode> = new Set(['unavailable', 'closed', 'newer'])

/** So many different failures are told. */
const MOST = 8
