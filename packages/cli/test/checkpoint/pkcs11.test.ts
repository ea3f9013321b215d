import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, it } from 'node:test'
import { scratch } from '../process.ts'
import { run } from '../run.ts'
import { until } from '../until.ts'
import { asking, ownerAt, ownerOf, ready } from './shared.ts'
import { startUp, type Up } from './up.ts'

const MODULE = ['/usr/lib/softhsm/libsofthsm2.so', '/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so'].find(existsSync)
const missing = MODULE === undefined ? 'no SoftHSM (Debian: softhsm2)' : false
const PIN = '5821-user-pin'
const SECRET = 'kept under a key that never leaves its token'

const home = scratch()

describe('sekisho up with a master key in a PKCS#11 token', { skip: missing }, () => {
  const data = join(home, 'data')
  const conf = join(home, 'softhsm2.conf')
  const env = { SOFTHSM2_CONF: conf }
  const location = { module: MODULE, token: 'keys', pinFile: join(home, 'pin'), label: 'sekisho' }
  const described = (name: string, more: object): string => {
    writeFileSync(join(home, name), JSON.stringify({ ...location, ...more }))
    return join(home, name)
  }

  before(async () => {
    mkdirSync(join(home, 'tokens'))
    writeFileSync(conf, `directories.tokendir = ${join(home, 'tokens')}\nlog.level = ERROR\n`)
    writeFileSync(join(home, 'pin'), `${PIN}\n`, { mode: 0o600 })
    const token = ['--init-token', '--free', '--label', 'keys', '--so-pin', '12345678', '--pin', PIN]
    execFileSync('softhsm2-util', token, { stdio: 'ignore', env: { ...process.env, ...env } })
    mkdirSync(data)
    copyFileSync((await ownerOf('pkcs11')).checkpoint.world, join(data, 'world.json'))
  })

  it('says what is wrong with the token, without its PIN', async () => {
    const start = (file: string): ReturnType<typeof run> =>
      run(['up', '--offline', '--port', '0', '--data', join(home, 'refused'), '--pkcs11', file], { env })
    writeFileSync(join(home, 'wrong'), '0000-other\n', { mode: 0o600 })
    for (const [file, words] of [
      [described('no-key.json', {}), /no AES key labelled `sekisho`/],
      [described('no-token.json', { token: 'others' }), /others/],
      [described('wrong-pin.json', { pinFile: join(home, 'wrong') }), /PIN/],
      [described('no-module.json', { module: join(home, 'none.so') }), /none\.so/],
      [described('no-label.json', { label: undefined }), /expected JSON \{ "module", "token", "pinFile", "label" \}/],
      [described('no-answer.json', { create: 'yes' }), /expected JSON \{ "module"/],
    ] as const) {
      const { code, out, err } = await start(file)
      assert.equal(code, 3, err)
      assert.match(err, words)
      assert.equal(out, '')
      assert.ok(!err.includes(PIN) && !err.includes('0000-other'))
    }
  })

  it('makes the key once, and releases after a restart what it wraps; no other key opens it', async () => {
    const owner = ownerAt(join(home, 'profile.json'), 'default', home)
    const world = join(data, 'world.json')
    const first = await startUp(
      ['--emulated', '--offline', '--data', data, '--pkcs11', described('made.json', { create: true })],
      { env },
    )
    try {
      await owner.ok(['login', '--data', data])
      await ready(owner, world, SECRET, ['snp'])
      assert.equal(await owner.ok([...asking(world), '--server', first.url]), SECRET)
    } finally {
      assert.equal(await first.stop(), 0)
    }
    assert.ok(!existsSync(join(data, 'master.key')), 'no key lies beside the database')
    for (const name of readdirSync(join(data, 'db')))
      assert.ok(!readFileSync(join(data, 'db', name)).includes(SECRET), name)
    assert.ok(!`${first.out()}${first.err()}`.includes(PIN))

    const other = await run(['up', '--offline', '--port', '0', '--data', data])
    assert.equal(other.code, 3)
    assert.match(other.err, /master key/)

    const second = await startUp(['--emulated', '--offline', '--data', data, '--pkcs11', described('found.json', {})], {
      env,
    })
    try {
      assert.equal(await owner.ok([...asking(world), '--server', second.url]), SECRET)
    } finally {
      assert.equal(await second.stop(), 0)
    }
  })

  it('another key of the token takes over while secrets are released, and the one before is not needed any more', async () => {
    const owner = ownerAt(join(home, 'profile.json'), 'default', home)
    const world = join(data, 'world.json')
    const start = (...args: readonly string[]): Promise<Up> =>
      startUp(['--emulated', '--offline', '--data', data, ...args], { env })
    const next = { label: 'sekisho-2' }
    const former = ['--former-pkcs11', described('former.json', {})]
    const both = await start('--pkcs11', described('next.json', { ...next, create: true }), ...former)
    try {
      assert.equal(await owner.ok([...asking(world), '--server', both.url]), SECRET)
      await until('the keys are wrapped', () => both.err().includes('"msg":"rotation"'), both.err)
      assert.match(both.err(), /"msg":"rotation","rewrapped":[1-9][0-9]*,"inUse":\["[^",]+"\]/)
    } finally {
      assert.equal(await both.stop(), 0)
    }
    const alone = await start('--pkcs11', described('alone.json', next))
    try {
      assert.equal(await owner.ok([...asking(world), '--server', alone.url]), SECRET)
    } finally {
      assert.equal(await alone.stop(), 0)
    }
    const gone = await run(['up', '--offline', '--port', '0', '--data', data, '--pkcs11', described('old.json', {})], {
      env,
    })
    assert.equal(gone.code, 3)
    assert.match(gone.err, /master key/)
  })
})
