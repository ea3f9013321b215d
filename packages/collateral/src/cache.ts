import { createHash, randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { lstat, mkdir, open, readdir, rename, unlink, utimes } from 'node:fs/promises'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { CollateralError } from './errors.ts'

/** An answer of a service as the cache keeps it. */
export interface CacheEntry {
  readonly body: Uint8Array
  /** Headers that belong to the answer (issuer chains), names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** Milliseconds since 1970. */
  readonly fetched: number
  /** When the content ceases to be valid (nextUpdate, notAfter), milliseconds since 1970. */
  readonly expires: number
}

/** Keeps answers between calls. What it gives back is checked again by the caller, as if it came from the network. */
export interface CollateralCache {
  get(request: string): Promise<CacheEntry | undefined>
  put(request: string, entry: CacheEntry): Promise<void>
  /** Forgets one entry; nothing happens when there is none. */
  drop(request: string): Promise<void>
}

/** Where and how much a disk cache keeps. */
export interface DiskCacheOptions {
  /** Folder; made with mode 0700 when it does not exist. Default {@link defaultCacheFolder}. */
  readonly folder?: string
  /** Bound on the bytes of all entries; the least recently used go first. Default 64 MiB. */
  readonly maxBytes?: number
  /** The clock; default the system's. */
  readonly now?: () => Date
}

const MAGIC = 'sekisho-collateral 1'
const MAX_ENTRY = 8 * 1024 * 1024
const MAX_HEADER = 64 * 1024
const ABANDONED_MS = 3_600_000

/**
 * Opens a cache on disk. Any number of processes may share the folder: an entry is written to a file of
 * its own, synced, and renamed into place, so that a reader sees a whole entry or none. No lock is taken.
 * An entry that is damaged, cut short or of another request is deleted and counts as absent.
 *
 * @throws CollateralError `cache` from its methods when the folder cannot be used
 */
export function diskCache(options: DiskCacheOptions = {}): CollateralCache {
  const base = options.folder ?? ownCacheFolder()
  if (base === undefined) return NOWHERE
  const folder = join(base, 'v1')
  const maxBytes = options.maxBytes ?? 64 * 1024 * 1024
  const now = options.now ?? ((): Date => new Date())
  const pathOf = (request: string): string => join(folder, `${keyOf(request)}.entry`)
  return {
    async get(request: string): Promise<CacheEntry | undefined> {
      const path = pathOf(request)
      const bytes = await readBounded(path)
      if (bytes === undefined) return undefined
      const entry = decodeEntry(request, bytes)
      if (entry === undefined) {
        await remove(path)
        return undefined
      }
      await touch(path, now())
      return entry
    },
    async put(request: string, entry: CacheEntry): Promise<void> {
      const bytes = encodeEntry(request, entry)
      if (bytes.length > Math.min(MAX_ENTRY, maxBytes)) return
      await usable(folder, async () => {
        await mkdir(folder, { recursive: true, mode: 0o700 })
        await writeAtomically(folder, pathOf(request), bytes, now())
        await evict(folder, maxBytes, now().getTime())
      })
    },
    drop: (request: string): Promise<void> => remove(pathOf(request)),
  }
}

/** What users without a home have, as containers give some: they verify all the same, and keep nothing. */
const NOWHERE: CollateralCache = {
  get: () => Promise.resolve(undefined),
  put: () => Promise.reject(new CollateralError('cache', 'this user has no home for a cache: name a folder')),
  drop: () => Promise.resolve(),
}

function ownCacheFolder(): string | undefined {
  try {
    return defaultCacheFolder()
  } catch (error) {
    return absent(error)
  }
}

/** A cache for one process, without a disk; for programs that may not write. */
export function memoryCache(maxEntries = 256): CollateralCache {
  const held = new Map<string, CacheEntry>()
  return {
    get(request: string): Promise<CacheEntry | undefined> {
      const entry = held.get(request)
      if (entry !== undefined) {
        held.delete(request)
        held.set(request, entry)
      }
      return Promise.resolve(entry)
    },
    put(request: string, entry: CacheEntry): Promise<void> {
      held.delete(request)
      held.set(request, entry)
      for (const oldest of held.keys()) {
        if (held.size <= maxEntries) break
        held.delete(oldest)
      }
      return Promise.resolve()
    },
    drop(request: string): Promise<void> {
      held.delete(request)
      return Promise.resolve()
    },
  }
}

/**
 * The folder of this user's collateral cache: `$XDG_CACHE_HOME/sekisho` when that is an absolute path, else
 * the platform's usual place for caches.
 * @throws Error when the user has neither that nor a home
 */
export function defaultCacheFolder(
  environment: Readonly<Record<string, string | undefined>> = process.env,
  platform: string = process.platform,
  home?: string,
): string {
  const { XDG_CACHE_HOME: xdg, LOCALAPPDATA: local } = environment
  const own = (): string => home ?? homedir()
  if (xdg !== undefined && isAbsolute(xdg)) return join(xdg, 'sekisho')
  if (platform === 'darwin') return join(own(), 'Library', 'Caches', 'sekisho')
  if (platform === 'win32') return join(local ?? join(own(), 'AppData', 'Local'), 'sekisho', 'Cache')
  return join(own(), '.cache', 'sekisho')
}

function keyOf(request: string): string {
  return createHash('sha256').update(request).digest('hex')
}

// One line of JSON, then the body. The digest finds damage; whether the content is genuine is for its signatures to say.
function encodeEntry(request: string, entry: CacheEntry): Buffer {
  const { body, headers, fetched, expires } = entry
  const head = JSON.stringify({ magic: MAGIC, request, headers, fetched, expires, sha256: digestOf(request, entry) })
  return Buffer.concat([Buffer.from(`${head}\n`), body])
}

function decodeEntry(request: string, bytes: Buffer): CacheEntry | undefined {
  const end = bytes.subarray(0, MAX_HEADER).indexOf(0x0a)
  if (end < 0) return undefined
  const head = parseHead(bytes.toString('utf8', 0, end))
  if (head === undefined || head.request !== request) return undefined
  const { headers, fetched, expires, sha256 } = head
  const entry: CacheEntry = { body: new Uint8Array(bytes.subarray(end + 1)), headers, fetched, expires }
  return digestOf(request, entry) === sha256 ? entry : undefined
}

interface Head {
  readonly request: string
  readonly headers: Readonly<Record<string, string>>
  readonly fetched: number
  readonly expires: number
  readonly sha256: string
}

function parseHead(text: string): Head | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // Whatever the damage: the entry counts as absent.
    return undefined
  }
  if (typeof value !== 'object' || value === null) return undefined
  const { magic, request, headers, fetched, expires, sha256 } = value as Partial<Record<keyof Head | 'magic', unknown>>
  if (magic !== MAGIC || typeof request !== 'string' || typeof sha256 !== 'string') return undefined
  if (!isTime(fetched) || !isTime(expires) || !isTextRecord(headers)) return undefined
  return { request, headers, fetched, expires, sha256 }
}

function isTime(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function isTextRecord(value: unknown): value is Record<string, string> {
  return typeof value === 'object' && value !== null && Object.values(value).every((one) => typeof one === 'string')
}

function digestOf(request: string, { body, headers, fetched, expires }: CacheEntry): string {
  return createHash('sha256')
    .update(JSON.stringify([request, headers, fetched, expires]))
    .update('\n')
    .update(body)
    .digest('hex')
}

// Through no link, and not waiting for whoever would write into a pipe. Windows knows neither flag.
const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants
const READING = O_RDONLY | O_NOFOLLOW | O_NONBLOCK

async function readBounded(path: string): Promise<Buffer | undefined> {
  try {
    const file = await open(path, READING)
    try {
      const found = await file.stat()
      return found.isFile() && found.size <= MAX_ENTRY ? await file.readFile() : Buffer.alloc(0)
    } finally {
      await file.close()
    }
  } catch (error) {
    // Another process may have evicted it since: absent. Anything unreadable is as good as absent too, and is fetched again.
    if (isErrno(error)) return undefined
    throw error
  }
}

async function writeAtomically(folder: string, path: string, bytes: Buffer, at: Date): Promise<void> {
  const temporary = join(folder, `${randomBytes(12).toString('hex')}.partial`)
  try {
    const file = await open(temporary, 'wx', 0o600)
    try {
      await file.writeFile(bytes)
      await file.utimes(at, at)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await remove(temporary)
    throw error
  }
  await syncFolder(folder)
}

// The rename survives a power cut only when the folder was synced; systems that cannot sync a folder do it themselves.
async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, 'r')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  } catch (error) {
    if (!isErrno(error)) throw error
  }
}

async function evict(folder: string, maxBytes: number, now: number): Promise<void> {
  const entries: { path: string; size: number; used: number }[] = []
  for (const name of await readdir(folder)) {
    const path = join(folder, name)
    const found = await lstat(path).catch(absent)
    if (found === undefined) continue
    // Used at a time that is yet to come, by a clock that was ahead: that must not keep an entry for ever.
    const used = found.mtimeMs - now > ABANDONED_MS ? 0 : found.mtimeMs
    if (name.endsWith('.entry')) entries.push({ path, size: found.size, used })
    // A process that died while writing leaves its file: nobody is at work on it after an hour.
    else if (name.endsWith('.partial') && now - used > ABANDONED_MS) await remove(path)
  }
  let total = entries.reduce((sum, entry) => sum + entry.size, 0)
  for (const entry of entries.sort((a, b) => a.used - b.used)) {
    if (total <= maxBytes) break
    await remove(entry.path)
    total -= entry.size
  }
}

async function touch(path: string, at: Date): Promise<void> {
  await utimes(path, at, at).catch(absent)
}

async function remove(path: string): Promise<void> {
  await unlink(path).catch(absent)
}

function absent(error: unknown): undefined {
  if (isErrno(error)) return undefined
  throw error
}

function isErrno(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error
}

async function usable(folder: string, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (cause) {
    if (!isErrno(cause)) throw cause
    throw new CollateralError('cache', `the cache folder cannot be written (${cause.code}): ${folder}`, { cause })
  }
}
