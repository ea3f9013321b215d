import { StorageError } from '../storage/errors.ts'

/**
 * Does something with each, one after another, whatever becomes of the others.
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
    if (failed.size < MOST && !failed.has(words)) failed.set(words, error)
  }
  try {
    for await (const item of items) await work(item).catch(note)
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

/** So many different failures are told. */
const MOST = 8
