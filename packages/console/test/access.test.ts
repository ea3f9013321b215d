import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Page } from 'playwright-core'
import { assertReadable, axeFindings, LOOKS, leave, MISSING, overflows } from './browser.ts'
import { type CheckpointStage, openCheckpointStage } from './checkpoint.ts'
import { reader } from './holdings.ts'

const AK = `000b${'ab'.repeat(32)}`
const REVOKED = `000b${'cd'.repeat(32)}`

describe('access', { skip: MISSING ?? false }, () => {
  let stage: CheckpointStage
  const at = async (page: Page, path = ''): Promise<void> => {
    await page.goto(`${stage.url}#/ns/default/access${path}`)
    await page.locator('.page-head h1').waitFor()
  }
  const me = async (token: string): Promise<{ readonly status: number; readonly text: string }> => {
    const answer = await fetch(`${stage.url}api/v1/me`, { headers: { authorization: `Bearer ${token}` } })
    return { status: answer.status, text: await answer.text() }
  }
  before(async () => {
    stage = await openCheckpointStage()
  })
  after(() => stage.close())

  it('creates a token of chosen scopes, shows it until the reader has kept it, and revokes it', async () => {
    const { page, errors } = await stage.administrator({ permissions: ['clipboard-read', 'clipboard-write'] })
    await at(page)
    await page.getByRole('button', { name: 'Create a token' }).click()
    assert.ok(await page.getByRole('button', { name: 'Create', exact: true }).isDisabled())
    await page.getByLabel('Name', { exact: true }).fill('<i>deployment</i>')
    await page.getByRole('checkbox', { name: 'secrets:write' }).check()
    await page.getByRole('button', { name: 'Choose all reading' }).click()
    await page.getByRole('checkbox', { name: 'policy:read' }).uncheck()
    await page.getByLabel('7 days').check()
    assert.match(
      (await page.locator('dialog pre').textContent()) ?? '',
      /^sekisho token create '<i>deployment<\/i>' --scope secrets:write .* --days 7 -o token.txt --namespace default$/,
    )
    await page.getByRole('button', { name: 'Create', exact: true }).click()
    const token = (await page.locator('.token-shown').textContent()) ?? ''
    assert.match(token, /^sk_[0-9a-f]{16}_/)
    for (let i = 0; i < 3; i++) await page.keyboard.press('Escape')
    await page.waitForTimeout(200)
    assert.ok(await page.locator('.token-shown').isVisible())
    await page.getByRole('dialog').getByRole('button', { name: 'Copy' }).click()
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), token)
    await page.getByRole('button', { name: 'I have kept it' }).click()
    await page.getByText('The token “<i>deployment</i>” was created.').waitFor()
    const everything = await page.evaluate(() =>
      JSON.stringify([document.documentElement.outerHTML, { ...localStorage }, { ...sessionStorage }, location.href]),
    )
    assert.ok(!everything.includes(token))
    const told = await me(token)
    assert.equal(told.status, 200)
    assert.ok(
      told.text.includes('secrets:write') && told.text.includes('leases:read') && !told.text.includes('policy:read'),
    )

    await page.reload()
    const row = page.locator('tr', { hasText: '<i>deployment</i>' })
    await row.getByText('add and delete secrets, generate keys').waitFor()
    assert.equal(await row.getByText('never', { exact: true }).count(), 0)
    await row.getByRole('button', { name: 'Revoke <i>deployment</i>' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke', exact: true }).click()
    await page.getByText('The token “<i>deployment</i>” is revoked.').waitFor()
    await row.waitFor({ state: 'detached' })
    assert.equal((await me(token)).status, 401)
    await page.getByLabel('Show ended ones').check()
    await row.getByText('revoked').waitFor()
    assert.deepEqual(errors, [])
    await leave(page)
  })

  it('creates a token for all namespaces with everything, until a day', async () => {
    const { page } = await stage.administrator()
    await at(page)
    await page.getByRole('button', { name: 'Create a token' }).click()
    await page.getByLabel('Name', { exact: true }).fill('second administrator')
    await page.getByLabel('Where').selectOption('*')
    await page.getByRole('radio', { name: 'Everything' }).check()
    await page.getByRole('radio', { name: 'Until a day' }).check()
    await page.getByText('A day to come').waitFor()
    const day = new Date(Date.now() + 20 * 86_400_000).toISOString().slice(0, 10)
    await page.locator('input[type=date]').fill(day)
    await page.getByRole('button', { name: 'Create', exact: true }).click()
    const token = (await page.locator('.token-shown').textContent()) ?? ''
    assert.deepEqual(JSON.parse((await me(token)).text)['grants'], [{ namespace: '*', scopes: ['admin'] }])
    await page.getByRole('button', { name: 'I have kept it' }).click()
    await page.locator('tr', { hasText: 'second administrator' }).getByText('all namespaces').waitFor()
    await leave(page)
  })

  it('offers only what the reader could give, and names the scope that is missing', async () => {
    const { page } = await reader(stage, ['tokens:read', 'tokens:write', 'leases:read'])
    await page.getByText('see leases, forecasts and who is affected').waitFor()
    await page.getByText('In default').waitFor()
    await at(page)
    await page.getByRole('button', { name: 'Create a token' }).click()
    await page.getByRole('dialog').waitFor()
    assert.equal(await page.getByRole('dialog').getByRole('checkbox').count(), 3)
    assert.equal(await page.getByRole('radio', { name: 'Everything' }).count(), 0)
    assert.equal(await page.getByLabel('Where').count(), 0)
    await page.keyboard.press('Escape')
    await at(page, '/namespaces')
    await page.getByText('Namespaces that your token is for').waitFor()
    assert.equal(await page.getByLabel('New namespace').count(), 0)
    await at(page, '/machines')
    await page.getByText('references:read').waitFor()
    await leave(page)
    const blind = await reader(stage, ['leases:read'])
    await at(blind.page)
    await blind.page.getByText('tokens:read').waitFor()
    assert.equal(await blind.page.getByRole('button', { name: 'Create a token' }).count(), 0)
    await leave(blind.page)
  })

  it('creates a namespace, which the menu then has, and says of one that exists that it does', async () => {
    const { page } = await stage.administrator()
    await at(page, '/namespaces')
    await page.getByLabel('New namespace').fill('Not One')
    await page.getByText('beginning with a letter or digit').waitFor()
    await page.getByLabel('New namespace').fill('second')
    await page.getByRole('button', { name: 'Create', exact: true }).click()
    await page.getByText('second was created.').waitFor()
    await page.getByLabel('New namespace').fill('second')
    await page.getByRole('button', { name: 'Create', exact: true }).click()
    await page.getByText('second exists already.').waitFor()
    await page.getByRole('link', { name: 'Open second' }).click()
    await page.locator('.menu select option', { hasText: 'default' }).waitFor({ state: 'attached' })
    assert.equal(await page.locator('.menu select').inputValue(), 'second')
    assert.match(await stage.sekisho('namespace', 'list'), /second/)
    await leave(page)
  })

  it('tells of enrolled TPMs, revokes and readmits them', async () => {
    const { page } = await stage.administrator()
    await at(page, '/machines')
    await page.getByText('No TPM has enrolled a key').waitFor()
    // A TPM cannot be had everywhere: what the checkpoint answers about one is given here.
    const asked: string[] = []
    const key = { akName: AK, ekSha256: 'ef'.repeat(32), ekCertificates: [], enrolled: '2026-11-20T10:00:00.000Z' }
    await page.route('**/tpm-keys**', async (route) => {
      const method = route.request().method()
      if (method !== 'GET') asked.push(`${method} ${new URL(route.request().url()).pathname}`)
      const over = { revoked: '2026-11-21T09:00:00.000Z', revokedBy: '<b>token:1</b>' }
      const json =
        method === 'GET'
          ? {
              keys: [
                { ...key, enrolledBy: 'tpm' },
                { ...key, akName: REVOKED, enrolledBy: 'tpm', ...over },
              ],
            }
          : method === 'DELETE'
            ? { keys: 1, live: 0, revoked: 2 }
            : { keys: 1 }
      await route.fulfill({ json })
    })
    await page.reload()
    await page.locator('tr', { hasText: REVOKED }).getByText('<b>token:1</b>').waitFor()
    assert.deepEqual(await axeFindings(page), [])
    await page.getByRole('button', { name: /^Revoke 000bab/ }).click()
    assert.match((await page.locator('dialog pre').textContent()) ?? '', new RegExp(`sekisho tpm revoke ${AK} `))
    await page.getByRole('button', { name: 'Revoke the TPM' }).click()
    await page.getByText('Revoked: 1 key of this TPM, and 2 leases.').waitFor()
    await page.getByRole('button', { name: /^Readmit 000bcd/ }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Readmit' }).click()
    await page.getByText('The TPM may enrol again.').waitFor()
    const keys = '/api/v1/namespaces/default/tpm-keys'
    assert.deepEqual(asked, [`DELETE ${keys}/${AK}`, `POST ${keys}/${REVOKED}/readmit`])
    await page.setViewportSize({ width: 360, height: 740 })
    assert.equal(await overflows(page), false)
    await leave(page)
  })

  for (const look of LOOKS)
    it(`every part and its dialogs, ${look.locale}, ${look.colorScheme}, 360 px: axe finds nothing, nothing is wider`, async () => {
      const { page, errors } = await stage.administrator(look)
      await at(page)
      await page.locator('.records').waitFor()
      await assertReadable(page, 'tokens')
      await page.locator('.page-head button').click()
      await page.getByRole('dialog').waitFor()
      await assertReadable(page, 'create')
      await page.keyboard.press('Escape')
      await page.locator('.records .button').first().click()
      await assertReadable(page, 'revoke')
      await page.keyboard.press('Escape')
      for (const part of ['machines', 'namespaces', 'you']) {
        await at(page, `/${part}`)
        await assertReadable(page, part)
      }
      assert.deepEqual(errors, [])
      await leave(page)
    })
})
