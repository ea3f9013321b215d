import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { ROOT, scratch } from './process.ts'
import { runWithin } from './run.ts'

describe('the measured-boot log of a TD', () => {
  const quote = 'examples/tdx/quote.bin'
  const log = 'examples/tdx/ccel.bin'
  const folder = scratch()

  it('alone: what it is worth, and each event below its register', async () => {
    const ran = await runWithin(['inspect', log])
    assert.equal(ran.code, 0, ran.err)
    assert.match(
      ran.out,
      /^Measured-boot log of a TD {2}\d+ bytes, SHA-256 [0-9a-f]{64}\nA log proves nothing by itself/,
    )
    const { events } = JSON.parse((await runWithin(['inspect', log, '--json'])).out) as {
      readonly events: readonly { readonly text: string; readonly digest: string; readonly register?: string }[]
    }
    assert.ok(events.length > 3)
    for (const { text, digest, register } of events) {
      assert.ok(ran.out.includes(text.trimEnd()), text)
      assert.ok(ran.out.includes(digest))
      if (register !== undefined) assert.ok(ran.out.includes(`\nEvents of ${register.toUpperCase()}\n`))
    }
  })

  it('beside its quote: each register, and which differs', async () => {
    const good = await runWithin(['inspect', quote, '--event-log', log])
    assert.equal(good.code, 0, good.err)
    assert.match(good.out, /^TDX quote/)
    assert.match(good.out, /RTMR0 in the quote, which nobody has verified here\n/)
    const { eventLog } = JSON.parse((await runWithin(['inspect', quote, '--event-log', log, '--json'])).out)
    const agreements = eventLog.registers.map((one: { readonly agreement: string }) => one.agreement)
    assert.ok(['equal', 'not-logged'].includes(agreements[3]))
    assert.deepEqual(agreements.slice(0, 3), ['equal', 'equal', 'equal'])

    const other = join(folder, 'other.bin')
    const bytes = readFileSync(join(ROOT, quote))
    // RTMR1: header of 48 bytes, then offset 0x178 of the TD report.
    const at = 48 + 0x178
    bytes[at] = (bytes[at] ?? 0) ^ 1
    writeFileSync(other, bytes)
    const bad = await runWithin(['inspect', other, '--event-log', log])
    assert.match(
      bad.out,
      new RegExp(`RTMR1 in the quote[^\\n]*\\n[^]*quote +${bytes.subarray(at, at + 48).toString('hex')}`),
    )
  })

  it('is refused in the place of another log, and beside what quotes none', async () => {
    for (const line of [
      ['inspect', quote, '--event-log', quote],
      ['inspect', 'examples/sgx/quote.bin', '--event-log', log],
      ['inspect', quote, '--event-log', log, '--as-expectations'],
      ['inspect', log, '--as-expectations'],
    ]) {
      const ran = await runWithin(line)
      assert.equal(ran.code, line.includes(quote) && !line.includes('--as-expectations') ? 3 : 64, ran.err)
      assert.equal(ran.out, '')
    }
  })
})
