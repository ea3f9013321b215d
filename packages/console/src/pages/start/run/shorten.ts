const MAX_TEXT = 72
const MAX_ITEMS = 8
const MAX_LINES = 40

/** Members that nobody should read over a shoulder: what a secret is, and what opens a lease. */
const HIDDEN: ReadonlySet<string> = new Set(['value', 'secret', 'token'])

/**
 * JSON as a person reads it: long texts and lists end in how much more there is, secrets are dots, and there are at most 40
 * lines. For showing only.
 */
export function shortened(value: unknown): string {
  const lines = (JSON.stringify(short(value, ''), undefined, 2) ?? '').split('\n')
  return lines.length <= MAX_LINES ? lines.join('\n') : [...lines.slice(0, MAX_LINES), '…'].join('\n')
}

function short(value: unknown, name: string): unknown {
  if (typeof value === 'string') return HIDDEN.has(name) ? '•••' : shortText(value)
  if (Array.isArray(value)) {
    const shown = value.slice(0, MAX_ITEMS).map((one) => short(one, name))
    return value.length > MAX_ITEMS ? [...shown, `… ${value.length - MAX_ITEMS} more`] : shown
  }
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([member, one]) => [member, short(one, member)]))
}

function shortText(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT - 24)}… (${text.length} characters)`
}
