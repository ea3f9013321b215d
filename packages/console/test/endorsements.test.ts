import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Page } from 'playwright-core'
import { drop, leave, MISSING } from './browser.ts'
import { type CheckpointStage, openCheckpointStage } from './checkpoint.ts'

const FETCH = 'Fetch through this checkpoint'

describe('endorsements through the checkpoint', { skip: MISSING ?? false }, () => {
  let stage: CheckpointStage
  const folder = mkdtempSync(join(tmpdir(), 'sekisho-endorsements-'))
  before(async () => {
    stage = await openCheckpointStage()
  })
  after(async () => {
    rmSync(folder, { recursive: true, force: true })
    await stage.close()
  })

  const made = async (tee: string): Promise<{ readonly name: string; readonly bytes: Uint8Array }[]> => {
    const path = join(folder, `${tee}.bin`)
    await stage.sekisho('emulate', 'attest', tee, '--world', stage.world, '-o', path)
    const anchors = await stage.sekisho('emulate', 'anchors', '--world', stage.world)
    return [
      { name: `${tee}.bin`, bytes: new Uint8Array(readFileSync(path)) },
      { name: 'anchors.json', bytes: new TextEncoder().encode(anchors) },
    ]
  }
  const authenticity = (page: Page): Promise<string | null> => page.locator('.head').textContent()

  for (const tee of ['snp', 'tdx', 'sgx'])
    it(`makes the ${tee} verdict of the page whole, and tells the server what names the platform only`, async () => {
      const { page, errors } = await stage.administrator()
      const sent: string[] = []
      page.on('request', (request) => {
        if (request.method() === 'POST') sent.push(request.postData() ?? '')
      })
      await page.goto(stage.url)
      const files = await made(tee)
      await drop(page, files)
      await page.locator('.head h1').waitFor()
      assert.doesNotMatch((await authenticity(page)) ?? '', /Authenticity proven/)
      await page.getByRole('button', { name: FETCH }).click()
      await page.locator('.head', { hasText: 'Authenticity proven' }).waitFor()
      assert.equal(sent.length, 1)
      const evidence = Buffer.from(files[0]?.bytes ?? [])
      assert.ok((sent[0] ?? '').length < 1500, sent[0])
      const signed = evidence.subarray(0x50, 0x80)
      for (const form of ['hex', 'base64'] as const) assert.ok(!(sent[0] ?? '').includes(signed.toString(form)))
      assert.deepEqual(errors, [])
      await leave(page)
    })

  it('says what is wrong when the vendor has nothing, and is not offered to a visitor', async () => {
    const { page } = await stage.administrator()
    await page.goto(stage.url)
    const [report] = await made('snp')
    assert.ok(report !== undefined)
    // Another chip: CHIP_ID is at 0x1A0 (SEV-SNP ABI, table ATTESTATION_REPORT).
    const bytes = report.bytes.slice()
    bytes.fill(0xab, 0x1a0, 0x1e0)
    await drop(page, [{ name: 'stranger.bin', bytes }])
    await page.getByRole('button', { name: FETCH }).click()
    await page.getByRole('alert').waitFor()
    await leave(page)

    const visitor = await stage.visitor()
    await visitor.page.goto(stage.url)
    await drop(visitor.page, [report])
    await visitor.page.locator('.head h1').waitFor()
    assert.equal(await visitor.page.getByRole('button', { name: FETCH }).count(), 0)
    await leave(visitor.page)
  })
})
