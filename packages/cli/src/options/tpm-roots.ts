import type { TpmRoots } from '@sekisho/broker'
import type { Around } from '../around.ts'
import { unreadable } from '../exit.ts'
import { readText } from './document.ts'

const MAX_FILE = 2 * 1024 * 1024

/** Roots of TPM makers with the certificates below them, from files in PEM. @throws CliError naming the file */
export async function readTpmRootFiles(paths: readonly string[], around: Around): Promise<TpmRoots> {
  const { joinTpmRoots, readTpmRoots } = await import('@sekisho/broker')
  const all: TpmRoots[] = []
  for (const path of paths) {
    const pem = await readText(path, around, MAX_FILE)
    try {
      all.push(readTpmRoots(pem))
    } catch (error) {
      throw unreadable(`${path}: ${error instanceof Error ? error.message : 'no certificates'}`, error)
    }
  }
  return joinTpmRoots(all)
}
