import { settleNow } from '#crypto'
import type { Job, PublicKey, SignatureJob } from '../../src/crypto/jobs.ts'
import type { Story } from '../../src/crypto/story.ts'

/**
 * Signature checks that subjects needed before, with their outcomes. A job is a pure function of its
 * bytes, so where a damaged subject asks for the very same one (scheme, key, data and signature byte for byte), OpenSSL
 * is not asked again. Every check that the damage can reach is another job, and is made.
 */
export class KnownChecks {
  readonly #jobs = new Map<string, SignatureJob[]>()
  readonly #keys = new Map<string, PublicKey>()

  /** Tells the story of a subject to its end, and keeps its checks. */
  learn<T>(story: Story<T>): T {
    return this.#tell(story, (jobs) => {
      for (const job of jobs) if (job.kind === 'signature') this.#keep(job)
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

  #keep(job: SignatureJob): void {
    const place = latin1(job.signature)
    const known = this.#jobs.get(place) ?? []
    if (known.some((one) => isSame(one, job))) return
    this.#jobs.set(place, [...known, job])
    this.#keys.set(latin1(job.key.bytes), job.key)
  }

  #recall(job: SignatureJob): void {
    const same = this.#jobs.get(latin1(job.signature))?.find((one) => isSame(one, job))
    if (same?.result !== undefined) {
      job.result = same.result
      return
    }
    const key = this.#keys.get(latin1(job.key.bytes))
    if (key?.kind === job.key.kind) job.key.handle ??= key.handle
  }
}

function isSame(a: SignatureJob, b: SignatureJob): boolean {
  return (
    isEqual(a.signature, b.signature) &&
    isEqual(a.data, b.data) &&
    a.key.kind === b.key.kind &&
    isEqual(a.key.bytes, b.key.bytes) &&
    a.scheme === b.scheme &&
    a.anySalt === b.anySalt
  )
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && Buffer.compare(a, b) === 0
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}
