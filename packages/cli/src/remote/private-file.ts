import { randomBytes } from 'node:crypto'
import { link, rename, unlink, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { errorCode, makeFolder, unwritable } from '../input.ts'

/** Writes a file that only its owner may read, whole or not at all. @throws CliError when it cannot be written */
export async function writePrivate(path: string, text: string): Promise<void> {
  await written(path, text, rename)
}

/**
 * As {@link writePrivate}, but leaves a file alone that is there already, also one that came in this moment.
 *
 * @returns whether it was written
 * @throws CliError when it cannot be written
 */
export async function createPrivate(path: string, text: string): Promise<boolean> {
  return await written(path, text, async (draft) => {
    try {
      await link(draft, path)
    } catch (error) {
      if (errorCode(error) === 'EEXIST') return false
      throw error
    } finally {
      await unlink(draft)
    }
    return true
  })
}

async function written<T>(path: string, text: string, place: (draft: string, path: string) => Promise<T>): Promise<T> {
  const draft = `${path}.${randomBytes(4).toString('hex')}.part`
  try {
    await makeFolder(dirname(path), 0o700)
    await writeFile(draft, text, { flag: 'wx', mode: 0o600 })
    return await place(draft, path)
  } catch (error) {
    await unlink(draft).catch(() => undefined)
    throw unwritable(path, error)
  }
}
