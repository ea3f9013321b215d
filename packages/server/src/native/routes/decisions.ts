import type { Explained } from '@sekisho/broker'
import { type Static, Type } from '@sinclair/typebox'
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
import { jsonRoute, type Route } from '../route.ts'
import type { NativeServices } from '../services.ts'

const OUTCOMES = ['released', 'refused', 'renewed', 'revoked', 'attested', 'changed'] as const
const DECISION = Type.String({ pattern: '^dec_[0-9A-Za-z]{26}$', description: 'the id of a decision' })
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
  leafIndex: Type.Optional(Type.Integer()),
}
const EXPLAINED = closed({
  ...SUMMARY,
  details: anyObject('what was recorded with the decision'),
  verdict: Type.Optional(anyObject('the tree of checks, docs/verdict.md')),
  notKept: Type.Optional(Type.String({ description: 'why there is no verdict although there was one' })),
  context: Type.Optional(anyObject('what the policy saw')),
})
const LIST = closed({
  decisions: Type.Array(closed(SUMMARY)),
  /** Where the next page begins. */
  next: Type.Optional(Type.String()),
})

/** Decisions, for the owner of the namespace: here, and only here, is the whole reason told. */
export function decisionRoutes({ broker }: NativeServices): readonly Route[] {
  return [
    jsonRoute({
      method: 'GET',
      path: '/namespaces/{ns}/decisions',
      tag: 'decisions',
      summary: 'Decisions, the newest first; `after` takes those before an id',
      scope: 'decisions:read',
      params: closed({ ns: namespaceSchema() }),
      query: closed({
        after: Type.Optional(idSchema('dec')),
        outcome: Type.Optional(oneOf(OUTCOMES)),
        resource: Type.Optional(resourceSchema()),
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
  ]
}

function summaryOf(one: Explained): Static<(typeof LIST)['properties']['decisions']['items']> {
  return {
    id: one.id,
    at: one.at.toISOString(),
    kind: one.kind,
    outcome: one.outcome,
    emulated: isEmulated(one),
    ...(one.resource === undefined ? {} : { resource: one.resource }),
    ...(one.reasonCode === undefined ? {} : { reasonCode: one.reasonCode }),
    reasons: [...one.reasons],
    remedies: one.remedies.map(({ action, by }) => ({ action, by })),
    ...(one.appraisal === undefined ? {} : { appraisal: one.appraisal }),
    ...(one.leafIndex === undefined ? {} : { leafIndex: one.leafIndex }),
  }
}

function isEmulated({ context, body }: Explained): boolean {
  return (isRecord(context) && context['emulated'] === true) || body['emulated'] === true
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
