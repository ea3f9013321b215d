import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Page } from 'playwright-core'
import { assertReadable, axeFindings, LOOKS, leave, MISSING } from './browser.ts'
import { type CheckpointStage, openCheckpointStage } from './checkpoint.ts'
import { SECOND_POLICY, storyFile, tellPolicyStory } from './policy-story.ts'

const HOSTILE = '<img src=x onerror=globalThis.hurt=1>'

/** What the browser notes about answers that are no success is no fault of the page. */
function faults(errors: readonly string[]): readonly string[] {
  return errors.filter((one) => !/status of (404|409|422)/.test(one))
}

async function write(page: Page, text: string): Promise<void> {
  await page.getByRole('textbox', { name: /^Cedar/ }).click()
  await page.keyboard.press('Control+A')
  await page.keyboard.insertText(text)
}

const editorText = (page: Page): Promise<string> =>
  page
    .getByRole('textbox', { name: /^Cedar/ })
    .evaluate((box) => [...box.querySelectorAll('.cm-line')].map((line) => line.textContent).join('\n'))

describe('policies', { skip: MISSING ?? false }, () => {
  let stage: CheckpointStage
  before(async () => {
    stage = await openCheckpointStage()
    await tellPolicyStory(stage)
  })
  after(() => stage.close())

  const open = async (
    place = 'policies',
    options: Parameters<CheckpointStage['administrator']>[0] = {},
  ): Promise<{ page: Page; errors: string[] }> => {
    const seen = await stage.administrator(options)
    await seen.page.goto(`${stage.url}#/ns/default/${place}`)
    await seen.page.locator('#tab-content').waitFor()
    if (place === 'policies') await seen.page.getByRole('textbox', { name: /^Cedar/ }).waitFor()
    return seen
  }

  it('shows what is in force, in an editor that needs no style of its own in the page', async () => {
    const { page, errors } = await open()
    assert.equal((await editorText(page)).trimEnd(), SECOND_POLICY.trimEnd())
    assert.equal(await page.getByText('Version 2 in force').count(), 1)
    assert.equal(await page.locator('style').count(), 0)
    assert.deepEqual(await axeFindings(page), [])
    assert.deepEqual(faults(errors), [])
    await leave(page)
  })

  it('tells errors at their line and column, with a hint, and does not go on with them', async () => {
    const { page, errors } = await open()
    await write(page, 'permit (principal, action, resource)\nwhen { context.te == "snp" };')
    const finding = page.locator('.findings li')
    await finding.waitFor()
    assert.match((await finding.textContent()) ?? '', /Line 2.*no claim `te`.*did you mean `tee`/s)
    assert.ok(await page.getByRole('button', { name: 'Review changes…' }).isDisabled())
    assert.equal(await page.locator('.cm-lintRange-error').count(), 1)
    await page.locator('.findings button').click()
    assert.equal(await page.evaluate(() => document.activeElement?.className), 'editor-host')
    assert.match((await page.locator('.cm-activeLine').textContent()) ?? '', /^when/)
    assert.deepEqual(await axeFindings(page), [])
    assert.deepEqual(faults(errors), [])
    await leave(page)
  })

  it('lists what the linter finds, with what would mend it', async () => {
    const { page } = await open()
    await write(page, 'permit (principal, action, resource);')
    const finding = page.locator('.findings li', { hasText: 'no-attestation' })
    await finding.waitFor()
    assert.match((await finding.textContent()) ?? '', /Line 1.*error/s)
    await leave(page)
  })

  it('completes claims, and the values of those that have few; Escape and Tab leave the editor', async () => {
    const { page, errors } = await open()
    await write(page, 'permit (principal, action, resource) when { }')
    await page.keyboard.press('ArrowLeft')
    await page.keyboard.type('context.tcb.sta')
    const list = page.getByRole('listbox', { name: 'Completions' })
    await list.getByText('status').waitFor()
    assert.deepEqual(await axeFindings(page), [])
    await page.waitForTimeout(200)
    await page.keyboard.press('Enter')
    await page.keyboard.type(' == "')
    await list.getByText('SWHardeningNeeded', { exact: true }).waitFor()
    await page.keyboard.press('Escape')
    await list.waitFor({ state: 'detached' })
    assert.match(await editorText(page), /context\.tcb\.status == ""/)
    const focused = (): Promise<boolean> => page.evaluate(() => document.activeElement?.className === 'editor-host')
    await page.keyboard.press('Tab')
    assert.equal(await focused(), true, 'Tab writes, as long as nobody pressed Escape')
    await page.keyboard.press('Escape')
    await page.keyboard.press('Tab')
    assert.equal(await focused(), false)
    assert.deepEqual(faults(errors), [])
    await leave(page)
  })

  it('keeps unsaved text while other pages are looked at, and warns before the window is left', async () => {
    const { page } = await open()
    await write(page, `${SECOND_POLICY}// mine\n`)
    await page.goto(`${stage.url}#/ns/default/references`)
    await page.locator('table').waitFor()
    const asking = page.waitForEvent('dialog')
    await page.close({ runBeforeUnload: true })
    const dialog = await asking
    assert.equal(dialog.type(), 'beforeunload')
    await dialog.dismiss()
    await page.goto(`${stage.url}#/ns/default/policies`)
    await page.getByRole('textbox', { name: /^Cedar/ }).waitFor()
    assert.match(await editorText(page), /\/\/ mine/)
    await page.getByRole('button', { name: 'Discard changes' }).click()
    await page.getByText('As in force').waitFor()
    await leave(page)
  })

  it('marks statements that no test case exercises, and says of a wrong case what is wrong with it', async () => {
    const { page, errors } = await open('policies/tests')
    const box = page.getByLabel('Test cases, JSON')
    const run = page.getByRole('button', { name: 'Run the cases' })
    const one = {
      name: HOSTILE,
      resource: 'payroll/db/password',
      permitted: false,
      by: ['payroll-off-milan'],
      context: { tee: 'snp', product: 'Milan', emulated: true, references: ['web-milan'] },
    }
    await box.fill(JSON.stringify([one, { ...one, name: 'wrong', permitted: true, by: [] }]))
    await run.click()
    await page.getByText('1 of 2 cases passed.').waitFor()
    const written = await box.inputValue()
    await box.fill(written.replace('"wrong"', '"another"'))
    await page.getByText('The text or the cases have changed since they ran.').waitFor()
    await box.fill(written)
    await page.getByText('The text or the cases have changed since they ran.').waitFor({ state: 'detached' })
    assert.equal(await page.getByText(HOSTILE).count(), 1)
    assert.equal(await page.evaluate(() => 'hurt' in globalThis), false)
    assert.deepEqual(await axeFindings(page), [])
    await page.getByRole('button', { name: 'Line 2' }).click()
    await page.locator('.untried').waitFor()
    assert.equal(await page.locator('.untried').count(), 1)
    await page.getByRole('tab', { name: 'Test cases' }).click()
    await box.fill('[{ "name": "x", "resource": "a/b/c", "permitted": true, "context": {} }]')
    await run.click()
    await page.getByRole('alert').getByText('cases[0].context.tee').waitFor()
    await box.fill('no json')
    await page.getByText('This is not JSON').waitFor()
    await box.fill('[{ "name": "x", "resource": "a/b/c", "permitted": true, "platform": { "kind": "sev9" } }]')
    await run.click()
    await page.getByRole('alert').getByText('cases[0].platform').waitFor()
    const played = { name: 'played', resource: 'a/b/c', permitted: false, platform: { kind: 'tdx' }, known: false }
    await box.fill(JSON.stringify([played]))
    await run.click()
    await page.getByText('1 of 1').waitFor()
    assert.deepEqual(
      faults(errors).filter((error) => !/status of 400/.test(error)),
      [],
    )
    await leave(page)
  })

  it('shows before a text is in force what it would have decided otherwise and which leases would end, then does it', async () => {
    const { page, errors } = await open()
    await write(page, SECOND_POLICY.replace('::"payroll"', '::"web"'))
    await page.getByRole('button', { name: 'Review changes…' }).click()
    await page.getByText('Of 4 recorded decisions, 1 would be refused and 1 would be permitted').waitFor()
    await page.getByText('1 of 3 live leases would end at once.').waitFor()
    const link = page.locator('a[href^="#/ns/default/decisions/dec_"]').first()
    assert.equal(await link.count(), 1)
    assert.equal(await page.locator('.review .mark-emulated').count(), 3)
    assert.match((await page.locator('.line-gone').textContent()) ?? '', /payroll/)
    assert.deepEqual(await axeFindings(page), [])
    await page.getByLabel('Note for the log').fill(HOSTILE)
    await page.getByRole('button', { name: 'Put in force', exact: true }).click()
    await page.getByText('Version 3 is in force. Live leases looked at again: 2 kept, 1 ended.').waitFor()
    await page.getByRole('tab', { name: 'Versions' }).click()
    await page.locator('td', { hasText: HOSTILE }).waitFor()
    assert.equal(await page.evaluate(() => 'hurt' in globalThis), false)

    await page.getByRole('combobox', { name: /^From/ }).selectOption({ label: 'Version 1' })
    await page.locator('.line-new', { hasText: 'payroll-off-milan' }).waitFor()
    await page.getByRole('group', { name: 'Actions for version 2' }).getByRole('button', { name: 'Roll back…' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText(/Of 4 recorded decisions/).waitFor()
    await dialog.getByText('Nothing to say against it.').waitFor()
    const yes = dialog.getByRole('button', { name: 'Put version 2 in force' })
    assert.deepEqual(await axeFindings(page), [])
    await yes.click()
    await page.getByText('Version 2 is in force.').waitFor()
    assert.match(await stage.sekisho('policy', 'show'), /version 2,/)
    assert.deepEqual(faults(errors), [])
    await leave(page)
  })

  it('notices what another administrator put in force meanwhile, and overwrites nothing unasked', async () => {
    const { page } = await open()
    await write(page, `${SECOND_POLICY}// mine\n`)
    await page.getByRole('button', { name: 'Review changes…' }).click()
    const put = page.getByRole('button', { name: 'Put in force', exact: true })
    await put.isEnabled()
    await stage.sekisho('policy', 'set', storyFile(stage, 'theirs.cedar', `${SECOND_POLICY}// theirs\n`))
    await put.click()
    await page
      .getByRole('alert')
      .getByText(/was put in force by .* while you were editing/)
      .waitFor()
    assert.match(await stage.sekisho('policy', 'show'), /\/\/ theirs/)
    await page.getByRole('button', { name: 'Show how it differs from yours' }).click()
    await page.locator('.meanwhile .line-gone', { hasText: 'theirs' }).waitFor()
    assert.deepEqual(await axeFindings(page), [])
    await page.getByRole('button', { name: 'Go on with my text' }).click()
    await page.getByRole('button', { name: 'Review changes…' }).click()
    await put.click()
    await page.getByText(/is in force\. Live leases/).waitFor()
    assert.match(await stage.sekisho('policy', 'show'), /\/\/ mine/)
    await leave(page)
  })

  it('shows what the linter says of a version before it is in force again, with its line', async () => {
    const text = `${SECOND_POLICY}permit (principal, action, resource);\n`
    const set = await stage.sekisho('policy', 'set', storyFile(stage, 'open.cedar', text))
    const version = /^Version (\d+) is active/m.exec(set)?.[1] ?? ''
    await stage.sekisho('policy', 'set', storyFile(stage, 'closed.cedar', SECOND_POLICY))
    const { page, errors } = await open()
    await page.getByRole('tab', { name: 'Versions' }).click()
    const actions = page.getByRole('group', { name: `Actions for version ${version}` })
    await actions.getByRole('button', { name: 'Roll back…' }).click()
    const dialog = page.getByRole('dialog')
    const finding = dialog.locator('.findings li', { hasText: 'no-attestation' })
    await finding.waitFor()
    const line = text.split('\n').length - 1
    assert.match(
      (await finding.textContent()) ?? '',
      new RegExp(`Line ${line}.*no-attestation.*whoever asks gets this`),
    )
    assert.equal(await finding.getByRole('button').count(), 0)
    assert.deepEqual(await axeFindings(page), [])
    assert.deepEqual(faults(errors), [])
    await leave(page)
  })

  it('names the scope that is missing, and shows no button to whoever may not use it', async () => {
    const told = await stage.sekisho('token', 'create', 'reader', '--scope', 'policy:read', '--days', '1', '--json')
    const { token } = JSON.parse(told) as { token: string }
    const { page } = await stage.visitor()
    await page.goto(`${stage.url}#/ns/default/references`)
    await page.getByLabel('Token').fill(token)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('alert').getByText('references:read').waitFor()
    await page.goto(`${stage.url}#/ns/default/policies`)
    await page.getByRole('textbox', { name: /^Cedar/ }).waitFor()
    await write(page, `${SECOND_POLICY}// looked at\n`)
    await page.getByRole('button', { name: 'Review changes…' }).click()
    await page.getByText('decisions:read').waitFor()
    await page.locator('.review').getByText('needs the scope policy:write').waitFor()
    assert.equal(await page.getByRole('button', { name: 'Put in force', exact: true }).count(), 0)
    await leave(page)
  })

  it('says when the checkpoint does not answer, and tries again', async () => {
    const { page } = await stage.administrator()
    await page.route('**/api/v1/namespaces/default/policy', (route) => route.abort())
    await page.goto(`${stage.url}#/ns/default/policies`)
    await page.getByRole('alert').getByText('cannot be reached').waitFor()
    await page.unroute('**/api/v1/namespaces/default/policy')
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByRole('textbox', { name: /^Cedar/ }).waitFor()
    await leave(page)
  })

  it('a namespace without a policy says so, and begins from a starter', async () => {
    const { page } = await stage.administrator()
    await page.goto(`${stage.url}#/ns/fresh/policies`)
    await page.getByText('This namespace has no policy').waitFor()
    await page.getByRole('combobox', { name: 'Starter' }).selectOption({ label: 'Intel TDX: confidential VMs' })
    await page.getByRole('button', { name: 'Use it' }).click()
    await page.getByText('Nothing to say against it.').waitFor()
    await page.getByRole('button', { name: 'Review changes…' }).click()
    await page.getByText('nothing to compare with').waitFor()
    await page.getByRole('button', { name: 'Put in force', exact: true }).click()
    await page.getByText('Version 1 is in force.').waitFor()
    await leave(page)
  })

  for (const look of LOOKS)
    it(`${look.locale}, ${look.colorScheme}, 360 px: every tab fits, and axe finds nothing`, async () => {
      const { page, errors } = await open('policies', look)
      assert.equal(await page.locator('h1').textContent(), look.locale === 'ja-JP' ? 'ポリシー' : 'Policies')
      for (const tab of ['policies', 'policies/tests', 'policies/versions']) {
        await page.goto(`${stage.url}#/ns/default/${tab}`)
        await page.locator('#tab-content .panel:visible').first().waitFor()
        await page.locator('.loading').first().waitFor({ state: 'detached' })
        await assertReadable(page, tab)
      }
      assert.deepEqual(faults(errors), [])
      await leave(page)
    })
})
