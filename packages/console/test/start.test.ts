import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Page } from 'playwright-core'
import { assertReadable, axeFindings, drop, exampleFiles, LOOKS, leave, MISSING, type Seen } from './browser.ts'
import { type CheckpointStage, openCheckpointStage } from './checkpoint.ts'

const DO = /^(Do it|実行する)$/
const NEEDED = 9
const ALL = 12

async function openRun(
  stage: CheckpointStage,
  options: Parameters<CheckpointStage['administrator']>[0] = {},
): Promise<Seen> {
  const seen = await stage.administrator(options)
  await seen.page.goto(`${stage.url}#/start`)
  await seen.page.locator('.run-steps').waitFor()
  return seen
}

async function anotherAdministrator(stage: CheckpointStage): Promise<Seen> {
  const seen = await stage.visitor()
  await seen.page.goto(`${stage.url}#/start`)
  await seen.page.getByLabel('Token').fill(await stage.token())
  await seen.page.getByRole('button', { name: 'Sign in' }).click()
  await seen.page.locator('.run-steps').waitFor()
  return seen
}

async function doSteps(page: Page, from: number, to: number): Promise<void> {
  for (let done = from; done < to; done++) {
    await page.getByRole('button', { name: DO }).click()
    await page.locator('.step-done').nth(done).waitFor()
  }
}

// A refusal is an answer here; the browser reports every answer of 400 and above as an error of the console.
function troubles({ errors }: Seen): readonly string[] {
  return errors.filter((one) => !/status of 403/.test(one))
}

describe('the guided first run', { skip: MISSING ?? false }, () => {
  let stage: CheckpointStage
  before(async () => {
    stage = await openCheckpointStage()
  })
  after(() => stage.close())

  it('is refused, reads why, is released to, and ends with a receipt that the command line believes', async () => {
    const seen = await openRun(stage)
    const { page } = seen
    await doSteps(page, 0, 1)
    await page.getByLabel('The secret').fill('開けゴマ <b>&amp;</b>')
    await doSteps(page, 1, 5)
    const refused = (await page.locator('.outcome-refused').textContent()) ?? ''
    assert.match(refused, /EMULATED/)
    const decision = /debug-enabled, (dec_\w{26})/.exec(refused)?.[1] ?? ''
    const told = JSON.parse(await stage.sekisho('decision', 'show', decision, '--namespace', 'first-run', '--json'))
    assert.equal(told.reasonCode, 'debug-enabled')
    await doSteps(page, 5, 6)
    const why = (await page.locator('.step-done').nth(5).textContent()) ?? ''
    for (const one of [...told.reasons, ...told.remedies.map(({ action }: { action: string }) => action)])
      assert.ok(why.includes(one), one)
    await doSteps(page, 6, 8)
    assert.equal(await page.locator('.opened').textContent(), '開けゴマ <b>&amp;</b>')
    await doSteps(page, 8, NEEDED)
    const receipt = page.locator('.step-done').nth(8)
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      receipt.getByRole('button', { name: 'Download receipt' }).click(),
    ])
    const folder = mkdtempSync(join(tmpdir(), 'sekisho-start-'))
    after(() => rmSync(folder, { recursive: true }))
    const key = join(folder, 'log.key')
    await stage.sekisho('log', 'key', '-o', key)
    assert.match(await stage.sekisho('log', 'check-receipt', await file.path(), '--key', key), /released/)
    assert.match((await receipt.textContent()) ?? '', /released first\/run\/password EMULATED/)
    await receipt.locator('.proof-proven').waitFor()
    assert.deepEqual(troubles(seen), [])
    await leave(page)
  })

  it('goes on to an advisory, one line of policy and a lost lease; what it did stands at the checkpoint', async () => {
    const seen = await openRun(stage)
    const { page } = seen
    await page.getByRole('button', { name: 'Do all' }).click()
    await page
      .locator('.step-done')
      .nth(NEEDED - 1)
      .waitFor()
    assert.match((await page.locator('.step-done').first().textContent()) ?? '', /used again/)
    const lease = /lse_\w{26}/.exec((await page.locator('.outcome-released').textContent()) ?? '')?.[0]
    await page.getByRole('button', { name: 'Do the rest' }).click()
    await page.locator('.finished').waitFor()
    assert.equal(await page.locator('.step-done').count(), ALL)
    const last =
      (await page
        .locator('.step-done')
        .nth(ALL - 1)
        .textContent()) ?? ''
    assert.match(last, /told “lease-revoked”/)
    assert.match(
      (await page
        .locator('.step-done')
        .nth(ALL - 2)
        .textContent()) ?? '',
      /would have refused \d+ of \d+/,
    )
    const leases = await stage.sekisho('lease', 'list', '--namespace', 'first-run', '--json')
    assert.ok(leases.includes(lease ?? 'no lease') && leases.includes('revoked'))
    assert.deepEqual(troubles(seen), [])
    await leave(page)
  })

  it('calls what it says that it will call', async () => {
    const { page } = await openRun(stage)
    const exactly = (plan: string): RegExp =>
      new RegExp(`^${plan.replace(/ (?!\/log\/)/, ' /api/v1').replace(/\{\w+\}/g, '\\w+')}$`)
    for (let done = 0; done < ALL; done++) {
      const planned = await page.locator('.plan code').allTextContents()
      await doSteps(page, done, done + 1)
      const acts = page.locator('.step-done').nth(done).locator('.act-line > code:first-of-type')
      const called = (await acts.allTextContents()).filter((one) => /^(GET|POST|PUT) \//.test(one))
      // A namespace that is there is not made but looked through.
      if (done === 0) continue
      assert.equal(called.length, planned.length, `${called} ${planned}`)
      for (const [i, plan] of planned.entries()) assert.match(called[i] ?? '', exactly(plan))
    }
    await leave(page)
  })

  it('a receipt that was altered on its way proves nothing, and nobody can overlook it', async () => {
    const { page } = await openRun(stage)
    await page.route('**/receipt', async (route) => {
      const answer = await route.fetch()
      const receipt = await answer.json()
      await route.fulfill({ json: { ...receipt, entry: { ...receipt.entry, resource: 'another/one/1' } } })
    })
    await page.getByRole('button', { name: 'Do all' }).click()
    await page
      .locator('.step-done')
      .nth(NEEDED - 1)
      .waitFor()
    assert.match((await page.locator('.proof-refuted').textContent()) ?? '', /Refuted/)
    assert.equal(await page.locator('.proof-proven').count(), 0)
    await leave(page)
  })

  it('another program is refused for its measurement', async () => {
    const { page } = await openRun(stage)
    await doSteps(page, 0, 4)
    await page.getByLabel('It runs something that nobody knows').check()
    await doSteps(page, 4, 6)
    assert.match((await page.locator('.outcome-refused').textContent()) ?? '', /reference-mismatch/)
    assert.match((await page.locator('.step-done').nth(5).textContent()) ?? '', /5e5e5e/)
    await leave(page)
  })

  it('goes on where it was after other pages; keys lead through it; the workload shows no token and no cookie', async () => {
    // Signed in by a token: signing out of the session that the first link began would end it for all other tests.
    const { page } = await anotherAdministrator(stage)
    const asked: { readonly path: string; readonly headers: Record<string, string> }[] = []
    page.on('request', (request) => {
      const { pathname } = new URL(request.url())
      if (pathname.startsWith('/api/v1/workload/')) asked.push({ path: pathname, headers: request.headers() })
    })
    await page.getByRole('button', { name: DO }).focus()
    for (let done = 0; done < 3; done++) {
      await page.keyboard.press('Enter')
      await page.locator('.step-done').nth(done).waitFor()
      await page.waitForFunction(() => document.activeElement?.hasAttribute('data-next') === true)
    }
    await page.getByRole('link', { name: 'Workbench' }).click()
    await page.getByRole('link', { name: 'Start here' }).click()
    await page.locator('.step-done').nth(2).waitFor()
    assert.equal(await page.locator('.step-done').count(), 3)
    await doSteps(page, 3, 8)
    assert.ok(asked.length >= 5)
    for (const { path, headers } of asked)
      for (const name of ['authorization', 'cookie', 'sekisho-session'])
        assert.ok(!(name in headers), `${path} ${name}`)
    const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]))
    assert.ok(!kept.includes('correct-horse'))
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByLabel('Token').waitFor()
    assert.ok(!((await page.locator('main').textContent()) ?? '').includes('correct-horse'))
    await leave(page)
  })

  it('what is shown of calls holds neither the secret nor what opens a lease', async () => {
    const { page } = await openRun(stage)
    const leases: string[] = []
    page.on('response', (answer) => {
      if (answer.url().endsWith('/workload/release'))
        void answer.json().then((body: { lease?: { secret: string } }) => leases.push(body.lease?.secret ?? ''))
    })
    await page.getByRole('button', { name: 'Do all' }).click()
    await page
      .locator('.step-done')
      .nth(NEEDED - 1)
      .waitFor()
    const shown = (await page.locator('.acts').allTextContents()).join('\n')
    assert.equal(leases.length, 1)
    assert.ok(leases[0] !== undefined && leases[0].length > 20 && !shown.includes(leases[0]))
    assert.match(shown, /"value": "•••"/)
    assert.match(shown, /POST \/api\/v1\/workload\/attest/)
    await leave(page)
  })

  it('leaves a namespace alone that holds something else, and says so; goes on when that is gone', async () => {
    await stage.sekisho('namespace', 'create', 'first-run')
    await stage.sekisho('key', 'create', 'not/ours/1', '--type', 'ec-p256', '--namespace', 'first-run')
    const { page } = await openRun(stage)
    await page.getByRole('button', { name: DO }).click()
    await page.getByRole('alert').waitFor()
    assert.match((await page.getByRole('alert').textContent()) ?? '', /left alone/)
    assert.equal(await page.locator('.step-done').count(), 0)
    await stage.sekisho('secret', 'delete', 'not/ours/1', '--namespace', 'first-run')
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.locator('.step-done').waitFor()
    await leave(page)
  })

  it('says when the checkpoint does not answer, and goes on when it does', async () => {
    const { page } = await openRun(stage)
    await page.route('**/api/v1/namespaces', (route) => route.abort())
    await page.getByRole('button', { name: DO }).click()
    await page.getByRole('alert').waitFor()
    assert.match((await page.getByRole('alert').textContent()) ?? '', /cannot be reached/)
    assert.deepEqual(await axeFindings(page), [])
    await page.unroute('**/api/v1/namespaces')
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.locator('.step-done').waitFor()
    await leave(page)
  })

  it('says what it takes to somebody who may not, and where there are no emulated machines', async () => {
    const { page } = await stage.administrator()
    await page.route('**/api/v1/emulated', (route) =>
      route.fulfill({ status: 404, json: { code: 'not-found', detail: 'none' } }),
    )
    await page.goto(`${stage.url}#/start`)
    await page.locator('.empty').waitFor()
    assert.match((await page.locator('.empty').textContent()) ?? '', /sekisho up --emulated/)
    assert.deepEqual(await axeFindings(page), [])
    await page.locator('.empty').getByRole('link').click()
    await page.locator('.drop').waitFor()
    await leave(page)

    const made = await stage.sekisho('token', 'create', 'reader', '--scope', 'decisions:read', '--days', '1', '--json')
    const { page: other } = await stage.visitor()
    await other.goto(`${stage.url}#/start`)
    await other.getByLabel('Token').fill(JSON.parse(made).token)
    await other.getByRole('button', { name: 'Sign in' }).click()
    await other.getByRole('alert').waitFor()
    assert.match((await other.getByRole('alert').textContent()) ?? '', /“admin” in all namespaces/)
    assert.equal(await other.locator('.run-steps').count(), 0)
    await leave(other)
  })

  for (const look of LOOKS)
    it(`${look.locale}, ${look.colorScheme}: axe finds nothing at any stage, nothing is wider than 360 px`, async () => {
      const seen = await openRun(stage, look)
      const { page } = seen
      assert.equal(await page.locator('html').getAttribute('lang'), look.locale.slice(0, 2))
      await assertReadable(page, 'beginning')
      await doSteps(page, 0, 4)
      await assertReadable(page, 'about to be refused')
      await doSteps(page, 4, ALL)
      for (const drawer of await page.locator('.drawers details').all()) await drawer.locator('summary').click()
      await assertReadable(page, 'end, everything open')
      if (look.locale === 'ja-JP') assert.doesNotMatch((await page.locator('h1').textContent()) ?? '', /[a-z]/i)
      assert.deepEqual(troubles(seen), [])
      await leave(page)
    })
})

describe('the walk through a verdict', { skip: MISSING ?? false }, () => {
  let stage: CheckpointStage
  before(async () => {
    stage = await openCheckpointStage()
  })
  after(() => stage.close())

  const open = async (options?: Parameters<CheckpointStage['visitor']>[0]): Promise<Seen> => {
    const seen = await stage.visitor(options)
    await seen.page.goto(`${stage.url}#/start/verdict`)
    await seen.page.locator('.drop').waitFor()
    return seen
  }

  it('walks through an example by keys, and ends in the workbench with that evidence, without a checkpoint', async () => {
    const { page } = await open()
    // The page as a plain file server gives it: nothing answers behind it.
    await page.route('**/api/**', (route) => route.abort())
    await page.reload()
    await page.locator('.drop').waitFor()
    await page.locator('.card', { hasText: 'missed an update' }).click()
    await page.locator('.chapter').waitFor()
    assert.match((await page.locator('main').textContent()) ?? '', /EMULATED/)
    const seen: string[] = []
    for (let question = 1; question <= 6; question++) {
      seen.push((await page.locator('.chapter h2').textContent()) ?? '')
      assert.match((await page.locator('.chapter').textContent()) ?? '', new RegExp(`Question ${question} of 6`))
      if (question === 6) break
      await page.getByRole('button', { name: 'Next question' }).focus()
      await page.keyboard.press('Enter')
      await page.waitForFunction(
        (n) => document.querySelector('.chapter')?.textContent?.includes(`${n} of 6`),
        question + 1,
      )
      await page.waitForFunction(() => document.activeElement?.id === 'chapter')
    }
    assert.equal(new Set(seen).size, 6)
    await page.locator('.chapters button', { hasText: 'Is it current?' }).click()
    assert.match((await page.locator('.chapter').textContent()) ?? '', /OutOfDate/)
    await page.locator('.chapters button').last().click()
    await page.getByRole('link', { name: 'Open it in the workbench' }).click()
    await page.locator('.head-rejected').waitFor()
    await leave(page)
  })

  it('takes evidence that is dropped, and says what can not be read', async () => {
    const { page, errors } = await open()
    await drop(page, [{ name: '<img src=x onerror=alert(1)>', bytes: new TextEncoder().encode('no evidence') }])
    await page.getByRole('alert').waitFor()
    await drop(
      page,
      exampleFiles('sgx/quote.bin').map((file) => ({ ...file, name: '<b>quote</b>' })),
    )
    await page.locator('.chapter').waitFor()
    assert.ok(((await page.locator('.file-line').textContent()) ?? '').includes('<b>quote</b>'))
    assert.deepEqual(
      errors.filter((one) => !/404/.test(one)),
      [],
    )
    await leave(page)
  })

  for (const look of LOOKS)
    it(`${look.locale}, ${look.colorScheme}: axe finds nothing on any question, nothing is wider than 360 px`, async () => {
      const { page } = await open(look)
      assert.deepEqual(await axeFindings(page), [])
      await page.locator('.card').last().click()
      await page.locator('.chapter').waitFor()
      for (let i = 0; i < 6; i++) {
        await page.locator('.chapters button').nth(i).click()
        await assertReadable(page, `question ${i + 1}`)
        if (look.locale === 'ja-JP')
          for (const title of await page.locator('.chapter-checks strong').allTextContents())
            assert.match(title, /[\u3040-\u30ff\u4e00-\u9fff]/)
      }
      await leave(page)
    })
})
