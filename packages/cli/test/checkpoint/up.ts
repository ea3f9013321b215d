import type { ChildProcess } from 'node:child_process'
import { type RunOptions, start } from '../run.ts'

/** A `sekisho up` that answers. */
export interface Up {
  readonly url: string
  readonly pid: number
  /** What it printed so far. */
  out(): string
  /** Its log lines so far. */
  err(): string
  /** Its exit code, when it ends. */
  readonly ended: Promise<number | null>
  /** Sends a signal and waits; what does not end in a minute is killed. @returns the exit code, null when it was killed */
  stop(signal?: NodeJS.Signals): Promise<number | null>
}

// A new emulated world has RSA keys, which take half a minute where others are at work, and with bad luck more.
const LIMIT_MS = 180_000
const STOP_MS = 60_000

/** Starts `sekisho up` on a free port and waits until it says that it is up. @throws Error with what it said instead */
export async function startUp(args: readonly string[], options: RunOptions = {}): Promise<Up> {
  const child = start(['up', '--port', '0', ...args], options)
  child.stdin?.end()
  const said = { out: '', err: '' }
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    said.out += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said.err += text
  })
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  await announced(child, ended, () => said.out).catch((error: unknown) => {
    child.kill('SIGKILL')
    throw new Error(`${error instanceof Error ? error.message : String(error)}: ${said.out}${said.err}`)
  })
  const url = /^Sekisho is up at (\S+)/.exec(said.out)?.[1]
  if (url === undefined) throw new Error(`no address in ${said.out}`)
  return {
    url,
    pid: child.pid ?? 0,
    out: () => said.out,
    err: () => said.err,
    ended,
    stop: (signal = 'SIGTERM') => {
      child.kill(signal)
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
      return ended.finally(() => clearTimeout(timer))
    },
  }
}

async function announced(child: ChildProcess, ended: Promise<unknown>, out: () => string): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const up = new Promise<void>((resolve) => {
    child.stdout?.on('data', () => {
      if (out().includes('Ctrl-C')) resolve()
    })
  })
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('it is not up after three minutes')), LIMIT_MS)
  })
  const over = ended.then(() => Promise.reject(new Error('it ended')))
  await Promise.race([up, late, over]).finally(() => clearTimeout(timer))
}
