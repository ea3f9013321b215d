import { settleNow } from '#crypto'
import type { Job, PublicKey, SignatureJob } from '../../src/crypto/jobs.ts'
import type { Story } from '../../src/crypto/story.ts'

/**
 * Signature checks that a subject needed while it was undamaged, with their outcomes. A job is a pure function of its
 * bytes, so where a damaged subject asks for the very same one (scheme, key, data and signature byte for byte), OpenSSL
 * is not asked again. Every check that the damage can reach is another job, and is made.
 */
export class KnownChecks {
  readonly #known: SignatureJob[] = []

  /** Tells the story of an undamaged subject to its end, and keeps its checks. */
  learn<T>(story: Story<T>): T {
    return this.#tell(story, (jobs) => {
      this.#known.push(...jobs.filter((job) => job.kind === 'signature'))
    })
  }

  /** Tells a story to its end; checks that are known are not made again, and nothing of it is kept. */
  tell<T>(story: Story<T>): T {
    return this.#tell(story, () => undefined)
  }

  #tell<T>(story: Story<T>, settled: (jobs: readonly Job[]) => void): T {
    for (;;) {
      const turn = story.next()
      if (turn.done === true) return turn.value
      for (const job of turn.value) if (job.kind === 'signature' && job.result === undefined) this.#recall(job)
      settleNow(turn.value)
      settled(turn.value)
    }
  }

  #recall(job: SignatureJob): void {
    const same = this.#known.find((one) => isSame(one, job))
    if (same?.result !== undefined) job.result = same.result
    else job.key.handle ??= this.#known.find((one) => isSameKey(one.key, job.key))?.key.handle
  }
}

function isSame(a: SignatureJob, b: SignatureJob): boolean {
  return (
    isEqual(a.signature, b.signature) &&
    isEqual(a.data, b.data) &&
    isSameKey(a.key, b.key) &&
    a.scheme === b.scheme &&
    a.anySalt === b.anySalt
  )
}

function isSameKey(a: PublicKey, b: PublicKey): boolean {
  return a.kind === b.kind && isEqual(a.bytes, b.bytes)
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && Buffer.compare(a, b) === 0
}
