import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import type { Page } from 'playwright-core'
import { axeFindings, drop, exampleFiles, leave, MISSING } from './browser.ts'
import { type CheckpointStage, openCheckpointStage } from './checkpoint.ts'

const SNP = exampleFiles(
  'snp-genoa/report.bin',
  'snp-genoa/certs/vcek.der',
  'snp-genoa/certs/ask.der',
  'snp-genoa/certs/ark.der',
  'snp-genoa/crl.der',
  'example-root.json',
)
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const outcome = (page: Page): Promise<string | null> => page.locator('.head h1').textContent()

describe('the page', { skip: MISSING ?? false }, () => {
  let stage: CheckpointStage
  before(async () => {
    stage = await openCheckpointStage()
  })
  after(() => stage.close())

  const fresh = async (
    options: Parameters<CheckpointStage['visitor']>[0] = {},
  ): Promise<{ page: Page; errors: string[] }> => {
    const seen = await stage.visitor(options)
    await seen.page.goto(stage.url)
    await seen.page.locator('.drop').waitFor()
    return seen
  }

  it('shows the verdict on a dropped SNP report, as the command line gives it', async () => {
    const { page, errors } = await fresh()
    await drop(page, SNP)
    await page.locator('.head h1').waitFor()
    // Emulated roots are not accepted without being asked for.
    assert.equal(await outcome(page), 'Rejected')
    assert.equal(await page.locator('.emulated-bar').count(), 1)
    assert.match((await page.locator('.why').textContent()) ?? '', /allowEmulated/)
    await page.getByRole('checkbox', { name: 'allowEmulated' }).check()
    await page.locator('.head-incomplete').waitFor()
    assert.deepEqual(errors, [])
    await leave(page)
  })

  it('judges a file with several pieces as one, and each alone where it is chosen', async () => {
    const { page, errors } = await fresh()
    const record = (path: string): readonly string[] => [
      'application/octet-stream',
      Buffer.from(exampleFiles(path)[0]?.bytes ?? assert.fail()).toString('base64url'),
    ]
    const both = JSON.stringify({ vm: record('snp-genoa/report.bin'), td: record('tdx/quote.bin') })
    await drop(page, [...SNP.slice(1), { name: 'both.json', bytes: bytes(both) }])
    await page.locator('.head h1').waitFor()
    const chosen = page.getByRole('combobox', { name: 'Piece of evidence' })
    assert.deepEqual(await chosen.locator('option').allTextContents(), ['all of them as one', 'vm', 'td'])
    const tree = (await page.locator('#tab-content').textContent()) ?? ''
    assert.match(tree, /Parts: vm[\s\S]*Parts: td/)
    assert.match(tree, /composite\.binding/)
    await chosen.selectOption('vm')
    await page.locator('.file-line', { hasText: 'SEV-SNP report' }).waitFor()
    await page.locator('#tab-content', { hasNotText: 'composite.binding' }).waitFor()
    await chosen.selectOption('all of them as one')
    await page.locator('#tab-content', { hasText: 'Parts: td' }).waitFor()
    assert.deepEqual(errors, [])
    await leave(page)
  })

  it('shows what was dropped last, however much there was to read of what came before', async () => {
    const { page, errors } = await fresh()
    // Six files are read one after the other; the quote alone would be there before the last of them.
    await drop(page, SNP)
    await drop(page, exampleFiles('sgx/quote.bin'))
    await page.locator('.file-line', { hasText: 'quote.bin' }).waitFor()
    await page.locator('.head h1').waitFor()
    await page.waitForTimeout(500)
    assert.match((await page.locator('.file-line').textContent()) ?? '', /quote\.bin/)
    assert.match((await page.locator('.head').textContent()) ?? '', /SGX/)
    // The certificates and the root of the first are there for the second, as when they are dropped in turn.
    assert.match((await page.locator('aside').textContent()) ?? '', /vcek\.der/)
    assert.deepEqual(errors, [])
    await leave(page)
  })

  it('judges again when expectations change, and keeps waivers by name', async () => {
    const { page } = await fresh()
    await drop(page, SNP)
    await page.getByRole('checkbox', { name: 'allowEmulated' }).check()
    await page.locator('.head-incomplete').waitFor()
    await page.getByRole('checkbox', { name: 'measurement' }).check()
    await page.getByRole('checkbox', { name: 'reportData' }).check()
    await page.getByRole('checkbox', { name: 'minTcb' }).check()
    const freshness = page.getByRole('button', { name: 'Waive: snp.expect.freshness' })
    await freshness.waitFor()
    await freshness.click()
    await page.locator('.head-verified').waitFor()
    await page.getByRole('textbox', { name: 'measurement' }).fill('00'.repeat(48))
    await page.locator('.head-rejected').waitFor()
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download verdict' }).click(),
    ])
    const verdict: unknown = JSON.parse(readFileSync((await download.path()) ?? '', 'utf8'))
    assert.ok(typeof verdict === 'object' && verdict !== null && 'outcome' in verdict && 'waived' in verdict)
    assert.equal(verdict.outcome, 'rejected')
    assert.deepEqual(verdict.waived, ['snp.expect.freshness'])
    await leave(page)
  })

  it('shows an SNP report that is dropped alone', async () => {
    const { page } = await fresh()
    await drop(page, SNP.slice(0, 1))
    await page.locator('.head-incomplete').waitFor()
    await leave(page)
  })

  it('links fields and bytes both ways', async () => {
    const { page } = await fresh()
    await drop(page, SNP)
    await page.locator('.head h1').waitFor()
    await page.getByRole('tab', { name: 'Fields and bytes' }).click()
    await page.locator('.field', { hasText: 'report.measurement' }).first().hover()
    assert.equal(await page.locator('.byte.in').count(), 48)
    assert.match((await page.locator('.field-card').textContent()) ?? '', /AMD 56860/)
    await page.locator('.byte').nth(0x50).hover()
    assert.match((await page.locator('.field-card').textContent()) ?? '', /report\.reportData/)
    await page.locator('.hex').focus()
    await page.keyboard.press('ArrowDown')
    assert.equal(await page.locator('.byte.at').count(), 1)
    await leave(page)
  })

  it('tells what falls when an anchor is no longer trusted', async () => {
    const { page } = await fresh()
    await page.locator('.card', { hasText: 'event log' }).click()
    await page.locator('.head-verified').waitFor()
    await page.getByRole('tab', { name: 'Trust map' }).click()
    assert.equal(await page.locator('.slab').count(), 6)
    assert.equal(await page.locator('.party.stands-excluded').count(), 2)
    await page.getByRole('checkbox', { name: /Intel SGX Root/ }).check()
    await page.locator('.fall').waitFor()
    assert.match((await page.locator('.fall').textContent()) ?? '', /tdx\.pck\.root/)
    assert.equal(await page.locator('.slab.stands-proven').count(), 0)
    await leave(page)
  })

  it('compares two pieces of evidence', async () => {
    const { page } = await fresh()
    await page.locator('.card', { hasText: 'event log' }).click()
    await page.locator('.head h1').waitFor()
    await page.getByRole('tab', { name: 'Compare' }).click()
    const [other] = exampleFiles('tdx-debug/quote.bin')
    await page.locator('#tab-content input[type=file]').setInputFiles({
      name: 'other.bin',
      mimeType: 'application/octet-stream',
      buffer: Buffer.from(other?.bytes ?? []),
    })
    await page.locator('.compare').waitFor()
    assert.match((await page.locator('.compare').textContent()) ?? '', /debug/i)
    await leave(page)
  })

  it('carries evidence in the fragment of a link, and sends it to nobody', async () => {
    const { page } = await fresh({ permissions: ['clipboard-read', 'clipboard-write'] })
    await drop(page, SNP.slice(0, 1))
    await page.locator('.head h1').waitFor()
    await page.getByRole('button', { name: 'Copy link' }).click()
    await page.locator('.said', { hasText: 'Link copied' }).waitFor()
    const link = await page.evaluate(() => navigator.clipboard.readText())
    assert.match(link, /#evidence=[A-Za-z0-9_-]+$/)
    const other = await stage.visitor()
    const asked: string[] = []
    for (const one of [page, other.page]) one.on('request', (request) => asked.push(request.url()))
    await other.page.goto(link)
    await other.page.locator('.head h1').waitFor()
    assert.match((await other.page.locator('.file-line').textContent()) ?? '', /SEV-SNP report/)
    assert.ok(asked.length > 3)
    assert.deepEqual(
      asked.filter((url) => new URL(url).hash === '' && url.includes('evidence=')),
      [],
    )
    await other.page.goto(`${stage.url}?2#evidence=%%%`)
    await other.page.locator('.fault').waitFor()
    await leave(other.page)
    await leave(page)
  })

  it('works with the network off once it was loaded', async () => {
    const { page } = await stage.visitor({ serviceWorkers: 'allow' })
    await page.goto(stage.url)
    await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined))
    await page.context().setOffline(true)
    await page.reload()
    await page.locator('.drop').waitFor()
    // Nothing that the worker did not keep comes from anywhere.
    assert.equal(
      await page.evaluate(() =>
        fetch('/readyz').then(
          ({ status }) => status,
          () => 'no answer',
        ),
      ),
      'no answer',
    )
    // A kind whose code was not loaded before, and an example.
    await page.locator('.card', { hasText: 'SGX' }).click()
    await page.locator('.head-incomplete').waitFor()
    await page.close()
  })

  it('keeps up with hostile files', async (t) => {
    const { page, errors } = await fresh()
    await t.test('a file of 100 MB is refused unread', async () => {
      await page.evaluate(() => {
        const file = new File(['x'], 'large.bin')
        Object.defineProperty(file, 'size', { value: 100_000_000 })
        file.arrayBuffer = () => Promise.reject(new Error('was read'))
        const data = new DataTransfer()
        const event = new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true })
        Object.defineProperty(event, 'dataTransfer', { value: { files: [file] } })
        document.body.dispatchEvent(event)
      })
      await page.locator('.fault', { hasText: 'large.bin: 100 MB' }).waitFor()
    })
    await t.test('CBOR that claims to hold a million nested lists', async () => {
      const nested = new Uint8Array(1_000_000).fill(0x81)
      nested.set([0xd2, 0x84])
      await drop(page, [{ name: 'nested.cbor', bytes: nested }])
      await page.locator('.fault', { hasText: /at byte/ }).waitFor()
      const huge = Uint8Array.of(0xd2, 0x84, 0x9b, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)
      await drop(page, [{ name: 'huge.cbor', bytes: huge }])
      await page.locator('.fault').waitFor()
    })
    await t.test('markup in names and in evidence is text', async () => {
      const markup = '<img src=x onerror="document.title=\'owned\'"><script>document.title="owned"</script>'
      const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
      const token = `${part({ alg: 'RS256', kid: markup })}.${part({ iss: `https://${markup}`, sub: markup, exp: 1, nonce: markup })}.AAAA`
      await drop(page, [{ name: `${markup}.jwt`, bytes: bytes(token) }])
      await page.locator('.file-line, .fault').first().waitFor()
      await page.waitForTimeout(300)
      assert.match((await page.locator('main').textContent()) ?? '', /onerror=/)
      assert.equal(await page.locator('main img, main script').count(), 0)
      assert.equal(await page.title(), 'Sekisho workbench')
    })
    await t.test('bytes of no kind', async () => {
      if ((await page.locator('.file-line').count()) > 0)
        await page.getByRole('button', { name: 'Open something else' }).click()
      await drop(page, [{ name: 'noise.bin', bytes: new Uint8Array(4096).map((_, i) => (i * 73 + 11) % 251) }])
      await page.locator('.fault').waitFor()
    })
    assert.deepEqual(errors, [])
    await leave(page)
  })

  it('speaks Japanese, the sentences of the verdict too', async () => {
    const { page, errors } = await fresh({ locale: 'ja-JP' })
    assert.equal(await page.getAttribute('html', 'lang'), 'ja')
    await page.locator('.card').first().click()
    await page.locator('.head h1').waitFor()
    assert.equal(await outcome(page), '検証済み')
    await page.locator('.summary [title]').waitFor()
    assert.equal(await page.locator('.summary').textContent(), 'EMULATED：本物で、有効期間内にあり、期待どおりです。')
    // Logs and the command line have the English one.
    assert.equal(
      await page.locator('.summary [title]').getAttribute('title'),
      'EMULATED: genuine, in date, and as you expect',
    )
    await page.getByRole('button', { name: 'すべて開く' }).click()
    assert.equal(await page.locator('main [lang=en]').count(), 0)
    assert.ok(!/英語のまま/.test((await page.locator('main').textContent()) ?? ''))
    assert.deepEqual(await axeFindings(page), [])
    await page.getByRole('combobox', { name: '言語' }).selectOption('en')
    assert.equal(await outcome(page), 'Verified')
    assert.equal(await page.locator('.summary').textContent(), 'EMULATED: genuine, in date, and as you expect.')
    assert.deepEqual(errors, [])
    await leave(page)
  })

  it('speaks Japanese of several pieces as one: titles, summary, and what they are', async () => {
    const { page, errors } = await fresh({ locale: 'ja-JP', viewport: { width: 360, height: 740 } })
    const [report, quote] = exampleFiles('snp-genoa/report.bin', 'tdx/quote.bin').map((file) => [
      'application/octet-stream',
      Buffer.from(file.bytes).toString('base64url'),
    ])
    await drop(page, [{ name: 'both.json', bytes: bytes(JSON.stringify({ vm: report, td: quote })) }])
    await page.locator('.head', { hasText: 'Evidence 2 個：' }).waitFor()
    await page.locator('#tab-content', { hasText: 'すべての部分が本物である' }).waitFor()
    assert.equal(await page.locator('main [lang=en]').count(), 0)
    assert.deepEqual(errors, [])
    await leave(page)
  })

  it('keeps the button of an error in one line, however narrow the screen', async () => {
    const { page } = await fresh({ locale: 'ja-JP', viewport: { width: 360, height: 740 } })
    await drop(page, [{ name: 'list.json', bytes: bytes('{"gpus":[],"switches":[]}') }])
    const box = await page.getByRole('button', { name: '閉じる' }).boundingBox()
    assert.ok(box !== null && box.width > box.height, JSON.stringify(box))
    await leave(page)
  })

  it('says which sentences are English where the Japanese ones cannot be had', async () => {
    const { page } = await fresh({ locale: 'ja-JP', serviceWorkers: 'block' })
    await page.route(/assets\/faults-[^/]*\.js/, (route) => route.abort())
    await page.locator('.card').first().click()
    await page.getByText('翻訳のない文は、英語のまま表示しています。').waitFor()
    assert.equal(
      await page.locator('.summary [lang=en]').textContent(),
      'EMULATED: genuine, in date, and as you expect.',
    )
    assert.deepEqual(await axeFindings(page), [])
    await page.context().close()
  })

  for (const colorScheme of ['light', 'dark'] as const) {
    it(`gives axe nothing to say on any view (${colorScheme})`, async () => {
      const { page } = await fresh({ colorScheme, reducedMotion: 'reduce' })
      assert.deepEqual(await axeFindings(page), [])
      await page.locator('.card', { hasText: 'missed an update' }).click()
      await page.locator('.head h1').waitFor()
      for (const view of ['verdict', 'map', 'fields', 'compare']) {
        await page.locator(`#tab-${view}`).click()
        await page.waitForTimeout(200)
        assert.deepEqual(await axeFindings(page), [], view)
      }
      await leave(page)
    })
  }

  it('fits a narrow screen without scrolling sideways', async () => {
    const { page } = await fresh({ viewport: { width: 360, height: 740 } })
    await page.locator('.card').first().click()
    await page.locator('.head h1').waitFor()
    for (const view of ['verdict', 'map', 'fields', 'compare']) {
      await page.locator(`#tab-${view}`).click()
      const wide = await page.evaluate(() => document.documentElement.scrollWidth)
      assert.ok(wide <= 360, `${view} is ${wide} wide`)
    }
    await leave(page)
  })

  it('is used from the keyboard alone', async () => {
    const { page } = await fresh()
    await page.locator('.card').first().focus()
    await page.keyboard.press('Enter')
    await page.locator('.head h1').waitFor()
    await page.locator('#tab-verdict').focus()
    await page.keyboard.press('ArrowRight')
    assert.equal(await page.locator('#tab-map').getAttribute('aria-selected'), 'true')
    assert.equal(await page.evaluate(() => document.activeElement?.id), 'tab-map')
    await leave(page)
  })
})
