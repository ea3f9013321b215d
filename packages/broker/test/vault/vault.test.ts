import assert from 'node:assert/strict'
import { createPrivateKey, createPublicKey, type JsonWebKey, sign, verify } from 'node:crypto'
import { describe, it } from 'node:test'
import { VaultError, type VaultErrorCode } from '../../src/vault/errors.ts'
import { generateKeyMaterial, KEY_TYPES, type KeyType } from '../../src/vault/key-material.ts'
import { MAX_SECRET_BYTES } from '../../src/vault/limits.ts'
import { openVault } from '../../src/vault/vault.ts'
import { AT, master, opened, PLACE, text } from './kit.ts'

const bytes = (value: string): Uint8Array => Buffer.from(value)

function fails(code: VaultErrorCode): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof VaultError, String(error))
    assert.equal(error.code, code)
    return true
  }
}

describe('a vault', () => {
  it('gives back what was put, by version and newest first', async (t) => {
    const { db, vault } = await opened(t)
    const put = (value: string, contentType?: string) =>
      db.transaction((sql) =>
        vault.putSecret(sql, { ...PLACE, bytes: bytes(value), ...(contentType === undefined ? {} : { contentType }) }),
      )
    assert.deepEqual(await put('one', 'text/plain'), { version: 1 })
    assert.deepEqual(await put('two'), { version: 2 })
    const newest = await vault.open(db, PLACE.namespace, PLACE.path)
    assert.deepEqual([text(newest?.bytes), newest?.version, newest?.contentType], ['two', 2, undefined])
    const first = await vault.open(db, PLACE.namespace, PLACE.path, 1)
    assert.deepEqual([text(first?.bytes), first?.version, first?.contentType], ['one', 1, 'text/plain'])
    assert.equal(await vault.open(db, PLACE.namespace, PLACE.path, 3), undefined)
    assert.equal(await vault.open(db, PLACE.namespace, 'demo/key/2'), undefined)
    assert.equal(await vault.open(db, 'other', PLACE.path), undefined)
  })

  it('keeps an empty secret, and one of 1 MiB, and refuses a longer one', async (t) => {
    const { db, vault } = await opened(t)
    for (const size of [0, MAX_SECRET_BYTES]) {
      await db.transaction((sql) => vault.putSecret(sql, { ...PLACE, bytes: new Uint8Array(size).fill(5) }))
      assert.equal((await vault.open(db, PLACE.namespace, PLACE.path))?.bytes.length, size)
    }
    const tooLong = { ...PLACE, bytes: new Uint8Array(MAX_SECRET_BYTES + 1) }
    await assert.rejects(
      db.transaction((sql) => vault.putSecret(sql, tooLong)),
      fails('invalid'),
    )
  })

  it('keeps metadata and says who put each version, never the content', async (t) => {
    const { db, vault } = await opened(t)
    await db.transaction((sql) => vault.putSecret(sql, { ...PLACE, bytes: bytes('one'), metadata: { owner: 'ops' } }))
    const later = {
      ...PLACE,
      bytes: bytes('two'),
      contentType: 'text/plain',
      actor: 'second',
      at: new Date(AT.getTime() + 5),
    }
    await db.transaction((sql) => vault.putSecret(sql, later))
    await db.transaction((sql) => vault.putSecret(sql, { ...PLACE, path: 'demo/key/0', bytes: bytes('x') }))
    const summary = {
      path: 'demo/key/1',
      kind: 'secret',
      metadata: { owner: 'ops' },
      version: 2,
      contentType: 'text/plain',
      created: AT,
      updated: later.at,
    }
    assert.deepEqual((await vault.list(db, PLACE.namespace))[1], summary)
    assert.deepEqual(await vault.list(db, PLACE.namespace, { after: 'demo/key/0' }), [summary])
    assert.equal((await vault.list(db, PLACE.namespace, { limit: 1 })).length, 1)
    assert.deepEqual(await vault.list(db, 'other'), [])
    assert.deepEqual(await vault.describe(db, PLACE.namespace, PLACE.path), {
      ...summary,
      versions: [
        { version: 2, created: later.at, createdBy: 'second' },
        { version: 1, created: AT, createdBy: 'tester' },
      ],
    })
    assert.equal(await vault.describe(db, PLACE.namespace, 'no/such/path'), undefined)
    await db.transaction((sql) => vault.putSecret(sql, { ...later, metadata: { owner: 'others' } }))
    assert.deepEqual((await vault.describe(db, PLACE.namespace, PLACE.path))?.metadata, { owner: 'others' })
  })

  it('destroys what is removed, and never uses its versions again', async (t) => {
    const { db, vault } = await opened(t)
    await db.transaction((sql) => vault.putSecret(sql, { ...PLACE, bytes: bytes('one'), metadata: { note: 'old' } }))
    assert.equal(await db.transaction((sql) => vault.remove(sql, PLACE.namespace, PLACE.path, AT)), true)
    assert.equal(await vault.open(db, PLACE.namespace, PLACE.path), undefined)
    assert.equal(await vault.describe(db, PLACE.namespace, PLACE.path), undefined)
    assert.deepEqual(await vault.list(db, PLACE.namespace), [])
    assert.equal(await db.transaction((sql) => vault.remove(sql, PLACE.namespace, PLACE.path, AT)), false)
    const [row] = await db.all<{ deleted: number; left: number }>(
      `SELECT s.deleted, length(v.ciphertext) + length(v.data_key_wrapped) + length(v.nonce) AS left
      FROM secrets s JOIN secret_versions v ON v.path = s.path`,
    )
    assert.deepEqual({ ...row }, { deleted: AT.getTime(), left: 0 })
    assert.deepEqual(await db.transaction((sql) => vault.putSecret(sql, { ...PLACE, bytes: bytes('two') })), {
      version: 2,
    })
    assert.equal(await vault.open(db, PLACE.namespace, PLACE.path, 1), undefined)
    const description = await vault.describe(db, PLACE.namespace, PLACE.path)
    assert.deepEqual(description?.metadata, {})
    assert.deepEqual(
      description?.versions.map(({ version }) => version),
      [2],
    )
  })

  it('does not put a secret over a key, nor a key over a secret, until it was removed', async (t) => {
    const { db, vault } = await opened(t)
    const secret = { ...PLACE, bytes: bytes('one') }
    await db.transaction((sql) => vault.putSecret(sql, secret))
    await assert.rejects(
      db.transaction((sql) => vault.generateKey(sql, { ...PLACE, type: 'aes-256' })),
      fails('conflict'),
    )
    await db.transaction((sql) => vault.remove(sql, PLACE.namespace, PLACE.path, AT))
    const key = await db.transaction((sql) => vault.generateKey(sql, { ...PLACE, type: 'aes-256' }))
    assert.deepEqual(key, { version: 2 })
    await assert.rejects(
      db.transaction((sql) => vault.putSecret(sql, secret)),
      fails('conflict'),
    )
  })

  it('refuses names, types and metadata that are not allowed, by name', async (t) => {
    const { db, vault } = await opened(t)
    const put = (changed: object) =>
      db.transaction((sql) => vault.putSecret(sql, { ...PLACE, bytes: bytes('one'), ...changed }))
    for (const namespace of ['', 'Upper', '-x', 'a/b', 'x'.repeat(64), '*'])
      await assert.rejects(put({ namespace }), /namespace/)
    for (const path of [
      '',
      'a/b',
      'a/b/c/d',
      '/a/b',
      'a/b/',
      '../b/c',
      'a/.b/c',
      'a b/c/d',
      'a/b/c\n',
      `a/b/${'x'.repeat(129)}`,
    ]) {
      await assert.rejects(put({ path }), /path/, path)
    }
    await assert.rejects(put({ contentType: 'a\r\nb' }), /content type/)
    await assert.rejects(put({ contentType: '' }), /content type/)
    await assert.rejects(put({ metadata: { note: 'x'.repeat(5000) } }), /metadata/)
    await assert.rejects(put({ metadata: { note: 5 } }), /metadata `note`/)
    assert.deepEqual(await db.all('SELECT path FROM secrets'), [])
  })

  for (const type of KEY_TYPES) {
    it(`generates ${type} keys that are released as JWK`, async (t) => {
      const { db, vault } = await opened(t)
      const key = await generateKeyMaterial(type)
      const made = await db.transaction((sql) => vault.putKey(sql, { ...PLACE, key }))
      const released = await vault.open(db, PLACE.namespace, PLACE.path)
      assert.equal(released?.contentType, 'application/jwk+json')
      const jwk = JSON.parse(text(released?.bytes) ?? '') as JsonWebKey
      if (type === 'aes-256') {
        assert.deepEqual([jwk.kty, Buffer.from(String(jwk.k), 'base64url').length], ['oct', 32])
        assert.equal(made.publicJwk, undefined)
        return
      }
      assert.ok(made.publicJwk)
      assert.equal(made.publicJwk.d, undefined)
      const hash = type === 'ed25519' ? null : 'sha256'
      const signature = sign(hash, bytes('data'), createPrivateKey({ key: jwk, format: 'jwk' }))
      assert.ok(verify(hash, bytes('data'), createPublicKey({ key: made.publicJwk, format: 'jwk' }), signature))
      const description = await vault.describe(db, PLACE.namespace, PLACE.path)
      assert.deepEqual(description?.publicJwk, made.publicJwk)
      assert.equal(description?.kind, 'key')
    })
  }

  it('refuses to generate a key of an unknown type', async () => {
    await assert.rejects(generateKeyMaterial('rsa-512' as KeyType), fails('invalid'))
  })

  it('counts versions without a gap or a double when many put at once', async (t) => {
    const { db, vault } = await opened(t)
    const put = () => db.transaction((sql) => vault.putSecret(sql, { ...PLACE, bytes: bytes('one') }))
    const versions = await Promise.all(Array.from({ length: 40 }, put))
    assert.deepEqual(
      versions.map(({ version }) => version).sort((a, b) => a - b),
      Array.from({ length: 40 }, (_, i) => i + 1),
    )
  })

  it('keeps nothing of a transaction that fails', async (t) => {
    const { db, vault } = await opened(t)
    await assert.rejects(
      db.transaction(async (sql) => {
        await vault.putSecret(sql, { ...PLACE, bytes: bytes('one') })
        throw new RangeError('no')
      }),
      RangeError,
    )
    assert.equal(await vault.open(db, PLACE.namespace, PLACE.path), undefined)
  })

  it('is refused at the start when the master key is another one', async (t) => {
    const { db, vault } = await opened(t)
    await db.transaction((sql) => vault.putSecret(sql, { ...PLACE, bytes: bytes('one') }))
    await assert.rejects(openVault(db, { master: master(2) }), fails('master-key-unknown'))
    const again = await openVault(db, { master: master(2), former: [master(1)] })
    assert.equal(text((await again.open(db, PLACE.namespace, PLACE.path))?.bytes), 'one')
  })
})
