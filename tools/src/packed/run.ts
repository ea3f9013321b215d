import { spawnSync } from 'node:child_process'

/** What a command printed, and how it ended. */
export interface Ran {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

// npm lists every file of what it packs.
const MOST = 16 * 1024 * 1024

/** Runs a command to its end. */
export function run(command: string, args: readonly string[], cwd: string): Ran {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    timeout: 240_000,
    maxBuffer: MOST,
  })
  if (error !== undefined) throw new Error(`${command} cannot be run: ${error.message}`, { cause: error })
  return { status, stdout, stderr }
}

/** Runs a command and returns what it printed. @throws Error with all output when it fails */
export function mustRun(command: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = run(command, args, cwd)
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}\n${stdout}\n${stderr}`)
  return stdout
}
