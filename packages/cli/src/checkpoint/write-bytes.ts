import { writeFile } from 'node:fs/promises'
import type { Around } from '../around.ts'
import { unreadable } from '../exit.ts'
import { inWords } from '../input.ts'

/** Writes bytes to a file, or to standard output: text as it is, anything else in hexadecimal on a terminal. */
export async function writeBytes(path: string | undefined, bytes: Uint8Array, around: Around): Promise<void> {
  if (path !== undefined && path !== '-') {
    await writeFile(path, bytes).catch((error: unknown) => {
      throw inWords(path, error)
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

/** Writes a released secret where its owner alone can read it. @throws CliError when the file exists already */
export async function writeSecret(path: string, bytes: Uint8Array): Promise<void> {
  try {
    await writeFile(path, bytes, { flag: 'wx', mode: 0o600 })
  } catch (error) {
    const exists = error instanceof Error && 'code' in error && error.code === 'EEXIST'
    throw exists ? unreadable(`${path}: is there already; nothing is written over`, error) : inWords(path, error)
  }
}
