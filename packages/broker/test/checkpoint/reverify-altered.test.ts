import assert from 'node:assert/strict'
import { after, afterEach, before, describe, it, test } from 'node:test'
import { type Database, type Log, openLog, serverKeys } from '../../src/index.ts'
import { encodeEntry, readEntry } from '../../src/log/entry.ts'
import { type Closing, MASTER, newDatabase, sharedWorld } from './kit.ts'
import { again, NS, type Story, told as saidOf, stepOf, story } from './reverify-kit.ts'

type Which = keyof Story['ids']

interface Target {
  readonly id: string
  readonly appraisal: string
  /** An appraisal that the decision does not rest on. */
  readonly other: string
}

const decision =
  (set: string) =>
  ({ id }: Target): string =>
    `UPDATE decisions SET ${set} WHERE id = '${id}'`
const appraisal =
  (set: string) =>
  ({ appraisal: id }: Target): string =>
    `UPDATE appraisals SET ${set} WHERE id = '${id}'`
const inBody = (was: string, is: string): string => `body = replace(body, '${was}', '${is}')`

/** Whoever can write to the database makes a decision another one for its owner. */
const ALTERED: readonly (readonly [string, Which, (target: Target) => string])[] = [
  ['its resource is taken away', 'released', decision('resource = NULL')],
  ['its policy is taken away', 'released', decision('policy_version = NULL')],
  ['the policy of a refusal is taken away', 'denied', decision('policy_version = NULL')],
  ['another version of the policy', 'attested', decision('policy_version = 2')],
  ['its code is taken away', 'denied', decision('reason_code = NULL')],
  ['its evidence is taken away', 'released', decision('appraisal = NULL')],
  ['its emulated mark is taken away', 'released', decision(inBody('"emulated":true', '"emulated":false'))],
  ['another lease', 'released', decision(inBody('"lease":"lse_', '"lease":"lse_0'))],
  ['another actor', 'changed', decision(inBody('"actor":"tester"', '"actor":"eve"'))],
  ['other details of an act', 'changed', decision(inBody('"version":2', '"version":1'))],
  ['another version of the secret', 'released', decision(inBody('"version":1', '"version":7'))],
  ['other reasons', 'denied', decision(inBody('forbids it', 'would permit it'))],
  [
    'a context of the policy',
    'denied',
    decision(inBody('{"reasons"', '{"context":{"measurement":"","verdict":{},"tcb":{"advisories":[]}},"reasons"')),
  ],
  ['another summary', 'attested', decision(inBody('"summary":"', '"summary":"No '))],
  [
    'evidence of somebody else for the end of a lease',
    'revoked',
    ({ id, other }) => `UPDATE decisions SET appraisal = '${other}' WHERE id = '${id}'`,
  ],
  [
    'evidence for a refusal that judged none',
    'unjudged',
    ({ id, other }) => `UPDATE decisions SET appraisal = '${other}' WHERE id = '${id}'`,
  ],
  [
    'what the policy is shown',
    'released',
    appraisal(`context = replace(context, '"isolation":"vm"', '"isolation":"process"')`),
  ],
  ['the time of judging', 'released', appraisal('at = at + 1')],
  ['the key of the workload', 'released', appraisal('tee_key = NULL')],
  ['the reference set that was met', 'released', appraisal(inBody('"reference":"mine"', '"reference":"yours"'))],
  [
    'a wider expectation, under a set that is gone',
    'released',
    appraisal(
      `body = replace(replace(body, '"measurement":["', '"measurement":["${'ab'.repeat(48)}","'), '"reference":"', '"reference":"x')`,
    ),
  ],
  ['a body that is no JSON', 'released', appraisal(`body = '{'`)],
  ['grounds that are none', 'released', appraisal(`body = '{"grounds":[null]}'`)],
  ['details that are no JSON', 'released', decision(`body = '{'`)],
  [
    'a leaf that is no JSON',
    'released',
    ({ id }) =>
      `UPDATE log_leaves SET entry = CAST('{' AS BLOB) WHERE idx = (SELECT leaf_index FROM decisions WHERE id = '${id}')`,
  ],
  [
    'the stored verdict',
    'released',
    ({ appraisal: id }) =>
      `UPDATE verdicts SET body = '{}' WHERE sha256 = (SELECT verdict_sha256 FROM appraisals WHERE id = '${id}')`,
  ],
  ['hashes of the log', 'released', () => 'DELETE FROM log_nodes WHERE level = 2 AND idx = 0'],
  ['the head of the log', 'released', () => 'UPDATE log_head SET size = size + 1'],
  ['another leaf', 'released', decision('leaf_index = 1')],
  ['no leaf', 'released', decision('leaf_index = NULL')],
]

/** Tables that somebody alters; what they held is put back after each. */
const TABLES = ['appraisals', 'decisions', 'log_head', 'log_leaves', 'log_nodes', 'verdicts'] as const

describe('of a database that somebody altered,', () => {
  let db: Database
  let told: Story
  const closing: (() => unknown)[] = []
  const t: Closing = { after: (work) => closing.unshift(work) }
  after(async () => {
    for (const work of closing) await work()
  })
  before(async () => {
    db = await newDatabase(t)
    told = await story(t, db, sharedWorld().snp())
    await db.transaction(async (tx) => {
      for (const table of TABLES) await tx.run(`CREATE TABLE kept_${table} AS SELECT * FROM ${table}`)
    })
  })
  afterEach(() =>
    db.transaction(async (tx) => {
      for (const table of TABLES) {
        await tx.run(`DELETE FROM ${table}`)
        await tx.run(`INSERT INTO ${table} SELECT * FROM kept_${table}`)
      }
    }),
  )

  for (const [what, which, sql] of ALTERED)
    it(`${what}: the ${which} decision is not confirmed`, async () => {
      const { broker, ids } = told
      const id = ids[which]
      assert.equal((await again(broker, id)).result, which === 'unjudged' ? 'incomplete' : 'confirmed')
      const appraisalOf = async (one: string): Promise<string> =>
        (await broker.recordedEvidence(NS, one))?.appraisal ?? ''
      const target = { id, appraisal: await appraisalOf(id), other: await appraisalOf(ids.attested) }
      assert.equal(await db.transaction((tx) => tx.run(sql(target))), 1)
      const found = await again(broker, id)
      assert.equal(found.result, 'differs', saidOf(found))
    })
})

/** A log as a former version wrote it: leaves named neither the details nor the appraisal. */
async function formerLog(db: Database): Promise<Log> {
  const { logKey } = await serverKeys(db, MASTER())
  const log = await openLog(db, { origin: 'checkpoint.example/log', signingKey: logKey })
  return {
    append: (sql, bytes) => {
      const {
        appraisalSha256: _appraisal,
        detailsSha256: _details,
        ...entry
      } = readEntry(JSON.parse(Buffer.from(bytes).toString()))
      return log.append(sql, encodeEntry(entry))
    },
    checkpoint: () => log.checkpoint(),
    inclusion: (index, size) => log.inclusion(index, size),
    consistency: (first, second) => log.consistency(first, second),
    tile: (level, index, width) => log.tile(level, index, width),
    entries: (from, count) => log.entries(from, count),
    size: () => log.size(),
    verifierKey: log.verifierKey,
  }
}

test('decisions whose leaves a former version wrote are neither confirmed nor called altered', async (t) => {
  const db = await newDatabase(t)
  const { broker, ids } = await story(t, db, sharedWorld().snp(), { log: await formerLog(db) })
  for (const id of Object.values(ids)) {
    const found = await again(broker, id)
    assert.equal(found.result, 'incomplete', saidOf(found))
    assert.match(stepOf(found, 'log'), /of a former version: it names neither the details nor what was expected/)
  }
  const appraisalOf = (await broker.recordedEvidence(NS, ids.released))?.appraisal
  const widened = `body = replace(body, '"measurement":["', '"measurement":["${'ab'.repeat(48)}","')`
  await db.transaction((tx) => tx.run(`UPDATE appraisals SET ${widened} WHERE id = ?`, [appraisalOf ?? '']))
  const found = await again(broker, ids.released)
  assert.match(stepOf(found, 'verdict'), /in other words; the log does not prove what was expected/, saidOf(found))
  assert.equal(found.steps.find(({ step }) => step === 'verdict')?.outcome, 'unknown')
})
