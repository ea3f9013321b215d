import { createHash } from 'node:crypto'
import type { CacheEntry, CollateralCache } from './cache.ts'
import { CollateralError } from './errors.ts'
import type { HttpClient } from './http.ts'
import type { Progress, Window } from './types.ts'

/** An answer of a service, fetched now or before. */
export interface Answer {
  readonly body: Uint8Array
  /** The headers a part asked to keep, names in lower case. */
  readonly headers: Readonly<Record<string, string>>
}

/** One thing that can be asked of a service, and how its answer is judged. */
export interface Part<T> {
  /** In words, for people. */
  readonly what: string
  readonly url: URL
  /** Asked with POST; what is asked is part of what the answer is kept under. */
  readonly body?: Uint8Array
  readonly maxBytes: number
  /** Headers that belong to the answer, in lower case. */
  readonly keep: readonly string[]
  /** Media type of `body` and of the answer. */
  readonly media?: Readonly<Record<'content-type' | 'accept', string>>
  /** Sent with the request and kept nowhere. */
  readonly secrets?: Readonly<Record<string, string>>
  /** Age in milliseconds after which the service is asked again, though the answer may still be valid. */
  readonly freshMs: number
  /** Issued again and again, each taking the place of the one before: an older one than is held is no answer. */
  readonly dated?: true
  /**
   * Throws unless the answer is well-formed, of the kind that was asked for, and signed by whom it should be.
   * @param at milliseconds since 1970, for what is only good for a time; whether `at` is within the window is not its concern
   */
  check(answer: Answer, at: number): Checked<T> | Promise<Checked<T>>
}

/** An answer that passed its check, and when it is valid. */
export interface Checked<T> extends Window {
  readonly value: T
}

/** What {@link obtainer} works with. */
export interface ObtainSurroundings {
  /** Undefined where nothing may be asked. */
  readonly http: HttpClient | undefined
  readonly cache: CollateralCache | undefined
  readonly now: () => Date
  /** What has ended is given where nothing better is held, and never kept. */
  readonly giveEnded?: boolean
  /** Bounds `freshMs` of parts that are dated. */
  readonly freshMs?: number
  /** Parts that are dated and were fetched before this time are asked for again; milliseconds since 1970. */
  readonly since?: () => number
  readonly onProgress: (progress: Progress) => void
}

/** Gives checked answers. The same part asked for twice at the same time is fetched once. */
export type Obtain = <T>(part: Part<T>) => Promise<Checked<T>>

/**
 * Makes a function that gives answers from the cache while they are fresh, else from the network. An answer is
 * put into the cache only after its check, and what comes out of the cache is checked like an answer. When
 * the service does not give a good answer, or one that is older, the one from the cache is used for as long as it is valid.
 * Without a network it is used at any age, and what is not there is `not-found`.
 */
export function obtainer(around: ObtainSurroundings): Obtain {
  const underway = new Map<string, Promise<Checked<unknown>>>()
  return async <T>(part: Part<T>): Promise<Checked<T>> => {
    const key = keyOf(part)
    const known = underway.get(key) as Promise<Checked<T>> | undefined
    if (known !== undefined) return known
    const fetching = obtain(part, around).finally(() => underway.delete(key))
    underway.set(key, fetching)
    return fetching
  }
}

/** What an answer is kept under: the URL, and of a question that is not in it the digest. */
function keyOf({ url, body }: Part<unknown>): string {
  return body === undefined ? url.href : `${url.href} ${createHash('sha256').update(body).digest('hex')}`
}

async function obtain<T>(part: Part<T>, around: ObtainSurroundings): Promise<Checked<T>> {
  const { what, url } = part
  const { host } = url
  const { http } = around
  const held = await fromCache(part, around)
  const ageMs = held === undefined ? Number.POSITIVE_INFINITY : around.now().getTime() - held.fetched
  const freshMs = part.dated === true ? Math.min(part.freshMs, around.freshMs ?? part.freshMs) : part.freshMs
  const isCalledOld = part.dated === true && held !== undefined && held.fetched < (around.since?.() ?? 0)
  if (held !== undefined && (http === undefined || (!isCalledOld && ageMs >= 0 && ageMs < freshMs))) {
    around.onProgress({ step: 'cached', what, host, ageMs })
    return held.checked
  }
  if (http === undefined)
    throw new CollateralError('not-found', `the cache has nothing of ${host} that is valid now: ${what}`)
  try {
    return await fromNetwork(part, held?.checked, http, around)
  } catch (error) {
    if (held === undefined || !(error instanceof CollateralError) || error.code === 'aborted') throw error
    around.onProgress({ step: 'stale-but-valid', what, host, ageMs, reason: error.message })
    return held.checked
  }
}

interface Held<T> {
  readonly checked: Checked<T>
  readonly fetched: number
}

async function fromCache<T>(part: Part<T>, { cache, http, now }: ObtainSurroundings): Promise<Held<T> | undefined> {
  const entry = await cache?.get(keyOf(part))
  if (entry === undefined) return undefined
  try {
    const checked = await checkAnswer(part, entry, now().getTime())
    // Nothing was fetched before it began: the clock is behind, and may be right again soon.
    if (now().getTime() < checked.from) return undefined
    inWindow(part, checked, now().getTime())
    return { checked, fetched: entry.fetched }
  } catch (error) {
    if (!(error instanceof CollateralError)) throw error
    // Nothing takes its place where nothing may be asked.
    if (http !== undefined) await cache?.drop(keyOf(part))
    return undefined
  }
}

async function fromNetwork<T>(
  part: Part<T>,
  held: Checked<T> | undefined,
  http: HttpClient,
  around: ObtainSurroundings,
): Promise<Checked<T>> {
  const { what, url, body, maxBytes, media, secrets } = part
  const { host } = url
  around.onProgress({ step: 'fetching', what, host })
  const response = await http.ask({
    url,
    maxBytes,
    headers: { ...media, ...secrets },
    ...(body === undefined ? {} : { body }),
    onWait: (waitMs) => around.onProgress({ step: 'waiting', what, host, waitMs }),
  })
  const headers: Record<string, string> = {}
  for (const name of part.keep) {
    const value = response.headers[name]
    if (typeof value === 'string') headers[name] = value
  }
  const answer: Answer = { body: response.body, headers }
  const fetched = around.now().getTime()
  const checked = await checkAnswer(part, answer, fetched)
  if (around.giveEnded === true && held === undefined && checked.from <= fetched && fetched > checked.to) {
    around.onProgress({ step: 'fetched', what, host })
    return checked
  }
  inWindow(part, checked, fetched)
  if (part.dated && held !== undefined && checked.from < held.from) {
    const [older, newer] = [isoTime(checked.from), isoTime(held.from)]
    throw new CollateralError('stale', `${host} gave a ${what} of ${older}, older than that of ${newer}`, { host })
  }
  around.onProgress({ step: 'fetched', what, host })
  await keep(part, { ...answer, fetched, expires: checked.to }, around)
  return checked
}

// A full or read-only disk must not stop a verification that has what it needs.
async function keep<T>(part: Part<T>, entry: CacheEntry, { cache, onProgress }: ObtainSurroundings): Promise<void> {
  try {
    await cache?.put(keyOf(part), entry)
  } catch (error) {
    if (!(error instanceof CollateralError)) throw error
    onProgress({ step: 'not-kept', what: part.what, host: part.url.host, reason: error.message })
  }
}

async function checkAnswer<T>(part: Part<T>, answer: Answer, at: number): Promise<Checked<T>> {
  const { host } = part.url
  try {
    return await part.check(answer, at)
  } catch (cause) {
    // Parsers and OpenSSL throw many kinds of error for bytes that are not what they should be: all mean the same here.
    if (!(cause instanceof Error)) throw cause
    const code = cause instanceof CollateralError ? cause.code : 'bad-answer'
    throw new CollateralError(code, `${host} did not give the ${part.what}: ${cause.message.slice(0, 200)}`, {
      host,
      cause,
    })
  }
}

function inWindow(part: Part<unknown>, { from, to }: Window, now: number): void {
  if (from <= now && now <= to) return
  const { host } = part.url
  const [fault, at] = now > to ? ['ended', to] : ['begins only', from]
  const clock = isoTime(now)
  throw new CollateralError(
    'stale',
    `${host} gave a ${part.what} whose validity ${fault} at ${isoTime(at)}; this machine's clock says ${clock}`,
    { host },
  )
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString()
}
