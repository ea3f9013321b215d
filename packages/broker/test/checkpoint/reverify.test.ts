import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createWorld } from '@sekisho/emulator'
import { keptRsaKeys } from '@sekisho/emulator/kit'
import { openVerifier, type ReverifiedStepName } from '../../src/index.ts'
import { DATABASES, MACHINES } from './everywhere.ts'
import { ACTOR, brokerOver, later, newDatabase, sharedWorld, worldVerifier } from './kit.ts'
import { again, NS, stepOf, story, told } from './reverify-kit.ts'

for (const [where, skip, open] of DATABASES)
  for (const [name, start] of MACHINES)
    test(`${where}, ${name}: each recorded decision is confirmed as of its time`, { skip }, async (t) => {
      const { broker, ids } = await story(t, await open(t), start())
      for (const which of ['attested', 'released', 'renewed', 'denied', 'revoked', 'unknown'] as const) {
        const found = await again(broker, ids[which])
        assert.equal(found.result, 'confirmed', `${which}:\n${told(found)}`)
        assert.match(stepOf(found, 'verdict'), /the verdict is the recorded one/, which)
        assert.equal(found.verdict?.outcome === 'verified', which !== 'unknown', which)
      }
      for (const [which, answer] of [
        ['released', 'permits'],
        ['renewed', 'permits'],
        ['denied', 'refuses'],
        ['revoked', 'refuses'],
      ] as const)
        assert.match(
          stepOf(await again(broker, ids[which]), 'policy'),
          new RegExp(`asked again, version .* ${answer} it`),
        )
      const admin = await again(broker, ids.changed)
      assert.deepEqual([admin.result, admin.steps.map(({ step }) => step)], ['confirmed', ['log']])
    })

test('what changed since does not count: revoked machines, other reference values, later times', async (t) => {
  const world = createWorld({ products: ['Genoa'], rsaKey: keptRsaKeys() })
  const machine = world.snp()
  const { broker, at, ids } = await story(t, await newDatabase(t), machine, { world })
  world.amd.revoke({ product: 'Genoa', part: 'ask' })
  await broker.reappraiseAll(NS, { kind: 'collateral' }, later(at, 60))
  await broker.admin.deleteReference(NS, 'mine', { actor: ACTOR, at: later(at, 61) })
  const found = await again(broker, ids.released)
  assert.equal(found.result, 'confirmed', told(found))
  assert.equal(found.judgedAt?.getTime(), at.getTime())
  assert.match(stepOf(found, 'expectations'), /the reference set mine is another now, or gone/)
})

const ALTERED: readonly (readonly [string, ReverifiedStepName, string, RegExp])[] = [
  [
    'evidence',
    'evidence',
    "UPDATE evidence SET bytes = x'00' WHERE sha256 = (SELECT evidence_sha256 FROM appraisals WHERE id = ?)",
    /another digest/,
  ],
  [
    'endorsements',
    'collateral',
    "UPDATE evidence SET bytes = x'00' WHERE sha256 = (SELECT collateral_sha256 FROM appraisals WHERE id = ?)",
    /endorsements of cpu-0.*another digest/,
  ],
  [
    'what was expected',
    'verdict',
    `UPDATE appraisals SET body = replace(body, '"expect":{', '"expect":{"hostData":["${'ab'.repeat(32)}"],') WHERE id = ?`,
    /the evidence is refused: reference-mismatch/,
  ],
  [
    'the digest of the verdict',
    'log',
    `UPDATE appraisals SET verdict_sha256 = '${'00'.repeat(32)}' WHERE id = ?`,
    /another verdictSha256/,
  ],
  [
    'the outcome',
    'log',
    `UPDATE decisions SET outcome = 'refused' WHERE kind = 'release' AND appraisal = ?`,
    /another outcome/,
  ],
  [
    'the policy',
    'policy',
    `UPDATE policy_versions SET text = text || ' ' WHERE 1 = 1 OR note = ?`,
    /another digest than the log/,
  ],
  [
    'the leaf',
    'log',
    `UPDATE log_leaves SET entry = replace(CAST(entry AS TEXT), 'released', 'refused') WHERE CAST(entry AS TEXT) LIKE '%released%' OR idx = ?`,
    /proves nothing|another/,
  ],
]

for (const [what, step, sql, expected] of ALTERED)
  test(`a database in which somebody altered ${what} is found out`, async (t) => {
    const db = await newDatabase(t)
    const { broker, ids } = await story(t, db, sharedWorld().snp())
    const before = await broker.recordedEvidence(NS, ids.released)
    await db.transaction((tx) => tx.run(sql, [before?.appraisal ?? '']))
    // Another process: nothing of the old one is remembered.
    const other = await brokerOver(db, await worldVerifier(t, sharedWorld()))
    const found = await again(other, ids.released)
    assert.equal(found.result, 'differs', told(found))
    assert.match(stepOf(found, step), expected, told(found))
  })

test('what is not kept any more is said to be unknown, and never confirmed', async (t) => {
  const db = await newDatabase(t)
  const { broker, ids } = await story(t, db, sharedWorld().snp())
  await db.transaction((tx) => tx.run('DELETE FROM refused_evidence WHERE length(bytes) = 1184'))
  const refused = await again(broker, ids.unknown)
  assert.equal(refused.result, 'incomplete', told(refused))
  assert.match(stepOf(refused, 'evidence'), /evidence of cpu-0: the bytes are not kept, only their digest/)
  assert.equal(refused.verdict, undefined)
  await db.transaction((tx) => tx.run(`DELETE FROM appraisals WHERE outcome <> 'verified'`))
  const other = await brokerOver(db, await worldVerifier(t, sharedWorld()))
  assert.match(stepOf(await again(other, ids.unknown), 'evidence'), /not kept any more: retention/)
})

test('what rests on roots that are not trusted any more is neither confirmed nor called altered', async (t) => {
  const db = await newDatabase(t)
  const { ids } = await story(t, db, sharedWorld().sgx())
  const strange = createWorld({ products: [] })
  for (const other of [
    await brokerOver(db, openVerifier({}), { production: true }),
    await brokerOver(db, await worldVerifier(t, strange)),
  ])
    for (const which of ['attested', 'released', 'renewed', 'denied', 'revoked', 'unknown'] as const) {
      const found = await again(other, ids[which])
      assert.equal(found.result, 'incomplete', `${which}: ${told(found)}`)
      assert.match(stepOf(found, 'verdict'), /rests on a root that this checkpoint does not trust now: /)
    }
})

test('decisions of another namespace are not verified again, nor is their evidence given', async (t) => {
  const { broker, at, ids } = await story(t, await newDatabase(t), sharedWorld().snp())
  await broker.admin.createNamespace('other', { actor: ACTOR, at })
  for (const id of [ids.released, 'dec_00000000000000000000000000', 'no id'])
    assert.deepEqual(
      [await broker.reverify('other', id), await broker.recordedEvidence('other', id)],
      [undefined, undefined],
    )
})

test('the evidence of a decision is given out byte for byte, with what it was judged by', async (t) => {
  const { broker, at, ids } = await story(t, await newDatabase(t), sharedWorld().snp())
  const found = await broker.recordedEvidence(NS, ids.released)
  assert.equal(found?.judgedAt.getTime(), at.getTime())
  const [piece] = found.pieces
  assert.deepEqual(
    [piece?.name, piece?.tee, piece?.reference, piece?.evidence.bytes?.length],
    ['cpu-0', 'snp', 'mine', 1184],
  )
  const verifier = await worldVerifier(t, sharedWorld())
  const received = verifier.recognise(piece?.evidence.bytes)
  const { verdict } = await verifier.verify(received, {
    expect: piece?.expect ?? {},
    at: found.judgedAt,
    kept: piece?.collateral.bytes ?? new Uint8Array(),
  })
  assert.equal(verdict.outcome, 'verified', verdict.summary)
  assert.deepEqual((await broker.recordedEvidence(NS, ids.changed))?.pieces, [])
})
