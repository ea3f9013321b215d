import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const FOLDER: string =
  process.env['SEKISHO_VECTORS'] ?? fileURLToPath(new URL('../../../../../shared/vectors', import.meta.url))

/** False, or why tests on the shared vectors are skipped. */
export const vectorsMissing: false | string = existsSync(FOLDER)
  ? false
  : 'needs the shared vectors: set SEKISHO_VECTORS'

/** Names of the case folders below `group` that hold `file`. */
export function casesWith(group: string, file: string): readonly string[] {
  if (vectorsMissing !== false) return []
  return readdirSync(join(FOLDER, group)).filter((name) => existsSync(join(FOLDER, group, name, file)))
}

/** Bytes of one file of a case. */
export function vectorFile(group: string, name: string, file: string): Uint8Array {
  return new Uint8Array(readFileSync(join(FOLDER, group, name, file)))
}

/** A JSON file of a case; its layout is in the vectors' own documents. */
export function vectorJson<T>(group: string, name: string, file: string): T {
  return JSON.parse(readFileSync(join(FOLDER, group, name, file), 'utf8')) as T
}
