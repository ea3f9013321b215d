import assert from 'node:assert/strict'
import http from 'node:http'
import https from 'node:https'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { distinguishedName, generateKey, issueCertificate, toPem } from '@sekisho/emulator/kit'
import { type NetworkOptions, type NetworkSource, networkSource } from '../src/index.ts'
import { isDirect, readProxy } from '../src/proxy.ts'
import { canned } from './hostile-server.ts'
import { PATIENT } from './setup.ts'
import { intelAnswers } from './vendors.ts'

const answers = intelAnswers('sgx', {}, 'pccs')
const key = generateKey('P-256')
const pem = key.privateKey.export({ type: 'pkcs8', format: 'pem' })
const SERVICE = 'https://pccs.example:8443'

function certificateOf(name: string): string {
  const named = distinguishedName(['CN', name])
  return toPem(
    issueCertificate({
      ...{ subject: named, issuer: named, serial: 1 },
      ...{ notBefore: new Date('2020-01-01T00:00:00Z'), notAfter: new Date('2049-01-01T00:00:00Z') },
      ...{ subjectKey: key, issuerKey: key, algorithm: 'ecdsa-p256-sha256' },
    }),
  )
}

const certificate = certificateOf('pccs.example')

async function listening(t: TestContext, server: http.Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

interface Stage {
  /** Of the proxy, without user and password. */
  readonly proxy: string
  /** Targets of the tunnels that were asked for, each with what came as `Proxy-Authorization`. */
  readonly tunnels: (string | undefined)[][]
  /** Paths that the service was asked for. */
  readonly asked: string[]
}

/** A PCCS that only a proxy reaches, whatever host one asks it for. */
async function stage(t: TestContext, answer?: (socket: Socket) => void): Promise<Stage> {
  const asked: string[] = []
  const service = https.createServer({ key: pem, cert: certificate }, (request, response) => {
    asked.push(request.url ?? '')
    canned(answers.table)(request, response)
  })
  const port = await listening(t, service)
  const tunnels: (string | undefined)[][] = []
  const proxy = http.createServer((_, response) => response.writeHead(500).end())
  const sockets = new Set<Socket>()
  proxy.on('connect', (request, client: Socket) => {
    tunnels.push([request.url, request.headers['proxy-authorization']])
    sockets.add(client)
    client.on('error', () => undefined)
    if (answer !== undefined) return answer(client)
    const upstream = connect(port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n')
      client.pipe(upstream).pipe(client)
    })
    upstream.on('error', () => client.destroy())
    client.on('close', () => upstream.destroy())
  })
  t.after(() => {
    for (const socket of sockets) socket.destroy()
  })
  return { proxy: `http://127.0.0.1:${await listening(t, proxy)}`, tunnels, asked }
}

function source(options: NetworkOptions): NetworkSource {
  return networkSource({
    ...{ limits: { ...PATIENT, attempts: 1 }, trustAnchors: [answers.made.anchor], now: () => answers.made.at },
    intel: { baseUrl: SERVICE, tlsCertificates: certificate },
    ...options,
  })
}

describe('a service behind a proxy', () => {
  it('is asked through tunnels, with TLS from end to end', async (t) => {
    const { proxy, tunnels, asked } = await stage(t)
    const { collateral } = await source({ proxy: { url: proxy } }).intel(answers.request)
    assert.deepEqual(collateral, answers.made.collateral)
    assert.ok(asked.length >= 4)
    assert.ok(tunnels.length >= 1 && tunnels.length <= 4, `${tunnels.length} tunnels for ${asked.length} questions`)
    assert.deepEqual(new Set(tunnels.flat()), new Set(['pccs.example:8443', undefined]))
  })

  it('of which user and password are sent to it alone', async (t) => {
    const { proxy, tunnels } = await stage(t)
    await source({ proxy: { url: proxy.replace('//', '//al%40ice:p%25w@') } }).intel(answers.request)
    assert.equal(tunnels[0]?.[1], `Basic ${Buffer.from('al@ice:p%w').toString('base64')}`)
  })

  it('whose certificate leads elsewhere is asked nothing', async (t) => {
    const { proxy, tunnels, asked } = await stage(t)
    for (const intel of [
      { baseUrl: SERVICE },
      { baseUrl: SERVICE, tlsCertificates: certificateOf('another') },
      { baseUrl: 'https://elsewhere.example', tlsCertificates: certificateOf('pccs.example') },
    ])
      await assert.rejects(source({ proxy: { url: proxy }, intel }).intel(answers.request), { code: 'unreachable' })
    assert.deepEqual([tunnels.length > 0, asked], [true, []])
  })

  it('which opens no tunnel is named with what it answers', async (t) => {
    const cases: readonly (readonly [string, string, RegExp])[] = [
      ['HTTP/1.1 407 Proxy Authentication Required\r\n\r\n', 'refused', /^HTTP 407: the proxy 127.+ asks for a user/],
      ['HTTP/1.1 403 Forbidden\r\n\r\n', 'refused', /^HTTP 403: the proxy 127.0.0.1:\d+ opens no tunnel$/],
      ['HTTP/1.1 502 Bad Gateway\r\n\r\n', 'unreachable', /^HTTP 502: the proxy/],
      ['HTTP/1.1 302 Found\r\nlocation: https://pccs.example:8443/\r\n\r\n', 'refused', /^HTTP 302: the proxy/],
      [`HTTP/1.1 200 OK\r\nx: ${'x'.repeat(100_000)}\r\n\r\n`, 'unreachable', /HPE_HEADER_OVERFLOW.: the proxy/],
      ['nothing of the kind\r\n\r\n', 'unreachable', /HPE_\w+.: the proxy/],
      ['HTTP/1.1 200 OK\r\n\r\nearly', 'bad-answer', /speaks where only the service may: the proxy/],
      ['', 'timeout', /^no tunnel within 1000 ms: the proxy/],
    ]
    for (const [text, code, message] of cases) {
      const { proxy, asked } = await stage(t, (socket) => void socket.write(text))
      const limits = { ...PATIENT, attempts: 1, ...(code === 'timeout' ? { idleMs: 1000 } : {}) }
      const failing = source({ proxy: { url: proxy.replace('//', '//alice:sesame@') }, limits }).intel(answers.request)
      await assert.rejects(failing, (error: Error & { code?: string }) => {
        assert.deepEqual([error.code, message.test(error.message)], [code, true], error.message)
        assert.doesNotMatch(String(error.stack), /sesame|alice|c2VzYW1l/)
        return true
      })
      assert.deepEqual(asked, [])
    }
    const nobody = source({ proxy: { url: 'http://127.0.0.1:1' } }).intel(answers.request)
    await assert.rejects(nobody, { code: 'unreachable', message: 'no answer (ECONNREFUSED): the proxy 127.0.0.1:1' })
  })

  it('is asked without it where it is excepted, or at a loopback address', async (t) => {
    const { proxy, tunnels } = await stage(t)
    const excepted = { baseUrl: 'https://0.0.0.0:1' }
    await assert.rejects(
      source({ proxy: { url: proxy, except: ['0.0.0.0'] }, intel: excepted }).intel(answers.request),
      {
        message: 'no answer (ECONNREFUSED): 0.0.0.0:1',
      },
    )
    const loopback = { baseUrl: 'http://127.0.0.1:1' }
    await assert.rejects(source({ proxy: { url: proxy }, intel: loopback }).intel(answers.request), {
      message: 'no answer (ECONNREFUSED): 127.0.0.1:1',
    })
    assert.deepEqual(tunnels, [])
  })
})

it('hosts that are asked without the proxy are named as elsewhere', () => {
  const direct = (url: string, ...except: readonly string[]): boolean => isDirect(new URL(url), except)
  for (const entry of ['a.example', '.a.example', '*.a.example', 'example', ' A.Example. ', '*', 'a.example:443'])
    assert.equal(direct('https://a.example/', 'b', entry), true, entry)
  assert.equal(direct('https://x.a.example', 'a.example'), true)
  assert.equal(direct('https://[2001:db8::1]', '2001:db8::1'), true)
  assert.equal(direct('https://[2001:db8::1]:444', '[2001:db8::1]:444'), true)
  assert.equal(direct('https://10.0.0.1', '10.0.0.1'), true)
  for (const entry of [
    '',
    ' ',
    '.',
    'b.a.example',
    'xa.example',
    'a.exampl',
    'a.example:444',
    'a.example:',
    ':443',
    '10.0.0.0/8',
  ])
    assert.equal(direct('https://a.example', entry), false, entry)
  assert.equal(direct('https://na.example', 'a.example'), false)
  assert.equal(direct('http://localhost:1'), true)
})

it('an address that is no proxy’s is refused, and not repeated', () => {
  for (const url of [
    '',
    'proxy:3128',
    'socks5://proxy',
    'http://',
    'http://p/path',
    'http://p?q',
    'http://%zz@p',
    'http://a:%@p',
  ])
    assert.throws(
      () => readProxy({ url }),
      (error: Error) =>
        error instanceof TypeError && /^`proxy.url` /.test(error.message) && !error.message.includes('zz'),
      url,
    )
  assert.deepEqual(readProxy({ url: 'https://proxy.example' }).authorization, undefined)
})
