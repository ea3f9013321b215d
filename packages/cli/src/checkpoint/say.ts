/** Writes a line that no request causes, in the form of those of requests. */
export type Say = (level: 'info' | 'warn' | 'error', msg: string, facts: Readonly<Record<string, unknown>>) => void

/** Writes such lines to a log. */
export function sayer(o: { readonly writeLog: (text: string) => void; readonly now: () => Date }): Say {
  return (level, msg, facts) => o.writeLog(`${JSON.stringify({ time: o.now().toISOString(), level, msg, ...facts })}\n`)
}

/** An error as a line has it. */
export function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
