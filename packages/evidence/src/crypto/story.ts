import { settle, settleNow } from '#crypto'
import type { Job } from './jobs.ts'

/**
 * A verification, told in turns: it hands out all cryptography that it can name so far, and goes on when that is
 * settled. Nothing of it runs before the first turn.
 */
export type Story<T> = Generator<readonly Job[], T, void>

/** Tells a story to its end, on any runtime. What it throws, the promise is rejected with. */
export async function tell<T>(story: Story<T>): Promise<T> {
  for (;;) {
    const turn = story.next()
    if (turn.done === true) return turn.value
    await settle(turn.value)
  }
}

/** As {@link tell}, without waiting. @throws TypeError where the runtime's cryptography is asynchronous */
export function tellNow<T>(story: Story<T>): T {
  for (;;) {
    const turn = story.next()
    if (turn.done === true) return turn.value
    settleNow(turn.value)
  }
}
