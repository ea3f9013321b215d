/**
 * Bundles the command line into one CommonJS file, and makes V8's code cache for it. Loading a hundred
 * modules costs more than verifying a quote: `sekisho verify` has to start within twice `node -e 0`.
 *
 * `node tools/dist/src/bundle-cli.js` after `tsc -b`; `packages/cli/bin/sekisho.cjs` starts the result.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Script } from 'node:vm'
import { build } from 'esbuild'
import { ROOT } from './files.ts'

const CLI = join(ROOT, 'packages', 'cli')
const BIN = join(CLI, 'bin', 'sekisho.cjs')
const BUNDLE = join(CLI, 'dist', 'bundle', 'sekisho.cjs')

/** Packages of the checkpoint: imported when a command needs them, so that verifying does not pay for them. */
const LEFT_OUT = ['appraisal', 'attester', 'broker', 'emulator', 'server'].map((name) => `@sekisho/${name}`)

async function bundle(): Promise<void> {
  await build({
    entryPoints: [join(CLI, 'dist', 'src', 'main.js')],
    outfile: BUNDLE,
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    conditions: ['node'],
    external: LEFT_OUT,
    // The format has no `import.meta`; the program finds the web page beside itself by it.
    define: { 'import.meta.url': 'HERE' },
    banner: { js: "const HERE=require('node:url').pathToFileURL(__filename).href;" },
    legalComments: 'eof',
    logLevel: 'warning',
  })
  // A script that comes out of V8's code cache has forgotten who resolves its imports: they are handed in.
  writeFileSync(BUNDLE, readFileSync(BUNDLE, 'utf8').replace(/\bimport\((?=")/g, 'importPackage('))
  // In a process of its own: what the program prints while it is warmed up is nobody's business.
  const warmed = spawnSync(process.execPath, [fileURLToPath(import.meta.url), '--warm'], {
    cwd: ROOT,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  if (warmed.status !== 0) throw new Error('the bundled command line did not run')
  tryImports()
}

/** With the code cache, as users have it, a command that needs packages which are left out has to find them. */
function tryImports(): void {
  const folder = mkdtempSync(join(tmpdir(), 'sekisho-bundle-'))
  try {
    const line = [BIN, 'emulate', 'attest', 'snp', '--world', join(folder, 'world.json')]
    const tried = spawnSync(process.execPath, line, { stdio: ['ignore', 'ignore', 'inherit'] })
    if (tried.status !== 0) throw new Error('the bundled command line does not find the packages that are left out')
  } finally {
    rmSync(folder, { recursive: true })
  }
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

// V8 keeps in the cache what was compiled by then: each line is run once, as the program's bin runs it.
async function warm(): Promise<void> {
  const source = `(function(exports,require,module,__filename,__dirname,importPackage){${readFileSync(BUNDLE, 'utf8')}\n})`
  const script = new Script(source, { filename: BUNDLE })
  const importPackage = (name: string): Promise<unknown> => import(name)
  for (const line of WARM) {
    process.argv = [process.execPath, BUNDLE, ...line]
    process.exitCode = undefined
    const module = { exports: {} }
    script.runInThisContext()(module.exports, createRequire(BUNDLE), module, BUNDLE, dirname(BUNDLE), importPackage)
    for (let waited = 0; process.exitCode === undefined && waited < 200; waited++) await wait(20)
    if (process.exitCode === undefined || Number(process.exitCode) > 2)
      throw new Error(`\`sekisho ${line.join(' ')}\` ended with ${process.exitCode}`)
  }
  writeFileSync(`${BUNDLE}.cache`, script.createCachedData())
  process.exitCode = 0
}

if (process.argv[2] === '--warm') await warm()
else await bundle()
