import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { publishable, readManifest } from '../files.ts'
import { staged } from './stage.ts'

/** A tarball as the registry would serve it. */
export interface Packed {
  readonly name: string
  readonly tarball: string
}

/** What a command printed, and how it ended. */
export interface Ran {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command to its end. */
export function run(command: string, args: readonly string[], cwd: string): Ran {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8', timeout: 240_000 })
  if (error !== undefined) throw new Error(`${command} cannot be run: ${error.message}`, { cause: error })
  return { status, stdout, stderr }
}

/** Runs a command and returns what it printed. @throws Error with all output when it fails */
export function mustRun(command: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = run(command, args, cwd)
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}\n${stdout}\n${stderr}`)
  return stdout
}

/** Packs publishable packages below `root` into `folder`, as they are published: those with one of `names`, or all. */
export async function packOurs(root: string, folder: string, names?: readonly string[]): Promise<readonly Packed[]> {
  const stages = mkdtempSync(join(tmpdir(), 'sekisho-stages-'))
  try {
    const packed: Packed[] = []
    for (const { name, path } of publishable(root)) {
      if (names !== undefined && !names.includes(name)) continue
      packed.push({ name, tarball: pack(await staged(join(root, path), stages), folder) })
    }
    return packed
  } finally {
    rmSync(stages, { recursive: true, force: true })
  }
}

/**
 * Packs the dependencies that our packages have outside this repository, as installed here, so that
 * installing ours asks no registry.
 */
export function packForeign(root: string, folder: string): Packed[] {
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
      found.set(name, pack(installed, folder))
      pending.push(installed)
    }
  }
  return [...found].map(([name, tarball]) => ({ name, tarball }))
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

function pack(home: string, folder: string): string {
  const printed = mustRun('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder], home)
  const file = printed.trim().split('\n').at(-1)
  if (file === undefined || !file.endsWith('.tgz')) throw new Error(`npm pack in ${home} named no tarball`)
  return join(folder, file)
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
