import type { Command } from 'commander'
import type { Around } from './around.ts'
import { CliError, EXIT } from './exit.ts'
import { program } from './program/program.ts'
import { plain } from './render/plain.ts'

/**
 * Runs one command line.
 *
 * @param argv arguments without the program's own name
 * @returns the exit code; nothing is thrown
 */
export async function run(argv: readonly string[], around: Around): Promise<number> {
  let exitCode: number = EXIT.ok
  const root = program(around, (code) => {
    exitCode = code
  })
  prepare(root, around)
  if (argv.length === 0) {
    around.err(root.helpInformation())
    return EXIT.usage
  }
  try {
    await root.parseAsync([...argv], { from: 'user' })
    return exitCode
  } catch (error) {
    return report(error, around)
  }
}

function prepare(command: Command, around: Around): void {
  command.exitOverride().configureOutput({
    writeOut: (text) => around.out(text),
    writeErr: (text) => around.err(text),
    getOutHelpWidth: () => around.columns ?? 100,
    getErrHelpWidth: () => around.columns ?? 100,
    getOutHasColors: () => around.colour,
    outputError: (text, write) => write(`sekisho: ${text.replace(/^error: /, '')}`),
  })
  command.showHelpAfterError('(`--help` shows what is possible)').showSuggestionAfterError()
  for (const sub of command.commands) prepare(sub, around)
}

function report(error: unknown, around: Around): number {
  if (isCommanderError(error)) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
  const debug = (around.env['SEKISHO_DEBUG'] ?? '') !== ''
  if (debug && error instanceof Error) around.err(`${error.stack ?? error.message}\n`)
  if (error instanceof CliError) {
    around.err(`sekisho: ${plain(error.message)}\n`)
    for (const line of error.details) around.err(`  ${plain(line)}\n`)
    return error.exitCode
  }
  const message = error instanceof Error ? error.message : String(error)
  around.err(`sekisho: a fault of this program: ${plain(message)} (SEKISHO_DEBUG=1 shows where)\n`)
  return EXIT.internal
}

function isCommanderError(error: unknown): error is { readonly exitCode: number } {
  return (
    error instanceof Error &&
    'code' in error &&
    typeof error.code === 'string' &&
    error.code.startsWith('commander.') &&
    'exitCode' in error
  )
}
