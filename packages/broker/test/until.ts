import assert from 'node:assert/strict'

/** Patience, not a promise: six processes share a machine that may be slow. */
const PATIENCE_MS = 60_000

/** Looks again and again until it is so. @throws AssertionError with `what` after a minute */
export async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + PATIENCE_MS
  while (!(await isSo())) {
    assert.ok(performance.now() < end, `${what}: not within a minute`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
