import { type Fault, type GivenFile, MAX_FILE } from '../engine/messages.ts'
import type { Texts } from '../text/texts.ts'

/** Most files in one drop. */
export const MAX_FILES = 32

/** Reads files that somebody chose; those that are too long are refused before a byte of them is read. */
export async function readFiles(list: readonly File[], t: Texts): Promise<readonly GivenFile[] | Fault> {
  if (list.length > MAX_FILES) return { message: t.fault.tooMany(MAX_FILES), code: 'too-many' }
  const long = list.find(({ size }) => size > MAX_FILE)
  if (long !== undefined)
    return { message: t.fault.tooLarge(long.name.slice(0, 80), Math.round(long.size / 1e6)), code: 'too-large' }
  return Promise.all(list.map(async (file) => ({ name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) })))
}

/** Offers bytes as a file to keep. */
export function saveText(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'application/json' }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  URL.revokeObjectURL(url)
}
