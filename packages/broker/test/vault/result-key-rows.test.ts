import assert from 'node:assert/strict'
import { createPublicKey, verify } from 'node:crypto'
import { describe, it } from 'node:test'
import { calculateJwkThumbprint } from 'jose'
import { ResultKeys } from '../../src/checkpoint/result-keys.ts'
import { VaultError } from '../../src/vault/errors.ts'
import {
  kidOf,
  newResultKey,
  openPrivate,
  openRetired,
  type ResultKeyRow,
  readResultKeys,
  resultKeyOf,
  sealRetired,
} from '../../src/vault/result-key-rows.ts'
import { openVault } from '../../src/vault/vault.ts'
import { master, opened } from './kit.ts'

const corrupt = (error: unknown): boolean => error instanceof VaultError && error.code === 'corrupt'

describe('keys of attestation results, at rest', () => {
  it('sign with ES256, r and s raw, under the thumbprint of the key', async (t) => {
    const { db, vault } = await opened(t)
    const { signer } = await ResultKeys.open(db, vault.ring)
    assert.deepEqual(Object.keys(signer.jwk).sort(), ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'])
    assert.deepEqual([signer.jwk['alg'], signer.jwk['crv'], signer.jwk['kid']], ['ES256', 'P-256', signer.kid])
    assert.equal(signer.kid, await calculateJwkThumbprint(signer.jwk as Parameters<typeof calculateJwkThumbprint>[0]))
    const data = Buffer.from('header.payload')
    const signature = await signer.sign(data)
    assert.equal(signature.length, 64)
    const key = createPublicKey({ key: { ...signer.jwk }, format: 'jwk' })
    assert.ok(verify('sha256', data, { key, dsaEncoding: 'ieee-p1363' }, signature))
  })

  it('have ids that no command line takes for options', () => {
    const ids = Array.from({ length: 300 }, () => kidOf(resultKeyOf(newResultKey())))
    for (const id of ids) assert.match(id, /^\w[\w-]{42}$/)
  })

  it('are made once: one that signs, and the next one', async (t) => {
    const { db, vault } = await opened(t)
    const [first, second] = [await ResultKeys.open(db, vault.ring), await ResultKeys.open(db, vault.ring)]
    assert.equal(second.signer.kid, first.signer.kid)
    const rows = await readResultKeys(db)
    assert.deepEqual(
      rows.map(({ state }) => state),
      ['current', 'next'],
    )
    assert.notEqual(rows[0]?.kid, rows[1]?.kid)
  })

  it("do not open under another master key, in each other's place, altered, or as what they are not", async (t) => {
    const { db, vault } = await opened(t)
    const { ring } = vault
    await ResultKeys.open(db, ring)
    const [current, next] = await readResultKeys(db)
    assert.ok(current && next)
    await assert.rejects(openVault(db, { master: master(2) }), /master key/)
    const private1 = await openPrivate(ring, current)
    const retired: ResultKeyRow = { ...current, state: 'retired', sealed: await sealRetired(ring, private1, 12_345) }
    assert.equal((await openRetired(ring, retired)).until, 12_345)
    for (const sealed of [next.sealed, retired.sealed, null, '', '{}', '[]'])
      await assert.rejects(openPrivate(ring, { ...current, sealed }), corrupt)
    // Whoever can write the database has no key of theirs counted, nor one counted for longer.
    for (const sealed of [current.sealed, next.sealed])
      await assert.rejects(openRetired(ring, { ...retired, sealed }), corrupt)
    await assert.rejects(openRetired(ring, { ...retired, kid: next.kid }), corrupt)
  })

  it('one row of each kind is the most that signs, or is next', async (t) => {
    const { db, vault } = await opened(t)
    await ResultKeys.open(db, vault.ring)
    for (const state of ['current', 'next'])
      await assert.rejects(
        db.run(`INSERT INTO result_keys (kid, state, created) VALUES ('x', ?, 1)`, [state]),
        /unique|constraint/i,
      )
  })
})
