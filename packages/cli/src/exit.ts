/** Exit codes of every command; documented in `docs/cli.md`, never given another meaning. */
export const EXIT = {
  /** Verified; nothing differs; all cases pass; done. */
  ok: 0,
  /** Rejected; something differs; a case failed. */
  rejected: 1,
  /** Incomplete: genuine or not, something was left unchecked. */
  incomplete: 2,
  /** An input could not be read, or is not what it should be. */
  unreadable: 3,
  /** The command line itself is wrong (EX_USAGE of BSD's sysexits). */
  usage: 64,
  /** A fault of this program (EX_SOFTWARE). */
  internal: 70,
} as const

/** A reason to stop, in words for a person, with the exit code that belongs to it. */
export class CliError extends Error {
  override readonly name = 'CliError'
  readonly exitCode: number
  /** Further lines below the message. */
  readonly details: readonly string[]

  constructor(exitCode: number, message: string, options?: ErrorOptions & { readonly details?: readonly string[] }) {
    super(message, options)
    this.exitCode = exitCode
    this.details = options?.details ?? []
  }
}

/** The command line, or a file that belongs to it, is wrong. */
export function usageError(message: string, cause?: unknown): CliError {
  return new CliError(EXIT.usage, message, { cause })
}

/** An input cannot be read. */
export function unreadable(message: string, cause?: unknown): CliError {
  return new CliError(EXIT.unreadable, message, { cause })
}
