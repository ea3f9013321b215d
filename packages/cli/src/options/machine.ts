import { RESET_REGISTERS } from '@sekisho/measurement'
import { usageError } from '../exit.ts'

/** Reads SEV_FEATURES: `0x21`. A bare `21` may be meant in hex or in decimal, and is refused; a bare digit is one number. */
export function featuresOption(text: string): bigint {
  if (/^(0x[0-9a-f]{1,16}|\d)$/i.test(text)) return BigInt(text)
  throw usageError(`--features ${text}: expected a number in hex, with 0x in front, such as 0x1 or 0x21`)
}

/**
 * Collects `rdx=0`, `mxcsr=0x1f80`, `x87Fcw=0x37f`, by the names that whoever measures knows, in whatever case they are typed.
 * Numbers are as in {@link featuresOption}.
 */
export function registerOption(
  text: string,
  before: Readonly<Record<string, number>> = {},
): Readonly<Record<string, number>> {
  const [, typed, value] = /^(\w{1,8})=(0x[0-9a-f]{1,8}|\d)$/i.exec(text) ?? []
  const name = RESET_REGISTERS.find((known) => known.toLowerCase() === typed?.toLowerCase())
  if (name === undefined || value === undefined)
    throw usageError(
      `--register ${text}: expected one of ${RESET_REGISTERS.join(', ')} and a number in hex, with 0x in front, such as rdx=0x600`,
    )
  if (Object.hasOwn(before, name)) throw usageError(`--register ${text}: ${name} was given before`)
  return { ...before, [name]: Number(value) }
}

/** Reads a CPU: a model's name as it stands, or the signature that a number in hex spells, with 0x in front. */
export function cpuOf(text: string): string | number {
  return /^0x[0-9a-f]{1,8}$/i.test(text) ? Number(text) : text
}
