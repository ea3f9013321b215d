import assert from 'node:assert/strict'
import { sign } from 'node:crypto'
import { describe, type TestContext, test } from 'node:test'
import { CollateralError, type CollateralSource, networkSource } from '@sekisho/collateral'
import { createWorld, kbsEvidence, type World } from '@sekisho/emulator'
import { generateKey } from '@sekisho/emulator/kit'
import { deviceDigest, primaryDigest } from '../../src/checkpoint/binding.ts'
import { type Broker, type Database, type OpenedVerifier, openVerifier } from '../../src/index.ts'
import { DATABASES } from './everywhere.ts'
import { ACTOR, brokerOver, furnish, later, PERMIT, RESOURCE, referenceOf, serveWorld, teeKeys } from './kit.ts'

const ISSUER = 'https://devices.example'
const KIDS = { one: generateKey('P-256'), two: generateKey('P-256') }
type Kid = keyof typeof KIDS
const AT = new Date()
const keysOf = (...kids: readonly Kid[]): string =>
  JSON.stringify({ keys: kids.map((kid) => ({ ...KIDS[kid].publicKey.export({ format: 'jwk' }), kid })) })

/** What a service says of a GPU, good for five minutes. */
function deviceToken(nonce: string, at: Date, kid: Kid): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const seconds = Math.floor(at.getTime() / 1000)
  const claims = {
    ...{ iss: ISSUER, iat: seconds, exp: seconds + 300, eat_nonce: nonce },
    eat_profile: 'tag:github.com,2023:veraison/ear',
    'ear.verifier-id': { developer: 'test', build: '1' },
    submods: { gpu0: { 'ear.status': 'affirming' } },
  }
  const text = `${part({ alg: 'ES256', kid })}.${part(claims)}`
  const signature = sign('sha256', Buffer.from(text), { key: KIDS[kid].privateKey, dsaEncoding: 'ieee-p1363' })
  return `${text}.${signature.toString('base64url')}`
}

const deviceSet = (owner: string): object => ({
  name: 'gpu',
  tee: 'token',
  values: { appraisals: ['gpu0'] },
  owner,
  provenance: { kind: 'manual' },
})

const FORBIDDING = `${PERMIT} forbid (principal, action, resource) when { context.tcb.advisories.contains("INTEL-SA-88888") };`
const STAYS = { live: 1, revoked: 0 }

interface Stage {
  readonly broker: Broker
  readonly verifier: OpenedVerifier
  readonly world: World
  /** What Intel's services answer with from now on. */
  replace(source: Partial<CollateralSource>): void
  state(): Promise<string | undefined>
  /** Another result of the guest, with a token about its device from when that was issued. */
  result(at: Date, issued: Date, kid?: Kid): Promise<string>
  readonly lease: string
}

/** A lease of a TD with a GPU that a service vouches for. */
async function stage(t: TestContext, policy: string, open: (t: TestContext) => Promise<Database>): Promise<Stage> {
  const world = createWorld({ products: [] })
  const url = await serveWorld(t, world)
  let source = networkSource({
    intel: { baseUrl: `${url}/`, kind: 'pcs', subscriptionKey: 'a-test-key', rootCrlUrl: `${url}/IntelSGXRootCA.der` },
    amd: { baseUrl: url },
    nvidia: false,
    trustAnchors: world.anchors,
    now: world.now,
  })
  const verifier = openVerifier({
    source: {
      amd: (...asked) => source.amd(...asked),
      intel: (...asked) => source.intel(...asked),
      pck: (...asked) => source.pck(...asked),
    },
    trustAnchors: world.anchors,
    tokens: { keySets: [{ issuer: ISSUER, jwks: keysOf('one', 'two') }] },
  })
  const broker = await brokerOver(await open(t), verifier, { leaseSeconds: 7200 })
  await furnish(broker, 'default', AT, policy)
  const by = { actor: ACTOR, at: AT }
  const machine = world.tdx()
  await broker.admin.putReference('default', referenceOf(verifier, machine, 'machine'), by)
  await broker.admin.putReference('default', deviceSet(ACTOR), by)
  const attest = async (at: Date, issued = at, kid: Kid = 'one') => {
    const { session, nonce } = await broker.challenge({ namespace: 'default', protocol: 'native', at })
    const runtimeData = { nonce, 'tee-pubkey': teeKeys().publicJwk }
    const token = deviceToken(Buffer.from(deviceDigest(runtimeData)).toString('base64url'), issued, kid)
    const additionalEvidence = JSON.stringify({ token })
    const evidence = kbsEvidence(machine.tee, machine.attest(primaryDigest(runtimeData, additionalEvidence)))
    const outcome = await broker.attest({ session, evidence, additionalEvidence, runtimeData, at })
    assert.ok(outcome.token, JSON.stringify(await broker.why('default', outcome.refusal?.id ?? '')))
    return { session, result: outcome.token }
  }
  const { session } = await attest(AT)
  const given = await broker.release({ by: { session }, namespace: 'default', resource: RESOURCE, at: AT })
  assert.ok(given.released, JSON.stringify(given))
  const lease = given.lease.id
  return {
    broker,
    verifier,
    world,
    replace(other) {
      source = { ...source, ...other }
    },
    lease,
    result: async (at, issued, kid) => (await attest(at, issued, kid)).result,
    state: async () => (await broker.leaseState(lease, { at: later(AT, 3600), namespace: 'default' }))?.state,
  }
}

const look = (broker: Broker) => broker.reappraiseAll('default', { kind: 'collateral' }, later(AT, 3600))

for (const [name, skip, open] of DATABASES)
  describe(`tokens that have ended, ${name}`, { skip }, () => {
    test('that the token of a device has ended does not hide what has become of the machine', async (t) => {
      const { broker, world, state } = await stage(t, FORBIDDING, open)
      assert.deepEqual(await look(broker), { live: 1, revoked: 0 })
      world.intel.publishTcb({ status: 'UpToDate', advisories: ['INTEL-SA-88888'] })
      assert.deepEqual(await look(broker), { live: 0, revoked: 1 })
      assert.equal(await state(), 'revoked')
      const [decision] = await broker.decisions('default', { kind: 'revoke' })
      assert.equal(decision?.reasonCode, 'policy-deny')
    })

    test('no lease ends because a token has ended while a vendor is out of reach', async (t) => {
      const { broker, verifier, replace, state } = await stage(t, PERMIT, open)
      const out = (): Promise<never> => Promise.reject(new CollateralError('unreachable', 'out of reach'))
      replace({ intel: out, pck: out })
      assert.deepEqual(await look(broker), { live: 1, revoked: 0 })
      assert.equal(await state(), 'live')
      // The operator's files are no service which happens to be away.
      verifier.replaceFiles({})
      assert.deepEqual(await broker.endorsedBy('no files', later(AT, 3600)), { live: 0, revoked: 1 })
    })

    test('a policy set later ends at once what a look has found since a token ended', async (t) => {
      const { broker, world, state, lease } = await stage(t, PERMIT, open)
      world.intel.publishTcb({ status: 'UpToDate', advisories: ['INTEL-SA-88888'] })
      assert.deepEqual(await look(broker), { live: 1, revoked: 0 })
      // By other reference values the evidence is judged as of then, when nobody knew of it.
      const by = { actor: ACTOR, at: later(AT, 3601) }
      assert.deepEqual(await broker.admin.putReference('default', deviceSet('another'), by), { ...STAYS, name: 'gpu' })
      const [affected] = await broker.affectedBy('default', 'INTEL-SA-88888', by.at)
      assert.equal(affected?.lease, lease)
      const forecast = await broker.forecast({ namespace: 'default', at: by.at, policy: FORBIDDING })
      assert.deepEqual(
        forecast.fails.map(({ code }) => code),
        ['policy-deny'],
      )
      const { revoked } = await broker.admin.setPolicy('default', FORBIDDING, { ...by, at: later(AT, 3602) })
      assert.equal(revoked, 1)
      assert.equal(await state(), 'revoked')
      const [decision] = await broker.decisions('default', { kind: 'revoke' })
      const told = await broker.why('default', decision?.id ?? '')
      assert.match(JSON.stringify(told?.context), /INTEL-SA-88888/, 'it tells what the policy was asked about')
    })

    test('a look ends no result because a token has ended, but what has become of its machine does', async (t) => {
      const { broker, world, result } = await stage(t, PERMIT, open)
      const token = await result(later(AT, 600), later(AT, 400))
      const shown = () =>
        broker.release({ by: { token }, namespace: 'default', resource: RESOURCE, at: later(AT, 899) })
      await broker.reappraiseAll('default', { kind: 'collateral' }, later(AT, 898))
      assert.ok((await shown()).released)
      world.intel.publishTcb({ status: 'UpToDate', advisories: ['INTEL-SA-88888'] })
      await broker.reappraiseAll('default', { kind: 'collateral' }, later(AT, 899))
      assert.equal((await shown()).refused?.code, 'attestation-revoked')
    })

    for (const kids of [
      ['one', 'two'],
      ['two', 'one'],
    ] as const)
      test(`a look ends the results whose key counts no more, and no others, with those of ${kids[0]} first`, async (t) => {
        const { broker, verifier, result } = await stage(t, PERMIT, open)
        const [at, looked] = [later(AT, 10), later(AT, 20)]
        const tokens = new Map<Kid, string>()
        for (const kid of kids) tokens.set(kid, await result(at, at, kid))
        verifier.replaceFiles({ tokens: { keySets: [{ issuer: ISSUER, jwks: keysOf('two') }] } })
        await broker.reappraiseAll('default', { kind: 'collateral' }, looked)
        const shown = async (kid: Kid) =>
          broker.release({ by: { token: tokens.get(kid) ?? '' }, namespace: 'default', resource: RESOURCE, at: looked })
        assert.equal((await shown('one')).refused?.code, 'attestation-revoked')
        assert.ok((await shown('two')).released, 'its key is among those that count')
      })
  })
