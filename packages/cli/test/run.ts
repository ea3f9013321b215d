import { type ChildProcess, spawn } from 'node:child_process'
import { Readable } from 'node:stream'
import { after } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { type Around, collect } from '../src/around.ts'
import { run as runHere } from '../src/run.ts'
import { BIN, ROOT } from './process.ts'

/** What a command is run with. */
export interface RunOptions {
  readonly input?: string | Uint8Array
  readonly env?: Readonly<Record<string, string>>
  /** The folder that it runs in; else the project's. */
  readonly cwd?: string
  /** What the clock says, within this process. */
  readonly now?: Date
}

/** A command's answer, its standard output as bytes too. */
export interface Answered {
  readonly code: number | null
  readonly out: string
  readonly err: string
  readonly bytes: Buffer
}

// A new emulated world has RSA keys, which take half a minute where others are at work, and with bad luck more.
const LIMIT_MS = 180_000

/** The environment of a command: nothing of whoever runs the tests names a checkpoint, a database or a cache. */
export function cleanEnv(env: Readonly<Record<string, string>> = {}): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    (pair): pair is [string, string] =>
      pair[1] !== undefined && !/^(SEKISHO_.*|DATABASE_URL|NO_COLOR|NODE_OPTIONS)$/.test(pair[0]),
  )
  const none = { SEKISHO_PROFILE: '/nonexistent/profile.json', SEKISHO_CACHE: '/nonexistent/cache' }
  return { ...Object.fromEntries(kept), ...none, ...env }
}

// A test that failed before it ended a server would leave it to this process, which then waits for it. What is ended by
// a hook that comes after this one has its time.
const running = new Set<ChildProcess>()
const LEAVE_MS = 60_000
after(() => {
  setTimeout(() => {
    for (const child of running) child.kill('SIGKILL')
  }, LEAVE_MS).unref()
})

/** Starts the command line as a process of its own, which ends with the last test if not before. */
export function start(args: readonly string[], { env, cwd = ROOT }: RunOptions = {}): ChildProcess {
  const child = spawn(process.execPath, [BIN, ...args], { cwd, env: cleanEnv(env), stdio: ['pipe', 'pipe', 'pipe'] })
  running.add(child)
  return child.once('exit', () => running.delete(child))
}

/** Runs the command line as a process of its own to its end; one that does not end in three minutes is killed. */
export async function run(args: readonly string[], options: RunOptions = {}): Promise<Answered> {
  const child = start(args, options)
  const timer = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS)
  const out: Buffer[] = []
  const err: Buffer[] = []
  child.stdout?.on('data', (chunk: Buffer) => out.push(chunk))
  child.stderr?.on('data', (chunk: Buffer) => err.push(chunk))
  // A command that refuses its arguments does not wait for its input.
  child.stdin?.on('error', () => undefined)
  child.stdin?.end(options.input ?? '')
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve)
  })
  clearTimeout(timer)
  const bytes = Buffer.concat(out)
  return { code, bytes, out: bytes.toString('utf8'), err: Buffer.concat(err).toString('utf8') }
}

/** Runs a command to its end, one way or the other. */
export type Runner = typeof run

/**
 * What servers closed while this process was busy is seen to be closed: a request over one of those connections would fail.
 * The first of these may come in the same turn of the event loop, before sockets are looked at again.
 */
async function seeClosed(): Promise<void> {
  for (let turn = 0; turn < 2; turn++) await setImmediate()
}

/**
 * Runs a command in this process: all that a command has of its process it is lent, so that it does the same in a third
 * of the time. For clients of a checkpoint; what serves, or is watched or killed, is a process of its own.
 */
export async function runWithin(args: readonly string[], options: RunOptions = {}): Promise<Answered> {
  if ((options.cwd ?? ROOT) !== process.cwd().concat('/')) return run(args, options)
  await seeClosed()
  const out: Buffer[] = []
  const err: string[] = []
  const around: Around = {
    out: (text) => void out.push(Buffer.from(text)),
    outBytes: (bytes) => void out.push(Buffer.from(bytes)),
    err: (text) => void err.push(text),
    stdin: (limit) => collect(Readable.from([Buffer.from(options.input ?? '')]), limit, 'standard input'),
    env: cleanEnv(options.env),
    colour: false,
    liveProgress: false,
    columns: undefined,
    now: () => options.now ?? new Date(),
  }
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`sekisho ${args.join(' ')}: no end after three minutes`)), LIMIT_MS)
  })
  const code = await Promise.race([runHere(args, around), late]).finally(() => clearTimeout(timer))
  await seeClosed()
  const bytes = Buffer.concat(out)
  return { code, bytes, out: bytes.toString('utf8'), err: err.join('') }
}
