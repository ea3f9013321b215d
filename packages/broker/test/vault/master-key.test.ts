import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { VaultError } from '../../src/vault/errors.ts'
import { masterKeyFrom } from '../../src/vault/master-key-from.ts'
import { folder } from './kit.ts'

const KEY = randomBytes(32)
const AAD = Buffer.from('aad')

function file(t: TestContext, content: string | Uint8Array, mode = 0o600): string {
  const path = join(folder(t), 'master.key')
  writeFileSync(path, content)
  chmodSync(path, mode)
  return path
}

function masterKey(message: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof VaultError, String(error))
    assert.equal(error.code, 'master-key')
    assert.match(error.message, message)
    return true
  }
}

describe('a master key', () => {
  it('is the same from a file in every spelling and from the environment', async (t) => {
    const texts = [
      KEY.toString('hex'),
      KEY.toString('hex').toUpperCase(),
      KEY.toString('base64'),
      KEY.toString('base64url'),
    ]
    const keys = [
      await masterKeyFrom({ file: file(t, KEY) }),
      ...(await Promise.all(texts.map((content) => masterKeyFrom({ file: file(t, `${content}\n`, 0o400) })))),
      ...(await Promise.all(texts.map((value) => masterKeyFrom({ env: 'MASTER', environment: { MASTER: value } })))),
    ]
    const [first] = keys
    assert.ok(first)
    assert.match(first.id, /^mk_[0-9a-f]{16}$/)
    const wrapped = await first.wrap(randomBytes(32), AAD)
    const opened = await Promise.all(keys.map((key) => key.unwrap(wrapped, AAD)))
    for (const [i, key] of keys.entries()) {
      assert.equal(key.id, first.id)
      assert.deepEqual(opened[i], opened[0])
    }
  })

  it('is 32 bytes as they are wherever one of them is not printable: 32 characters are a passphrase', async (t) => {
    const printable = Buffer.alloc(32, 'A')
    for (const at of [0, 16, 31]) {
      const bytes = Buffer.from(printable)
      bytes[at] = 0x80
      assert.equal((await masterKeyFrom({ file: file(t, bytes) })).kind, 'file')
    }
    for (const text of [printable, Buffer.from('correct horse battery staple 123')])
      await assert.rejects(masterKeyFrom({ file: file(t, text) }), masterKey(/32 bytes/))
  })

  it('opens only what it wrapped, unaltered and for the same purpose', async (t) => {
    const key = await masterKeyFrom({ file: file(t, KEY) })
    const wrapped = await key.wrap(randomBytes(32), AAD)
    await assert.rejects(key.unwrap(wrapped, Buffer.from('other')))
    for (let at = 0; at < wrapped.length; at++) {
      const altered = Uint8Array.from(wrapped)
      altered[at] = (altered[at] ?? 0) ^ 1
      await assert.rejects(key.unwrap(altered, AAD))
      await assert.rejects(key.unwrap(wrapped.subarray(0, at), AAD))
    }
    const other = await masterKeyFrom({ file: file(t, randomBytes(32)) })
    assert.notEqual(other.id, key.id)
    await assert.rejects(other.unwrap(wrapped, AAD))
  })

  it('never wraps twice to the same bytes', async (t) => {
    const key = await masterKeyFrom({ file: file(t, KEY) })
    const dataKey = randomBytes(32)
    const all = await Promise.all(Array.from({ length: 20 }, () => key.wrap(dataKey, AAD)))
    assert.equal(new Set(all.map((one) => Buffer.from(one).toString('hex'))).size, 20)
  })

  it('is refused from a file that others can reach', async (t) => {
    for (const mode of [0o644, 0o640, 0o620, 0o604, 0o601]) {
      const shown = new RegExp(`mode ${mode.toString(8).padStart(4, '0')}.*chmod 600`)
      await assert.rejects(masterKeyFrom({ file: file(t, KEY, mode) }), masterKey(shown))
    }
    const path = file(t, KEY, 0o644)
    symlinkSync(path, `${path}.link`)
    await assert.rejects(masterKeyFrom({ file: `${path}.link` }), masterKey(/chmod 600/))
  })

  it('is refused from what is no file, without waiting', async (t) => {
    const path = folder(t)
    await assert.rejects(masterKeyFrom({ file: join(path, 'none') }), masterKey(/cannot be opened/))
    mkdirSync(join(path, 'folder'), { mode: 0o700 })
    await assert.rejects(masterKeyFrom({ file: join(path, 'folder') }), masterKey(/not in a file/))
    execFileSync('mkfifo', ['-m', '600', join(path, 'pipe')])
    await assert.rejects(masterKeyFrom({ file: join(path, 'pipe') }), masterKey(/not in a file/))
    await assert.rejects(masterKeyFrom({ file: file(t, Buffer.alloc(5000, 65)) }), masterKey(/too long/))
  })

  it('is refused in another length or spelling, without being shown', async (t) => {
    const almost = KEY.toString('hex').slice(1)
    for (const content of [
      '',
      almost,
      `${KEY.toString('hex')}00`,
      randomBytes(31),
      randomBytes(33),
      KEY.toString('hex').slice(0, 32),
      `!${KEY.toString('base64')}`,
      `${KEY.toString('base64')}!`,
      `${KEY.toString('base64url')}\n!`,
    ]) {
      await assert.rejects(masterKeyFrom({ file: file(t, content) }), (error) => {
        assert.ok(masterKey(/32 bytes/)(error))
        assert.ok(!`${error}`.includes(almost.slice(0, 8)))
        return true
      })
    }
    await assert.rejects(masterKeyFrom({ env: 'NOT_SET', environment: {} }), masterKey(/NOT_SET is not set/))
    await assert.rejects(masterKeyFrom({ env: 'EMPTY', environment: { EMPTY: '' } }), masterKey(/EMPTY is not set/))
  })

  it('does nothing once it is closed', async (t) => {
    const key = await masterKeyFrom({ file: file(t, KEY) })
    await key.close()
    await assert.rejects(key.wrap(randomBytes(32), AAD), masterKey(/closed/))
  })
})
