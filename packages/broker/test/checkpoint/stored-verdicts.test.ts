import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import type { Attested } from '@sekisho/emulator'
import { canonicalJson } from '@sekisho/evidence'
import { DATABASES, MACHINES } from './everywhere.ts'
import {
  attested,
  brokerOver,
  furnish,
  type Machine,
  newDatabase,
  referenceOf,
  sharedWorld,
  teeKeys,
  worldVerifier,
} from './kit.ts'

const TIMES = 5

for (const [where, skip, open] of DATABASES)
  for (const [name, start] of MACHINES)
    test(`${where}, ${name}: verdicts that are stored as differences are, byte for byte, those whose digests are logged`, {
      skip,
    }, async (t) => {
      const at = new Date()
      const verifier = await worldVerifier(t, sharedWorld(), { arm: sharedWorld().arm.endorsements() })
      const db = await open(t)
      const broker = await brokerOver(db, verifier)
      const machine = start()
      await furnish(broker, 'default', at)
      await broker.admin.putReference('default', referenceOf(verifier, machine, 'mine'), { actor: 'tester', at })
      const keys = teeKeys()
      const decisions: string[] = []
      for (let i = 0; i < TIMES; i++) {
        const { outcome } = await attested(broker, machine, { namespace: 'default', at, keys })
        assert.equal(outcome.refusal, undefined)
        decisions.push(outcome.decision ?? '')
      }
      const rows = await db.all<{ body: string; template: string | null }>('SELECT body, template FROM verdicts')
      assert.equal(rows.length, TIMES)
      assert.equal(rows.filter(({ template }) => template === null).length, 1, 'the first is whole')
      for (const { body, template } of rows) assert.ok(template === null || body.length < 4000, body)
      const templates = await db.all('SELECT sha256 FROM verdict_templates')
      assert.ok(templates.length >= 1 && templates.length < TIMES)

      // A broker that knows nothing of how they were written reads them.
      const other = await brokerOver(db, verifier)
      for (const decision of decisions) {
        const explained = await other.why('default', decision)
        const receipt = await other.receipt('default', decision)
        const digest = createHash('sha256').update(canonicalJson(explained?.verdict)).digest('hex')
        assert.equal(receipt?.entry.verdictSha256, digest)
      }
      const last = decisions.at(-1) ?? ''
      await db.run(`UPDATE verdict_templates SET body = REPLACE(body, '"pass', '"fail')`)
      await db.run(`UPDATE verdict_templates SET body = REPLACE(body, 'pass\\"', 'fail\\"')`)
      await assert.rejects(other.why('default', last), { code: 'corrupt' })
      await db.run('DELETE FROM verdict_templates')
      await assert.rejects(other.why('default', last), { code: 'corrupt' })
    })

test('verdicts of a time when all were stored whole are read as before, and damaged ones are not', async (t) => {
  const at = new Date()
  const db = await newDatabase(t)
  const verifier = await worldVerifier(t, sharedWorld())
  const broker = await brokerOver(db, verifier)
  const machine = sharedWorld().snp()
  await furnish(broker, 'default', at)
  await broker.admin.putReference('default', referenceOf(verifier, machine, 'mine'), { actor: 'tester', at })
  const { outcome } = await attested(broker, machine, { namespace: 'default', at, keys: teeKeys() })
  const decision = outcome.decision ?? ''
  const [row] = await db.all<{ body: string; template: string | null }>('SELECT body, template FROM verdicts')
  assert.equal(row?.template, null)
  assert.equal(canonicalJson((await broker.why('default', decision))?.verdict), row.body)
  await db.run(`UPDATE verdicts SET body = REPLACE(body, 'verified', 'vErified')`)
  await assert.rejects(broker.why('default', decision), { code: 'corrupt' })
})

test('whoever sends what is refused teaches the writers of verdicts nothing: the next that passes is a difference still', async (t) => {
  const at = new Date()
  const db = await newDatabase(t)
  const verifier = await worldVerifier(t, sharedWorld())
  const broker = await brokerOver(db, verifier)
  const machine = sharedWorld().tdx()
  await furnish(broker, 'default', at)
  await broker.admin.putReference('default', referenceOf(verifier, machine, 'mine'), { actor: 'tester', at })
  const keys = teeKeys()
  const send = async (one: Machine) => (await attested(broker, one, { namespace: 'default', at, keys })).outcome
  assert.equal((await send(machine)).refusal, undefined)
  // Verdicts of a dozen shapes: another machine, one that may be looked into, and bits that fell over.
  const others = [machine, sharedWorld().tdx({ debug: true }), sharedWorld().tdx({ measurement: 'ab'.repeat(48) })]
  for (const other of others)
    for (let offset = 0; offset < 700; offset += 28) {
      const broken = (data: Uint8Array): Attested => {
        const made = other.attest(data)
        const evidence = new Uint8Array(made.evidence)
        evidence[offset] = (evidence[offset] ?? 0) ^ 1
        return { ...made, evidence }
      }
      assert.notEqual((await send({ tee: other.tee, attest: broken })).refusal, undefined)
    }
  assert.equal((await send(machine)).refusal, undefined)
  const rows = await db.all<{ template: string | null }>('SELECT template FROM verdicts')
  assert.deepEqual(rows.map(({ template }) => template === null).sort(), [false, true])
})
