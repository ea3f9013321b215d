import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The root folder of the workspace, found from the compiled place of this file (tools/dist/src). */
export const ROOT: string = fileURLToPath(new URL('../../../', import.meta.url))

const SKIPPED: ReadonlySet<string> = new Set(['node_modules', 'dist', '.git'])

/**
 * Every file below `folder` whose name ends in `ending`, as paths from `folder` with `/` between
 * parts, sorted; built and installed files are left out. Empty when the folder is not there.
 */
export function filesBelow(folder: string, ending: string): string[] {
  const found: string[] = []
  const pending = [folder]
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    for (const entry of entriesOf(next)) {
      const path = join(next, entry.name)
      if (entry.isDirectory() && !SKIPPED.has(entry.name)) pending.push(path)
      if (entry.isFile() && entry.name.endsWith(ending)) found.push(relative(folder, path).split(sep).join('/'))
    }
  }
  return found.sort()
}

/** Names of the folders directly in `folder`, sorted; empty when it is not there. */
export function foldersIn(folder: string): string[] {
  return entriesOf(folder)
    .filter((entry) => entry.isDirectory() && !SKIPPED.has(entry.name))
    .map((entry) => entry.name)
    .sort()
}

function entriesOf(folder: string): { name: string; isDirectory(): boolean; isFile(): boolean }[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
}

/** The parts of a package.json that these tools read. */
export interface Manifest {
  readonly name: string
  readonly version: string
  readonly private?: boolean
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly files?: readonly string[]
  readonly exports?: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>
  readonly imports?: Readonly<Record<string, string | Readonly<Record<string, string>>>>
}

/** Reads the package.json in `folder`. @throws when it is not there or has no name. */
export function readManifest(folder: string): Manifest {
  const path = join(folder, 'package.json')
  const manifest: unknown = JSON.parse(readFileSync(path, 'utf8'))
  if (typeof manifest !== 'object' || manifest === null || !('name' in manifest)) throw new Error(`${path} has no name`)
  return manifest as Manifest
}

/** The packages below `root` that are meant for the registry: those under `packages/` that are not private. */
export function publishable(root: string): { name: string; path: string; manifest: Manifest }[] {
  return foldersIn(join(root, 'packages'))
    .map((folder) => ({ path: `packages/${folder}`, manifest: readManifest(join(root, 'packages', folder)) }))
    .filter(({ manifest }) => manifest.private !== true)
    .map(({ path, manifest }) => ({ name: manifest.name, path, manifest }))
}
