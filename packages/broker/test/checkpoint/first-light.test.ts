import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DATABASES, MACHINES } from './everywhere.ts'
import {
  attested,
  brokerOver,
  decrypt,
  furnish,
  RESOURCE,
  referenceOf,
  SECRET,
  sharedWorld,
  teeKeys,
  worldVerifier,
} from './kit.ts'

for (const [where, skip, open] of DATABASES)
  for (const [name, start] of MACHINES)
    test(`${where}, ${name}: challenged, attested, released, with lease, receipt and leaf`, { skip }, async (t) => {
      const at = new Date()
      const verifier = await worldVerifier(t, sharedWorld(), { arm: sharedWorld().arm.endorsements() })
      const broker = await brokerOver(await open(t), verifier)
      const machine = start()
      await furnish(broker, 'default', at)
      await broker.admin.putReference('default', referenceOf(verifier, machine, 'mine'), { actor: 'tester', at })
      const keys = teeKeys()
      const { session, outcome } = await attested(broker, machine, { namespace: 'default', at, keys })
      if (outcome.refusal?.id !== undefined)
        t.diagnostic(JSON.stringify(await broker.why('default', outcome.refusal.id), undefined, 1).slice(0, 4000))
      assert.equal(outcome.refusal, undefined)
      const released = await broker.release({ by: { session }, namespace: 'default', resource: RESOURCE, at })
      assert.ok(released.released, JSON.stringify(released))
      assert.equal(decrypt(released.released.jwe, keys.privateKey), SECRET)
      assert.equal((await broker.leaseState(released.lease.id, { at, secret: released.lease.secret }))?.state, 'live')
      const receipt = await broker.receipt('default', released.decision)
      assert.equal(receipt?.entry.outcome, 'released')
      assert.equal(receipt.entry.emulated, true)
      const again = await broker.release({
        by: { token: outcome.token ?? '' },
        namespace: 'default',
        resource: RESOURCE,
        at,
      })
      assert.ok(again.released, 'the same result opens the same door: the passport model')
    })
