import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { before, describe, it } from 'node:test'
import { scratch } from '../process.ts'
import { run } from '../run.ts'
import { until } from '../until.ts'
import { type Checkpoint, type Owner, ownerAt, ownerOf, rows } from './shared.ts'
import { startUp } from './up.ts'

const home = scratch()

describe('sekisho up', () => {
  let shared: Owner & { readonly checkpoint: Checkpoint }
  before(async () => {
    shared = await ownerOf('up')
  })

  it('says where it is, what it trusts, and how to log in', () => {
    const out = shared.checkpoint.up.out()
    assert.match(out, /^Sekisho is up at http:\/\/127\.0\.0\.1:\d+ EMULATED platforms are trusted\n/)
    for (const line of [
      /^ {2}KBS +\S+\/kbs\/v0$/m,
      /^ {2}log key +\S+\/log\+/m,
      /This link works once, for 30 minutes:/,
    ])
      assert.match(out, line)
    assert.match(out, /\bsekisho login --data /)
  })

  it('a second process on the same folder is refused in words', async () => {
    const { code, out, err } = await run(['up', '--port', '0', '--offline', '--data', shared.checkpoint.data])
    assert.equal(code, 3)
    assert.equal(out, '')
    assert.match(err, /is in use by another server \(process \d+\): stop that one first/)
  })

  it('a new master key takes over from a former one, and the log says so in the form of its other lines', async () => {
    const data = `${home}/rotated`
    const owner = ownerAt(`${home}/rotated.json`, 'default', home)
    const key = (byte: number): string => {
      const file = `${home}/master-${byte}.bin`
      writeFileSync(file, Buffer.alloc(32, byte), { mode: 0o600 })
      return file
    }
    const begin = (...more: readonly string[]): ReturnType<typeof startUp> =>
      startUp(['--offline', '--data', data, '--master-key-file', ...more])
    const first = await begin(key(1))
    await owner.ok(['login', '--data', data])
    await owner.ok(['secret', 'put', 'a/b/c'], { input: 'kept' })
    await first.stop()
    const second = await begin(key(2), '--former-master-key-file', key(1))
    const rotated = (): readonly string[] =>
      second
        .err()
        .split('\n')
        .filter((line) => line.includes('"rotation"'))
    await until('the keys are wrapped', () => rotated().length > 0, second.err)
    await second.stop()
    const { time, level, msg, rewrapped } = JSON.parse(rotated()[0] ?? '')
    assert.ok(Date.parse(time) > 0 && level === 'info' && msg === 'rotation' && rewrapped > 0, rotated()[0] ?? '')
    assert.equal(await (await begin(key(2))).stop(), 0, 'nothing needs the former key any more')
    const lost = await run(['up', '--port', '0', '--offline', '--data', data, '--master-key-file', key(1)])
    assert.equal(lost.code, 3, lost.err)
  })

  it('a taken port is said in words, before anything is made', async () => {
    const taken = createServer()
    await new Promise<void>((resolve) => {
      taken.listen(0, '127.0.0.1', resolve)
    })
    const port = String((taken.address() as AddressInfo).port)
    const up = await run(['up', '--offline', '--emulated', '--port', port, '--data', `${home}/taken`])
    const services = await run(['emulate', 'serve', '--port', port, '--world', shared.checkpoint.world])
    taken.close()
    assert.equal(up.code, 3)
    assert.equal(
      up.err.split('\n')[0],
      `sekisho: 127.0.0.1:${port} is taken by another program or checkpoint; --port chooses another`,
    )
    assert.ok(!existsSync(`${home}/taken`), 'no folder, no master key')
    assert.equal(services.code, 3, services.err)
    assert.match(services.err, /127\.0\.0\.1:\d+ cannot be listened on \(EADDRINUSE\)/)
  })

  it('SIGTERM ends it with 0, and a restart keeps everything', async () => {
    const data = `${home}/kept`
    const owner = ownerAt(`${home}/kept.json`, 'default', home)
    const first = await startUp(['--offline', '--data', data])
    assert.equal(statSync(`${data}/setup-link`).mode & 0o777, 0o600)
    await owner.ok(['login', '--data', data])
    assert.ok(!existsSync(`${data}/setup-link`), 'removed with its use')
    // As a process leaves it that was killed before anybody came.
    writeFileSync(`${data}/setup-link`, 'http://127.0.0.1:1/setup#old')
    await owner.ok(['secret', 'put', 'a/b/c'], { input: 'kept' })
    await owner.ok(['policy', 'set', '-'], { input: await owner.ok(['policy', 'starter', 'snp']) })
    await owner.ok(['log', 'export', `${home}/before`])
    const [key, checkpoint] = await Promise.all([owner.json(['log', 'key']), owner.json(['log', 'checkpoint'])])
    assert.equal(await first.stop(), 0)
    assert.match(first.err(), /sekisho: stopping\n$/)
    const down = await owner.run(['secret', 'list'])
    assert.equal(down.code, 3)

    const second = await startUp(['--offline', '--data', data])
    try {
      assert.ok(!second.out().includes('First start'), 'there is no second one-time link')
      assert.ok(!existsSync(`${data}/setup-link`), 'nor the file of the first')
      const at = ['--server', second.url]
      const token = { SEKISHO_TOKEN: String(JSON.parse(readFileSync(`${home}/kept.json`, 'utf8')).token) }
      const list = await owner.ok(['secret', 'list', ...at], { env: token })
      assert.match(list, /a\/b\/c +secret +1/)
      assert.equal((await owner.json(['policy', 'show', ...at], { env: token }))['version'], 1)
      assert.deepEqual(await owner.json(['log', 'key', ...at]), key)
      await owner.ok(['secret', 'put', 'a/b/d', ...at], { input: 'more', env: token })
      await owner.ok(['log', 'export', `${home}/after`, ...at], { env: token })
      const keyFile = owner.file('kept.key', String(key['verifierKey']))
      const since = owner.file('kept.checkpoint', String(checkpoint['checkpoint']))
      await owner.ok(['log', 'verify', `${home}/after`, '--key', keyFile, '--since', since])
      const decisions = rows((await owner.json(['decision', 'list', ...at], { env: token }))['decisions'])
      assert.ok(decisions.length >= 3)
    } finally {
      assert.equal(await second.stop('SIGINT'), 0)
    }
  })

  it('lets an owner in again whose tokens are lost, with the log’s knowledge; nobody without the master key', async () => {
    const data = `${home}/lost`
    const owner = ownerAt(`${home}/lost.json`, 'default', home)
    const first = await startUp(['--offline', '--data', data])
    await owner.ok(['login', '--data', data])
    await owner.ok(['token', 'create', 'narrow', '--scope', 'secrets:read', '-o', `${home}/narrow.token`])
    await owner.ok(['log', 'export', `${home}/lost-before`])
    assert.equal(await first.stop(), 0)
    rmSync(`${home}/lost.json`)

    const other = owner.file('other.key', Buffer.alloc(32, 3))
    const stolen = await run([
      'up',
      '--offline',
      '--port',
      '0',
      '--data',
      data,
      '--new-setup-link',
      '--master-key-file',
      other,
    ])
    assert.equal(stolen.code, 3, stolen.out)
    assert.ok(!existsSync(`${data}/setup-link`))

    const again = await startUp(['--offline', '--data', data, '--new-setup-link'])
    try {
      assert.match(again.out(), /A new link, which the log has\. This link works once, for 30 minutes:/)
      assert.equal(statSync(`${data}/setup-link`).mode & 0o777, 0o600)
      const secret = readFileSync(`${data}/setup-link`, 'utf8').trim().split('#')[1] ?? ''
      assert.equal(secret.length, 43)
      assert.ok(!again.err().includes(secret), 'it is in no log line')
      await owner.ok(['login', '--data', data])
      assert.match(await owner.ok(['token', 'list', '--all-namespaces']), /new setup link +\* +admin/)
      await owner.ok(['log', 'export', `${home}/lost-after`])
      const entries = readdirSync(`${home}/lost-after`, { recursive: true, withFileTypes: true })
        .filter((one) => one.isFile())
        .map((one) => readFileSync(join(one.parentPath, one.name), 'utf8'))
        .join('')
      assert.match(entries, /setup-link-made/)
      assert.match(entries, /setup-link-redeemed/)
      assert.ok(!entries.includes(secret))
      const spent = await owner.run(['login', '--link-file', owner.file('spent-link', `${again.url}/setup#${secret}`)])
      assert.equal(spent.code, 1)
    } finally {
      assert.equal(await again.stop(), 0)
    }
    const third = await startUp(['--offline', '--data', data])
    assert.ok(!third.out().includes('This link works'), 'the next start gives none unasked')
    assert.equal(await third.stop(), 0)
  })

  it('takes a lease’s length, a public URL, and TLS files that belong together', async () => {
    const bad = await run([
      'up',
      '--port',
      '0',
      '--data',
      `${home}/tls`,
      '--offline',
      '--tls-cert',
      '/nonexistent',
      '--tls-key',
      '/nonexistent',
    ])
    assert.equal(bad.code, 3)
    assert.match(bad.err, /\/nonexistent: no such file/)
    assert.ok(!existsSync(`${home}/tls`), 'no master key is made for a start that comes to nothing')
    const up = await startUp([
      '--offline',
      '--data',
      `${home}/named`,
      '--public-url',
      'https://checkpoint.example',
      '--lease',
      '60',
    ])
    try {
      const jwks = await fetch(`${up.url}/.well-known/openid-configuration`)
      assert.match(JSON.stringify(await jwks.json()), /https:\/\/checkpoint\.example/)
      assert.match(up.out(), /log key +checkpoint\.example\/log\+/)
    } finally {
      assert.equal(await up.stop(), 0)
    }
  })
})
