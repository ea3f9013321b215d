import assert from 'node:assert/strict'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { type Answer, send } from './kbs-client.ts'

/** What the document says of one method of a path. */
export interface Operation {
  readonly security: readonly Readonly<Record<string, readonly string[]>>[]
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, unknown>> }>>
}
type Paths = Readonly<Record<string, Readonly<Record<string, Operation>>>>

/** What is asked of a route. */
export interface Asked {
  readonly json?: unknown
  readonly bytes?: Uint8Array
  readonly headers?: Readonly<Record<string, string>>
  readonly token?: string
}

/** An answer that was checked against the OpenAPI document. */
export interface Told extends Answer {
  readonly json: Readonly<Record<string, unknown>>
}

/** A client that believes no answer that the document does not describe. */
export interface ApiClient {
  readonly paths: Paths
  /** Operations that were called, `GET /api/v1/…`. */
  readonly called: Set<string>
  call(method: string, path: string, asked?: Asked): Promise<Told>
}

/** Reads the document and makes the client; `token` is what it sends unless a call says otherwise. */
export async function apiClient(url: string, token?: string): Promise<ApiClient> {
  const answer = await send(`${url}/api/v1/openapi.json`, { method: 'GET' })
  assert.equal(answer.status, 200)
  const document = JSON.parse(answer.text) as { readonly openapi: string; readonly paths: Paths }
  assert.equal(document.openapi, '3.1.0')
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true })
  ajv.addSchema(document, 'https://document.invalid/')
  const called = new Set<string>()
  return {
    paths: document.paths,
    called,
    async call(method, path, asked = {}) {
      const told = await ask(url, method, path, asked, token)
      const template = templateOf(document.paths, path.split('?')[0] ?? '', method)
      if (template !== undefined) {
        called.add(`${method} ${template}`)
        checkAnswer(ajv, document.paths, { method, template }, told)
      }
      return told
    },
  }
}

async function ask(
  url: string,
  method: string,
  path: string,
  asked: Asked,
  fallback: string | undefined,
): Promise<Told> {
  const token = asked.token ?? fallback
  const headers = {
    ...(token === undefined || token === '' ? {} : { authorization: `Bearer ${token}` }),
    ...(asked.json === undefined ? {} : { 'content-type': 'application/json' }),
    ...asked.headers,
  }
  const body = asked.json === undefined ? asked.bytes : JSON.stringify(asked.json)
  const answer = await send(url + path, { method, headers, ...(body === undefined ? {} : { body }) })
  const isJson = String(answer.headers['content-type'] ?? '').includes('json')
  return { ...answer, json: isJson ? (JSON.parse(answer.text) as Record<string, unknown>) : {} }
}

function templateOf(paths: Paths, path: string, method: string): string | undefined {
  const matches = Object.keys(paths).filter((template) => {
    const pattern = template.replace(/[.]/g, '\\.').replace(/\{\w+\}/g, '[^/]+')
    return new RegExp(`^${pattern}$`).test(path) && paths[template]?.[method.toLowerCase()] !== undefined
  })
  // A path without members is the closer one.
  return matches.sort((a, b) => a.split('{').length - b.split('{').length)[0]
}

function checkAnswer(ajv: Ajv2020, paths: Paths, o: { method: string; template: string }, told: Told): void {
  const method = o.method.toLowerCase()
  const operation = paths[o.template]?.[method]
  assert.ok(operation)
  const status = operation.responses[told.status] === undefined ? 'default' : String(told.status)
  if (status === 'default')
    assert.ok(told.status >= 400, `${o.method} ${o.template} answers an undocumented ${told.status}`)
  const content = operation.responses[status]?.content
  const where = `${o.method} ${o.template} ${told.status} ${told.text.slice(0, 2000)}`
  if (content === undefined) {
    assert.equal(told.text, '', where)
    return
  }
  const type = String(told.headers['content-type']).split(';')[0] ?? ''
  assert.ok(type in content, `${where}: content type ${type}`)
  if (!type.includes('json')) return
  const pointer = ['paths', o.template, method, 'responses', status, 'content', type, 'schema']
  const escaped = pointer.map((one) => encodeURIComponent(one.replaceAll('~', '~0').replaceAll('/', '~1'))).join('/')
  const validate = ajv.compile({ $ref: `https://document.invalid/#/${escaped}` })
  assert.ok(validate(told.json), `${where}: ${ajv.errorsText(validate.errors)}`)
}
