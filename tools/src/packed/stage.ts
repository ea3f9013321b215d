import { cpSync, existsSync, mkdtempSync, writeFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { type Manifest, readManifest } from '../files.ts'
import { bundleForNode } from './bundle.ts'

/** The package that is published with bundles for Node.js beside its modules. */
const BUNDLED = '@sekisho/evidence'
const COMPILED = 'dist/src'
const BUNDLES = 'dist/node'

/** Runtimes that would take what is meant for Node.js, and whose cryptography is another. */
const OTHERS = ['bun', 'deno', 'workerd', 'browser'] as const

/**
 * The folder of a package as it is published. Most are published as they are. Of the evidence package this makes a copy
 * below `folder`, with bundles for Node.js: in this repository the compiled modules count alone, so that nobody runs a
 * bundle that is older than what was compiled.
 *
 * @returns where `npm pack` finds it
 */
export async function staged(home: string, folder: string): Promise<string> {
  const manifest = readManifest(home)
  if (manifest.name !== BUNDLED) return home
  const copy = mkdtempSync(join(folder, 'stage-'))
  cpSync(home, copy, {
    recursive: true,
    filter: (path) => isPublished(relative(home, path).split(sep)) && !isOutlived(home, path),
  })
  const entries = entriesOf(manifest)
  await bundleForNode(join(home, COMPILED), join(home, 'src'), entries, join(copy, BUNDLES))
  writeFileSync(join(copy, 'package.json'), `${JSON.stringify(withBundles(manifest, entries), null, 2)}\n`)
  return copy
}

function isPublished([first, second]: readonly string[]): boolean {
  if (first === 'dist') return second === undefined || second === 'src'
  return first !== 'src' && first !== 'test' && first !== 'node_modules'
}

/** Whether a file was compiled from a source that is no more: the compiler leaves it where it is. */
function isOutlived(home: string, path: string): boolean {
  const [module] = /^.*(?=(?:\.d\.ts|\.js)(?:\.map)?$)/.exec(relative(join(home, COMPILED), path)) ?? []
  return module !== undefined && !module.startsWith('..') && !existsSync(join(home, 'src', `${module}.ts`))
}

type Entry = NonNullable<Manifest['exports']>[string]

/** Paths of the entry points below the compiled files, by the name of their bundle. */
function entriesOf({ exports }: Manifest): Readonly<Record<string, string>> {
  const entries: Record<string, string> = {}
  for (const [name, entry] of Object.entries(exports ?? {}))
    if (isModule(entry)) entries[bundleName(name)] = entry.default.slice(`./${COMPILED}/`.length)
  return entries
}

function isModule(entry: Entry): entry is { readonly types: string; readonly default: string } {
  return typeof entry !== 'string'
}

function bundleName(exported: string): string {
  return exported === '.' ? 'index' : exported.slice('./'.length)
}

function withBundles(manifest: Manifest, entries: Readonly<Record<string, string>>): object {
  const exports = Object.entries(manifest.exports ?? {}).map(([name, entry]) => {
    const bundle = bundleName(name)
    if (!isModule(entry) || entries[bundle] === undefined) return [name, entry]
    const others = Object.fromEntries(OTHERS.map((runtime) => [runtime, entry.default]))
    return [name, { types: entry.types, ...others, node: `./${BUNDLES}/${bundle}.js`, default: entry.default }]
  })
  return { ...manifest, files: [...(manifest.files ?? []), BUNDLES], exports: Object.fromEntries(exports) }
}
