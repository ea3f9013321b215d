import type { AffectedLease } from '@sekisho/broker'
import { type Static, Type } from '@sinclair/typebox'
import { acting } from '../acting.ts'
import { anyObject, closed, namespaceSchema, oneOf, timeSchema } from '../common.ts'
import { jsonRoute, type Route } from '../route.ts'
import type { NativeServices } from '../services.ts'

const NS = closed({ ns: namespaceSchema() })
const ADVISORY_ID = Type.String({
  // No path leads to one that is `.` or `..`.
  pattern: '^(?!\\.{1,2}$)[A-Za-z0-9._:-]{1,64}$',
  description: 'the id of an advisory, e.g. AMD-SB-3019',
})
const ONE = closed({ ns: namespaceSchema(), advisory: ADVISORY_ID })
const COMPONENTS = Type.Record(
  Type.String({ pattern: '^[A-Za-z0-9]{1,32}$' }),
  Type.Integer({ minimum: 0, maximum: 65535 }),
  {
    maxProperties: 64,
  },
)
const ADVISORY = closed({
  id: ADVISORY_ID,
  vendor: Type.String({ pattern: '^[a-z0-9-]{1,32}$', description: 'a vendor in lower case: amd, intel, …' }),
  products: Type.Optional(Type.Array(Type.String({ maxLength: 64 }), { maxItems: 64 })),
  tcb: Type.Optional(COMPONENTS),
  published: Type.String({ maxLength: 32, description: 'a date or time, ISO 8601' }),
  note: Type.Optional(Type.String({ maxLength: 4096 })),
})
const AFFECTED = {
  lease: Type.String(),
  resource: Type.String(),
  appraisal: Type.String(),
  tee: Type.String(),
  product: Type.Optional(Type.String()),
  hardwareId: Type.Optional(Type.String()),
  expires: timeSchema(),
  emulated: Type.Boolean(),
}
const AFFECTED_LEASE = closed({
  ...AFFECTED,
  forecast: Type.Optional(
    Type.Boolean({ description: 'true: not yet, but when the TCB level of the early channel is the standard one' }),
  ),
})
const REAPPRAISED = { live: Type.Integer(), revoked: Type.Integer() }

/** Advisories, whom they concern, and what is to come. */
export function advisoryRoutes({ broker }: NativeServices): readonly Route[] {
  return [
    jsonRoute({
      method: 'GET',
      path: '/namespaces/{ns}/advisories',
      tag: 'advisories',
      summary: 'Advisories that policies see',
      scope: 'advisories:read',
      params: NS,
      answer: closed({ advisories: Type.Array(ADVISORY) }),
      handle: async ({ params }) => ({
        advisories: (await broker.admin.advisories(params.ns)).map(({ products, tcb, note, ...one }) => ({
          id: one.id,
          vendor: one.vendor,
          published: one.published,
          ...(products === undefined ? {} : { products: [...products] }),
          ...(tcb === undefined ? {} : { tcb: { ...tcb } }),
          ...(note === undefined ? {} : { note }),
        })),
      }),
    }),
    jsonRoute({
      method: 'POST',
      path: '/namespaces/{ns}/advisories',
      tag: 'advisories',
      summary: 'Makes an advisory known and looks at every live lease again',
      scope: 'advisories:write',
      params: NS,
      body: ADVISORY,
      status: 201,
      answer: closed({ id: Type.String(), ...REAPPRAISED }),
      handle: async (input) => {
        const { id, live, revoked } = await broker.admin.putAdvisory(input.params.ns, input.body, acting(input))
        return { id, live, revoked }
      },
    }),
    jsonRoute({
      method: 'DELETE',
      path: '/namespaces/{ns}/advisories/{advisory}',
      tag: 'advisories',
      summary: 'Takes an advisory back and looks at every live lease again',
      scope: 'advisories:write',
      params: ONE,
      answer: closed(REAPPRAISED),
      handle: async (input) => {
        const { live, revoked } = await broker.admin.deleteAdvisory(
          input.params.ns,
          input.params.advisory,
          acting(input),
        )
        return { live, revoked }
      },
    }),
    jsonRoute({
      method: 'GET',
      path: '/namespaces/{ns}/advisories/{advisory}/affected',
      tag: 'advisories',
      summary: 'Live leases that an advisory concerns, or by the early update channel of Intel will',
      scope: 'leases:read',
      params: ONE,
      answer: closed({ affected: Type.Array(AFFECTED_LEASE) }),
      handle: async ({ call, params }) => ({
        affected: (await broker.affectedBy(params.ns, params.advisory, call.at)).map(affectedOf),
      }),
    }),
    jsonRoute({
      method: 'POST',
      path: '/namespaces/{ns}/forecast',
      tag: 'advisories',
      summary:
        'What would become of live leases under a TCB level, a policy or a reference set to come; nothing is changed',
      scope: 'leases:read',
      params: NS,
      body: closed({
        update: Type.Optional(oneOf(['early'] as const)),
        minTcb: Type.Optional(
          Type.Record(Type.String({ pattern: '^[A-Za-z0-9]{1,32}$' }), COMPONENTS, { maxProperties: 16 }),
        ),
        policy: Type.Optional(
          Type.String({ maxLength: 512 * 1024, description: 'Cedar policies to come, at most 512 KiB' }),
        ),
        putReference: Type.Optional(anyObject('a reference set to come, in the place of the one of its name')),
        removeReference: Type.Optional(
          Type.String({ maxLength: 64, description: 'the name of a reference set that is to go' }),
        ),
      }),
      answer: closed({
        leases: Type.Integer(),
        fails: Type.Array(closed({ ...AFFECTED, code: Type.String(), reasons: Type.Array(Type.String()) })),
        unmatched: Type.Array(Type.String()),
      }),
      handle: async ({ call, params, body }) => {
        const forecast = await broker.forecast({ namespace: params.ns, at: call.at, ...body })
        return {
          leases: forecast.leases,
          fails: forecast.fails.map((one) => ({ ...affectedOf(one), code: one.code, reasons: [...one.reasons] })),
          unmatched: [...forecast.unmatched],
        }
      },
    }),
    jsonRoute({
      method: 'POST',
      path: '/namespaces/{ns}/reappraise',
      tag: 'advisories',
      summary: 'Asks the vendors anew, and looks at every live lease again by what they say now',
      scope: 'leases:write',
      params: NS,
      body: closed({}),
      answer: closed({
        ...REAPPRAISED,
        unanswered: Type.Integer({
          description: 'of those that stay live, leases of platforms whose endorsements could not be had',
        }),
      }),
      handle: async (input) => {
        const { live, revoked, unanswered } = await broker.recheck(input.params.ns, acting(input))
        return { live, revoked, unanswered }
      },
    }),
  ]
}

function affectedOf(one: AffectedLease): Static<typeof AFFECTED_LEASE> {
  return {
    lease: one.lease,
    resource: one.resource,
    appraisal: one.appraisal,
    tee: one.tee,
    ...(one.product === undefined ? {} : { product: one.product }),
    ...(one.hardwareId === undefined ? {} : { hardwareId: one.hardwareId }),
    expires: one.expires.toISOString(),
    emulated: one.emulated,
    ...(one.forecast === undefined ? {} : { forecast: one.forecast }),
  }
}
