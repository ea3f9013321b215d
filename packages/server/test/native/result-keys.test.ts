import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kbsEvidence } from '@sekisho/emulator'
import { createLocalJWKSet, createRemoteJWKSet, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from 'jose'
import { apiClient } from '../kit/api.ts'
import { type Checkpoint, furnish, RESOURCE, sharedWorld, startCheckpoint } from '../kit/checkpoint.ts'
import {
  type Answer,
  attestBody,
  authBody,
  binding,
  CLIENT_HEADERS,
  cookieOf,
  errorInformation,
  JSON_HEADERS,
  send,
  teeKeys,
} from '../kit/kbs-client.ts'

const KEYS = '/api/v1/result-keys'

/** A guest's result, as the KBS face gives it. */
async function result({ url }: Checkpoint): Promise<string> {
  const base = `${url}/kbs/v0`
  const challenged = await send(`${base}/auth`, { method: 'POST', headers: JSON_HEADERS, body: authBody('snp') })
  const { nonce } = JSON.parse(challenged.text) as { readonly nonce: string }
  const keys = teeKeys()
  const evidence = kbsEvidence('snp', sharedWorld().snp().attest(binding(nonce, keys.publicJwk)))
  const attested = await send(`${base}/attest`, {
    method: 'POST',
    headers: { ...JSON_HEADERS, cookie: cookieOf(challenged) },
    body: attestBody(nonce, keys.publicJwk, evidence),
  })
  assert.equal(attested.status, 200, attested.text)
  return (JSON.parse(attested.text) as { readonly token: string }).token
}

function ask({ url }: Checkpoint, token: string): Promise<Answer> {
  const headers = { ...CLIENT_HEADERS, authorization: `Bearer ${token}` }
  return send(`${url}/kbs/v0/resource/${RESOURCE}`, { method: 'GET', headers })
}

test('keys of results change under guests and relying parties, over the sockets that they use', async (t) => {
  const checkpoint = await startCheckpoint(t)
  await furnish(checkpoint, sharedWorld().snp())
  const api = await apiClient(checkpoint.url, await checkpoint.token(['admin']))
  const keySet = async (): Promise<JSONWebKeySet> =>
    JSON.parse((await send(`${checkpoint.url}/.well-known/jwks.json`, { method: 'GET' })).text) as JSONWebKeySet
  // A relying party that looked before, and does not look again.
  const cached = createLocalJWKSet(await keySet())
  const before = await result(checkpoint)

  const early = await api.call('POST', `${KEYS}/rotate`, { json: {} })
  assert.equal(early.status, 409)
  assert.match(String(early.json['detail']), /relying parties may not know it: wait \d+ s, or rotate early/)
  const rotated = await api.call('POST', `${KEYS}/rotate`, { json: { early: true } })
  assert.equal(rotated.status, 200, rotated.text)
  const after = await result(checkpoint)
  assert.equal(decodeProtectedHeader(before).kid, rotated.json['retired'])
  assert.equal(decodeProtectedHeader(after).kid, rotated.json['current'])
  for (const token of [before, after]) {
    assert.equal((await jwtVerify(token, cached)).payload.iss, 'https://checkpoint.example')
    assert.equal((await ask(checkpoint, token)).status, 200)
  }

  const listed = (await api.call('GET', KEYS)).json['keys'] as readonly Readonly<Record<string, unknown>>[]
  assert.deepEqual(
    listed.map(({ kid, state }) => [kid, state]),
    [
      [rotated.json['current'], 'current'],
      [rotated.json['next'], 'next'],
      [rotated.json['retired'], 'retired'],
    ],
  )
  assert.deepEqual(
    (await keySet()).keys.map(({ kid }) => kid),
    listed.map(({ kid }) => kid),
  )

  const live = await checkpoint.broker.leases('default', { state: 'live' })
  assert.equal(live.length, 2)
  const revoked = await api.call('DELETE', `${KEYS}/${String(rotated.json['current'])}`)
  assert.equal(revoked.json['leases'], 1, revoked.text)
  const refused = await ask(checkpoint, after)
  assert.equal(refused.status, 401)
  assert.doesNotMatch(errorInformation(refused).detail, /key/, 'why is for the owner')
  assert.equal((await ask(checkpoint, before)).status, 200, 'the other key is no worse for it')
  const remote = createRemoteJWKSet(new URL(`${checkpoint.url}/.well-known/jwks.json`))
  await assert.rejects(jwtVerify(after, remote), { code: 'ERR_JWKS_NO_MATCHING_KEY' })
  await jwtVerify(before, remote)
  await jwtVerify(await result(checkpoint), remote)

  assert.equal((await api.call('DELETE', `${KEYS}/${'A'.repeat(43)}`)).status, 404)
  assert.equal((await api.call('DELETE', `${KEYS}/${String(rotated.json['current'])}`)).status, 409)
  assert.equal((await api.call('DELETE', `${KEYS}/short`)).status, 400)
  const tenant = await checkpoint.token(['admin'], 'default')
  const reader = await checkpoint.token(['decisions:read', 'tokens:write'])
  for (const token of [tenant, reader])
    for (const [method, path] of [
      ['GET', KEYS],
      ['POST', `${KEYS}/rotate`],
      ['DELETE', `${KEYS}/${String(rotated.json['retired'])}`],
    ] as const)
      assert.equal((await api.call(method, path, { token, ...(method === 'POST' ? { json: {} } : {}) })).status, 403)
})
