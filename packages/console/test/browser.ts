import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Disposable,
  type Page,
} from 'playwright-core'

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js')
// What is all of Chromium that a page has, without the rest of a browser: each page costs a fifth less.
const SHELL = '/usr/bin/chromium-headless-shell'
const CHROMIUM = process.env['SEKISHO_CHROMIUM'] ?? (existsSync(SHELL) ? SHELL : '/usr/bin/chromium')

/** Root of the workspace, from the compiled place of this file. */
export const ROOT: string = fileURLToPath(new URL('../../../../', import.meta.url))

const PAGE: string = join(ROOT, 'packages/console/dist/page')

/** Why the page cannot be tested here; undefined when it can. */
export const MISSING: string | undefined = !existsSync(CHROMIUM)
  ? `Chromium is not here (${CHROMIUM}; SEKISHO_CHROMIUM names another)`
  : existsSync(join(PAGE, 'index.html'))
    ? undefined
    : 'the page is not built (npm run build)'

/** A page, and what went wrong on it. */
export interface Seen {
  readonly page: Page
  /** Errors of scripts, of the policy, and requests to anywhere else. */
  readonly errors: string[]
}

/** What makes a browser a person's: the cookies of the session, and the key that scripts send beside them. */
export interface Session {
  readonly cookies: Parameters<BrowserContext['addCookies']>[0]
  readonly key: string
}

/** Chromium, and pages of one origin in it. */
export interface Pages {
  /** A page as in a browser of its own: nobody before left a session or a preference in it. Its test calls {@link leave}. */
  page(options?: BrowserContextOptions, session?: Session): Promise<Seen>
  close(): Promise<void>
}

/** A Chromium, and its pages. */
interface Shared {
  readonly browser: Promise<Browser>
  kept: readonly Kept[]
}

let shared: Shared | undefined
let users = 0
let leaving: NodeJS.Timeout | undefined

// Test files that run in one process share one Chromium: between two that need it there are some that do not.
const LINGER_MS = 3000

// Six processes share a machine that may be slow.
const PATIENCE_MS = 60_000

function takeBrowser(): Shared {
  users++
  clearTimeout(leaving)
  shared ??= launch()
  return shared
}

function leaveBrowser(): void {
  users--
  if (users > 0) return
  leaving = setTimeout(() => {
    const left = shared
    shared = undefined
    void left?.browser.then((one) => one.close())
  }, LINGER_MS)
}

function launch(): Shared {
  const browser = chromium.launch({
    executablePath: CHROMIUM,
    timeout: PATIENCE_MS,
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-background-networking'],
  })
  const launched: Shared = { browser, kept: [] }
  const gone = (): void => {
    // By then there may be the next: forgetting that would leave it open for ever, and this process with it.
    if (shared === launched) shared = undefined
  }
  browser.then((one) => one.once('disconnected', gone), gone)
  return launched
}

interface Kept {
  readonly page: Page
  /** The options of its context. */
  readonly like: string
  used: boolean
  /** The script that its documents begin with, while it is used. */
  beginning?: Disposable
}

const keptOf = new WeakMap<Page, Kept>()

/**
 * Pages in the Chromium that all share; every page notes requests to anywhere but its server. A context of its own costs a
 * page a second of CPU or two, since to Chromium it is another person's profile, and its code is fetched and compiled
 * again: a page that was left is emptied and given to the next that asks for one like it, in whichever file.
 *
 * @param starting the address of a server that may be starting still, while the browser is being held
 */
export async function openPages(starting: Promise<string>): Promise<Pages> {
  const its = takeBrowser()
  const [browser, url] = await Promise.all([its.browser, starting]).catch((error: unknown) => {
    leaveBrowser()
    throw error
  })
  const mine = new Set<Kept>()
  return {
    async page(options = {}, session = { cookies: [], key: '' }) {
      const like = JSON.stringify(options)
      let one = its.kept.find((each) => !each.used && each.like === like)
      if (one === undefined) {
        one = { page: await openPage(browser, options), like, used: true }
        its.kept = [...its.kept, one]
        keptOf.set(one.page, one)
      }
      one.used = true
      mine.add(one)
      const { page } = one
      one.beginning = await page.addInitScript(beginAs, session.key)
      await page.context().clearCookies()
      await page.context().addCookies(session.cookies)
      return { page, errors: errorsOf(page, url) }
    },
    async close() {
      // What a failed test did not leave would go on asking a server that is gone.
      const forgotten = [...mine].filter((one) => one.used)
      its.kept = its.kept.filter((one) => !forgotten.includes(one))
      await Promise.all(forgotten.map(({ page }) => page.context().close()))
      leaveBrowser()
    },
  }
}

async function openPage(browser: Browser, options: BrowserContextOptions): Promise<Page> {
  // A service worker would fetch the whole page again for every context; the one test that is about it says so.
  const standard = { locale: 'en-GB', timezoneId: 'Europe/Berlin', serviceWorkers: 'block' } as const
  const context = await browser.newContext({ ...standard, ...options })
  context.setDefaultTimeout(PATIENCE_MS)
  return context.newPage()
}

const HEARD = ['console', 'dialog', 'pageerror', 'request', 'response'] as const

/** The end of a test with a page: whoever gets it next finds nothing of this one. */
export async function leave(page: Page): Promise<void> {
  const one = keptOf.get(page)
  if (one === undefined) throw new Error('this page was not opened here')
  for (const event of HEARD) page.removeAllListeners(event)
  await page.unrouteAll({ behavior: 'ignoreErrors' })
  await page.evaluate(() => {
    window.name = ''
  })
  await page.goto('about:blank')
  await one.beginning?.dispose()
  const { viewport = { width: 1280, height: 720 } }: BrowserContextOptions = JSON.parse(one.like)
  if (viewport !== null && viewport.width !== page.viewportSize()?.width) await page.setViewportSize(viewport)
  one.used = false
}

/** Runs in the page, before anything of its own: at the first document there is nothing in the storage but the session. */
function beginAs(key: string): void {
  if (window.name === 'begun' || !location.protocol.startsWith('http')) return
  window.name = 'begun'
  localStorage.clear()
  sessionStorage.clear()
  if (key !== '') localStorage.setItem('sekisho-session-key', key)
}

function errorsOf(page: Page, url: string): string[] {
  const errors: string[] = []
  page.on('pageerror', (error) => errors.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text())
  })
  page.on('request', (request) => {
    if (!request.url().startsWith(url) && !request.url().startsWith('blob:')) errors.push(`asked ${request.url()}`)
  })
  return errors
}

/**
 * The looks that a page is tried in: each language and each appearance once. Layout depends on the language, colours on the
 * appearance; no finding ever came of a pair alone.
 */
export const LOOKS = [
  { locale: 'en-GB', colorScheme: 'light', viewport: { width: 360, height: 740 } },
  { locale: 'ja-JP', colorScheme: 'dark', viewport: { width: 360, height: 740 } },
] as const

/** What axe finds: impact, rule and the first element of each. */
export async function axeFindings(page: Page): Promise<readonly string[]> {
  // The policy of the page lets nobody add a script to it, so the checker is evaluated by the debugger, once a document.
  if (!(await page.evaluate<boolean>('"axe" in globalThis'))) {
    axe ??= `${readFileSync(AXE, 'utf8')};undefined`
    await page.evaluate(axe)
  }
  return page.evaluate<readonly string[]>(`axe
    .run(document, { resultTypes: ['violations'] })
    .then(({ violations }) => violations.map(({ id, impact, nodes }) =>
      impact + ' ' + id + ': ' + (nodes[0]?.html ?? '').slice(0, 160)))`)
}

let axe: string | undefined

/** Whether the page is wider than the window. */
export async function overflows(page: Page): Promise<boolean> {
  return page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth)
}

/** A tablet upright, and the narrowest window in which lists are tables. */
const WIDTHS = [768, 961] as const

/** Axe finds nothing on the page, and it is not wider than the window, nor than others of {@link WIDTHS}. `what` names where that is. */
export async function assertReadable(page: Page, what: string): Promise<void> {
  assert.deepEqual(await axeFindings(page), [], what)
  assert.equal(await overflows(page), false, what)
  const own = page.viewportSize()
  if (own === null) return
  for (const width of WIDTHS) {
    await page.setViewportSize({ ...own, width })
    assert.equal(await overflows(page), false, `${what}, ${width} wide`)
  }
  await page.setViewportSize(own)
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
