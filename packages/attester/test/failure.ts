import assert from 'node:assert/strict'

/** The error that a promise ends with, of this class. */
export async function failure<E extends Error>(
  promise: Promise<unknown>,
  kind: abstract new (...args: never[]) => E,
): Promise<E> {
  const outcome = await promise.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (outcome instanceof kind) return outcome
  throw new assert.AssertionError({ message: `expected ${kind.name}`, actual: outcome, expected: kind.name })
}
