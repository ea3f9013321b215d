import type { BrokerEvent } from '@sekisho/broker'
import { Type } from '@sinclair/typebox'
import { bearer } from '../../access/bearer.ts'
import { HttpError } from '../../http/errors.ts'
import { closed, idSchema, namespaceSchema } from '../common.ts'
import { type Route, rawRoute } from '../route.ts'
import type { NativeServices } from '../services.ts'

const AFTER = closed({
  after: Type.Optional(Type.Integer({ minimum: 0, description: 'the id of the last event seen' })),
})

/** What happens in a namespace, and to a lease, as it happens. */
export function eventRoutes({ auth, broker, streams }: NativeServices): readonly Route[] {
  return [
    rawRoute({
      method: 'GET',
      path: '/namespaces/{ns}/events',
      tag: 'events',
      summary: 'What happens in the namespace, as server-sent events; resumes behind Last-Event-ID',
      scope: 'decisions:read',
      params: closed({ ns: namespaceSchema() }),
      query: AFTER,
      answerType: 'text/event-stream',
      handle: async ({ call, params, who }) =>
        streams.stream(call, {
          holder: who.actor,
          events: (after, signal) => broker.events(params.ns, after, { signal }),
          stillMay: (at) => auth.stillMay(call, 'decisions:read', params.ns, at),
        }),
    }),
    rawRoute({
      method: 'GET',
      path: '/workload/leases/{lease}/events',
      tag: 'workload',
      bearer: 'lease-secret',
      summary: 'What happens to a lease, for its holder, who shows the lease secret as bearer token',
      params: closed({ lease: idSchema('lse') }),
      query: AFTER,
      answerType: 'text/event-stream',
      handle: async ({ call, params }) => {
        const lease = await broker.leaseState(params.lease, { at: call.at, secret: bearer(call) })
        if (lease === undefined) throw new HttpError(404, 'lease-unknown', 'there is no such lease for this holder')
        call.facts.namespace = lease.namespace
        return streams.stream(call, {
          holder: lease.id,
          events: (after, signal) => {
            const events = broker.events(lease.namespace, after, { signal, lease: lease.id })
            return lease.emulated ? marked(events) : events
          },
        })
      },
    }),
  ]
}

/** Events of a lease that rests on an emulated platform say so. */
async function* marked(events: AsyncIterable<BrokerEvent>): AsyncGenerator<BrokerEvent, void, void> {
  for await (const event of events) yield { ...event, body: { ...event.body, emulated: true } }
}
