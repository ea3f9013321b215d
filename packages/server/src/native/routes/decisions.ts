import { Type } from '@sinclair/typebox'
import { notFound } from '../../http/errors.ts'
import {
  anyObject,
  closed,
  idSchema,
  limitSchema,
  namespaceSchema,
  oneOf,
  resourceSchema,
  timeSchema,
} from '../common.ts'
import { isRecord, summaryOf } from '../decision-summary.ts'
import { newDecisions } from '../new-decisions.ts'
import { jsonRoute, type Route, rawRoute } from '../route.ts'
import type { NativeServices } from '../services.ts'

const KINDS = ['attest', 'release', 'renew', 'revoke', 'admin'] as const
const OUTCOMES = ['released', 'refused', 'renewed', 'revoked', 'attested', 'changed'] as const
const DECISION = Type.String({
  pattern: '^dec_[0-9A-Za-z]{26}$',
  description: 'the id of a decision: dec_ and 26 letters or digits',
})
const ONE = closed({ ns: namespaceSchema(), decision: DECISION })
const SUMMARY = {
  id: Type.String(),
  at: timeSchema(),
  kind: Type.String(),
  outcome: Type.String(),
  emulated: Type.Boolean(),
  resource: Type.Optional(Type.String()),
  reasonCode: Type.Optional(Type.String()),
  reasons: Type.Array(Type.String()),
  remedies: Type.Array(closed({ action: Type.String(), by: Type.String() })),
  appraisal: Type.Optional(Type.String()),
  policyVersion: Type.Optional(Type.Integer()),
  leafIndex: Type.Optional(Type.Integer()),
  actor: Type.Optional(Type.String()),
  tee: Type.Optional(Type.String()),
  product: Type.Optional(Type.String()),
  workload: Type.Optional(Type.String({ description: 'launch measurement, lower-case hex' })),
}
const FILTER = {
  kind: Type.Optional(oneOf(KINDS)),
  resource: Type.Optional(resourceSchema()),
  tee: Type.Optional(Type.String({ pattern: '^[a-z0-9-]{1,32}$', description: 'a TEE, e.g. snp' })),
  workload: Type.Optional(
    Type.String({ pattern: '^[0-9a-f]{1,128}$', description: 'how the launch measurement begins, lower-case hex' }),
  ),
}
const EXPLAINED = closed({
  ...SUMMARY,
  details: anyObject('what was recorded with the decision'),
  verdict: Type.Optional(anyObject('the tree of checks, docs/verdict.md')),
  notKept: Type.Optional(Type.String({ description: 'why there is no verdict although there was one' })),
  context: Type.Optional(anyObject('what the policy saw')),
})
const REFUSALS = closed({
  groups: Type.Array(
    closed({
      reason: Type.String(),
      count: Type.Integer(),
      latest: Type.String({ description: 'id of the newest one' }),
      latestAt: timeSchema(),
    }),
  ),
  counted: Type.Integer(),
  /** Whether there are older ones that were not counted. */
  more: Type.Boolean(),
})
const LIST = closed({
  decisions: Type.Array(closed(SUMMARY)),
  /** Where the next page begins. */
  next: Type.Optional(Type.String()),
})

/** Decisions, for the owner of the namespace: here, and only here, is the whole reason told. */
export function decisionRoutes({ auth, broker, log, streams }: NativeServices): readonly Route[] {
  return [
    jsonRoute({
      method: 'GET',
      path: '/namespaces/{ns}/decisions',
      tag: 'decisions',
      summary: 'Decisions, the newest first; `after` takes those before an id, `lease` those on one lease',
      scope: 'decisions:read',
      params: closed({ ns: namespaceSchema() }),
      query: closed({
        ...FILTER,
        after: Type.Optional(idSchema('dec')),
        outcome: Type.Optional(oneOf(OUTCOMES)),
        lease: Type.Optional(idSchema('lse')),
        reason: Type.Optional(
          Type.String({ pattern: '^[a-z0-9-]{1,64}$', description: 'the code of a refusal, e.g. policy-deny' }),
        ),
        limit: Type.Optional(limitSchema()),
      }),
      answer: LIST,
      handle: async ({ params, query }) => {
        const limit = query.limit ?? 100
        const found = await broker.decisions(params.ns, { ...query, limit })
        const last = found.length === limit ? found.at(-1)?.id : undefined
        return { decisions: found.map(summaryOf), ...(last === undefined ? {} : { next: last }) }
      },
    }),
    // Before the route of one decision, which would take their names for ids.
    rawRoute({
      method: 'GET',
      path: '/namespaces/{ns}/decisions/events',
      tag: 'decisions',
      summary: 'Decisions as they are made, as server-sent events; the id is the size that the log then had',
      scope: 'decisions:read',
      params: closed({ ns: namespaceSchema() }),
      query: closed({
        after: Type.Optional(Type.Integer({ minimum: 0, description: 'the id of the last event seen' })),
      }),
      answerType: 'text/event-stream',
      handle: async ({ call, params, who }) =>
        streams.stream(call, {
          holder: who.actor,
          events: (after, signal) => newDecisions({ broker, log }, params.ns, after, signal),
          stillMay: (at) => auth.stillMay(call, 'decisions:read', params.ns, at),
        }),
    }),
    jsonRoute({
      method: 'GET',
      path: '/namespaces/{ns}/decisions/refusals',
      tag: 'decisions',
      summary: 'Refusals counted by reason, of the newest 10,000',
      scope: 'decisions:read',
      params: closed({ ns: namespaceSchema() }),
      query: closed(FILTER),
      answer: REFUSALS,
      handle: async ({ params, query }) => {
        const { groups, counted, more } = await broker.refusals(params.ns, query)
        return { groups: groups.map((one) => ({ ...one, latestAt: one.latestAt.toISOString() })), counted, more }
      },
    }),
    jsonRoute({
      method: 'GET',
      path: '/namespaces/{ns}/decisions/{decision}',
      tag: 'decisions',
      summary: 'One decision with the full verdict tree and the remedies',
      scope: 'decisions:read',
      params: ONE,
      answer: EXPLAINED,
      handle: async ({ params }) => {
        const found = await broker.why(params.ns, params.decision)
        if (found === undefined) throw notFound('there is no such decision in this namespace')
        return {
          ...summaryOf(found),
          details: found.body,
          ...(found.verdict === undefined ? {} : { verdict: { ...found.verdict } }),
          ...(found.notKept === undefined ? {} : { notKept: found.notKept }),
          ...(isRecord(found.context) ? { context: found.context } : {}),
        }
      },
    }),
    jsonRoute({
      method: 'GET',
      path: '/namespaces/{ns}/decisions/{decision}/receipt',
      tag: 'decisions',
      summary: 'A receipt that proves, offline, that the decision stands in the log',
      scope: 'decisions:read',
      params: ONE,
      answer: anyObject('the receipt, urn:sekisho:receipt:v1'),
      handle: async ({ params }) => {
        const receipt = await broker.receipt(params.ns, params.decision)
        if (receipt === undefined) throw notFound('there is no such decision in this namespace')
        return { ...receipt }
      },
    }),
    jsonRoute({
      method: 'GET',
      path: '/log/entries/{index}',
      tag: 'decisions',
      summary: 'One entry of the log, of whatever namespace',
      scope: 'decisions:read',
      params: closed({ index: Type.String({ pattern: '^(0|[1-9][0-9]{0,14})$', description: 'an index, from 0' }) }),
      answer: closed({
        index: Type.Integer(),
        entry: Type.String({ description: 'the bytes of the leaf, in base64' }),
      }),
      handle: async ({ params }) => {
        const index = Number(params.index)
        if (index >= (await log.size())) throw notFound('the log does not hold this yet')
        const [bytes = new Uint8Array(0)] = await log.entries(index, 1)
        return { index, entry: Buffer.from(bytes).toString('base64') }
      },
    }),
  ]
}
