import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { leave } from './browser.ts'
import type { CheckpointStage } from './checkpoint.ts'

interface Picture {
  readonly name: string
  readonly locale?: 'ja-JP'
  readonly dark?: true
  readonly width?: number
  readonly height?: number
  readonly full?: true
  act(page: Page): Promise<void>
}

const DO = /^(Do it|実行する)$/

/** Does this many steps of the run. */
const steps =
  (count: number) =>
  async (page: Page): Promise<void> => {
    for (let i = 1; i <= count; i++) {
      await page.getByRole('button', { name: DO }).click()
      await page
        .locator('.step-done')
        .nth(i - 1)
        .waitFor()
    }
    await page.locator('.step-next').scrollIntoViewIfNeeded()
  }

const all = async (page: Page): Promise<void> => {
  await page.getByRole('button', { name: /^(Do all|すべて実行)$/ }).click()
  await page.locator('.outcome-released').waitFor()
  await page.getByRole('button', { name: /^(Do the rest|残りをすべて実行)$/ }).click()
  await page.locator('.finished').waitFor()
}

const walk =
  (example: RegExp, question: number) =>
  async (page: Page): Promise<void> => {
    await page.goto(page.url().replace(/#.*/, '#/start/verdict'))
    await page.locator('.card', { hasText: example }).first().click()
    await page.locator('.chapters button').nth(question).click()
  }

const PICTURES: readonly Picture[] = [
  { name: 'console-start', act: async () => undefined },
  { name: 'console-start-refused', act: steps(6) },
  { name: 'console-start-all', full: true, act: all },
  { name: 'console-start-dark', dark: true, act: steps(5) },
  { name: 'console-start-ja', locale: 'ja-JP', act: steps(6) },
  { name: 'console-start-all-ja', locale: 'ja-JP', dark: true, full: true, act: all },
  { name: 'console-start-phone', width: 360, height: 740, act: steps(4) },
  { name: 'console-start-verdict', act: walk(/missed an update/, 2) },
  { name: 'console-start-verdict-ja', locale: 'ja-JP', act: walk(/SGX/, 5) },
  { name: 'console-start-verdict-phone', width: 360, height: 740, dark: true, act: walk(/SEV-SNP/, 1) },
]

/** Makes the pictures of the two guides. */
export async function takeStartPictures(
  stage: CheckpointStage,
  folder: string,
  chosen: readonly string[],
): Promise<void> {
  for (const { name, locale = 'en-GB', dark, width = 1280, height = 900, full, act } of PICTURES) {
    if (chosen.length > 0 && !chosen.includes(name)) continue
    const { page, errors } = await stage.administrator({
      locale,
      colorScheme: dark === true ? 'dark' : 'light',
      viewport: { width, height },
      reducedMotion: 'reduce',
    })
    await page.goto(`${stage.url}#/start`)
    await page.locator('.guide-lead').waitFor()
    await page.locator('.loading').waitFor({ state: 'detached' })
    await act(page)
    await page.waitForTimeout(300)
    await page.screenshot({ path: join(folder, `${name}.png`), fullPage: full === true })
    for (const error of errors) console.error(`${name}: ${error}`)
    await leave(page)
  }
}
