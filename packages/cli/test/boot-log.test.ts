import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { concat, filled, le, utf8 } from '@sekisho/emulator/kit'
import { scratch } from './process.ts'
import { runWithin } from './run.ts'

const folder = scratch()

/** A log of SHA-1 alone, of events that measure their data. */
function logOf(name: string, events: readonly (readonly [pcr: number, type: number, data: Uint8Array])[]): string {
  const path = join(folder, name)
  const encoded = events.map(([pcr, type, data]) =>
    concat(le(pcr, 4), le(type, 4), createHash('sha1').update(data).digest(), le(data.length, 4), data),
  )
  writeFileSync(path, concat(...encoded))
  return path
}

const GLOBAL = '61dfe48bca93d211aa0d00e098032b8c'
const secureBoot = (on: number): Uint8Array =>
  concat(Buffer.from(GLOBAL, 'hex'), le(10, 8), le(1, 8), Buffer.from('SecureBoot', 'utf16le'), Uint8Array.of(on))
const boot = (on: number, command: string): Parameters<typeof logOf>[1] => [
  [0, 8, utf8('firmware 1')],
  [7, 0x80000001, secureBoot(on)],
  [7, 4, le(0, 4)],
  [4, 0x80000003, filled(40, 1)],
  [8, 0xd, utf8(command)],
  [9, 0xd, utf8('/vmlinuz')],
]
const a = logOf('a.bin', boot(1, 'root=/dev/a'))
const b = logOf('b.bin', boot(0, 'root=/dev/\u0007b'))

/** The value that one event gives a PCR. */
function extended(data: Uint8Array): string {
  const digest = createHash('sha1').update(data).digest()
  return createHash('sha1')
    .update(concat(filled(20), digest))
    .digest('hex')
}

describe('a measured-boot log alone', () => {
  it('inspect says first that it proves nothing, then its facts as a verdict does, then what it replays to', async () => {
    const { code, out, err } = await runWithin(['inspect', a])
    assert.deepEqual([code, err], [0, ''])
    assert.match(out, /^TPM measured-boot log {2}\d+ bytes, SHA-256 [0-9a-f]{64}\nA log alone proves nothing: /)
    assert.match(out, /--event-log/)
    assert.match(
      out,
      /What the event log says \(sha1\)\n {2}counts +nothing of it: no quote is there\n {2}Secure Boot +on\n/,
    )
    assert.match(out, /^ {2}programs +PCR 4 [0-9a-f]{40}$/m)
    assert.match(out, /^ {2}files +PCR 9 [0-9a-f]{40}, says it is "\/vmlinuz" \(not measured\)$/m)
    assert.match(out, /^ {2}texts +PCR 8 text: "root=\/dev\/a"$/m)
    assert.match(out, new RegExp(`^What it replays to \\(sha1\\)\n {2}PCR 0 +${extended(utf8('firmware 1'))}$`, 'm'))
  })

  it('inspect --json has the same of every bank, and the events', async () => {
    const { code, out } = await runWithin(['inspect', a, '--json'])
    assert.equal(code, 0)
    const found = JSON.parse(out)
    assert.match(found.proves, /^A log alone proves nothing/)
    assert.deepEqual([found.format, found.banks.length, found.banks[0].bank], ['sha1', 1, 'sha1'])
    assert.equal(found.banks[0].facts.secureBoot, true)
    assert.equal(found.banks[0].pcrs['0'], extended(utf8('firmware 1')))
    assert.deepEqual(
      found.banks[0].events.map((one: { readonly register: string }) => one.register),
      ['pcr0', 'pcr7', 'pcr7', 'pcr4', 'pcr8', 'pcr9'],
    )
  })

  it('inspect makes no expectations of it, and says where a damaged one cannot be read', async () => {
    const refused = await runWithin(['inspect', a, '--as-expectations'])
    assert.deepEqual([refused.code, refused.out], [64, ''])
    assert.match(refused.err, /a log alone is no evidence/)
    const path = join(folder, 'cut.bin')
    writeFileSync(path, concat(le(0, 4), le(3, 4), filled(20), le(37, 4), utf8('Spec ID Event03')))
    const damaged = await runWithin(['inspect', path])
    assert.deepEqual([damaged.code, damaged.out], [3, ''])
    assert.ok(damaged.err.includes(`${path}: truncated: TCG_PCClientPCREvent.event`), damaged.err)
  })

  it('diff compares facts, replayed PCRs and events; what differs is escaped', async () => {
    const { code, out } = await runWithin(['diff', a, b])
    assert.equal(code, 1)
    assert.match(out, /A {2}TPM measured-boot log, which proves nothing alone: /)
    assert.match(out, /facts\.secureBoot\n {2}A {2}true\n {2}B {2}false/)
    assert.match(
      out,
      /facts\.texts\.0\n {2}A {2}PCR 8 text: "root=\/dev\/a"\n {2}B {2}PCR 8 text: "root=\/dev\/\\x07b"/,
    )
    for (const path of ['pcrs.sha1.7', 'pcrs.sha1.8', 'events.pcr7.0', 'events.pcr8.0'])
      assert.ok(out.includes(`\n${path}\n`), path)
    assert.ok(!out.includes('\npcrs.sha1.0\n'))
    assert.match((await runWithin(['diff', a, a])).out, /^Nothing differs; \d+ are the same\./)
  })

  it('diff of a log and of evidence, and verify, refuse it and say what shows it', async () => {
    for (const args of [
      ['diff', a, 'examples/tdx/quote.bin'],
      ['verify', a, '--offline'],
    ]) {
      const { code, out, err } = await runWithin(args)
      assert.deepEqual([code, out], [3, ''])
      assert.match(err, /a measured-boot log, which proves nothing alone: .*`sekisho inspect` shows what it says/)
    }
  })
})
