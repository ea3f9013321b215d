import assert from 'node:assert/strict'
import { it } from 'node:test'
import { type Broker, type Database, openDatabase } from '../../src/index.ts'
import { onBoth } from '../storage/fixtures.ts'
import { fakeVerifier } from './fake-verifier.ts'
import { brokerOver } from './kit.ts'

const NAMESPACE = 'default'
const MANY = 4500
const REASONS = ['policy-deny', 'evidence-stale'] as const

function idOf(i: number): string {
  return `dec_${i.toString(36).padStart(26, '0')}`
}

/** A namespace with many decisions; every thousandth is of another workload, and the oldest is a refusal of its own. */
async function filled(db: Database): Promise<Broker> {
  const broker = await brokerOver(db, fakeVerifier)
  const values = Array(21).fill('?').join(', ')
  await db.transaction(async (sql) => {
    for (const [id, measurement] of [
      ['apr_common', 'a1'],
      ['apr_rare', 'b2'],
    ] as const)
      await sql.run(
        `INSERT INTO appraisals (id, namespace, at, session, evidence_sha256, verdict_sha256, collateral_sha256, tee, product,
         hardware_id, tcb_status, advisories, outcome, status, emulated, context, tee_key, reference_set, vendor, expires,
         body) VALUES (${values})`,
        [
          ...[id, NAMESPACE, 0, null, '', id, null, 'snp', null, null, null, '[]', 'verified', 'affirming', 0],
          ...[JSON.stringify({ tee: 'snp', measurement, tcb: { advisories: [] } }), null, null, 'amd', 0, '{}'],
        ],
      )
  })
  for (let first = 0; first < MANY; first += 500)
    await db.transaction(async (sql) => {
      for (let i = first; i < first + 500; i++) {
        const reason = i === 0 ? 'nonce-mismatch' : (REASONS[i % 4] ?? null)
        const appraisal = i % 1000 === 7 ? 'apr_rare' : 'apr_common'
        await sql.run(
          `INSERT INTO decisions (id, namespace, at, kind, outcome, resource, appraisal, policy_version, reason_code, body,
           leaf_index) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
          [
            ...[idOf(i), NAMESPACE, i, 'attest', reason === null ? 'attested' : 'refused', null, appraisal],
            ...[null, reason, '{}', i],
          ],
        )
      }
    })
  return broker
}

onBoth('a search through many decisions', (place) => {
  it('finds all that fit, in pages as well, and lets others have their turn', async () => {
    const db = await openDatabase(await place.create())
    const broker = await filled(db)
    let turns = 0
    let searching = true
    const turn = (): void => {
      turns++
      if (searching) setImmediate(turn)
    }
    setImmediate(turn)
    const none = await broker.decisions(NAMESPACE, { workload: 'ff' })
    searching = false
    assert.deepEqual(none, [])
    assert.ok(turns >= 2, `others had ${turns} turns`)

    const rare = [4007, 3007, 2007, 1007, 7].map(idOf)
    assert.deepEqual(
      (await broker.decisions(NAMESPACE, { workload: 'b2' })).map(({ id }) => id),
      rare,
    )
    const first = await broker.decisions(NAMESPACE, { workload: 'b2', limit: 2 })
    const rest = await broker.decisions(NAMESPACE, { workload: 'b2', after: first.at(-1)?.id ?? '', limit: 2 })
    assert.deepEqual(
      [...first, ...rest].map(({ id }) => id),
      rare.slice(0, 4),
    )
    assert.deepEqual(
      (await broker.decisions(NAMESPACE, { reason: 'nonce-mismatch' })).map(({ id }) => id),
      [idOf(0)],
    )
    assert.equal((await broker.decisions(NAMESPACE, { outcome: 'refused', limit: 1000 })).length, 1000)
    assert.equal((await broker.decisions('other', { outcome: 'refused' })).length, 0)

    const { groups, counted, more } = await broker.refusals(NAMESPACE, {})
    assert.deepEqual(
      groups.map(({ reason, count, latest }) => [reason, count, latest]),
      [
        ['evidence-stale', 1125, idOf(4497)],
        ['policy-deny', 1124, idOf(4496)],
        ['nonce-mismatch', 1, idOf(0)],
      ],
    )
    assert.deepEqual([counted, more], [2250, false])
    assert.equal((await broker.refusals(NAMESPACE, { workload: 'b2' })).counted, 0)
    await db.close()
  })
})
