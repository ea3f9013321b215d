import assert from 'node:assert/strict'
import type { KeyObject } from 'node:crypto'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { generateKey } from '@sekisho/emulator/kit'
import { CompactSign, exportJWK, type JWK, SignJWT } from 'jose'
import { oidcVerifier } from '../../src/access/oidc.ts'
import { apiClient } from '../kit/api.ts'
import { type Closing, startCheckpoint } from '../kit/checkpoint.ts'

interface Provider {
  readonly issuer: string
  readonly sign: (claims: Readonly<Record<string, unknown>>, o?: SignOptions) => Promise<string>
  readonly key: KeyObject
  down: boolean
  /** What is answered in the place of its discovery document. */
  document?: (response: ServerResponse) => void
  /** What is answered in the place of its keys. */
  keys?: (response: ServerResponse) => void
}

interface SignOptions {
  readonly audience?: string
  readonly issuer?: string
  readonly expires?: number
  readonly key?: KeyObject | Uint8Array
  readonly alg?: string
  readonly kid?: string
}

async function startProvider(t: Closing): Promise<Provider> {
  const { publicKey, privateKey } = generateKey('P-256')
  const jwk: JWK = { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'ES256', use: 'sig' }
  const provider: Pick<Provider, 'down' | 'document' | 'keys'> = { down: false }
  const server = createServer((request, response) => {
    if (provider.down) response.writeHead(500).end()
    else if (request.url === '/.well-known/openid-configuration') {
      if (provider.document !== undefined) provider.document(response)
      else response.end(JSON.stringify({ issuer, jwks_uri: `${issuer}/keys` }))
    } else if (provider.keys !== undefined) provider.keys(response)
    else response.end(JSON.stringify({ keys: [jwk] }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return Object.assign(provider, {
    issuer,
    key: privateKey,
    sign: (claims: Readonly<Record<string, unknown>>, o: SignOptions = {}) =>
      new SignJWT({ sub: 'alice', ...claims })
        .setProtectedHeader({ alg: o.alg ?? 'ES256', kid: o.kid ?? 'k1' })
        .setIssuer(o.issuer ?? issuer)
        .setAudience(o.audience ?? 'sekisho')
        .setExpirationTime(Math.floor(Date.now() / 1000) + (o.expires ?? 300))
        .sign(o.key ?? privateKey),
  })
}

const GRANTS = [
  { value: 'sekisho-admins', namespace: '*', scopes: ['admin'] },
  { value: 'red-readers', namespace: 'red', scopes: ['policy:read'] },
]

test('a token of the provider opens what its claim is granted, and nothing else', async (t) => {
  const provider = await startProvider(t)
  const { issuer, sign } = provider
  const checkpoint = await startCheckpoint(t, {
    oidc: { issuer, audience: 'sekisho', claim: 'groups', grants: GRANTS },
  })
  const by = { actor: 'test', at: new Date() }
  for (const name of ['red', 'blue']) await checkpoint.broker.admin.createNamespace(name, by)
  const api = await apiClient(checkpoint.url)
  const status = async (token: string, path = '/api/v1/me'): Promise<number> =>
    (await api.call('GET', path, { token })).status

  const me = await api.call('GET', '/api/v1/me', { token: await sign({ groups: ['red-readers', 'others'] }) })
  assert.equal(me.json['actor'], 'oidc:alice', me.text)
  assert.deepEqual(me.json['grants'], [{ namespace: 'red', scopes: ['policy:read'] }])
  const reader = await sign({ groups: 'red-readers' })
  assert.equal(await status(reader, '/api/v1/namespaces/red/policy'), 404, 'may ask; there is none')
  assert.equal(await status(reader, '/api/v1/namespaces/blue/policy'), 403)
  assert.equal(await status(await sign({ groups: ['sekisho-admins'] }), '/api/v1/namespaces'), 200)
  assert.equal(await status(await sign({}), '/api/v1/namespaces/red/policy'), 403)

  const foreign = generateKey('P-256')
  assert.equal(await status(await sign({}, { audience: 'someone-else' })), 401)
  assert.equal(await status(await sign({}, { issuer: 'https://evil.example' })), 401)
  assert.equal(await status(await sign({}, { expires: -3600 })), 401)
  assert.equal(await status(await sign({}, { key: foreign.privateKey })), 401)
  assert.equal(await status(await sign({}, { kid: 'unknown' })), 401)
  assert.equal(await status(await sign({}, { alg: 'HS256', key: new Uint8Array(32) })), 401)
  const [, payload = ''] = reader.split('.')
  const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`
  assert.equal(await status(none), 401)
  for (const line of checkpoint.lines) assert.ok(!line.includes(payload), line)
})

test('a provider that cannot be asked is 503, not 401 and not 200', async (t) => {
  const provider = await startProvider(t)
  const token = await provider.sign({ groups: ['sekisho-admins'] })
  provider.down = true
  const oidc = { issuer: provider.issuer, audience: 'sekisho', claim: 'groups', grants: GRANTS }
  const checkpoint = await startCheckpoint(t, { oidc })
  const api = await apiClient(checkpoint.url, token)
  assert.equal((await api.call('GET', '/api/v1/me')).status, 503)
  provider.down = false
  assert.equal((await api.call('GET', '/api/v1/me')).status, 200)
})

test('a token that the provider signed, and that is none of those that are taken', async (t) => {
  const provider = await startProvider(t)
  const { issuer, key } = provider
  const verifier = oidcVerifier({ issuer, audience: 'sekisho', claim: 'groups', grants: GRANTS })
  const at = new Date()
  const now = Math.floor(at.getTime() / 1000)
  const claims = { sub: 'alice', iss: issuer, aud: 'sekisho', exp: now + 300, groups: ['red-readers'] }
  const check = async (text: string, header: object = { alg: 'ES256', kid: 'k1' }): Promise<string | undefined> => {
    const signer = await new CompactSign(Buffer.from(text)).setProtectedHeader({ alg: 'ES256', ...header }).sign(key)
    return (await verifier.check(signer, at))?.subject
  }
  const good = JSON.stringify({ ...claims, iat: now, nbf: now })
  assert.equal(await check(good), 'alice')
  assert.equal(await check(good, {}), undefined, 'no kid')
  assert.equal(await check(good.replace('{', '{"sub":"bob",')), undefined, 'a member named twice')
  for (const wrong of [
    { exp: now + 300.5 },
    { iat: now + 3600 },
    { iat: now - 0.5 },
    { nbf: now + 3600 },
    { sub: 7 },
    { sub: 'a\0b' },
    { sub: '' },
    { sub: 'x'.repeat(256) },
    { iat: now + 61 },
    { aud: ['Sekisho'] },
  ])
    assert.equal(await check(JSON.stringify({ ...claims, ...wrong })), undefined, JSON.stringify(wrong))
  for (const right of [{ sub: 'x'.repeat(255) }, { iat: now + 60 }])
    assert.ok(await check(JSON.stringify({ ...claims, ...right })), JSON.stringify(right))
})

test('a discovery document that is not the provider’s own is none: its keys are not asked for', async (t) => {
  const provider = await startProvider(t)
  const { issuer, sign } = provider
  const token = await sign({ groups: ['sekisho-admins'] })
  const own = { issuer, jwks_uri: `${issuer}/keys` }
  const answers: readonly (readonly [status: number, document: unknown])[] = [
    [404, own],
    [200, { ...own, issuer: 'https://other.example' }],
    [200, { ...own, issuer: `${issuer}/` }],
    [200, { jwks_uri: own.jwks_uri }],
    [200, { issuer }],
    [200, { ...own, jwks_uri: own.jwks_uri.replace('127.0.0.1', '127.0.0.2') }],
    [200, { ...own, more: 'x'.repeat(256 * 1024) }],
  ]
  let asked = false
  provider.keys = (response) => {
    asked = true
    response.writeHead(500).end()
  }
  const verifier = oidcVerifier({ issuer, audience: 'sekisho', claim: 'groups', grants: GRANTS })
  for (const [status, document] of answers) {
    provider.document = (response) => response.writeHead(status).end(JSON.stringify(document))
    await assert.rejects(
      verifier.check(token, new Date()),
      /discovery document/,
      JSON.stringify(document).slice(0, 100),
    )
  }
  assert.equal(asked, false)
  delete provider.document
  delete provider.keys
  assert.equal((await verifier.check(token, new Date()))?.subject, 'alice')
})

test('a provider whose keys cannot be had is 503 too, and no failure of whoever sends the token', async (t) => {
  const provider = await startProvider(t)
  const token = await provider.sign({ groups: ['sekisho-admins'] })
  const oidc = { issuer: provider.issuer, audience: 'sekisho', claim: 'groups', grants: GRANTS }
  const answers: readonly NonNullable<Provider['keys']>[] = [
    (response) => response.writeHead(500).end(),
    (response) => response.writeHead(302, { location: `${provider.issuer}/elsewhere` }).end(),
    (response) => response.end('<html>moved</html>'),
    (response) => response.end('{"keys":"none"}'),
  ]
  for (const answer of answers) {
    provider.keys = answer
    const checkpoint = await startCheckpoint(t, { oidc, limits: { failures: { perSecond: 0.001, burst: 1 } } })
    const api = await apiClient(checkpoint.url, token)
    for (const _ of [1, 2]) assert.equal((await api.call('GET', '/api/v1/me')).json['code'], 'oidc-unavailable')
    delete provider.keys
    assert.equal((await api.call('GET', '/api/v1/me')).status, 200)
  }
})

test('options that would open too much are refused at the start', () => {
  const options = { issuer: 'https://id.example', audience: 'sekisho', grants: GRANTS }
  assert.ok(oidcVerifier(options))
  for (const issuer of ['http://id.example', 'ftp://localhost', 'id.example'])
    assert.throws(() => oidcVerifier({ ...options, issuer }), TypeError)
  assert.throws(() => oidcVerifier({ ...options, algorithms: ['ES256', 'HS256' as 'RS256'] }), TypeError)
  assert.throws(() => oidcVerifier({ ...options, audience: '' }), TypeError)
  assert.throws(() => oidcVerifier({ ...options, algorithms: ['HS256' as 'RS256'] }), TypeError)
  assert.throws(() => oidcVerifier({ ...options, algorithms: [] }), TypeError)
  assert.throws(
    () => oidcVerifier({ ...options, grants: [{ value: 'x', namespace: '*', scopes: ['root'] }] }),
    TypeError,
  )
})
