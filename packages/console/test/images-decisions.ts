import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { leave } from './browser.ts'
import type { CheckpointStage } from './checkpoint.ts'
import { tellDecisions } from './decision-story.ts'

interface Picture {
  readonly name: string
  readonly at: string
  readonly japanese?: true
  readonly dark?: true
  readonly width?: number
  readonly height?: number
  act?(page: Page): Promise<void>
}

/** Pictures of the decisions and the log, of a checkpoint on which things happened. */
export async function takeDecisionPictures(
  stage: CheckpointStage,
  folder: string,
  chosen: readonly string[],
): Promise<void> {
  const { refused, released } = await tellDecisions(stage)
  const tab =
    (name: string) =>
    async (page: Page): Promise<void> => {
      await page.locator(`#tab-${name}`).click()
    }
  const receipt = async (page: Page): Promise<void> => {
    await tab('receipt')(page)
    await page.locator('.proof').waitFor()
  }
  const list = 'decisions'
  const pictures: readonly Picture[] = [
    { name: 'console-decisions', at: list },
    { name: 'console-decisions-ja', at: list, japanese: true, dark: true },
    { name: 'console-decisions-phone', at: list, width: 360, height: 740 },
    { name: 'console-refusals', at: `${list}?view=reasons` },
    { name: 'console-refusals-ja', at: `${list}?view=reasons`, japanese: true },
    { name: 'console-decision', at: `${list}/${refused}` },
    { name: 'console-decision-dark', at: `${list}/${released}`, dark: true },
    { name: 'console-decision-policy', at: `${list}/${released}`, act: tab('policy') },
    { name: 'console-decision-phone', at: `${list}/${refused}`, width: 360, height: 740, japanese: true },
    { name: 'console-receipt', at: `${list}/${released}`, act: receipt, height: 1700 },
    { name: 'console-log', at: 'log', height: 1300, act: lookUp },
    { name: 'console-log-ja', at: 'log', japanese: true, dark: true, height: 1300 },
    { name: 'console-log-phone', at: 'log', width: 360, height: 740 },
    { name: 'console-log-refuted', at: 'log', act: alter },
  ]
  for (const { name, at, japanese, dark, width = 1280, height = 900, act } of pictures) {
    if (chosen.length > 0 && !chosen.includes(name)) continue
    const { page, errors } = await stage.administrator({
      locale: japanese === true ? 'ja-JP' : 'en-GB',
      colorScheme: dark === true ? 'dark' : 'light',
      viewport: { width, height },
      reducedMotion: 'reduce',
    })
    await page.goto(`${stage.url}#/ns/default/${at}`)
    await page.locator('h1').waitFor()
    await page.locator('.loading').first().waitFor({ state: 'detached' })
    await act?.(page)
    await page.waitForTimeout(400)
    await page.screenshot({ path: join(folder, `${name}.png`) })
    for (const error of errors) console.error(`${name}: ${error}`)
    await leave(page)
  }
}

async function lookUp(page: Page): Promise<void> {
  await page.locator('.index').fill('4')
  await page.locator('.index').press('Enter')
  await page.locator('.proof').waitFor()
}

/** As somebody between server and reader would who wants to be found out: another root under the same signature. */
async function alter(page: Page): Promise<void> {
  await page.locator('.seen tbody tr').waitFor()
  await page.route('**/log/checkpoint', async (route) => {
    const answer = await route.fetch()
    const [origin, size, , ...rest] = (await answer.text()).split('\n')
    await route.fulfill({
      response: answer,
      body: [origin, size, Buffer.alloc(32, 7).toString('base64'), ...rest].join('\n'),
    })
  })
  await page.locator('.seen + .row button').click()
  await page.locator('.log-alarm').waitFor()
}
