import type { ResultKey } from '@sekisho/broker'
import { type Static, Type } from '@sinclair/typebox'
import { acting } from '../acting.ts'
import { closed, oneOf, timeSchema } from '../common.ts'
import { jsonRoute, type Route } from '../route.ts'
import type { NativeServices } from '../services.ts'

const KID = Type.String({
  pattern: '^[A-Za-z0-9_-]{43}$',
  description: 'the id of a key: its thumbprint (RFC 7638), 43 characters of base64url',
})
const KEY = closed({
  kid: Type.String(),
  state: oneOf(['current', 'next', 'retired', 'revoked']),
  created: timeSchema(),
  activated: Type.Optional(timeSchema()),
  retired: Type.Optional(timeSchema()),
  acceptedUntil: Type.Optional(timeSchema()),
  revoked: Type.Optional(timeSchema()),
})

/** The keys that sign attestation results. They are of the whole checkpoint: `admin` in all namespaces, for each. */
export function resultKeyRoutes({ broker }: NativeServices): readonly Route[] {
  return [
    jsonRoute({
      method: 'GET',
      path: '/result-keys',
      tag: 'result-keys',
      summary: 'Keys that sign attestation results: the one that signs, the next one, then former ones, at most 100',
      scope: 'admin',
      answer: closed({ keys: Type.Array(KEY) }),
      handle: async () => ({ keys: (await broker.resultKeys.list()).map(keyOf) }),
    }),
    jsonRoute({
      method: 'POST',
      path: '/result-keys/rotate',
      tag: 'result-keys',
      summary: 'Lets the next key sign; results of the former are accepted until the last has ended',
      scope: 'admin',
      body: closed({
        early: Type.Optional(
          Type.Boolean({
            description: 'true or false: also when the next key was published only just now; else that is a conflict',
          }),
        ),
      }),
      answer: closed({ current: Type.String(), next: Type.String(), retired: Type.String() }),
      handle: async (input) => {
        const { early = false } = input.body
        const { current, next, retired } = await broker.resultKeys.rotate({ ...acting(input), early })
        return { current, next, retired }
      },
    }),
    jsonRoute({
      method: 'DELETE',
      path: '/result-keys/{kid}',
      tag: 'result-keys',
      summary: 'Revokes a key: its results are refused at once, and leases end that were granted on them',
      scope: 'admin',
      params: closed({ kid: KID }),
      answer: closed({ current: Type.String(), next: Type.String(), leases: Type.Integer() }),
      handle: async (input) => {
        const { current, next, leases } = await broker.resultKeys.revoke(input.params.kid, acting(input))
        return { current, next, leases }
      },
    }),
  ]
}

function keyOf({ kid, state, created, activated, retired, acceptedUntil, revoked }: ResultKey): Static<typeof KEY> {
  return {
    kid,
    state,
    created: created.toISOString(),
    ...(activated === undefined ? {} : { activated: activated.toISOString() }),
    ...(retired === undefined ? {} : { retired: retired.toISOString() }),
    ...(acceptedUntil === undefined ? {} : { acceptedUntil: acceptedUntil.toISOString() }),
    ...(revoked === undefined ? {} : { revoked: revoked.toISOString() }),
  }
}
