import assert from 'node:assert/strict'
import type { KeyObject } from 'node:crypto'
import { join } from 'node:path'
import { after, before, describe, it, test } from 'node:test'
import { generateKey } from '@sekisho/emulator/kit'
import { canonicalJson } from '@sekisho/evidence'
import fc from 'fast-check'
import { encodeEntry, type LogEntry, readEntry } from '../../src/log/entry.ts'
import { type Log, openLog, type Receipt } from '../../src/log/log.ts'
import { makeReceipt, verifyReceipt } from '../../src/log/receipt.ts'
import { openDatabase } from '../../src/storage/database.ts'
import type { Database } from '../../src/storage/sql.ts'
import { temporaryFolder } from '../storage/fixtures.ts'

const origin = 'log.example/sekisho'
const entryOf = (i: number): LogEntry => ({
  type: 'release',
  id: `dec_${i}`,
  at: '2026-11-21T00:00:00.000Z',
  namespace: 'default',
  outcome: i % 2 === 0 ? 'released' : 'refused',
  resource: 'repo/type/tag',
  emulated: i === 3,
})

async function openLogIn(folder: string, signingKey: KeyObject): Promise<{ db: Database; log: Log }> {
  const db = await openDatabase({ folder })
  const log = await openLog(db, { origin, signingKey })
  for (let i = 0; i < 7; i++) await db.transaction((sql) => log.append(sql, encodeEntry(entryOf(i))))
  return { db, log }
}

test('the bytes of an entry are its canonical JSON', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 20 })
  const required = { type: text, id: text, at: text, namespace: text, outcome: text, emulated: fc.boolean() }
  const optional = {
    ...{ resource: text, evidenceSha256: text, verdictSha256: text, collateralSha256: text, policySha256: text },
    ...{ appraisalSha256: text, detailsSha256: text },
    ...{ referenceSet: text, reason: text, lease: text, actor: text },
  }
  const entry = fc.record(
    { ...required, ...optional },
    { requiredKeys: ['type', 'id', 'at', 'namespace', 'outcome', 'emulated'] },
  )
  fc.assert(
    fc.property(entry, (one) => {
      const bytes = Buffer.from(encodeEntry(one))
      assert.equal(bytes.toString(), canonicalJson(one))
      assert.deepEqual(readEntry(JSON.parse(bytes.toString())), { ...one })
    }),
  )
})

/** The same bytes in another text: bits that base64 leaves unused are set. */
function malleable(base64: string): string {
  const changed = base64.replace(/.=$/, (end) => `${String.fromCharCode(end.charCodeAt(0) + 1)}=`)
  assert.deepEqual(Buffer.from(changed, 'base64'), Buffer.from(base64, 'base64'))
  return changed
}

describe('receipts', () => {
  const signingKey = generateKey('Ed25519').privateKey
  let opened: { db: Database; log: Log }
  let receipt: Receipt
  before(async () => {
    opened = await openLogIn(join(temporaryFolder(), 'data'), signingKey)
    // As its reader gets it: over JSON.
    receipt = JSON.parse(JSON.stringify(await makeReceipt(opened.log, 3)))
  })
  after(async () => {
    await opened.db.close()
  })

  it('prove a logged decision, and say that it is emulated', () => {
    assert.deepEqual(verifyReceipt(receipt, opened.log.verifierKey), {
      valid: true,
      entry: entryOf(3),
      origin,
      index: 3,
      size: 7,
      emulated: true,
    })
  })

  it('exist for every decision, and for none that was not logged', async () => {
    for (let i = 0; i < 7; i++) {
      const made = await makeReceipt(opened.log, i)
      assert.equal(verifyReceipt(made, opened.log.verifierKey).valid, true)
      assert.deepEqual(made.entry, entryOf(i))
    }
    await assert.rejects(makeReceipt(opened.log, 7), RangeError)
  })

  it('are refused when anything in them was changed, and say what', () => {
    const problems: readonly (readonly [Partial<Record<keyof Receipt, unknown>>, RegExp])[] = [
      [{ entry: { ...receipt.entry, outcome: 'released' } }, /^proof: does not lead/],
      [{ entry: { ...receipt.entry, emulated: false } }, /^proof: does not lead/],
      [{ entry: { ...receipt.entry, emulated: 'no' } }, /^entry\.emulated/],
      [{ entry: { ...receipt.entry, id: undefined } }, /^entry\.id/],
      [{ entry: { ...receipt.entry, reason: 5 } }, /^entry\.reason/],
      [{ entry: { ...receipt.entry, more: 'x' } }, /^entry: a member is not known/],
      [{ entry: 'released' }, /^entry: not an object/],
      [{ index: 2 }, /^proof: does not lead/],
      [{ index: 7 }, /^proof: has not the length/],
      [{ index: -1 }, /^index/],
      [{ index: '3' }, /^index/],
      [{ size: 8 }, /^size: the checkpoint signs 7 leaves, not 8/],
      [{ proof: receipt.proof.slice(1) }, /^proof: has not the length/],
      [{ proof: [...receipt.proof].reverse() }, /^proof: does not lead/],
      [{ proof: receipt.proof.map(() => 'AAAA') }, /^proof\[0\]/],
      [{ proof: [malleable(receipt.proof[0] ?? ''), ...receipt.proof.slice(1)] }, /^proof\[0\]/],
      [{ proof: Array(100).fill(receipt.proof[0]) }, /^proof: not a list/],
      [{ proof: 'x' }, /^proof: not a list/],
      [{ checkpoint: receipt.checkpoint.replace('\n7\n', '\n8\n') }, /does not verify/],
      [{ checkpoint: 7 }, /^checkpoint/],
      [{ schema: 'urn:sekisho:receipt:v2' }, /^schema/],
    ]
    for (const [change, expected] of problems) {
      const verdict = verifyReceipt({ ...receipt, ...change }, opened.log.verifierKey)
      assert.ok(!verdict.valid, JSON.stringify(change))
      assert.match(verdict.problem, expected)
    }
  })

  it('are refused under another log’s key', async () => {
    const other = await openLogIn(join(temporaryFolder(), 'data'), generateKey('Ed25519').privateKey)
    const verdict = verifyReceipt(receipt, other.log.verifierKey)
    await other.db.close()
    assert.deepEqual(verdict.valid, false)
    assert.throws(() => verifyReceipt(receipt, 'no key'), TypeError)
  })

  it('of any shape get an answer', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json().map((text): unknown => JSON.parse(text)),
          fc.anything(),
        ),
        (input) => {
          assert.equal(verifyReceipt(input, opened.log.verifierKey).valid, false)
        },
      ),
    )
  })
})
