/** A token bucket: `burst` requests at once, refilled at `perSecond`. */
export interface Rate {
  readonly perSecond: number
  readonly burst: number
}

interface Bucket {
  tokens: number
  /** Milliseconds of the monotonic clock at the last refill. */
  at: number
}

/** Bounds requests by key; forgets the key that was quiet longest when `maxKeys` are known. */
export interface RateLimiter {
  /** Takes one token. Undefined when there was one, else the whole seconds until there will be. */
  take(key: string): number | undefined
  readonly size: number
}

/**
 * Makes a limiter in bounded memory. It counts by a monotonic clock, so a wall clock that jumps changes nothing.
 */
export function rateLimiter(rate: Rate, maxKeys = 10_000, now: () => number = () => performance.now()): RateLimiter {
  const buckets = new Map<string, Bucket>()
  const refilled = (key: string): Bucket => {
    const at = now()
    const known = buckets.get(key)
    if (known === undefined) return { tokens: rate.burst, at }
    known.tokens = Math.min(rate.burst, known.tokens + ((at - known.at) / 1000) * rate.perSecond)
    known.at = at
    return known
  }
  const wait = (bucket: Bucket): number | undefined =>
    bucket.tokens >= 1 ? undefined : Math.max(1, Math.ceil((1 - bucket.tokens) / rate.perSecond))
  return {
    take(key) {
      const bucket = refilled(key)
      // Taken out and put back: a Map keeps insertion order, so the first key is the one quiet longest.
      buckets.delete(key)
      buckets.set(key, bucket)
      const oldest = buckets.size > maxKeys ? buckets.keys().next().value : undefined
      if (oldest !== undefined) buckets.delete(oldest)
      const seconds = wait(bucket)
      if (seconds === undefined) bucket.tokens -= 1
      return seconds
    },
    get size() {
      return buckets.size
    },
  }
}
