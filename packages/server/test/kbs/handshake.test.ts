import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kbsEvidence } from '@sekisho/emulator'
import { CANARY, furnish, RESOURCE, sharedWorld, startCheckpoint } from '../kit/checkpoint.ts'
import {
  type Answer,
  attestBody,
  authBody,
  binding,
  CLIENT_HEADERS,
  cookieOf,
  decryptAsClient,
  errorInformation,
  JSON_HEADERS,
  send,
  teeKeys,
} from '../kit/kbs-client.ts'

const DENIED = 'https://github.com/confidential-containers/kbs/errors/'

test('the handshake as the real client speaks it: 401, challenge, evidence, token, secret', async (t) => {
  const checkpoint = await startCheckpoint(t)
  const machine = sharedWorld().snp()
  await furnish(checkpoint, machine)
  const base = `${checkpoint.url}/kbs/v0`
  const resource = `${base}/resource/${RESOURCE}`

  const bare = await send(resource, { method: 'GET', headers: CLIENT_HEADERS })
  assert.equal(bare.status, 401)
  assert.equal(errorInformation(bare).type, `${DENIED}TokenNotFound`)

  const challenged = await send(`${base}/auth`, { method: 'POST', headers: JSON_HEADERS, body: authBody('snp') })
  assert.equal(challenged.status, 200, challenged.text)
  const [cookieLine = ''] = challenged.headers['set-cookie'] ?? []
  assert.match(
    cookieLine,
    /^kbs-session-id=[\w-]{100,256}; Expires=[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} [\d:]{8} GMT$/,
  )
  const challenge = JSON.parse(challenged.text) as Record<string, unknown>
  assert.deepEqual(Object.keys(challenge), ['nonce', 'extra-params'])
  assert.equal(challenge['extra-params'], '')
  const nonce = String(challenge['nonce'])
  assert.equal(Buffer.from(nonce, 'base64').length, 32)
  assert.equal(Buffer.from(nonce, 'base64').toString('base64'), nonce)

  const keys = teeKeys()
  const cookie = cookieOf(challenged)
  const evidence = kbsEvidence('snp', machine.attest(binding(nonce, keys.publicJwk)))
  const body = attestBody(nonce, keys.publicJwk, evidence)
  const attest = (): Promise<Answer> =>
    send(`${base}/attest`, { method: 'POST', headers: { ...JSON_HEADERS, cookie }, body })
  const attested = await attest()
  assert.equal(attested.status, 200, attested.text)
  assert.equal(cookieOf(attested), cookie)
  assert.equal(attested.headers['sekisho-emulated'], 'true')
  const { token } = JSON.parse(attested.text) as { token: string }
  assert.deepEqual(JSON.parse(attested.text), { token })
  assert.deepEqual(JSON.parse((await attest()).text), { token }, 'a second call gives the old token')

  const got = await send(resource, { method: 'GET', headers: { ...CLIENT_HEADERS, cookie } })
  assert.equal(got.status, 200, got.text)
  assert.equal(got.headers['content-type'], 'application/json')
  const jwe = JSON.parse(got.text) as Parameters<typeof decryptAsClient>[0]
  assert.deepEqual(Object.keys(jwe).sort(), ['ciphertext', 'encrypted_key', 'iv', 'protected', 'tag'])
  const { plaintext, rewritten } = decryptAsClient(jwe, keys.privateKey)
  assert.equal(plaintext, CANARY)
  assert.equal(
    rewritten,
    Buffer.from(jwe.protected, 'base64url').toString(),
    'what the client writes again is the same text',
  )

  const head = await send(resource, { method: 'HEAD', headers: { ...CLIENT_HEADERS, cookie } })
  assert.equal(head.status, 405, 'HEAD releases nothing')
  assert.equal((await checkpoint.broker.leases('default', {})).length, 1)

  const passport = await send(resource, {
    method: 'GET',
    headers: { ...CLIENT_HEADERS, authorization: `Bearer ${token}` },
  })
  assert.equal(passport.status, 200, passport.text)

  const missing = await send(`${base}/resource/demo/key/none`, {
    method: 'GET',
    headers: { ...CLIENT_HEADERS, cookie },
  })
  assert.equal(missing.status, 404)
  errorInformation(missing)

  await checkpoint.server.close()
  for (const line of checkpoint.lines) {
    for (const secret of [CANARY, token, nonce, cookie.split('=')[1] ?? '']) assert.ok(!line.includes(secret), line)
  }
  assert.ok(checkpoint.lines.length >= 6)
})

test('a refusal says EMULATED wherever emulated evidence was looked at, for people and in a header', async (t) => {
  const checkpoint = await startCheckpoint(t)
  await furnish(checkpoint, sharedWorld().snp())
  const base = `${checkpoint.url}/kbs/v0`
  const attest = async (make: (digest: Uint8Array) => unknown): Promise<{ cookie: string; answer: Answer }> => {
    const challenged = await send(`${base}/auth`, { method: 'POST', headers: JSON_HEADERS, body: authBody('snp') })
    const [cookie, keys] = [cookieOf(challenged), teeKeys()]
    const { nonce } = JSON.parse(challenged.text) as { nonce: string }
    const body = attestBody(nonce, keys.publicJwk, make(binding(nonce, keys.publicJwk)))
    const answer = await send(`${base}/attest`, { method: 'POST', headers: { ...JSON_HEADERS, cookie }, body })
    return { cookie, answer }
  }
  const says = (answer: Answer, detail: RegExp): void => {
    assert.match(errorInformation(answer).detail, detail)
    assert.equal(answer.headers['sekisho-emulated'], detail.source.endsWith('EMULATED$') ? 'true' : undefined)
  }
  const other = sharedWorld().snp({ measurement: 'c5'.repeat(48) })
  const { answer: mismatch } = await attest((digest) => kbsEvidence('snp', other.attest(digest)))
  says(mismatch, /^refused: reference-mismatch; attestation refused; decision dec_\w+; EMULATED$/)
  const { answer: sample } = await attest(() => ({ svn: '1', report_data: '' }))
  says(sample, /^refused: evidence-unreadable; sample evidence .*; decision dec_\w+$/)

  const { cookie } = await attest((digest) => kbsEvidence('snp', sharedWorld().snp().attest(digest)))
  const get = (path: string): Promise<Answer> =>
    send(`${base}/resource/${path}`, { method: 'GET', headers: { ...CLIENT_HEADERS, cookie } })
  says(await get('demo/key/none'), /^refused: not-found; there is no such resource; decision dec_\w+; EMULATED$/)
  await checkpoint.broker.admin.setPolicy('default', 'forbid (principal, action, resource);', {
    actor: 'tester',
    at: new Date(),
  })
  says(await get(RESOURCE), /^refused: policy-deny; Access denied by policy; decision dec_\w+; EMULATED$/)
})

test('the hash is selected for Secure Execution alone: others use SHA-384 unasked', async (t) => {
  const { url } = await startCheckpoint(t)
  for (const tee of ['snp', 'tdx', 'az-snp-vtpm', 'nvidia', 'tpm', 'se']) {
    const answer = await send(`${url}/kbs/v0/auth`, { method: 'POST', headers: JSON_HEADERS, body: authBody(tee) })
    const { 'extra-params': extra } = JSON.parse(answer.text) as Record<string, unknown>
    assert.deepEqual(extra, tee === 'se' ? { 'selected-hash-algorithm': 'sha512' } : '', tee)
  }
})
