import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js')
const CHROMIUM = process.env['SEKISHO_CHROMIUM'] ?? '/usr/bin/chromium'

/** Root of the workspace, from the compiled place of this file. */
export const ROOT: string = fileURLToPath(new URL('../../../../', import.meta.url))

/** The built page. */
export const PAGE: string = join(ROOT, 'packages/console/dist/page')

/** Why the page cannot be tested here; undefined when it can. */
export const MISSING: string | undefined = !existsSync(CHROMIUM)
  ? `Chromium is not here (${CHROMIUM}; SEKISHO_CHROMIUM names another)`
  : existsSync(join(PAGE, 'index.html'))
    ? undefined
    : 'the page is not built (npm run build)'

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
}

/** What the server of the checkpoint sends with the page. */
const POLICY =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
  "connect-src 'self'; manifest-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"

/** The page on a loopback port, and a browser that may look at it. */
export interface Stage {
  readonly url: string
  /** Every path that was asked for. */
  readonly asked: readonly string[]
  page(options?: BrowserContextOptions): Promise<Seen>
  /** No more answers, as when the network is off. */
  stopServing(): Promise<void>
  close(): Promise<void>
}

/** A page, and what went wrong on it. */
export interface Seen {
  readonly page: Page
  /** Errors of scripts, of the policy, and requests to anywhere else. */
  readonly errors: string[]
}

/** Chromium, and pages of one origin in it. */
export interface Pages {
  page(options?: BrowserContextOptions): Promise<Seen>
  close(): Promise<void>
}

/** Starts Chromium; every page notes requests to anywhere but `url`. */
export async function openPages(url: string): Promise<Pages> {
  const browser: Browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-background-networking'],
  })
  return {
    async page(options = {}) {
      const context = await browser.newContext({ locale: 'en-GB', timezoneId: 'Europe/Berlin', ...options })
      const page = await context.newPage()
      const errors: string[] = []
      page.on('pageerror', (error) => errors.push(error.message))
      page.on('console', (message) => {
        if (message.type() === 'error') errors.push(message.text())
      })
      page.on('request', (request) => {
        if (!request.url().startsWith(url) && !request.url().startsWith('blob:')) errors.push(`asked ${request.url()}`)
      })
      return { page, errors }
    },
    close: () => browser.close(),
  }
}

/** Serves the built page and starts Chromium. */
export async function openStage(): Promise<Stage> {
  const asked: string[] = []
  const server = createServer((request, answer) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname
    asked.push(path)
    const file = join(PAGE, path === '/' ? 'index.html' : path)
    const type = TYPES[extname(file)]
    if (path.includes('..') || type === undefined || !existsSync(file)) return answer.writeHead(404).end()
    return answer.writeHead(200, { 'content-type': type, 'content-security-policy': POLICY }).end(readFileSync(file))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const { page, close } = await openPages(url)
  const stopServing = (): Promise<void> =>
    new Promise((resolve) => {
      server.closeAllConnections()
      server.close(() => resolve())
    })
  return {
    url,
    asked,
    stopServing,
    page,
    async close() {
      await close()
      if (server.listening) await stopServing()
    },
  }
}

/**
 * The looks that a page is tried in: each language and each appearance once. Layout depends on the language, colours on the
 * appearance; no finding ever came of a pair alone.
 */
export const LOOKS = [
  { locale: 'en-GB', colorScheme: 'light' },
  { locale: 'ja-JP', colorScheme: 'dark' },
] as const

/** What axe finds: impact, rule and the first element of each. */
export async function axeFindings(page: Page): Promise<readonly string[]> {
  // The policy of the page lets nobody add a script to it, so the checker is evaluated by the debugger.
  await page.evaluate(readFileSync(AXE, 'utf8'))
  const { violations } = await page.evaluate<{
    violations: readonly { id: string; impact: string; nodes: readonly { html: string }[] }[]
  }>('axe.run(document, { resultTypes: ["violations"] })')
  return violations.map(({ id, impact, nodes }) => `${impact} ${id}: ${nodes[0]?.html.slice(0, 160)}`)
}

/** Whether the page is wider than the window. */
export async function overflows(page: Page): Promise<boolean> {
  return page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth)
}

/** Drops files anywhere on the page, as a person would. */
export async function drop(
  page: Page,
  files: readonly { readonly name: string; readonly bytes: Uint8Array }[],
): Promise<void> {
  const given = files.map(({ name, bytes }) => ({ name, base64: Buffer.from(bytes).toString('base64') }))
  await page.evaluate((list) => {
    const data = new DataTransfer()
    for (const { name, base64 } of list)
      data.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], name))
    document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }))
  }, given)
}

/** Files of the examples, by their path. */
export function exampleFiles(
  ...paths: readonly string[]
): readonly { readonly name: string; readonly bytes: Uint8Array }[] {
  return paths.map((path) => ({
    name: path.split('/').at(-1) ?? path,
    bytes: new Uint8Array(readFileSync(join(ROOT, 'examples', path))),
  }))
}
