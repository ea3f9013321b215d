import { readFile } from 'node:fs/promises'
import type { World } from '@sekisho/emulator'
import { unreadable } from '../exit.ts'
import { errorCode, inWords } from '../input.ts'
import { createPrivate, writePrivate } from '../remote/private-file.ts'

/** An emulated world that lives in a file. */
export interface KeptWorld {
  readonly world: World
  /** Writes the world back to the file, if it is not what the file had when it was opened or saved last. */
  save(): Promise<void>
}

/**
 * Opens the emulated world in a file, or makes one there. The file holds its private keys: only its owner may read it.
 * @throws CliError when the file is no such world
 */
export async function openWorld(path: string, now: () => Date): Promise<KeptWorld> {
  const { createWorld } = await import('@sekisho/emulator')
  const saved = await readSaved(path)
  try {
    const world = createWorld({ now, ...(saved === undefined ? {} : { saved }) })
    let kept = saved?.trimEnd()
    const save = async (): Promise<void> => {
      const text = world.save()
      if (text === kept) return
      await writePrivate(path, `${text}\n`)
      kept = text
    }
    // The keys that take time are made before the first save: whoever opens the file next has the same ones.
    if (saved === undefined) {
      await world.ready()
      // Another command may have made one meanwhile: then it is that one for both.
      const text = world.save()
      if (!(await createPrivate(path, `${text}\n`))) return await openWorld(path, now)
      kept = text
    }
    return { world, save }
  } catch (error) {
    if (error instanceof TypeError) throw unreadable(`${path}: no emulated world: ${error.message}`, error)
    throw error
  }
}

async function readSaved(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw inWords(path, error)
  }
}
