import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { kbsEvidence } from '@sekisho/emulator'
import type { Broker, Database, Verifier } from '../../src/index.ts'
import { openDatabase } from '../../src/index.ts'
import { fakeVerifier } from './fake-verifier.ts'
import {
  attested,
  brokerOver,
  evidenceFor,
  furnish,
  later,
  type Machine,
  newDatabase,
  RESOURCE,
  referenceOf,
  SECRET,
  sharedWorld,
  teeKeys,
  worldVerifier,
} from './kit.ts'

const AT = new Date()
const NAMESPACE = 'default'
const BY = { actor: 'tester', at: AT }
const PERMIT_ALL = 'permit (principal, action, resource);'

const MACHINES: readonly (readonly [string, () => Machine])[] = [
  ['snp', () => sharedWorld().snp()],
  ['snp by VLEK', () => sharedWorld().snp({ signedBy: 'vlek' })],
  ['tdx', () => sharedWorld().tdx()],
  ['tdx v5', () => sharedWorld().tdx({ version: 5 })],
  ['sgx', () => sharedWorld().sgx()],
  ['nitro', () => sharedWorld().nitro()],
  ['cca', () => sharedWorld().cca()],
  ['tpm', () => sharedWorld().tpm()],
]

interface Scene {
  readonly broker: Broker
  readonly verifier: Verifier
  readonly db: Database
}

async function scene(t: TestContext, machine: Machine, policy: string = PERMIT_ALL): Promise<Scene> {
  const verifier = await worldVerifier(t, sharedWorld(), { arm: sharedWorld().arm.endorsements() })
  const db = await newDatabase(t)
  const broker = await brokerOver(db, verifier)
  await furnish(broker, NAMESPACE, AT, policy)
  await broker.admin.putReference(NAMESPACE, referenceOf(verifier, machine, 'mine'), BY)
  return { broker, verifier, db }
}

for (const [name, start] of MACHINES)
  test(`soundness 4: the nonce is compared, for ${name}: a replay is refused where the first was accepted`, async (t) => {
    const machine = start()
    const { broker } = await scene(t, machine)
    const keys = teeKeys()
    const [first, second] = [
      await broker.challenge({ namespace: NAMESPACE, protocol: 'native', at: AT }),
      await broker.challenge({ namespace: NAMESPACE, protocol: 'native', at: AT }),
    ]
    const evidence = evidenceFor(machine, first.nonce, keys.publicJwk)
    const good = await broker.attest({
      session: first.session,
      evidence,
      runtimeData: { nonce: first.nonce, 'tee-pubkey': keys.publicJwk },
      at: AT,
    })
    if (good.token === undefined)
      t.diagnostic(JSON.stringify((await broker.why(NAMESPACE, good.refusal?.id ?? ''))?.reasons))
    assert.ok(good.token, JSON.stringify(good.refusal))
    const replay = await broker.attest({
      session: second.session,
      evidence,
      runtimeData: { nonce: second.nonce, 'tee-pubkey': keys.publicJwk },
      at: AT,
    })
    assert.equal(replay.token, undefined)
    assert.equal(replay.refusal?.code, 'evidence-stale')
  })

test('soundness 5: no policy lifts a result above its worst claim: what permits everything releases nothing to failed evidence', async (t) => {
  const machine = sharedWorld().snp()
  const { broker } = await scene(t, machine)
  for (const bad of [
    sharedWorld().snp({ debug: true }),
    sharedWorld().snp({ wrongSignature: true }),
    sharedWorld().snp({ measurement: '11'.repeat(48) }),
  ]) {
    const { session, outcome } = await attested(broker, bad, { namespace: NAMESPACE, at: AT, keys: teeKeys() })
    assert.equal(outcome.token, undefined)
    const released = await broker.release({ by: { session }, namespace: NAMESPACE, resource: RESOURCE, at: AT })
    assert.equal(released.released, undefined)
  }
  // Nor does it lift what passed: under an emulated root, hardware stays what it is, whatever the policy.
  const worth = async (): Promise<unknown> => {
    const { outcome } = await attested(broker, machine, { namespace: NAMESPACE, at: AT, keys: teeKeys() })
    const payload = JSON.parse(Buffer.from((outcome.token ?? '').split('.')[1] ?? '', 'base64url').toString())
    const { 'ear.status': status, 'ear.trustworthiness-vector': vector } = payload.submods.cpu0
    return { status, vector }
  }
  const permitted = await worth()
  await broker.admin.setPolicy(NAMESPACE, 'forbid (principal, action, resource);', BY)
  assert.deepEqual(await worth(), permitted)
  const { status, vector } = permitted as { status: string; vector: Record<string, number> }
  assert.equal(status, 'contraindicated')
  assert.equal(vector['hardware'], 97)
})

test('soundness 9: nothing that a caller writes chooses a verifier that says yes: sample evidence and other words are refused', async (t) => {
  const machine = sharedWorld().snp()
  const { broker } = await scene(t, machine)
  const keys = teeKeys()
  const honest = kbsEvidence('snp', sharedWorld().snp().attest(new Uint8Array(48)))
  const tricks: readonly { readonly tee?: string; readonly evidence: unknown }[] = [
    { tee: 'sample', evidence: { svn: '1', report_data: '' } },
    { tee: 'sampledevice', evidence: { svn: '1', report_data: '' } },
    { tee: 'sample', evidence: honest },
    { tee: 'none', evidence: {} },
    { evidence: { tee: 'sample', verified: true } },
    { evidence: null },
    { evidence: [] },
    { evidence: 'eyJhbGciOiJub25lIn0.eyJpc3MiOiJtZSJ9.' },
    { evidence: JSON.parse('{ "__proto__": { "verified": true }, "constructor": { "verified": true } }') },
  ]
  for (const { tee, evidence } of tricks) {
    const { session, nonce } = await broker.challenge({ namespace: NAMESPACE, protocol: 'kbs', at: AT })
    const outcome = await broker.attest({
      session,
      evidence,
      runtimeData: { nonce, 'tee-pubkey': keys.publicJwk },
      at: AT,
      ...(tee === undefined ? {} : { tee }),
    })
    assert.equal(outcome.token, undefined, JSON.stringify(evidence)?.slice(0, 80))
    assert.ok(outcome.refusal?.id)
  }
  // Evidence of this very nonce and key, forged, with every word beside it that might choose somebody else to judge it.
  const forged = sharedWorld().snp({ wrongSignature: true })
  const words = {
    tee: 'sample',
    format: 'sample',
    type: 'none',
    verifier: 'sample',
    sample: {},
    svn: '1',
    verified: true,
  }
  for (const [word, value] of Object.entries(words)) {
    const { session, nonce } = await broker.challenge({ namespace: NAMESPACE, protocol: 'kbs', tee: 'snp', at: AT })
    const runtimeData = { nonce, 'tee-pubkey': keys.publicJwk }
    const evidence = { ...Object(evidenceFor(forged, nonce, keys.publicJwk)), [word]: value }
    const outcome = await broker.attest({ session, evidence, runtimeData, at: AT })
    assert.equal(outcome.token, undefined, word)
    assert.ok(outcome.refusal?.id, word)
  }
})

test('soundness 11: what was attested once is not used for days: sessions, results and leases end', async (t) => {
  const machine = sharedWorld().snp()
  const { broker } = await scene(t, machine)
  const { session, outcome } = await attested(broker, machine, { namespace: NAMESPACE, at: AT, keys: teeKeys() })
  const released = await broker.release({ by: { session }, namespace: NAMESPACE, resource: RESOURCE, at: AT })
  assert.ok(released.released)
  const get = (by: { session: string } | { token: string }, at: Date) =>
    broker.release({ by, namespace: NAMESPACE, resource: RESOURCE, at })
  const token = outcome.token ?? ''
  for (const by of [{ session }, { token }]) assert.ok((await get(by, later(AT, 299))).released, 'until its time')
  // A session and a result live for five minutes, a lease for an hour: not a second longer, and not days.
  for (const at of [later(AT, 301), later(AT, 86_400)]) {
    assert.equal((await get({ session }, at)).refused?.code, 'session-expired')
    assert.equal((await get({ token }, at)).refused?.code, 'token-expired')
  }
  assert.equal((await broker.leaseState(released.lease.id, { at: later(AT, 3599) }))?.state, 'live')
  for (const at of [later(AT, 3601), later(AT, 86_400)])
    assert.equal((await broker.leaseState(released.lease.id, { at }))?.state, 'expired')
})

test('soundness 57: who can get this without attestation? Nobody: every release stands on a verified appraisal', async (t) => {
  const machine = sharedWorld().snp()
  const { broker, db } = await scene(t, machine)
  const { session } = await attested(broker, machine, { namespace: NAMESPACE, at: AT, keys: teeKeys() })
  await broker.release({ by: { session }, namespace: NAMESPACE, resource: RESOURCE, at: AT })
  const { session: empty } = await broker.challenge({ namespace: NAMESPACE, protocol: 'kbs', at: AT })
  for (const by of [
    { session: empty },
    { session: '0'.repeat(32) },
    { session: '' },
    { token: '' },
    { token: 'a.b.c' },
  ])
    assert.equal((await broker.release({ by, namespace: NAMESPACE, resource: RESOURCE, at: AT })).released, undefined)
  const without = await db.all(
    `SELECT d.id FROM decisions d LEFT JOIN appraisals a ON a.id = d.appraisal AND a.outcome = 'verified' WHERE d.outcome = 'released' AND a.id IS NULL`,
  )
  assert.deepEqual(without, [])
  const [{ released } = { released: 0 }] = await db.all<{ released: number }>(
    `SELECT COUNT(*) AS released FROM decisions WHERE outcome = 'released'`,
  )
  assert.equal(released, 1)
})

test('soundness 57: a statement for one resource or tenant opens no other', async (t) => {
  const machine = sharedWorld().snp()
  const { broker } = await scene(
    t,
    machine,
    'permit (principal, action, resource) when { context.resource == "demo/key/1" };',
  )
  await broker.admin.putSecret(NAMESPACE, { path: 'demo/key/2', bytes: Buffer.from('other') }, BY)
  const { session } = await attested(broker, machine, { namespace: NAMESPACE, at: AT, keys: teeKeys() })
  const get = (resource: string) => broker.release({ by: { session }, namespace: NAMESPACE, resource, at: AT })
  assert.ok((await get('demo/key/1')).released)
  for (const resource of [
    'demo/key/2',
    'demo/key/1/',
    '/demo/key/1',
    'demo/key/../key/1',
    'DEMO/key/1',
    'demo/key/1%00',
    'demo//1',
  ])
    assert.equal((await get(resource)).released, undefined, resource)

  // Another tenant has a secret of the same name, and permits everything: the session is not theirs.
  await furnish(broker, 'other', AT, PERMIT_ALL)
  const there = { namespace: 'other', resource: 'demo/key/1', at: AT }
  assert.equal((await broker.release({ by: { session }, ...there })).refused?.code, 'namespace-mismatch')
  const { outcome } = await attested(broker, machine, { namespace: NAMESPACE, at: AT, keys: teeKeys() })
  const token = outcome.token ?? ''
  assert.equal((await broker.release({ by: { token }, ...there })).refused?.code, 'namespace-mismatch')
})

test('soundness 58: the owner is told the whole reason, the guest a code and an id, and neither a secret', async (t) => {
  const machine = sharedWorld().snp()
  const { broker, db } = await scene(t, machine)
  const refused = await attested(broker, sharedWorld().snp({ measurement: '77'.repeat(48) }), {
    namespace: NAMESPACE,
    at: AT,
    keys: teeKeys(),
  })
  assert.deepEqual(Object.keys(refused.outcome.refusal ?? {}).sort(), ['code', 'id'])
  const why = await broker.why(NAMESPACE, refused.outcome.refusal?.id ?? '')
  assert.ok(why?.verdict)
  assert.match(why.reasons.join('\n'), /measurement/)
  assert.ok(why.remedies.every(({ action, by }) => action.length > 10 && by.length > 0))
  const good = await attested(broker, machine, { namespace: NAMESPACE, at: AT, keys: teeKeys() })
  const released = await broker.release({
    by: { session: good.session },
    namespace: NAMESPACE,
    resource: RESOURCE,
    at: AT,
  })
  assert.ok(released.released)
  for (const table of [
    'decisions',
    'events',
    'leases',
    'appraisals',
    'sessions',
    'verdicts',
    'settings',
    'log_leaves',
    'secret_versions',
    'secrets',
    'evidence',
  ]) {
    const dump = (await db.all(`SELECT * FROM ${table}`))
      .map((row) =>
        Object.values(row)
          .map((value) => (value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : String(value)))
          .join(' '),
      )
      .join('\n')
    for (const encoding of ['utf8', 'hex', 'base64', 'base64url'] as const) {
      const secret = Buffer.from(SECRET).toString(encoding)
      assert.ok(!dump.includes(secret.slice(0, 24)), `no secret in ${table}, as ${encoding}`)
    }
    assert.ok(!dump.includes(released.lease.secret), `no lease secret in ${table}`)
    assert.ok(
      !dump.includes(Buffer.from(released.lease.secret, 'base64url').toString('hex')),
      `nor in hex, in ${table}`,
    )
  }
})

test('soundness 59: a misspelt claim is an error at upload, with its line; values that nothing met are seen to have met nothing', async (t) => {
  const machine = sharedWorld().snp()
  const { broker, verifier } = await scene(t, machine)
  await assert.rejects(
    broker.admin.setPolicy(NAMESPACE, 'permit (principal, action, resource)\nwhen { context.measurment == "aa" };', BY),
    (error: Error & { problems?: readonly { line: number }[] }) => {
      assert.equal(error.name, 'PolicyError')
      assert.equal(error.problems?.[0]?.line, 2)
      return true
    },
  )
  assert.equal((await broker.admin.policy(NAMESPACE))?.version, 1, 'and the policy in force stays')
  await broker.admin.putReference(NAMESPACE, referenceOf(verifier, sharedWorld().tdx(), 'never'), BY)
  await assert.rejects(
    broker.admin.putReference(
      NAMESPACE,
      { name: 'x', tee: 'snp', values: { measurment: [] }, owner: 'me', provenance: { kind: 'manual' } },
      BY,
    ),
    { code: 'invalid' },
  )
  await attested(broker, machine, { namespace: NAMESPACE, at: AT, keys: teeKeys() })
  const byName = new Map((await broker.admin.references(NAMESPACE)).map((one) => [one.name, one.lastMatched]))
  assert.deepEqual(byName.get('mine'), AT)
  assert.equal(byName.get('never'), undefined)
})

test('soundness 59: levels to come that nothing can meet are refused, and products that nobody is on are named', async (t) => {
  const machine = sharedWorld().snp()
  const { broker } = await scene(t, machine)
  const { session } = await attested(broker, machine, { namespace: NAMESPACE, at: AT, keys: teeKeys() })
  assert.ok((await broker.release({ by: { session }, namespace: NAMESPACE, resource: RESOURCE, at: AT })).released)
  const foretold = (minTcb: Record<string, Record<string, number>>) =>
    broker.forecast({ namespace: NAMESPACE, at: AT, minTcb })
  const levels = { microcode: 255 }
  const { fails, unmatched } = await foretold({ Genoa: levels, Genua: levels })
  assert.equal(fails[0]?.code, 'tcb-unacceptable')
  assert.deepEqual(unmatched, ['Genua'])
  for (const wrong of [{ microcod: 1 }, { microcode: 256 }, { microcode: -1 }])
    for (const product of ['Genoa', 'Milan'])
      await assert.rejects(foretold({ [product]: wrong }), (error: Error & { code?: string }) => {
        assert.equal(error.code, 'invalid')
        assert.match(error.message, new RegExp(`^minTcb\\.${product}\\S*: expected`))
        return true
      })
})

test('soundness 60: two processes on one embedded database lose nothing, because the second is refused', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sekisho-soundness-'))
  const db = await openDatabase({ folder })
  t.after(async () => {
    await db.close()
    rmSync(folder, { recursive: true, force: true })
  })
  const broker = await brokerOver(db, fakeVerifier)
  await furnish(broker, NAMESPACE, AT)
  await assert.rejects(openDatabase({ folder }), { code: 'locked' })
  assert.equal((await broker.admin.policy(NAMESPACE))?.version, 1)
})
