import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { it } from 'node:test'
import { canonicalJson } from '@sekisho/evidence'
import { type Broker, type Database, openDatabase } from '../../src/index.ts'
import { onBoth } from '../storage/fixtures.ts'
import { fakeVerifier } from './fake-verifier.ts'
import { brokerOver, later, RESOURCE } from './kit.ts'
import { AT, count, DAY, furnished, NAMESPACE, type Scene } from './retention-kit.ts'

const RETENTION = { refusedDays: 1 }
const WITHOUT_TEMPLATE = `verdicts v WHERE template IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM verdict_templates t WHERE t.sha256 = v.template)`
const WITHOUT_VERDICT = `verdict_templates t WHERE NOT EXISTS (SELECT 1 FROM verdicts v WHERE v.template = t.sha256)`

/** One that attests, and one that forgets: two processes where there can be two. */
interface Both extends Scene {
  readonly forgetting: Broker
  close(): Promise<void>
}

onBoth('templates of verdicts', (place) => {
  const opened = async (): Promise<Both> => {
    const location = await place.create()
    const db = await openDatabase(location)
    const other: Database = place.kind === 'postgres' ? await openDatabase(location) : db
    const close = async (): Promise<void> => {
      await db.close()
      await other.close()
    }
    const scene = await furnished(db, RETENTION)
    return { ...scene, forgetting: await brokerOver(other, fakeVerifier, { retention: RETENTION }), close }
  }

  it('go with the last verdict that they were for, and come again with the next, whichever process forgot them', async () => {
    const { db, broker, attest, forgetting, close } = await opened()
    for (let i = 0; i < 4; i++) await attest({ good: true, at: later(AT, i) })
    assert.ok((await count(db, 'verdict_templates')) > 0)
    await forgetting.tick(later(AT, DAY))
    assert.equal(await count(db, 'verdicts'), 4, 'not before their time')
    await forgetting.tick(later(AT, DAY + 4))
    assert.equal(await count(db, 'verdicts'), 0)
    assert.equal(await count(db, 'verdict_templates'), 0)

    // The one that attests believes its template stored.
    const at = later(AT, DAY + 5)
    const { decision = '', session } = await attest({ good: true, at })
    await attest({ good: true, at })
    assert.equal(await count(db, 'verdict_templates'), 1)
    const granted = await broker.release({ by: { session }, namespace: NAMESPACE, resource: RESOURCE, at })
    assert.ok(granted.released)
    await forgetting.tick(later(at, DAY + 1))
    assert.equal(await count(db, 'verdicts'), 1, 'the one that a secret was released on')
    assert.equal(await count(db, 'verdict_templates'), 1)
    const { verdict } = (await forgetting.why(NAMESPACE, decision)) ?? {}
    const digest = createHash('sha256').update(canonicalJson(verdict)).digest('hex')
    assert.equal((await forgetting.receipt(NAMESPACE, decision))?.entry.verdictSha256, digest)
    await close()
  })

  it('are there for every verdict, and for no other, while one process attests and another forgets', async () => {
    const { db, attest, forgetting, close } = await opened()
    let at = AT
    for (let round = 0; round < 12; round++) {
      const next = later(at, DAY + 30)
      const work = [attest({ good: true, at }), attest({ good: true, at }), attest({ good: true, at: next })] as const
      const [, , { decision = '' }] = await Promise.all([...work, forgetting.tick(next)])
      assert.equal((await forgetting.why(NAMESPACE, decision))?.verdict?.outcome, 'verified', `round ${round}`)
      assert.equal(await count(db, WITHOUT_TEMPLATE), 0, `round ${round}`)
      at = later(next, DAY + 30)
    }
    await forgetting.tick(at)
    assert.equal(await count(db, WITHOUT_TEMPLATE), 0)
    assert.equal(await count(db, WITHOUT_VERDICT), 0)
    await close()
  })
})
