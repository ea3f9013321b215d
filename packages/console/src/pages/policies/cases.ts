import { isRecord, parseJson } from '../../engine/json.ts'

/** Longest file of cases that is read, in bytes: the API takes no larger body. */
export const MAX_CASES_FILE = 1_000_000

/** What is written in the editor of cases. */
export type Cases =
  | { readonly as: 'empty' }
  | { readonly as: 'not-json' }
  | { readonly as: 'cases'; readonly cases: readonly unknown[] }

/** Reads cases as `sekisho policy test` takes them: a list, or `{ "cases": [ … ] }`. What is in a case, the checkpoint checks. */
export function casesIn(text: string): Cases {
  if (text.trim() === '') return { as: 'empty' }
  const value = parseJson(text)
  const list = isRecord(value) ? value['cases'] : value
  if (!Array.isArray(list)) return { as: 'not-json' }
  return { as: 'cases', cases: list }
}

/** Cases to begin with. */
export const EXAMPLE_CASES = `[
  {
    "name": "genuine and known",
    "resource": "db/password/prod",
    "permitted": true,
    "context": { "tee": "snp", "product": "Genoa", "references": ["db-server"] }
  },
  {
    "name": "debug is out",
    "resource": "db/password/prod",
    "permitted": false,
    "context": { "tee": "snp", "debug": true, "references": ["db-server"] }
  },
  {
    "name": "unknown workloads are out",
    "resource": "db/password/prod",
    "permitted": false,
    "context": { "tee": "snp", "references": [] }
  }
]
`
