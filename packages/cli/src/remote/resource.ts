import { usageError } from '../exit.ts'

const PART = '[A-Za-z0-9_-][A-Za-z0-9_.-]{0,127}'
const PATH = new RegExp(`^${PART}/${PART}/${PART}$`)

/** The path of a secret or key: three parts. @throws CliError (usage) */
export function resourcePath(path: string): string {
  if (PATH.test(path)) return path
  throw usageError(`${path}: expected three parts, such as demo/database/password: letters, digits, _ - and .`)
}
