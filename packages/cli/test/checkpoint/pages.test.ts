import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { runWithin } from '../run.ts'
import { members, rows, text } from './shared.ts'

const TIMES = { created: '2026-11-21T00:00:00Z', expires: '2026-11-21T01:00:00Z' }
const SECRETS = Array.from({ length: 2300 }, (_, i) => ({ path: `a/b/${9999 - i}`, kind: 'secret', version: 1 }))
const LEASES = Array.from({ length: 1500 }, (_, i) => ({
  id: `lse_${9999 - i}`,
  // The live ones are the oldest.
  state: i < 1400 ? 'revoked' : 'live',
  resource: 'a/b/c',
  ...TIMES,
}))

describe('lists of more than the checkpoint gives at once', () => {
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://127.0.0.1')
    const limit = Number(searchParams.get('limit') ?? 100)
    const state = searchParams.get('state')
    const member = pathname.endsWith('/secrets') ? 'secrets' : 'leases'
    const all = member === 'secrets' ? SECRETS : LEASES.filter((one) => state === null || one.state === state)
    const after = searchParams.get('after')
    const names = all.map((one) => ('path' in one ? one.path : one.id))
    const from = after === null ? 0 : names.indexOf(after) + 1
    const page = all.slice(from, from + limit)
    const last = page.length === limit ? names[from + limit - 1] : undefined
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ [member]: page, ...(last === undefined ? {} : { next: last }) }))
  })
  let url = ''
  const list = async (what: string): Promise<Record<string, unknown>> => {
    const { code, out, err } = await runWithin([what, 'list', '--server', url, '--json'])
    assert.equal(code, 0, err)
    return members(JSON.parse(out))
  }
  before(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  after(() => {
    server.closeAllConnections()
    server.close()
  })

  it('secrets are listed all', async () => {
    const found = rows((await list('secret'))['secrets']).map(({ path }) => text(path))
    assert.deepEqual(
      found,
      SECRETS.map(({ path }) => path),
    )
  })

  it('of leases every live one is listed, and it is said that older ones that ended are not', async () => {
    const answer = await list('lease')
    const found = rows(answer['leases'])
    assert.deepEqual(
      found.slice(0, 100).map(({ id }) => id),
      LEASES.slice(1400).map(({ id }) => id),
    )
    assert.equal(found.length, 100 + 1000)
    assert.equal(answer['all'], false)
    const { out } = await runWithin(['lease', 'list', '--server', url])
    assert.match(out, /^Of the leases that ended, those among the latest 1000 are listed\.$/m)
  })
})

describe('a lease that ends while leases are listed', () => {
  const lease = { id: 'lse_1', resource: 'a/b/c', ...TIMES }
  // Asked for the live ones first, and then for the latest of all.
  const server = createServer((request, response) => {
    const isLive = request.url?.includes('state=live') === true
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ leases: [{ ...lease, state: isLive ? 'live' : 'expired' }] }))
  })
  after(() => server.close())

  it('is listed once, as it stood last', async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const { out } = await runWithin(['lease', 'list', '--server', url, '--json'])
    assert.deepEqual(
      rows(members(JSON.parse(out))['leases']).map(({ id, state }) => [id, state]),
      [['lse_1', 'expired']],
    )
  })
})
