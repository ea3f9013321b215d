import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { PAGES } from '../src/app/route.ts'
import { assertReadable, axeFindings, LOOKS, leave, MISSING } from './browser.ts'
import { type CheckpointStage, openCheckpointStage } from './checkpoint.ts'

describe('the pages of a running checkpoint', { skip: MISSING ?? false }, () => {
  let stage: CheckpointStage
  before(async () => {
    stage = await openCheckpointStage()
  })
  after(() => stage.close())

  it('opens by the one-time link, once, and keeps neither its secret nor a token where scripts see them', async () => {
    const { page, errors } = await stage.administrator()
    assert.equal(new URL(page.url()).hash, '#/start')
    assert.ok(!page.url().includes('setup'))
    await page.getByText(/make a token of your own before then/).waitFor()
    const secret = stage.setupLink.split('#')[1] ?? ''
    const seen = await page.evaluate(() =>
      JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]),
    )
    assert.ok(!seen.includes(secret) && !seen.includes('sk_'), seen)
    assert.deepEqual(errors, [])
    await leave(page)

    const late = await stage.visitor()
    await late.page.goto(stage.setupLink)
    await late.page.getByRole('alert').waitFor()
    assert.match((await late.page.getByRole('alert').textContent()) ?? '', /used, is over, or never was/)
    await leave(late.page)
  })

  it('asks whoever is not signed in for a token, and says when it is not accepted', async () => {
    const { page } = await stage.visitor()
    await page.goto(`${stage.url}#/ns/default/decisions`)
    await page.getByLabel('Token').fill('sk_0000000000000000_wrong')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('alert').waitFor()
    assert.match((await page.getByRole('alert').textContent()) ?? '', /not accepted/)
    assert.deepEqual(await axeFindings(page), [])
    await leave(page)
  })

  it('signs out in the browser, and shows the sign-in when the server ends the session', async () => {
    const { page } = await stage.administrator()
    await page.goto(`${stage.url}#/ns/default/decisions`)
    await page.locator('.page-head').waitFor()
    await page.evaluate(() => localStorage.setItem('sekisho-session-key', 'A'.repeat(43)))
    await page.reload()
    await page.getByLabel('Token').waitFor()
    await leave(page)
  })

  it('goes to a page that was asked for while the first one was painted', async () => {
    const { page } = await stage.administrator()
    await page.addInitScript(() => {
      // The page is used again by other tests.
      if (location.search !== '?painted') return
      new MutationObserver((_, observer) => {
        if (document.getElementById('content') === null) return
        observer.disconnect()
        location.hash = '#/ns/default/access'
      }).observe(document, { childList: true, subtree: true })
    })
    await page.goto(`${stage.url}?painted#/`)
    await page.locator('.page-head').waitFor()
    await leave(page)
  })

  it('shows in a menu that is wider than the window where the reader is', async () => {
    const { page } = await stage.administrator({ viewport: { width: 360, height: 740 } })
    for (const name of ['access', 'decisions', 'leases']) {
      await page.goto(`${stage.url}#/ns/default/${name}`)
      await page.locator(`.menu a[aria-current=page][href$="/${name}"]`).waitFor()
      const box = await page.locator('.menu a[aria-current=page]').boundingBox()
      assert.ok(box !== null && box.x >= 0 && box.x + box.width <= 360, `${name} ${JSON.stringify(box)}`)
    }
    await leave(page)
  })

  it('no page is left for a file that is dropped on it', async () => {
    const { page } = await stage.administrator()
    for (const name of PAGES) {
      await page.goto(`${stage.url}#/ns/default/${name}`)
      await page.locator('.page-head').waitFor()
      const stays = await page.evaluate(() => {
        const dataTransfer = new DataTransfer()
        dataTransfer.items.add(new File(['<script>alert(1)</script>'], 'evidence.html', { type: 'text/html' }))
        return ['dragover', 'drop'].map((type) => {
          const event = new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer })
          document.querySelector('main')?.dispatchEvent(event)
          return event.defaultPrevented
        })
      })
      assert.deepEqual(stays, [true, true], name)
    }
    await leave(page)
  })

  for (const look of LOOKS)
    it(`every page, ${look.locale}, ${look.colorScheme}: axe finds nothing, nothing is wider than 360 px, no error`, async () => {
      const { page, errors } = await stage.administrator(look)
      for (const name of PAGES) {
        await page.goto(`${stage.url}#/ns/default/${name}`)
        await page.locator('.page-head h1').waitFor()
        await page.locator('.loading').first().waitFor({ state: 'detached' })
        await assertReadable(page, name)
      }
      // A namespace without a policy answers 404, which Chromium writes down.
      assert.deepEqual(
        errors.filter((one) => !one.includes('status of 404')),
        [],
      )
      await leave(page)
    })
})
