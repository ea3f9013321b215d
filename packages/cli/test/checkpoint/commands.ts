import type { Command } from 'commander'
import type { Around } from '../../src/around.ts'
import { program } from '../../src/program/program.ts'
import { run } from '../../src/run.ts'

function silent(out: (text: string) => void): Around {
  return {
    out,
    outBytes: () => undefined,
    err: () => undefined,
    stdin: async () => new Uint8Array(),
    env: {},
    colour: false,
    liveProgress: false,
    columns: undefined,
    now: () => new Date(0),
  }
}

/** The words of every command that does something, e.g. `['secret', 'put']`. */
export function commandLines(): readonly (readonly string[])[] {
  const below = (command: Command, path: readonly string[]): readonly (readonly string[])[] =>
    command.commands.length === 0 ? [path] : command.commands.flatMap((one) => below(one, [...path, one.name()]))
  return below(
    program(
      silent(() => undefined),
      () => undefined,
    ),
    [],
  )
}

/** What `--help` of a command prints. Nothing of it needs a process of its own. */
export async function helpOf(command: readonly string[]): Promise<{ readonly code: number; readonly out: string }> {
  let out = ''
  const code = await run(
    [...command, '--help'],
    silent((text) => {
      out += text
    }),
  )
  return { code, out }
}
