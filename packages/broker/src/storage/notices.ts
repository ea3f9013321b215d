import { StorageError } from './errors.ts'
import type { NoticeListener } from './sql.ts'

/** Bytes of UTF-8 a notice may have: PostgreSQL allows 8,000 with the channel's name. */
export const NOTICE_LIMIT = 7000

const CHANNEL = /^[a-z][a-z0-9_-]{0,62}$/

interface Entry {
  readonly on: NoticeListener
  readonly onGap: (() => void) | undefined
}

/** Who listens to what, in this process. */
export class Listeners {
  readonly #channels = new Map<string, Set<Entry>>()

  add(channel: string, on: NoticeListener, onGap: (() => void) | undefined): () => void {
    checkChannel(channel)
    const entry = { on, onGap }
    const entries = this.#channels.get(channel) ?? new Set()
    this.#channels.set(channel, entries.add(entry))
    return () => {
      entries.delete(entry)
      if (entries.size === 0 && this.#channels.get(channel) === entries) this.#channels.delete(channel)
    }
  }

  deliver(channel: string, payload: string): void {
    for (const { on } of [...(this.#channels.get(channel) ?? [])]) on(payload)
  }

  /** Tells everyone that notices may have been missed. */
  gap(): void {
    for (const entries of [...this.#channels.values()]) for (const { onGap } of [...entries]) onGap?.()
  }

  clear(): void {
    this.#channels.clear()
  }
}

/** @throws StorageError `usage` */
export function checkNotice(channel: string, payload: string): void {
  checkChannel(channel)
  const size = Buffer.byteLength(payload)
  if (size > NOTICE_LIMIT)
    throw new StorageError('usage', `a notice of ${size} bytes is over the limit of ${NOTICE_LIMIT}`)
  if (payload.includes('\0')) throw new StorageError('usage', 'a notice holds no NUL character')
}

function checkChannel(channel: string): void {
  if (!CHANNEL.test(channel))
    throw new StorageError('usage', 'the name of a channel is a-z, 0-9, _ and -, at most 63 characters')
}
