import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Page } from 'playwright-core'
import { assertReadable, LOOKS, leave, MISSING } from './browser.ts'
import { type CheckpointStage, openCheckpointStage } from './checkpoint.ts'
import { hold, holdAndRenew, permitWorkloads, reader } from './holdings.ts'

function advisoryFile(folder: string): string {
  const file = join(folder, 'announced.yaml')
  writeFileSync(file, '{ id: AMD-SB-7777, vendor: amd, products: [Milan] }')
  return file
}

describe('leases', { skip: MISSING ?? false }, () => {
  let stage: CheckpointStage
  let held: string
  const at = async (page: Page, path = ''): Promise<void> => {
    await page.goto(`${stage.url}#/ns/default/leases${path}`)
    await page.locator('.page-head h1').waitFor()
  }
  const rowOf = (page: Page, lease: string): ReturnType<Page['locator']> => page.locator('tr', { hasText: lease })
  before(async () => {
    stage = await openCheckpointStage()
    await permitWorkloads(stage)
    held = await hold(stage, 'Milan')
  })
  after(() => stage.close())

  it('shows who holds what until when, EMULATED, and counts down without moving anything or being read out', async () => {
    const { page, errors } = await stage.administrator()
    await at(page)
    const row = rowOf(page, held)
    await row.waitFor()
    assert.match((await row.textContent()) ?? '', /shop\/database\/password.*web.*EMULATED.*AMD SEV-SNP · Milan.*live/)
    const timer = row.getByRole('timer')
    assert.equal(await timer.getAttribute('aria-live'), 'off')
    const [text, box] = [await timer.textContent(), await row.boundingBox()]
    await page.waitForFunction((was) => document.querySelector('[role=timer]')?.textContent !== was, text)
    assert.match((await timer.textContent()) ?? '', /^00:5\d:\d\d$/)
    assert.deepEqual(await row.boundingBox(), box)

    await row.getByRole('link').click()
    await page.getByRole('heading', { name: 'History' }).waitFor()
    await page.locator('.mark', { hasText: /^released$/ }).waitFor()
    const decision = await page.locator('dd a[href*="/decisions/"]').getAttribute('href')
    assert.match(decision ?? '', /^#\/ns\/default\/decisions\/dec_/)
    assert.equal(await page.getByRole('link', { name: /^Open dec_/ }).getAttribute('href'), decision)
    assert.deepEqual(errors, [])
    await leave(page)
  })

  it('shows the renewals of a lease', async () => {
    const { page } = await stage.administrator()
    const lease = await holdAndRenew(stage)
    await at(page, `/${lease}`)
    await page.locator('.mark', { hasText: /^released$/ }).waitFor()
    const history = page.locator('.records tbody tr')
    assert.match((await history.nth(0).textContent()) ?? '', /renewed EMULATED/)
    assert.match((await history.nth(1).textContent()) ?? '', /released EMULATED/)
    assert.equal(await history.count(), 2)
    await stage.sekisho('lease', 'revoke', lease)
    await page
      .locator('.mark', { hasText: /^revoked$/ })
      .nth(1)
      .waitFor()
    await leave(page)
  })

  it('shows a lease that began and ended elsewhere without being asked, and what was said as text', async () => {
    const { page } = await stage.administrator()
    await at(page)
    await page.getByText('Live', { exact: true }).waitFor()
    await page.getByLabel('State').selectOption('All')
    const lease = await hold(stage, 'Genoa')
    await rowOf(page, lease).getByText('live').waitFor()
    await stage.sekisho('lease', 'revoke', lease, '--reason', '<script>alert(1)</script>')
    await rowOf(page, lease).getByText('revoked').waitFor()
    await rowOf(page, lease).getByText('<script>alert(1)</script>').waitFor()
    await page.getByLabel('State').selectOption('revoked')
    await rowOf(page, held).waitFor({ state: 'detached' })
    await rowOf(page, lease).getByRole('link').click()
    await page
      .locator('.mark', { hasText: /^revoked$/ })
      .nth(1)
      .waitFor()
    assert.equal(await page.getByRole('button', { name: 'Revoke' }).count(), 0)
    await leave(page)
  })

  it('revokes those that were chosen, with a reason, and passes over what ended meanwhile', async () => {
    const { page } = await stage.administrator()
    const [one, two] = [await hold(stage, 'Genoa'), await hold(stage, 'Genoa')]
    await at(page)
    await rowOf(page, two).getByRole('checkbox').check()
    await rowOf(page, one).getByRole('checkbox').check()
    await page.getByText('2 leases chosen').waitFor()
    await page.getByRole('button', { name: 'Revoke the chosen' }).click()
    await page.getByLabel('Reason').fill("it's over")
    assert.match((await page.getByRole('dialog').textContent()) ?? '', /--reason 'it'\\''s over'/)
    await stage.sekisho('lease', 'revoke', one)
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke', exact: true }).click()
    await page.getByText('1 lease is revoked.').waitFor()
    await rowOf(page, two).waitFor({ state: 'detached' })
    assert.match(await stage.sekisho('lease', 'list'), new RegExp(`${two} +revoked.*it's over`))
    await rowOf(page, held).waitFor()
    await leave(page)
  })

  it('revokes no further lease once the dialog is closed, and tells how many were', async () => {
    const { page } = await stage.administrator()
    const [one, two] = [await hold(stage, 'Genoa'), await hold(stage, 'Genoa')]
    await at(page)
    await rowOf(page, one).getByRole('checkbox').check()
    await rowOf(page, two).getByRole('checkbox').check()
    let goOn = (): void => undefined
    const closed = new Promise<void>((resolve) => {
      goOn = resolve
    })
    const asked: string[] = []
    await page.route('**/leases/*/revoke', async (route) => {
      asked.push(route.request().url())
      await closed
      await route.continue()
    })
    await page.getByRole('button', { name: 'Revoke the chosen' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke', exact: true }).click()
    await page.getByText('Revoking 1 of 2').waitFor()
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    goOn()
    await page.getByText('1 lease is revoked.').waitFor()
    assert.equal(asked.length, 1)
    const left = [one, two].filter((lease) => asked[0]?.includes(lease) !== true)
    assert.match(await stage.sekisho('lease', 'list'), new RegExp(`${left.join()} +live`))
    await stage.sekisho('lease', 'revoke', left.join())
    await leave(page)
  })

  it('adds an advisory, shows whom it concerns, and how a policy forbids it', async () => {
    const { page, errors } = await stage.administrator()
    await at(page, '/advisories')
    await page.getByText('No advisories were added').waitFor()
    await page.getByRole('button', { name: 'Add an advisory' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Id').fill('not an id')
    await dialog.getByText('beginning with a letter or digit').waitFor()
    await dialog.getByLabel('Id').fill('AMD-SB-9999')
    await dialog.getByLabel('Vendor').fill('AMD')
    await dialog.getByLabel('Products').fill('Milan, Turin')
    await dialog.getByLabel('Part').fill('microcode')
    await dialog.getByText('A level needs its part').waitFor()
    assert.ok(await dialog.getByRole('button', { name: 'Add', exact: true }).isDisabled())
    await dialog.getByLabel('Level', { exact: true }).fill('255')
    await dialog.getByLabel('Note').fill('<b>a note</b>')
    await dialog.getByRole('button', { name: 'Add', exact: true }).click()
    await page.getByText('AMD-SB-9999 is recorded. Live leases looked at again: 1 kept, 0 revoked.').waitFor()
    await page.getByText('<b>a note</b>').waitFor()
    assert.match(await stage.sekisho('advisory', 'list'), /AMD-SB-9999 +amd +Milan, Turin/)
    await page.getByRole('link', { name: 'Look up AMD-SB-9999' }).click()
    await rowOf(page, held).getByText('EMULATED').waitFor()
    await page.getByText('context.tcb.advisories.contains("AMD-SB-9999")').waitFor()
    await page.getByRole('link', { name: 'All advisories' }).click()
    await page.getByLabel('Which leases').fill('INTEL-SA-00615')
    await page.getByRole('button', { name: 'Look up' }).click()
    await page.getByText('No live lease is on a platform').waitFor()
    assert.deepEqual(errors, [])
    await leave(page)
  })

  it('forecasts under a level and under a policy to come, says where a policy is wrong, and changes nothing', async () => {
    const { page } = await stage.administrator()
    await at(page, '/forecast')
    const run = page.getByRole('button', { name: 'Forecast', exact: true })
    await page.getByLabel('Product').fill('Milan')
    await page.getByLabel('Part', { exact: true }).fill('microcode')
    await page.getByLabel('Level', { exact: true }).fill('255')
    assert.match(
      (await page.locator('form pre').textContent()) ?? '',
      /sekisho lease forecast .*\n\{"minTcb":\{"Milan":\{"microcode":255\}\}\}/,
    )
    await run.click()
    await page.getByText('1 of 1 live lease would fail. Nothing was changed.').waitFor()
    await rowOf(page, held).getByText('tcb-unacceptable').waitFor()
    const outcome = page.getByText('1 of 1 live lease would fail.')
    await page.getByLabel('Level', { exact: true }).fill('3')
    await outcome.waitFor({ state: 'detached' })
    await page.getByLabel('Level', { exact: true }).fill('255')
    await outcome.waitFor()
    await page.getByLabel('Product').fill('Milano')
    await run.click()
    await page.getByText('No live lease is on a product named Milano.').waitFor()
    await page.getByLabel('Part', { exact: true }).fill('microcod')
    await run.click()
    await page
      .getByRole('alert')
      .getByText(/minTcb\.Milano/)
      .first()
      .waitFor()
    await page.getByRole('button', { name: /Remove this level/ }).click()
    await page.getByLabel('A candidate policy').fill('permit (principal, action')
    await run.click()
    await page
      .getByRole('alert')
      .getByText(/^1:\d+$/)
      .waitFor()
    await page.getByRole('button', { name: 'Begin with the policy in force' }).click()
    await page.waitForFunction(() =>
      document.querySelector<HTMLTextAreaElement>('#forecast-policy')?.value.includes('@id("emulated")'),
    )
    await run.click()
    await page.getByText('0 of 1 live lease would fail').waitFor()
    assert.match(await stage.sekisho('lease', 'list'), new RegExp(`${held} +live`))
    await leave(page)
  })

  it('looks at all leases again when it is asked to', async () => {
    const { page } = await stage.administrator()
    await at(page)
    await page.getByRole('button', { name: 'Reappraise now' }).click()
    await page.getByRole('button', { name: 'Look at all leases again' }).click()
    await page.getByText(/Live leases looked at again: \d kept, \d revoked\./).waitFor()
    await leave(page)
  })

  it('offers readers nothing that they may not do, and names the scope that is missing', async () => {
    const { page } = await reader(stage, ['leases:read'])
    await at(page)
    await page.getByText('live news needs the scope decisions:read').waitFor()
    await page.locator('.records').waitFor()
    assert.equal(await page.getByRole('checkbox').count(), 0)
    assert.equal(await page.getByRole('button', { name: /Revoke|Reappraise/ }).count(), 0)
    assert.equal(await page.getByRole('link', { name: 'Advisories' }).count(), 0)
    await at(page, `/${held}`)
    await page.getByText('needs the scope decisions:read').waitFor()
    await at(page, '/lse_00000000000000000000000000')
    await page.getByText('There is no such lease').waitFor()
    await leave(page)
    const blind = await reader(stage, ['secrets:read'])
    await at(blind.page)
    await blind.page.getByText('leases:read').waitFor()
    await leave(blind.page)
  })

  it('tells apart what an advisory concerns now and what it will, by an announced level', async () => {
    const { page, errors } = await stage.administrator()
    await stage.sekisho('advisory', 'put', advisoryFile(stage.folder))
    const announced = `lse_${'0'.repeat(26)}`
    await page.route('**/advisories/*/affected', async (route) => {
      const answer = await route.fetch()
      const { affected }: { readonly affected: readonly object[] } = await answer.json()
      await route.fulfill({ json: { affected: [...affected, { ...affected[0], lease: announced, forecast: true }] } })
    })
    await at(page, '/advisories/AMD-SB-7777')
    const soon = page.locator('section', { has: page.getByRole('heading', { name: /^Forecast: live leases that/ }) })
    await rowOf(page, announced).waitFor()
    assert.deepEqual(
      [await soon.locator('tr', { hasText: announced }).count(), await rowOf(page, held).count()],
      [1, 1],
    )
    assert.equal(await soon.locator('tr', { hasText: held }).count(), 0)
    assert.deepEqual(errors, [])
    await leave(page)
    await stage.sekisho('advisory', 'delete', 'AMD-SB-7777')
  })

  it('says what is wrong when the checkpoint cannot be reached, and goes on when it can', async () => {
    const { page } = await stage.administrator()
    await page.route('**/leases?*', (route) => route.abort())
    // News would have the list fetched again before anybody asks for it.
    await page.route('**/log/checkpoint', (route) => route.abort())
    await at(page)
    await page.getByText('The checkpoint cannot be reached').waitFor()
    await page.unroute('**/leases?*')
    await page.getByRole('button', { name: 'Try again' }).click()
    await rowOf(page, held).waitFor()
    await leave(page)
  })

  for (const look of LOOKS)
    it(`every part and its dialogs, ${look.locale}, ${look.colorScheme}, 360 px: axe finds nothing, nothing is wider`, async () => {
      const { page, errors } = await stage.administrator(look)
      await at(page)
      await page.locator('.records').waitFor()
      await assertReadable(page, 'list')
      await rowOf(page, held).getByRole('checkbox').check()
      await page.locator('.choosing button').click()
      await assertReadable(page, 'revoke')
      await page.keyboard.press('Escape')
      await page.locator('.page-head button').click()
      await assertReadable(page, 'reappraise')
      await page.keyboard.press('Escape')
      await at(page, `/${held}`)
      await page.locator('.records').waitFor()
      await assertReadable(page, 'one')
      await at(page, '/advisories')
      await page.locator('.records').waitFor()
      await assertReadable(page, 'advisories')
      await page.locator('.page-head button').click()
      await assertReadable(page, 'add an advisory')
      await page.keyboard.press('Escape')
      await at(page, '/advisories/AMD-SB-9999')
      await page.locator('.records').waitFor()
      await assertReadable(page, 'affected')
      await at(page, '/forecast')
      await page.locator('.level-row input').nth(0).fill('Milan')
      await page.locator('.level-row input').nth(1).fill('snp')
      await page.locator('.level-row input').nth(2).fill('255')
      await page.locator('form .primary').click()
      await page.locator('.records').waitFor()
      await assertReadable(page, 'forecast')
      assert.deepEqual(errors, [])
      await leave(page)
    })
})
