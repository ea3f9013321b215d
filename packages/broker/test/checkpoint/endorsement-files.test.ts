import assert from 'node:assert/strict'
import { sign } from 'node:crypto'
import { describe, it, type TestContext } from 'node:test'
import { generateKey } from '@sekisho/emulator/kit'
import { primaryDigest } from '../../src/checkpoint/binding.ts'
import {
  type Broker,
  type Database,
  type EndorsementFiles,
  type OpenedVerifier,
  openVerifier,
} from '../../src/index.ts'
import { DATABASES } from './everywhere.ts'
import { ACTOR, brokerOver, furnish, later, RESOURCE, teeKeys } from './kit.ts'

const ISSUER = 'https://verifier.example'
const KEYS = { a: generateKey('P-256'), b: generateKey('P-256'), c: generateKey('P-256') }
type Kid = keyof typeof KEYS

/** The key set of the service, as its file holds it. */
function files(...kids: readonly Kid[]): EndorsementFiles {
  const keys = kids.map((kid) => ({ ...KEYS[kid].publicKey.export({ format: 'jwk' }), kid }))
  return { tokens: { keySets: [{ issuer: ISSUER, jwks: JSON.stringify({ keys }) }] } }
}

/** A token of the service about a machine, good for five minutes. */
function token(kid: Kid, nonce: string, at: Date): Uint8Array {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const seconds = Math.floor(at.getTime() / 1000)
  const claims = {
    ...{ iss: ISSUER, iat: seconds, exp: seconds + 300, eat_nonce: nonce },
    eat_profile: 'tag:github.com,2023:veraison/ear',
    'ear.verifier-id': { developer: 'test', build: '1' },
    submods: { cpu0: { 'ear.status': 'affirming' } },
  }
  const text = `${part({ alg: 'ES256', kid })}.${part(claims)}`
  const signature = sign('sha256', Buffer.from(text), { key: KEYS[kid].privateKey, dsaEncoding: 'ieee-p1363' })
  return Buffer.from(`${text}.${signature.toString('base64url')}`)
}

interface Stage {
  readonly broker: Broker
  readonly verifier: OpenedVerifier
  readonly at: Date
  readonly restarted: (files: EndorsementFiles) => Promise<Broker>
  /** A lease on evidence of the service. @returns its id, or why there is none */
  lease(kid: Kid, at: Date): Promise<string>
  /** A session in which evidence of the service was shown. */
  attested(kid: Kid, at: Date): Promise<{ readonly session: string }>
  result(kid: Kid, at: Date): Promise<string>
  state(lease: string, at: Date): Promise<string | undefined>
}

async function stage(t: TestContext, open: (t: TestContext) => Promise<Database>): Promise<Stage> {
  const db = await open(t)
  const verifier = openVerifier(files('a', 'b'))
  const broker = await brokerOver(db, verifier, { leaseSeconds: 7200 })
  const at = new Date()
  await furnish(broker, 'default', at)
  const set = { name: 'any', tee: 'token', values: { appraisals: ['cpu0'] }, owner: 'tester' }
  await broker.admin.putReference('default', { ...set, provenance: { kind: 'manual' } }, { actor: ACTOR, at })
  const attested = async (kid: Kid, when: Date) => {
    const { session, nonce } = await broker.challenge({ namespace: 'default', protocol: 'native', at: when })
    const runtimeData = { nonce, 'tee-pubkey': teeKeys().publicJwk }
    const bound = Buffer.from(primaryDigest(runtimeData, '')).toString('base64url')
    return {
      session,
      outcome: await broker.attest({ session, runtimeData, evidence: token(kid, bound, when), at: when }),
    }
  }
  return {
    broker,
    verifier,
    at,
    restarted: (given) => brokerOver(db, openVerifier(given)),
    async lease(kid, when) {
      const { session, outcome } = await attested(kid, when)
      if (outcome.refusal !== undefined) return outcome.refusal.code
      const given = await broker.release({ by: { session }, namespace: 'default', resource: RESOURCE, at: when })
      return given.refused === undefined ? given.lease.id : given.refused.code
    },
    attested: async (kid, when) => ({ session: (await attested(kid, when)).session }),
    result: async (kid, when) => (await attested(kid, when)).outcome.token ?? '',
    state: async (id, when) => (await broker.leaseState(id, { at: when, namespace: 'default' }))?.state,
  }
}

for (const [name, skip, open] of DATABASES)
  describe(`files of endorsements that change under a checkpoint, ${name}`, { skip }, () => {
    it('a new key is believed at once, and what rests on the others stays, long after their tokens have ended', async (t) => {
      const { broker, verifier, at, lease, state } = await stage(t, open)
      const mine = await lease('a', at)
      assert.match(mine, /^lse_/)
      assert.equal(await lease('c', at), 'evidence-rejected')
      assert.deepEqual(await broker.endorsedBy('files 1', at), { live: 1, revoked: 0 })
      const hour = later(at, 3600)
      assert.deepEqual(verifier.replaceFiles(files('a', 'b', 'c')), { bundles: false })
      assert.match(await lease('c', hour), /^lse_/)
      assert.deepEqual(await broker.endorsedBy('files 2', hour), { live: 2, revoked: 0 })
      assert.equal(await state(mine, hour), 'live')
      assert.equal(await broker.endorsedBy('files 2', hour), undefined, 'the same files are no news')
    })

    it('a key that is gone is believed no more, and leases on it end, others not', async (t) => {
      const { broker, verifier, at, lease, result, state } = await stage(t, open)
      const [mine, other] = [await lease('a', at), await lease('b', at)]
      const passport = await result('a', at)
      verifier.replaceFiles(files('b', 'c'))
      assert.equal(await lease('a', at), 'evidence-rejected')
      assert.deepEqual(await broker.endorsedBy('files 2', later(at, 1)), { live: 1, revoked: 1 })
      assert.deepEqual([await state(mine, at), await state(other, at)], ['revoked', 'live'])
      const shown = { by: { token: passport }, namespace: 'default', resource: RESOURCE, at: later(at, 2) }
      assert.equal((await broker.release(shown)).refused?.code, 'attestation-revoked')
      const [decision] = await broker.decisions('default', { kind: 'revoke' })
      assert.equal(decision?.reasonCode, 'evidence-rejected')
      const told = await broker.why('default', decision?.id ?? '')
      assert.deepEqual(told?.body['cause'], { kind: 'endorsements' })
      assert.match(told?.reasons.join('\n') ?? '', /the key that the token names is not in your key set/)
      // Without the set nobody vouches for the service: that is no service which happens to be away.
      verifier.replaceFiles({})
      assert.deepEqual(await broker.endorsedBy('no files', later(at, 3)), { live: 0, revoked: 1 })
      assert.equal(await state(other, at), 'revoked')
    })

    it('what was attested by the files in use is released on, and what was by others is not, however late the look comes', async (t) => {
      const { broker, verifier, at, attested } = await stage(t, open)
      const released = async (by: { readonly session: string } | { readonly token: string }, seconds: number) => {
        const given = await broker.release({ by, namespace: 'default', resource: RESOURCE, at: later(at, seconds) })
        return given.refused?.code ?? 'released'
      }
      // As at a first start with files: nothing was judged by others, but nobody has looked yet.
      const first = await attested('a', at)
      await broker.endorsedBy('files 1', later(at, 1))
      assert.equal(await released(first, 2), 'released')
      verifier.replaceFiles(files('a', 'c'))
      const second = await attested('c', later(at, 3))
      await broker.endorsedBy('files 2', later(at, 4))
      assert.equal(await released(second, 5), 'released')
      assert.equal(await released(first, 5), 'attestation-revoked')
      await broker.endorsedBy('files 2', later(at, 60), true)
      assert.equal(await released(second, 61), 'released')
    })

    it('a look with endorsements as they are now ends no lease because its token has ended, but for a key that is gone', async (t) => {
      const { broker, verifier, at, lease, state } = await stage(t, open)
      const mine = await lease('a', at)
      const hour = later(at, 3600)
      const looked = await broker.reappraiseAll('default', { kind: 'collateral' }, hour)
      assert.deepEqual(looked, { live: 1, revoked: 0 })
      assert.equal(await state(mine, hour), 'live')
      verifier.replaceFiles(files('b'))
      const gone = await broker.reappraiseAll('default', { kind: 'collateral' }, later(at, 3601))
      assert.deepEqual(gone, { live: 0, revoked: 1 })
    })

    it('what was under way when a key went is looked at again', async (t) => {
      const { broker, verifier, at, lease, state } = await stage(t, open)
      verifier.replaceFiles(files('b'))
      await broker.endorsedBy('files 2', at)
      // As if its evidence had been judged before, and recorded after.
      verifier.replaceFiles(files('a', 'b'))
      const late = await lease('a', at)
      verifier.replaceFiles(files('b'))
      assert.equal(await broker.endorsedBy('files 2', later(at, 1)), undefined)
      assert.equal(await state(late, at), 'live')
      assert.deepEqual(await broker.endorsedBy('files 2', later(at, 60), true), { live: 0, revoked: 1 })
    })

    it('a start with other files than the last looks at leases, and one with the same does not', async (t) => {
      const { broker, at, lease, state, restarted } = await stage(t, open)
      const mine = await lease('a', at)
      await broker.endorsedBy('files 1', at)
      assert.equal(await (await restarted(files('a', 'b'))).endorsedBy('files 1', at), undefined)
      assert.deepEqual(await (await restarted(files('b'))).endorsedBy('files 2', later(at, 1)), { live: 0, revoked: 1 })
      assert.equal(await state(mine, at), 'revoked')
    })
  })

describe('a verifier whose files are replaced', () => {
  it('goes on with the former where the new ones cannot be used', async () => {
    const verifier = openVerifier(files('a'))
    const at = new Date()
    const authentic = async (kid: Kid): Promise<string> =>
      (await verifier.verify(verifier.recognise(token(kid, 'nonce of a test', at)), { at, expect: {} })).verdict
        .authenticity
    assert.equal(await authentic('a'), 'proven')
    for (const wrong of [
      { tokens: { keySets: [{ issuer: ISSUER, jwks: '{"key":1}' }] } },
      { tokens: { keySets: [], crls: [new Uint8Array(9)] } },
    ])
      assert.throws(() => verifier.replaceFiles(wrong), { name: 'TypeError' })
    assert.deepEqual([await authentic('a'), await authentic('b')], ['proven', 'refuted'])
    verifier.replaceFiles(files('b'))
    assert.deepEqual([await authentic('a'), await authentic('b')], ['refuted', 'proven'])
    verifier.replaceFiles({})
    assert.equal(await authentic('b'), 'unproven')
  })
})
