import { AMD_PRODUCTS, VENDORS } from '../claims/names.ts'
import { walk } from '../policy/expressions.ts'
import { nearestOf } from '../policy/nearest.ts'
import type { Statement } from '../policy/parse.ts'
import { comparisonsOf } from '../policy/values.ts'
import { OLD_STATUSES } from './suppositions.ts'

/** A value that a claim is compared with, and what was probably meant. */
export interface Misspelling {
  readonly path: string
  readonly value: string
  readonly near: string
}

const STATUSES = ['UpToDate', ...OLD_STATUSES]

/** What is meant by a value of a claim whose values are no closed list, where it is near to one that is known; else undefined. */
const MEANT: Readonly<Record<string, (value: string) => string | undefined>> = {
  vendor: (value) => near(value, VENDORS),
  product: (value) => (/^[0-9a-f]{12}$/i.test(value) ? value.toLowerCase() : near(value, AMD_PRODUCTS)),
  'tcb.status': (value) => near(value, STATUSES),
  'tcb.advisories': advisory,
}

/** Texts are compared letter by letter: a `forbid` of "AMD", or of "intel-sa-00615", forbids nothing. Each once. */
export function misspellings({ json }: Statement): readonly Misspelling[] {
  const found = new Map<string, Misspelling>()
  for (const { body } of json.conditions)
    walk(body, (node) => {
      for (const { path, value } of comparisonsOf(node)) {
        const meant = Object.hasOwn(MEANT, path) ? MEANT[path]?.(value) : undefined
        if (meant !== undefined && meant !== value) found.set(`${path} ${value}`, { path, value, near: meant })
      }
      return true
    })
  return [...found.values()]
}

function near(value: string, known: readonly string[]): string | undefined {
  return known.includes(value) || value.length > 64 ? undefined : nearestOf(value, known)
}

// As Intel and AMD write their ids; those of operators are their own.
function advisory(value: string): string | undefined {
  const [, series = '', number = ''] = /^(intel-sa|amd-sb)-(\d{1,8})$/i.exec(value) ?? []
  if (series === '') return undefined
  const name = series.toUpperCase()
  return `${name}-${name === 'INTEL-SA' ? number.padStart(5, '0') : number}`
}
