import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import {
  type Attester,
  bindingOf,
  ClientError,
  type LeaseEvent,
  makeTeeKey,
  Refusal,
  renewLease,
  requestSecret,
  type TeePublicKey,
  watchLease,
} from '../src/index.ts'
import { failure } from './failure.ts'
import { encrypt, type Handler, json, SAMPLE, type Seen, withHastyServer, withServer } from './fake-checkpoint.ts'

const SESSION = '0b9a3c1e5d7f40a2b1c3d5e7f9012345'
const NONCE = Buffer.alloc(32, 5).toString('base64')
const LEASE = 'lse_01JDEMO0000000000000000000'
const EXPIRES = '2026-11-21T03:00:00.000Z'
const HELD = { id: LEASE, secret: 'lease-secret', expires: new Date(EXPIRES), namespace: 'team-a', key: makeTeeKey() }

function problem(response: ServerResponse, status: number, code: string, decision?: string): void {
  json(response, status, {
    type: `urn:sekisho:problem:${code}`,
    status,
    code,
    ...(decision === undefined ? {} : { decision }),
  })
}

interface Sent {
  readonly evidence: string
  readonly runtimeData: { readonly nonce: string; readonly 'tee-pubkey': TeePublicKey }
}

function sent({ body }: Seen): Sent {
  return body as unknown as Sent
}

function isBound(seen: Seen): boolean {
  const { evidence, runtimeData } = sent(seen)
  const expected = Buffer.from(bindingOf(NONCE, runtimeData['tee-pubkey'])).toString('base64')
  return runtimeData.nonce === NONCE && evidence === expected
}

function checkpoint(replaced: Readonly<Record<string, Handler>> = {}): Handler {
  let key: TeePublicKey | undefined
  const parts: Readonly<Record<string, Handler>> = {
    challenge: (_seen, response) => json(response, 200, { session: SESSION, nonce: NONCE, expires: EXPIRES }),
    attest: (seen, response) => {
      key = sent(seen).runtimeData['tee-pubkey']
      return isBound(seen)
        ? json(response, 200, { token: 'e30.e30.c2ln', emulated: true })
        : problem(response, 403, 'evidence-stale')
    },
    release: (_seen, response) =>
      json(response, 200, {
        jwe: encrypt('the secret', key ?? HELD.key.publicKey),
        version: 3,
        contentType: 'text/plain',
        lease: { id: LEASE, secret: 'lease-secret', expires: EXPIRES },
        decision: 'dec_1',
        emulated: true,
      }),
    renew: (seen, response) => {
      if (seen.headers.authorization !== 'Bearer lease-secret') return problem(response, 404, 'lease-unknown')
      return isBound(seen)
        ? json(response, 200, { lease: LEASE, expires: '2026-11-21T04:00:00.000Z', decision: 'dec_2' })
        : problem(response, 403, 'evidence-stale')
    },
    ...replaced,
  }
  return (seen, response) => parts[/\/([a-z]+)$/.exec(seen.path)?.[1] ?? '']?.(seen, response)
}

/** A release whose lease, or other members, are changed. */
function released(lease: object, others: object = {}): Handler {
  return ({ body }, response) => {
    assert.equal(body['session'], SESSION)
    const given = { id: LEASE, secret: 's', expires: EXPIRES, ...lease }
    json(response, 200, {
      jwe: encrypt('x', HELD.key.publicKey),
      version: 1,
      emulated: false,
      decision: 'd',
      lease: given,
      ...others,
    })
  }
}

describe('a workload that asks the checkpoint for a secret under a lease', () => {
  const ask = (url: string) =>
    requestSecret({ url, attester: SAMPLE, resource: 'demo/key/1', namespace: 'team-a', protocol: 'native' })

  it('gets both', async () => {
    await withServer(checkpoint(), async (url, seen) => {
      const { secret, lease, token, decision } = await ask(url)
      assert.equal(Buffer.from(secret).toString(), 'the secret')
      assert.equal(token, 'e30.e30.c2ln')
      assert.equal(decision, 'dec_1')
      assert.equal(lease?.id, LEASE)
      assert.equal(lease?.expires.toISOString(), EXPIRES)
      assert.deepEqual(seen[0]?.body, { namespace: 'team-a', tee: 'sample' })
      assert.deepEqual(seen[2]?.body, { namespace: 'team-a', resource: 'demo/key/1', session: SESSION })
      for (const { path } of seen) assert.ok(!path.includes('secret'), 'no secret stands in a URL')
    })
  })

  it('opens another connection where the server closed one while the attester held the process up', async () => {
    const everything = { session: SESSION, nonce: NONCE, token: 'e30.e30.c2ln' }
    await withHastyServer(everything, async (url, holdUp) => {
      const attester: Attester = {
        ...SAMPLE,
        attest(options) {
          holdUp()
          return SAMPLE.attest(options)
        },
      }
      // Several at once, so that the runtime keeps a connection beside the one that asks for the challenge.
      await Promise.allSettled([fetch(url), fetch(url), fetch(url)])
      const asked = requestSecret({ url, attester, resource: 'demo/key/1', protocol: 'native' })
      // This server knows one answer only: that of a release without its JWE.
      assert.equal((await failure(asked, ClientError)).code, 'protocol')
    })
  })

  it('tells a refusal by code, decision and status', async () => {
    await withServer(checkpoint({ release: (_s, r) => problem(r, 403, 'policy-deny', 'dec_7') }), async (url) => {
      const { code, id, status } = await failure(ask(url), Refusal)
      assert.deepEqual({ code, id, status }, { code: 'policy-deny', id: 'dec_7', status: 403 })
    })
  })

  it('shows no reason and no decision that no checkpoint gives: both are printed', async () => {
    for (const code of ['policy-deny\u001b[2J', 'x'.repeat(65), 'Policy', ''])
      await withServer(checkpoint({ attest: (_s, r) => problem(r, 403, code) }), async (url) =>
        assert.equal((await failure(ask(url), ClientError)).code, 'protocol', code),
      )
    for (const [decision, shown] of [
      ['d'.repeat(64), 'd'.repeat(64)],
      ['d'.repeat(65), undefined],
    ] as const)
      await withServer(checkpoint({ attest: (_s, r) => problem(r, 403, 'policy-deny', decision) }), async (url) =>
        assert.equal((await failure(ask(url), Refusal)).id, shown),
      )
  })

  it('does not take nonsense for an answer', async () => {
    const cases: readonly Readonly<Record<string, Handler>>[] = [
      { challenge: (_s, r) => json(r, 200, { nonce: NONCE }) },
      { challenge: (_s, r) => json(r, 502, 'bad gateway') },
      { attest: (_s, r) => json(r, 200, { token: '' }) },
      { release: (_s, r) => json(r, 200, { jwe: {}, version: 1, emulated: false }) },
      {
        release: (_s, r) =>
          json(r, 200, { jwe: {}, version: 1, emulated: false, lease: { id: '../x', secret: 's', expires: EXPIRES } }),
      },
      { release: released({ secret: 'two\nlines' }) },
      { release: released({ secret: 's'.repeat(257) }) },
      { release: released({ id: '../x' }) },
      { release: released({ id: 'lse_1/../../admin' }) },
      { release: released({}, { version: '1' }) },
      { release: released({}, { emulated: undefined }) },
      { release: released({}, { decision: 7 }) },
      { release: released({ expires: 'soon' }) },
      { attest: (_s, r) => json(r, 403, { code: 'Not A Code' }) },
    ]
    for (const [i, replaced] of cases.entries())
      await withServer(checkpoint(replaced), async (url) =>
        assert.equal((await failure(ask(url), ClientError)).code, 'protocol', `case ${i}`),
      )
  })

  it('renews with the same key and a fresh nonce, and shows the lease secret in a header only', async () => {
    await withServer(checkpoint(), async (url, seen) => {
      const { lease } = await ask(url)
      assert.ok(lease)
      const steps: string[] = []
      const renewed = await renewLease({ url, attester: SAMPLE, lease, onProgress: (step) => steps.push(step) })
      assert.deepEqual(steps, ['challenge', 'evidence', 'release'])
      assert.equal(renewed.expires.toISOString(), '2026-11-21T04:00:00.000Z')
      assert.equal(renewed.secret, lease.secret)
      const [first, second] = seen.filter(({ path }) => /attest|renew/.test(path)).map(sent)
      assert.deepEqual(second?.runtimeData['tee-pubkey'], first?.runtimeData['tee-pubkey'])
      assert.ok(!JSON.stringify(seen.map(({ path, body }) => [path, body])).includes('lease-secret'))
      const stranger = { ...lease, secret: 'guessed' }
      assert.equal(
        (await failure(renewLease({ url, attester: SAMPLE, lease: stranger }), Refusal)).code,
        'lease-unknown',
      )
    })
  })
})

/** Writes one event of a stream. */
function event(response: ServerResponse, id: number, kind: string, body: object = {}): void {
  response.write(`id: ${id}\nevent: ${kind}\ndata: ${JSON.stringify({ seq: id, at: EXPIRES, kind, ...body })}\n\n`)
}

function begin(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.write('retry: 2000\n\n: \n\n')
}

async function all(events: AsyncIterable<LeaseEvent>): Promise<readonly LeaseEvent[]> {
  const found: LeaseEvent[] = []
  for await (const one of events) found.push(one)
  return found
}

describe('a workload that watches its lease', () => {
  it('learns of a renewal and of the revocation, at once, and is done', async () => {
    const stream: Handler = async (_seen, response) => {
      begin(response)
      event(response, 4, 'lease-renewed')
      await delay(20)
      const text = `id: 5\nevent: lease-revoked\ndata: {"reason":"policy 3","at":"${EXPIRES}"}\n\n`
      for (const letter of text) response.write(letter)
    }
    await withServer(stream, async (url, seen) => {
      const events = await all(watchLease({ url, lease: HELD }))
      assert.deepEqual(
        events.map(({ kind, ended, reason }) => ({ kind, ended, reason })),
        [
          { kind: 'lease-renewed', ended: false, reason: undefined },
          { kind: 'lease-revoked', ended: true, reason: 'policy 3' },
        ],
      )
      assert.equal(events[1]?.at?.toISOString(), EXPIRES)
      assert.equal(seen[0]?.path, `/api/v1/workload/leases/${LEASE}/events`)
      assert.equal(seen[0]?.headers.authorization, 'Bearer lease-secret')
    })
  })

  it('comes back behind the last event when the connection breaks', async () => {
    let count = 0
    const stream: Handler = (_seen, response) => {
      begin(response)
      if (count++ === 0) {
        event(response, 7, 'lease-renewed')
        setTimeout(() => response.destroy(), 20)
      } else event(response, 8, 'lease-expired')
    }
    await withServer(stream, async (url, seen) => {
      const kinds = (await all(watchLease({ url, lease: HELD }))).map(({ kind }) => kind)
      assert.deepEqual(kinds, ['lease-renewed', 'lease-expired'])
      assert.deepEqual(
        seen.map(({ headers }) => headers['last-event-id']),
        [undefined, '7'],
      )
    })
  })

  it('does not hang on a connection that is dead, nor on a checkpoint that is away', async () => {
    await withServer(
      (_seen, response) => begin(response),
      async (url, seen) => {
        const enough = new AbortController()
        const look = setInterval(() => seen.length >= 2 && enough.abort(), 20)
        const signal = AbortSignal.any([enough.signal, AbortSignal.timeout(60_000)])
        await assert.rejects(all(watchLease({ url, lease: HELD, silenceMs: 60, signal })))
        clearInterval(look)
        assert.ok(seen.length >= 2, 'it has come back')
      },
    )
    const away = watchLease({ url: 'http://127.0.0.1:9', lease: HELD, outageMs: 200 })
    assert.equal((await failure(all(away), ClientError)).code, 'unreachable')
    const busy: Handler = (_seen, response) => problem(response, 503, 'too-many-streams')
    await withServer(busy, async (url) => {
      const never = watchLease({ url, lease: HELD, outageMs: 200 })
      assert.equal((await failure(all(never), ClientError)).code, 'unreachable')
    })
    let asked = 0
    const busyForAWhile: Handler = (seen, response) => {
      asked++
      if (asked < 3) return busy(seen, response)
      begin(response)
      response.write(`id: 5\nevent: lease-revoked\ndata: {"reason":"policy 3","at":"${EXPIRES}"}\n\n`)
      return undefined
    }
    await withServer(busyForAWhile, async (url) => {
      const events = await all(watchLease({ url, lease: HELD }))
      assert.deepEqual(
        events.map(({ kind }) => kind),
        ['lease-revoked'],
      )
    })
    assert.ok(asked >= 3)
  })

  it('does not take for signs of life what something between it and the checkpoint answers: empty streams, pages', async () => {
    const empty: Handler = (_seen, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).end()
    }
    const page: Handler = (_seen, response) => {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<p>Maintenance</p>')
    }
    for (const handler of [empty, page])
      await withServer(handler, async (url) => {
        const lost = watchLease({ url, lease: HELD, outageMs: 200, signal: AbortSignal.timeout(60_000) })
        assert.equal((await failure(all(lost), ClientError)).code, 'unreachable')
      })
  })

  it('does not wait as long again for a path that is silent', async () => {
    let asked = 0
    await withServer(
      (_seen, response) => {
        asked++
        if (asked === 1) response.destroy()
      },
      async (url) => {
        const signal = AbortSignal.timeout(60_000)
        const silent = watchLease({ url, lease: HELD, silenceMs: 120_000, outageMs: 50, signal })
        assert.equal((await failure(all(silent), ClientError)).code, 'unreachable')
      },
    )
    assert.ok(asked >= 1)
  })

  it('lets go of the connection when it looks no longer', async () => {
    let closed: Promise<unknown> = Promise.resolve()
    const stream: Handler = (_seen, response) => {
      closed = once(response, 'close')
      begin(response)
      event(response, 1, 'lease-renewed')
    }
    await withServer(stream, async (url) => {
      for await (const { kind } of watchLease({ url, lease: HELD })) {
        assert.equal(kind, 'lease-renewed')
        break
      }
      await closed
    })
  })

  it('has no time and no reason where the checkpoint names none that can be read', async () => {
    const stream: Handler = (_seen, response) => {
      begin(response)
      event(response, 1, 'lease-renewed', { at: 'soon', reason: 7 })
      event(response, 2, 'lease-expired', { at: 1795000000000 })
    }
    await withServer(stream, async (url) => {
      const told = (await all(watchLease({ url, lease: HELD }))).map(({ at, reason }) => [at, reason])
      assert.deepEqual(told, [
        [undefined, undefined],
        [undefined, undefined],
      ])
    })
  })

  it('is told when the lease is not its own', async () => {
    await withServer(
      (_seen, response) => problem(response, 404, 'lease-unknown'),
      async (url) =>
        assert.equal((await failure(all(watchLease({ url, lease: HELD })), Refusal)).code, 'lease-unknown'),
    )
  })

  it('does not keep an event without end in memory', async () => {
    const flood: Handler = (_seen, response) => {
      begin(response)
      response.write(`data: ${'x'.repeat(300_000)}`)
    }
    await withServer(flood, async (url) => {
      assert.equal((await failure(all(watchLease({ url, lease: HELD })), ClientError)).code, 'protocol')
    })
  })
})

describe('the key of a workload', () => {
  it('is on P-256, with full coordinates, and binds differently for each nonce', () => {
    const { publicKey } = makeTeeKey()
    assert.equal(Buffer.from(publicKey.x, 'base64url').length, 32)
    assert.equal(Buffer.from(publicKey.y, 'base64url').length, 32)
    assert.notDeepEqual(bindingOf('a', publicKey), bindingOf('b', publicKey))
    assert.equal(bindingOf('a', publicKey, 'sha256').length, createHash('sha256').digest().length)
  })
})
