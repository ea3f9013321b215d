import { setImmediate } from 'node:timers/promises'
import { run } from 'sekisho'

/**
 * Runs the command line in this process: a process for each of a hundred commands costs more than what they do.
 * @returns what it wrote to standard output @throws Error with everything it said, when its exit code is not 0
 */
export async function runCommand(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  await seeClosed()
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
  await seeClosed()
  if (code !== 0) throw new Error(`exit ${code}: ${said.err}${said.out}`)
  return said.out
}

/**
 * What the server closed while this process was busy is seen to be closed: a request over one of those connections would fail.
 * The first of these may come in the same turn of the event loop, before sockets are looked at again.
 */
async function seeClosed(): Promise<void> {
  for (let turn = 0; turn < 2; turn++) await setImmediate()
}
