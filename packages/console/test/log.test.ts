import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Page } from 'playwright-core'
import { axeFindings, LOOKS, leave, MISSING, overflows } from './browser.ts'
import { type CheckpointStage, openCheckpointStage } from './checkpoint.ts'
import { type DecisionStory, tellDecisions } from './decision-story.ts'
import { makeLog } from './log-kit.ts'

describe('the log of a running checkpoint', { skip: MISSING ?? false }, () => {
  let stage: CheckpointStage
  let story: DecisionStory
  let kept: string
  before(async () => {
    stage = await openCheckpointStage()
    await stage.sekisho('namespace', 'create', 'first')
    kept = (JSON.parse(await stage.sekisho('log', 'checkpoint', '--json')) as { checkpoint: string }).checkpoint
    story = await tellDecisions(stage)
  })
  after(() => stage.close())

  const open = async (
    options: Parameters<CheckpointStage['administrator']>[0] = {},
    as: 'administrator' | 'visitor' = 'administrator',
  ) => {
    const seen = await stage[as](options)
    await seen.page.goto(`${stage.url}#/ns/default/log`)
    await seen.page.locator('.seen tbody tr').first().waitFor()
    return seen
  }
  const change = (): Promise<string> =>
    stage.sekisho('secret', 'put', 'demo/log/grows', join(stage.folder, 'password.txt'))
  const lookAgain = (page: Page) => page.getByRole('button', { name: 'Look again' }).click()
  const refuted = async (page: Page): Promise<string> => {
    await page.locator('.proof-refuted').first().waitFor()
    return (await page.locator('.proof-refuted').first().textContent()) ?? ''
  }

  it('shows size, name and root as they are signed, and checks every new checkpoint against the one before', async () => {
    const { page, errors } = await open()
    const { checkpoint } = JSON.parse(await stage.sekisho('log', 'checkpoint', '--json')) as { checkpoint: string }
    const [origin = '', size = '', root = ''] = checkpoint.split('\n')
    const shown = (await page.locator('main').textContent()) ?? ''
    for (const one of [origin, size, root]) assert.ok(shown.includes(one), one)
    await change()
    await lookAgain(page)
    await page.getByText('Signed; continues the one before').waitFor()
    assert.equal(await page.locator('.log-size').textContent(), String(Number(size) + 1))
    assert.equal(await page.locator('.proof-refuted').count(), 0)
    await page.goto(`${stage.url}#/ns/default/decisions`)
    await page.goto(`${stage.url}#/ns/default/log`)
    await page.getByText('Signed; continues the one before').waitFor()
    assert.deepEqual(await axeFindings(page), [])
    assert.deepEqual(errors, [])
    await leave(page)
  })

  it('says refuted when a checkpoint is not signed, is older, or does not continue what was signed', async () => {
    const old = kept
    for (const [answer, expected] of [
      [(now: string) => now.replace(/\n(\d+)\n/, (_, n) => `\n${Number(n) + 1}\n`), /signature does not fit/],
      [() => old, /entries that were signed are gone/],
    ] as const) {
      const { page } = await open()
      await page.route('**/log/checkpoint', async (route) => {
        const real = await route.fetch()
        await route.fulfill({ response: real, body: answer(await real.text()) })
      })
      await lookAgain(page)
      assert.match(await refuted(page), expected)
      assert.match(await refuted(page), /this log was altered/)
      await page.unrouteAll()
      await lookAgain(page)
      // What was seen once stays seen.
      assert.match(await refuted(page), expected)
      assert.deepEqual(await axeFindings(page), [])
      await leave(page)
    }
  })

  it('says refuted when one byte of a tile is altered while the log grows', async () => {
    const { page } = await open()
    await page.route('**/log/tile/**', async (route) => {
      const answer = await route.fetch()
      const body = await answer.body()
      body[5] = (body[5] ?? 0) ^ 1
      await route.fulfill({ response: answer, body })
    })
    await change()
    await lookAgain(page)
    assert.match(await refuted(page), /The log is not what it was/)
    await page.getByText('Refuted: does not continue the one before').waitFor()
    await leave(page)
  })

  it('compares with a checkpoint that was kept, and refutes one that was altered or is of another log', async () => {
    const { page } = await open()
    const compare = page.getByRole('button', { name: 'Compare', exact: true })
    const label = page.getByLabel('A checkpoint that you kept')
    await label.fill(kept.trim().replaceAll('\n', '\r\n'))
    await compare.click()
    await page.locator('.proof-proven').waitFor()
    assert.match(
      (await page.locator('.proof-proven').textContent()) ?? '',
      /The first \d+ entries of the \d+ are those/,
    )
    await page.getByLabel('Earlier').selectOption({ index: 1 })
    await page.getByLabel('Later').selectOption('pasted')
    await compare.click()
    assert.match(await refuted(page), /The log is shorter than it was/)
    await page.getByLabel('Later').selectOption({ index: 1 })
    await page.getByLabel('Earlier').selectOption('pasted')
    for (const [text, expected] of [
      [kept.replace(/\n\d+\n/, '\n7\n'), /signature does not fit/],
      ['nothing of the kind', /no signed note/],
      [kept.replace(/\u2014 \S+/, '\u2014 other.example/log'), /not signed with this key/],
    ] as const) {
      await label.fill(text)
      await compare.click()
      await page.waitForFunction(
        (source) => new RegExp(source).test(document.querySelector('.proof-refuted')?.textContent ?? ''),
        expected.source,
      )
    }
    assert.deepEqual(await axeFindings(page), [])
    await leave(page)
  })

  it('does not let a comparison stand for another key, or for other checkpoints, than it was made with', async () => {
    const { page } = await open()
    await page.getByLabel('A checkpoint that you kept').fill(kept)
    await page.getByRole('button', { name: 'Compare', exact: true }).click()
    const proven = page.locator('.proof-proven')
    await proven.waitFor()
    await page.getByLabel('Earlier').selectOption({ index: 1 })
    await proven.waitFor({ state: 'detached' })
    await page.getByLabel('Earlier').selectOption('pasted')
    await proven.waitFor()
    await page.getByText('Check with a key that you kept').click()
    await page.getByLabel('Verifier key of the log').fill(makeLog(3).key)
    await page.getByText('Checked with the key that you pasted').waitFor()
    await proven.waitFor({ state: 'detached' })
    await leave(page)
  })

  it('says nothing of a key that was not looked with: what was under way with another key is not shown for it', async () => {
    const { page } = await open()
    let send = (): void => undefined
    const held = new Promise<void>((resolve) => {
      send = resolve
    })
    let asked = 0
    await page.route('**/log/checkpoint', async (route) => {
      if (asked++ === 0) await held
      await route.continue()
    })
    await lookAgain(page)
    await page.getByText('Check with a key that you kept').click()
    await page.getByLabel('Verifier key of the log').fill(makeLog(3).key)
    await page.getByText('Checked with the key that you pasted').waitFor()
    assert.match(await refuted(page), /not signed with this key/)
    send()
    await page.waitForTimeout(500)
    assert.match(await refuted(page), /not signed with this key/)
    assert.equal(
      await page
        .locator('.seen')
        .getByText(/^Signed;/)
        .count(),
      0,
    )
    await leave(page)
  })

  it('looks up an entry and proves it from tiles; an altered entry is refuted', async () => {
    const { page, errors } = await open()
    const { leafIndex } = JSON.parse(await stage.sekisho('decision', 'show', story.released, '--json')) as {
      leafIndex: number
    }
    await page.locator('.index').fill(String(leafIndex))
    await page.locator('.index').press('Enter')
    await page.locator('.proof-proven').waitFor()
    assert.ok((await page.locator('.entry').textContent())?.includes(story.released))
    assert.equal(await page.locator('.panel .mark-emulated').count(), 1)
    assert.equal(
      await page.getByRole('link', { name: 'Open the decision' }).getAttribute('href'),
      `#/ns/default/decisions/${story.released}`,
    )
    await page.locator('.index').fill('999999')
    await page.getByText('The log has no entry of this index.').waitFor()
    assert.ok(await page.getByRole('button', { name: 'Look up' }).isDisabled())
    assert.deepEqual(errors, [])

    await page.route('**/log/entries/*', async (route) => {
      const answer = await route.fetch()
      const { index, entry } = (await answer.json()) as { index: number; entry: string }
      const text = Buffer.from(entry, 'base64').toString().replace('"released"', '"refused!"')
      await route.fulfill({ response: answer, json: { index, entry: Buffer.from(text).toString('base64') } })
    })
    await page.locator('.index').fill(String(leafIndex))
    await page.locator('.index').press('Enter')
    assert.match(await refuted(page), /does not lead from this entry/)
    await leave(page)
  })

  it('checks a receipt from a file without a sign-in, under a key that was kept', async () => {
    const { page, errors } = await open({}, 'visitor')
    const file = join(stage.folder, 'receipt.json')
    await stage.sekisho('log', 'receipt', story.released, '-o', file)
    const input = page.locator('.drop-receipt input')
    await input.setInputFiles(file)
    await page.locator('.proof-proven').waitFor()
    assert.ok((await page.locator('.entry').textContent())?.includes(story.released))
    assert.equal(await page.locator('.panel .mark-emulated').count(), 1)
    await page.getByText('Entries name resources: to look one up, sign in.').waitFor()

    const receipt = JSON.parse(readFileSync(file, 'utf8')) as { entry: { outcome: string } }
    const altered = join(stage.folder, 'altered.json')
    writeFileSync(altered, JSON.stringify({ ...receipt, entry: { ...receipt.entry, outcome: 'refused' } }))
    await input.setInputFiles(altered)
    assert.match(await refuted(page), /does not lead from this entry/)
    for (const [name, bytes, words] of [
      ['text.json', 'not JSON', /not JSON/],
      ['large.json', ' '.repeat(400_000), /larger than any receipt/],
      ['markup.json', '{"schema":"<img src=x onerror=alert(1)>"}', /no receipt/],
    ] as const) {
      const hostile = join(stage.folder, name)
      writeFileSync(hostile, bytes)
      await input.setInputFiles(hostile)
      await page.getByText(words).first().waitFor()
    }
    await page.getByText('Check with a key that you kept').click()
    await page.getByLabel('Verifier key of the log').fill('other.example/log+8ac2fb4f+AQAAAA')
    await page.getByText('Nothing is checked until the key can be read.').waitFor()
    await page.getByLabel('Verifier key of the log').fill((await stage.sekisho('log', 'key')).trim())
    await page.getByText('Checked with the key that you pasted').waitFor()
    await page.locator('.seen tbody tr').first().waitFor()
    assert.deepEqual(await axeFindings(page), [])
    assert.deepEqual(errors, [])
    await leave(page)
  })

  it('tells when the log cannot be reached, and goes on when it can', async () => {
    const { page } = await stage.visitor()
    await page.route('**/log/key', (route) => route.abort())
    await page.goto(`${stage.url}#/ns/default/log`)
    await page.getByRole('alert').waitFor()
    await page.unroute('**/log/key')
    await page.route('**/log/checkpoint', (route) =>
      route.fulfill({ status: 503, json: { code: 'busy', detail: 'busy' } }),
    )
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByText('The checkpoint is busy').waitFor()
    await page.unroute('**/log/checkpoint')
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.locator('.seen tbody tr').first().waitFor()
    assert.equal(await page.getByRole('alert').count(), 0)
    await leave(page)
  })

  it('names the scope that looking up needs', async () => {
    const made = JSON.parse(
      await stage.sekisho('token', 'create', 'narrow', '--scope', 'decisions:read', '--json'),
    ) as { token: string }
    const { page } = await stage.visitor()
    await page.goto(`${stage.url}#/ns/default/decisions`)
    await page.getByLabel('Token').fill(made.token)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.locator('.list-row').first().waitFor()
    await page.goto(`${stage.url}#/ns/default/log`)
    await page.getByText('It needs the scope “decisions:read” in all namespaces.').waitFor()
    await leave(page)
  })

  for (const look of LOOKS)
    it(`${look.locale}, ${look.colorScheme}, 360 px: axe finds nothing, nothing is wider, proven and refuted`, async () => {
      const { page, errors } = await open(look)
      assert.equal(await page.locator('html').getAttribute('lang'), look.locale.slice(0, 2))
      await page.locator('.index').fill('3')
      await page.locator('.index').press('Enter')
      await page.locator('.proof-proven').waitFor()
      await page.locator('#kept-checkpoint').fill(kept.replace(/\n\d+\n/, '\n7\n'))
      await page.locator('form.form button[type=submit]').click()
      await page.locator('.proof-refuted').waitFor()
      for (const one of await page.locator('details > summary').all()) await one.click()
      assert.deepEqual(await axeFindings(page), [])
      assert.equal(await overflows(page), false)
      assert.deepEqual(errors, [])
      await leave(page)
    })
})
