import type { Name } from '../x509/name.ts'

const C = '2.5.4.6'
const ST = '2.5.4.8'
const L = '2.5.4.7'
const O = '2.5.4.10'
const OU = '2.5.4.11'
const CN = '2.5.4.3'

const IBM = 'International Business Machines Corporation'

type Entry = readonly [type: string, value: string]

/** Entries of a name in order; undefined when one has several in a set, which none of IBM's has. */
function entriesOf({ key }: Name): readonly Entry[] | undefined {
  const entries: Entry[] = []
  let at = 0
  while (at < key.length) {
    const equals = key.indexOf('=', at)
    const colon = key.indexOf(':', equals)
    if (equals < 0 || colon < 0) return undefined
    const end = colon + 1 + Number(key.slice(equals + 1, colon))
    if (!key.startsWith(';/', end)) return undefined
    entries.push([key.slice(at, equals), key.slice(colon + 1, end)])
    at = end + 2
  }
  return entries
}

function keyOf(entries: readonly Entry[]): string {
  return entries.map(([type, value]) => `${type}=${value.length}:${value};/`).join('')
}

/** Whether a subject is that of IBM's key signing service: by its six entries, in any order, alone. */
export function isSigningService(subject: Name): boolean {
  const entries = entriesOf(subject)
  if (entries?.length !== 6) return false
  const value = (type: string): string | undefined => entries.find((entry) => entry[0] === type)?.[1]
  const place = value(L)
  return (
    value(C) === 'US' &&
    value(ST) === 'New York' &&
    (place === 'Poughkeepsie' || place === 'Armonk') &&
    value(O) === IBM &&
    value(CN) === IBM &&
    (value(OU) ?? '').endsWith('Key Signing Service')
  )
}

/**
 * Keys of the names under which lists of the signing service are looked for, the best first. IBM's
 * lists name it with its former locality, or with the entries in another order. The fix goes one way:
 * a list of Armonk is none of a service in Poughkeepsie.
 */
export function listNames(subject: Name): readonly string[] {
  const entries = entriesOf(subject) ?? []
  const moved = entries.map((entry): Entry => (entry[0] === L && entry[1] === 'Armonk' ? [L, 'Poughkeepsie'] : entry))
  return [subject.key, keyOf(moved), keyOf(reordered(moved)), keyOf(reordered(entries))]
}

function reordered(entries: readonly Entry[]): readonly Entry[] {
  return [C, O, OU, L, ST, CN].flatMap((type) => entries.filter((entry) => entry[0] === type))
}
