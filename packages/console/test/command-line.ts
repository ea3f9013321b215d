import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ROOT } from './browser.ts'

/** What the command line borrows from a process: `Around` of packages/cli. */
interface Around {
  out(text: string): void
  outBytes(bytes: Uint8Array): void
  err(text: string): void
  stdin(limit: number): Promise<Uint8Array>
  readonly env: Readonly<Record<string, string | undefined>>
  readonly colour: boolean
  readonly liveProgress: boolean
  readonly columns: undefined
  now(): Date
}

interface CommandLine {
  run(argv: readonly string[], around: Around): Promise<number>
}

/**
 * Runs the command line as compiled, in this process: a process for each of a hundred commands costs more than what they
 * do. @returns what it wrote to standard output @throws Error with everything it said, when its exit code is not 0
 */
export async function runCommand(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  const { run }: CommandLine = await import(pathToFileURL(join(ROOT, 'packages/cli/dist/src/run.js')).href)
  const said = { out: '', err: '' }
  const code = await run(args, {
    out: (text) => {
      said.out += text
    },
    outBytes: (bytes) => {
      said.out += new TextDecoder().decode(bytes)
    },
    err: (text) => {
      said.err += text
    },
    stdin: async () => new Uint8Array(),
    env,
    colour: false,
    liveProgress: false,
    columns: undefined,
    now: () => new Date(),
  })
  if (code !== 0) throw new Error(`exit ${code}: ${said.err}${said.out}`)
  return said.out
}
