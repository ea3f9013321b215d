import type { LeaseState } from '@sekisho/broker'
import { type Static, Type } from '@sinclair/typebox'
import { notFound } from '../../http/errors.ts'
import { acting } from '../acting.ts'
import { closed, idSchema, limitSchema, namespaceSchema, oneOf, timeSchema } from '../common.ts'
import { jsonRoute, type Route } from '../route.ts'
import type { NativeServices } from '../services.ts'

const STATES = ['live', 'revoked', 'expired'] as const
const ONE = closed({ ns: namespaceSchema(), lease: idSchema('lse') })
const LEASE = closed({
  id: Type.String(),
  resource: Type.String(),
  state: oneOf(STATES),
  created: timeSchema(),
  expires: timeSchema(),
  ended: Type.Optional(timeSchema()),
  endedReason: Type.Optional(Type.String()),
  appraisal: Type.String(),
  decision: Type.String(),
  tee: Type.String(),
  product: Type.Optional(Type.String()),
  hardwareId: Type.Optional(Type.String()),
  referenceSet: Type.Optional(Type.String({ description: 'the set of reference values that the workload met' })),
  emulated: Type.Boolean({ description: 'no hardware vouches for the workload' }),
})

/** Leases, for the owner of the namespace. */
export function leaseRoutes({ broker }: NativeServices): readonly Route[] {
  return [
    jsonRoute({
      method: 'GET',
      path: '/namespaces/{ns}/leases',
      tag: 'leases',
      summary: 'Leases, the newest first; `after` takes those before an id',
      scope: 'leases:read',
      params: closed({ ns: namespaceSchema() }),
      query: closed({
        state: Type.Optional(oneOf(STATES)),
        after: Type.Optional(idSchema('lse')),
        limit: Type.Optional(limitSchema()),
      }),
      answer: closed({ leases: Type.Array(LEASE), next: Type.Optional(Type.String()) }),
      handle: async ({ params, query }) => {
        const limit = query.limit ?? 100
        const found = await broker.leases(params.ns, { ...query, limit })
        const last = found.length === limit ? found.at(-1)?.id : undefined
        return { leases: found.map(leaseOf), ...(last === undefined ? {} : { next: last }) }
      },
    }),
    jsonRoute({
      method: 'GET',
      path: '/namespaces/{ns}/leases/{lease}',
      tag: 'leases',
      summary: 'One lease',
      scope: 'leases:read',
      params: ONE,
      answer: LEASE,
      handle: async ({ call, params }) => {
        const found = await broker.leaseState(params.lease, { at: call.at, namespace: params.ns })
        if (found === undefined) throw notFound('there is no such lease in this namespace')
        return leaseOf(found)
      },
    }),
    jsonRoute({
      method: 'POST',
      path: '/namespaces/{ns}/leases/{lease}/revoke',
      tag: 'leases',
      summary: 'Ends a live lease and tells its holder',
      scope: 'leases:write',
      params: ONE,
      body: closed({ reason: Type.Optional(Type.String({ maxLength: 512 })) }),
      answer: closed({ revoked: Type.Boolean() }),
      handle: async (input) => {
        const { reason } = input.body
        const revoked = await broker.revoke(input.params.ns, input.params.lease, {
          ...acting(input),
          ...(reason === undefined ? {} : { reason }),
        })
        if (!revoked) throw notFound('there is no such live lease in this namespace')
        return { revoked }
      },
    }),
  ]
}

/** A lease as the API shows it. */
function leaseOf(one: LeaseState): Static<typeof LEASE> {
  return {
    id: one.id,
    resource: one.resource,
    state: one.state,
    created: one.created.toISOString(),
    expires: one.expires.toISOString(),
    ...(one.ended === undefined ? {} : { ended: one.ended.toISOString() }),
    ...(one.endedReason === undefined ? {} : { endedReason: one.endedReason }),
    appraisal: one.appraisal,
    decision: one.decision,
    tee: one.tee,
    ...(one.product === undefined ? {} : { product: one.product }),
    ...(one.hardwareId === undefined ? {} : { hardwareId: one.hardwareId }),
    ...(one.referenceSet === undefined ? {} : { referenceSet: one.referenceSet }),
    emulated: one.emulated,
  }
}
