import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { assertReadable, axeFindings, LOOKS, leave, MISSING, overflows } from './browser.ts'
import { type CheckpointStage, openCheckpointStage } from './checkpoint.ts'
import { type DecisionStory, manyDecisions, openDecisions, RESOURCE, tellDecisions } from './decision-story.ts'

const HOSTILE = '<img src=x onerror="document.title=1">\u202e"\'&lt;'

describe('the decisions of a running checkpoint', { skip: MISSING ?? false }, () => {
  let stage: CheckpointStage
  let story: DecisionStory
  before(async () => {
    stage = await openCheckpointStage()
    story = await tellDecisions(stage)
  })
  after(() => stage.close())

  const open = (at: string, options?: BrowserContextOptions) => openDecisions(stage, at, options)
  const rows = (page: Page) => page.locator('.list-row')
  const outcomes = async (page: Page): Promise<readonly (string | null)[]> =>
    page.locator('.cell-outcome .mark:first-child').allTextContents()

  it('lists them all, the newest first, each with what it is about, and marks what is emulated', async () => {
    const { page, errors } = await open('')
    await rows(page).first().waitFor()
    const all = JSON.parse(await stage.sekisho('decision', 'list', '--json')) as {
      decisions: readonly { id: string; emulated: boolean }[]
    }
    assert.equal(await rows(page).count(), all.decisions.length)
    const links = await page.locator('.list-row a').evaluateAll((found) => found.map((one) => one.getAttribute('href')))
    assert.deepEqual(
      links.map((href) => /dec_\w+/.exec(href ?? '')?.[0]),
      all.decisions.map(({ id }) => id),
    )
    assert.equal(
      await page.locator('.list-row .mark-emulated').count(),
      all.decisions.filter(({ emulated }) => emulated).length,
    )
    assert.equal(await page.locator('.windowed table').getAttribute('aria-rowcount'), String(all.decisions.length + 1))
    assert.deepEqual(await axeFindings(page), [])
    assert.deepEqual(errors, [])
    await leave(page)
  })

  it('narrows by outcome, kind, TEE, reason, resource and workload; the address carries it to others', async () => {
    const { page } = await open('')
    await page.getByRole('combobox', { name: 'Outcome' }).selectOption('refused')
    await page.getByRole('combobox', { name: 'Reason' }).selectOption('reference-mismatch')
    await page.waitForFunction(() => document.querySelectorAll('.list-row').length === 3)
    await page.getByRole('searchbox', { name: 'Workload' }).fill('222')
    await page.waitForFunction(() => document.querySelectorAll('.list-row').length === 1)
    assert.match(page.url(), /outcome=refused&reason=reference-mismatch&workload=222$/)
    const command = (await page.locator('.snippet pre').textContent()) ?? ''
    assert.equal(command, 'sekisho decision list --outcome refused --reason reference-mismatch --workload 222')
    const listed = await stage.sekisho(...command.split(' ').slice(1), '--json')
    assert.equal((JSON.parse(listed) as { decisions: readonly unknown[] }).decisions.length, 1)
    const shared = await open(`?${page.url().split('?')[1]}`)
    assert.equal(await rows(shared.page).count(), 1)
    await leave(shared.page)

    await page.getByRole('searchbox', { name: 'Workload' }).fill('not hex')
    assert.equal(await page.getByRole('searchbox', { name: 'Workload' }).getAttribute('aria-invalid'), 'true')
    await page.getByRole('button', { name: 'Clear' }).click()
    await page.waitForFunction(() => document.querySelectorAll('.list-row').length > 10)
    await page.getByRole('combobox', { name: 'TEE' }).selectOption('nitro')
    await page.waitForFunction(() => document.querySelectorAll('.list-row').length === 1)
    await page.getByRole('combobox', { name: 'TEE' }).selectOption('cca')
    await page.getByText('No decision fits this filter.').waitFor()
    await page.getByRole('button', { name: 'Clear' }).click()
    await page.getByRole('searchbox', { name: 'Resource' }).fill(RESOURCE)
    await page.getByRole('combobox', { name: 'Asked for' }).selectOption('release')
    await page.waitForFunction(() => document.querySelectorAll('.list-row').length === 2)
    assert.deepEqual(await outcomes(page), ['Released', 'Released'])
    await leave(page)
  })

  it('shows new ones at the top as they are made, and holds them where something is being read', async () => {
    const { page } = await open('', { viewport: { width: 1280, height: 700 } })
    await page.locator('.live-open').waitFor()
    await stage.sekisho('secret', 'put', 'demo/live/one', `${stage.folder}/password.txt`)
    await page.locator('.list-row').first().getByText('secret-put').waitFor()
    assert.equal(await page.locator('.fresh button').count(), 0)

    await page.locator('.windowed').evaluate((box) => box.scrollTo(0, 200))
    const before = await page.locator('.list-row a').first().getAttribute('href')
    await stage.sekisho('secret', 'put', 'demo/live/two', `${stage.folder}/password.txt`)
    const button = page.getByRole('button', { name: '1 new decision' })
    await button.waitFor()
    assert.equal(await page.locator('.list-row a').first().getAttribute('href'), before)
    assert.equal(await page.locator('.windowed').evaluate((box) => box.scrollTop), 200)
    await button.click()
    await page.locator('.list-row').first().getByText('demo/live/two').waitFor()
    assert.equal(await page.locator('.windowed').evaluate((box) => box.scrollTop), 0)

    await page.locator('.list-row a').nth(3).click()
    await page.locator('.head h1').waitFor()
    await stage.sekisho('secret', 'put', 'demo/live/three', `${stage.folder}/password.txt`)
    await page.waitForTimeout(2000)
    await page.getByRole('link', { name: 'All decisions' }).click()
    await page.getByRole('button', { name: '1 new decision' }).waitFor()
    await leave(page)
  })

  it('goes on after the stream broke', async () => {
    const { page, errors } = await stage.administrator()
    await page.route('**/decisions/events', (route) =>
      route.fulfill({
        contentType: 'text/event-stream',
        body: 'retry: 2000\n\ndata: {"seq":"none"}\n\ndata: no json\n\n',
      }),
    )
    await page.goto(`${stage.url}#/ns/default/decisions`)
    await page.locator('.live-waiting').waitFor()
    await stage.sekisho('secret', 'put', 'demo/live/four', `${stage.folder}/password.txt`)
    await page.unrouteAll()
    await page.locator('.live-open').waitFor()
    await page.locator('.list-row').first().getByText('demo/live/four').waitFor()
    assert.deepEqual(errors, [])
    await leave(page)
  })

  it('is gone through with the keyboard: rows, a decision, its parts, and back to the same row', async () => {
    const { page } = await open('')
    await rows(page).first().waitFor()
    await page.locator('.list-row a').first().focus()
    for (let i = 0; i < 4; i++) await page.keyboard.press('ArrowDown')
    const row = await page.evaluate(() => document.activeElement?.closest('[data-row]')?.getAttribute('data-row'))
    assert.equal(row, '4')
    const href = await page.evaluate(() => document.activeElement?.getAttribute('href'))
    await page.keyboard.press('Enter')
    await page.locator('#decision-outcome').waitFor()
    await page.waitForFunction(() => document.activeElement?.id === 'decision-outcome')
    await page.getByRole('tab').first().focus()
    const first = await page.evaluate(() => document.activeElement?.id)
    await page.keyboard.press('ArrowRight')
    assert.notEqual(await page.evaluate(() => document.activeElement?.id), first)
    await page.goBack()
    await rows(page).first().waitFor()
    await page.waitForFunction((wanted) => document.activeElement?.getAttribute('href') === wanted, href)
    await leave(page)
  })

  it('tells the remedy of a refusal first, then every check, the map, what the policy saw, and the record', async () => {
    const { page, errors } = await open(`/${story.refused}`)
    assert.equal(await page.locator('h1').textContent(), 'Refused')
    assert.equal(await page.locator('.head .mark-emulated').count(), 1)
    const remedy = (await page.locator('.remedy').first().textContent()) ?? ''
    assert.match(remedy, /measurement/)
    const told = await stage.sekisho('decision', 'show', story.refused)
    assert.ok(told.includes('What would make it pass'))
    await page.getByText('The guest was launched from accepted code').first().waitFor()
    assert.equal(await page.getByRole('button', { name: /Waive/ }).count(), 0)
    await page.getByRole('tab', { name: 'Trust map' }).click()
    assert.equal(await page.locator('.trust').count(), 1)
    await page.getByRole('tab', { name: 'Policy' }).click()
    await page.getByText('The policy was not asked').waitFor()
    assert.match((await page.locator('.compact').textContent()) ?? '', /teesnp/)
    assert.deepEqual(await axeFindings(page), [])
    await page.getByRole('tab', { name: 'Record' }).click()
    assert.match((await page.locator('.compact').textContent()) ?? '', /session/)
    assert.deepEqual(errors, [])

    await page.goto(`${stage.url}#/ns/default/decisions/${story.released}`)
    await page.getByRole('heading', { name: 'Released' }).waitFor()
    await page.getByRole('tab', { name: 'Policy' }).click()
    await page.getByText(/Statement emulated, line \d+/).waitFor()
    assert.ok((await page.locator('.head').textContent())?.includes(story.lease))
    await page.goto(`${stage.url}#/ns/default/decisions/${story.revoked}`)
    await page.getByRole('heading', { name: 'Revoked' }).waitFor()
    await page.getByText('moved to another machine').waitFor()
    await page.goto(`${stage.url}#/ns/default/decisions/dec_00000000000000000000000000`)
    await page.getByText('There is no such decision').waitFor()
    await leave(page)
  })

  it('names the statement that forbade a release', async () => {
    const { page } = await open('?reason=policy-deny')
    await page.locator('.list-row a').click()
    await page
      .getByText(/line \d+ of the policy \(tls-stays\) forbids it/)
      .first()
      .waitFor()
    await leave(page)
  })

  it('groups refusals by reason, with counts, remedies and the way to each', async () => {
    const { page, errors } = await open('?view=reasons')
    await page.locator('.refusal-group .remedy').first().waitFor()
    const groups = await page
      .locator('.refusal-group')
      .evaluateAll((found) =>
        found.map((one) => [
          one.querySelector('h2 code')?.textContent,
          Number(one.querySelector('.group-count')?.textContent),
        ]),
      )
    assert.deepEqual(groups, [
      ['reference-mismatch', 3],
      ['reference-missing', 2],
      ['policy-deny', 1],
    ])
    await page.locator('.refusal-group .loading').waitFor({ state: 'detached' })
    assert.deepEqual(await axeFindings(page), [])
    await page.getByRole('link', { name: 'Show all 3' }).click()
    await page.waitForFunction(() => document.querySelectorAll('.list-row').length === 3)
    await page.goBack()
    await page.getByRole('combobox', { name: 'TEE' }).selectOption('nitro')
    await page.waitForFunction(() => document.querySelectorAll('.refusal-group').length === 1)
    assert.deepEqual(errors, [])
    await leave(page)
  })

  it('shows markup in names and reasons as text, draws only what is in sight, and survives a hostile server', async () => {
    const { page, errors } = await stage.administrator()
    const fake = manyDecisions(10_000, HOSTILE)
    await page.route(/\/decisions\?/, async (route) => {
      const query = new URL(route.request().url()).searchParams
      const at = query.get('after') === null ? 0 : fake.findIndex(({ id }) => id === query.get('after')) + 1
      const decisions = fake.slice(at, at + 200)
      await route.fulfill({ json: { decisions, ...(at + 200 < fake.length ? { next: decisions.at(-1)?.id } : {}) } })
    })
    await page.route(/\/decisions\/dec_/, (route) =>
      route.fulfill({
        json: { ...fake[0], details: { [HOSTILE]: HOSTILE, policy: [1, null] }, context: { [HOSTILE]: [HOSTILE] } },
      }),
    )
    await page.goto(`${stage.url}#/ns/default/decisions`)
    await rows(page).first().waitFor()
    assert.ok((await page.locator('.cell-what').first().textContent())?.includes('<img src=x'))
    const box = page.locator('.windowed')
    // Fifty pages, each of which comes when the one before it has.
    for (const end = performance.now() + 60_000; performance.now() < end; ) {
      await box.evaluate((element) => element.scrollTo(0, element.scrollHeight))
      if ((await page.getByText('10000 in all').count()) > 0) break
      await page.waitForTimeout(50)
    }
    await page.getByText('10000 in all').waitFor()
    assert.equal(await page.locator('.windowed table').getAttribute('aria-rowcount'), '10001')
    assert.ok((await rows(page).count()) < 60)
    await box.evaluate((element) => element.scrollTo(0, element.scrollHeight))
    await page.locator('[aria-rowindex="10001"]').waitFor()
    assert.equal(await overflows(page), false)
    await page.locator('[aria-rowindex="10001"] a').click()
    await page.locator('.remedy').first().waitFor()
    await page.locator('#tab-policy').click()
    await page.locator('#tab-record').click()
    assert.equal(await page.locator('main img').count(), 0)
    assert.notEqual(await page.title(), '1')
    assert.deepEqual(errors, [])
    await leave(page)
  })

  it('tells nothing of a list that was narrowed meanwhile: neither its failure nor its rows', async () => {
    const { page } = await stage.administrator()
    const fake = manyDecisions(300, 'demo')
    let fail = (): void => undefined
    const held = new Promise<void>((resolve) => {
      fail = resolve
    })
    await page.route(/\/decisions\?limit=200$/, (route) =>
      route.fulfill({ json: { decisions: fake.slice(0, 200), next: fake[199]?.id } }),
    )
    await page.route(/\/decisions\?.*after=/, async (route) => {
      await held
      await route.fulfill({ status: 503, json: { code: 'busy', detail: 'busy' } })
    })
    await page.goto(`${stage.url}#/ns/default/decisions`)
    await rows(page).first().waitFor()
    const asked = page.waitForRequest(/after=/)
    await page.locator('.windowed').evaluate((element) => element.scrollTo(0, element.scrollHeight))
    await asked
    await page.getByRole('combobox', { name: 'Reason' }).selectOption('reference-mismatch')
    await page.waitForFunction(() => document.querySelectorAll('.list-row').length === 3)
    const answered = page.waitForResponse(/after=/)
    fail()
    await answered
    await page.waitForTimeout(300)
    assert.equal(await page.getByRole('alert').count(), 0)
    assert.equal(await rows(page).count(), 3)
    await leave(page)
  })

  it('tells what went wrong, tries again, and names the scope that is missing', async () => {
    const { page } = await stage.administrator()
    await page.route(/\/decisions\?/, (route) => route.fulfill({ status: 503, json: { code: 'busy', detail: 'busy' } }))
    await page.goto(`${stage.url}#/ns/default/decisions`)
    await page.getByRole('alert').waitFor()
    await page.unroute(/\/decisions\?/)
    await page.getByRole('button', { name: 'Try again' }).click()
    await rows(page).first().waitFor()
    await leave(page)

    const made = JSON.parse(await stage.sekisho('token', 'create', 'narrow', '--scope', 'secrets:read', '--json')) as {
      token: string
    }
    const narrow = await stage.visitor()
    await narrow.page.goto(`${stage.url}#/ns/default/decisions`)
    await narrow.page.getByLabel('Token').fill(made.token)
    await narrow.page.getByRole('button', { name: 'Sign in' }).click()
    await narrow.page.getByText(/needs the scope “decisions:read” in the namespace “default”/).waitFor()
    assert.deepEqual(await axeFindings(narrow.page), [])
    await leave(narrow.page)
  })

  it('says how decisions come to be where there are none', async () => {
    await stage.sekisho('namespace', 'create', 'quiet')
    const { page } = await stage.administrator()
    await page.route(/\/decisions\?/, (route) => route.fulfill({ json: { decisions: [] } }))
    await page.goto(`${stage.url}#/ns/quiet/decisions`)
    await page.getByText('Nothing was decided yet').waitFor()
    await page.getByText(/sekisho request .* --namespace quiet/).waitFor()
    await leave(page)
  })

  for (const look of LOOKS)
    it(`${look.locale}, ${look.colorScheme}, 360 px: every view and part, axe finds nothing, nothing is wider`, async () => {
      const { page, errors } = await open('', look)
      assert.equal(await page.locator('html').getAttribute('lang'), look.locale.slice(0, 2))
      const check = async (what: string): Promise<void> => {
        await page.locator('.loading').first().waitFor({ state: 'detached' })
        await assertReadable(page, what)
      }
      await rows(page).first().waitFor()
      await check('list')
      await page.locator('.filters-toggle').click()
      await check('filters')
      await page.goto(`${stage.url}#/ns/default/decisions?view=reasons`)
      await page.locator('.refusal-group').first().waitFor()
      await check('reasons')
      await page.goto(`${stage.url}#/ns/default/decisions/${story.released}`)
      for (const part of ['verdict', 'map', 'policy', 'receipt', 'record']) {
        await page.locator(`#tab-${part}`).click()
        if (part === 'receipt') await page.locator('.proof').waitFor()
        await check(part)
      }
      assert.deepEqual(errors, [])
      await leave(page)
    })
})
