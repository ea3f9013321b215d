import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { CLIENTS, onStage } from './checkpoint/handshake.ts'
import { startProcess } from './checkpoint/process.ts'
import { load, percentile } from './checkpoint/workload.ts'
import { median } from './measure.ts'
import type { Row } from './rows.ts'

const CHROMIUM = process.env['SEKISHO_CHROMIUM'] ?? '/usr/bin/chromium'
const DROPS = 21
const DROP_LIMIT_MS = 300
const FRAME_LIMIT_MS = 1000 / 60
const DECISIONS = 10_000
/** Each of as many handshakes: a release is a decision. */
const RELEASES = 10
/** Pixels that a frame goes further down when the bar is dragged from end to end: twenty rows, faster than anybody reads. */
const STEP = 920
/** The same for a flick of a wheel or a finger: almost three rows, 7,000 pixels a second. */
const FLING = 120
const FLING_FRAMES = 600

const REPORT = [
  'snp-genoa/report.bin',
  'snp-genoa/certs/vcek.der',
  'snp-genoa/certs/ask.der',
  'snp-genoa/certs/ark.der',
  'snp-genoa/crl.der',
  'example-root.json',
]

/** A dropped file, as the page's own script gets it. */
interface Dropped {
  readonly name: string
  readonly base64: string
}

/**
 * The web page in Chromium: from the drop of an SNP report to its verdict, and the list of 10,000 decisions, each made by a
 * workload over the network, while it is scrolled from one end to the other. Nothing when there is no Chromium.
 */
export async function pageRows(root: string): Promise<readonly Row[]> {
  const folder = join(root, 'packages/console/dist/page')
  const missing = [CHROMIUM, join(folder, 'index.html')].find((path) => !existsSync(path))
  if (missing !== undefined) {
    console.log(
      `page: not measured, ${missing} is not here (Chromium: SEKISHO_CHROMIUM names another; page: npm run build)`,
    )
    return []
  }
  return onStage(async (stage) => {
    const server = await startProcess({ ...stage, place: join(stage.folder, 'data'), furnish: true, page: folder })
    const workloads = await stage.workloads(server.url, CLIENTS)
    await load(workloads, { count: DECISIONS / RELEASES, releases: RELEASES })
    for (const workload of workloads) workload.close()
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] })
    try {
      return [await dropRow(browser, server.url, root), ...(await scrollRows(browser, server.url, server.token ?? ''))]
    } finally {
      await browser.close()
      await server.stop()
    }
  })
}

/** Each time on a page that was just loaded: the verifier of SNP reports is fetched and compiled after the drop. */
async function dropRow(browser: Browser, url: string, root: string): Promise<Row> {
  const files = REPORT.map((path) => ({
    name: path.split('/').at(-1) ?? path,
    base64: readFileSync(join(root, 'examples', path)).toString('base64'),
  }))
  const page = await browser.newPage()
  const times: number[] = []
  for (let i = 0; i < DROPS; i++) {
    await page.goto(`${url}/#/workbench`)
    await page.reload({ waitUntil: 'networkidle' })
    await page.locator('.drop').waitFor()
    times.push(await page.evaluate(dropToVerdict, files))
  }
  await page.close()
  times.sort((a, b) => a - b)
  return {
    what: 'page: from the drop of an SNP report to its verdict on the screen, ms / 300 ms',
    ours: `median ${median(times).toFixed(0)} ms, p95 ${percentile(times, 0.95).toFixed(0)} ms`,
    against: `${DROPS} drops, each on a page just loaded`,
    ratio: median(times) / DROP_LIMIT_MS,
    target: 1,
    sense: 'at-most',
  }
}

/** Runs in the page. */
async function dropToVerdict(files: readonly Dropped[]): Promise<number> {
  const data = new DataTransfer()
  for (const { name, base64 } of files)
    data.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], name))
  const start = performance.now()
  document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }))
  await new Promise<void>((resolve) => {
    const look = new MutationObserver(() => {
      if (document.querySelector('.head h1') === null) return
      look.disconnect()
      resolve()
    })
    look.observe(document.body, { childList: true, subtree: true })
  })
  // The frame that shows it is over when the one after it begins.
  await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))
  return performance.now() - start
}

interface Frames {
  /** Milliseconds that the page was at work for a frame: scripts, style, layout and paint on its main thread. */
  readonly work: readonly number[]
  /** Milliseconds from one frame to the next. */
  readonly between: readonly number[]
}

async function scrollRows(browser: Browser, url: string, token: string): Promise<readonly Row[]> {
  const page = await browser.newPage()
  await signIn(page, url, token)
  await fetchAll(page)
  const rows = Number(await page.locator('.windowed table').getAttribute('aria-rowcount')) - 1
  if (rows < DECISIONS) throw new Error(`the list has ${rows} decisions, not ${DECISIONS}`)
  // Both ways once before anything is timed: the engine compiles what runs often.
  await page.evaluate(scrollFrames, { step: -STEP * 4, most: Number.POSITIVE_INFINITY })
  const flung = await page.evaluate(scrollFrames, { step: FLING, most: FLING_FRAMES })
  const dragged = await page.evaluate(scrollFrames, { step: STEP, most: Number.POSITIVE_INFINITY })
  await page.close()
  return [...frameRows(`${rows} decisions flung`, flung), ...frameRows(`${rows} decisions dragged by the bar`, dragged)]
}

function frameRows(how: string, { work, between }: Frames): readonly Row[] {
  const busy = [...work].sort((a, b) => a - b)
  const apart = [...between].sort((a, b) => a - b)
  const row = (which: string, millis: number): Row => ({
    what: `page: ${how}, work for a frame, ${which} / 16.7 ms`,
    ours: `${millis.toFixed(1)} ms`,
    against: `${busy.length} frames; from one to the next ${median(apart).toFixed(1)} ms, p95 ${percentile(apart, 0.95).toFixed(1)} ms`,
    ratio: millis / FRAME_LIMIT_MS,
    target: 1,
    sense: 'at-most',
  })
  return [row('median', median(busy)), row('p95', percentile(busy, 0.95))]
}

async function signIn(page: Page, url: string, token: string): Promise<void> {
  await page.goto(`${url}/#/ns/default/decisions`)
  await page.getByLabel('Token').fill(token)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.locator('.list-row').first().waitFor()
}

/** A page of 200 is fetched whenever the end comes into sight. */
async function fetchAll(page: Page): Promise<void> {
  const table = page.locator('.windowed table')
  while ((await table.getAttribute('aria-rowcount')) === '-1') {
    await page.locator('.windowed').evaluate((box) => box.scrollTo(0, box.scrollHeight))
    await page.waitForTimeout(20)
  }
}

/** Runs in the page: goes down (or up, from where it is) by so many pixels each frame, to the end or for `most` frames. */
async function scrollFrames({ step, most }: { readonly step: number; readonly most: number }): Promise<Frames> {
  const box = document.querySelector('.windowed')
  if (box === null) throw new Error('there is no list')
  if (step > 0) box.scrollTo(0, 0)
  const work: number[] = []
  const between: number[] = []
  let before = await new Promise<number>((resolve) => requestAnimationFrame(resolve))
  for (;;) {
    const at = box.scrollTop
    const { began, ended } = await new Promise<{ began: number; ended: number }>((resolve) => {
      requestAnimationFrame((began) => {
        box.scrollBy(0, step)
        // A message that is posted now comes when the frame's own work is done.
        const { port1, port2 } = new MessageChannel()
        port1.onmessage = () => resolve({ began, ended: performance.now() })
        port2.postMessage(undefined)
      })
    })
    if (box.scrollTop === at || work.length === most) return { work, between }
    work.push(ended - began)
    between.push(began - before)
    before = began
  }
}
