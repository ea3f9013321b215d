import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kbsEvidence } from '@sekisho/emulator'
import { type Checkpoint, type Closing, furnish, RESOURCE, sharedWorld, startCheckpoint } from './kit/checkpoint.ts'
import {
  type Answer,
  attestBody,
  authBody,
  binding,
  cookieOf,
  errorInformation,
  JSON_HEADERS,
  send,
  teeKeys,
} from './kit/kbs-client.ts'
import { raw } from './kit/raw.ts'
import { until } from './kit/until.ts'

const alive = async ({ url }: Checkpoint): Promise<void> => {
  assert.equal((await send(`${url}/readyz`, { method: 'GET' })).status, 200)
}
const post = (
  url: string,
  body: string | Uint8Array,
  headers: Readonly<Record<string, string>> = JSON_HEADERS,
): Promise<Answer> => send(url, { method: 'POST', headers, body })

async function ready(t: Closing): Promise<{ readonly checkpoint: Checkpoint; readonly base: string }> {
  const checkpoint = await startCheckpoint(t)
  await furnish(checkpoint, sharedWorld().snp())
  return { checkpoint, base: `${checkpoint.url}/kbs/v0` }
}

test('requests of a handshake that are none are answered 401 with ErrorInformation that names the member', async (t) => {
  const { checkpoint, base } = await ready(t)
  const cases: readonly (readonly [body: string, type: string, detail: RegExp])[] = [
    ['', 'SerdeError', /JSON/],
    ['[]', 'SerdeError', /object/],
    ['{"version":"0.4.0","tee":"snp"}', 'SerdeError', /extra-params/],
    ['{"tee":"snp","extra-params":""}', 'SerdeError', /version/],
    ['{"version":4,"tee":"snp","extra-params":""}', 'SerdeError', /version/],
    ['{"version":"0.4.0","tee":"snp","tee":"snp","extra-params":""}', 'SerdeError', /twice/],
    ['{"version":"0.4.0","tee":"abacus","extra-params":""}', 'SerdeError', /tee/],
    [authBody('snp', '0.1.1'), 'AttestationError', /KBS Client Protocol Version Mismatch/],
    [authBody('snp', '0.3.0'), 'AttestationError', /KBS Client Protocol Version Mismatch/],
    [authBody('snp', '0.40.0'), 'AttestationError', /KBS Client Protocol Version Mismatch/],
    [authBody('snp', '1.4.0'), 'AttestationError', /KBS Client Protocol Version Mismatch/],
    [authBody('snp', 'x'), 'AttestationError', /KBS Client Protocol Version Mismatch/],
  ]
  for (const [body, type, detail] of cases) {
    const answer = await post(`${base}/auth`, body)
    assert.equal(answer.status, 401, body)
    const error = errorInformation(answer)
    assert.equal(error.type, `https://github.com/confidential-containers/kbs/errors/${type}`, body)
    assert.match(error.detail, detail)
    assert.equal(answer.headers['set-cookie'], undefined)
  }
  for (const tee of [
    'snp',
    'tdx',
    'sgx',
    'cca',
    'tpm',
    'se',
    'nvidia',
    'az-snp-vtpm',
    'azsnpvtpm',
    'aztdxvtpm',
    'sample',
    'sev',
  ]) {
    assert.equal((await post(`${base}/auth`, authBody(tee))).status, 200, tee)
  }
  assert.equal((await post(`${base}/auth`, authBody('snp', '0.4.7'))).status, 200)
  await alive(checkpoint)
})

test('paths and methods that the protocol has not', async (t) => {
  const { base } = await ready(t)
  const cases: readonly (readonly [method: string, path: string, status: number, type: string])[] = [
    ['GET', '/nothing/here', 404, 'PluginNotFound'],
    ['GET', '/auth', 404, 'PluginNotFound'],
    ['PUT', '/resource/a/b/c', 404, 'PluginNotFound'],
    ['GET', '/', 404, 'InvalidRequestPath'],
    ['PATCH', '/auth', 405, 'InvalidRequestPath'],
    ['OPTIONS', '/resource/a/b/c', 405, 'InvalidRequestPath'],
    ['GET', '/resource/a/b', 404, 'InvalidRequestPath'],
    ['GET', '/resource/a/b/c/d', 404, 'InvalidRequestPath'],
    ['GET', '/resource/.a/b/c', 404, 'InvalidRequestPath'],
    ['GET', '/resource/a/b/%2e%2e', 404, 'InvalidRequestPath'],
    ['GET', '/resource/a/b%2Fc/d', 404, 'InvalidRequestPath'],
    ['GET', `/resource/a/b/${'c'.repeat(200)}`, 404, 'InvalidRequestPath'],
  ]
  for (const [method, path, status, type] of cases) {
    const answer = await send(base + path, { method })
    assert.equal(answer.status, status, `${method} ${path}: ${answer.text}`)
    assert.ok(errorInformation(answer).type.endsWith(`/${type}`), `${method} ${path}: ${answer.text}`)
  }
  const named = await send(`${base}/resource/.a/b/c`, { method: 'GET' })
  assert.match(errorInformation(named).detail, /the first no `\.`$/, 'three segments are not all that is asked for')
})

test('attestations out of order, twice, or for another session get nothing', async (t) => {
  const { checkpoint, base } = await ready(t)
  const machine = sharedWorld().snp()
  const keys = teeKeys()
  const challenge = async (): Promise<{ cookie: string; nonce: string }> => {
    const answer = await post(`${base}/auth`, authBody('snp'))
    return { cookie: cookieOf(answer), nonce: (JSON.parse(answer.text) as { nonce: string }).nonce }
  }
  const bodyFor = (nonce: string): string =>
    attestBody(nonce, keys.publicJwk, kbsEvidence('snp', machine.attest(binding(nonce, keys.publicJwk))))
  const [first, second] = [await challenge(), await challenge()]

  const early = await send(`${base}/resource/${RESOURCE}`, { method: 'GET', headers: { cookie: first.cookie } })
  assert.equal(early.status, 401)
  assert.ok(errorInformation(early).type.endsWith('/TokenNotFound'))

  const attempts: readonly (readonly [name: string, headers: Readonly<Record<string, string>>, body: string])[] = [
    ['no cookie', {}, bodyFor(first.nonce)],
    ['a malformed cookie', { cookie: 'kbs-session-id=1' }, bodyFor(first.nonce)],
    ['unknown session', { cookie: `kbs-session-id=${'0'.repeat(32)}` }, bodyFor(first.nonce)],
    ['two cookies', { cookie: `${first.cookie}; ${second.cookie}` }, bodyFor(first.nonce)],
    ["another session's nonce", { cookie: first.cookie }, bodyFor(second.nonce)],
    ['the nonce was spent by that', { cookie: first.cookie }, bodyFor(first.nonce)],
    ['sample', { cookie: second.cookie }, attestBody(second.nonce, keys.publicJwk, { svn: '1', report_data: 'AAAA' })],
  ]
  for (const [name, headers, body] of attempts) {
    const answer = await post(`${base}/attest`, body, { ...JSON_HEADERS, ...headers })
    assert.equal(answer.status, 401, `${name}: ${answer.text}`)
    const { type, detail } = errorInformation(answer)
    assert.ok(type.endsWith('/AttestationError'), `${name}: ${answer.text}`)
    if (name === 'sample') assert.match(detail, /never accepted/)
    if (name === 'no cookie') assert.match(detail, /^the session cookie is missing/)
    if (name === 'a malformed cookie') assert.match(detail, /^the session cookie is malformed: expected kbs-session-id/)
  }
  const none = await checkpoint.broker.leases('default', {})
  assert.equal(none.length, 0)
  await alive(checkpoint)
})

test('malformed attestations name the member', async (t) => {
  const { base } = await ready(t)
  const cookie = cookieOf(await post(`${base}/auth`, authBody('snp')))
  const key = teeKeys().publicJwk
  const cases: readonly (readonly [value: unknown, detail: RegExp])[] = [
    [{}, /runtime-data/],
    [{ 'runtime-data': { nonce: 1, 'tee-pubkey': key }, 'tee-evidence': {} }, /primary_evidence|nonce/],
    [
      { 'runtime-data': { nonce: 'x' }, 'tee-evidence': { primary_evidence: {}, additional_evidence: '' } },
      /tee-pubkey/,
    ],
    [
      {
        'runtime-data': { nonce: 'x', 'tee-pubkey': { ...key, x: '=' } },
        'tee-evidence': { primary_evidence: {}, additional_evidence: '' },
      },
      /`x`/,
    ],
    [
      { 'runtime-data': { nonce: 'x', 'tee-pubkey': key }, 'tee-evidence': { primary_evidence: {} } },
      /additional_evidence/,
    ],
    [
      {
        'init-data': { format: 'json', body: '' },
        'runtime-data': { nonce: 'x', 'tee-pubkey': key },
        'tee-evidence': { primary_evidence: {}, additional_evidence: '' },
      },
      /format/,
    ],
  ]
  for (const [value, detail] of cases) {
    const answer = await post(`${base}/attest`, JSON.stringify(value), { ...JSON_HEADERS, cookie })
    assert.equal(answer.status, 401)
    assert.match(errorInformation(answer).detail, detail)
  }
})

test('oversized bodies, declared and chunked, are cut off; the connection goes, the server stays', async (t) => {
  const { checkpoint, base } = await ready(t)
  const big = new Uint8Array(2 * 1024 * 1024 + 1).fill(0x20)
  const declared = await post(`${base}/auth`, big).catch(() => undefined)
  if (declared !== undefined) {
    assert.equal(declared.status, 413)
    assert.match(errorInformation(declared).detail, /2097152/)
  }
  const head = 'POST /kbs/v0/auth HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n'
  const chunk = `10000\r\n${' '.repeat(0x10000)}\r\n`
  assert.match(await raw(checkpoint.url, [head, ...new Array<string>(40).fill(chunk)]), /^HTTP\/1\.1 413 /)
  const fits = await post(
    `${base}/auth`,
    Buffer.concat([new Uint8Array(2 * 1024 * 1024 - 200).fill(0x20), Buffer.from(authBody('snp'))]),
  )
  assert.equal(fits.status, 200, fits.text)
  const packed = await post(`${base}/auth`, 'x', { ...JSON_HEADERS, 'content-encoding': 'gzip' })
  assert.ok(packed.status === 401, packed.text)
  assert.match(errorInformation(packed).detail, /content encoding/)
  const plain = await post(`${base}/auth`, authBody('snp'), { ...JSON_HEADERS, 'content-encoding': 'Identity' })
  assert.equal(plain.status, 200, plain.text)
  await alive(checkpoint)
})

test('what is no HTTP, floods of headers, conflicting lengths, and foreign targets', async (t) => {
  const { checkpoint } = await ready(t)
  const { url } = checkpoint
  assert.match(await raw(url, ['\x16\x03\x01\x02\x00 not http\r\n\r\n']), /^HTTP\/1\.1 400 /)
  const flood = Array.from({ length: 5000 }, (_, i) => `x-${i}: ${'y'.repeat(40)}\r\n`).join('')
  assert.match(await raw(url, [`GET /healthz HTTP/1.1\r\nhost: x\r\n${flood}\r\n`]), /^HTTP\/1\.1 431 /)
  const twice = 'POST /kbs/v0/auth HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello'
  assert.match(await raw(url, [twice]), /^HTTP\/1\.1 400 /)
  const both =
    'POST /kbs/v0/auth HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n'
  assert.match(await raw(url, [both]), /^HTTP\/1\.1 400 /)
  const closing = 'connection: close\r\n\r\n'
  assert.match(
    await raw(url, [`GET http://evil.example/healthz HTTP/1.1\r\nhost: x\r\n${closing}`]),
    /^HTTP\/1\.1 400 /,
  )
  assert.match(await raw(url, [`GET /healthz HTTP/1.1\r\nhost: x/../y\r\n${closing}`]), /^HTTP\/1\.1 400 /)
  assert.match(await raw(url, [`GET /healthz HTTP/1.1\r\n${closing}`]), /^HTTP\/1\.1 400 /)
  assert.match(await raw(url, [`GET /${'a'.repeat(9000)} HTTP/1.1\r\nhost: x\r\n${closing}`]), /^HTTP\/1\.1 400 /)
  await alive(checkpoint)
})

test('whatever is refused at the entrance is told in words: no Host header, an expectation, a tunnel, too many headers', async (t) => {
  const { checkpoint } = await ready(t)
  const { url } = checkpoint
  const closing = 'connection: close\r\n'
  const problem = (answer: string): { status: unknown; code: unknown } => {
    assert.match(answer, /\r\ncontent-type: application\/problem\+json\r\n/)
    const { status, code } = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4)) as Record<string, unknown>
    return { status, code }
  }
  const without = await raw(url, [`GET /healthz HTTP/1.1\r\n${closing}\r\n`])
  assert.deepEqual(problem(without), { status: 400, code: 'invalid-request' })
  assert.match(without, /\r\nx-request-id: /, 'as every other request')
  const several = await raw(url, [`GET /healthz HTTP/1.1\r\nhost: x\r\nHost: y\r\n${closing}\r\n`])
  assert.deepEqual(problem(several), { status: 400, code: 'invalid-request' })
  const expecting = await raw(url, [`GET /nothing HTTP/1.1\r\nhost: x\r\nexpect: wonders\r\n${closing}\r\n`])
  assert.deepEqual(problem(expecting), { status: 404, code: 'not-found' })
  const tunnel = await raw(url, ['CONNECT x:443 HTTP/1.1\r\nhost: x\r\n\r\n'])
  assert.deepEqual(problem(tunnel), { status: 405, code: 'method-not-allowed' })
  const headers = (count: number): string => Array.from({ length: count }, (_, i) => `x-${i}: y\r\n`).join('')
  const request = (count: number): string => `GET /healthz HTTP/1.1\r\nhost: x\r\n${closing}${headers(count)}\r\n`
  assert.match(await raw(url, [request(98)]), /^HTTP\/1\.1 200 /)
  for (const count of [99, 1000])
    assert.deepEqual(problem(await raw(url, [request(count)])), { status: 431, code: 'headers-too-large' })
  await alive(checkpoint)
})

// The limits that a server has by itself are longer.
const BELOW_DEFAULT_MS = 9000

test('slow requests are ended, in their headers and in their body', async (t) => {
  const checkpoint = await startCheckpoint(t, { limits: { headersTimeout: 300, requestTimeout: 600, drain: 100 } })
  const { url } = checkpoint
  assert.match(await raw(url, ['GET /healthz HTTP/1.1\r\nhost: x\r\n'], BELOW_DEFAULT_MS), /^HTTP\/1\.1 408 /)
  assert.doesNotMatch(await raw(url, [], BELOW_DEFAULT_MS), /200/, 'a connection that says nothing')
  const stalled = 'POST /kbs/v0/auth HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{"version"'
  assert.doesNotMatch(await raw(url, [stalled], BELOW_DEFAULT_MS), /^HTTP\/1\.1 200 /)
  await alive(checkpoint)
})

test('an address that asks too often waits; the others do not notice', async (t) => {
  const checkpoint = await startCheckpoint(t, {
    limits: { perAddress: { perSecond: 0.001, burst: 5 } },
    trustedProxies: ['127.0.0.1'],
  })
  const ask = (address: string, path: string): Promise<Answer> =>
    send(checkpoint.url + path, { method: 'GET', headers: { 'x-forwarded-for': address } })
  for (let i = 0; i < 5; i++) assert.equal((await ask('203.0.113.1', '/healthz')).status, 200)
  const native = await ask('203.0.113.1', '/healthz')
  assert.equal(native.status, 429)
  assert.match(String(native.headers['retry-after']), /^\d+$/)
  assert.equal((JSON.parse(native.text) as { code: string }).code, 'too-many-requests')
  const kbs = await ask('203.0.113.1', '/kbs/v0/resource/a/b/c')
  assert.equal(kbs.status, 429)
  errorInformation(kbs)
  assert.equal((await ask('203.0.113.2', '/healthz')).status, 200)
})

test('many large bodies at once are bounded together, and room comes back', async (t) => {
  const checkpoint = await startCheckpoint(t, { limits: { bodyBytes: 1024 * 1024, requestTimeout: 60_000 } })
  const url = `${checkpoint.url}/kbs/v0/auth`
  const body = Buffer.concat([new Uint8Array(700 * 1024).fill(0x20), Buffer.from(authBody('snp'))])
  const held = 'POST /kbs/v0/auth HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 800000\r\n\r\n'
  let goOn: () => void = () => undefined
  const rest = new Promise<void>((resolve) => {
    goOn = resolve
  })
  const slow = raw(checkpoint.url, [held + ' '.repeat(600_000), rest, ' '.repeat(200_000)])
  // Until what is held was read; who is refused may not have been read whole.
  await until('a large one is refused', async () => {
    const status = await post(url, body).then(
      (answer) => answer.status,
      () => 503,
    )
    assert.ok(status === 503 || status === 200, `${status}`)
    return status === 503
  })
  assert.equal((await post(url, authBody('snp'))).status, 200, 'small ones pass')
  goOn()
  assert.match(await slow, /^HTTP\/1\.1 401 /)
  assert.equal((await post(url, body)).status, 200)
  await checkpoint.server.close()
  assert.equal(checkpoint.lines.filter((line) => line.includes('"code":"busy"')).length, 1)
})
