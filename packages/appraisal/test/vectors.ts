import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const VECTORS: string =
  process.env['SEKISHO_VECTORS'] ?? fileURLToPath(new URL('../../../../../shared/vectors', import.meta.url))

/** A file or folder of the collected evidence and tokens. */
export function vectorPath(name: string): string {
  return join(VECTORS, name)
}

/** False, or why tests of a family cannot run. */
export function missing(family: string): string | false {
  return existsSync(vectorPath(family)) ? false : `needs the vectors of ${family} (SEKISHO_VECTORS)`
}
