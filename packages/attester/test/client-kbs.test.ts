import assert from 'node:assert/strict'
import { createHash, createPrivateKey } from 'node:crypto'
import { describe, it } from 'node:test'
import {
  bindingOf,
  ClientError,
  decryptJwe,
  makeTeeKey,
  Refusal,
  type ReleaseStep,
  requestSecret,
} from '../src/index.ts'
import { failure } from './failure.ts'
import { encrypt, type Handler, json, SAMPLE, type Seen, type WireKey, withServer } from './fake-checkpoint.ts'

const NONCE = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8='
const SESSION = 'kbs-session-id=0b9a3c1e5d7f40a2b1c3d5e7f9012345'
const REFUSED = 'https://github.com/confidential-containers/kbs/errors/'

interface KbsBody {
  readonly 'runtime-data': { readonly nonce: string; readonly 'tee-pubkey': WireKey }
  readonly 'tee-evidence': {
    readonly primary_evidence: { readonly report_data: string }
    readonly additional_evidence: string
  }
}

// What was sent has this shape, or the test that looks at it fails.
function kbsBody(seen: Seen | undefined): KbsBody {
  return (seen?.body ?? {}) as unknown as KbsBody
}

/** A KBS server as the protocol has it; parts of it can be replaced. */
function kbs(replaced: Readonly<Record<string, Handler>> = {}): Handler {
  let key: WireKey | undefined
  const parts: Readonly<Record<string, Handler>> = {
    auth: (_seen, response) =>
      json(
        response,
        200,
        { nonce: NONCE, 'extra-params': '' },
        { 'set-cookie': `${SESSION}; Expires=Sat, 21 Nov 2037 02:05:00 GMT` },
      ),
    attest: (seen, response) => {
      const { headers } = seen
      key = kbsBody(seen)['runtime-data']['tee-pubkey']
      return json(
        response,
        headers.cookie === SESSION ? 200 : 401,
        { token: 'e30.e30.c2ln' },
        { 'set-cookie': SESSION },
      )
    },
    resource: ({ headers }, response) => {
      if (headers.cookie !== SESSION || key === undefined)
        return json(response, 401, { type: `${REFUSED}TokenNotFound` })
      return json(response, 200, encrypt('the secret', key), { 'sekisho-decision': 'dec_1' })
    },
    ...replaced,
  }
  return (seen, response) => parts[/\/kbs\/v0\/([a-z]+)/.exec(seen.path)?.[1] ?? '']?.(seen, response)
}

describe('the worked example of the KBS protocol', () => {
  const d = Buffer.from(`${'11'.repeat(31)}01`, 'hex').toString('base64url')
  const point = {
    x: 'f6_vJiG6k6150u06YUyvQM7DwvQbN9phCOQ77r-e-yE',
    y: 'F0YT1g2zhXK6otqYnAfaU9Xs01XbwIFGn54V3bkSj5U',
  }
  const jwe = {
    protected:
      'eyJhbGciOiJFQ0RILUVTK0EyNTZLVyIsImVuYyI6IkEyNTZHQ00iLCJlcGsiOnsiY3J2IjoiUC0yNTYiLCJrdHkiOiJFQyIsIngiOiJ5TExPRC1XNXVkcUJpbDdrY1ZBWk1Xemk4UVF4d1VvcUVWTFQzb1IyV2pjIiwieSI6IklvdEo0Qk02NXpKLWlJRVozR2E4ZF82VU1BaU5SR0JxM2VSeTBwaDR6TEEifX0',
    encrypted_key: 'teAIImWODsXt87us7Ww79zt7DXqq6xhvjmj6tozSG5vcVyeViahFIA',
    iv: 'RERERERERERERERE',
    ciphertext: 'Q_Sv-7lu4EbE58n92_avCA',
    tag: '2qbQIuNNEJDPwBVJj-8LfQ',
  }
  const privateKey = createPrivateKey({ key: { kty: 'EC', crv: 'P-256', d, ...point }, format: 'jwk' })

  it('binds nonce and key by the digest of their canonical JSON', () => {
    const digest = bindingOf(NONCE, { kty: 'EC', crv: 'P-256', alg: 'ECDH-ES+A256KW', ...point })
    assert.equal(
      Buffer.from(digest).toString('hex'),
      'e393665d9bddd0413a617370a358f842ca0c9dc3aeda7e1775519ef149e46f2d25c2f73aceb0f91143baf20e5fa948b5',
    )
  })

  it('decrypts to its secret', () => {
    assert.equal(Buffer.from(decryptJwe(jwe, privateKey)).toString(), 'sekisho-demo-key')
  })

  it('does not decrypt once any part is changed, or with another key', () => {
    const flip = (text: string, at: number): string =>
      text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1)
    for (const member of ['encrypted_key', 'iv', 'ciphertext', 'tag'] as const)
      assert.throws(() => decryptJwe({ ...jwe, [member]: flip(jwe[member], 3) }, privateKey), { code: 'undecryptable' })
    assert.throws(() => decryptJwe({ ...jwe, aad: 'eA' }, privateKey), { code: 'undecryptable' })
    assert.throws(() => decryptJwe(jwe, makeTeeKey().privateKey), { code: 'undecryptable' })
  })

  it('is refused with other algorithms, a wrong point or members of another length', () => {
    const header = JSON.parse(Buffer.from(jwe.protected, 'base64url').toString('utf8'))
    const withHeader = (changed: object): unknown => ({
      ...jwe,
      protected: Buffer.from(JSON.stringify({ ...header, ...changed })).toString('base64url'),
    })
    const cases: readonly unknown[] = [
      undefined,
      'text',
      [],
      { ...jwe, iv: undefined },
      { ...jwe, iv: 'AAAA' },
      { ...jwe, tag: 'AAAA' },
      { ...jwe, encrypted_key: 'AAAA' },
      { ...jwe, ciphertext: 'not base64!' },
      { ...jwe, protected: 'AAAA' },
      withHeader({ alg: 'dir' }),
      withHeader({ alg: 'RSA1_5' }),
      withHeader({ enc: 'A128CBC-HS256' }),
      withHeader({ zip: 'DEF' }),
      withHeader({ crit: ['x'] }),
      withHeader({ epk: undefined }),
      withHeader({ epk: { ...header.epk, crv: 'P-384' } }),
    ]
    for (const one of cases) assert.throws(() => decryptJwe(one, privateKey), { code: 'protocol' }, JSON.stringify(one))
    const off = withHeader({ epk: { ...header.epk, y: header.epk.x } })
    assert.throws(() => decryptJwe(off, privateKey), { code: 'undecryptable' })
  })
})

describe('a workload that asks a KBS server for a secret', () => {
  const ask = (url: string, options: object = {}) =>
    requestSecret({ url, attester: SAMPLE, resource: 'demo/key/1', ...options })

  it('gets it, in three requests of exactly the protocol', async () => {
    await withServer(kbs(), async (url, seen) => {
      const steps: ReleaseStep[] = []
      const got = await ask(url, { onProgress: (step: ReleaseStep) => steps.push(step) })
      assert.equal(Buffer.from(got.secret).toString(), 'the secret')
      assert.equal(got.token, 'e30.e30.c2ln')
      assert.equal(got.decision, 'dec_1')
      assert.deepEqual(steps, ['challenge', 'evidence', 'attest', 'release'])
      assert.deepEqual(
        seen.map(({ method, path }) => `${method} ${path}`),
        ['POST /kbs/v0/auth', 'POST /kbs/v0/attest', 'GET /kbs/v0/resource/demo/key/1'],
      )
      const [auth, attest] = seen
      assert.equal(auth?.headers['content-type'], 'application/json')
      assert.deepEqual(auth?.body, {
        version: '0.4.0',
        tee: 'sample',
        'extra-params': { 'supported-hash-algorithms': ['sha256', 'sha384', 'sha512'] },
      })
      assert.equal(attest?.body['init-data'], null)
      const { 'runtime-data': runtime, 'tee-evidence': evidence } = kbsBody(attest)
      const { x, y } = runtime['tee-pubkey']
      const key = `{"alg":"ECDH-ES+A256KW","crv":"P-256","kty":"EC","x":"${x}","y":"${y}"}`
      const bound = createHash('sha384').update(`{"additional-evidence":"","nonce":"${NONCE}","tee-pubkey":${key}}`)
      assert.equal(evidence.primary_evidence.report_data, bound.digest('base64'))
      assert.equal(evidence.additional_evidence, '')
    })
  })

  it('makes a fresh key each time', async () => {
    await withServer(kbs(), async (url, seen) => {
      await ask(url)
      await ask(url)
      const keys = seen
        .filter(({ path }) => path.endsWith('/attest'))
        .map(({ body }) => JSON.stringify(body['runtime-data']))
      assert.equal(new Set(keys).size, 2)
    })
  })

  it('asks below the namespace, and below the path of the URL', async () => {
    await withServer(kbs(), async (url, seen) => {
      await ask(`${url}/base/?x=1#y`, { namespace: 'team-a' })
      assert.equal(seen[0]?.path, '/base/ns/team-a/kbs/v0/auth')
    })
  })

  it('binds with the hash that the server selects, if it was offered', async () => {
    const select = (hash: unknown): Handler =>
      kbs({
        auth: (_seen, response) =>
          json(
            response,
            200,
            { nonce: NONCE, 'extra-params': { 'selected-hash-algorithm': hash } },
            { 'set-cookie': SESSION },
          ),
      })
    await withServer(select('SHA512'), async (url, seen) => {
      await ask(url)
      const { 'tee-evidence': evidence } = kbsBody(seen[1])
      assert.equal(Buffer.from(evidence.primary_evidence.report_data, 'base64').length, 64)
    })
    for (const hash of ['sm3', 'md5', 7, null])
      await withServer(select(hash), async (url) =>
        assert.equal((await failure(ask(url), ClientError)).code, 'protocol'),
      )
  })

  it('tells a refusal by code, decision and status, of this server and of others', async () => {
    const refuse = (detail: string, headers: Record<string, string> = {}): Handler =>
      kbs({ resource: (_seen, response) => json(response, 401, { type: `${REFUSED}PolicyDeny`, detail }, headers) })
    await withServer(refuse('refused: policy-deny; decision dec_9', { 'sekisho-decision': 'dec_9' }), async (url) => {
      const { code, id, status, message } = await failure(ask(url), Refusal)
      assert.deepEqual({ code, id, status }, { code: 'policy-deny', id: 'dec_9', status: 401 })
      assert.equal(message, 'the checkpoint refused: policy-deny (decision dec_9)')
    })
    await withServer(refuse('Access denied by policy'), async (url) => {
      const { code, id } = await failure(ask(url), Refusal)
      assert.deepEqual({ code, id }, { code: 'PolicyDeny', id: undefined })
    })
  })

  it('sends no evidence where it was given no session', async () => {
    const auth: Handler = (_seen, response) => json(response, 200, { nonce: NONCE }, { 'set-cookie': 'other=1' })
    await withServer(kbs({ auth }), async (url, seen) => {
      assert.equal((await failure(ask(url), ClientError)).code, 'protocol')
      assert.equal(seen.length, 1)
    })
  })

  it('shows no decision under a name that no checkpoint gives: it is printed', async () => {
    const type = `${REFUSED}PolicyDeny`
    for (const decision of ['dec 9', 'd'.repeat(65), 'dec_9;x'])
      await withServer(
        kbs({ resource: (_seen, response) => json(response, 401, { type }, { 'sekisho-decision': decision }) }),
        async (url) => assert.equal((await failure(ask(url), Refusal)).id, undefined, decision),
      )
  })

  it('does not take nonsense for an answer', async () => {
    const cases: readonly Readonly<Record<string, Handler>>[] = [
      { auth: (_s, r) => json(r, 200, { nonce: NONCE }) },
      { auth: (_s, r) => json(r, 200, { nonce: 7 }, { 'set-cookie': SESSION }) },
      { auth: (_s, r) => json(r, 200, { nonce: 'n'.repeat(5000) }, { 'set-cookie': SESSION }) },
      { auth: (_s, r) => json(r, 200, [], { 'set-cookie': SESSION }) },
      { auth: (_s, r) => void r.end('<html>') },
      { auth: (_s, r) => void r.writeHead(502).end('<html>') },
      { auth: (_s, r) => json(r, 500, {}) },
      { attest: (_s, r) => json(r, 200, {}) },
      { resource: (_s, r) => json(r, 200, { secret: 'in clear' }) },
    ]
    for (const [i, replaced] of cases.entries())
      await withServer(kbs(replaced), async (url) =>
        assert.equal((await failure(ask(url), ClientError)).code, 'protocol', `case ${i}`),
      )
  })

  it('reads no more than it must, follows no redirect, and waits no longer than it was told', async () => {
    const flood: Handler = (_seen, response) => {
      const chunk = Buffer.alloc(1024 * 1024, 0x20)
      const more = (): void => {
        while (!response.destroyed && response.write(chunk));
        response.once('drain', more)
      }
      more()
    }
    await withServer(flood, async (url) => assert.equal((await failure(ask(url), ClientError)).code, 'protocol'))
    await withServer(
      (_seen, response) => void response.writeHead(307, { location: 'http://127.0.0.1:1/' }).end(),
      async (url, seen) => {
        assert.equal((await failure(ask(url), ClientError)).code, 'unreachable')
        assert.equal(seen.length, 1)
      },
    )
    await withServer(
      () => undefined,
      async (url) => assert.equal((await failure(ask(url, { timeoutMs: 50 }), ClientError)).code, 'timeout'),
    )
  })

  it('ends with the reason of the caller who ends it', async () => {
    await withServer(
      () => undefined,
      async (url) => {
        const stop = new AbortController()
        setTimeout(() => stop.abort(new RangeError('enough')), 30)
        await assert.rejects(ask(url, { signal: stop.signal }), RangeError)
      },
    )
  })

  it('refuses resources, namespaces and URLs that are none before anything is sent', async () => {
    const url = 'http://127.0.0.1:9'
    for (const resource of ['', 'a/b', 'a/b/c/d', '../b/c', 'a/.b/c', 'a/b/c?x', 'a/b/%63'])
      await assert.rejects(ask(url, { resource }), TypeError, resource)
    for (const namespace of ['', 'A', '-a', 'a/b', 'a'.repeat(64)])
      await assert.rejects(ask(url, { namespace }), TypeError)
    await assert.rejects(ask('file:///etc/passwd'), TypeError)
    await assert.rejects(ask('http://user:password@127.0.0.1:9'), TypeError)
  })
})
