import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Where the page lies from here: as a compiled file, and in the bundle. */
const PLACES = ['../../page', '../page']

/** Folder of the built web page; undefined where it was not built. */
export function pageFolder(): string | undefined {
  return PLACES.map((place) => fileURLToPath(new URL(place, import.meta.url))).find((folder) =>
    existsSync(join(folder, 'index.html')),
  )
}
