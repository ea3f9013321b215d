import { usageError } from '../exit.ts'

/** How long and how much is kept of refused attestations; what is not named is as the checkpoint has it. */
export interface KeepRefused {
  readonly refusedDays?: number
  readonly refusedBytes?: number
}

const UNITS: Readonly<Record<string, number>> = { KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3, TiB: 1024 ** 4 }

/**
 * Reads `--keep-refused`: days (`30`, `30d`), a size (`256MiB`), or both with a comma.
 *
 * @throws CliError (usage) for anything else, and for two of one kind
 */
export function keepRefusedOption(text: string, before: KeepRefused = {}): KeepRefused {
  return text.split(',').reduce((kept, part) => joined(kept, keepOf(part)), before)
}

function keepOf(text: string): KeepRefused {
  const [, number = '', unit = ''] = /^(\d{1,6})(d|[KMGT]iB)?$/.exec(text) ?? []
  if (number === '') throw usageError(`--keep-refused ${text}: expected days, such as 30, or a size, such as 256MiB`)
  const bytes = UNITS[unit]
  return bytes === undefined ? { refusedDays: Number(number) } : { refusedBytes: Number(number) * bytes }
}

function joined(before: KeepRefused, more: KeepRefused): KeepRefused {
  const twice = Object.keys(more).some((name) => Object.hasOwn(before, name))
  if (twice) throw usageError('--keep-refused was given twice for the same: one number of days, and one size')
  return { ...before, ...more }
}

/** A number of bytes in words, to one place: `1.5 MiB`. */
export function sizeInWords(bytes: number): string {
  const [name, unit] = Object.entries(UNITS).findLast(([, one]) => bytes >= one) ?? ['B', 1]
  return unit === 1 ? `${bytes} bytes` : `${Math.round((bytes / unit) * 10) / 10} ${name}`
}
