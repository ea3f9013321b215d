import { mayAccess, SCOPES, type TokenSummary } from '@sekisho/broker'
import { type Static, Type } from '@sinclair/typebox'
import { HttpError, invalid, notFound, unexpected } from '../../http/errors.ts'
import { acting } from '../acting.ts'
import { closed, namespaceSchema, oneOf, timeSchema } from '../common.ts'
import { redeemed } from '../redeemed.ts'
import { jsonRoute, type Route } from '../route.ts'
import type { NativeServices } from '../services.ts'

const NS = closed({ ns: namespaceSchema() })
const TOKEN_ID = Type.String({ pattern: '^[0-9a-f]{16}$', description: 'the id of a token, 16 hex digits' })
const SCOPE_LIST = Type.Array(oneOf(SCOPES), {
  minItems: 1,
  maxItems: SCOPES.length,
  uniqueItems: true,
  description: `a list, no two alike, of ${SCOPES.join(', ')}`,
})
const CREATED = closed({ id: Type.String(), token: Type.String() })
const SUMMARY = closed({
  id: Type.String(),
  namespace: Type.String(),
  name: Type.String(),
  scopes: SCOPE_LIST,
  created: timeSchema(),
  expires: Type.Optional(timeSchema()),
  lastUsed: Type.Optional(timeSchema()),
  revoked: Type.Optional(timeSchema()),
})
const NEW_TOKEN = closed({
  name: Type.String({ minLength: 1, maxLength: 100, description: '1 to 100 characters' }),
  scopes: SCOPE_LIST,
  expires: timeSchema(),
})

/** Namespaces, tokens, and the first token of all. */
export function accessRoutes({ auth, broker, db, tokens }: NativeServices): readonly Route[] {
  return [
    jsonRoute({
      method: 'POST',
      path: '/setup',
      tag: 'access',
      summary: 'Redeems the one-time link of the first start for a token with `admin` in all namespaces',
      body: closed({
        secret: Type.String({ minLength: 1, maxLength: 128, description: 'what stands behind # in the link' }),
      }),
      status: 201,
      answer: CREATED,
      handle: async ({ call, body }) => {
        const created = await auth.guess(call, () => redeemed({ broker, db, tokens }, call, body.secret))
        if (created === undefined) throw new HttpError(403, 'setup-over', 'this link was used, is over, or never was')
        return { id: created.id, token: created.token }
      },
    }),
    jsonRoute({
      method: 'GET',
      path: '/me',
      tag: 'access',
      bearer: 'any-token',
      summary: 'Whom the bearer token speaks for, and what it may do',
      answer: closed({
        actor: Type.String(),
        grants: Type.Array(closed({ namespace: Type.String(), scopes: Type.Array(Type.String()) })),
      }),
      handle: async ({ call }) => {
        const { actor, grants } = await auth.authenticate(call)
        return { actor, grants: grants.map(({ namespace, scopes }) => ({ namespace, scopes: [...scopes] })) }
      },
    }),
    jsonRoute({
      method: 'GET',
      path: '/namespaces',
      tag: 'access',
      summary: 'Names of all namespaces',
      scope: 'admin',
      answer: closed({ namespaces: Type.Array(Type.String()) }),
      handle: async () => ({ namespaces: [...(await broker.admin.namespaces())] }),
    }),
    jsonRoute({
      method: 'POST',
      path: '/namespaces',
      tag: 'access',
      summary: 'Makes a namespace; one that exists already stays as it is',
      scope: 'admin',
      body: closed({ name: namespaceSchema() }),
      status: 201,
      answer: closed({
        name: Type.String(),
        created: Type.Boolean({ description: 'false when it exists already' }),
      }),
      handle: async (input) => {
        const { name } = input.body
        return { name, created: await broker.admin.createNamespace(name, acting(input)) }
      },
    }),
    ...tokenRoutes('/namespaces/{ns}/tokens', { broker, db, tokens }),
    jsonRoute({
      method: 'GET',
      path: '/tokens',
      tag: 'access',
      summary: 'Tokens of all namespaces, the newest first',
      scope: 'tokens:read',
      answer: closed({ tokens: Type.Array(SUMMARY) }),
      handle: async () => ({ tokens: (await tokens.list(db, '*')).map(summaryOf) }),
    }),
    jsonRoute({
      method: 'POST',
      path: '/tokens',
      tag: 'access',
      summary: 'Makes a token for all namespaces; the token is shown once',
      scope: 'tokens:write',
      body: NEW_TOKEN,
      status: 201,
      answer: CREATED,
      handle: (input) => create({ broker, db, tokens }, '*', input),
    }),
    jsonRoute({
      method: 'DELETE',
      path: '/tokens/{token}',
      tag: 'access',
      summary: 'Ends a token of any namespace',
      scope: 'tokens:write',
      params: closed({ token: TOKEN_ID }),
      status: 204,
      handle: (input) => revoke({ broker, db, tokens }, '*', input.params.token, input),
    }),
  ]
}

type Keepers = Pick<NativeServices, 'broker' | 'db' | 'tokens'>
type Asking = Parameters<typeof acting>[0]

function tokenRoutes(path: string, keepers: Keepers): readonly Route[] {
  return [
    jsonRoute({
      method: 'GET',
      path,
      tag: 'access',
      summary: 'Tokens of the namespace, the newest first; never the tokens themselves',
      scope: 'tokens:read',
      params: NS,
      answer: closed({ tokens: Type.Array(SUMMARY) }),
      handle: async ({ params }) => ({ tokens: (await keepers.tokens.list(keepers.db, params.ns)).map(summaryOf) }),
    }),
    jsonRoute({
      method: 'POST',
      path,
      tag: 'access',
      summary: 'Makes a token for the namespace; the token is shown once',
      scope: 'tokens:write',
      params: NS,
      body: NEW_TOKEN,
      status: 201,
      answer: CREATED,
      handle: (input) => create(keepers, input.params.ns, input),
    }),
    jsonRoute({
      method: 'DELETE',
      path: `${path}/{token}`,
      tag: 'access',
      summary: 'Ends a token of the namespace',
      scope: 'tokens:write',
      params: closed({ ns: namespaceSchema(), token: TOKEN_ID }),
      status: 204,
      handle: (input) => revoke(keepers, input.params.ns, input.params.token, input),
    }),
  ]
}

interface NewToken extends Asking {
  readonly body: Static<typeof NEW_TOKEN>
}

async function create(
  { broker, db, tokens }: Keepers,
  namespace: string,
  input: NewToken,
): Promise<Static<typeof CREATED>> {
  const { name, scopes, expires } = input.body
  // Nobody gives away what they do not have: `tokens:write` alone must not make an administrator.
  const beyond = scopes.filter((scope) => !mayAccess(input.who, namespace, scope))
  if (beyond.length > 0) throw new HttpError(403, 'forbidden', `you do not have ${beyond.join(', ')} to give`)
  const { at } = input.call
  const end = new Date(expires)
  // A day that its month has not would be taken for one of the next.
  if (Number.isNaN(end.getTime()) || end.toISOString().slice(0, 10) !== expires.slice(0, 10))
    throw unexpected([{ field: '/expires', expected: 'a time that there is, in UTC, e.g. 2026-11-21T02:05:00Z' }])
  try {
    return await db.transaction(async (sql) => {
      const { id, token } = await tokens.create(sql, { namespace, name, scopes, expires: end, at })
      await broker.admin.record(
        sql,
        namespace,
        { what: 'token-created', details: { token: id, name, scopes } },
        acting(input),
      )
      return { id, token }
    })
  } catch (error) {
    if (error instanceof TypeError) throw invalid(error.message, [{ field: '', expected: error.message }])
    throw error
  }
}

async function revoke(
  { broker, db, tokens }: Keepers,
  namespace: string,
  id: string,
  input: Asking,
): Promise<undefined> {
  const ended = await db.transaction(async (sql) => {
    if (!(await tokens.revoke(sql, namespace, id, input.call.at))) return false
    await broker.admin.record(sql, namespace, { what: 'token-revoked', details: { token: id } }, acting(input))
    return true
  })
  if (!ended) throw notFound('there is no such living token')
  return undefined
}

function summaryOf(one: TokenSummary): Static<typeof SUMMARY> {
  return {
    id: one.id,
    namespace: one.namespace,
    name: one.name,
    scopes: [...one.scopes],
    created: one.created.toISOString(),
    ...(one.expires === undefined ? {} : { expires: one.expires.toISOString() }),
    ...(one.lastUsed === undefined ? {} : { lastUsed: one.lastUsed.toISOString() }),
    ...(one.revoked === undefined ? {} : { revoked: one.revoked.toISOString() }),
  }
}
