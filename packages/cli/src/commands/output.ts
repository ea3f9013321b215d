import { rename, unlink, writeFile } from 'node:fs/promises'
import type { Around } from '../around.ts'
import { unwritable } from '../input.ts'

/** Writes a file whole or not at all; `-` is standard output. @throws CliError when it cannot be written */
export async function writeOutput(path: string, text: string, around: Around): Promise<void> {
  if (path === '-') return around.out(text)
  const draft = `${path}.${process.pid}.part`
  try {
    await writeFile(draft, text, { flag: 'wx' })
    await rename(draft, path)
  } catch (error) {
    await unlink(draft).catch(() => undefined)
    throw unwritable(path, error)
  }
}
