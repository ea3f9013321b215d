import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { test } from 'node:test'
import { CollateralError, networkSource } from '../src/index.ts'
import type { Handler } from './hostile-server.ts'
import { MADE_ANCHOR, MADE_CHAIN, madeAnswer } from './nvidia-made.ts'
import {
  answering,
  chainOf,
  DRIVER_ID,
  file,
  honest,
  manifests,
  NOW,
  nvidiaBench,
  ocspAnswers,
  rimAnswer,
  VBIOS_ID,
} from './nvidia-services.ts'
import { PATIENT } from './setup.ts'
import { vectorsMissing as skip, vectorFile } from './vectors.ts'

const DRIVER = { kind: 'driver', id: DRIVER_ID, version: '550.90.07', architecture: 'HOPPER' } as const
const HOUR_MS = 3_600_000

function saying(text: string): Handler {
  return (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(text)
  }
}

test('an answer that is not the manifest that was asked for is refused and not kept', { skip }, async (t) => {
  const driver = file('driver-rim.xml')
  const vbios = file('vbios-rim.xml')
  const text = Buffer.from(driver).toString()
  const other = vectorFile('nvidia-gpu', 'hopper-535-rim-changed', 'driver-rim.xml')
  const forged = Buffer.from(
    text.replace(/(SignatureValue>\s*)(\w)/, (_all, tag, first) => `${tag}${first === 'A' ? 'B' : 'A'}`),
  )
  const right = rimAnswer(DRIVER_ID, driver)
  const cases: Readonly<Record<string, readonly [string, RegExp]>> = {
    'no JSON': ['<html>', /did not give/],
    'no object': ['[]', /not a JSON object/],
    'cut short': [right.slice(0, -10), /did not give/],
    'a member twice': [right.replace('{', `{"id":"${DRIVER_ID}",`), /twice|second|already/],
    'the name of another': [rimAnswer(VBIOS_ID, driver), /another manifest/],
    'no manifest': [JSON.stringify({ id: DRIVER_ID }), /`rim` is no text/],
    'a number for a manifest': [rimAnswer(DRIVER_ID, driver, { rim: 7 }), /`rim` is no text/],
    'no base64': [rimAnswer(DRIVER_ID, driver, { rim: 'a b' }), /not base64/],
    'an empty manifest': [rimAnswer(DRIVER_ID, new Uint8Array()), /not base64/],
    'another digest': [rimAnswer(DRIVER_ID, driver, { sha256: '00'.repeat(32) }), /`sha256` is not/],
    'another form': [rimAnswer(DRIVER_ID, driver, { rim_format: 'CORIM' }), /another form/],
    'a manifest of another version': [rimAnswer(DRIVER_ID, other), /another version/],
    'the VBIOS’s': [rimAnswer(DRIVER_ID, vbios), /another version/],
    'a forged one': [rimAnswer(DRIVER_ID, forged), /does not verify|not well-formed|cannot be read/],
    'a changed one': [
      rimAnswer(DRIVER_ID, Buffer.from(text.replace('active="True"', 'active="False"'))),
      /changed after it was signed/,
    ],
    'no XML': [rimAnswer(DRIVER_ID, Buffer.from('hello')), /did not give/],
  }
  const bench = await nvidiaBench(t, saying(right))
  for (const [what, [answer, message]] of Object.entries(cases)) {
    bench.server.handle(saying(answer))
    await assert.rejects(bench.source.rim(DRIVER), { code: 'bad-answer', message }, what)
    assert.equal(bench.entries(), 0, what)
  }
  bench.server.handle(saying(right))
  assert.deepEqual((await bench.source.rim(DRIVER)).manifest, driver)
  assert.equal(bench.entries(), 1)
  const blackwell = { ...DRIVER, architecture: 'BLACKWELL' } as const
  await assert.rejects(bench.source.rim(blackwell), { code: 'bad-answer', message: /not for BLACKWELL/ })
})

test('a manifest whose certificates are over is stale, and one under no trusted root is refused', {
  skip,
}, async (t) => {
  const bench = await nvidiaBench(t, honest())
  const trustAnchors = [MADE_ANCHOR]
  await assert.rejects(bench.again({ trustAnchors }).rim(DRIVER), { code: 'bad-answer', message: /root/ })
  bench.clock = Date.parse('2099-01-01T00:00:00Z')
  await assert.rejects(bench.source.rim(DRIVER), { code: 'stale', message: /ended at/ })
  assert.equal(bench.entries(), 0)
})

test('an answer about another certificate, or that is none, is refused and not kept', { skip }, async (t) => {
  const [mine, other] = ocspAnswers()
  assert.ok(mine !== undefined && other !== undefined)
  const damaged = Buffer.from(mine)
  damaged.writeUInt8(damaged.readUInt8(damaged.length - 5) ^ 1, damaged.length - 5)
  const cases: Readonly<Record<string, readonly [Uint8Array, RegExp]>> = {
    'about another': [other, /does not answer about this/],
    'cut short': [mine.subarray(0, -1), /did not give/],
    'with more behind': [Buffer.concat([mine, Buffer.from([0])]), /did not give/],
    damaged: [damaged, /did not give/],
    'try later': [Buffer.from('30030a0103', 'hex'), /status 3/],
    unauthorised: [Buffer.from('30030a0106', 'hex'), /status 6/],
    'no answer': [Buffer.alloc(0), /did not give/],
  }
  const bench = await nvidiaBench(t, honest())
  const chain = await chainOfFirst(bench.source.ocsp)
  const again = await nvidiaBench(t, honest())
  for (const [what, [bytes, message]] of Object.entries(cases)) {
    again.server.handle(answering((response) => response.end(bytes)))
    await assert.rejects(again.source.ocsp({ chain }), { code: 'bad-answer', message }, what)
    assert.equal(again.entries(), 0, what)
  }
})

async function chainOfFirst(
  ask: (request: { chain: readonly Uint8Array[] }) => Promise<{ response: Uint8Array }>,
): Promise<readonly Uint8Array[]> {
  const whole = chainOf()
  for (let from = 1; from < whole.length - 1; from++) {
    const chain = whole.slice(from)
    const { response } = await ask({ chain })
    if (ocspAnswers()[0]?.equals(response) === true) return chain
  }
  throw new Error('no certificate is the one that the first answer is about')
}

test('what the issuer says of a certificate is passed on, also that it is revoked', async (t) => {
  const options = { trustAnchors: [MADE_ANCHOR] }
  const bench = await nvidiaBench(t, honest(new Map(), []), options)
  const answer = (bytes: Uint8Array): void => bench.server.handle(answering((response) => response.end(bytes)))
  const request = { chain: MADE_CHAIN }
  answer(Buffer.from(madeAnswer({ from: NOW - HOUR_MS })))
  assert.deepEqual((await bench.source.ocsp(request)).serials, ['f0'])

  // Six hours on it is asked for again; an older answer than the one that is held takes nobody's place.
  bench.clock += 7 * HOUR_MS
  answer(madeAnswer({ from: NOW - 2 * HOUR_MS }))
  const held = await bench.source.ocsp(request)
  assert.equal(held.window.from, NOW - HOUR_MS)
  assert.match(bench.progress.at(-1)?.reason ?? '', /older than that of/)

  const revoked = madeAnswer({ from: NOW + HOUR_MS, status: 'revoked' })
  answer(revoked)
  assert.deepEqual((await bench.source.ocsp(request)).response, revoked)
  answer(madeAnswer({ from: NOW, status: 'good' }))
  bench.clock += 7 * HOUR_MS
  assert.deepEqual((await bench.source.ocsp(request)).response, revoked, 'an older good one changes nothing')
})

test('an answer that is over, yet to come, without an end or of a stranger is refused and not kept', async (t) => {
  const bench = await nvidiaBench(t, honest(new Map(), []), { trustAnchors: [MADE_ANCHOR] })
  const cases: Readonly<Record<string, readonly [Uint8Array, string, RegExp]>> = {
    over: [madeAnswer({ from: NOW - 48 * HOUR_MS }), 'stale', /ended at/],
    'yet to come': [madeAnswer({ from: NOW + HOUR_MS }), 'stale', /begins only/],
    'without an end': [madeAnswer({ from: NOW - HOUR_MS, to: undefined }), 'bad-answer', /how long it holds/],
    'of a stranger': [madeAnswer({ from: NOW - HOUR_MS, signer: 0 }), 'bad-answer', /forged or damaged/],
    'of the root': [madeAnswer({ from: NOW - HOUR_MS, signer: 2 }), 'bad-answer', /forged or damaged/],
    'about its issuer': [madeAnswer({ from: NOW - HOUR_MS, about: 1 }), 'bad-answer', /does not answer about/],
    'twice about it': [madeAnswer({ from: NOW - HOUR_MS, also: [0] }), 'bad-answer', /does not answer about/],
  }
  for (const [what, [bytes, code, message]] of Object.entries(cases)) {
    bench.server.handle(answering((response) => response.end(bytes)))
    await assert.rejects(bench.source.ocsp({ chain: MADE_CHAIN }), { code, message }, what)
    assert.equal(bench.entries(), 0, what)
  }
  bench.server.handle(answering((response) => response.end(madeAnswer({ from: NOW - HOUR_MS }))))
  assert.deepEqual((await bench.source.ocsp({ chain: MADE_CHAIN })).serials, ['f0'])
})

test('services that throttle, stall, cut short, send too much or elsewhere end in an error of their kind', async (t) => {
  const cases: Readonly<Record<string, readonly [(response: ServerResponse) => void, string]>> = {
    throttling: [(response) => response.writeHead(429, { 'retry-after': '3600' }).end(), 'throttled'],
    refusing: [(response) => response.writeHead(403).end(), 'refused'],
    broken: [(response) => response.writeHead(502).end(), 'unreachable'],
    'of another length': [(response) => response.writeHead(200, { 'content-length': '9' }).end('short'), 'unreachable'],
    'too large': [(response) => response.end(Buffer.alloc(2 * 1024 * 1024)), 'too-large'],
    silent: [(response) => response.writeHead(200).write('{'), 'timeout'],
    elsewhere: [(response) => response.writeHead(307, { location: 'http://127.0.0.2:9/' }).end(), 'host-not-allowed'],
    'as a GET': [(response) => response.writeHead(302, { location: '/elsewhere' }).end(), 'refused'],
  }
  for (const [what, [answer, code]] of Object.entries(cases)) {
    const limits = { ...PATIENT, ...(what === 'silent' ? { idleMs: 200 } : {}) }
    const options = { limits, trustAnchors: [MADE_ANCHOR] }
    const bench = await nvidiaBench(
      t,
      (request, response) => request.resume().on('end', () => answer(response)),
      options,
    )
    await assert.rejects(bench.source.ocsp({ chain: MADE_CHAIN }), isOf(code, what))
    assert.equal(bench.entries(), 0, what)
    if (what === 'as a GET') assert.deepEqual(bench.server.asked, ['/status'], 'a POST is not turned into a GET')
    else await assert.rejects(bench.source.rim(DRIVER), isOf(code, what))
  }
})

function isOf(code: string, what: string): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof CollateralError, what)
    assert.equal(error.code, code, what)
    return true
  }
}

test('a question is repeated where its own service moves it to, and with the method and the bytes that it had', async (t) => {
  const asked: string[] = []
  const answer = madeAnswer({ from: NOW - HOUR_MS })
  const bench = await nvidiaBench(
    t,
    (request, response) => {
      const pieces: Buffer[] = []
      request.on('data', (piece: Buffer) => pieces.push(piece))
      request.on('end', () => {
        asked.push(`${request.method} ${request.url} ${Buffer.concat(pieces).toString('hex')}`)
        if (request.url === '/status') response.writeHead(308, { location: '/moved' }).end()
        else response.end(answer)
      })
    },
    { trustAnchors: [MADE_ANCHOR] },
  )
  assert.deepEqual((await bench.source.ocsp({ chain: MADE_CHAIN })).serials, ['f0'])
  const [first, second] = asked
  assert.match(first ?? '', /^POST \/status 30[0-9a-f]{60,}$/)
  assert.equal(second, first?.replace('/status', '/moved'))
})

test('NVIDIA’s services are asked unless they are left out, and only over TLS or on this machine', () => {
  assert.ok(networkSource({}).nvidia !== undefined)
  assert.equal(networkSource({ nvidia: false }).nvidia, undefined)
  for (const nvidia of [{ baseUrl: 'http://rims.example' }, { ocspUrl: 'http://ocsp.example' }, { ocspUrl: 'x' }])
    assert.throws(() => networkSource({ nvidia }), TypeError)
})

test('manifests and answers are asked for by their own names alone', { skip }, async (t) => {
  const bench = await nvidiaBench(t, honest(manifests()))
  await bench.source.rim(DRIVER)
  await bench.source.rim(DRIVER)
  assert.deepEqual(bench.server.asked, [`/v1/rim/${DRIVER_ID}`], 'fresh for a day')
  bench.clock += 25 * HOUR_MS
  await bench.source.rim(DRIVER)
  assert.equal(bench.server.asked.length, 2)
})
