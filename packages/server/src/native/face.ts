import { TrieRouter } from 'hono/router/trie-router'
import type { Authenticator } from '../access/authenticate.ts'
import { NOBODY } from '../access/principal.ts'
import type { Call } from '../http/call.ts'
import { invalid } from '../http/errors.ts'
import { type Handler, missing } from '../http/front.ts'
import { empty, json, type Reply } from '../http/reply.ts'
import { API_PREFIX, BYTES_LIMIT, JSON_LIMIT } from './common.ts'
import { openApiDocument } from './openapi.ts'
import type { Route } from './route.ts'
import { check, readQuery } from './validate.ts'

/** What the native API needs beside its routes. */
export interface NativeOptions {
  readonly routes: readonly Route[]
  readonly version: string
  readonly auth: Authenticator
}

/** Serves the routes of the table, and the document made from the same table, below `/api/v1`. */
export function nativeFace(options: NativeOptions): Handler {
  const router = new TrieRouter<Route>()
  for (const route of options.routes) router.add(route.method, pattern(route), route)
  const document = openApiDocument(options.routes, options)
  return (call) => {
    if (call.path === `${API_PREFIX}/openapi.json` && call.method === 'GET') {
      call.facts.route = call.path
      return json(200, document)
    }
    const found = match(router, call.method === 'HEAD' ? 'GET' : call.method, call.path)
    if (found === undefined) throw missing((method) => router.match(method, call.path)[0].length > 0)
    call.facts.route = pattern(found.route)
    return answer(found.route, found.params, call, options)
  }
}

async function answer(
  route: Route,
  params: Readonly<Record<string, string>>,
  call: Call,
  { auth }: NativeOptions,
): Promise<Reply> {
  // Before anything else: who may not ask learns nothing from how the rest of the request is answered.
  const namespace = params['ns']
  if (namespace !== undefined && /^[a-z0-9-]{1,63}$/.test(namespace)) call.facts.namespace = namespace
  const who = route.scope === undefined ? NOBODY : await auth.authorize(call, route.scope, namespace ?? '*')
  if (route.params !== undefined) check(route.params, params, 'path')
  const query = readQuery(route.query, call.query)
  const body = await readRouteBody(route, call)
  const outcome = await route.handle({ call, params, query, body, who })
  if ('status' in outcome) return outcome
  const status = route.status ?? 200
  return route.answer === undefined ? empty(status) : json(status, outcome.answer)
}

async function readRouteBody(route: Route, call: Call): Promise<unknown> {
  if (route.bodyKind === 'bytes') return call.body(route.bodyLimit ?? BYTES_LIMIT)
  if (route.body === undefined) return undefined
  const body = await call.json(route.bodyLimit ?? JSON_LIMIT)
  check(route.body, body, '')
  return body
}

function match(
  router: TrieRouter<Route>,
  method: string,
  path: string,
): { readonly route: Route; readonly params: Readonly<Record<string, string>> } | undefined {
  const [[route, raw] = []] = router.match(method, path)[0]
  if (route === undefined) return undefined
  const params: Record<string, string> = {}
  for (const [name, value] of Object.entries(raw ?? {})) params[name] = decoded(String(value))
  return { route, params }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw invalid('the path is not percent-encoded UTF-8')
  }
}

function pattern({ path }: Route): string {
  return API_PREFIX + path.replace(/\{(\w+)\}/g, ':$1')
}
