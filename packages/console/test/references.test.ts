import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Page } from 'playwright-core'
import { assertReadable, axeFindings, LOOKS, leave, MISSING } from './browser.ts'
import { type CheckpointStage, openCheckpointStage } from './checkpoint.ts'
import { storyFile, tellPolicyStory } from './policy-story.ts'

const HOSTILE = '<img src=x onerror=globalThis.hurt=1>'
const NEVER = 'ab'.repeat(48)

function faults(errors: readonly string[]): readonly string[] {
  return errors.filter((one) => !/status of 400/.test(one))
}

describe('reference values', { skip: MISSING ?? false }, () => {
  let stage: CheckpointStage
  before(async () => {
    stage = await openCheckpointStage()
    await tellPolicyStory(stage)
    const soon = new Date(Date.now() + 5 * 86_400_000).toISOString()
    const set = { tee: 'snp', values: { measurement: NEVER }, owner: HOSTILE, expires: soon }
    await stage.sekisho('reference', 'put', 'old', storyFile(stage, 'old.json', JSON.stringify(set)))
  })
  after(() => stage.close())

  const open = async (
    id = '',
    options: Parameters<CheckpointStage['administrator']>[0] = {},
  ): Promise<{ page: Page; errors: string[] }> => {
    const seen = await stage.administrator(options)
    await seen.page.goto(`${stage.url}#/ns/default/references${id}`)
    await seen.page.locator('.panel').first().waitFor()
    return seen
  }

  it('are listed with what somebody should look at; names of owners are text', async () => {
    const { page, errors } = await open()
    const row = page.getByRole('row', { name: /^old/ })
    assert.match((await row.textContent()) ?? '', /expires soon.*never matched/)
    assert.ok(((await row.textContent()) ?? '').includes(HOSTILE))
    assert.equal(await page.evaluate(() => 'hurt' in globalThis), false)
    assert.doesNotMatch((await page.getByRole('row', { name: /^web-milan/ }).textContent()) ?? '', /never/)
    assert.deepEqual(await axeFindings(page), [])
    assert.deepEqual(faults(errors), [])
    await leave(page)
  })

  it('are made from evidence that is decoded in the page, with what is ticked and nothing of one exchange', async () => {
    const { page, errors } = await open('/+evidence')
    const sent: string[] = []
    page.on('request', (request) => sent.push(`${request.method()} ${new URL(request.url()).pathname}`))
    await page.locator('input[type=file]').setInputFiles(join(stage.folder, 'Genoa.bin'))
    await page.getByRole('checkbox', { name: 'minTcb' }).uncheck()
    assert.equal(await page.getByRole('checkbox', { name: 'reportData' }).count(), 0)
    assert.deepEqual(
      sent.filter((one) => one.startsWith('POST') || one.startsWith('PUT')),
      [],
    )
    await page.getByLabel('Name', { exact: true }).fill('from-page')
    assert.deepEqual(await axeFindings(page), [])
    await page.getByRole('button', { name: 'Store', exact: true }).click()
    await page.getByText(/^from-page: stored\./).waitFor()
    const stored = await stage.sekisho('reference', 'show', 'from-page')
    assert.match(stored, /measurement/)
    assert.doesNotMatch(stored, /minTcb|reportData/)
    assert.deepEqual(faults(errors), [])
    await leave(page)
  })

  it('take the values of the file that was opened last, though another had the same name', async () => {
    const { page } = await open('/+evidence')
    const choose = (file: string): Promise<void> =>
      page.locator('input[type=file]').setInputFiles({
        name: 'report.bin',
        mimeType: 'application/octet-stream',
        buffer: readFileSync(join(stage.folder, file)),
      })
    await choose('Genoa.bin')
    await page.getByRole('textbox', { name: 'measurement' }).fill('cd'.repeat(48))
    await page.getByRole('checkbox', { name: 'minTcb' }).uncheck()
    await choose('Milan.bin')
    await page.waitForFunction(
      (mine) => ![...document.querySelectorAll('input, textarea')].some((one) => 'value' in one && one.value === mine),
      'cd'.repeat(48),
    )
    assert.ok(await page.getByRole('checkbox', { name: 'minTcb' }).isChecked())
    await leave(page)
  })

  it('say what cannot be read: a file that is no evidence, and members that the verifier would not compare', async () => {
    const { page } = await open('/+evidence')
    await page.locator('input[type=file]').setInputFiles({
      name: `${HOSTILE}.bin`,
      mimeType: 'application/octet-stream',
      buffer: Buffer.from('no evidence'),
    })
    await page.getByRole('alert').waitFor()
    await page.goto(`${stage.url}#/ns/default/references/+write`)
    await page.getByLabel('Name', { exact: true }).fill('wrong')
    const values = page.getByLabel('Expected values, JSON')
    await values.fill('{ "mesurement": "ab" }')
    await page.getByRole('button', { name: 'Store', exact: true }).click()
    await page
      .getByRole('alert')
      .getByText(/mesurement/)
      .first()
      .waitFor()
    await values.fill('[')
    await page.getByText('This is not a JSON object.').waitFor()
    assert.ok(await page.getByRole('button', { name: 'Store', exact: true }).isDisabled())
    await values.fill('{ "measurement": "ab" }')
    await page.getByLabel('Name', { exact: true }).fill('old')
    await page.getByRole('button', { name: 'Store', exact: true }).click()
    await page.getByText('There is a set of this name already').waitFor()
    assert.deepEqual(await axeFindings(page), [])
    await leave(page)
  })

  it('are edited; what would end is told first, and somebody else’s change is not overwritten', async () => {
    const { page } = await open('/web-milan')
    await page.getByRole('button', { name: 'Edit…' }).click()
    const values = page.getByLabel('Expected values, JSON')
    const before = await values.inputValue()
    await values.fill(before.replaceAll('a5', 'b6'))
    await page.getByRole('button', { name: 'Store', exact: true }).click()
    const dialog = page.getByRole('dialog', { name: '1 live lease would end' })
    await dialog.getByText('web/tls/key').waitFor()
    assert.deepEqual(await axeFindings(page), [])
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
    await values.fill(before)
    await page.getByLabel('Owner').fill('another team')
    const theirs = { tee: 'snp', values: JSON.parse(before) as unknown, owner: 'theirs' }
    await stage.sekisho('reference', 'put', 'web-milan', storyFile(stage, 'theirs.json', JSON.stringify(theirs)))
    await page.getByRole('button', { name: 'Store', exact: true }).click()
    await page.getByText('Somebody stored this set while you were editing').waitFor()
    await leave(page)
  })

  it('are imported from a file, and one that cannot be imported says why', async () => {
    const { page } = await open('/+import')
    const choose = (text: string): Promise<void> =>
      page
        .locator('input[type=file]')
        .setInputFiles({ name: 'measured.json', mimeType: 'application/json', buffer: Buffer.from(text) })
    await choose('{ "tee": "snp" }')
    await page.getByLabel('Name', { exact: true }).fill('imported')
    await page.getByRole('button', { name: 'Import', exact: true }).click()
    await page
      .getByRole('alert')
      .getByText(/expected a reference set/)
      .waitFor()
    await choose(JSON.stringify({ tee: 'snp', measurement: 'cd'.repeat(48), tool: 'x' }))
    await page.getByRole('button', { name: 'Import', exact: true }).click()
    await page.getByText(/^imported: stored\./).waitFor()
    await page.getByRole('link', { name: 'imported' }).waitFor()
    await leave(page)
  })

  it('do not take whoever went elsewhere back to them when they are stored', async () => {
    const { page } = await open('/+import')
    let goOn = (): void => undefined
    const elsewhere = new Promise<void>((resolve) => {
      goOn = resolve
    })
    await page.route('**/references/import**', async (route) => {
      await elsewhere
      await route.continue()
    })
    const buffer = Buffer.from(JSON.stringify({ tee: 'snp', measurement: 'ce'.repeat(48), tool: 'x' }))
    await page.locator('input[type=file]').setInputFiles({ name: 'm.json', mimeType: 'application/json', buffer })
    await page.getByLabel('Name', { exact: true }).fill('imported-late')
    await page.getByRole('button', { name: 'Import', exact: true }).click()
    await page.getByRole('link', { name: 'Leases' }).click()
    await page.getByRole('heading', { name: 'Leases', level: 1 }).waitFor()
    const answered = page.waitForResponse('**/references/import**')
    goOn()
    await answered
    await page.waitForTimeout(300)
    assert.match(page.url(), /#\/ns\/default\/leases$/)
    await leave(page)
  })

  it('are deleted after it was said which live leases would end', async () => {
    const { page, errors } = await open('/web-milan')
    const remove = page.getByRole('button', { name: 'Delete…' })
    await remove.click()
    const dialog = page.getByRole('dialog', { name: 'Delete web-milan?' })
    await dialog.getByText('1 of 3 live leases would end at once.').waitFor()
    assert.equal(await dialog.locator('.mark-emulated').count(), 1)
    assert.deepEqual(await axeFindings(page), [])
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
    assert.equal(await remove.evaluate((button) => button === document.activeElement), true)
    await remove.click()
    await dialog.getByRole('button', { name: 'Delete the set' }).click()
    await page.getByText(/^web-milan: deleted\. .* 2 kept, 1 ended\./).waitFor()
    assert.doesNotMatch(await stage.sekisho('reference', 'list'), /web-milan/)
    assert.deepEqual(faults(errors), [])
    await leave(page)
  })

  for (const look of LOOKS)
    it(`${look.locale}, ${look.colorScheme}, 360 px: every part fits, and axe finds nothing`, async () => {
      const { page, errors } = await open('', look)
      assert.equal(await page.locator('h1').textContent(), look.locale === 'ja-JP' ? '参照値' : 'Reference values')
      for (const id of ['', '/old', '/+evidence', '/+write', '/+import']) {
        await page.goto(`${stage.url}#/ns/default/references${id}`)
        await page.locator('.panel').first().waitFor()
        await assertReadable(page, id)
      }
      await page.goto(`${stage.url}#/ns/nothing/references`)
      await page.locator('.empty').waitFor()
      assert.deepEqual(faults(errors), [])
      await leave(page)
    })
})
