import { usageError } from '../exit.ts'
import type { Expectations } from '../tee/door.ts'

/** Reads a time: ISO 8601 in UTC, or a date alone, which means its first second. */
export function timeOption(text: string): Date {
  const full = /^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text
  const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z$/.test(full) ? new Date(full) : undefined
  if (time === undefined || Number.isNaN(time.getTime()) || time.toISOString().slice(0, 10) !== full.slice(0, 10)) {
    throw usageError(`--at ${text}: expected a time such as 2026-06-15T12:00:00Z`)
  }
  return time
}

/** Reads a whole number from 0 to 4294967295. */
export function countOption(name: string): (text: string) => number {
  return (text) => {
    const number = Number(text)
    if (/^\d{1,10}$/.test(text) && number <= 0xffffffff) return number
    throw usageError(`${name} ${text}: expected a whole number`)
  }
}

/** Collects an option that may be given several times, or with commas. */
export function listOption(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, ...text.split(',').filter((part) => part !== '')]
}

/** Collects ids of checks. */
export function waiveOption(text: string, before: readonly string[] = []): readonly string[] {
  const ids = listOption(text, before)
  if (ids.length > before.length) return ids
  throw usageError('--waive: expected the full id of a check, e.g. tdx.expect.freshness')
}

/** Reads `bootloader=3,tee=0,…`. */
export function levelsOption(
  text: string,
  before: Readonly<Record<string, number>> = {},
): Readonly<Record<string, number>> {
  const levels: Record<string, number> = { ...before }
  for (const part of text.split(',')) {
    const [, name, level] = /^([A-Za-z][\w-]{0,31})=(\d{1,5})$/.exec(part) ?? []
    if (name === undefined || level === undefined)
      throw usageError(`--min-tcb ${text}: expected such as bootloader=3,snp=8,microcode=115`)
    if (Object.hasOwn(levels, name)) throw usageError(`--min-tcb ${text}: ${name} was given before`)
    levels[name] = Number(level)
  }
  return levels
}

/** Reads an option that has one value. @throws CliError (usage) when it is given a second time: which would count? */
export function once<T>(flag: string, read: (text: string) => T): (text: string, before: T | undefined) => T {
  return (text, before) => {
    if (before !== undefined) throw usageError(`${flag} was given twice`)
    return read(text)
  }
}

/** A value as it stands. */
export function text(value: string): string {
  return value
}

/**
 * Reads an accepted TCB status, `STATUS[:ADVISORY[+ADVISORY…]]:UNTIL`, e.g.
 * `SWHardeningNeeded:INTEL-SA-00334+INTEL-SA-00615:2026-12-31T00:00:00Z`.
 */
export function acceptTcbOption(text: string, before: readonly Expectations[] = []): readonly Expectations[] {
  const [, status, advisories, until] =
    /^([A-Za-z]{1,64}):(?:([A-Za-z0-9+-]{1,1024}):)?(\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\dZ)?)$/.exec(text) ?? []
  if (status === undefined || until === undefined) {
    throw usageError(
      `--accept-tcb ${text}: expected STATUS:ADVISORY+ADVISORY:END, such as SWHardeningNeeded:INTEL-SA-00334+INTEL-SA-00615:2026-12-31`,
    )
  }
  const end = until.length === 10 ? `${until}T00:00:00Z` : until
  return [
    ...before,
    {
      name: 'command line',
      statuses: [status],
      advisories: advisories === undefined ? [] : advisories.split('+'),
      until: end,
    },
  ]
}
