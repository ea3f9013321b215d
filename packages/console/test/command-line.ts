import { run } from 'sekisho'

/**
 * Runs the command line in this process: a process for each of a hundred commands costs more than what they do.
 * @returns what it wrote to standard output @throws Error with everything it said, when its exit code is not 0
 */
export async function runCommand(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<string> {
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
