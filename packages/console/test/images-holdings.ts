import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { leave } from './browser.ts'
import type { CheckpointStage } from './checkpoint.ts'
import { fileOf, hold, holdAndRenew, permitWorkloads } from './holdings.ts'

interface Picture {
  readonly name: string
  readonly at: string
  readonly japanese?: true
  readonly dark?: true
  readonly phone?: true
  act?(page: Page): Promise<void>
}

/** Opens the dialog of the last button in the head of the page. */
async function lastDialog(page: Page): Promise<void> {
  await page.locator('.page-head button').last().click()
  await page.getByRole('dialog').waitFor()
}

async function addSecret(page: Page): Promise<void> {
  await lastDialog(page)
  await page.locator('#secret-path').fill('shop/database/password')
  await page.locator('dialog textarea').first().fill('not a secret')
}

async function revokeTwo(page: Page): Promise<void> {
  await page.locator('.records input').first().waitFor()
  await page.locator('.choosing input').check()
  await page.locator('.choosing button').click()
  await page.locator('#reason').fill('AMD-SB-9999: this generation leaves service')
}

async function forecast(page: Page): Promise<void> {
  const fields = page.locator('.level-row input')
  for (const [i, text] of ['Milan', 'microcode', '255'].entries()) await fields.nth(i).fill(text)
  await page.locator('form .primary').click()
  await page.locator('.records').waitFor()
}

async function createToken(page: Page): Promise<void> {
  await lastDialog(page)
  await page.locator('#token-name').fill('deployment of the shop')
  await page.locator('.scope-columns input').nth(1).check()
}

async function tokenShown(page: Page): Promise<void> {
  await createToken(page)
  await page.locator('dialog .primary').click()
  await page.locator('.token-shown').waitFor()
}

/** Pictures of secrets, leases and access, of a checkpoint on which workloads hold something. */
export async function takeHoldingPictures(
  stage: CheckpointStage,
  folder: string,
  chosen: readonly string[],
): Promise<void> {
  const lease = await fill(stage)
  const pictures: readonly Picture[] = [
    { name: 'console-secrets', at: 'secrets' },
    { name: 'console-secrets-ja', at: 'secrets', japanese: true, dark: true },
    { name: 'console-secrets-phone', at: 'secrets', phone: true },
    { name: 'console-secret-add', at: 'secrets', act: addSecret },
    { name: 'console-key', at: 'secrets/shop/signing/1', dark: true },
    { name: 'console-leases', at: 'leases' },
    { name: 'console-leases-ja', at: 'leases', japanese: true },
    { name: 'console-leases-phone', at: 'leases', phone: true, dark: true },
    { name: 'console-leases-revoke', at: 'leases', act: revokeTwo },
    { name: 'console-lease', at: `leases/${lease}`, dark: true },
    { name: 'console-lease-ja', at: `leases/${lease}`, japanese: true },
    { name: 'console-advisories', at: 'leases/advisories' },
    { name: 'console-advisory-add-ja', at: 'leases/advisories', japanese: true, act: lastDialog },
    { name: 'console-affected', at: 'leases/advisories/AMD-SB-9999' },
    { name: 'console-forecast', at: 'leases/forecast', act: forecast },
    { name: 'console-forecast-ja', at: 'leases/forecast', japanese: true, dark: true, act: forecast },
    { name: 'console-access', at: 'access' },
    { name: 'console-access-ja', at: 'access', japanese: true, dark: true },
    { name: 'console-access-phone', at: 'access', phone: true, japanese: true },
    { name: 'console-token-create', at: 'access', act: createToken },
    { name: 'console-token-shown', at: 'access', act: tokenShown },
    { name: 'console-access-you', at: 'access/you', japanese: true },
  ]
  for (const { name, at, japanese, dark, phone, act } of pictures) {
    if (chosen.length > 0 && !chosen.includes(name)) continue
    const { page, errors } = await stage.administrator({
      locale: japanese === true ? 'ja-JP' : 'en-GB',
      colorScheme: dark === true ? 'dark' : 'light',
      viewport: phone === true ? { width: 360, height: 740 } : { width: 1280, height: 900 },
      reducedMotion: 'reduce',
    })
    await page.goto(`${stage.url}#/ns/default/${at}`)
    await page.locator('.page-head h1').waitFor()
    await page.locator('.loading').waitFor({ state: 'detached' })
    await act?.(page)
    await page.waitForTimeout(500)
    await page.screenshot({ path: join(folder, `${name}.png`) })
    for (const error of errors) console.error(`${name}: ${error}`)
    await leave(page)
  }
}

/** @returns a lease that ended, with a history */
async function fill(stage: CheckpointStage): Promise<string> {
  await permitWorkloads(stage)
  await stage.sekisho('secret', 'put', 'shop/tls/certificate', fileOf(stage, 'value.pem', 'a certificate'))
  await stage.sekisho('key', 'create', 'shop/signing/1', '--type', 'ec-p256')
  await stage.sekisho('key', 'create', 'shop/disks/volume-1', '--type', 'aes-256')
  await stage.sekisho('secret', 'put', 'shop/database/password', fileOf(stage, 'value.txt', 'newer'))
  const ended = await holdAndRenew(stage)
  await hold(stage, 'Genoa')
  await hold(stage, 'Milan')
  await stage.sekisho('lease', 'revoke', ended, '--reason', 'this host leaves service')
  const advisory = {
    id: 'AMD-SB-9999',
    vendor: 'amd',
    products: ['Milan'],
    tcb: { microcode: 255 },
    note: 'An example',
  }
  await stage.sekisho('advisory', 'put', fileOf(stage, 'advisory.json', JSON.stringify(advisory)))
  await stage.sekisho('token', 'create', 'watcher of leases', '--scope', 'leases:read', 'decisions:read', '--json')
  return ended
}
