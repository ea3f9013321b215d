import type { Command } from 'commander'
import type { Around } from './around.ts'
import { CliError, EXIT } from './exit.ts'
import { program } from './program/program.ts'
import { RemoteError } from './remote/problem.ts'
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
  const asJson = wantsJson(argv)
  // What commander says of a wrong command line, which is an error like any other.
  let said = ''
  prepare(root, around, (text) => {
    if (asJson) said += text
    else around.err(text)
  })
  if (argv.length === 0) {
    around.err(root.helpInformation())
    return EXIT.usage
  }
  try {
    await root.parseAsync([...argv], { from: 'user' })
    return exitCode
  } catch (error) {
    return asJson ? reportJson(error, said, around) : report(error, around)
  }
}

/** Before `--`: what is behind it are no options. */
function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--')
  return (end === -1 ? argv : argv.slice(0, end)).includes('--json')
}

function prepare(command: Command, around: Around, err: (text: string) => void): void {
  command.exitOverride().configureOutput({
    writeOut: (text) => around.out(text),
    writeErr: err,
    getOutHelpWidth: () => around.columns ?? 100,
    getErrHelpWidth: () => around.columns ?? 100,
    getOutHasColors: () => around.colour,
    outputError: (text, write) => write(`sekisho: ${text.replace(/^error: /, '')}`),
  })
  command.showHelpAfterError('(`--help` shows what is possible)').showSuggestionAfterError()
  for (const sub of command.commands) prepare(sub, around, err)
}

function trace(error: unknown, around: Around): void {
  const debug = (around.env['SEKISHO_DEBUG'] ?? '') !== ''
  if (debug && error instanceof Error) around.err(`${error.stack ?? error.message}\n`)
}

function report(error: unknown, around: Around): number {
  if (isCommanderError(error)) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
  trace(error, around)
  if (error instanceof CliError) {
    around.err(`sekisho: ${plain(error.message)}\n`)
    for (const line of error.details) around.err(`  ${plain(line)}\n`)
    return error.exitCode
  }
  const message = error instanceof Error ? error.message : String(error)
  around.err(`sekisho: a fault of this program: ${plain(message)} (SEKISHO_DEBUG=1 shows where)\n`)
  return EXIT.internal
}

/** The same as one line of JSON; `problem` is what the checkpoint answered (RFC 9457). */
function reportJson(error: unknown, said: string, around: Around): number {
  if (isCommanderError(error) && error.exitCode === 0) return EXIT.ok
  const told = (exitCode: number, message: string, more: Readonly<Record<string, unknown>> = {}): number => {
    around.err(`${JSON.stringify({ error: { exitCode, message, ...more } })}\n`)
    return exitCode
  }
  if (isCommanderError(error)) return told(EXIT.usage, said.trim().replace(/^sekisho: /, ''))
  trace(error, around)
  const message = error instanceof Error ? error.message : String(error)
  if (!(error instanceof CliError)) return told(EXIT.internal, `a fault of this program: ${message}`)
  const { exitCode, details } = error
  const problem = error instanceof RemoteError ? error.problem : undefined
  return told(exitCode, message, {
    ...(details.length === 0 ? {} : { details }),
    ...(problem === undefined ? {} : { problem }),
  })
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
