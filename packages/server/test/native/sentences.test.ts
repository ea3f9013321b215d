import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TObject } from '@sinclair/typebox'
import { nativeRoutes } from '../../src/native/open.ts'
import type { Route } from '../../src/native/route.ts'
import { startCheckpoint } from '../kit/checkpoint.ts'
import { emulatedMachines } from '../kit/emulated.ts'
import { send } from '../kit/kbs-client.ts'

/** What stands in the path where nothing there is wrong. */
const RIGHT: Readonly<Record<string, string>> = {
  ns: 'default',
  lease: `lse_${'0'.repeat(26)}`,
  decision: `dec_${'0'.repeat(26)}`,
  id: '0'.repeat(32),
  token: '0'.repeat(16),
  version: '1',
  index: '0',
  kid: 'A'.repeat(43),
}
/** No member of any route is like this. */
const WRONG = '%21%20'

interface Case {
  readonly member: string
  readonly place: 'path' | 'query' | 'body'
  readonly path: string
  readonly body?: unknown
}

const namesOf = (schema: TObject | undefined): readonly string[] => Object.keys(schema?.properties ?? {})

function pathOf({ path }: Route, wrong?: string): string {
  const other = path.includes('/tpm-keys/') ? `000b${'ab'.repeat(32)}` : 'nope'
  return path.replace(/\{(\w+)\}/g, (_, name: string) => (name === wrong ? WRONG : (RIGHT[name] ?? other)))
}

/** A request for each member of a route that is not as its schema says, and for one that there is none of. */
function casesOf(route: Route): readonly Case[] {
  const body = route.bodyKind === 'bytes' ? undefined : route.body
  const right = body === undefined ? {} : { body: {} }
  const members = body?.['type'] === 'object' ? namesOf(body as TObject) : []
  return [
    // Whether there is such a namespace is told to nobody: that a token is not for it is all.
    ...namesOf(route.params)
      .filter((one) => one !== 'ns')
      .map((member) => ({ member, place: 'path' as const, path: pathOf(route, member), ...right })),
    ...namesOf(route.query).map((member) => ({
      member,
      place: 'query' as const,
      path: `${pathOf(route)}?${member}=${WRONG}`,
    })),
    { member: 'stranger', place: 'query', path: `${pathOf(route)}?stranger=1` },
    ...members.map((member) => ({ member, place: 'body' as const, path: pathOf(route), body: { [member]: [null] } })),
    ...(body === undefined
      ? []
      : [{ member: 'stranger', place: 'body' as const, path: pathOf(route), body: { stranger: 1 } }]),
  ]
}

/** Members of a query that take any text. */
const FREE: readonly string[] = ['owner']

test('whatever is wrong in a request, the answer names the member, where it is, and what was expected', async (t) => {
  const checkpoint = await startCheckpoint(t, { emulated: emulatedMachines() })
  const headers = {
    authorization: `Bearer ${await checkpoint.token(['admin'], '*')}`,
    'content-type': 'application/json',
  }
  let asked = 0
  for (const route of nativeRoutes({} as never)) {
    for (const { member, place, path, body } of casesOf(route)) {
      if (place === 'query' && FREE.includes(member)) continue
      const answer = await send(`${checkpoint.url}/api/v1${path}`, {
        method: route.method,
        headers,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const what = `${route.method} ${route.path} with a wrong ${member} in the ${place}: ${answer.text}`
      assert.equal(answer.status, 400, what)
      const { detail, errors } = JSON.parse(answer.text) as {
        readonly detail: string
        readonly errors: readonly { readonly field: string; readonly expected: string }[]
      }
      const field = place === 'body' ? `/${member}` : `${place}/${member}`
      const told = errors.find((one) => one.field === field || one.field.startsWith(`${field}/`))
      assert.ok(told !== undefined, what)
      assert.ok(told.expected.length > 3, what)
      assert.match(detail, /^`[\w.]+` in the (path|query|body): expected ./, what)
      assert.equal(/\(and \d+ more\)$/.test(detail), errors.length > 1, what)
      asked++
    }
  }
  assert.ok(asked > 100, `${asked} requests`)
})
