import assert from 'node:assert/strict'
import { createPublicKey } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import type { Page } from 'playwright-core'
import { assertReadable, LOOKS, leave, MISSING } from './browser.ts'
import { type CheckpointStage, openCheckpointStage } from './checkpoint.ts'
import { CANARY, fileOf, reader } from './holdings.ts'

describe('secrets and keys', { skip: MISSING ?? false }, () => {
  let stage: CheckpointStage
  const at = (page: Page, path = ''): Promise<unknown> => page.goto(`${stage.url}#/ns/default/secrets${path}`)
  before(async () => {
    stage = await openCheckpointStage()
  })
  after(() => stage.close())

  it('says how something comes to be here, and keeps a value that shows nowhere again; all by keyboard', async () => {
    const { page, errors } = await stage.administrator()
    await at(page)
    await page.getByText('Nothing is kept in this namespace yet.').waitFor()
    const sent: string[] = []
    page.on('request', (request) => {
      if (request.method() === 'PUT') sent.push(request.postData() ?? '')
    })
    await page.getByRole('button', { name: 'Add a secret' }).focus()
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').waitFor()
    await page.getByLabel('Path', { exact: true }).focus()
    await page.keyboard.type('shop/db/password')
    await page.getByLabel('Value as text').focus()
    await page.keyboard.type(CANARY)
    assert.match((await page.locator('#value-said').textContent()) ?? '', new RegExp(`^${CANARY.length} bytes`))
    await page.getByLabel('Metadata').fill('owner = <img src=x onerror=alert(1)>')
    await page.getByLabel('Metadata').press('Tab')
    await page.getByRole('button', { name: 'Keep it' }).focus()
    await page.keyboard.press('Enter')
    await page.getByText('shop/db/password: version 1 is kept').waitFor()
    assert.equal(sent.length, 1)
    assert.equal((JSON.parse(sent[0] ?? '') as { value: string }).value, Buffer.from(CANARY).toString('base64'))
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'Add a secret')

    await page.getByRole('button', { name: 'Add a secret' }).click()
    assert.equal(await page.getByLabel('Value as text').inputValue(), '')
    await page.keyboard.press('Escape')
    await page.getByRole('link', { name: 'shop/db/password' }).click()
    await page.getByText('<img src=x onerror=alert(1)>').waitFor()
    const everything = await page.evaluate(() =>
      JSON.stringify([document.documentElement.outerHTML, { ...localStorage }, { ...sessionStorage }]),
    )
    assert.ok(!everything.includes(CANARY) && !everything.includes(Buffer.from(CANARY).toString('base64')))
    assert.equal(await page.locator('img').count(), 0)
    assert.deepEqual(errors, [])
    await leave(page)
  })

  it('refuses before sending what the checkpoint would refuse, and says what is there already', async () => {
    const { page } = await stage.administrator()
    await at(page)
    await page.getByRole('button', { name: 'Add a secret' }).click()
    const path = page.getByLabel('Path', { exact: true })
    await path.fill('one/two')
    await page.getByText('Three names with / between').waitFor()
    assert.ok(await page.getByRole('button', { name: 'Keep it' }).isDisabled())
    await path.fill('shop/db/password')
    await page.getByText('this adds version 2').waitFor()
    await page.getByRole('button', { name: 'Keep it' }).click()
    await page.getByText('A value of no bytes is not kept.').waitFor()
    await page.getByLabel('File', { exact: true }).check()
    const long = fileOf(stage, 'long.bin', 'x'.repeat(1024 * 1024 + 1))
    await page.getByLabel('Value from a file').setInputFiles(long)
    await page.getByText('Too long: at most 1 MiB').waitFor()
    await page.getByRole('button', { name: 'Keep it' }).click()
    await page.getByLabel('Metadata').fill('no text')
    await page.getByText('Line 1 is not').waitFor()
    assert.ok(await page.getByRole('button', { name: 'Keep it' }).isDisabled())
    assert.match(await stage.sekisho('secret', 'list'), /shop\/db\/password +secret +1 /)
    await leave(page)
  })

  it('keeps a file once when it is sent again while it is still read', async () => {
    const { page } = await stage.administrator()
    await at(page)
    await page.getByRole('button', { name: 'Add a secret' }).click()
    await page.getByLabel('Path', { exact: true }).fill('shop/db/twice')
    await page.getByLabel('File', { exact: true }).check()
    await page.getByLabel('Value from a file').setInputFiles(fileOf(stage, 'twice.bin', 'once'))
    await page.evaluate(() => {
      const real = File.prototype.arrayBuffer
      let turn = 0
      File.prototype.arrayBuffer = async function (this: File) {
        await new Promise((resolve) => setTimeout(resolve, turn++ * 1500))
        return real.call(this)
      }
      const form = document.querySelector<HTMLFormElement>('dialog form')
      form?.requestSubmit()
      form?.requestSubmit()
    })
    await page.getByText('shop/db/twice: version 1 is kept').waitFor()
    await page.waitForTimeout(2000)
    assert.match(await stage.sekisho('secret', 'list'), /shop\/db\/twice +secret +1 /)
    await stage.sekisho('secret', 'delete', 'shop/db/twice')
    await page.reload()
    await leave(page)
  })

  it('keeps the metadata of a secret that gets another version by its path', async () => {
    const { page } = await stage.administrator()
    await at(page)
    await page.getByRole('button', { name: 'Add a secret' }).click()
    await page.getByLabel('Path', { exact: true }).fill('shop/db/password')
    await page.getByLabel('Value as text').fill('another')
    await page.getByRole('button', { name: 'Keep it' }).click()
    await page.getByText('shop/db/password: version 2 is kept').waitFor()
    await at(page, '/shop/db/password')
    await page.getByText('<img src=x onerror=alert(1)>').waitFor()
    await leave(page)
  })

  it('keeps what was typed when nothing could be sent, and sends it when it is tried again', async () => {
    const { page } = await stage.administrator()
    await at(page, '/shop/db/password')
    await page.getByRole('button', { name: 'New version' }).click()
    await page.getByLabel('Value as text').fill('second')
    await page.route('**/secrets/**', (route) => route.abort())
    await page.getByRole('button', { name: 'Keep it' }).click()
    await page.getByText('The checkpoint cannot be reached').waitFor()
    assert.equal(await page.getByLabel('Value as text').inputValue(), 'second')
    await page.unroute('**/secrets/**')
    await page.getByRole('button', { name: 'Keep it' }).click()
    await page.getByText('shop/db/password: version 3 is kept').waitFor()
    await page.locator('tbody tr').nth(2).waitFor()
    assert.match((await page.locator('tbody tr').first().textContent()) ?? '', /^3 current/)
    await leave(page)
  })

  it('has keys generated and shows their public parts, as JWK and as PEM', async () => {
    const { page, errors } = await stage.administrator({ permissions: ['clipboard-read', 'clipboard-write'] })
    for (const type of ['ec-p256', 'ec-p384', 'rsa-3072', 'ed25519', 'aes-256']) {
      await at(page)
      await page.getByRole('button', { name: 'Generate a key' }).click()
      await page.getByLabel('Path', { exact: true }).fill(`shop/keys/${type}`)
      await page.getByRole('radio', { name: type }).check()
      await page.getByRole('button', { name: 'Generate', exact: true }).click()
      await page.getByText(`shop/keys/${type}: version 1 was generated.`).waitFor()
      await at(page, `/shop/keys/${type}`)
      if (type === 'aes-256') {
        await page.getByText('A symmetric key has no public part.').waitFor()
        continue
      }
      const jwk = JSON.parse((await page.locator('.jwk').textContent()) ?? '') as Record<string, string>
      assert.equal(jwk['d'], undefined)
      await page.getByRole('button', { name: 'Copy PEM' }).click()
      const pem = await page.evaluate(() => navigator.clipboard.readText())
      const shown = createPublicKey({ key: jwk, format: 'jwk' }).export({ format: 'pem', type: 'spki' })
      assert.equal(pem, shown, type)
    }
    assert.deepEqual(errors, [])
    await leave(page)
  })

  it('deletes after asking, and says when there is nothing', async () => {
    const { page } = await stage.administrator()
    await at(page, '/shop/keys/ec-p384')
    await page.getByRole('button', { name: 'Delete', exact: true }).click()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'Delete')
    await page.getByRole('button', { name: 'Delete', exact: true }).click()
    await page.getByRole('button', { name: 'Delete for good' }).click()
    await page.getByText('shop/keys/ec-p384 is deleted.').waitFor()
    await page.getByRole('link', { name: 'shop/keys/ec-p256' }).waitFor()
    assert.equal(await page.getByRole('link', { name: 'shop/keys/ec-p384' }).count(), 0)
    await at(page, '/shop/keys/ec-p384')
    await page.getByText('There is nothing of this name').waitFor()
    await at(page, '/<b>not</b>')
    await page.getByText('There is nothing of this name').waitFor()
    await leave(page)
  })

  it('offers readers nothing that they may not do, and names the scope that is missing', async () => {
    const { page } = await reader(stage, ['secrets:read'])
    await at(page)
    await page.getByRole('link', { name: 'shop/db/password' }).waitFor()
    assert.equal(await page.getByRole('button', { name: /Add|Generate/ }).count(), 0)
    await leave(page)
    const blind = await reader(stage, ['leases:read'])
    await at(blind.page)
    await blind.page.getByText('secrets:read').waitFor()
    await leave(blind.page)
  })

  for (const look of LOOKS)
    it(`list, one of them and dialogs, ${look.locale}, ${look.colorScheme}, 360 px: axe finds nothing, nothing is wider`, async () => {
      const { page, errors } = await stage.administrator(look)
      await at(page)
      await page.locator('.records').waitFor()
      await assertReadable(page, 'list')
      for (const button of [1, 2]) {
        await page
          .locator('.page-head button')
          .nth(button - 1)
          .click()
        await page.getByRole('dialog').waitFor()
        await assertReadable(page, `dialog ${button}`)
        await page.keyboard.press('Escape')
      }
      await at(page, '/shop/keys/rsa-3072')
      await page.locator('.jwk').waitFor()
      await assertReadable(page, 'key')
      await page.locator('.page-head button').first().click()
      await assertReadable(page, 'delete')
      assert.deepEqual(errors, [])
      await leave(page)
    })
})
