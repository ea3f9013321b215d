import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { leave } from './browser.ts'
import type { CheckpointStage } from './checkpoint.ts'
import { SECOND_POLICY, storyFile, tellPolicyStory } from './policy-story.ts'

interface Picture {
  readonly name: string
  readonly at: string
  readonly japanese?: true
  readonly dark?: true
  readonly width?: number
  readonly height?: number
  act?(page: Page): Promise<void>
}

const CASES = JSON.stringify(
  [
    {
      name: 'payroll stays off Milan',
      resource: 'payroll/db/password',
      permitted: false,
      by: ['payroll-off-milan'],
      context: { tee: 'snp', product: 'Milan', emulated: true, references: ['web-milan'] },
    },
    {
      name: 'the web runs anywhere',
      resource: 'web/tls/key',
      permitted: false,
      context: { tee: 'snp', product: 'Milan', emulated: true, references: ['web-milan'] },
    },
  ],
  undefined,
  2,
)

/** Pictures of policies and reference values, of a checkpoint on which things happened. */
export async function takeRulePictures(
  stage: CheckpointStage,
  folder: string,
  chosen: readonly string[],
): Promise<void> {
  await tellPolicyStory(stage)
  const soon = new Date(Date.now() + 9 * 86_400_000).toISOString()
  const old = { tee: 'tdx', values: { measurement: 'ab'.repeat(48) }, owner: 'the platform team', expires: soon }
  await stage.sekisho('reference', 'put', 'batch-2025', storyFile(stage, 'old.json', JSON.stringify(old)))
  for (const { name, at, japanese, dark, width = 1280, height = 900, act } of PICTURES) {
    if (chosen.length > 0 && !chosen.includes(name)) continue
    const { page, errors } = await stage.administrator({
      locale: japanese === true ? 'ja-JP' : 'en-GB',
      colorScheme: dark === true ? 'dark' : 'light',
      viewport: { width, height },
      reducedMotion: 'reduce',
    })
    await page.goto(`${stage.url}#/ns/default/${at}`)
    await page.locator('.panel:visible').first().waitFor()
    await act?.(page)
    await page.locator('.loading').first().waitFor({ state: 'detached' })
    await page.waitForTimeout(600)
    await page.screenshot({ path: join(folder, `${name}.png`) })
    for (const error of errors) console.error(`${name}: ${error}`)
    await leave(page)
  }
}

async function write(page: Page, text: string): Promise<void> {
  await page.locator('.cm-content').click()
  await page.keyboard.press('Control+A')
  await page.keyboard.insertText(text)
}

async function complete(page: Page): Promise<void> {
  await write(page, `${SECOND_POLICY}\n@id("only-current")\nforbid (principal, action, resource)\nwhen { }`)
  await page.keyboard.press('ArrowLeft')
  await page.keyboard.type('context.tcb.')
  await page.locator('[role=listbox]').waitFor()
}

async function review(page: Page): Promise<void> {
  await write(page, SECOND_POLICY.replace('::"payroll"', '::"web"'))
  await page.locator('.button.primary:enabled').click()
  await page.locator('.put .button.primary:enabled').waitFor()
}

async function test(page: Page): Promise<void> {
  await page.locator('textarea').fill(CASES)
  await page.locator('.button.primary:visible').click()
  await page.locator('.outcomes').waitFor()
}

const PICTURES: readonly Picture[] = [
  { name: 'console-policies', at: 'policies', act: complete, height: 1040 },
  { name: 'console-policies-review', at: 'policies', act: review, height: 1050 },
  { name: 'console-policies-review-ja', at: 'policies', act: review, japanese: true, dark: true, height: 1050 },
  { name: 'console-policies-tests', at: 'policies/tests', act: test },
  { name: 'console-policies-versions-ja', at: 'policies/versions', japanese: true },
  { name: 'console-policies-phone', at: 'policies', width: 360, height: 740, japanese: true },
  { name: 'console-references', at: 'references' },
  { name: 'console-references-ja', at: 'references', japanese: true, dark: true },
  { name: 'console-references-phone', at: 'references', width: 360, height: 740 },
  { name: 'console-reference', at: 'references/web-milan', dark: true },
]
