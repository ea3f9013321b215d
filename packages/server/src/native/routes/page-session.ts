import { endSetupSession } from '@sekisho/broker'
import { Type } from '@sinclair/typebox'
import { unauthorized } from '../../access/bearer.ts'
import {
  closePageSession,
  MAX_SESSION_TOKEN,
  openPageSession,
  pageSessionToken,
  SESSION_SECONDS,
} from '../../access/page-session.ts'
import type { Principal } from '../../access/principal.ts'
import type { Call } from '../../http/call.ts'
import { HttpError, unexpected } from '../../http/errors.ts'
import { empty, json, type Reply } from '../../http/reply.ts'
import { closed } from '../common.ts'
import { redeemed } from '../redeemed.ts'
import { type Route, rawRoute } from '../route.ts'
import type { NativeServices } from '../services.ts'

const OPENING = closed({
  token: Type.Optional(
    Type.String({ minLength: 1, maxLength: MAX_SESSION_TOKEN, description: 'an API token, or one of the provider' }),
  ),
  setup: Type.Optional(
    Type.String({ minLength: 1, maxLength: 128, description: 'what stands behind # in the one-time link' }),
  ),
})

const OPENED = closed({
  key: Type.String(),
  actor: Type.String(),
  grants: Type.Array(closed({ namespace: Type.String(), scopes: Type.Array(Type.String()) })),
})

/** Sessions of the web page: a token in two halves, the cookie and the key in the answer. */
export function pageSessionRoutes(services: NativeServices): readonly Route[] {
  const { auth, secureCookies } = services
  return [
    rawRoute({
      method: 'POST',
      path: '/session',
      tag: 'access',
      summary: 'Begins a session of the web page with a token, or with the one-time link of the first start',
      body: OPENING,
      status: 201,
      answer: OPENED,
      handle: async ({ call, body }) => {
        const token = await tokenOf(services, call, body)
        const who = await auth.guess(call, () => auth.believe(token, call.at))
        if (who === undefined) throw unauthorized('this token is not accepted')
        call.facts.actor = who.actor
        const { cookie, key } = openPageSession(call, token, secureCookies)
        return withCookie(json(201, { key, ...answerOf(who) }), cookie)
      },
    }),
    rawRoute({
      method: 'DELETE',
      path: '/session',
      tag: 'access',
      summary: 'Ends the session of the web page in this browser; its token goes on, unless the one-time link gave it',
      status: 204,
      handle: async ({ call }) => {
        await endOf(services, call)
        return withCookie(empty(), closePageSession(call, secureCookies))
      },
    }),
  ]
}

async function tokenOf(
  services: NativeServices,
  call: Call,
  { token, setup }: { readonly token?: string; readonly setup?: string },
): Promise<string> {
  if (token !== undefined && setup === undefined) return token
  if (token !== undefined || setup === undefined)
    throw unexpected([{ field: '', expected: 'either `token` or `setup`' }])
  // Nobody sees this token: it is good for as long as the session is, and not a moment longer.
  const created = await services.auth.guess(call, () => redeemed(services, call, setup, SESSION_SECONDS))
  if (created === undefined) throw new HttpError(403, 'setup-over', 'this link was used, is over, or never was')
  return created.token
}

/** Whoever signs out of the session that the one-time link began is not kept out by a token that nobody can use any more. */
async function endOf({ db, tokens }: NativeServices, call: Call): Promise<void> {
  const token = pageSessionToken(call)
  const who = token === undefined ? undefined : await tokens.check(token, call.at)
  if (who !== undefined) await endSetupSession(db, who.actor.replace(/^token:/, ''), call.at)
}

function answerOf({ actor, grants }: Principal): Readonly<Record<string, unknown>> {
  return { actor, grants: grants.map(({ namespace, scopes }) => ({ namespace, scopes: [...scopes] })) }
}

function withCookie(reply: Reply, cookie: string): Reply {
  return { ...reply, headers: { ...reply.headers, 'set-cookie': cookie } }
}
