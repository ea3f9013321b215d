import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'

/** Patience, not a promise: six processes share a machine that may be slow. */
const PATIENCE_MS = 60_000

/**
 * Looks again and again until it is so.
 *
 * @param said what a process said in the meantime, for the message
 * @throws AssertionError after a minute
 */
export async function until(
  what: string,
  isSo: () => boolean | Promise<boolean>,
  said: () => string = () => '',
): Promise<void> {
  const end = performance.now() + PATIENCE_MS
  while (!(await isSo())) {
    assert.ok(performance.now() < end, `${what}: not within a minute ${said()}`)
    await pause(100)
  }
}
