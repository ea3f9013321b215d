import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { nativeRoutes } from '../../src/native/open.ts'
import { openApiDocument } from '../../src/native/openapi.ts'

const routes = nativeRoutes({} as never)

test('docs/server.md lists every route with its scope and summary', () => {
  const page = readFileSync(new URL('../../../../../docs/server.md', import.meta.url), 'utf8')
  const rows = routes.map(({ method, path, scope, summary }) => {
    return `| \`${method} ${path}\` | ${scope === undefined ? '' : `\`${scope}\``} | ${summary} |`
  })
  for (const row of rows) assert.ok(page.includes(row), row)
  assert.equal(
    page.split('\n').filter((line) => /^\| `(?:GET|PUT|POST|DELETE) \/[^`]*` \| (?:`[a-z:]+`)? \|/.test(line)).length,
    rows.length,
  )
})

test('every member of a path has a schema, every operation its own id, every schema compiles', () => {
  const document = openApiDocument(routes, { version: '0' })
  const paths = document['paths'] as Readonly<
    Record<string, Readonly<Record<string, Readonly<Record<string, unknown>>>>>
  >
  const ids = new Set<unknown>()
  let count = 0
  for (const [path, operations] of Object.entries(paths)) {
    for (const operation of Object.values(operations)) {
      const parameters = operation['parameters'] as readonly { name: string; in: string; required: boolean }[]
      const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
      assert.deepEqual(
        parameters
          .filter((one) => one.in === 'path')
          .map(({ name }) => name)
          .sort(),
        named.sort(),
        path,
      )
      ids.add(operation['operationId'])
      count++
    }
  }
  assert.equal(ids.size, count)
  assert.equal(count, routes.length)
  const ajv = new Ajv2020({ strict: false, validateFormats: false })
  const schemas: unknown[] = routes.flatMap(({ params, query, body, answer }) => [params, query, body, answer])
  for (const schema of schemas) {
    if (schema !== undefined) ajv.compile(JSON.parse(JSON.stringify(schema)) as object)
  }
})
