import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ReleaseOutcome } from '../../src/index.ts'
import { DATABASES } from './everywhere.ts'
import {
  ACTOR,
  attested,
  brokerOver,
  evidenceFor,
  furnish,
  newDatabase,
  PERMIT,
  RESOURCE,
  referenceOf,
  sharedWorld,
  teeKeys,
  worldVerifier,
} from './kit.ts'

const MODEL = Buffer.from('\x0c\x08EMULATED', 'latin1')

/** Evidence whose certificates say another model of the TPM; every text of the evidence is base64. */
function withModel(evidence: unknown, model: string): unknown {
  if (typeof evidence === 'string') {
    const bytes = Buffer.from(evidence, 'base64')
    const at = bytes.indexOf(MODEL)
    return at === -1
      ? evidence
      : Buffer.from(bytes)
          .fill(model, at + 2, at + MODEL.length, 'latin1')
          .toString('base64')
  }
  if (Array.isArray(evidence)) return evidence.map((one) => withModel(one, model))
  if (typeof evidence !== 'object' || evidence === null) return evidence
  return Object.fromEntries(Object.entries(evidence).map(([name, one]) => [name, withModel(one, model)]))
}

for (const [where, skip, open] of DATABASES)
  test(`${where}: evidence whose texts no database holds is refused and recorded, as any other`, {
    skip,
  }, async (t) => {
    const at = new Date()
    const broker = await brokerOver(await open(t), await worldVerifier(t, sharedWorld()))
    await furnish(broker, 'default', at)
    const { publicJwk } = teeKeys()
    const { session, nonce } = await broker.challenge({ namespace: 'default', protocol: 'native', tee: 'tpm', at })
    const evidence = withModel(evidenceFor(sharedWorld().tpm(), nonce, publicJwk), 'EMUL\0TED')
    const request = { session, evidence, runtimeData: { nonce, 'tee-pubkey': publicJwk }, at }
    const { refusal } = await broker.attest(request)
    assert.equal(refusal?.code, 'evidence-rejected')
    assert.ok(refusal?.id !== undefined)
    const { verdict, context } = (await broker.why('default', refusal.id)) ?? {}
    assert.equal(verdict?.claims.product, 'EMUL\0TED')
    assert.equal((context as { readonly product?: string }).product, 'EMUL\0TED')
    assert.equal((await broker.attest(request)).refusal?.code, 'session-spent')
  })

test('a policy or a note that no database holds is refused by its name', async (t) => {
  const at = new Date()
  const broker = await brokerOver(await newDatabase(t), await worldVerifier(t, sharedWorld()))
  await furnish(broker, 'default', at)
  for (const [text, note, name] of [
    [`// a\0b\n${PERMIT}`, undefined, 'policy'],
    [PERMIT, 'a\0b', 'note'],
  ] as const)
    await assert.rejects(broker.admin.setPolicy('default', text, { actor: ACTOR, at, ...(note && { note }) }), {
      code: 'invalid',
      message: `${name}: expected text without a NUL character`,
    })
})

test('a lease is revoked whatever the operator says of it', async (t) => {
  const at = new Date()
  const verifier = await worldVerifier(t, sharedWorld())
  const broker = await brokerOver(await newDatabase(t), verifier)
  const machine = sharedWorld().snp()
  await furnish(broker, 'default', at)
  await broker.admin.putReference('default', referenceOf(verifier, machine, 'mine'), { actor: ACTOR, at })
  const { session } = await attested(broker, machine, { namespace: 'default', at, keys: teeKeys() })
  const { lease } = await broker
    .release({ by: { session }, namespace: 'default', resource: RESOURCE, at })
    .then(released)
  assert.equal(await broker.revoke('default', lease.id, { actor: ACTOR, at, reason: 'a\0b' }), true)
  assert.equal((await broker.leaseState(lease.id, { at }))?.endedReason, 'a\ufffdb')
})

function released(outcome: ReleaseOutcome): Exclude<ReleaseOutcome, { readonly refused: object }> {
  if (outcome.refused === undefined) return outcome
  return assert.fail(outcome.refused.code)
}
