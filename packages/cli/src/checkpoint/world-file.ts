import { readFile } from 'node:fs/promises'
import type { World, WorldOptions } from '@sekisho/emulator'
import { unreadable } from '../exit.ts'
import { errorCode, inWords } from '../input.ts'
import { createPrivate, writePrivate } from '../remote/private-file.ts'

/** An emulated world that lives in a file. */
export interface KeptWorld {
  readonly world: World
  /** Writes the world back to the file, if it is not what the file had when it was opened or saved last. */
  save(): Promise<void>
}

/** Of a world that is made because there is none. */
export interface NewWorld {
  /** Where its RSA keys come from; without it they are made, which takes a quarter of a minute. */
  readonly rsaKey?: WorldOptions['rsaKey']
  /** Told before it is made. */
  readonly onMaking?: () => void
}

/**
 * Opens the emulated world in a file, or makes one there. The file holds its private keys: only its owner may read it. What
 * a file of an earlier version lacks of AMD's keys is made and kept; where it cannot be written, what needs such a key throws.
 *
 * @throws CliError when the file is no such world
 */
export async function openWorld(
  path: string,
  now: () => Date,
  { rsaKey, onMaking }: NewWorld = {},
): Promise<KeptWorld> {
  const { createWorld } = await import('@sekisho/emulator')
  const saved = await readSaved(path)
  try {
    if (saved === undefined) {
      onMaking?.()
      const world = createWorld({ now, ...(rsaKey === undefined ? {} : { rsaKey }) })
      // The keys that take time are made before the first save: whoever opens the file next has the same ones.
      await world.ready()
      // Another command may have made one meanwhile: then it is that one for both.
      const text = world.save()
      return (await createPrivate(path, `${text}\n`)) ? keeping(path, world, text) : await openWorld(path, now)
    }
    const world = createWorld({ now, saved })
    const kept = keeping(path, world, saved.trimEnd())
    const before = world.save()
    await world.ready()
    if (world.save() === before) return kept
    try {
      await kept.save()
      return kept
    } catch (error) {
      // A key that is not kept would be another in each process, and what it signs a forgery to all others.
      const rsaKey = (name: string): never => {
        throw unreadable(`${path} has no key ${name} and cannot be given one; open it where it may be written`, error)
      }
      return keeping(path, createWorld({ now, saved, rsaKey }), saved.trimEnd())
    }
  } catch (error) {
    if (error instanceof TypeError) throw unreadable(`${path}: no emulated world: ${error.message}`, error)
    throw error
  }
}

/** @param text what the file has now */
function keeping(path: string, world: World, text: string): KeptWorld {
  let kept = text
  const save = async (): Promise<void> => {
    const now = world.save()
    if (now === kept) return
    await writePrivate(path, `${now}\n`)
    kept = now
  }
  return { world, save }
}

async function readSaved(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw inWords(path, error)
  }
}
