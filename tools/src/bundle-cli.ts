/**
 * Bundles the command line into one CommonJS file, and makes V8's code cache for it. Loading a hundred
 * modules costs more than verifying a quote: `sekisho verify` has to start within twice `node -e 0`.
 *
 * `node tools/dist/src/bundle-cli.js` after `tsc -b`; `packages/cli/bin/sekisho.cjs` starts the result. Nothing is done
 * when nothing that goes into the bundles has changed since; `--force` bundles anyway.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Script } from 'node:vm'
import { type BuildOptions, build } from 'esbuild'
import { foldersIn, ROOT } from './files.ts'
import { Sources, Stamp } from './stamp.ts'

const CLI = join(ROOT, 'packages', 'cli')
const BIN = join(CLI, 'bin', 'sekisho.cjs')
const BUNDLE = join(CLI, 'dist', 'bundle', 'sekisho.cjs')

const CHECKPOINT = join(CLI, 'dist', 'bundle', 'checkpoint.cjs')
const BUNDLES = [BUNDLE, CHECKPOINT] as const
const STAMP = new Stamp(
  join(CLI, 'dist', 'bundle.sha256'),
  BUNDLES.flatMap((file) => [file, `${file}.cache`]),
)

/** Packages of the checkpoint: imported when a command needs them, so that verifying does not pay for them. */
const LEFT_OUT = ['appraisal', 'attester', 'broker', 'emulator', 'server'].map((name) => `@sekisho/${name}`)

/** What the checkpoint's own bundle exports, each under its name. */
const SERVING = ['appraisal', 'broker', 'server'] as const

/** Native code, WebAssembly, and what only some checkpoints need. */
const NOT_BUNDLED = ['libsql', 'koffi', 'pg', 'jose', '@cedar-policy/cedar-wasm']

async function bundle(): Promise<void> {
  const common = {
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    conditions: ['node'],
    // The format has no `import.meta`; the program finds the web page beside itself by it.
    define: { 'import.meta.url': 'HERE' },
    banner: { js: "const HERE=require('node:url').pathToFileURL(__filename).href;" },
    legalComments: 'eof',
    logLevel: 'warning',
  } as const satisfies BuildOptions
  // V8 tells a cache's source by its length alone: none of another build may stay.
  for (const file of BUNDLES) rmSync(`${file}.cache`, { force: true })
  await build({ ...common, entryPoints: [join(CLI, 'dist', 'src', 'main.js')], outfile: BUNDLE, external: LEFT_OUT })
  const contents = SERVING.map((name) => `export * as ${name} from '@sekisho/${name}'`).join('\n')
  const stdin = { contents, resolveDir: CLI }
  await build({ ...common, stdin, outfile: CHECKPOINT, external: NOT_BUNDLED.flatMap((name) => [name, `${name}/*`]) })
  // A script that comes out of V8's code cache has forgotten who resolves its imports: they are handed in.
  for (const file of BUNDLES)
    writeFileSync(file, readFileSync(file, 'utf8').replace(/\bimport\((?=")/g, 'importPackage('))
  // In a process of its own: what the program prints while it is warmed up is nobody's business.
  const warmed = spawnSync(process.execPath, [fileURLToPath(import.meta.url), '--warm'], {
    cwd: ROOT,
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
  })
  if (warmed.status !== 0) throw new Error(`the bundled command line did not run:\n${warmed.stderr}`)
  tryImports()
}

/**
 * With the code cache, as users have it, a command that needs packages which are left out has to find them. This one gets
 * as far as to see that its file is no world: to make a world takes a core for a quarter of a minute.
 */
function tryImports(): void {
  const folder = mkdtempSync(join(tmpdir(), 'sekisho-bundle-'))
  try {
    const world = join(folder, 'world.json')
    writeFileSync(world, '{}')
    const line = [BIN, 'emulate', 'attest', 'snp', '--world', world]
    const { stderr } = spawnSync(process.execPath, line, { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' })
    if (!stderr.includes('no emulated world'))
      throw new Error(`the bundled command line does not find the packages that are left out:\n${stderr}`)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Bundles unless the bundles are of these sources, and their code caches for this Node.js. */
async function bundleIfChanged(): Promise<void> {
  const sources = new Sources().text(`${process.version} ${process.arch}`)
  for (const name of foldersIn(join(ROOT, 'packages'))) sources.below(`packages/${name}/src`, '.ts')
  const wanted = sources.file('tools/src/bundle-cli.ts').file('package-lock.json').digest()
  if (process.argv.includes('--force') || !STAMP.says(wanted)) {
    await bundle()
    STAMP.set(wanted)
  }
  // Whoever starts them looks whether something was compiled since.
  const now = new Date()
  for (const file of BUNDLES) utimesSync(file, now, now)
}

const AT = ['--trust-anchor', 'examples/example-root.json', '--at', '2026-06-15T12:00:00Z']

/** Command lines whose functions are worth having compiled. */
const WARM: readonly (readonly string[])[] = [
  [
    'verify',
    'examples/tdx/quote.bin',
    '--collateral',
    'examples/tdx/collateral.json',
    '--event-log',
    'examples/tdx/ccel.bin',
    '--expect',
    'examples/tdx/expect.yaml',
    ...AT,
  ],
  [
    'verify',
    'examples/sgx/quote.bin',
    '--collateral',
    'examples/sgx/collateral.json',
    '--expect',
    'examples/expect-nothing.yaml',
    ...AT,
  ],
  [
    'verify',
    'examples/snp-genoa/report.bin',
    '--collateral',
    'examples/snp-genoa',
    '--expect',
    'examples/snp-genoa/expect.yaml',
    ...AT,
  ],
  ['inspect', 'examples/tdx/quote.bin'],
]

type Run = (...around: readonly unknown[]) => void

/** A bundle as the program's bin loads it. */
function loaded(file: string): { readonly script: Script; readonly run: () => Readonly<Record<string, unknown>> } {
  const source = `(function(exports,require,module,__filename,__dirname,importPackage){${readFileSync(file, 'utf8')}\n})`
  const script = new Script(source, { filename: file })
  const run = (): Readonly<Record<string, unknown>> => {
    const module = { exports: {} }
    const body: Run = script.runInThisContext()
    body(module.exports, createRequire(file), module, file, dirname(file), importPackage)
    return module.exports
  }
  return { script, run }
}

const checkpoint = loading(() => loaded(CHECKPOINT))
const checkpointExports = loading(() => checkpoint().run())

function loading<T>(load: () => T): () => T {
  let known: { readonly value: T } | undefined
  return () => {
    known ??= { value: load() }
    return known.value
  }
}

async function importPackage(name: string): Promise<unknown> {
  const served = SERVING.find((one) => name === `@sekisho/${one}`)
  return served === undefined ? import(name) : checkpointExports()[served]
}

// V8 keeps in the cache what was compiled by then: each line is run once, as the program's bin runs it.
async function warm(): Promise<void> {
  const program = loaded(BUNDLE)
  for (const line of WARM) await ends(program.run, line)
  writeFileSync(`${BUNDLE}.cache`, program.script.createCachedData())
  await warmServer(program.run)
  writeFileSync(`${CHECKPOINT}.cache`, checkpoint().script.createCachedData())
  process.exitCode = 0
}

// A build is not the only work of a machine.
const PATIENCE_MS = 60_000

async function ends(run: () => unknown, line: readonly string[], meanwhile?: () => Promise<void>): Promise<void> {
  process.argv = [process.execPath, BUNDLE, ...line]
  process.exitCode = undefined
  run()
  await meanwhile?.()
  for (const end = performance.now() + PATIENCE_MS; process.exitCode === undefined && performance.now() < end; )
    await wait(20)
  if (process.exitCode === undefined || Number(process.exitCode) > 2)
    throw new Error(`\`sekisho ${line.join(' ')}\` ended with ${process.exitCode}`)
}

/** Starts the checkpoint in a folder of its own, asks whether it is ready, and stops it. */
async function warmServer(run: () => unknown): Promise<void> {
  for (const name of Object.keys(process.env))
    if (name === 'DATABASE_URL' || name.startsWith('SEKISHO_')) delete process.env[name]
  const folder = mkdtempSync(join(tmpdir(), 'sekisho-bundle-'))
  const port = await freePort()
  try {
    await ends(run, ['up', '--offline', '--port', String(port), '--data', folder], async () => {
      await answers(`http://127.0.0.1:${port}/readyz`)
      process.emit('SIGTERM')
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}

async function answers(url: string): Promise<void> {
  for (const end = performance.now() + PATIENCE_MS; process.exitCode === undefined && performance.now() < end; ) {
    const answer = await fetch(url, { headers: { connection: 'close' } }).catch(() => undefined)
    await answer?.arrayBuffer()
    if (answer?.ok === true) return
    await wait(20)
  }
  throw new Error('the bundled checkpoint did not answer')
}

if (process.argv[2] === '--warm') await warm()
else await bundleIfChanged()
