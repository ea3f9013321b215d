import { open, rm, writeFile } from 'node:fs/promises'
import type { Around } from '../around.ts'
import { unreadable } from '../exit.ts'
import { unwritable } from '../input.ts'

/** Writes bytes to a file, or to standard output: text as it is, anything else in hexadecimal on a terminal. */
export async function writeBytes(path: string | undefined, bytes: Uint8Array, around: Around): Promise<void> {
  if (path !== undefined && path !== '-') {
    await writeFile(path, bytes).catch((error: unknown) => {
      throw unwritable(path, error)
    })
    around.err(`${path}: ${bytes.length} bytes\n`)
    return
  }
  const text = textOf(bytes)
  around.out(text ?? `${Buffer.from(bytes).toString('hex')}\n`)
}

function textOf(bytes: Uint8Array): string | undefined {
  if (bytes.includes(0)) return undefined
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return text.endsWith('\n') ? text : `${text}\n`
  } catch {
    // Not text: it is shown in hexadecimal.
    return undefined
  }
}

/**
 * Writes a released secret where its owner alone can read it: all of it, or no file.
 * @throws CliError when the file exists already, or cannot be written
 */
export async function writeSecret(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'wx', 0o600).catch((error: unknown) => {
    const exists = error instanceof Error && 'code' in error && error.code === 'EEXIST'
    throw exists ? unreadable(`${path}: is there already; nothing is written over`, error) : unwritable(path, error)
  })
  try {
    await file.writeFile(bytes)
  } catch (error) {
    // Half a secret would be taken for one, and stand in the way of the next try.
    await rm(path, { force: true })
    throw unwritable(path, error)
  } finally {
    await file.close()
  }
}
