import { createHash } from 'node:crypto'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { unreadable } from '../exit.ts'
import { errorCode } from '../input.ts'
import { COLLATERAL_FOLDERS } from '../options/collateral-files.ts'

/** What was read from files, with what it takes to see that they changed. */
export interface WatchedFiles<T> {
  readonly value: T
  /** As the files were before they were read: what changes while they are read is read again. */
  readonly print: string
  readonly paths: readonly string[]
  /** Reads them again. @throws CliError that names the file */
  read(): Promise<T>
}

/** Reads files that are to be read again when they change. @throws whatever `read` throws */
export async function watched<T>(paths: readonly string[], read: () => Promise<T>): Promise<WatchedFiles<T>> {
  const { print } = await printOf(paths)
  return { value: await read(), print, paths, read }
}

/** What becomes of files that changed. */
export interface Told<T> {
  /** Puts the new content to use. @throws where it cannot be */
  readonly renewed: (value: T) => void
  /** It cannot be used: what was read before stays in use. Said once for each change. */
  readonly failed: (error: unknown) => void
}

/** Files that are looked at now and then. */
export interface Rereading {
  /** Looks, if it is time, and reads what changed. */
  look(): Promise<void>
  /** Whether the files have changed to something that cannot be used, so that what is in use is older. */
  readonly stale: boolean
}

/** Nobody waits longer for a change than this and a moment; nothing is watched in between. */
const LOOK_MS = 2000
const TRIES = 2

/**
 * Reads files again when their identity, size or times are others. Two files are seldom replaced in one instant, and one may
 * be half written: what cannot be used is tried once more before it is said.
 */
export function rereading<T>(
  files: WatchedFiles<T>,
  { renewed, failed }: Told<T>,
  everyMs: number = LOOK_MS,
): Rereading {
  let used = files.print
  let failing: { readonly print: string; times: number } | undefined
  let last = performance.now()
  return {
    get stale() {
      return failing !== undefined && failing.times >= TRIES
    },
    async look() {
      if (performance.now() - last < everyMs) return
      last = performance.now()
      const { print, pipe } = await printOf(files.paths)
      if (print === used) {
        failing = undefined
        return
      }
      // What changes all the time is not half written each time.
      const times = Math.min(failing?.times ?? 0, TRIES - 1)
      const trying = failing?.print === print ? failing : { print, times }
      if (trying.times >= TRIES) return
      failing = trying
      try {
        // Nobody may ever write into it again: to open it would wait for that, and the end of the process with it.
        if (pipe !== undefined) throw unreadable(`${pipe}: a pipe is read at the start alone`)
        renewed(await files.read())
        used = print
        failing = undefined
      } catch (error) {
        trying.times++
        if (trying.times === TRIES) failed(error)
      }
    },
  }
}

/** Whatever a folder holds beside what is read of it. */
const MAX_NAMES = 4096
const MAX_DEPTH = 4

interface Printing {
  readonly add: (text: string) => void
  /** Told of each pipe. */
  readonly pipe: (path: string) => void
}

/** Identity, size and times of files, and of what is in folders, as far as it is read; and the first pipe, if there is one. */
async function printOf(paths: readonly string[]): Promise<{ readonly print: string; readonly pipe?: string }> {
  const hash = createHash('sha256')
  const pipes: string[] = []
  const into: Printing = { add: (text) => hash.update(`${text}\n`), pipe: (path) => pipes.push(path) }
  for (const path of paths) await addPrint(path, MAX_DEPTH, into)
  const [pipe] = pipes
  return { print: hash.digest('hex'), ...(pipe === undefined ? {} : { pipe }) }
}

async function addPrint(path: string, depth: number, into: Printing): Promise<void> {
  const { add } = into
  try {
    const one = await stat(path, { bigint: true })
    // A pipe gives what it gives once.
    if (one.isFIFO()) into.pipe(path)
    if (!one.isDirectory() && !one.isFile()) return add('other')
    add([one.dev, one.ino, one.size, one.mtimeNs, one.ctimeNs].join(' '))
    if (!one.isDirectory() || depth === 0) return
    const names = (await readdir(path)).sort().slice(0, MAX_NAMES)
    for (const name of names) {
      add(JSON.stringify(name))
      // Of folders in a folder only these are read.
      await addPrint(join(path, name), COLLATERAL_FOLDERS.includes(name) ? depth - 1 : 0, into)
    }
  } catch (error) {
    const code = errorCode(error)
    if (code === undefined) throw error
    add(code)
  }
}
