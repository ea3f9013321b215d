import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { processAround } from '../src/around.ts'
import { CliError } from '../src/exit.ts'
import { readExpectationFile } from '../src/options/expectations.ts'
import { levelsOption, once, text } from '../src/options/values.ts'

const folder = mkdtempSync(join(tmpdir(), 'sekisho-attacks-'))
after(() => rmSync(folder, { recursive: true, force: true }))

async function read(content: string, name = 'expect.yaml'): Promise<unknown> {
  const path = join(folder, name)
  writeFileSync(path, content)
  const file = await readExpectationFile(path, processAround(), new Date())
  return file.for('snp')
}

function refused(message: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof CliError && message.test(error.message)
}

describe('expectations that could be misread are refused', () => {
  it('a member without a value, however it is written', async () => {
    for (const line of ['hardwareIds:', 'products: ~', 'policy:', 'minFirmware: null', 'platformInfo: { smtEnabled: }'])
      await assert.rejects(read(`vmpl: 0\n${line}\n`), refused(/has no value/), line)
    await assert.rejects(read('{"products": null}', 'expect.json'), refused(/`products` has no value/))
    assert.deepEqual(await read('vmpl: 0\nsnp:\n'), { vmpl: 0 })
  })

  it('a member twice, in JSON as in YAML', async () => {
    await assert.rejects(read('{"minTcb":{"snp":255},"minTcb":{"snp":1}}', 'twice.json'), refused(/unique/))
    await assert.rejects(read('vmpl: 0\nvmpl: 3\n'), refused(/unique/))
  })

  it('keys that are more than a word, tags, aliases, and nesting without end', { timeout: 60_000 }, async () => {
    await assert.rejects(read('? a: 10\n'), refused(/keys written with `\?`/))
    await assert.rejects(read(`${'? '.repeat(1000)}a`), refused(/keys written with `\?`/))
    await assert.rejects(read('{ [a]: 1 }'.replace('{ ', 'x: { ')), refused(/one word/))
    await assert.rejects(read('vmpl: !!binary AAAA\n'), refused(/tag|Tag|Unresolved/))
    await assert.rejects(read('a: &x 1\nb: *x\n'), refused(/aliases/))
    await assert.rejects(read(`a: ${'['.repeat(5000)}`), refused(/nested too deep|must|Flow/))
  })

  it('files larger than anyone would write', async () => {
    await assert.rejects(read(`x: "${'0'.repeat(70_000)}"\n`), CliError)
  })
})

describe('an option given twice is a question, not an answer', () => {
  it('single values', () => {
    const nonce = once('--nonce', text)
    assert.equal(nonce('00', undefined), '00')
    assert.throws(() => nonce('11', '00'), refused(/--nonce was given twice/))
  })

  it('one part of the minimum TCB', () => {
    assert.deepEqual(levelsOption('snp=1', { tee: 0 }), { tee: 0, snp: 1 })
    assert.throws(() => levelsOption('snp=255,snp=1'), refused(/snp was given before/))
    assert.throws(() => levelsOption('snp=1', { snp: 255 }), refused(/snp was given before/))
  })

  it('is so for every option of verify that has one value', () => {
    const program = readFileSync(new URL('../src/program/program.js', import.meta.url), 'utf8')
    for (const flag of ['--expect', '--at', '--event-log', '--min-svn', '--report-data', '--nonce'])
      assert.ok(program.includes(`once('${flag}'`), flag)
  })
})
