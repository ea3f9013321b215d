import { fromHex, toHex } from './kit/bytes.ts'

/**
 * A byte string of exactly `size` bytes that a caller wrote in hex, in lower case; `fallback` when there is none.
 * @throws TypeError that names the option
 */
export function hexOption(value: string | undefined, name: string, size: number, fallback: string): string {
  if (value === undefined) return fallback
  if (!/^[0-9a-fA-F]*$/.test(value) || value.length !== 2 * size)
    throw new TypeError(`\`${name}\` must be ${size} bytes in hexadecimal`)
  return toHex(fromHex(value))
}

/**
 * A name of a machine or a cloud.
 * @throws TypeError that names the option
 */
export function nameOption(value: string | undefined, name: string, fallback: string): string {
  if (value === undefined) return fallback
  if (typeof value !== 'string' || !/^.{1,128}$/s.test(value))
    throw new TypeError(`\`${name}\` must be 1 to 128 characters`)
  return value
}

/**
 * Identifiers of advisories, as a list.
 * @throws TypeError for one that is none
 */
export function advisoryOption(values: readonly string[] = []): readonly string[] {
  if (values.some((one) => !/^[\w.:-]{1,64}$/.test(one)))
    throw new TypeError('`advisories` must be identifiers such as INTEL-SA-01234')
  return [...values]
}

/**
 * A whole number from 0 to `max`.
 * @throws TypeError that names the option
 */
export function integerOption(value: number | undefined, name: string, max: number, fallback: number): number {
  if (value === undefined) return fallback
  if (!Number.isInteger(value) || value < 0 || value > max)
    throw new TypeError(`\`${name}\` must be a whole number from 0 to ${max}`)
  return value
}

/**
 * Options of a call, when it knows all of them: a misspelt fault would make a sound machine.
 * @param known the names that there are
 * @throws TypeError that names the other one
 */
export function knownOptions<T extends object>(options: T, call: string, known: Readonly<Record<keyof T, true>>): T {
  const other = Object.keys(options).find((name) => !Object.hasOwn(known, name))
  if (other === undefined) return options
  const names = Object.keys(known).sort().join(', ')
  throw new TypeError(`\`${other.slice(0, 64)}\`: ${call} has no such option; it has ${names}`)
}
