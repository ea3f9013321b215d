import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Folder of the real evidence; tests that need it are skipped without it. */
export const VECTORS: string =
  process.env.SEKISHO_VECTORS ?? fileURLToPath(new URL('../../../../../shared/vectors', import.meta.url))

/** False, or why tests of a family cannot run. */
export function missing(family: string): string | false {
  return existsSync(join(VECTORS, family)) ? false : `needs the vectors of ${family} in ${VECTORS} (SEKISHO_VECTORS)`
}

/** One case of a family. */
export interface VectorCase {
  readonly name: string
  readonly at: Date
  readonly verdict: string
  file(name: string): Uint8Array
}

/** All cases of a family; none when it is missing. */
export function casesOf(family: string): readonly VectorCase[] {
  if (missing(family) !== false) return []
  return readdirSync(join(VECTORS, family))
    .sort()
    .map((name) => {
      const folder = join(VECTORS, family, name)
      const content: { readonly evaluateAt?: string; readonly expect: { readonly verdict?: string } } = JSON.parse(
        readFileSync(join(folder, 'case.json'), 'utf8'),
      )
      return {
        name,
        at: new Date(content.evaluateAt ?? '2026-01-01T00:00:00Z'),
        verdict: content.expect.verdict ?? '',
        file: (file) => new Uint8Array(readFileSync(join(folder, file))),
      }
    })
}
