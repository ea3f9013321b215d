/**
 * Makes the pictures of the page in `docs/images`: `node packages/console/dist/test/images.js`, after a build. Needs Chromium, and a
 * Japanese font for the Japanese ones.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { leave, ROOT } from './browser.ts'
import { openCheckpointStage } from './checkpoint.ts'
import { takeDecisionPictures } from './images-decisions.ts'
import { takeHoldingPictures } from './images-holdings.ts'
import { takeRulePictures } from './images-rules.ts'
import { takeStartPictures } from './images-start.ts'

const FOLDER = join(ROOT, 'docs', 'images')

interface Picture {
  readonly name: string
  readonly locale?: 'ja-JP'
  readonly dark?: true
  readonly width?: number
  readonly height?: number
  act(page: Page): Promise<void>
}

const example =
  (name: RegExp, tab?: string) =>
  async (page: Page): Promise<void> => {
    await page.locator('.card', { hasText: name }).first().click()
    await page.locator('.head h1').waitFor()
    if (tab !== undefined) await page.locator(`#tab-${tab}`).click()
  }

const PICTURES: readonly Picture[] = [
  { name: 'console-welcome', act: async () => undefined },
  { name: 'console-verdict', act: example(/SEV-SNP/) },
  { name: 'console-rejected', act: example(/missed an update/) },
  { name: 'console-incomplete', act: example(/SGX/) },
  { name: 'console-map', height: 1150, act: example(/its event log/, 'map') },
  {
    name: 'console-map-without-anchor',
    height: 1560,
    act: async (page) => {
      await example(/its event log/, 'map')(page)
      await page.locator('.toggles input').first().check()
      await page.locator('.fall').waitFor()
    },
  },
  {
    name: 'console-fields',
    act: async (page) => {
      await example(/SEV-SNP/, 'fields')(page)
      await page.locator('.field', { hasText: 'measurement' }).first().hover()
    },
  },
  { name: 'console-verdict-dark', dark: true, act: example(/missed an update/) },
  { name: 'console-welcome-ja', locale: 'ja-JP', act: async () => undefined },
  { name: 'console-map-ja', height: 1150, locale: 'ja-JP', dark: true, act: example(/イベントログ/, 'map') },
  { name: 'console-verdict-ja', locale: 'ja-JP', act: example(/SGX/) },
  { name: 'console-phone', width: 360, height: 740, act: example(/SEV-SNP/) },
  { name: 'console-phone-welcome', width: 360, height: 740, act: async () => undefined },
]

mkdirSync(FOLDER, { recursive: true })
const stage = await openCheckpointStage()
const chosen = process.argv.slice(2)
for (const { name, locale = 'en-GB', dark, width = 1280, height = 900, act } of PICTURES) {
  if (chosen.length > 0 && !chosen.includes(name)) continue
  const { page, errors } = await stage.visitor({
    locale,
    colorScheme: dark === true ? 'dark' : 'light',
    viewport: { width, height },
    reducedMotion: 'reduce',
  })
  await page.goto(stage.url)
  await page.locator('main').waitFor()
  await act(page)
  await page.locator('.busy:not(:empty)').waitFor({ state: 'detached' })
  await page.waitForTimeout(300)
  await page.screenshot({ path: join(FOLDER, `${name}.png`) })
  for (const error of errors) console.error(`${name}: ${error}`)
  await leave(page)
}
await stage.close()

const checkpoint = await openCheckpointStage()
await takeDecisionPictures(checkpoint, FOLDER, chosen)
await takeStartPictures(checkpoint, FOLDER, chosen)
await checkpoint.close()

const holding = await openCheckpointStage()
await takeHoldingPictures(holding, FOLDER, chosen)
await holding.close()

const ruled = await openCheckpointStage()
await takeRulePictures(ruled, FOLDER, chosen)
await ruled.close()
