import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSetupLink, SCOPES } from '@sekisho/broker'
import { kbsEvidence } from '@sekisho/emulator'
import { apiClient, type Operation } from './kit/api.ts'
import { CANARY, furnish, PERMIT, RESOURCE, sharedWorld, startCheckpoint } from './kit/checkpoint.ts'
import {
  attestBody,
  authBody,
  binding,
  cookieOf,
  errorInformation,
  JSON_HEADERS,
  send,
  teeKeys,
} from './kit/kbs-client.ts'

/** The scope that a route asks for, by the document. */
function scopeOf({ security }: Operation): string | undefined {
  return security.flatMap((one) => Object.values(one).flat())[0]
}

test('a token opens its namespace and no other, by any route', async (t) => {
  const checkpoint = await startCheckpoint(t)
  const machine = sharedWorld().snp()
  await furnish(checkpoint, machine, 'red')
  await furnish(checkpoint, machine, 'blue')
  const api = await apiClient(checkpoint.url, await checkpoint.token(['admin'], 'red'))
  let crossed = 0
  for (const [template, methods] of Object.entries(api.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      if (scopeOf(operation) === undefined) continue
      const path = template
        .replace('{ns}', 'blue')
        .replace('{decision}', `dec_${'0'.repeat(26)}`)
        .replace('{lease}', `lse_${'0'.repeat(26)}`)
      const told = await api.call(method.toUpperCase(), path.replace(/\{\w+\}/g, 'x'))
      assert.equal(told.status, 403, `${method} ${path}: ${told.text}`)
      assert.ok(!told.text.includes(CANARY))
      crossed++
    }
  }
  assert.ok(crossed > 30)
  assert.equal((await api.call('GET', '/api/v1/namespaces/red/policy')).status, 200)
  for (const ns of ['Red', '%2A', '*', 'red%2F..%2Fblue', `${'a'.repeat(64)}`]) {
    const told = await api.call('GET', `/api/v1/namespaces/${ns}/policy`)
    assert.ok([400, 403].includes(told.status), `${ns}: ${told.text}`)
  }
  const kbs = await send(`${checkpoint.url}/ns/blue/kbs/v0/resource/a/b/c`, {
    method: 'POST',
    headers: { authorization: `Bearer ${await checkpoint.token(['admin'], 'red')}` },
    body: 'x',
  })
  assert.equal(kbs.status, 401)
  assert.ok(errorInformation(kbs).type.endsWith('/AdminAuthAccess'))
})

test('a session of one namespace gets nothing from another, nor does its token', async (t) => {
  const checkpoint = await startCheckpoint(t)
  const machine = sharedWorld().snp()
  await furnish(checkpoint, machine, 'red')
  await furnish(checkpoint, machine, 'blue')
  const at = (ns: string): string => `${checkpoint.url}/ns/${ns}/kbs/v0`
  const challenged = await send(`${at('red')}/auth`, { method: 'POST', headers: JSON_HEADERS, body: authBody('snp') })
  const { nonce } = JSON.parse(challenged.text) as { nonce: string }
  const keys = teeKeys()
  const body = attestBody(nonce, keys.publicJwk, kbsEvidence('snp', machine.attest(binding(nonce, keys.publicJwk))))
  const headers = { ...JSON_HEADERS, cookie: cookieOf(challenged) }
  const elsewhere = await send(`${at('blue')}/attest`, { method: 'POST', headers, body })
  assert.equal(elsewhere.status, 401, elsewhere.text)
  const attested = await send(`${at('red')}/attest`, { method: 'POST', headers, body })
  assert.equal(attested.status, 200, attested.text)
  const { token } = JSON.parse(attested.text) as { token: string }
  for (const proof of [{ cookie: headers.cookie }, { authorization: `Bearer ${token}` }]) {
    assert.equal((await send(`${at('red')}/resource/${RESOURCE}`, { method: 'GET', headers: proof })).status, 200)
    for (const base of [at('blue'), `${checkpoint.url}/kbs/v0`]) {
      const crossing = await send(`${base}/resource/${RESOURCE}`, { method: 'GET', headers: proof })
      assert.equal(crossing.status, 401, crossing.text)
      errorInformation(crossing)
    }
  }
})

test('each route asks for its own scope and no less', async (t) => {
  const checkpoint = await startCheckpoint(t)
  await furnish(checkpoint, sharedWorld().snp())
  const api = await apiClient(checkpoint.url)
  const tokens = new Map<string, string>()
  for (const scope of SCOPES) tokens.set(scope, await checkpoint.token([scope], 'default'))
  const routes: readonly (readonly [method: string, path: string, scope: string, json?: unknown])[] = [
    ['GET', '/policy', 'policy:read'],
    ['PUT', '/policy', 'policy:write', { text: PERMIT }],
    ['GET', '/secrets', 'secrets:read'],
    ['PUT', '/secrets/a/b/c', 'secrets:write', { value: 'eA==' }],
    ['GET', '/references', 'references:read'],
    ['GET', '/decisions', 'decisions:read'],
    ['GET', '/leases', 'leases:read'],
    ['POST', '/reappraise', 'leases:write', {}],
    ['GET', '/advisories', 'advisories:read'],
    ['GET', '/tokens', 'tokens:read'],
  ]
  for (const [method, path, needed, json] of routes) {
    for (const [scope, token] of tokens) {
      const told = await api.call(method, `/api/v1/namespaces/default${path}`, {
        token,
        ...(json === undefined ? {} : { json }),
      })
      assert.equal(
        told.status,
        scope === needed || scope === 'admin' ? 200 : 403,
        `${scope}: ${method} ${path}: ${told.text}`,
      )
    }
    assert.equal((await api.call(method, `/api/v1/namespaces/default${path}`)).status, 401)
  }
  const expires = new Date(Date.now() + 60_000).toISOString()
  const climbing = await api.call('POST', '/api/v1/namespaces/default/tokens', {
    token: tokens.get('tokens:write') ?? '',
    json: { name: 'climber', scopes: ['admin'], expires },
  })
  assert.equal(climbing.status, 403, 'who may make tokens gives nothing away that they do not have')
})

test('no route takes a token that has every scope but its own', async (t) => {
  const checkpoint = await startCheckpoint(t)
  await furnish(checkpoint, sharedWorld().snp())
  const api = await apiClient(checkpoint.url)
  const narrow = SCOPES.filter((scope) => scope !== 'admin')
  let tried = 0
  for (const [template, methods] of Object.entries(api.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const needed = scopeOf(operation)
      if (needed === undefined) continue
      const others = narrow.filter((scope) => scope !== needed)
      const namespace = template.includes('{ns}') ? 'default' : '*'
      const path = template.replace('{ns}', 'default').replace(/\{\w+\}/g, 'x')
      const told = await api.call(method.toUpperCase(), path, { token: await checkpoint.token(others, namespace) })
      assert.equal(told.status, 403, `${method} ${path}: ${told.text}`)
      assert.match(told.text, new RegExp(`the scope \`${needed}\``))
      tried++
    }
  }
  assert.ok(tried > 40, String(tried))
})

test('what the document says to be open is open, and nothing else is', async (t) => {
  const checkpoint = await startCheckpoint(t)
  await furnish(checkpoint, sharedWorld().snp())
  const api = await apiClient(checkpoint.url)
  for (const [template, methods] of Object.entries(api.paths)) {
    for (const [method, { security }] of Object.entries(methods)) {
      const path = template
        .replace('{ns}', 'default')
        .replace('{lease}', `lse_${'0'.repeat(26)}`)
        .replace(/\{\w+\}/g, 'x')
      const body = method === 'post' || method === 'put' ? { json: {} } : {}
      const { status } = await api.call(method.toUpperCase(), path, body)
      // A body that is none is told before the token of a route that every token opens.
      const isRefused = status === 401 || (status === 400 && security.some((one) => 'leaseSecret' in one))
      assert.equal(isRefused, security.length > 0, `${method} ${path}: ${status}`)
    }
  }
})

test('tokens cannot be guessed: an address that fails often waits, and does not learn why', async (t) => {
  const checkpoint = await startCheckpoint(t, { limits: { failures: { perSecond: 0.001, burst: 3 } } })
  const api = await apiClient(checkpoint.url)
  const ask = (token: string): ReturnType<typeof api.call> => api.call('GET', '/api/v1/me', { token })
  const good = await checkpoint.token(['admin'])
  const answers = [await ask('nonsense'), await ask(`${good}x`), await ask(`sk_${'0'.repeat(16)}_${'A'.repeat(43)}`)]
  assert.deepEqual(
    answers.map(({ status }) => status),
    [401, 401, 401],
  )
  assert.equal(new Set(answers.map(({ json }) => json['detail'])).size, 1)
  assert.match(String(answers[0]?.headers['www-authenticate']), /^Bearer/)
  assert.equal((await ask('nonsense')).status, 429)
  assert.equal((await ask(good)).status, 200, 'a token that is none of the guesses is taken')
  assert.equal((await api.call('POST', '/api/v1/setup', { json: { secret: 'guess' } })).status, 429)
})

test('the one-time link opens once', async (t) => {
  const checkpoint = await startCheckpoint(t)
  const link = await createSetupLink(checkpoint.db, new Date())
  assert.ok(link)
  const api = await apiClient(checkpoint.url)
  const redeem = (secret: string): ReturnType<typeof api.call> =>
    api.call('POST', '/api/v1/setup', { json: { secret } })
  assert.equal((await redeem('guess')).status, 403)
  const redeemed = await redeem(link.secret)
  assert.equal(redeemed.status, 201, redeemed.text)
  const me = await api.call('GET', '/api/v1/me', { token: String(redeemed.json['token']) })
  assert.deepEqual(me.json['grants'], [{ namespace: '*', scopes: ['admin'] }])
  assert.equal((await redeem(link.secret)).status, 403)
  const entry = await api.call('GET', '/api/v1/log/entries/0', { token: String(redeemed.json['token']) })
  const leaf = Buffer.from(String(entry.json['entry']), 'base64').toString()
  assert.match(leaf, /"actor":"setup-link".*"namespace":"\*".*"reason":"setup-link-redeemed"/)
  for (const line of checkpoint.lines) assert.ok(!line.includes(link.secret))
  const page = await send(`${checkpoint.url}/setup`, { method: 'GET' })
  assert.match(page.text, /sekisho login/)
})

test('who calls too often waits, whatever address it is from, and nobody else does', async (t) => {
  const checkpoint = await startCheckpoint(t, { limits: { perToken: { perSecond: 0.001, burst: 3 } } })
  const [busy, other] = [await checkpoint.token(['admin'], '*'), await checkpoint.token(['admin'], '*')]
  const api = await apiClient(checkpoint.url)
  const status = async (token: string): Promise<number> => (await api.call('GET', '/api/v1/me', { token })).status
  for (const expected of [200, 200, 200, 429]) assert.equal(await status(busy), expected)
  assert.equal(await status(other), 200)
})
