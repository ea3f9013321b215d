/** Writes structured log lines, one JSON object each. */
export interface LineLog {
  write(entry: Readonly<Record<string, unknown>>): void
  /** Hands over what is gathered. */
  flush(): void
}

/** A line longer than this is cut in its long members before it is written. */
const MAX_TEXT = 512

/**
 * Gathers lines and hands them to `sink` together, once a turn of the event loop. Long texts are cut. The callers
 * choose the members: no body, token, cookie or query ever is one.
 */
export function lineLog(sink: (text: string) => void): LineLog {
  let lines: string[] = []
  const flush = (): void => {
    if (lines.length === 0) return
    const text = `${lines.join('\n')}\n`
    lines = []
    sink(text)
  }
  return {
    write(entry) {
      // A replacer costs more than the rest of the line.
      const line = isShort(entry) ? JSON.stringify(entry) : JSON.stringify(entry, cut)
      if (lines.push(line) === 1) setImmediate(flush)
    },
    flush,
  }
}

/** Whether nothing in a line is to be cut. */
function isShort(entry: Readonly<Record<string, unknown>>): boolean {
  for (const name in entry) {
    const value = entry[name]
    if (typeof value === 'string' ? value.length > MAX_TEXT : typeof value === 'object') return false
  }
  return true
}

function cut(_key: string, value: unknown): unknown {
  return typeof value === 'string' && value.length > MAX_TEXT ? `${value.slice(0, MAX_TEXT)}…` : value
}
