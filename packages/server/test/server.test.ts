import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request as plainRequest } from 'node:http'
import { request } from 'node:https'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { type Broker, StorageError } from '@sekisho/broker'
import { startServer } from '../src/index.ts'
import { apiClient } from './kit/api.ts'
import { furnish, sharedWorld, startCheckpoint } from './kit/checkpoint.ts'
import { authBody, errorInformation, JSON_HEADERS, send } from './kit/kbs-client.ts'
import { raw } from './kit/raw.ts'
import { selfSigned } from './kit/tls.ts'
import { until } from './kit/until.ts'

test('health, readiness, metrics, ids and security headers', async (t) => {
  const checkpoint = await startCheckpoint(t)
  await furnish(checkpoint, sharedWorld().snp())
  const health = await send(`${checkpoint.url}/healthz`, { method: 'GET', headers: { 'x-request-id': 'abc-123' } })
  assert.equal(health.headers['x-request-id'], 'abc-123')
  assert.equal(health.headers['x-content-type-options'], 'nosniff')
  assert.equal(health.headers['access-control-allow-origin'], undefined)
  assert.equal(health.headers['x-powered-by'], undefined)
  for (const id of ['a b', 'x'.repeat(65), '"quoted"', '-x']) {
    const answer = await send(`${checkpoint.url}/healthz`, { method: 'GET', headers: { 'x-request-id': id } })
    assert.match(String(answer.headers['x-request-id']), /^[0-9a-f-]{36}$/, id)
  }
  const missing = await send(`${checkpoint.url}/nothing?token=secret-in-query`, { method: 'GET' })
  assert.equal(missing.status, 404)
  const problem = JSON.parse(missing.text) as Record<string, unknown>
  assert.equal(problem['type'], 'urn:sekisho:problem:not-found')
  assert.equal(problem['instance'], `urn:sekisho:request:${missing.headers['x-request-id']}`)
  const posted = await send(`${checkpoint.url}/metrics`, { method: 'POST' })
  assert.equal(posted.status, 405)
  assert.equal(posted.headers['allow'], 'GET')
  const { text } = await send(`${checkpoint.url}/metrics`, { method: 'GET' })
  assert.match(text, /^sekisho_http_requests_total\{route="\/healthz",method="GET",status="200"\} 5$/m)
  assert.match(text, /^sekisho_leases_live 0$/m)
  assert.match(text, /^sekisho_log_size [1-9]/m)
  await checkpoint.server.close()
  const entries = checkpoint.lines.map((line) => JSON.parse(line) as Record<string, unknown>)
  assert.ok(
    entries.every(({ msg, id, status }) => msg === 'request' && typeof id === 'string' && typeof status === 'number'),
  )
  assert.ok(!checkpoint.lines.join().includes('secret-in-query'))
})

test('the log as static tiles; entries only for who may read all', async (t) => {
  const checkpoint = await startCheckpoint(t)
  await furnish(checkpoint, sharedWorld().snp())
  const get = (path: string, token?: string): ReturnType<typeof send> =>
    send(`${checkpoint.url}/log/${path}`, {
      method: 'GET',
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    })
  const note = await get('checkpoint')
  const [origin, size = '0'] = note.text.split('\n')
  assert.equal(origin, 'checkpoint.example/log')
  assert.equal(Number(size), await checkpoint.log.size())
  assert.match(note.text, /\n\n— checkpoint\.example\/log /)
  assert.equal((await get('key')).text.trim(), checkpoint.log.verifierKey)
  const tile = await get(`tile/0/000.p/${size}`)
  assert.equal(tile.status, 200)
  assert.equal(Number(tile.headers['content-length']), 32 * Number(size))
  for (const path of ['tile/0/000', `tile/0/000.p/${Number(size) + 1}`])
    assert.equal((await get(path)).status, 404, path)
  for (const path of ['tile/64/000', 'tile/0/0', 'tile/0/x001', 'tile/0/000.p/256', 'tile/0/000.p/0', 'tile/0/1/2/3']) {
    assert.equal((await get(path)).status, 400, path)
  }
  assert.equal((await get(`tile/entries/000.p/${size}`)).status, 401)
  assert.equal((await get(`tile/entries/000.p/${size}`, await checkpoint.token(['admin'], 'default'))).status, 403)
  const bundle = await get(`tile/entries/000.p/${size}`, await checkpoint.token(['decisions:read']))
  assert.equal(bundle.status, 200)
  assert.ok(bundle.text.includes('"namespace":"default"'))
})

test('keys of attestation results, where relying parties look for them', async (t) => {
  const checkpoint = await startCheckpoint(t)
  const get = async (path: string): Promise<Record<string, unknown>> =>
    JSON.parse((await send(`${checkpoint.url}/.well-known/${path}`, { method: 'GET' })).text) as Record<string, unknown>
  const discovery = await get('openid-configuration')
  assert.equal(discovery['issuer'], 'https://checkpoint.example')
  assert.equal(discovery['jwks_uri'], 'https://checkpoint.example/.well-known/jwks.json')
  assert.deepEqual(await get('jwks.json'), await checkpoint.broker.jwks(new Date()))
  assert.ok(!JSON.stringify(await get('jwks.json')).includes('"d"'))
})

test('a database that goes away: 503 in every face, nothing released, and it comes back', async (t) => {
  const checkpoint = await startCheckpoint(t)
  await furnish(checkpoint, sharedWorld().snp())
  let down = true
  const gone = (): Promise<never> => Promise.reject(new StorageError('unavailable', 'the database cannot be reached'))
  const broker: Broker = {
    ...checkpoint.broker,
    challenge: (o) => (down ? gone() : checkpoint.broker.challenge(o)),
    release: (o) => (down ? gone() : checkpoint.broker.release(o)),
  }
  const db = {
    ...checkpoint.db,
    kind: checkpoint.db.kind,
    all: (...a: Parameters<typeof checkpoint.db.all>) => (down ? gone() : checkpoint.db.all(...a)),
    writing: () => checkpoint.db.writing(),
  }
  const server = await startServer({ ...checkpoint, broker, db: db as never, port: 0, writeLog: () => undefined })
  t.after(() => server.close())
  const auth = (): ReturnType<typeof send> =>
    send(`${server.url}/kbs/v0/auth`, { method: 'POST', headers: JSON_HEADERS, body: authBody('snp') })
  const refused = await auth()
  assert.equal(refused.status, 503)
  assert.match(String(refused.headers['retry-after']), /^\d+$/)
  errorInformation(refused)
  const resource = await send(`${server.url}/kbs/v0/resource/demo/key/1`, {
    method: 'GET',
    headers: { cookie: `kbs-session-id=${'a'.repeat(32)}` },
  })
  assert.equal(resource.status, 503)
  const api = await apiClient(server.url)
  const native = await api.call('POST', '/api/v1/workload/challenge', { json: {} })
  assert.equal(native.json['code'], 'storage-unavailable')
  const unready = await send(`${server.url}/readyz`, { method: 'GET' })
  assert.equal(unready.status, 503)
  const { detail, remedy } = JSON.parse(unready.text) as Record<string, unknown>
  assert.equal(detail, 'the database does not answer')
  assert.match(String(remedy), /^see whether the disk of the data folder is overloaded/)
  assert.equal((await send(`${server.url}/healthz`, { method: 'GET' })).status, 200)
  down = false
  assert.equal((await auth()).status, 200)
  assert.equal((await send(`${server.url}/readyz`, { method: 'GET' })).status, 200)
})

test('closing lets answers under way finish, takes no more, and cuts what is left at the deadline', async (t) => {
  const checkpoint = await startCheckpoint(t, { limits: { drain: 400 } })
  let finish: () => void = () => undefined
  const held = new Promise<void>((resolve) => {
    finish = resolve
  })
  let begin: () => void = () => undefined
  const begun = new Promise<void>((resolve) => {
    begin = resolve
  })
  const broker: Broker = {
    ...checkpoint.broker,
    challenge: async (o) => {
      begin()
      await held
      return checkpoint.broker.challenge(o)
    },
  }
  const server = await startServer({
    ...checkpoint,
    broker,
    port: 0,
    limits: { drain: 400 },
    writeLog: () => undefined,
  })
  let isCut = false
  const idle = raw(server.url, ['POST /kbs/v0/auth HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n']).then(() => {
    isCut = true
  })
  // Whoever is answered was taken behind it.
  for (let i = 0; i < 2; i++) await send(`${server.url}/healthz`, { method: 'GET' })
  const underWay = send(`${server.url}/kbs/v0/auth`, { method: 'POST', headers: JSON_HEADERS, body: authBody('snp') })
  await begun
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const closed = server.close()
  await assert.rejects(send(`${server.url}/healthz`, { method: 'GET' }))
  finish()
  const answer = await underWay
  assert.equal(answer.status, 200)
  assert.equal(answer.headers['connection'], 'close')
  t.mock.timers.tick(399)
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(isCut, false)
  t.mock.timers.tick(1)
  t.mock.timers.reset()
  await closed
  await idle
})

test('TLS, with a certificate that is given', async (t) => {
  const { key, cert } = selfSigned()
  const checkpoint = await startCheckpoint(t, { tls: { key, cert } })
  assert.match(checkpoint.url, /^https:/)
  const headers = await new Promise<Record<string, unknown>>((resolve, reject) => {
    request(
      `${checkpoint.url}/healthz`,
      { ca: cert, agent: false, checkServerIdentity: () => undefined },
      (response) => {
        response.resume()
        resolve(response.headers)
      },
    )
      .on('error', reject)
      .end()
  })
  assert.match(String(headers['strict-transport-security']), /max-age/)
})

test('a client that begins no TLS handshake is let go in time, and holds up no end', async (t) => {
  const checkpoint = await startCheckpoint(t, { tls: selfSigned(), limits: { headersTimeout: 300 } })
  // The limit that a server has by itself is longer.
  assert.equal(await raw(checkpoint.url, [], 9000), '')
  const held = await startCheckpoint(t, { tls: selfSigned(), limits: { drain: 100 } })
  const silent = raw(held.url, [])
  // Whoever is answered was taken behind the silent one.
  assert.equal(await raw(held.url, ['GET / HTTP/1.1\r\n\r\n']), '')
  await held.server.close()
  assert.equal(await silent, '')
})

test('the web page is served from its folder, and nothing beside it', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sekisho-page-'))
  t.after(() => rmSync(folder, { recursive: true }))
  mkdirSync(join(folder, 'page', 'parts'), { recursive: true })
  writeFileSync(join(folder, 'page', 'index.html'), '<!doctype html><title>Sekisho</title>')
  writeFileSync(join(folder, 'page', 'parts', 'a.js'), 'export {}')
  writeFileSync(join(folder, 'page', 'notes.secret'), 'x')
  writeFileSync(join(folder, 'outside.js'), 'x')
  const checkpoint = await startCheckpoint(t, { console: join(folder, 'page') })
  const get = (path: string): ReturnType<typeof send> => send(checkpoint.url + path, { method: 'GET' })
  const page = await get('/')
  assert.equal(page.headers['content-type'], 'text/html; charset=utf-8')
  assert.match(String(page.headers['content-security-policy']), /script-src 'self'/)
  assert.equal((await get('/setup')).status, 200)
  assert.equal((await get('/parts/a.js')).text, 'export {}')
  for (const path of [
    '/outside.js',
    '/../outside.js',
    '/parts/..%2f..%2foutside.js',
    '/%2e%2e/outside.js',
    '/notes.secret',
    '/parts',
  ]) {
    assert.equal((await get(path)).status, 404, path)
  }
  assert.equal((await get('/api/v1/nothing')).headers['content-type'], 'application/problem+json')
})

test('a client that takes nothing of its answer is cut', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sekisho-page-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  // More than the buffers of two sockets hold.
  writeFileSync(join(folder, 'large.js'), Buffer.alloc(32 * 1024 * 1024))
  const checkpoint = await startCheckpoint(t, { console: folder, limits: { answerTimeout: 300, drain: 100 } })
  const silent = connect({ host: '127.0.0.1', port: Number(new URL(checkpoint.url).port) })
  t.after(() => silent.destroy())
  silent.on('error', () => undefined).pause()
  silent.write('GET /large.js HTTP/1.1\r\nhost: x\r\n\r\n')
  // A request has its line when its answer is over.
  const isOver = (): boolean => checkpoint.lines.some((line) => line.includes('"route":"/*"'))
  await until('the answer is over', isOver)
  assert.equal(lineOf(checkpoint.lines, '/*').aborted, true)
})

test('the log line of an answer that its client did not wait for says so', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sekisho-page-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, 'large.js'), Buffer.alloc(32 * 1024 * 1024))
  for (const tls of [undefined, selfSigned()]) {
    const { url, lines } = await startCheckpoint(t, { console: folder, ...(tls === undefined ? {} : { tls }) })
    await new Promise<void>((resolve, reject) => {
      const asked = (tls === undefined ? plainRequest : request)(
        `${url}/large.js`,
        { agent: false, rejectUnauthorized: false },
        (answer) =>
          answer
            .once('data', () => answer.destroy())
            .once('close', resolve)
            .on('error', () => undefined),
      )
      asked.on('error', reject).end()
    })
    const isLogged = (): boolean => lines.some((line) => line.includes('"route":"/*"'))
    await until('the line is there', isLogged)
    assert.equal(lineOf(lines, '/*').aborted, true)
    if (tls !== undefined) continue
    await send(`${url}/healthz`, { method: 'GET' })
    assert.equal(lineOf(lines, '/healthz').aborted, undefined, 'one that arrived')
  }
})

function lineOf(lines: readonly string[], route: string): { readonly aborted?: boolean } {
  const line = lines
    .map((one) => JSON.parse(one) as { route?: string; aborted?: boolean })
    .find((one) => one.route === route)
  assert.ok(line !== undefined)
  return line
}
