import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { kbsEvidence } from '@sekisho/emulator'
import { type Closing, furnish, RESOURCE, sharedWorld, startCheckpoint } from '../kit/checkpoint.ts'
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
import { raw } from '../kit/raw.ts'

interface Guest {
  readonly url: string
  readonly base: string
  auth(cookie?: string): Promise<Answer>
  /** An attestation for this challenge. */
  body(challenged: Answer): string
  attest(cookie: string, body: string): Promise<Answer>
  resource(headers: Readonly<Record<string, string>>): Promise<Answer>
}

async function guest(t: Closing): Promise<Guest> {
  const checkpoint = await startCheckpoint(t)
  const machine = sharedWorld().snp()
  await furnish(checkpoint, machine)
  const base = `${checkpoint.url}/kbs/v0`
  const { publicJwk } = teeKeys()
  const headersWith = (cookie: string | undefined): Record<string, string> =>
    cookie === undefined ? { ...JSON_HEADERS } : { ...JSON_HEADERS, cookie }
  return {
    url: checkpoint.url,
    base,
    auth: (cookie) => send(`${base}/auth`, { method: 'POST', headers: headersWith(cookie), body: authBody('snp') }),
    body(challenged) {
      const { nonce } = JSON.parse(challenged.text) as { nonce: string }
      return attestBody(nonce, publicJwk, kbsEvidence('snp', machine.attest(binding(nonce, publicJwk))))
    },
    attest: (cookie, body) => send(`${base}/attest`, { method: 'POST', headers: headersWith(cookie), body }),
    resource: (headers) =>
      send(`${base}/resource/${RESOURCE}`, { method: 'GET', headers: { ...CLIENT_HEADERS, ...headers } }),
  }
}

function failed(answer: Answer, status: number, name: string): void {
  assert.equal(answer.status, status, answer.text)
  assert.ok(errorInformation(answer).type.endsWith(`/${name}`), answer.text)
}

const tokenOf = (answer: Answer): string => {
  assert.equal(answer.status, 200, answer.text)
  return (JSON.parse(answer.text) as { token: string }).token
}

test('steps out of order: each is answered, and none takes another session along', async (t) => {
  const { auth, body, attest, resource } = await guest(t)
  const first = await auth()
  const cookie = cookieOf(first)
  failed(await resource({ cookie }), 401, 'TokenNotFound')
  failed(await attest('other=1', body(first)), 401, 'AttestationError')

  const second = await auth(cookie)
  assert.notEqual(cookieOf(second), cookie, 'a challenge is a session of its own')
  failed(await attest(cookie, body(second)), 401, 'AttestationError')
  const token = tokenOf(await attest(cookieOf(second), body(second)))
  failed(await resource({ cookie }), 401, 'TokenNotFound')
  assert.equal((await resource({ cookie: cookieOf(second) })).status, 200)
  assert.equal(
    (await resource({ cookie, authorization: `bearer ${token}` })).status,
    200,
    'the token where the session has none',
  )
  assert.equal((await resource({ cookie: `a=b; ${cookieOf(second)}; c=d` })).status, 200)

  const fresh = await auth()
  const [own, sent] = [cookieOf(fresh), body(fresh)]
  const tokens = await Promise.all([attest(own, sent), attest(own, sent), attest(own, sent)])
  assert.equal(new Set(tokens.map(tokenOf)).size, 1, 'one attestation, however often it is sent at once')
  assert.equal(tokenOf(await attest(own, body(second))), tokenOf(await attest(own, sent)), 'the old token, unverified')
  failed(await attest(own, '{'), 401, 'SerdeError')
})

test('bodies and headers as other HTTP clients write them', async (t) => {
  const { url, base, auth, body } = await guest(t)
  const types = [
    undefined,
    'application/json; charset=utf-8',
    'Application/JSON',
    'text/plain',
    'application/octet-stream',
  ]
  for (const type of types) {
    const headers = { ...CLIENT_HEADERS, ...(type === undefined ? {} : { 'Content-TYPE': type }) }
    const answer = await send(`${base}/auth`, { method: 'POST', headers, body: authBody('snp') })
    assert.equal(answer.status, 200, `${type}: ${answer.text}`)
  }
  const zipped = await send(`${base}/auth`, {
    method: 'POST',
    headers: { ...JSON_HEADERS, 'content-encoding': 'gzip' },
    body: gzipSync(authBody('snp')),
  })
  failed(zipped, 401, 'SerdeError')
  assert.match(errorInformation(zipped).detail, /without content encoding/)
  for (const path of ['/auth/', '/attest/', `/resource/${RESOURCE}/`, '//auth', '/AUTH']) {
    const answer = await send(base + path, { method: 'POST', headers: JSON_HEADERS, body: authBody('snp') })
    assert.ok(answer.status === 404 || answer.status === 401, `${path}: ${answer.status} ${answer.text}`)
    errorInformation(answer)
  }

  const challenged = await auth()
  const sent = body(challenged)
  const bytes = Buffer.byteLength(sent)
  const lines = [`host: ${new URL(url).host}`, `COOKIE: ${cookieOf(challenged)}`]
  const half = Math.floor(sent.length / 2)
  const chunk = (text: string): string => `${Buffer.byteLength(text).toString(16)};x=y\r\n${text}\r\n`
  const post = (...more: readonly string[]): string =>
    `${['POST /kbs/v0/attest HTTP/1.1', ...lines, ...more].join('\r\n')}\r\n\r\n`
  const chunked = await raw(url, [
    post('transfer-encoding: chunked', 'trailer: x-sum', 'connection: close'),
    chunk(sent.slice(0, half)),
    chunk(sent.slice(half)),
    '0\r\nx-sum: 1\r\n\r\n',
  ])
  assert.match(chunked, /^HTTP\/1\.1 200 /, chunked)

  const told = await raw(url, [post(`content-length: ${bytes}`, 'expect: 100-continue', 'connection: close'), sent])
  assert.match(told, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 /, told)
  const expecting = await raw(url, [post(`content-length: ${bytes}`, 'expect: miracles', 'connection: close'), sent])
  assert.match(expecting, /^HTTP\/1\.1 200 /, expecting)

  const auths = `POST /kbs/v0/auth HTTP/1.1\r\n${lines[0]}\r\ncontent-length: ${authBody('snp').length}\r\n`
  const pipelined = await raw(url, [
    `${auths}\r\n${authBody('snp')}GET /kbs/v0/nothing HTTP/1.1\r\n${lines[0]}\r\n\r\n${auths}connection: close\r\n\r\n${authBody('snp')}`,
  ])
  assert.deepEqual(
    [...pipelined.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => status),
    ['200', '404', '200'],
    pipelined,
  )
  assert.equal(new Set(pipelined.match(/kbs-session-id=[\w-]+/g)).size, 2)
})

test('HTTP/1.0 is answered whole, and its connection ends', async (t) => {
  const { url, auth, body } = await guest(t)
  const challenged = await auth()
  const sent = body(challenged)
  const head = `host: x\r\ncookie: ${cookieOf(challenged)}\r\n`
  const attested = await raw(url, [
    `POST /kbs/v0/attest HTTP/1.0\r\n${head}content-length: ${Buffer.byteLength(sent)}\r\n\r\n${sent}`,
  ])
  assert.match(attested, /^HTTP\/1\.1 200 /, attested)
  assert.doesNotMatch(attested, /transfer-encoding/i)
  const got = await raw(url, [`GET /kbs/v0/resource/${RESOURCE} HTTP/1.0\r\n${head}\r\n`])
  assert.match(got, /^HTTP\/1\.1 200 [\s\S]*"ciphertext":/, got)
  assert.match(
    await raw(url, ['GET /readyz HTTP/1.0\r\n\r\n']),
    /^HTTP\/1\.1 200 [\s\S]*\r\n\r\nready\n$/,
    'it need not name a host',
  )
  for (const host of ['host:\r\n', 'host: a b\r\n', 'host: x\r\nhost: y\r\n'])
    assert.match(await raw(url, [`GET /readyz HTTP/1.0\r\n${host}\r\n`]), /^HTTP\/1\.1 400 /, host)
})
