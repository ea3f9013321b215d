import assert from 'node:assert/strict'
import { get, type IncomingMessage } from 'node:http'
import { test } from 'node:test'
import { kbsEvidence, type SnpPlatform } from '@sekisho/emulator'
import { type ApiClient, apiClient } from '../kit/api.ts'
import { CANARY, type Checkpoint, furnish, PERMIT, RESOURCE, sharedWorld, startCheckpoint } from '../kit/checkpoint.ts'
import {
  attestBody,
  authBody,
  binding,
  cookieOf,
  errorInformation,
  JSON_HEADERS,
  send,
  teeKeys,
} from '../kit/kbs-client.ts'

const NS = '/api/v1/namespaces/default'

async function evidenceBody(
  api: ApiClient,
  machine: SnpPlatform,
): Promise<Readonly<Record<string, unknown>> & { session: string }> {
  const challenge = await api.call('POST', '/api/v1/workload/challenge', { json: {} })
  const [session, nonce] = [String(challenge.json['session']), String(challenge.json['nonce'])]
  const key = teeKeys().publicJwk
  const evidence = kbsEvidence('snp', machine.attest(binding(nonce, key)))
  return { session, evidence, runtimeData: { nonce, 'tee-pubkey': key } }
}

async function ready(t: { after(work: () => unknown): void }): Promise<{ checkpoint: Checkpoint; api: ApiClient }> {
  const checkpoint = await startCheckpoint(t)
  await furnish(checkpoint, sharedWorld().snp())
  return { checkpoint, api: await apiClient(checkpoint.url, await checkpoint.token(['admin'])) }
}

test('a nonce as long as a challenge of Secure Execution is compared, not refused for its length', async (t) => {
  const { api } = await ready(t)
  const body = await evidenceBody(api, sharedWorld().snp())
  const runtimeData = { nonce: 'x'.repeat(4096), 'tee-pubkey': teeKeys().publicJwk }
  const refused = await api.call('POST', '/api/v1/workload/attest', { json: { ...body, runtimeData }, token: '' })
  assert.equal(refused.json['code'], 'nonce-mismatch', refused.text)
})

test('the workload is told a code and an id, its owner the whole tree', async (t) => {
  const { api } = await ready(t)
  const body = await evidenceBody(api, sharedWorld().snp({ measurement: 'ee'.repeat(48) }))
  const refused = await api.call('POST', '/api/v1/workload/attest', { json: body, token: '' })
  assert.equal(refused.status, 403, refused.text)
  assert.equal(refused.json['code'], 'reference-mismatch')
  assert.deepEqual(Object.keys(refused.json).sort(), [
    'code',
    'decision',
    'detail',
    'emulated',
    'instance',
    'status',
    'title',
    'type',
  ])
  assert.equal(refused.json['emulated'], true)
  assert.match(String(refused.json['detail']), /under the id of the decision$/)
  const stranger = { token: 'x.y.z', resource: RESOURCE }
  const unheld = await api.call('POST', '/api/v1/workload/release', { json: stranger, token: '' })
  assert.equal(unheld.json['code'], 'token-invalid', unheld.text)
  assert.equal(unheld.json['decision'], undefined)
  assert.equal(unheld.json['detail'], 'refused; no decision was recorded, as nothing shows whose it would be')
  assert.ok(!refused.text.includes('measurement') && !refused.text.includes('eeee'))
  const why = await api.call('GET', `${NS}/decisions/${refused.json['decision']}`)
  assert.equal(why.json['outcome'], 'refused')
  assert.equal(why.json['emulated'], true)
  assert.match(JSON.stringify(why.json['verdict']), /"id":"snp\.[a-z.-]*measurement/)
  assert.ok((why.json['remedies'] as readonly unknown[]).length > 0)
  const spent = await api.call('POST', '/api/v1/workload/attest', { json: body })
  assert.equal(spent.status, 409)
  assert.equal(spent.json['code'], 'session-spent')
  const nothing = await api.call('POST', '/api/v1/workload/release', {
    json: { session: body.session, resource: RESOURCE },
  })
  assert.equal(nothing.json['code'], 'not-attested')

  const counted = (await api.call('GET', `${NS}/decisions/refusals`)).json
  const groups = counted['groups'] as readonly Readonly<Record<string, unknown>>[]
  assert.deepEqual(groups.map(({ reason, count }) => [reason, count]).sort(), [
    ['not-attested', 1],
    ['reference-mismatch', 1],
    ['session-spent', 1],
  ])
  assert.equal(groups.find(({ reason }) => reason === 'reference-mismatch')?.['latest'], refused.json['decision'])
  assert.deepEqual([counted['counted'], counted['more']], [3, false])
  const ofSnp = (await api.call('GET', `${NS}/decisions/refusals?tee=snp`)).json
  assert.equal(ofSnp['counted'], 1)
})

test("KBS: a policy that denies is 401 PolicyDeny in the protocol's words, with the decision in a header", async (t) => {
  const { checkpoint, api } = await ready(t)
  await api.call('PUT', `${NS}/policy`, { json: { text: 'forbid (principal, action, resource);' } })
  const base = `${checkpoint.url}/kbs/v0`
  const challenged = await send(`${base}/auth`, { method: 'POST', headers: JSON_HEADERS, body: authBody('snp') })
  const { nonce } = JSON.parse(challenged.text) as { nonce: string }
  const key = teeKeys().publicJwk
  const body = attestBody(nonce, key, kbsEvidence('snp', sharedWorld().snp().attest(binding(nonce, key))))
  const headers = { ...JSON_HEADERS, cookie: cookieOf(challenged) }
  assert.equal((await send(`${base}/attest`, { method: 'POST', headers, body })).status, 200)
  for (const resource of [RESOURCE, 'demo/key/absent']) {
    const denied = await send(`${base}/resource/${resource}`, { method: 'GET', headers })
    assert.equal(denied.status, 401, 'whether there is such a resource is not told either')
    const { type, detail } = errorInformation(denied)
    assert.equal(type, 'https://github.com/confidential-containers/kbs/errors/PolicyDeny')
    assert.match(detail, /Access denied by policy/)
    const decision = String(denied.headers['sekisho-decision'])
    assert.equal((await api.call('GET', `${NS}/decisions/${decision}`)).json['reasonCode'], 'policy-deny')
  }
  const { text } = await send(`${checkpoint.url}/metrics`, { method: 'GET' })
  assert.match(text, /^sekisho_refusals_total\{code="policy-deny"\} 2$/m)
})

test('a policy that cannot be used is told by line and column, and the old one stays', async (t) => {
  const { api } = await ready(t)
  const text = `${PERMIT}\n\nforbid (principal, action, resource)\nwhen { context.prodcut == "Milan" };`
  for (const [method, path] of [
    ['PUT', '/policy'],
    ['POST', '/policy/lint'],
    ['POST', '/policy/dry-run'],
  ] as const) {
    const told = await api.call(method, NS + path, { json: { text } })
    assert.equal(told.status, 422, told.text)
    assert.equal(told.json['code'], 'policy-invalid')
    const [error] = told.json['errors'] as readonly { line: number; column: number; expected: string }[]
    assert.equal(error?.line, 4)
    assert.ok(error.column > 1)
    assert.match(told.text, /prodcut/)
  }
  assert.equal((await api.call('GET', `${NS}/policy`)).json['text'], PERMIT)
})

test('what is not as expected is named by its member, and never quoted', async (t) => {
  const { checkpoint, api } = await ready(t)
  const nextYear = new Date().getUTCFullYear() + 1
  const cases: readonly (readonly [method: string, path: string, json: unknown, field: string, status?: number])[] = [
    ['PUT', `${NS}/secrets/a/b/c`, { value: `${CANARY} not base64` }, '/value'],
    ['PUT', `${NS}/secrets/a/b/c`, { value: 'eA==', contentTyp: CANARY }, '/contentTyp'],
    ['PUT', `${NS}/secrets/a/b/c`, { value: 'eA' }, '/value'],
    ['PUT', `${NS}/secrets/a/b/c`, { value: 'eB==' }, '/value'],
    ['PUT', `${NS}/secrets/a/b/c`, {}, '/value'],
    ['PUT', `${NS}/secrets/a/b/.c`, { value: 'eA==' }, 'path/tag'],
    ['PUT', `${NS}/keys/a/b/c`, { type: 'rsa-512' }, '/type'],
    ['PUT', `${NS}/references/x`, { tee: 'snp', values: { measurement: CANARY } }, 'measurement'],
    ['PUT', `${NS}/references/X`, { tee: 'snp', values: {} }, 'path/name'],
    ['POST', `${NS}/policy/rollback`, { version: 0 }, '/version'],
    ['GET', `${NS}/decisions?limit=0`, undefined, 'query/limit'],
    ['GET', `${NS}/decisions?limit=1&limit=2`, undefined, 'query/limit'],
    ['GET', `${NS}/decisions?colour=red`, undefined, 'query/colour'],
    ['GET', `${NS}/decisions/xyz`, undefined, 'path/decision'],
    ['POST', '/api/v1/workload/release', { resource: RESOURCE }, '/session'],
    ['POST', '/api/v1/workload/release', { resource: 'a/b', session: 'a'.repeat(32) }, '/resource'],
    ['POST', '/api/v1/workload/challenge', { namespace: 'Default' }, '/namespace'],
    ['POST', `${NS}/tokens`, { name: 'x', scopes: ['root'], expires: '2027-01-01T00:00:00Z' }, '/scopes/0'],
    ['POST', `${NS}/tokens`, { name: 'x', scopes: ['admin'], expires: 'tomorrow' }, '/expires'],
    ['POST', `${NS}/tokens`, { name: 'x', scopes: ['admin'], expires: `${nextYear}-02-31T00:00:00Z` }, '/expires'],
  ]
  for (const [method, path, json, field] of cases) {
    const told = await api.call(method, path, json === undefined ? {} : { json })
    assert.equal(told.status, 400, `${method} ${path}: ${told.text}`)
    const errors = told.json['errors'] as readonly { field: string; expected: string }[]
    assert.ok(
      errors.some((error) => error.field.includes(field)),
      `${method} ${path}: ${told.text}`,
    )
    assert.ok(!told.text.includes(CANARY), told.text)
  }
  const untyped = await api.call('PUT', `${NS}/policy`, { bytes: Buffer.from('{"text":""}') })
  assert.equal(untyped.status, 415)
  const big = await api.call('PUT', `${NS}/policy`, { json: { text: 'x'.repeat(1024 * 1024) } }).catch(() => undefined)
  assert.ok(big === undefined || big.status === 413)
  const patched = await api.call('PATCH', `${NS}/policy`)
  assert.equal(patched.status, 405)
  assert.equal(patched.headers['allow'], 'GET, PUT')
  await checkpoint.server.close()
  assert.ok(!checkpoint.lines.join('\n').includes(CANARY))
})

test('a lease that is lost is told to its holder as it happens', async (t) => {
  const { checkpoint, api } = await ready(t)
  const body = await evidenceBody(api, sharedWorld().snp())
  await api.call('POST', '/api/v1/workload/attest', { json: body })
  const released = await api.call('POST', '/api/v1/workload/release', {
    json: { session: body.session, resource: RESOURCE },
  })
  assert.equal(released.status, 200, released.text)
  const lease = released.json['lease'] as { id: string; secret: string }
  const path = `/api/v1/workload/leases/${lease.id}/events`
  assert.equal((await api.call('GET', path, { token: 'another' })).status, 404)
  const stream = await new Promise<IncomingMessage>((resolve, reject) => {
    get(checkpoint.url + path, { headers: { authorization: `Bearer ${lease.secret}` } }, resolve).on('error', reject)
  })
  const ended = new Promise<string>((resolve, reject) => {
    let text = ''
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString()
      if (text.includes('event: lease-revoked')) resolve(text)
    })
    stream.on('close', () => reject(new Error(`the stream is over: ${text}`)))
  })
  const activated = await api.call('PUT', `${NS}/policy`, {
    json: {
      text: `${PERMIT}\nforbid (principal, action, resource) when { context has product && context.product == "Genoa" };`,
    },
  })
  assert.equal(activated.json['revoked'], 1, activated.text)
  const told = await ended
  const [, event = ''] = /^event: lease-revoked\ndata: (.*)$/m.exec(told) ?? []
  const { lease: id, emulated } = JSON.parse(event) as { readonly lease?: unknown; readonly emulated?: unknown }
  assert.deepEqual([id, emulated], [lease.id, true], told)
  const denied = await api.call('POST', '/api/v1/workload/release', {
    json: { session: body.session, resource: RESOURCE },
  })
  assert.deepEqual([denied.status, denied.json['emulated']], [403, true], denied.text)
  const renewing = { ...(await evidenceBody(api, sharedWorld().snp())) }
  const late = await api.call('POST', `/api/v1/workload/leases/${lease.id}/renew`, {
    json: renewing,
    token: lease.secret,
  })
  assert.deepEqual([late.json['code'], late.json['emulated']], ['lease-ended', true], late.text)
})
