import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type Runner, run, runWithin } from '../run.ts'
import { asking, type Checkpoint, type Owner, ownerOf, ready, rows, text } from './shared.ts'

/** A value as it might stand somewhere: raw, in hexadecimal, in base64 at each of its three offsets. */
function forms(secret: string): readonly Buffer[] {
  const bytes = Buffer.from(secret)
  const base64 = [0, 1, 2].map((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64')
    // Characters at the ends hold bits of their neighbours.
    return text.slice(offset === 0 ? 0 : 4, -4)
  })
  const url = base64.map((one) => one.replaceAll('+', '-').replaceAll('/', '_'))
  const hex = bytes.toString('hex')
  return [secret, hex, hex.toUpperCase(), ...base64, ...url].map((one) => Buffer.from(one))
}

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
}

describe('a secret, and everywhere it must not be', () => {
  const first = `canary-${randomBytes(18).toString('hex')}`
  const second = `rotated-${randomBytes(18).toString('hex')}`
  const needles = [first, second].flatMap(forms)
  const commandLines = new Set<string>()
  const printed: string[] = []
  let owner: Owner & { readonly checkpoint: Checkpoint }
  let outputs: readonly string[]

  const found = (haystack: Buffer): boolean => needles.some((needle) => haystack.includes(needle))

  let watching = true
  after(() => {
    watching = false
  })

  before(async () => {
    // Processes of their own: their arguments are watched.
    owner = await ownerOf('canary', run)
    const { world } = owner.checkpoint
    const watch = (async () => {
      while (watching) {
        for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) collectArguments(pid)
        await new Promise((resolve) => setTimeout(resolve, 15))
      }
    })()
    const say = async (args: readonly string[], runner: Runner = run): Promise<void> => {
      const { out, err } = await runner(args, { env: owner.env })
      printed.push(out, err)
    }
    await ready(owner, world, first, ['snp', 'tdx'])
    const released = await owner.run(asking(world))
    await say([...asking(world), '--measurement', 'ee'.repeat(48)])
    const rotated = await owner.run(['secret', 'put', 'demo/db/password'], { input: second })
    printed.push(rotated.out, rotated.err, released.err)
    const again = await owner.run(asking(world, 'tdx'))
    printed.push(again.err)
    outputs = [released.out, again.out]

    for (const args of [
      ['secret', 'list'],
      ['secret', 'show', 'demo/db/password'],
      ['lease', 'list'],
      ['decision', 'list'],
    ]) {
      await say(args)
      await say([...args, '--json'], runWithin)
    }
    const decisions = rows((await owner.json(['decision', 'list']))['decisions'])
    for (const [index, { id }] of decisions.entries()) {
      // Each command was watched once: what it answers of the others needs no process.
      const runner = index === 0 ? run : runWithin
      await say(['decision', 'show', text(id), '--json'], runner)
      await say(['log', 'receipt', text(id)], runner)
    }
    await say(['doctor', 'demo/db/password'])
    mkdirSync(owner.path('export'))
    await owner.ok(['log', 'export', owner.path('export')])
    watching = false
    await watch
  })

  function collectArguments(pid: string): void {
    try {
      commandLines.add(readFileSync(`/proc/${pid}/cmdline`, 'utf8'))
    } catch {
      // It ended in the meantime.
    }
  }

  it('is in what the workload is given, before and after it is rotated', () => {
    assert.deepEqual(outputs, [first, second])
    assert.ok(needles.every((needle) => needle.length > 20) && found(Buffer.from(`"${first}"`)))
  })

  it('is found in each form by this test’s own search', () => {
    for (const text of [first, Buffer.from(first).toString('hex'), Buffer.from(`x${second}y`).toString('base64')])
      assert.ok(found(Buffer.from(text)), text)
    assert.ok(!found(Buffer.from('something else')))
  })

  it('is in no log line and nothing that the server printed', () => {
    const { up } = owner.checkpoint
    assert.ok(up.err().includes('"route":"/api/v1/workload/release"'))
    assert.ok(!found(Buffer.from(up.err() + up.out())))
  })

  it('is in no file of the data folder: database, journal, keys, world', () => {
    const files = filesBelow(owner.checkpoint.data)
    assert.ok(files.some((path) => path.includes('db')) && files.length >= 4, files.join())
    assert.deepEqual(
      files.filter((path) => found(readFileSync(path))),
      [],
    )
  })

  it('is in no decision, receipt, list or refusal', () => {
    assert.ok(printed.length > 20)
    assert.deepEqual(
      printed.filter((one) => found(Buffer.from(one))),
      [],
    )
  })

  it('is in no entry of the log', () => {
    const files = filesBelow(owner.path('export'))
    assert.ok(files.length >= 3)
    assert.deepEqual(
      files.filter((path) => found(readFileSync(path))),
      [],
    )
  })

  it('was in no process’s arguments while the commands ran', () => {
    const seen = [...commandLines]
    assert.ok(
      seen.some((one) => one.includes('request\0demo/db/password')),
      'the commands were watched',
    )
    assert.ok(seen.some((one) => one.includes('secret\0put')))
    assert.deepEqual(
      seen.filter((one) => found(Buffer.from(one))),
      [],
    )
  })
})
