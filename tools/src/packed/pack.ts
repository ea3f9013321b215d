import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { publishable, readManifest } from '../files.ts'
import { npmPack } from './npm-pack.ts'
import { mustRun } from './run.ts'
import { staged } from './stage.ts'

/** A tarball as the registry would serve it. */
export interface Packed {
  readonly name: string
  readonly tarball: string
}

/** Packs publishable packages below `root` into `folder`, as they are published: those with one of `names`, or all. */
export async function packOurs(root: string, folder: string, names?: readonly string[]): Promise<readonly Packed[]> {
  const stages = mkdtempSync(join(tmpdir(), 'sekisho-stages-'))
  try {
    const homes = new Map<string, string>()
    for (const { name, path } of publishable(root)) {
      if (names === undefined || names.includes(name)) homes.set(name, await staged(join(root, path), stages))
    }
    return packAll(homes, folder)
  } finally {
    rmSync(stages, { recursive: true, force: true })
  }
}

/**
 * Packs the dependencies that our packages have outside this repository, as installed here, so that
 * installing ours asks no registry.
 */
export function packForeign(root: string, folder: string): readonly Packed[] {
  const ours = publishable(root)
  const found = new Map<string, string>()
  const pending = ours.map(({ path }) => join(root, path))
  for (let home = pending.pop(); home !== undefined; home = pending.pop()) {
    const { dependencies, optionalDependencies } = readManifest(home)
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
      if (found.has(name) || ours.some((each) => each.name === name)) continue
      const installed = installedFolder(name, home)
      // A native part for another platform: npm leaves it out, and so does this.
      if (installed === undefined && optionalDependencies?.[name] !== undefined) continue
      if (installed === undefined) throw new Error(`${name} is not installed; run npm ci`)
      found.set(name, installed)
      pending.push(installed)
    }
  }
  return packAll(found, folder)
}

/** Where Node finds `name` from `home`; a package may hide its package.json from import, but not from paths. */
function installedFolder(name: string, home: string): string | undefined {
  const paths = createRequire(join(home, 'package.json')).resolve.paths(name) ?? []
  for (const path of paths) {
    try {
      readManifest(join(path, name))
      return join(path, name)
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
    }
  }
  return undefined
}

/** Packs folders, by the name of the package in each. */
function packAll(homes: ReadonlyMap<string, string>, folder: string): readonly Packed[] {
  const tarballs = npmPack([...homes.values()], folder)
  return [...homes.keys()].map((name) => {
    const filename = tarballs.get(name)?.filename
    if (filename === undefined) throw new Error(`npm pack made no tarball of ${name}`)
    return { name, tarball: join(folder, filename) }
  })
}

/** Makes an empty project in `folder` and installs the tarballs there, without asking any registry. */
export function installInto(folder: string, packed: readonly Packed[]): void {
  mkdirSync(folder, { recursive: true })
  writeFileSync(
    join(folder, 'package.json'),
    '{ "name": "consumer", "version": "1.0.0", "private": true, "type": "module" }\n',
  )
  const options = ['--offline', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
  mustRun('npm', ['install', ...options, ...packed.map(({ tarball }) => tarball)], folder)
}
