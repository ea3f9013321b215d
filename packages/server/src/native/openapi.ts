import type { TSchema } from '@sinclair/typebox'
import { API_PREFIX, problemSchema } from './common.ts'
import type { Route } from './route.ts'

/** What the document says of the server as a whole. */
export interface ApiInfo {
  readonly version: string
}

/**
 * The OpenAPI 3.1 document of the routes. It is made from the same table that the router serves, so a route that is not
 * described does not exist, and the other way round.
 */
export function openApiDocument(routes: readonly Route[], { version }: ApiInfo): Readonly<Record<string, unknown>> {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const route of routes) {
    const path = API_PREFIX + route.path
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(route) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Sekisho',
      version,
      description: 'Secrets and keys for machines that have proved what they are and what they run.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    paths,
    components: {
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          description: 'An API token, or a token of the configured OpenID provider.',
        },
        leaseSecret: {
          type: 'http',
          scheme: 'bearer',
          description: 'The secret of the lease, as the release told its holder.',
        },
      },
      schemas: { Problem: problemSchema() },
    },
  }
}

function operation(route: Route): Readonly<Record<string, unknown>> {
  return {
    operationId: operationId(route),
    tags: [route.tag],
    summary: route.summary,
    security: security(route),
    parameters: [...parameters('path', route.params), ...parameters('query', route.query)],
    ...(route.body === undefined && route.bodyKind !== 'bytes' ? {} : { requestBody: requestBody(route) }),
    responses: { [route.status ?? 200]: success(route), default: FAILURE },
  }
}

function security({ scope, bearer }: Route): readonly Readonly<Record<string, readonly string[]>>[] {
  if (scope !== undefined) return [{ bearer: [scope] }]
  if (bearer === undefined) return []
  return [bearer === 'any-token' ? { bearer: [] } : { leaseSecret: [] }]
}

function operationId({ method, path }: Route): string {
  const words = path.split(/[/{}.-]+/).filter((word) => word !== '')
  return method.toLowerCase() + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')
}

function parameters(place: 'path' | 'query', schema: Route['params']): readonly unknown[] {
  if (schema === undefined) return []
  return Object.entries(schema.properties).map(([name, member]) => ({
    name,
    in: place,
    required: place === 'path' || (schema.required ?? []).includes(name),
    schema: plain(member),
  }))
}

function requestBody({ body, bodyKind }: Route): unknown {
  const content =
    bodyKind === 'bytes' ? { 'application/octet-stream': {} } : { 'application/json': { schema: plain(body) } }
  return { required: true, content }
}

function success({ status, answer, answerType }: Route): unknown {
  if (status === 204) return { description: 'Success, without a body' }
  if (answerType !== undefined)
    return { description: 'Success', content: { [answerType]: answer === undefined ? {} : { schema: plain(answer) } } }
  if (answer === undefined) return { description: 'Success, without a body' }
  return { description: 'Success', content: { 'application/json': { schema: plain(answer) } } }
}

const FAILURE = {
  description: 'Not a success; `code` says why',
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
}

/** The schema without the symbols that TypeBox keeps in it. */
function plain(schema: TSchema | undefined): unknown {
  return JSON.parse(JSON.stringify(schema ?? {}))
}
