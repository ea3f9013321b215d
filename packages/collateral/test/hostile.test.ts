import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import { canned, type Handler, startServer } from './hostile-server.ts'
import { bench, except, PATIENT } from './setup.ts'
import { amdAnswers, type IntelAnswers, intelAnswers, quickSnp } from './vendors.ts'

const tdx = intelAnswers('tdx')
const processor = intelAnswers('tdx', { ca: 'processor' })
const otherPlatform = intelAnswers('tdx', { pck: { fmspc: 'c0ffee000002' } })
const sgx = intelAnswers('sgx')
const older = { from: new Date('2026-04-01T00:00:00Z'), to: new Date('2026-05-01T00:00:00Z') }
const expired = intelAnswers('tdx', { window: older })
const future = intelAnswers('tdx', {
  window: { from: new Date('2026-06-20T00:00:00Z'), to: new Date('2026-07-20T00:00:00Z') },
})
const bodyOf = ({ table }: IntelAnswers, path: string): Buffer => Buffer.from(table.get(path)?.body ?? '')
const headersOf = ({ table }: IntelAnswers, path: string): Record<string, string> => ({ ...table.get(path)?.headers })

/** Serves at `path` what another service would serve at `from`. */
function swapped(other: IntelAnswers, from: string): Handler {
  return (_, response) => response.writeHead(200, headersOf(other, from)).end(bodyOf(other, from))
}

/** Writes raw bytes to the connection, bypassing every rule of HTTP. */
function raw(write: (socket: Socket) => void): Handler {
  return (_, response) => {
    const { socket } = response
    if (socket !== null) write(socket)
  }
}

const chainHeader = `TCB-Info-Issuer-Chain: ${headersOf(tdx, tdx.paths.tcb)['TCB-Info-Issuer-Chain']}`
const tcbBody = bodyOf(tdx, tdx.paths.tcb)

interface Case {
  readonly name: string
  readonly path: string
  readonly code: string
  readonly wrong: Handler
}

const CASES: readonly Case[] = [
  { name: 'a stall before the headers', path: tdx.paths.tcb, code: 'timeout', wrong: () => undefined },
  {
    name: 'a stall within the body',
    path: tdx.paths.tcb,
    code: 'timeout',
    wrong: (_, response) => response.writeHead(200, headersOf(tdx, tdx.paths.tcb)).write(tcbBody.subarray(0, 100)),
  },
  {
    name: 'a truncated answer',
    path: tdx.paths.tcb,
    code: 'unreachable',
    wrong: raw((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\n${chainHeader}\r\nContent-Length: ${tcbBody.length}\r\n\r\n`)
      socket.end(tcbBody.subarray(0, 500))
    }),
  },
  {
    name: 'an answer cut off without a declared length',
    path: tdx.paths.tcb,
    code: 'bad-answer',
    wrong: raw((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\n${chainHeader}\r\nConnection: close\r\n\r\n`)
      socket.end(tcbBody.subarray(0, 500))
    }),
  },
  {
    name: 'a declared length that is too short',
    path: tdx.paths.tcb,
    code: 'bad-answer',
    wrong: raw((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\n${chainHeader}\r\nContent-Length: 500\r\n\r\n`)
      socket.end(tcbBody)
    }),
  },
  {
    name: 'a declared length over the bound',
    path: tdx.paths.tcb,
    code: 'too-large',
    wrong: raw((socket) => socket.write(`HTTP/1.1 200 OK\r\n${chainHeader}\r\nContent-Length: 99999999999\r\n\r\n`)),
  },
  {
    name: 'a body without end',
    path: tdx.paths.tcb,
    code: 'too-large',
    wrong: (_, response) => {
      response.writeHead(200, headersOf(tdx, tdx.paths.tcb))
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536, 0x20)));
      }
      response.on('drain', more)
      more()
    },
  },
  {
    name: 'headers without end',
    path: tdx.paths.tcb,
    code: 'too-large',
    wrong: raw((socket) => socket.write(`HTTP/1.1 200 OK\r\nX: ${'a'.repeat(200_000)}\r\n\r\n`)),
  },
  {
    name: 'something that is not HTTP',
    path: tdx.paths.tcb,
    code: 'bad-answer',
    wrong: raw((socket) => socket.end('SSH-2.0-no\r\n\r\n')),
  },
  { name: 'a broken connection', path: tdx.paths.tcb, code: 'unreachable', wrong: raw((socket) => socket.destroy()) },
  {
    name: 'a compressed body nobody asked for',
    path: tdx.paths.tcb,
    code: 'bad-answer',
    wrong: (_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(tcbBody),
  },
  {
    name: 'a web page',
    path: tdx.paths.tcb,
    code: 'bad-answer',
    wrong: (_, response) => response.writeHead(200, headersOf(tdx, tdx.paths.tcb)).end('<html>Sign in</html>'),
  },
  {
    name: 'TCB info without its chain',
    path: tdx.paths.tcb,
    code: 'bad-answer',
    wrong: (_, response) => response.end(tcbBody),
  },
  {
    name: 'TCB info of another FMSPC',
    path: tdx.paths.tcb,
    code: 'bad-answer',
    wrong: swapped(otherPlatform, otherPlatform.paths.tcb),
  },
  { name: 'TCB info of the other TEE', path: tdx.paths.tcb, code: 'bad-answer', wrong: swapped(sgx, sgx.paths.tcb) },
  { name: 'QE identity of the other TEE', path: tdx.paths.qe, code: 'bad-answer', wrong: swapped(sgx, sgx.paths.qe) },
  {
    name: 'QE identity where TCB info belongs',
    path: tdx.paths.tcb,
    code: 'bad-answer',
    wrong: swapped(tdx, tdx.paths.qe),
  },
  {
    name: 'the CRL of the other PCK CA',
    path: tdx.paths.pckCrl,
    code: 'bad-answer',
    wrong: swapped(processor, processor.paths.pckCrl),
  },
  {
    name: 'the CRL of the other PCK CA under the chain of the right one',
    path: tdx.paths.pckCrl,
    code: 'bad-answer',
    wrong: (_, response) =>
      response.writeHead(200, headersOf(tdx, tdx.paths.pckCrl)).end(bodyOf(processor, processor.paths.pckCrl)),
  },
  {
    name: 'a PCK CRL where the root CRL belongs',
    path: tdx.paths.rootCrl,
    code: 'bad-answer',
    wrong: swapped(tdx, tdx.paths.pckCrl),
  },
  { name: 'expired TCB info', path: tdx.paths.tcb, code: 'stale', wrong: swapped(expired, expired.paths.tcb) },
  { name: 'an expired CRL', path: tdx.paths.pckCrl, code: 'stale', wrong: swapped(expired, expired.paths.pckCrl) },
  {
    name: 'an expired root CRL',
    path: tdx.paths.rootCrl,
    code: 'stale',
    wrong: swapped(expired, expired.paths.rootCrl),
  },
  { name: 'a QE identity of the future', path: tdx.paths.qe, code: 'stale', wrong: swapped(future, future.paths.qe) },
  {
    name: 'TCB info with one status edited',
    path: tdx.paths.tcb,
    code: 'bad-answer',
    wrong: (_, response) =>
      response.writeHead(200, headersOf(tdx, tdx.paths.tcb)).end(tcbBody.toString().replace('OutOfDate', 'UpToDate')),
  },
  {
    name: 'TCB info serialised again with other white space',
    path: tdx.paths.tcb,
    code: 'bad-answer',
    wrong: (_, response) =>
      response
        .writeHead(200, headersOf(tdx, tdx.paths.tcb))
        .end(JSON.stringify(JSON.parse(tcbBody.toString()), null, 1)),
  },
  {
    name: 'a second tcbInfo member after the signed one',
    path: tdx.paths.tcb,
    code: 'bad-answer',
    wrong: (_, response) =>
      response.writeHead(200, headersOf(tdx, tdx.paths.tcb)).end(tcbBody.toString().replace(/}$/, ',"tcbInfo":{}}')),
  },
  {
    name: 'a document nested without end',
    path: tdx.paths.tcb,
    code: 'bad-answer',
    wrong: (_, response) => response.writeHead(200, headersOf(tdx, tdx.paths.tcb)).end('{"a":'.repeat(100_000)),
  },
  {
    name: 'a CRL cut short',
    path: tdx.paths.rootCrl,
    code: 'bad-answer',
    wrong: (_, response) => response.end(bodyOf(tdx, tdx.paths.rootCrl).subarray(0, -1)),
  },
  { name: 'HTTP 404', path: tdx.paths.tcb, code: 'not-found', wrong: (_, response) => response.writeHead(404).end() },
  { name: 'HTTP 410', path: tdx.paths.tcb, code: 'not-found', wrong: (_, response) => response.writeHead(410).end() },
  {
    name: 'HTTP 400',
    path: tdx.paths.tcb,
    code: 'refused',
    wrong: (_, response) => response.writeHead(400, { 'Error-Code': 'InvalidRequestSyntax' }).end(),
  },
  { name: 'HTTP 204', path: tdx.paths.tcb, code: 'refused', wrong: (_, response) => response.writeHead(204).end() },
  {
    name: 'HTTP 500 for ever',
    path: tdx.paths.tcb,
    code: 'unreachable',
    wrong: (_, response) => response.writeHead(500).end(),
  },
  {
    name: 'HTTP 429 for ever',
    path: tdx.paths.tcb,
    code: 'throttled',
    wrong: (_, response) => response.writeHead(429).end(),
  },
  {
    name: 'a redirect in circles',
    path: tdx.paths.tcb,
    code: 'bad-answer',
    wrong: (_, response) => response.writeHead(302, { location: tdx.paths.tcb }).end(),
  },
  {
    name: 'a redirect to nowhere',
    path: tdx.paths.tcb,
    code: 'bad-answer',
    wrong: (_, response) => response.writeHead(302).end(),
  },
]

const IMPATIENT = { timeoutMs: 2_000, idleMs: 300, attempts: 3 }

for (const { name, path, code, wrong } of CASES) {
  test(`${name}: ${code}; nothing bad is kept, and a good answer works later`, async (t) => {
    const around = await bench(t, tdx, code === 'timeout' ? { limits: IMPATIENT } : {})
    const patient = { limits: PATIENT }
    const good = canned(tdx.table)
    around.server.handle(except(good, path, wrong))
    await assert.rejects(around.source.intel(tdx.request), { name: 'CollateralError', code })
    const key = `${around.server.url}${path}`
    assert.equal(await around.cache.get(key), undefined)
    around.server.handle(good)
    const got = await around.again(patient).intel(tdx.request)
    assert.deepEqual(got.collateral, tdx.made.collateral)
    // With a good answer in the cache, a bad one can neither replace it nor be used.
    around.server.handle(except(good, path, wrong))
    around.clock += 2 * 86_400_000
    assert.deepEqual((await around.again().intel(tdx.request)).collateral, tdx.made.collateral)
  })
}

test('a redirect to another host is refused, and that host is never asked', async (t) => {
  const around = await bench(t, tdx)
  const other = await startServer(canned(tdx.table))
  t.after(() => other.close())
  for (const location of [
    `${other.url}${tdx.paths.tcb}`,
    `//127.0.0.1:1/x`,
    'http://user:password@127.0.0.1/',
    'file:///etc/passwd',
  ]) {
    around.server.handle(
      except(canned(tdx.table), tdx.paths.tcb, (_, response) => response.writeHead(301, { location }).end()),
    )
    await assert.rejects(around.source.intel(tdx.request), { code: 'host-not-allowed' })
  }
  assert.deepEqual(other.asked, [])
})

test('a redirect within the host is followed', async (t) => {
  const around = await bench(t, tdx)
  const moved = new Map(tdx.table).set('/moved', tdx.table.get(tdx.paths.tcb) ?? { body: '' })
  around.server.handle(
    except(canned(moved), tdx.paths.tcb, (_, response) => response.writeHead(307, { location: '/moved' }).end()),
  )
  assert.deepEqual((await around.source.intel(tdx.request)).collateral, tdx.made.collateral)
})

test('429 with Retry-After is waited for, in seconds or as a date', async (t) => {
  const around = await bench(t, tdx)
  const asks = ['7', new Date(around.clock + 11_000).toUTCString()]
  const good = canned(tdx.table)
  around.server.handle(
    except(good, tdx.paths.tcb, (request, response) => {
      const ask = asks.shift()
      if (ask === undefined) good(request, response)
      else response.writeHead(429, { 'retry-after': ask }).end()
    }),
  )
  assert.deepEqual((await around.source.intel(tdx.request)).collateral, tdx.made.collateral)
  assert.deepEqual(around.waits, [7_000, 11_000])
})

test('a service that asks to wait too long is not asked again, and the error says how long', async (t) => {
  const around = await bench(t, tdx)
  around.server.handle(
    except(canned(tdx.table), tdx.paths.tcb, (_, response) =>
      response.writeHead(503, { 'retry-after': '86400' }).end(),
    ),
  )
  await assert.rejects(around.source.intel(tdx.request), { code: 'throttled', retryAfterMs: 86_400_000 })
  assert.deepEqual(around.waits, [])
})

test('waits grow, with jitter from the source of randomness, and end', async (t) => {
  const around = await bench(t, tdx)
  around.server.handle(except(canned(tdx.table), tdx.paths.tcb, (_, response) => response.writeHead(502).end()))
  await assert.rejects(around.source.intel(tdx.request), { code: 'unreachable' })
  assert.deepEqual(around.waits, [375, 750])
})

test("another chip's VCEK, another TCB's VCEK, another product's chain and another CRL are refused", async (t) => {
  const milan = amdAnswers(quickSnp({ product: 'Milan' }))
  const otherChip = amdAnswers(quickSnp({ product: 'Milan', leaf: { hwId: 'ab'.repeat(64) } }))
  const otherTcb = amdAnswers(quickSnp({ product: 'Milan', tcb: { bootLoader: 4, tee: 0, snp: 23, microcode: 219 } }))
  const genoa = amdAnswers(quickSnp({ product: 'Genoa' }))
  const around = await bench(t, milan)
  const wrongs = [
    [milan.paths.vcek, otherChip.table.get(otherChip.paths.vcek)],
    [milan.paths.vcek, otherTcb.table.get(otherTcb.paths.vcek)],
    [milan.paths.vcek, genoa.table.get(genoa.paths.vcek)],
    [milan.paths.vcek, milan.table.get(milan.paths.crl)],
    [milan.paths.chain, genoa.table.get(genoa.paths.chain)],
    [milan.paths.crl, genoa.table.get(genoa.paths.crl)],
  ] as const
  for (const [path, answer] of wrongs) {
    assert.ok(answer)
    await around.cache.drop(`${around.server.url}${path}`)
    around.server.handle(canned(new Map(milan.table).set(path, answer)))
    await assert.rejects(around.again({ trustAnchors: [milan.made.anchor, genoa.made.anchor] }).amd(milan.request), {
      code: 'bad-answer',
    })
    assert.equal(await around.cache.get(`${around.server.url}${path}`), undefined)
  }
  around.server.handle(canned(milan.table))
  assert.equal((await around.source.amd(milan.request)).product, 'Milan')
})

test('a signal ends a request that is under way', async (t) => {
  const stop = new AbortController()
  const around = await bench(t, tdx, { signal: stop.signal, limits: { timeoutMs: 10_000, idleMs: 10_000 } })
  around.server.handle(() => stop.abort())
  await assert.rejects(around.source.intel(tdx.request), { code: 'aborted' })
})
