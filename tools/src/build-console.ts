/**
 * Builds the web page into `packages/console/dist/page`: `node tools/dist/src/build-console.js` after `tsc -b`. Nothing is
 * done when nothing that goes into the page has changed since; `--force` builds anyway.
 */
import { createHash } from 'node:crypto'
import { cpSync, readFileSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { build, type Plugin } from 'vite'
import { parse } from 'yaml'
import { filesBelow, ROOT } from './files.ts'
import { Sources, Stamp } from './stamp.ts'

const CONSOLE = join(ROOT, 'packages', 'console')
const PAGE = join(CONSOLE, 'dist', 'page')
/** Where the command line serves it from. */
const SERVED = join(ROOT, 'packages', 'cli', 'dist', 'page')
const STAMP = new Stamp(join(CONSOLE, 'dist', 'page.sha256'), [join(PAGE, 'index.html'), join(SERVED, 'index.html')])
const EXAMPLES = ['snp-genoa', 'tdx', 'tdx-out-of-date', 'tdx-debug', 'sgx']

// Its own files, the verifier as it is written, the examples, the lock file.
const wanted = new Sources()
  .below('packages/console/src', '.ts', '.tsx', '.css')
  .below('packages/console/public', '.svg', '.json')
  .below('packages/evidence/src', '.ts')
  .below('packages/appraisal/src', '.ts')
  .below('examples', '.bin', '.json', '.yaml', '.der')
  .file('packages/console/index.html')
  .file('tools/src/build-console.ts')
  .file('package-lock.json')
  .digest()
if (process.argv.includes('--force') || !STAMP.says(wanted)) {
  await buildPage()
  rmSync(SERVED, { recursive: true, force: true })
  cpSync(PAGE, SERVED, { recursive: true })
  STAMP.set(wanted)
}

async function buildPage(): Promise<void> {
  await build({
    configFile: false,
    root: CONSOLE,
    base: './',
    logLevel: 'warn',
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
    worker: { format: 'es' },
    plugins: [examples(), serviceWorker()],
    build: {
      outDir: PAGE,
      emptyOutDir: true,
      target: 'es2023',
      // Files of their own: the page's policy allows no inline data but images.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      rolldownOptions: {
        // On a machine that is busy it would tell whoever starts the product how long its plugins took.
        checks: { pluginTimings: false },
        input: { page: join(CONSOLE, 'index.html'), sw: join(CONSOLE, 'src', 'service-worker.ts') },
        output: { entryFileNames: ({ name }) => (name === 'sw' ? 'sw.js' : 'assets/[name]-[hash].js') },
      },
    },
  })
}

/** The examples, each with its collateral, trust anchors and expectations in one JSON that the page can open. */
function examples(): Plugin {
  return {
    name: 'sekisho-examples',
    generateBundle() {
      for (const name of EXAMPLES)
        this.emitFile({ type: 'asset', fileName: `examples/${name}.json`, source: JSON.stringify(exampleOf(name)) })
    },
  }
}

function exampleOf(name: string): unknown {
  const folder = join(ROOT, 'examples', name)
  const collateral = ['.der', '.json', '.bin'].flatMap((ending) => filesBelow(folder, ending))
  const paths = [...collateral.map((path) => join(folder, path)), join(ROOT, 'examples', 'example-root.json')]
  const files = paths.map((path) => ({ name: basename(path), base64: readFileSync(path).toString('base64') }))
  // One example is there to show what a verdict says when nobody expects anything.
  const expectations = name === 'sgx' ? join(ROOT, 'examples', 'expect-nothing.yaml') : join(folder, 'expect.yaml')
  return { files, expect: parse(readFileSync(expectations, 'utf8')) ?? {} }
}

/** Tells the service worker which files there are: another list is another worker, and browsers fetch it anew. */
function serviceWorker(): Plugin {
  return {
    name: 'sekisho-service-worker',
    enforce: 'post',
    generateBundle: {
      order: 'post',
      handler(_, bundle) {
        const worker = bundle['sw.js']
        if (worker?.type !== 'chunk') throw new Error('the page was built without its service worker')
        const files = [...Object.keys(bundle).filter((name) => name !== 'sw.js'), 'icon.svg', 'manifest.json']
        const version = createHash('sha256').update(wanted).digest('hex').slice(0, 16)
        // Asked before: the hash in a file's name may have two underscores of its own.
        for (const place of ['["__FILES__"]', '__VERSION__'])
          if (!worker.code.includes(place)) throw new Error(`the service worker has no place for ${place}`)
        worker.code = worker.code.replace('["__FILES__"]', JSON.stringify(files)).replace('__VERSION__', version)
      },
    },
  }
}
