import { unreadable } from './exit.ts'

/** What the commands borrow from the process, so that tests can lend them something else. */
export interface Around {
  /** Writes to standard output. */
  out(text: string): void
  /** Writes bytes to standard output as they are. */
  outBytes(bytes: Uint8Array): void
  /** Writes to standard error: progress and errors. */
  err(text: string): void
  /** Reads standard input to its end. @throws CliError when it is longer than `limit` bytes */
  stdin(limit: number): Promise<Uint8Array>
  readonly env: Readonly<Record<string, string | undefined>>
  /** Whether standard output takes colours. */
  readonly colour: boolean
  /** Whether standard error is a terminal, so that a progress line may be overwritten. */
  readonly liveProgress: boolean
  /** Columns to wrap at; undefined when the output is no terminal. */
  readonly columns: number | undefined
  now(): Date
}

const MIN_COLUMNS = 40
const MAX_COLUMNS = 120

/** The process's own streams, environment and clock. */
export function processAround(): Around {
  const { stdout, stderr, env } = process
  return {
    out: (text) => void stdout.write(text),
    outBytes: (bytes) => void stdout.write(bytes),
    err: (text) => void stderr.write(text),
    stdin: (limit) => collect(process.stdin, limit, 'standard input'),
    env,
    colour: wantsColour(stdout.isTTY === true, env),
    liveProgress: stderr.isTTY === true,
    columns: stdout.isTTY ? columnsOf(stdout.columns) : undefined,
    now: () => new Date(),
  }
}

/** The width to wrap at on a terminal that says it has `told` columns. Some that nobody sized say 0: that is no width. */
export function columnsOf(told: number | undefined): number {
  return Math.min(Math.max(told || 80, MIN_COLUMNS), MAX_COLUMNS)
}

// https://no-color.org: present and not empty means no colour.
function wantsColour(terminal: boolean, env: Readonly<Record<string, string | undefined>>): boolean {
  if ((env['NO_COLOR'] ?? '') !== '') return false
  return terminal && env['TERM'] !== 'dumb'
}

/** The bytes of a stream, to its end. @throws CliError when it is longer than `limit` bytes; it is called `name` there */
export async function collect(stream: NodeJS.ReadableStream, limit: number, name: string): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of stream) {
    const bytes = typeof part === 'string' ? new TextEncoder().encode(part) : part
    length += bytes.length
    if (length > limit) throw unreadable(`${name}: longer than ${limit} bytes, and no more are read`)
    parts.push(bytes)
  }
  return new Uint8Array(Buffer.concat(parts))
}
