import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { it } from 'node:test'
import { primaryDigest } from '../../src/checkpoint/binding.ts'
import { type AttestOutcome, type Database, openDatabase, type Verifier, verifyReceipt } from '../../src/index.ts'
import { onBoth } from '../storage/fixtures.ts'
import { type FakeEvidence, fakeVerifier } from './fake-verifier.ts'
import { ACTOR, brokerOver, later, RESOURCE } from './kit.ts'
import { AT, count, DAY, furnished, GOOD, KEY, NAMESPACE } from './retention-kit.ts'

const MIB = 1024 * 1024

function refusalOf({ refusal }: AttestOutcome): string {
  assert.equal(refusal?.code, 'reference-mismatch')
  return refusal.id ?? ''
}

const NOT_KEPT = 'the evidence was not kept: retention'

onBoth('retention', (place) => {
  const opened = async (): Promise<Database> => openDatabase(await place.create())

  it('what was refused is told whole for its time, and afterwards that it was not kept', async () => {
    const db = await opened()
    const { broker, attest } = await furnished(db, { refusedDays: 7 })
    const decision = refusalOf(await attest())
    assert.equal((await broker.tick(later(AT, 7 * DAY))).pruned, 0)
    const whole = await broker.why(NAMESPACE, decision)
    assert.equal(whole?.verdict?.outcome, 'rejected')
    assert.equal(whole.notKept, undefined)
    assert.ok((await broker.kept()).refusedBytes > 0)

    assert.ok((await broker.tick(later(AT, 7 * DAY + 1))).pruned > 0)
    const told = await broker.why(NAMESPACE, decision)
    assert.equal(told?.verdict, undefined)
    assert.equal(told?.notKept, NOT_KEPT)
    assert.ok(told?.reasons.includes(NOT_KEPT))
    assert.equal(told?.reasonCode, 'reference-mismatch', 'what was decided stays')
    assert.deepEqual(await broker.kept().then(({ refusedBytes, oldestRefused }) => ({ refusedBytes, oldestRefused })), {
      refusedBytes: 0,
      oldestRefused: undefined,
    })
    assert.equal(await count(db, 'appraisals'), 0)
    await db.close()
  })

  it('what was released, renewed and revoked keeps its evidence and its proof, whatever is refused beside', async () => {
    const db = await opened()
    const { broker, attest } = await furnished(db, { refusedDays: 0, refusedBytes: 0, eventDays: 0 })
    const { session, decision: attested } = await attest({ good: true })
    const granted = await broker.release({ by: { session }, namespace: NAMESPACE, resource: RESOURCE, at: AT })
    assert.ok(granted.released)
    assert.equal(await broker.revoke(NAMESPACE, granted.lease.id, { actor: ACTOR, at: AT }), true)
    const [revoked] = await broker.decisions(NAMESPACE, { outcome: 'revoked' })
    const refused = refusalOf(await attest())
    const much = later(AT, 1000 * DAY)
    assert.ok((await broker.tick(much)).pruned > 0)
    assert.equal((await broker.why(NAMESPACE, refused))?.notKept, NOT_KEPT)
    for (const id of [attested, granted.decision, revoked?.id]) {
      assert.ok(id !== undefined)
      assert.equal((await broker.why(NAMESPACE, id))?.verdict?.outcome, 'verified')
    }
    const [{ verifier_key: key } = { verifier_key: '' }] = await db.all<{ verifier_key: string }>(
      'SELECT verifier_key FROM log_head',
    )
    for (const id of [attested, granted.decision, revoked?.id, refused]) {
      const receipt = await broker.receipt(NAMESPACE, id ?? '')
      assert.equal(verifyReceipt(receipt, key).valid, true, 'the log is never cut')
    }
    assert.ok((await count(db, 'evidence')) > 0)
    await db.close()
  })

  it('an attestation that passed and that nothing was released on goes as well; one that was used stays, renewed or not', async () => {
    const db = await opened()
    const { broker, attest } = await furnished(db, { refusedDays: 2, eventDays: 1 })
    const [used, idle] = [await attest({ good: true }), await attest({ good: true })]
    const denied = await attest({ good: true })
    const asked = { by: { session: denied.session }, namespace: NAMESPACE, at: AT }
    const refused = await broker.release({ ...asked, resource: 'not/there/1' })
    assert.equal(refused.refused?.code, 'not-found')
    const granted = await broker.release({ ...asked, by: { session: used.session }, resource: RESOURCE })
    assert.ok(granted.released)
    const { session, nonce } = await broker.challenge({ namespace: NAMESPACE, protocol: 'native', tee: 'snp', at: AT })
    const runtimeData = { nonce, 'tee-pubkey': KEY }
    const reportData = Buffer.from(primaryDigest(runtimeData, '')).toString('hex')
    const evidence: FakeEvidence = { genuine: true, measurement: GOOD, reportData }
    const proof = { lease: granted.lease.id, leaseSecret: granted.lease.secret, session, evidence, runtimeData, at: AT }
    const renewed = await broker.renew(proof)
    assert.ok(renewed.renewed, JSON.stringify(renewed))

    await broker.tick(later(AT, 2 * DAY))
    assert.ok((await broker.why(NAMESPACE, idle.decision ?? ''))?.verdict, 'not before its time')
    await broker.tick(later(AT, 2 * DAY + 1))
    for (const decision of [idle.decision, denied.decision, refused.refused?.decision])
      assert.equal((await broker.why(NAMESPACE, decision ?? ''))?.notKept, NOT_KEPT)
    for (const decision of [used.decision, granted.decision, renewed.decision])
      assert.equal((await broker.why(NAMESPACE, decision ?? ''))?.verdict?.outcome, 'verified')
    // Evidence of both that were used, and the endorsements.
    assert.equal(await count(db, 'evidence'), 3)
    assert.equal(await count(db, 'verdicts'), 2)
    assert.equal(await count(db, 'appraisals'), 2)

    // What comes later is looked at in its turn, also when there is more of it than one pass takes.
    const at = later(AT, 3 * DAY)
    await Promise.all(Array.from({ length: 450 }, () => attest({ good: true, at })))
    assert.equal(await count(db, 'appraisals'), 452)
    await broker.tick(later(at, 2 * DAY + 1))
    assert.equal(await count(db, 'appraisals'), 2)
    await db.close()
  })

  it('what a lease rested on before its platform’s state became another stays as well', async () => {
    const db = await opened()
    let status: 'UpToDate' | 'SWHardeningNeeded' = 'UpToDate'
    const verifier: Verifier = {
      ...fakeVerifier,
      async verify(received, request) {
        const judged = await fakeVerifier.verify(received, request)
        const { verdict } = judged
        const { tcb } = verdict.claims
        return { ...judged, verdict: { ...verdict, claims: { ...verdict.claims, tcb: { ...tcb, status } } } }
      },
    }
    const { broker, attest } = await furnished(db, { refusedDays: 2 }, verifier)
    const { session } = await attest({ good: true })
    const granted = await broker.release({ by: { session }, namespace: NAMESPACE, resource: RESOURCE, at: AT })
    assert.ok(granted.released)
    const before = await broker.leaseState(granted.lease.id, { at: AT })
    status = 'SWHardeningNeeded'
    await broker.reappraiseAll(NAMESPACE, { kind: 'collateral' }, later(AT, 60))
    const after = await broker.leaseState(granted.lease.id, { at: AT })
    assert.equal(after?.state, 'live')
    assert.notEqual(after.appraisal, before?.appraisal, 'the lease rests on another appraisal now')
    await broker.tick(later(AT, 9 * DAY))
    assert.equal((await broker.why(NAMESPACE, granted.decision))?.verdict?.outcome, 'verified')
    assert.equal(await count(db, 'appraisals'), 2)
    await db.close()
  })

  it('evidence of a release stays when its lease ends while its platform is looked at again', async () => {
    const db = await opened()
    let meanwhile = async (): Promise<void> => undefined
    const verifier: Verifier = {
      ...fakeVerifier,
      async verify(received, request) {
        const judged = await fakeVerifier.verify(received, request)
        if (request.refresh !== true) return judged
        await meanwhile()
        const { verdict } = judged
        const tcb = { ...verdict.claims.tcb, status: 'SWHardeningNeeded' }
        return { ...judged, verdict: { ...verdict, claims: { ...verdict.claims, tcb } } }
      },
    }
    const { broker, attest } = await furnished(db, { refusedDays: 2 }, verifier)
    const { session } = await attest({ good: true })
    const granted = await broker.release({ by: { session }, namespace: NAMESPACE, resource: RESOURCE, at: AT })
    assert.ok(granted.released)
    meanwhile = async () => {
      await broker.revoke(NAMESPACE, granted.lease.id, { actor: ACTOR, at: later(AT, 60) })
    }
    await broker.reappraiseAll(NAMESPACE, { kind: 'collateral' }, later(AT, 60))
    const { evidence = '' } = (await broker.why(NAMESPACE, granted.decision))?.verdict ?? {}
    assert.ok(evidence !== '')
    await broker.tick(later(AT, 9 * DAY))
    const kept = await db.all('SELECT sha256 FROM evidence WHERE sha256 = ?', [evidence.sha256])
    assert.equal(kept.length, 1, 'what the secret was released on')
    await db.close()
  })

  it('evidence that was refused first and passed later is kept, although it was forgotten meanwhile', async () => {
    const db = await opened()
    const { broker, attest } = await furnished(db, { refusedDays: 1 })
    // The endorsements are the same for both: those of the refusal must not count as stored.
    await attest()
    await broker.tick(later(AT, 2 * DAY))
    const { session } = await attest({ good: true, at: later(AT, 2 * DAY) })
    const at = later(AT, 2 * DAY + 1)
    const granted = await broker.release({ by: { session }, namespace: NAMESPACE, resource: RESOURCE, at })
    assert.ok(granted.released)
    // Evidence, and the (empty) endorsements.
    assert.equal(await count(db, 'evidence'), 2)
    const { live, revoked } = await broker.reappraiseAll(NAMESPACE, { kind: 'collateral' }, at)
    assert.deepEqual({ live, revoked }, { live: 1, revoked: 0 })
    await db.close()
  })

  it('events are read again for their days', async () => {
    const db = await opened()
    const { broker } = await furnished(db, { eventDays: 3 })
    await broker.admin.putSecret(
      NAMESPACE,
      { path: RESOURCE, bytes: Buffer.from('x') },
      { actor: ACTOR, at: later(AT, DAY) },
    )
    const before = await count(db, 'events')
    await broker.tick(later(AT, 3 * DAY))
    assert.equal(await count(db, 'events'), before)
    await broker.tick(later(AT, 3 * DAY + 1))
    assert.equal(await count(db, 'events'), 1)
    await broker.tick(later(AT, 5 * DAY))
    assert.equal(await count(db, 'events'), 0)
    await db.close()
  })

  it('of two processes one forgets, and the other takes over when it is silent', async () => {
    const db = await opened()
    const { attest } = await furnished(db, { refusedDays: 1 })
    const [one, other] = [await brokerOver(db, fakeVerifier), await brokerOver(db, fakeVerifier)]
    await attest()
    await attest({ at: later(AT, 31 * DAY) })
    await attest({ at: later(AT, 31 * DAY + 10) })
    assert.ok((await one.tick(later(AT, 31 * DAY))).pruned > 0)
    assert.ok((await other.tick(later(AT, 61 * DAY + 5))).pruned > 0, 'the claim is over')
    assert.equal((await one.tick(later(AT, 61 * DAY + 15))).pruned, 0, 'the other one is at it')
    assert.ok((await one.kept()).refusedBytes > 0)
    assert.ok((await one.tick(later(AT, 61 * DAY + 35))).pruned > 0)
    assert.equal((await one.kept()).refusedBytes, 0)
    await db.close()
  })

  const attacks = place.kind === 'sqlite' ? 4_000 : 1_000
  it(`${attacks} refused attestations leave the database bounded`, { timeout: 300_000 }, async (t) => {
    const db = await opened()
    const refusedBytes = 2 * MIB
    const { broker, attest } = await furnished(db, { refusedBytes })
    // All of a round wait for the few connections of a pool, which wait for seconds only.
    const round = place.kind === 'sqlite' ? 500 : 100
    const decisions: string[] = []
    let at = AT
    for (let sent = 0; sent < attacks; sent += round) {
      const answers = await Promise.all(
        Array.from({ length: round }, () => attest({ at, padding: randomBytes(6000).toString('base64') })),
      )
      decisions.push(...answers.map(refusalOf))
      at = later(at, 60)
      await broker.tick(at)
      assert.ok((await broker.kept()).refusedBytes <= refusedBytes, 'within the bound after every pass')
    }
    const newest = refusalOf(await attest({ at }))
    // A pass does bounded work: what was sent lately takes several.
    for (let pass = 0; pass < 4; pass++) await broker.tick(later(at, 601 + pass))
    assert.equal(await count(db, 'sessions'), 0)
    assert.equal(await count(db, 'evidence'), 0)
    assert.equal(await count(db, 'verdicts'), 0)
    assert.ok((await count(db, 'appraisals')) < refusedBytes / 8000)
    assert.equal(decisions.length, attacks)
    assert.equal((await broker.why(NAMESPACE, decisions[0] ?? ''))?.notKept, NOT_KEPT)
    assert.ok((await broker.why(NAMESPACE, newest))?.verdict, 'the newest is told whole')
    if (place.kind === 'sqlite') {
      const [pages] = await db.all<{ page_count: number }>('PRAGMA page_count')
      const size = (pages?.page_count ?? 0) * 4096
      // What is left of each is the decision and its leaf; the peak is what one round adds before it is pruned.
      const each = Math.round((size - refusedBytes - round * 10_000) / attacks)
      t.diagnostic(`${attacks} refusals of 8 kB: ${size} bytes of database, ${each} for each decision and leaf`)
      assert.ok(each < 2500, `${each} bytes for each`)
    }
    await db.close()
  })
})
