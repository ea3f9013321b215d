import { randomBytes } from 'node:crypto'
import { mkdir, rename, unlink, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { CliError, EXIT } from '../exit.ts'
import { errorCode } from '../input.ts'

/** Writes a file that only its owner may read, whole or not at all. @throws CliError when it cannot be written */
export async function writePrivate(path: string, text: string): Promise<void> {
  const draft = `${path}.${randomBytes(4).toString('hex')}.part`
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    await writeFile(draft, text, { flag: 'wx', mode: 0o600 })
    await rename(draft, path)
  } catch (error) {
    await unlink(draft).catch(() => undefined)
    throw new CliError(EXIT.unreadable, `${path}: cannot be written (${errorCode(error) ?? 'unknown reason'})`, {
      cause: error,
    })
  }
}
