import { KEY_TYPES, type SecretDescription, type SecretSummary } from '@sekisho/broker'
import { type Static, Type } from '@sinclair/typebox'
import { notFound } from '../../http/errors.ts'
import { acting } from '../acting.ts'
import {
  anyObject,
  BYTES_LIMIT,
  base64Schema,
  bytesOf,
  closed,
  limitSchema,
  namespaceSchema,
  oneOf,
  resourceSchema,
  segmentSchema,
  timeSchema,
} from '../common.ts'
import { jsonRoute, type Route } from '../route.ts'
import type { NativeServices } from '../services.ts'

const PLACE = closed({ ns: namespaceSchema(), repo: segmentSchema(), type: segmentSchema(), tag: segmentSchema() })
const METADATA = Type.Record(Type.String({ pattern: '^[^\\u0000-\\u001f]{1,64}$' }), Type.String({ maxLength: 1024 }), {
  maxProperties: 64,
  description: 'names with texts, together at most 4 KiB; not secret',
})
const VERSION = Type.Integer({ minimum: 1 })
const SUMMARY = {
  path: Type.String(),
  kind: oneOf(['secret', 'key'] as const),
  metadata: anyObject('names with texts'),
  version: VERSION,
  contentType: Type.Optional(Type.String()),
  created: timeSchema(),
  updated: timeSchema(),
}
const LISTED = closed(SUMMARY)
const DESCRIBED = closed({
  ...SUMMARY,
  versions: Type.Array(closed({ version: VERSION, created: timeSchema(), createdBy: Type.String() })),
  publicJwk: Type.Optional(anyObject('the public key, JSON Web Key')),
})
const ADDED = closed({ version: VERSION })
/** The greatest secret that is kept, 1 MiB, in base64. */
const VALUE_LENGTH = 4 * Math.ceil((1024 * 1024) / 3)

/** Secrets and keys. What they hold goes in, and comes out by release only. */
export function secretRoutes({ broker, vault, db }: NativeServices): readonly Route[] {
  const describe = async (ns: string, path: string): Promise<Static<typeof DESCRIBED>> => {
    const found = await vault.describe(db, ns, path)
    if (found === undefined) throw notFound('there is nothing of this name in this namespace')
    return describedOf(found)
  }
  return [
    jsonRoute({
      method: 'GET',
      path: '/namespaces/{ns}/secrets',
      tag: 'secrets',
      summary: 'Secrets and keys by name; never what they hold',
      scope: 'secrets:read',
      params: closed({ ns: namespaceSchema() }),
      query: closed({ after: Type.Optional(resourceSchema()), limit: Type.Optional(limitSchema()) }),
      answer: closed({ secrets: Type.Array(LISTED), next: Type.Optional(Type.String()) }),
      handle: async ({ params, query }) => {
        const limit = query.limit ?? 100
        const found = await vault.list(db, params.ns, { ...query, limit })
        const last = found.length === limit ? found.at(-1)?.path : undefined
        return { secrets: found.map(listedOf), ...(last === undefined ? {} : { next: last }) }
      },
    }),
    jsonRoute({
      method: 'GET',
      path: '/namespaces/{ns}/secrets/{repo}/{type}/{tag}',
      tag: 'secrets',
      summary: 'What may be told about a secret; never what it holds',
      scope: 'secrets:read',
      params: PLACE,
      answer: DESCRIBED,
      handle: ({ params }) => describe(params.ns, pathOf(params)),
    }),
    jsonRoute({
      method: 'PUT',
      path: '/namespaces/{ns}/secrets/{repo}/{type}/{tag}',
      tag: 'secrets',
      summary: 'Keeps a new version of a secret',
      scope: 'secrets:write',
      params: PLACE,
      body: closed({
        value: base64Schema(VALUE_LENGTH),
        contentType: Type.Optional(
          Type.String({ pattern: '^[\\x20-\\x7e]{1,128}$', description: '1 to 128 printable ASCII characters' }),
        ),
        metadata: Type.Optional(METADATA),
      }),
      bodyLimit: BYTES_LIMIT,
      answer: ADDED,
      handle: async (input) => {
        const { value, ...about } = input.body
        const bytes = bytesOf(value, '/value')
        const { version } = await broker.admin.putSecret(
          input.params.ns,
          { path: pathOf(input.params), bytes, ...about },
          acting(input),
        )
        bytes.fill(0)
        return { version }
      },
    }),
    jsonRoute({
      method: 'DELETE',
      path: '/namespaces/{ns}/secrets/{repo}/{type}/{tag}',
      tag: 'secrets',
      summary: 'Destroys all versions of a secret or key',
      scope: 'secrets:write',
      params: PLACE,
      status: 204,
      handle: async (input) => {
        const gone = await broker.admin.deleteSecret(input.params.ns, pathOf(input.params), acting(input))
        if (!gone) throw notFound('there is nothing of this name in this namespace')
        return undefined
      },
    }),
    jsonRoute({
      method: 'PUT',
      path: '/namespaces/{ns}/keys/{repo}/{type}/{tag}',
      tag: 'secrets',
      summary: 'Generates a new version of a key',
      scope: 'secrets:write',
      params: PLACE,
      body: closed({ type: oneOf(KEY_TYPES) }),
      answer: closed({ version: VERSION, publicJwk: Type.Optional(anyObject('the public key, JSON Web Key')) }),
      handle: async (input) => {
        const key = { path: pathOf(input.params), type: input.body.type }
        const { version, publicJwk } = await broker.admin.generateKey(input.params.ns, key, acting(input))
        return { version, ...(publicJwk === undefined ? {} : { publicJwk: { ...publicJwk } }) }
      },
    }),
    jsonRoute({
      method: 'GET',
      path: '/namespaces/{ns}/keys/{repo}/{type}/{tag}',
      tag: 'secrets',
      summary: 'A key with its public part',
      scope: 'secrets:read',
      params: PLACE,
      answer: DESCRIBED,
      handle: ({ params }) => describe(params.ns, pathOf(params)),
    }),
  ]
}

function pathOf({ repo, type, tag }: Static<typeof PLACE>): string {
  return `${repo}/${type}/${tag}`
}

function listedOf(one: SecretSummary): Static<typeof LISTED> {
  return {
    path: one.path,
    kind: one.kind,
    metadata: { ...one.metadata },
    version: one.version,
    ...(one.contentType === undefined ? {} : { contentType: one.contentType }),
    created: one.created.toISOString(),
    updated: one.updated.toISOString(),
  }
}

function describedOf(one: SecretDescription): Static<typeof DESCRIBED> {
  return {
    ...listedOf(one),
    versions: one.versions.map(({ version, created, createdBy }) => ({
      version,
      created: created.toISOString(),
      createdBy,
    })),
    ...(one.publicJwk === undefined ? {} : { publicJwk: { ...one.publicJwk } }),
  }
}
