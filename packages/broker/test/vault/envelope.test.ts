import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { openEnvelope, rewrapEnvelope, sealEnvelope } from '../../src/vault/envelope.ts'
import { VaultError } from '../../src/vault/errors.ts'
import { KeyRing, type MasterKey, softwareMasterKey } from '../../src/vault/master-key.ts'
import { master } from './kit.ts'

const HERE = ['default', 'demo/key/1', 1, null] as const
const SECRET: Uint8Array = Buffer.from('the secret')

/** A master key that keeps the very arrays in which data keys passed through it. */
function watched(fill: number): { readonly key: MasterKey; readonly dataKeys: Uint8Array[] } {
  const inner = master(fill)
  const dataKeys: Uint8Array[] = []
  const kept = (dataKey: Uint8Array): Uint8Array => {
    dataKeys.push(dataKey)
    return dataKey
  }
  const wrap: MasterKey['wrap'] = (dataKey, aad) => inner.wrap(kept(dataKey), aad)
  const unwrap: MasterKey['unwrap'] = async (wrapped, aad) => kept(await inner.unwrap(wrapped, aad))
  return { key: { ...inner, wrap, unwrap }, dataKeys }
}

describe('an envelope', () => {
  it('leaves no data key behind in memory: sealed, opened, refused or wrapped anew', async () => {
    const [first, second] = [watched(1), watched(2)]
    const sealed = await sealEnvelope(new KeyRing(first.key), HERE, SECRET)
    const ring = new KeyRing(second.key, [first.key])
    assert.deepEqual(Buffer.from(await openEnvelope(ring, HERE, sealed)), SECRET)
    const altered = { ...sealed, ciphertext: Uint8Array.from(sealed.ciphertext).fill(0, 0, 1) }
    await assert.rejects(openEnvelope(ring, HERE, altered), VaultError)
    const again = await rewrapEnvelope(ring, HERE, sealed)
    assert.equal(again.masterKeyId, second.key.id)
    assert.deepEqual(Buffer.from(await openEnvelope(ring, HERE, { ...sealed, ...again })), SECRET)
    const all = [...first.dataKeys, ...second.dataKeys]
    assert.equal(all.length, 6)
    for (const dataKey of all) assert.deepEqual(Buffer.from(dataKey), Buffer.alloc(32))
  })

  it('has a data key of its own, also for the same content in the same place', async () => {
    const ring = new KeyRing(master(1))
    const [one, other] = [await sealEnvelope(ring, HERE, SECRET), await sealEnvelope(ring, HERE, SECRET)]
    assert.notDeepEqual(Buffer.from(one.ciphertext), Buffer.from(other.ciphertext))
    const mixed = openEnvelope(ring, HERE, { ...one, dataKeyWrapped: other.dataKeyWrapped })
    await assert.rejects(mixed, { name: 'VaultError', code: 'corrupt' })
  })

  it('names a master key that nobody gave, and what a token says of itself is not called altered', async () => {
    const sealed = await sealEnvelope(new KeyRing(master(1)), HERE, SECRET)
    await assert.rejects(openEnvelope(new KeyRing(master(2)), HERE, sealed), {
      code: 'master-key-unknown',
      message: new RegExp(sealed.masterKeyId),
    })
    const key = master(1)
    await key.close()
    await assert.rejects(openEnvelope(new KeyRing(key), HERE, sealed), { code: 'master-key', message: /closed/ })
  })

  it('is made under keys of 32 bytes only, whose bytes are gone from where they came', () => {
    for (const length of [0, 16, 31, 33, 64])
      assert.throws(() => softwareMasterKey(new Uint8Array(length), 'file'), {
        code: 'master-key',
        message: /32 bytes/,
      })
    const bytes = new Uint8Array(32).fill(7)
    softwareMasterKey(bytes, 'file')
    assert.deepEqual(bytes, new Uint8Array(32))
  })
})
