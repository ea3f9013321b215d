import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Database, Sql } from '../../src/index.ts'
import { attested, brokerOver, furnish, later, newDatabase, sharedWorld, teeKeys, worldVerifier } from './kit.ts'

test('looks find the results that are good still by an index, and read none of all that ever were', async (t) => {
  const db = await newDatabase(t)
  const asked = new Map<string, Parameters<Sql['all']>[1]>()
  const note = (sql: Sql): void => {
    for (const name of ['all', 'run'] as const) {
      const real = sql[name].bind(sql)
      t.mock.method(sql, name, (text: string, params: Parameters<Sql['all']>[1]) => {
        asked.set(text, params)
        return real(text, params)
      })
    }
  }
  const transaction: Database['transaction'] = db.transaction.bind(db)
  t.mock.method(db, 'transaction', (work: (sql: Sql) => Promise<unknown>) =>
    transaction((sql) => {
      note(sql)
      return work(sql)
    }),
  )
  const world = sharedWorld()
  const broker = await brokerOver(db, await worldVerifier(t, world))
  const at = new Date()
  await furnish(broker, 'default', at)
  await attested(broker, world.nitro(), { namespace: 'default', at, keys: teeKeys() })
  note(db)
  asked.clear()
  for (const kind of ['collateral', 'endorsements'] as const)
    await broker.reappraiseAll('default', { kind }, later(at, 1))
  const ofResults = [...asked].filter(([text]) => /\bexpires >= \? AND revoked IS NULL/.test(text))
  assert.equal(ofResults.length, 2, [...asked.keys()].join('\n'))
  for (const [text, params] of ofResults) {
    const plan = await db.all<{ detail: string }>(`EXPLAIN QUERY PLAN ${text}`, params)
    assert.match(plan[0]?.detail ?? '', /USING INDEX appraisals_good/, text)
  }
})
