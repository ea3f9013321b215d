import type { AttestRequest } from '@sekisho/broker'
import { type Static, Type } from '@sinclair/typebox'
import { bearer } from '../../access/bearer.ts'
import { tokenIsEmulated } from '../../emulated.ts'
import { type HttpError, unexpected } from '../../http/errors.ts'
import {
  BYTES_LIMIT,
  base64Schema,
  bytesOf,
  closed,
  idSchema,
  namespaceSchema,
  oneOf,
  resourceSchema,
  timeSchema,
} from '../common.ts'
import { refused } from '../refused.ts'
import { jsonRoute, type Route } from '../route.ts'
import type { NativeServices } from '../services.ts'

const SESSION = Type.String({
  pattern: '^[A-Za-z0-9_-]{32,512}$',
  description: 'a session, as the challenge gave it: opaque, and a secret of whoever asked',
})
const TEE = Type.String({ pattern: '^[a-z0-9-]{1,32}$', description: 'the name of a TEE: snp, tdx, sgx, …' })
const TOKEN = Type.String({
  maxLength: 512 * 1024,
  pattern: '^[A-Za-z0-9._-]+$',
  description: 'an attestation result, compact JWS',
})
/** Secure Execution's is a request with a slot for each host, in JSON. */
const NONCE_LIMIT = 64 * 1024
const EVIDENCE = {
  session: SESSION,
  tee: Type.Optional(TEE),
  evidence: Type.Union([Type.Object({}, { additionalProperties: true }), base64Schema(BYTES_LIMIT)], {
    description: 'the KBS primary_evidence object, or the bytes of the evidence in base64',
  }),
  additionalEvidence: Type.Optional(
    Type.String({ description: 'empty, or the JSON text of an object from TEE to evidence' }),
  ),
  runtimeData: Type.Object(
    {
      nonce: Type.String({ maxLength: NONCE_LIMIT, description: 'the nonce of the challenge, as it was given' }),
      'tee-pubkey': Type.Object({ kty: Type.String(), alg: Type.String() }, { additionalProperties: true }),
    },
    { additionalProperties: false, description: 'what the evidence binds: {nonce, tee-pubkey}' },
  ),
  initData: Type.Optional(closed({ format: oneOf(['toml'] as const), body: Type.String() })),
  eventLog: Type.Optional(base64Schema(BYTES_LIMIT)),
}
const ATTEST = closed(EVIDENCE)
const DECISION_ID = Type.String()

/** What a workload calls. Answers hold short codes and ids only; the whole reason is for the namespace's owner. */
export function workloadRoutes({ broker, outcomes }: NativeServices): readonly Route[] {
  const refuse = (code: string, decision: string | undefined, emulated?: boolean): HttpError =>
    refused(outcomes, STATUS_OF[code] ?? 403, code, decision, emulated)
  return [
    jsonRoute({
      method: 'POST',
      path: '/workload/challenge',
      tag: 'workload',
      summary: 'A nonce for one exchange',
      body: closed({ namespace: Type.Optional(namespaceSchema()), tee: Type.Optional(TEE) }),
      answer: closed({ session: SESSION, nonce: Type.String(), expires: timeSchema() }),
      handle: async ({ call, body }) => {
        const namespace = body.namespace ?? 'default'
        call.facts.namespace = namespace
        const { session, nonce, expires } = await broker.challenge({
          namespace,
          protocol: 'native',
          at: call.at,
          ...(body.tee === undefined ? {} : { tee: body.tee }),
        })
        return { session, nonce, expires: expires.toISOString() }
      },
    }),
    jsonRoute({
      method: 'POST',
      path: '/workload/attest',
      tag: 'workload',
      summary: 'Evidence for a challenge; once',
      body: ATTEST,
      bodyLimit: BYTES_LIMIT,
      answer: closed({
        token: Type.String(),
        appraisal: Type.Optional(Type.String()),
        decision: Type.Optional(DECISION_ID),
        expires: Type.Optional(timeSchema()),
        emulated: Type.Boolean(),
      }),
      handle: async ({ call, body }) => {
        const outcome = await broker.attest(attestRequest(body, call.at))
        if (outcome.decision !== undefined) call.facts.decision = outcome.decision
        if (outcome.token === undefined) {
          throw refuse(
            outcome.refusal?.code ?? 'evidence-rejected',
            outcome.refusal?.id ?? outcome.decision,
            outcome.emulated,
          )
        }
        outcomes.attested()
        return {
          token: outcome.token,
          ...(outcome.appraisal === undefined ? {} : { appraisal: outcome.appraisal }),
          ...(outcome.decision === undefined ? {} : { decision: outcome.decision }),
          ...(outcome.expires === undefined ? {} : { expires: outcome.expires.toISOString() }),
          emulated: outcome.emulated ?? tokenIsEmulated(outcome.token),
        }
      },
    }),
    jsonRoute({
      method: 'POST',
      path: '/workload/release',
      tag: 'workload',
      summary: 'A secret, encrypted to the key that the evidence binds, with a lease',
      body: closed({
        namespace: Type.Optional(namespaceSchema()),
        resource: resourceSchema(),
        session: Type.Optional(SESSION),
        token: Type.Optional(TOKEN),
      }),
      answer: closed({
        jwe: closed({
          protected: Type.String(),
          encrypted_key: Type.String(),
          iv: Type.String(),
          ciphertext: Type.String(),
          tag: Type.String(),
        }),
        version: Type.Integer(),
        contentType: Type.Optional(Type.String()),
        lease: closed({ id: Type.String(), secret: Type.String(), expires: timeSchema() }),
        decision: DECISION_ID,
        emulated: Type.Boolean(),
      }),
      handle: async ({ call, body }) => {
        const namespace = body.namespace ?? 'default'
        call.facts.namespace = namespace
        call.facts.resource = body.resource
        const outcome = await broker.release({ by: byOf(body), namespace, resource: body.resource, at: call.at })
        if (outcome.refused !== undefined) {
          const { code, decision, emulated } = outcome.refused
          throw refuse(code, decision, emulated)
        }
        call.facts.decision = outcome.decision
        outcomes.released()
        const { jwe, version, contentType } = outcome.released
        const { id, secret, expires } = outcome.lease
        return {
          jwe: { ...jwe },
          version,
          ...(contentType === undefined ? {} : { contentType }),
          lease: { id, secret, expires: expires.toISOString() },
          decision: outcome.decision,
          emulated: outcome.emulated,
        }
      },
    }),
    jsonRoute({
      method: 'POST',
      path: '/workload/leases/{lease}/renew',
      tag: 'workload',
      bearer: 'lease-secret',
      summary:
        'Fresh evidence of the same workload, key and machine prolongs a lease; the lease secret is the bearer token',
      params: closed({ lease: idSchema('lse') }),
      body: ATTEST,
      bodyLimit: BYTES_LIMIT,
      answer: closed({ lease: Type.String(), expires: timeSchema(), decision: DECISION_ID, emulated: Type.Boolean() }),
      handle: async ({ call, params, body }) => {
        const outcome = await broker.renew({
          ...attestRequest(body, call.at),
          lease: params.lease,
          leaseSecret: bearer(call),
        })
        if (outcome.refused !== undefined) {
          const { code, decision, emulated } = outcome.refused
          throw refuse(code, decision, emulated)
        }
        call.facts.decision = outcome.decision
        outcomes.renewed()
        const { lease, expires } = outcome.renewed
        return { lease, expires: expires.toISOString(), decision: outcome.decision, emulated: outcome.emulated }
      },
    }),
    jsonRoute({
      method: 'GET',
      path: '/workload/leases/{lease}',
      tag: 'workload',
      bearer: 'lease-secret',
      summary: 'How a lease stands, for its holder; the lease secret is the bearer token',
      params: closed({ lease: idSchema('lse') }),
      answer: closed({
        lease: Type.String(),
        state: oneOf(['live', 'revoked', 'expired'] as const),
        expires: timeSchema(),
        emulated: Type.Boolean(),
        endedReason: Type.Optional(Type.String()),
      }),
      handle: async ({ call, params }) => {
        const lease = await broker.leaseState(params.lease, { at: call.at, secret: bearer(call) })
        if (lease === undefined) throw refuse('lease-unknown', undefined)
        return {
          lease: lease.id,
          state: lease.state,
          expires: lease.expires.toISOString(),
          emulated: lease.emulated,
          ...(lease.endedReason === undefined ? {} : { endedReason: lease.endedReason }),
        }
      },
    }),
  ]
}

/** Refusals that mean more to an HTTP client than 403. */
const STATUS_OF: Readonly<Record<string, number>> = {
  'not-found': 404,
  'lease-unknown': 404,
  'session-unknown': 401,
  'session-expired': 401,
  'session-spent': 409,
  'token-invalid': 401,
  'token-expired': 401,
  'not-attested': 401,
  'resource-invalid': 400,
  busy: 503,
}

function attestRequest(body: Static<typeof ATTEST>, at: Date): AttestRequest {
  const { kty, alg, ...members } = body.runtimeData['tee-pubkey']
  return {
    session: body.session,
    evidence: typeof body.evidence === 'string' ? bytesOf(body.evidence, '/evidence') : body.evidence,
    ...(body.tee === undefined ? {} : { tee: body.tee }),
    additionalEvidence: body.additionalEvidence ?? '',
    runtimeData: { nonce: body.runtimeData.nonce, 'tee-pubkey': { kty, alg, ...members } },
    ...(body.initData === undefined ? {} : { initData: body.initData }),
    ...(body.eventLog === undefined ? {} : { eventLog: bytesOf(body.eventLog, '/eventLog') }),
    at,
  }
}

function byOf({ session, token }: { session?: string; token?: string }): { session: string } | { token: string } {
  if (session !== undefined && token === undefined) return { session }
  if (token !== undefined && session === undefined) return { token }
  throw unexpected([{ field: '/session', expected: 'either a session or a token' }])
}
