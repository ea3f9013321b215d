import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { SHARED } from './everywhere.ts'
import {
  ACTOR,
  attested,
  brokerOver,
  furnish,
  PERMIT,
  RESOURCE,
  referenceOf,
  sharedWorld,
  teeKeys,
  worldVerifier,
} from './kit.ts'

const NAMESPACE = 'default'
const AT = new Date()
const BY = { actor: ACTOR, at: AT }
const ROUNDS = 6
const RELEASES = 5

for (const [name, skip, open] of SHARED)
  describe(`an advisory in one process against releases in another, ${name}`, { skip }, () => {
    it('leaves no lease that it forbids, whoever is faster', async (t) => {
      const [db, otherDb] = await open(t)
      const verifier = await worldVerifier(t, sharedWorld())
      const [one, other] = [await brokerOver(db, verifier), await brokerOver(otherDb, verifier)]
      const machine = sharedWorld().snp()
      const forbids = `forbid (principal, action, resource) when { context.tcb.advisories.contains("RACE-1") };`
      await furnish(one, NAMESPACE, AT, `${PERMIT}\n${forbids}`)
      await one.admin.putReference(NAMESPACE, referenceOf(verifier, machine, 'mine'), BY)
      const advisory = { id: 'RACE-1', vendor: 'amd', products: ['Genoa'], published: AT.toISOString() }
      for (let round = 0; round < ROUNDS; round++) {
        const sessions: string[] = []
        for (let i = 0; i < RELEASES; i++)
          sessions.push((await attested(other, machine, { namespace: NAMESPACE, at: AT, keys: teeKeys() })).session)
        const put = one.admin.putAdvisory(NAMESPACE, advisory, BY)
        const released = await Promise.all(
          sessions.map((session) =>
            other.release({ by: { session }, namespace: NAMESPACE, resource: RESOURCE, at: AT }),
          ),
        )
        const { revoked } = await put
        const leases = released.flatMap((outcome) => (outcome.refused === undefined ? [outcome.lease.id] : []))
        const states = await Promise.all(leases.map(async (id) => (await one.leaseState(id, { at: AT }))?.state))
        assert.deepEqual(states, Array(leases.length).fill('revoked'))
        assert.equal(revoked, leases.length, 'each ended for this advisory')
        for (const { refused } of released) if (refused !== undefined) assert.equal(refused.code, 'policy-deny')
        await one.admin.deleteAdvisory(NAMESPACE, advisory.id, BY)
      }
    })
  })
