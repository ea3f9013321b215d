import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSetupLink } from '@sekisho/broker'
import { startCheckpoint } from '../kit/checkpoint.ts'

interface Begun {
  readonly cookie: string
  readonly key: string
}

async function begin(url: string, body: unknown): Promise<Response> {
  return fetch(`${url}/api/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
}

async function begun(
  url: string,
  token: string,
): Promise<Begun & { readonly attributes: string; readonly body: string }> {
  const answer = await begin(url, { token })
  assert.equal(answer.status, 201)
  const [pair = '', ...attributes] = (answer.headers.get('set-cookie') ?? '').split('; ')
  const body = await answer.text()
  const { key } = JSON.parse(body) as { key: string }
  return { cookie: pair, key, attributes: attributes.join('; '), body }
}

function me(url: string, { cookie, key }: Partial<Begun>): Promise<Response> {
  return fetch(`${url}/api/v1/me`, {
    headers: {
      ...(cookie === undefined ? {} : { cookie }),
      ...(key === undefined ? {} : { 'sekisho-session': key }),
    },
  })
}

test('a session of the page is of use with both halves only', async (t) => {
  const { url, token } = await startCheckpoint(t)
  const mine = await token(['admin'])
  const session = await begun(url, mine)
  assert.equal(session.attributes, 'Path=/api/v1; Max-Age=43200; HttpOnly; SameSite=Strict')
  assert.ok(!session.cookie.includes(mine) && !session.body.includes(mine), 'neither half shows the token')
  assert.equal((await me(url, session)).status, 200)
  assert.equal((await me(url, { cookie: session.cookie })).status, 401, 'as another site would send it')
  assert.equal((await me(url, { key: session.key })).status, 401)
  const other = await begun(url, mine)
  assert.equal((await me(url, { cookie: session.cookie, key: other.key })).status, 401)
  assert.equal((await me(url, { cookie: `${session.cookie.slice(0, -3)}AAA`, key: session.key })).status, 401)
  assert.equal((await me(url, { cookie: 'sekisho-page=AAAA', key: session.key })).status, 401)
})

test('a cookie of the same name that another program of this host has set does not end the session', async (t) => {
  const { url, token } = await startCheckpoint(t)
  const { cookie, key } = await begun(url, await token(['admin']))
  const [name = ''] = cookie.split('=')
  for (const other of [`${name}=`, `${name}=${'A'.repeat(120)}`])
    assert.equal((await me(url, { cookie: `${other}; ${cookie}`, key })).status, 200, other)
})

test('the cookie is named after the port, so that two servers of a host do not end each other’s sessions', async (t) => {
  const { url, token } = await startCheckpoint(t)
  assert.ok((await begun(url, await token(['admin']))).cookie.startsWith(`sekisho-${new URL(url).port}=`))
})

test('a session ends with its token, and with DELETE in the browser', async (t) => {
  const { url, token, tokens, db } = await startCheckpoint(t)
  const mine = await token(['decisions:read'])
  const session = await begun(url, mine)
  const ended = await fetch(`${url}/api/v1/session`, { method: 'DELETE' })
  assert.equal(ended.status, 204)
  assert.match(
    ended.headers.get('set-cookie') ?? '',
    /^sekisho-\d+=; Path=\/api\/v1; Max-Age=0; HttpOnly; SameSite=Strict$/,
  )
  const [only] = await tokens.list(db, '*')
  assert.ok(only !== undefined)
  await db.transaction((sql) => tokens.revoke(sql, '*', only.id, new Date()))
  const answer = await me(url, session)
  assert.equal(answer.status, 401)
  assert.match(await answer.text(), /the session is over/)
})

test('the session that the one-time link begins has a token that ends with it: nobody sees it, and it outlives nothing', async (t) => {
  const { url, tokens, db } = await startCheckpoint(t)
  const link = await createSetupLink(db, new Date())
  const answer = await begin(url, { setup: link?.secret })
  assert.equal(answer.status, 201)
  assert.ok(!(await answer.text()).includes('sk_'))
  const [only, ...others] = await tokens.list(db, '*')
  assert.deepEqual(others, [])
  const seconds = ((only?.expires?.getTime() ?? 0) - (only?.created.getTime() ?? 0)) / 1000
  assert.equal(seconds, 43200, 'Max-Age of the cookie')
})

test('whoever signs out of the session that the one-time link began gets another link from the next start; other tokens go on', async (t) => {
  const { url, tokens, db, token } = await startCheckpoint(t)
  const link = await createSetupLink(db, new Date())
  const answer = await begin(url, { setup: link?.secret })
  const { key } = (await answer.json()) as Begun
  const [cookie = ''] = (answer.headers.get('set-cookie') ?? '').split(';')
  assert.equal(await createSetupLink(db, new Date()), undefined)
  await fetch(`${url}/api/v1/session`, { method: 'DELETE', headers: { cookie } })
  assert.equal((await me(url, { cookie, key })).status, 200, 'one half ends nothing')
  await fetch(`${url}/api/v1/session`, { method: 'DELETE', headers: { cookie, 'sekisho-session': key } })
  assert.equal((await me(url, { cookie, key })).status, 401)
  assert.ok(await createSetupLink(db, new Date()))

  const mine = await token(['admin'])
  const session = await begun(url, mine)
  await fetch(`${url}/api/v1/session`, {
    method: 'DELETE',
    headers: { cookie: session.cookie, 'sekisho-session': session.key },
  })
  assert.ok(await tokens.check(mine, new Date()))
})

test('a token that is not believed begins nothing, and guessing is slowed down', async (t) => {
  const { url } = await startCheckpoint(t, { limits: { failures: { perSecond: 0.01, burst: 2 } } })
  assert.equal((await begin(url, { token: 'sk_nobody' })).status, 401)
  assert.equal((await begin(url, { setup: 'guess' })).status, 403)
  assert.equal((await begin(url, { token: 'sk_nobody' })).status, 429)
})

test('what is valid is taken, whatever else the same address sent', async (t) => {
  const { url, token } = await startCheckpoint(t, { limits: { failures: { perSecond: 0.001, burst: 2 } } })
  const mine = await token(['admin'])
  const me = async (sent: string): Promise<number> =>
    (await fetch(`${url}/api/v1/me`, { headers: { authorization: `Bearer ${sent}` } })).status
  for (const status of [401, 401, 429, 429]) assert.equal(await me('sk_nobody'), status)
  assert.equal(await me(mine), 200)
  assert.equal((await begin(url, { token: mine })).status, 201)
  assert.equal(await me('sk_nobody'), 429, 'and that gives nobody a new guess')
})

test('exactly one of token and link is taken', async (t) => {
  const { url } = await startCheckpoint(t)
  for (const body of [{}, { token: 'a', setup: 'b' }, { token: 'a'.repeat(4000) }, { other: 1 }])
    assert.equal((await begin(url, body)).status, 400)
})
