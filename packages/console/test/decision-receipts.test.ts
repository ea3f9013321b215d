import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { BrowserContextOptions } from 'playwright-core'
import { axeFindings, leave, MISSING } from './browser.ts'
import { type CheckpointStage, openCheckpointStage } from './checkpoint.ts'
import { type DecisionStory, openDecisions, RESOURCE, tellDecisions } from './decision-story.ts'

describe('receipts of the decisions of a running checkpoint', { skip: MISSING ?? false }, () => {
  let stage: CheckpointStage
  let story: DecisionStory
  before(async () => {
    stage = await openCheckpointStage()
    story = await tellDecisions(stage)
  })
  after(() => stage.close())

  const open = (at: string, options?: BrowserContextOptions) => openDecisions(stage, at, options)

  it('verifies the receipt of every kind of decision in the page, and says whose key it was', async () => {
    const { decisions } = JSON.parse(await stage.sekisho('decision', 'list', '--json')) as {
      decisions: readonly { id: string; kind: string; outcome: string }[]
    }
    const kinds = new Map(decisions.map((one) => [`${one.kind} ${one.outcome}`, one.id]))
    assert.ok(kinds.size >= 6, [...kinds.keys()].join(', '))
    const { page } = await open('')
    for (const [kind, id] of kinds) {
      await page.goto(`${stage.url}#/ns/default/decisions/${id}`)
      await page.getByText(id).first().waitFor()
      await page.locator('#tab-receipt').click()
      await page.locator('.proof').waitFor()
      assert.match((await page.locator('.proof-word').textContent()) ?? '', /Proven/, kind)
      assert.equal(await page.locator('.proof .sign:not(.sign-pass)').count(), 0, kind)
    }
    await page.getByText('The key came from the same server').waitFor()
    await page.getByText('Check with a key that you kept').click()
    const served = (await page.locator('.key-choice code').first().textContent()) ?? ''
    await page.getByLabel('Verifier key of the log').fill(served)
    await page.getByText('Checked with the key that you pasted').waitFor()
    await page.locator('.proof-proven').waitFor()
    await page.getByLabel('Verifier key of the log').fill('nonsense')
    await page.getByText('Nothing is checked until the key can be read.').waitFor()
    assert.equal(await page.locator('.proof').count(), 0)
    const stored = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]))
    assert.ok(!stored.includes('nonsense') && !stored.includes(served))
    await leave(page)
  })

  it('has a decision verified again, and says in either language what was compared', async () => {
    const { page } = await open(`/${story.released}`)
    await page.locator('#tab-receipt').click()
    await page.getByRole('button', { name: 'Verify again' }).click()
    await page.getByText('The decision holds as of its time.').waitFor()
    assert.equal(await page.locator('.again .sign-pass').count(), 6)
    assert.match((await page.locator('.again').textContent()) ?? '', /the verdict is the recorded one/)
    assert.deepEqual(await axeFindings(page), [])
    await page.getByRole('combobox', { name: 'Language' }).selectOption('ja')
    await page.getByText('検証結果は、記録と一致します').waitFor()
    const japanese = (await page.locator('.again').textContent()) ?? ''
    assert.doesNotMatch(japanese.replaceAll(/Evidence|cpu-0|[0-9a-f]{64}/g, ''), /[a-z]{3,} [a-z]{3,}/)
    await page.route('**/reverify', (route) => route.abort())
    await page.getByRole('button', { name: '再検証する' }).click()
    await page.getByRole('alert').waitFor()
    await leave(page)
  })

  it('holds no receipt against the decision that the reader went on to, however late its own comes', async () => {
    const { page } = await open(`/${story.released}`)
    await page.locator('#tab-receipt').click()
    await page.locator('.proof-proven').waitFor()
    let send = (): void => undefined
    const held = new Promise<void>((resolve) => {
      send = resolve
    })
    await page.route(`**/decisions/${story.revoked}/receipt`, async (route) => {
      await held
      await route.continue()
    })
    // Whatever the page says of a proof from here on, even for a moment.
    await page.evaluate(() => {
      const words = new Set<string>()
      const look = (): void => {
        for (const word of document.querySelectorAll('.proof-word')) words.add(word.textContent ?? '')
      }
      new MutationObserver(look).observe(document.body, { childList: true, subtree: true, characterData: true })
      Object.assign(globalThis, { saidOfProofs: words })
    })
    await page.goto(`${stage.url}#/ns/default/decisions/${story.revoked}`)
    await page.getByRole('heading', { name: 'Revoked' }).waitFor()
    await page.locator('#tab-receipt').click()
    await page.getByText('Loading…').waitFor()
    assert.equal(await page.locator('.proof').count(), 0)
    send()
    await page.locator('.proof-proven').waitFor()
    const said = await page.evaluate(() => [...(globalThis as unknown as { saidOfProofs: Set<string> }).saidOfProofs])
    assert.deepEqual(
      said.filter((word) => !word.includes('Proven')),
      [],
    )
    await leave(page)
  })

  it('says refuted when a byte of receipt, decision, verdict or key was altered on the way', async () => {
    const alter = async (pattern: string, change: (text: string) => string, expected: RegExp): Promise<void> => {
      const { page } = await open(`/${story.released}`)
      await page.route(pattern, async (route) => {
        const answer = await route.fetch()
        const text = await answer.text()
        const body = change(text)
        assert.notEqual(body, text, pattern)
        await route.fulfill({ response: answer, body })
      })
      await page.reload()
      await page.getByRole('heading', { level: 1 }).waitFor()
      await page.locator('#tab-receipt').click()
      await page.locator('.proof-refuted').waitFor()
      assert.match((await page.getByRole('alert').textContent()) ?? '', expected)
      assert.equal(await page.locator('.proof-proven').count(), 0)
      assert.deepEqual(await axeFindings(page), [])
      await leave(page)
    }
    const receipt = `**/decisions/${story.released}/receipt`
    await alter(receipt, (text) => text.replace('"released"', '"refused"'), /does not lead from this entry/)
    await alter(
      receipt,
      (text) => text.replace(/("index":)(\d+)/, (_, name, n) => `${name}${Number(n) + 1}`),
      /Refuted/,
    )
    await alter(
      receipt,
      (text) => text.replace(/(\\n\\n— [^ ]+ .{12})(.)/, (_, head, c) => head + (c === 'A' ? 'B' : 'A')),
      /signature|not signed/i,
    )
    const decision = `**/decisions/${story.released}`
    await alter(decision, (text) => text.replace(RESOURCE, 'demo/db/other'), /something else than what is shown/)
    await alter(
      decision,
      (text) => text.replace('"outcome":"pass"', '"outcome":"fail"'),
      /verdict that is shown here is not/,
    )
    const { page } = await open('')
    await page.route('**/log/key', async (route) => {
      const answer = await route.fetch()
      await route.fulfill({
        response: answer,
        body: (await answer.text()).replace(/.$/m, (c) => (c === 'A' ? 'B' : 'A')),
      })
    })
    await page.goto(`${stage.url}#/ns/default/decisions/${story.released}`)
    await page.locator('#tab-receipt').click()
    await page.getByText('Nothing is checked until the key can be read.').waitFor()
    assert.equal(await page.locator('.proof').count(), 0)
    await leave(page)
  })
})
