import type { EnrolledKey, EnrolmentRefused } from '@sekisho/broker'
import { type Static, Type } from '@sinclair/typebox'
import type { HttpError } from '../../http/errors.ts'
import { acting } from '../acting.ts'
import { base64Schema, bytesOf, closed, limitSchema, namespaceSchema, timeSchema } from '../common.ts'
import { refused } from '../refused.ts'
import { jsonRoute, type Route } from '../route.ts'
import type { NativeServices } from '../services.ts'

const ENROLMENT = Type.String({ pattern: '^[0-9a-f]{32}$', description: 'the id of an enrolment, 32 hex digits' })
const AK_NAME = Type.String({
  pattern: '^[0-9a-f]{68,132}$',
  description: 'the name of an attestation key: id of its hash, and digest of its public area, hex',
})
// Of 2,048 and 8,192 bytes: no key or certificate of a TPM is larger.
const PUBLIC_LIMIT = 2732
const CERTIFICATE_LIMIT = 10_924
const SECRET_LIMIT = 128
const BODY_LIMIT: number = 128 * 1024
const LISTED = 100
const ONE = closed({ ns: namespaceSchema(), name: AK_NAME })
const KEY = closed({
  akName: Type.String(),
  ekSha256: Type.String({ description: 'SHA-256 of the endorsement key (SubjectPublicKeyInfo), hex: which TPM it is' }),
  ekCertificates: Type.Array(Type.String(), { description: 'DER in base64, leaf first, root last' }),
  enrolled: timeSchema(),
  enrolledBy: Type.String(),
  revoked: Type.Optional(timeSchema()),
  revokedBy: Type.Optional(Type.String()),
})

/** Attestation keys of TPMs: enrolled by the machines themselves, listed and revoked by the namespace's owner. */
export function tpmKeyRoutes(services: NativeServices): readonly Route[] {
  return [...enrolmentRoutes(services), ...keyRoutes(services)]
}

function enrolmentRoutes({ broker, outcomes }: NativeServices): readonly Route[] {
  const refuse = ({ refused: { code, decision } }: EnrolmentRefused): HttpError =>
    refused(outcomes, code === 'enrolment-unknown' ? 404 : 403, code, decision)
  return [
    jsonRoute({
      method: 'POST',
      path: '/workload/enrolments',
      tag: 'workload',
      summary:
        'Begins to enrol a TPM’s attestation key: a credential that only this TPM can open, good for five minutes',
      body: closed({
        namespace: Type.Optional(namespaceSchema()),
        akPublic: base64Schema(PUBLIC_LIMIT),
        ekPublic: base64Schema(PUBLIC_LIMIT),
        ekCertificates: Type.Array(base64Schema(CERTIFICATE_LIMIT), {
          maxItems: 8,
          description: 'certificates of the endorsement key, DER, leaf first',
        }),
      }),
      bodyLimit: BODY_LIMIT,
      answer: closed({
        enrolment: ENROLMENT,
        credentialBlob: Type.String({ description: 'TPM2B_ID_OBJECT, base64' }),
        encryptedSecret: Type.String({ description: 'TPM2B_ENCRYPTED_SECRET, base64' }),
        expires: timeSchema(),
      }),
      handle: async ({ call, body }) => {
        const namespace = body.namespace ?? 'default'
        call.facts.namespace = namespace
        const outcome = await broker.tpmKeys.enrol({
          namespace,
          at: call.at,
          akPublic: bytesOf(body.akPublic, '/akPublic'),
          ekPublic: bytesOf(body.ekPublic, '/ekPublic'),
          ekCertificates: body.ekCertificates.map((one, i) => bytesOf(one, `/ekCertificates/${i}`)),
        })
        if (outcome.refused !== undefined) throw refuse(outcome)
        const { enrolment, credential, expires } = outcome
        return {
          enrolment,
          credentialBlob: base64(credential.credentialBlob),
          encryptedSecret: base64(credential.encryptedSecret),
          expires: expires.toISOString(),
        }
      },
    }),
    jsonRoute({
      method: 'POST',
      path: '/workload/enrolments/{id}/activate',
      tag: 'workload',
      summary: 'Shows the secret of the credential, once: the key is enrolled',
      params: closed({ id: ENROLMENT }),
      body: closed({ secret: base64Schema(SECRET_LIMIT) }),
      answer: closed({ akName: Type.String(), decision: Type.String() }),
      handle: async ({ call, params, body }) => {
        const secret = bytesOf(body.secret, '/secret')
        const outcome = await broker.tpmKeys.activate({ enrolment: params.id, secret, at: call.at })
        if (outcome.refused !== undefined) throw refuse(outcome)
        call.facts.decision = outcome.decision
        return { akName: outcome.akName, decision: outcome.decision }
      },
    }),
  ]
}

function keyRoutes({ broker }: NativeServices): readonly Route[] {
  return [
    jsonRoute({
      method: 'GET',
      path: '/namespaces/{ns}/tpm-keys',
      tag: 'tpm-keys',
      summary: 'Enrolled attestation keys by name, revoked ones too; `after` takes those behind a name',
      scope: 'references:read',
      params: closed({ ns: namespaceSchema() }),
      query: closed({ after: Type.Optional(AK_NAME), limit: Type.Optional(limitSchema()) }),
      answer: closed({ keys: Type.Array(KEY), next: Type.Optional(Type.String()) }),
      handle: async ({ params, query }) => {
        const limit = query.limit ?? LISTED
        const found = await broker.tpmKeys.list(params.ns, { ...query, limit })
        const last = found.length === limit ? found.at(-1)?.akName : undefined
        return { keys: found.map(keyOf), ...(last === undefined ? {} : { next: last }) }
      },
    }),
    jsonRoute({
      method: 'DELETE',
      path: '/namespaces/{ns}/tpm-keys/{name}',
      tag: 'tpm-keys',
      summary: 'Revokes a TPM by one of its keys: all its keys and the leases that rest on them; it cannot enrol again',
      scope: 'references:write',
      params: ONE,
      answer: closed({ keys: Type.Integer(), live: Type.Integer(), revoked: Type.Integer() }),
      handle: async (input) => {
        const { keys, live, revoked } = await broker.tpmKeys.revoke(input.params.ns, input.params.name, acting(input))
        return { keys, live, revoked }
      },
    }),
    jsonRoute({
      method: 'POST',
      path: '/namespaces/{ns}/tpm-keys/{name}/readmit',
      tag: 'tpm-keys',
      summary: 'Forgets that a TPM was revoked: it may enrol again',
      scope: 'references:write',
      params: ONE,
      answer: closed({ keys: Type.Integer() }),
      handle: async (input) => {
        const { keys } = await broker.tpmKeys.readmit(input.params.ns, input.params.name, acting(input))
        return { keys }
      },
    }),
  ]
}

function keyOf(one: EnrolledKey): Static<typeof KEY> {
  return {
    akName: one.akName,
    ekSha256: one.ekSha256,
    ekCertificates: one.ekCertificates.map(base64),
    enrolled: one.enrolled.toISOString(),
    enrolledBy: one.enrolledBy,
    ...(one.revoked === undefined ? {} : { revoked: one.revoked.toISOString() }),
    ...(one.revokedBy === undefined ? {} : { revokedBy: one.revokedBy }),
  }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}
