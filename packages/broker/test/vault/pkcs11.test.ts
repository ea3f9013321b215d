import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import koffi from 'koffi'
import { ResultKeys } from '../../src/checkpoint/result-keys.ts'
import { VaultError } from '../../src/vault/errors.ts'
import { masterKeyFrom } from '../../src/vault/master-key-from.ts'
import type { Pkcs11Location } from '../../src/vault/pkcs11/location.ts'
import { serverKeys } from '../../src/vault/server-keys.ts'
import { openVault } from '../../src/vault/vault.ts'
import { master, opened, PLACE, text } from './kit.ts'

const MODULE = ['/usr/lib/softhsm/libsofthsm2.so', '/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so'].find(existsSync)
const missing = MODULE === undefined ? 'no SoftHSM (Debian: softhsm2)' : false
const PIN = '7294-user-pin'
const AAD = Buffer.from('place')

function masterKey(message: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof VaultError, String(error))
    assert.equal(error.code, 'master-key')
    assert.match(error.message, message)
    assert.ok(!`${error.message}${error.stack}${error.cause}`.includes(PIN))
    return true
  }
}

describe('a master key in a PKCS#11 token', { skip: missing }, () => {
  let folder = ''
  let location: Pkcs11Location

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'sekisho-hsm-'))
    mkdirSync(join(folder, 'tokens'))
    const config = join(folder, 'softhsm2.conf')
    writeFileSync(config, `directories.tokendir = ${join(folder, 'tokens')}\nlog.level = ERROR\n`)
    process.env['SOFTHSM2_CONF'] = config
    for (const label of ['keys', 'twin', 'twin']) {
      const args = ['--init-token', '--free', '--label', label, '--so-pin', '12345678', '--pin', PIN]
      execFileSync('softhsm2-util', args, { stdio: 'ignore' })
    }
    const pinFile = join(folder, 'pin')
    writeFileSync(pinFile, `${PIN}\n`, { mode: 0o600 })
    location = { module: MODULE ?? '', token: 'keys', pinFile, label: 'sekisho master' }
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  const create = (label: string) => masterKeyFrom({ pkcs11: { ...location, label, create: true } })

  it('is generated once in the token and found again', async () => {
    await assert.rejects(masterKeyFrom({ pkcs11: location }), masterKey(/no AES key labelled `sekisho master`/))
    const made = await masterKeyFrom({ pkcs11: { ...location, create: true } })
    assert.match(made.id, /^mk_[0-9a-f]{16}$/)
    const again = await masterKeyFrom({ pkcs11: { ...location, create: true } })
    const found = await masterKeyFrom({ pkcs11: location })
    assert.deepEqual([again.id, found.id], [made.id, made.id])
    const dataKey = randomBytes(32)
    const wrapped = await made.wrap(dataKey, AAD)
    assert.equal(Buffer.from(wrapped).includes(dataKey), false)
    assert.deepEqual(Buffer.from(await found.unwrap(wrapped, AAD)), dataKey)
    assert.notDeepEqual(await made.wrap(dataKey, AAD), wrapped)
    const other = await create('another')
    assert.notEqual(other.id, made.id)
    await assert.rejects(other.unwrap(wrapped, AAD))
    // A call that failed leaves the session usable.
    assert.deepEqual(Buffer.from(await made.unwrap(wrapped, AAD)), dataKey)
  })

  it('opens only what it wrapped, unaltered and for the same purpose', async () => {
    const key = await create('altered')
    const dataKey = randomBytes(32)
    const wrapped = await key.wrap(dataKey, AAD)
    await assert.rejects(key.unwrap(wrapped, Buffer.from('other')))
    for (let at = 0; at < wrapped.length; at++) {
      const altered = Uint8Array.from(wrapped)
      altered[at] = (altered[at] ?? 0) ^ 1
      await assert.rejects(key.unwrap(altered, AAD))
      await assert.rejects(key.unwrap(wrapped.subarray(0, at), AAD))
    }
    assert.deepEqual(Buffer.from(await key.unwrap(wrapped, AAD)), dataKey)
  })

  it('holds a vault: secrets, the keys of the server, rotation from a file and back', async (t) => {
    const file = master(1)
    const { db, vault } = await opened(t, file)
    await db.transaction((sql) => vault.putSecret(sql, { ...PLACE, bytes: Buffer.from('in the token') }))
    await serverKeys(db, file)
    const { signer } = await ResultKeys.open(db, vault.ring)
    const token = await create('vault')
    assert.deepEqual(await vault.rotateMaster(token), { rewrapped: 5, inUse: [token.id] })
    const held = await openVault(db, { master: token })
    assert.equal(text((await held.open(db, PLACE.namespace, PLACE.path))?.bytes), 'in the token')
    await serverKeys(db, token)
    assert.equal((await ResultKeys.open(db, held.ring)).signer.kid, signer.kid)
    await db.transaction((sql) => held.putSecret(sql, { ...PLACE, bytes: Buffer.from('second') }))
    await db.run(`UPDATE secret_versions SET path = 'demo/key/9' WHERE version = 1`)
    await db.run(`UPDATE secret_versions SET version = 1 WHERE version = 2`)
    await assert.rejects(held.open(db, PLACE.namespace, PLACE.path), (error) => {
      return error instanceof VaultError && error.code === 'corrupt'
    })
    await db.run(`UPDATE secret_versions SET version = 2 WHERE path = '${PLACE.path}'`)
    await db.run(`DELETE FROM secret_versions WHERE path = 'demo/key/9'`)
    assert.equal((await held.rotateMaster(master(2))).rewrapped, 5)
    assert.equal(text((await held.open(db, PLACE.namespace, PLACE.path))?.bytes), 'second')
  })

  it('goes on in a new session when its own was lost', async () => {
    const key = await create('lost')
    const wrapped = await key.wrap(randomBytes(32), AAD)
    const dataKey = await key.unwrap(wrapped, AAD)
    const library = koffi.load(MODULE ?? '')
    const closeAll = library.func('C_CloseAllSessions', 'ulong', ['ulong'])
    const slots = Buffer.alloc(64)
    const count = Buffer.alloc(8, 0)
    count.writeUInt8(8)
    assert.equal(library.func('C_GetSlotList', 'ulong', ['uchar', 'void *', 'void *'])(1, slots, count), 0)
    for (let i = 0; i < count.readUInt8(); i++) closeAll(slots.readBigUInt64LE(i * 8))
    assert.deepEqual(await key.unwrap(wrapped, AAD), dataKey)
    for (let i = 0; i < count.readUInt8(); i++) closeAll(slots.readBigUInt64LE(i * 8))
    assert.deepEqual(await key.unwrap(await key.wrap(dataKey, AAD), AAD), dataKey)
  })

  it('does nothing once it is closed', async () => {
    const key = await create('closed')
    await key.close()
    await assert.rejects(key.wrap(randomBytes(32), AAD), masterKey(/closed/))
  })

  it('is refused with a wrong PIN, which is not shown', async () => {
    // In a process of its own: all sessions of one process share a login.
    const pinFile = join(folder, 'wrong-pin')
    writeFileSync(pinFile, 'wrong', { mode: 0o600 })
    const source = new URL('../../src/vault/master-key-from.js', import.meta.url).href
    const script = `
      const { masterKeyFrom } = await import(${JSON.stringify(source)})
      const location = ${JSON.stringify({ ...location, label: 'pin', create: true })}
      try { await masterKeyFrom({ pkcs11: { ...location, pinFile: ${JSON.stringify(pinFile)} } }) } catch (error) { console.log(error.code, error.message) }
      await masterKeyFrom({ pkcs11: location }).then(({ kind }) => console.log(kind))`
    const out = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })
    assert.equal(out, 'master-key the PKCS#11 token `keys` refused: C_Login returned CKR_PIN_INCORRECT\npkcs11\n')
    assert.equal(out.includes('wrong'), false)
  })

  it('is refused when the token, the file of the PIN or the library is not right', async () => {
    const from = (changed: Partial<Pkcs11Location>) => masterKeyFrom({ pkcs11: { ...location, ...changed } })
    await assert.rejects(from({ token: 'none' }), masterKey(/no PKCS#11 token is labelled `none`/))
    await assert.rejects(from({ token: 'twin' }), masterKey(/more than one PKCS#11 token/))
    await assert.rejects(from({ module: '/no/such.so' }), masterKey(/no PKCS#11 library/))
    const open = join(folder, 'open-pin')
    writeFileSync(open, PIN, { mode: 0o644 })
    await assert.rejects(from({ pinFile: open }), masterKey(/others can reach the file of the PIN/))
  })
})
