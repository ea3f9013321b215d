import assert from 'node:assert/strict'
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, it } from 'node:test'
import { asking, type Checkpoint, members, type Owner, ownerOf, ready, rows, text } from './shared.ts'

/** Entries of an entry bundle (C2SP tlog-tiles): each behind its length in two bytes. */
function entriesOf(bundle: Buffer): readonly Buffer[] {
  const entries: Buffer[] = []
  for (let at = 0; at < bundle.length; ) {
    const length = bundle.readUInt16BE(at)
    entries.push(bundle.subarray(at + 2, at + 2 + length))
    at += 2 + length
  }
  return entries
}

function bundleOf(entries: readonly Buffer[]): Buffer {
  return Buffer.concat(
    entries.flatMap((entry) => {
      const length = Buffer.alloc(2)
      length.writeUInt16BE(entry.length)
      return [length, entry]
    }),
  )
}

describe('the log, exported and verified offline', () => {
  let owner: Owner & { readonly checkpoint: Checkpoint }
  let exported: string
  let key: string
  let before5: string
  before(async () => {
    owner = await ownerOf('log')
    before5 = owner.file('earlier', text((await owner.json(['log', 'checkpoint']))['checkpoint']))
    await ready(owner, owner.checkpoint.world, 'x', ['snp'])
    assert.equal((await owner.run(asking(owner.checkpoint.world))).code, 0)
    key = owner.path('log.key')
    await owner.ok(['log', 'key', '-o', key])
    exported = owner.path('export')
    const told = await owner.json(['log', 'export', exported])
    assert.equal(told['folder'], exported)
    assert.ok(typeof told['entries'] === 'number' && told['entries'] >= 5)
  })

  /** A copy of the export whose entries were changed by somebody who has no key. */
  const tampered = (name: string, change: (entries: Buffer[]) => readonly Buffer[]): string => {
    const copy = owner.path(name)
    cpSync(exported, copy, { recursive: true })
    const folder = join(copy, 'tile', 'entries', '000.p')
    const [file = ''] = readdirSync(folder)
    const entries = [...entriesOf(readFileSync(join(folder, file)))]
    writeFileSync(join(folder, file), bundleOf(change(entries)))
    return copy
  }
  const verify = (folder: string, ...more: readonly string[]): ReturnType<Owner['run']> =>
    owner.run(['log', 'verify', folder, '--key', key, ...more])

  it('checkpoint and key are shown, the key as `up` announces it', async () => {
    const shown = await owner.ok(['log', 'checkpoint'])
    const verifierKey = readFileSync(key, 'utf8').trim()
    assert.equal((await owner.json(['log', 'checkpoint']))['verifierKey'], verifierKey)
    // As a shell keeps it: what is printed is the signed note, and nothing else.
    const kept = owner.path('kept.checkpoint')
    await owner.ok(['log', 'checkpoint', '-o', kept])
    for (const since of [owner.file('redirected', shown), kept]) {
      const now = `${since}.log`
      await owner.ok(['log', 'export', now])
      assert.match(await owner.ok(['log', 'verify', now, '--key', key, '--since', since]), /^CONSISTENT/)
    }
    assert.match(owner.checkpoint.up.out(), new RegExp(`log key +${verifierKey.replace(/[+/]/g, '\\$&')}`))
    assert.match(shown, /^127\.0\.0\.1:\d+\/log\n\d+\n\S{44}\n/)
    assert.equal((await owner.json(['log', 'key']))['verifierKey'], verifierKey)
  })

  it('an export that nobody touched is consistent, also with a checkpoint from before', async () => {
    const { code, out } = await verify(exported)
    assert.equal(code, 0, out)
    assert.match(out, /^CONSISTENT {2}127\.0\.0\.1:\d+\/log, \d+ entries\n {2}root {2}\S{44}\n$/)
    const since = await verify(exported, '--since', before5, '--json')
    assert.equal(since.code, 0, since.out + since.err)
    assert.equal(members(JSON.parse(since.out))['valid'], true)
  })

  it('files that nothing signs are named', async () => {
    const copy = tampered('strange', (entries) => entries)
    mkdirSync(join(copy, 'tile', '1'), { recursive: true })
    writeFileSync(join(copy, 'tile', '1', '000'), 'junk')
    writeFileSync(join(copy, 'notes.txt'), 'junk')
    const { code, out } = await verify(copy)
    assert.equal(code, 0, out)
    assert.match(
      out,
      /^CONSISTENT .*\n.*root.*\n {2}unsigned {2}notes\.txt: no file of this log.*\n {2}unsigned {2}tile\/1\/000: /,
    )
    const json = members(JSON.parse((await verify(copy, '--json')).out))
    assert.deepEqual(json['unsigned'], ['notes.txt', 'tile/1/000'])
  })

  it('an altered entry is found', async () => {
    const copy = tampered('altered', (entries) =>
      entries.map((entry, index) =>
        index === 2 ? Buffer.from(entry.toString('utf8').replace(/"outcome":"\w+"/, '"outcome":"refused"')) : entry,
      ),
    )
    const { code, out } = await verify(copy)
    assert.equal(code, 1)
    assert.match(out, /^TAMPERED {2}.+\n {2}first entry +2\n/)
  })

  it('a removed entry is found', async () => {
    const copy = tampered('removed', (entries) => entries.filter((_, index) => index !== 3))
    const { code, out } = await verify(copy)
    assert.equal(code, 1)
    assert.match(out, /^TAMPERED/)
  })

  it('reordered entries are found', async () => {
    const copy = tampered('reordered', ([first, second, third, ...rest]) =>
      [first, third, second, ...rest].filter((one) => one !== undefined),
    )
    const { code, out } = await verify(copy, '--json')
    assert.equal(code, 1)
    const verdict = members(JSON.parse(out))
    assert.equal(verdict['valid'], false)
    assert.equal(verdict['index'], 1)
  })

  it('a log that forgot what it once signed is found', async () => {
    await owner.ok(['secret', 'put', 'one/more/entry'], { input: 'x' })
    const note = text((await owner.json(['log', 'checkpoint']))['checkpoint'])
    const { code, out, err } = await verify(exported, '--since', owner.file('later', note))
    assert.equal(code, 1, out + err)
    assert.match(out, /^TAMPERED/)
    const lines = note.split('\n')
    const forged = await verify(exported, '--since', owner.file('forged', lines.with(1, '1').join('\n')))
    assert.equal(forged.code, 3)
    assert.match(forged.err, /forged: the signature of .* does not verify/)
  })

  it('another key proves nothing; a file that is no key is said', async () => {
    const text = readFileSync(key, 'utf8').trim()
    const last = text.at(-1) === 'A' ? 'B' : 'A'
    const other = await owner.run([
      'log',
      'verify',
      exported,
      '--key',
      owner.file('other.key', text.slice(0, -2) + last),
    ])
    assert.notEqual(other.code, 0)
    const none = await owner.run(['log', 'verify', exported, '--key', owner.file('no.key', 'hello')])
    assert.equal(none.code, 3)
    assert.match(none.err, /no\.key: /)
    const missing = await owner.run(['log', 'verify', owner.path('nowhere'), '--key', key])
    assert.equal(missing.code, 3, 'no log was tampered with')
    assert.match(missing.err, /nowhere: no such file/)
  })

  it('export writes into an empty folder only', async () => {
    const { code, err } = await owner.run(['log', 'export', exported])
    assert.equal(code, 3)
    assert.match(err, /expected a new or empty folder/)
  })

  it('export needs sight of all namespaces', async () => {
    const file = owner.path('own.token')
    await owner.ok(['token', 'create', 'own', '--scope', 'admin', '-o', file])
    const { code, err } = await owner.run(['log', 'export', owner.path('not-mine'), '--token-file', file])
    assert.equal(code, 1)
    assert.match(err, /decisions:read/)
  })

  it('a receipt proves one decision; a changed one proves nothing', async () => {
    const [released] = rows(
      (await owner.json(['decision', 'list', '--outcome', 'released', '--limit', '1']))['decisions'],
    )
    const receipt = owner.path('receipt.json')
    await owner.ok(['log', 'receipt', text(released?.['id']), '-o', receipt])
    const checked = await owner.ok(['log', 'check-receipt', receipt, '--key', key])
    assert.match(checked, /^PROVEN EMULATED {2}entry \d+ of \d+ of 127\.0\.0\.1:\d+\/log\n/)
    assert.match(checked, /^ {2}outcome +released$/m)
    assert.equal((await owner.json(['log', 'check-receipt', receipt, '--key', key]))['valid'], true)

    const content = readFileSync(receipt, 'utf8')
    for (const [name, changed] of Object.entries({
      outcome: content.replace('"released"', '"refused"'),
      index: content.replace(/"index": (\d+)/, (_, index: string) => `"index": ${Number(index) - 1}`),
      emulated: content.replace('"emulated": true', '"emulated": false'),
      size: content.replace(/"size": (\d+)/, (_, size: string) => `"size": ${Number(size) + 1}`),
    })) {
      assert.notEqual(changed, content, name)
      const { code, out } = await owner.run(['log', 'check-receipt', '-', '--key', key], { input: changed })
      assert.equal(code, 1, `${name}: ${out}`)
      assert.match(out, /^NO PROOF/)
    }
    const none = await owner.run(['log', 'check-receipt', '-', '--key', key], { input: '[]' })
    assert.equal(none.code, 1)
    const unknown = await owner.run(['log', 'receipt', 'dec_00000000000000000000000000'])
    assert.equal(unknown.code, 3)
    assert.match(unknown.err, /there is no such decision in this namespace/)
  })
})
