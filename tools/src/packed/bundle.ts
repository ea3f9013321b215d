import { existsSync, readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { type BuildOptions, build, type Plugin } from 'esbuild'

/** Folders of the evidence package that every kind of evidence needs: one file together. */
const BASE = ['core', 'crypto', 'x509'] as const
const BASE_FILE = './base.js'

/** What the package's `imports` name, and the files of theirs for runtimes other than Node.js. */
const DOORS = ['#crypto', '#text']
const OTHER_DOORS = ['crypto/web.js', 'core/text.js']

/**
 * Bundles the compiled evidence package for Node.js: a file for each entry point, one for what all of them share, and a
 * few for what some share. Loading sixty modules takes Node.js twice as long as verifying a quote from nothing. Names
 * stay, so that stack traces can be read.
 *
 * @param compiled the folder of the compiled modules
 * @param sources the folder of their sources: what outlived its source is left out
 * @param entries paths below it, by the name of the file to be made
 * @param out the folder to be filled
 */
export async function bundleForNode(
  compiled: string,
  sources: string,
  entries: Readonly<Record<string, string>>,
  out: string,
): Promise<void> {
  const common = {
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    conditions: ['node'],
    minifyWhitespace: true,
    legalComments: 'none',
    logLevel: 'warning',
  } as const satisfies BuildOptions
  const shared = BASE.flatMap((folder) => baseModules(sources, folder))
  await build({
    ...common,
    stdin: { contents: shared.map((path) => `export * from './${path}'`).join('\n'), resolveDir: compiled },
    outfile: join(out, BASE_FILE),
  })
  await build({
    ...common,
    entryPoints: Object.fromEntries(Object.entries(entries).map(([name, path]) => [name, join(compiled, path)])),
    outdir: out,
    splitting: true,
    chunkNames: 'shared-[hash]',
    plugins: [baseStaysOutside(compiled, new Set(shared))],
  })
}

function baseModules(sources: string, folder: string): readonly string[] {
  return readdirSync(join(sources, folder))
    .filter((name) => name.endsWith('.ts') && name !== 'index.ts')
    .map((name) => `${folder}/${name.slice(0, -'.ts'.length)}.js`)
    .filter((path) => !OTHER_DOORS.includes(path))
}

// All files are made in one folder, so the base is beside whoever imports it.
function baseStaysOutside(compiled: string, shared: ReadonlySet<string>): Plugin {
  const isShared = (path: string): boolean => shared.has(relative(compiled, path).replaceAll('\\', '/'))
  return {
    name: 'base',
    setup({ onResolve }) {
      onResolve({ filter: /./ }, ({ kind, path, resolveDir }) => {
        if (kind === 'entry-point') return undefined
        if (DOORS.includes(path)) return { path: BASE_FILE, external: true }
        const file = join(resolveDir, path)
        return path.startsWith('.') && existsSync(file) && isShared(file)
          ? { path: BASE_FILE, external: true }
          : undefined
      })
    },
  }
}
