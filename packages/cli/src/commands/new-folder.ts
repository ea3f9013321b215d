import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { unreadable } from '../exit.ts'
import { errorCode, makeFolder, unwritable } from '../input.ts'

/** Makes a folder, or takes an empty one. @throws CliError where there is a file, or something in it */
export async function emptyFolder(folder: string): Promise<void> {
  try {
    await makeFolder(folder)
    if ((await readdir(folder)).length > 0) throw unreadable(`${folder}: expected a new or empty folder`)
  } catch (error) {
    if (errorCode(error) === 'EEXIST')
      throw unreadable(`${folder}: this is a file; expected a new or empty folder`, error)
    throw errorCode(error) === undefined ? error : unwritable(folder, error)
  }
}

/** Writes a file below a folder, with the folders that its name asks for. @throws CliError where that cannot be done */
export async function place(folder: string, name: string, bytes: Uint8Array): Promise<void> {
  const path = join(folder, name)
  try {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, bytes)
  } catch (error) {
    throw errorCode(error) === undefined ? error : unwritable(path, error)
  }
}
