import assert from 'node:assert/strict'
import type fc from 'fast-check'
import { primaryDigest } from '../../src/checkpoint/binding.ts'
import type { Broker } from '../../src/index.ts'
import type { FakeEvidence } from './fake-verifier.ts'
import { later, RESOURCE, teeKeys } from './kit.ts'

/** What the model knows of a session. */
interface ModelSession {
  readonly id: string
  readonly nonce: string
  readonly tenant: number
  readonly protocol: 'kbs' | 'native'
  readonly expires: number
  state: 'challenged' | 'attested' | 'spent'
  appraisal?: ModelAppraisal
  token?: string
}

/** What a passing appraisal of fresh evidence is worth: without one of these the model knows no secret. */
interface ModelAppraisal {
  readonly tenant: number
  readonly expires: number
  readonly measurement: string
  readonly key: number
  revoked: boolean
}

interface ModelLease {
  readonly id: string
  readonly secret: string
  readonly tenant: number
  readonly key: number
  appraisal: ModelAppraisal
  expires: number
  live: boolean
}

/** The release state machine as it should be. */
export interface Model {
  at: Date
  readonly sessions: ModelSession[]
  readonly appraisals: { readonly token: string; readonly of: ModelAppraisal }[]
  readonly leases: ModelLease[]
  /** Evidence that was made, with what it binds: for replays and relays. */
  readonly evidence: { readonly value: FakeEvidence; readonly session: number; readonly key: number }[]
  /** By tenant. */
  readonly permits: boolean[]
  readonly referenced: boolean[]
  secretsSeen: number
}

/** The real thing. */
export interface Real {
  readonly broker: Broker
  /** Names of the two tenants' namespaces. */
  readonly tenants: readonly [string, string]
}

/** One step of a run. */
export type Step = fc.AsyncCommand<Model, Real>

const KEYS = [teeKeys().publicJwk, teeKeys().publicJwk]
export const GOOD: string = 'a1'.repeat(48)
const BAD = 'b2'.repeat(48)
const SESSION_MS = 300_000
const LEASE_MS = 3_600_000
export const PERMIT_ALL = 'permit (principal, action, resource);'
export const DENY_ALL = 'forbid (principal, action, resource);'

/** A model with nothing in it. */
export function emptyModel(at: Date): Model {
  return {
    at,
    sessions: [],
    appraisals: [],
    leases: [],
    evidence: [],
    permits: [true, true],
    referenced: [true, true],
    secretsSeen: 0,
  }
}

function pick<T>(list: readonly T[], index: number): T | undefined {
  return list.length === 0 ? undefined : list[index % list.length]
}

function step(
  name: string,
  run: (model: Model, real: Real) => Promise<void>,
  check: (model: Model) => boolean = () => true,
): Step {
  return { check, run, toString: () => name }
}

function keyOf(index: number): (typeof KEYS)[number] {
  const key = KEYS[index % KEYS.length]
  assert.ok(key)
  return key
}

function tenantName({ tenants }: Real, index: number): string {
  return tenants[index === 0 ? 0 : 1]
}

/** Asks for a nonce. */
export function challenge(tenant: number, protocol: 'kbs' | 'native'): Step {
  return step(`challenge(${tenant},${protocol})`, async (model, real) => {
    const { session, nonce } = await real.broker.challenge({
      namespace: tenantName(real, tenant),
      protocol,
      at: model.at,
    })
    assert.equal(Buffer.from(nonce, 'base64').length, 32)
    assert.ok(!model.sessions.some((one) => one.nonce === nonce), 'a nonce is never given twice')
    model.sessions.push({
      id: session,
      nonce,
      tenant,
      protocol,
      expires: model.at.getTime() + SESSION_MS,
      state: 'challenged',
    })
  })
}

/** How evidence is sent. */
export interface Sent {
  readonly session: number
  readonly key: number
  /** Which evidence: made for this exchange, or one that was made before. */
  readonly replay: number | undefined
  readonly genuine: boolean
  readonly good: boolean
  /** Bind the other key, or say another nonce. */
  readonly lie: 'none' | 'key' | 'nonce'
}

/** Makes evidence for a session, or takes old one; the model knows whether it passes. */
function send(
  model: Model,
  session: ModelSession,
  sent: Sent,
): { readonly evidence: FakeEvidence; readonly nonce: string; readonly passes: boolean; readonly measurement: string } {
  const index = model.sessions.indexOf(session)
  const other = model.sessions[(index + 1) % model.sessions.length]
  const nonce = sent.lie === 'nonce' && other !== undefined ? other.nonce : session.nonce
  const old = sent.replay === undefined ? undefined : pick(model.evidence, sent.replay)
  const boundKey = sent.lie === 'key' ? sent.key + 1 : sent.key
  const value = old?.value ?? {
    genuine: sent.genuine,
    measurement: sent.good ? GOOD : BAD,
    reportData: Buffer.from(primaryDigest({ nonce: session.nonce, 'tee-pubkey': keyOf(boundKey) }, '')).toString('hex'),
  }
  if (old === undefined) model.evidence.push({ value, session: index, key: boundKey % KEYS.length })
  const bound = old === undefined ? { session: index, key: boundKey % KEYS.length } : old
  const fresh = bound.session === index && bound.key === sent.key % KEYS.length && nonce === session.nonce
  const wanted = value.measurement === GOOD && model.referenced[session.tenant] === true
  return { evidence: value, nonce, passes: fresh && value.genuine && wanted, measurement: value.measurement }
}

/** Sends evidence, honest or not. */
export function attest(sent: Sent): Step {
  return step(
    `attest(${JSON.stringify(sent)})`,
    async (model, { broker }) => {
      const session = pick(model.sessions, sent.session)
      if (session === undefined) return
      const { evidence, nonce, passes, measurement } = send(model, session, sent)
      const outcome = await broker.attest({
        session: session.id,
        evidence,
        runtimeData: { nonce, 'tee-pubkey': keyOf(sent.key) },
        at: model.at,
      })
      settle(model, session, outcome.token, { passes, measurement, key: sent.key % KEYS.length })
    },
    ({ sessions }) => sessions.length > 0,
  )
}

/** What must have become of a session, and what the model learns. */
function settle(
  model: Model,
  session: ModelSession,
  token: string | undefined,
  found: { readonly passes: boolean; readonly measurement: string; readonly key: number },
): void {
  const now = model.at.getTime()
  if (now > session.expires || session.state !== 'challenged') {
    const repeats = now <= session.expires && session.protocol === 'kbs' && session.state === 'attested'
    // A result that a renewal made is not known here.
    if (repeats && session.token === undefined) return
    assert.equal(token, repeats ? session.token : undefined, 'a nonce is for one exchange')
    return
  }
  assert.equal(token !== undefined, found.passes, 'a result is signed exactly when fresh evidence passes')
  session.state = token === undefined ? 'spent' : 'attested'
  if (token === undefined) return
  const { measurement, key } = found
  const appraisal: ModelAppraisal = {
    tenant: session.tenant,
    expires: now + SESSION_MS,
    measurement,
    key,
    revoked: false,
  }
  session.token = token
  session.appraisal = appraisal
  model.appraisals.push({ token, of: appraisal })
}

/** Asks for the secret. */
export function release(index: number, by: 'session' | 'token', tenant: number): Step {
  return step(
    `release(${index},${by},${tenant})`,
    async (model, real) => {
      const session = by === 'session' ? pick(model.sessions, index) : undefined
      const shown = by === 'token' ? pick(model.appraisals, index) : undefined
      const credential =
        session !== undefined ? { session: session.id } : shown !== undefined ? { token: shown.token } : undefined
      if (credential === undefined) return
      const outcome = await real.broker.release({
        by: credential,
        namespace: tenantName(real, tenant),
        resource: RESOURCE,
        at: model.at,
      })
      const now = model.at.getTime()
      const appraisal =
        session === undefined
          ? shown?.of
          : now <= session.expires && session.state === 'attested'
            ? session.appraisal
            : undefined
      const allowed =
        appraisal !== undefined &&
        appraisal.tenant === tenant &&
        now <= appraisal.expires &&
        !appraisal.revoked &&
        model.permits[tenant] === true
      assert.equal(
        outcome.released !== undefined,
        allowed,
        `released exactly when a passing appraisal of fresh evidence permits it: ${JSON.stringify(outcome.refused)}`,
      )
      if (outcome.released === undefined || appraisal === undefined) return
      model.secretsSeen++
      model.leases.push({
        id: outcome.lease.id,
        secret: outcome.lease.secret,
        tenant,
        key: appraisal.key,
        appraisal,
        expires: now + LEASE_MS,
        live: true,
      })
    },
    ({ sessions }) => sessions.length > 0,
  )
}

/** Asks for more time. */
export function renew(index: number, sent: Sent, wrongSecret: boolean): Step {
  return step(
    `renew(${index},${JSON.stringify(sent)},${wrongSecret})`,
    async (model, { broker }) => {
      const lease = pick(model.leases, index)
      const session = pick(model.sessions, sent.session)
      if (lease === undefined || session === undefined) return
      const now = model.at.getTime()
      const live = lease.live && now <= lease.expires
      const { evidence, nonce, passes, measurement } = send(model, session, sent)
      const leaseSecret = wrongSecret ? 'y'.repeat(43) : lease.secret
      const outcome = await broker.renew({
        lease: lease.id,
        leaseSecret,
        session: session.id,
        evidence,
        runtimeData: { nonce, 'tee-pubkey': keyOf(sent.key) },
        at: model.at,
      })
      if (wrongSecret || !live) {
        assert.equal(outcome.renewed, undefined)
        return
      }
      // A session of another tenant is refused and stays as it is.
      if (session.tenant !== lease.tenant) {
        assert.equal(outcome.renewed, undefined)
        return
      }
      const open = session.state === 'challenged' && now <= session.expires
      if (open) {
        session.state = passes ? 'attested' : 'spent'
        if (passes) {
          session.appraisal = {
            tenant: session.tenant,
            expires: now + SESSION_MS,
            measurement,
            key: sent.key % KEYS.length,
            revoked: false,
          }
          // The model does not see this result; the session alone stands for it.
          delete session.token
        }
      }
      const appraisal = open && passes ? session.appraisal : undefined
      const allowed =
        appraisal !== undefined &&
        appraisal.key === lease.key &&
        !appraisal.revoked &&
        model.permits[lease.tenant] === true
      assert.equal(
        outcome.renewed !== undefined,
        allowed,
        `renewed exactly on fresh evidence of the holder: ${JSON.stringify(outcome.refused)}`,
      )
      if (!allowed || appraisal === undefined) return
      lease.expires = now + LEASE_MS
      lease.appraisal = appraisal
    },
    ({ leases }) => leases.length > 0,
  )
}

/** An operator ends a lease. */
export function revoke(index: number, tenant: number): Step {
  return step(
    `revoke(${index},${tenant})`,
    async (model, real) => {
      const lease = pick(model.leases, index)
      if (lease === undefined) return
      const done = await real.broker.revoke(tenantName(real, tenant), lease.id, { actor: 'model', at: model.at })
      const live = lease.tenant === tenant && lease.live && model.at.getTime() <= lease.expires
      assert.equal(done, live)
      if (!live) return
      lease.live = false
      lease.appraisal.revoked = true
    },
    ({ leases }) => leases.length > 0,
  )
}

/** An operator permits or forbids everything. */
export function setPolicy(tenant: number, permits: boolean): Step {
  return step(`policy(${tenant},${permits})`, async (model, real) => {
    await real.broker.admin.setPolicy(tenantName(real, tenant), permits ? PERMIT_ALL : DENY_ALL, {
      actor: 'model',
      at: model.at,
    })
    model.permits[tenant] = permits
    if (!permits)
      for (const lease of model.leases)
        if (lease.tenant === tenant && model.at.getTime() <= lease.expires) lease.live = false
  })
}

/** Asks how a lease stands. */
export function look(index: number): Step {
  return step(
    `lease(${index})`,
    async (model, { broker }) => {
      const lease = pick(model.leases, index)
      if (lease === undefined) return
      const state = await broker.leaseState(lease.id, { at: model.at, secret: lease.secret })
      assert.equal(
        state?.state === 'live',
        lease.live && model.at.getTime() <= lease.expires,
        'a lease lives exactly as long as it should',
      )
    },
    ({ leases }) => leases.length > 0,
  )
}

/** Time passes. */
export function pass(seconds: number): Step {
  return step(`wait(${seconds})`, async (model, { broker }) => {
    model.at = later(model.at, seconds)
    await broker.tick(model.at)
  })
}
