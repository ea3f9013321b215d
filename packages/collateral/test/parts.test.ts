import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readRetryAfter } from '../src/http.ts'
import { CollateralError, networkSource } from '../src/index.ts'
import { crlBytes, issuerChain } from '../src/intel-answers.ts'
import { readJsonObject } from '../src/json-text.ts'

const LIMITS = { maxDepth: 4, maxTokens: 50 }

test('members are cut out of a JSON text exactly as they stand', () => {
  const text = ' { "a" : {"x":[1, 2 ,"}\\""],"y":{}} , "b":"s,}" ,"c":\n-1.50 }\n'
  const { members, value } = readJsonObject(text, LIMITS)
  assert.deepEqual(
    [...members],
    [
      ['a', '{"x":[1, 2 ,"}\\""],"y":{}}'],
      ['b', '"s,}"'],
      ['c', '-1.50'],
    ],
  )
  for (const [name, slice] of members) assert.deepEqual(JSON.parse(slice), value[name])
})

test('JSON with a name twice, too deep, too long or not an object is refused', () => {
  const texts = [
    '{"a":1,"a":2}',
    '{"a":1,"\\u0061":2}',
    '{"x":{"a":1,"a":2}}',
    '{"x":[{"a":1,"a":2}]}',
    '{"a":[[[[1]]]]}',
    '[]',
    '1',
    '',
    '{',
    '{"a"',
    '{"a":"',
    '{"a":}',
    '{"a":1}}',
    '{"a":1}{"a":1}',
    `{"a":[${'1,'.repeat(60)}1]}`,
  ]
  for (const text of texts) assert.throws(() => readJsonObject(text, LIMITS), SyntaxError, text)
})

test('Retry-After: seconds, HTTP dates of all three forms, and nothing else', () => {
  const now = Date.parse('2026-06-15T12:00:00Z')
  assert.equal(readRetryAfter('120', now), 120_000)
  assert.equal(readRetryAfter('Mon, 15 Jun 2026 12:00:30 GMT', now), 30_000)
  assert.equal(readRetryAfter('Mon, 15 Jun 2026 11:00:00 GMT', now), 0)
  for (const text of ['99999999999', '9'.repeat(40)])
    assert.ok(
      (readRetryAfter(text, now) ?? 0) > 30 * 365 * 86_400_000,
      'a number beyond all reason is no leave to come back at once',
    )
  for (const form of ['Mon Jun 15 12:00:30 2026', 'Monday, 15-Jun-26 12:00:30 GMT'])
    assert.equal(
      elsewhere(() => readRetryAfter(form, now)),
      30_000,
      form,
    )
  for (const text of ['', '-1', '1.5', '1e9', 'soon', '2026-06-15T12:00:30Z'])
    assert.equal(readRetryAfter(text, now), undefined, text)
  assert.equal(readRetryAfter(undefined, now), undefined)
})

/** What `read` gives where local time is nine hours ahead. */
function elsewhere<T>(read: () => T): T {
  const { TZ: zone } = process.env
  process.env['TZ'] = 'Asia/Tokyo'
  try {
    return read()
  } finally {
    if (zone === undefined) delete process.env['TZ']
    else process.env['TZ'] = zone
  }
}

test('CRLs are read from DER, PEM, hex and base64, broken into lines or ended with a zero', () => {
  const der = Uint8Array.of(0x30, 0x82, 0x00, 0x02, 0x05, 0x00)
  const base64 = Buffer.from(der).toString('base64')
  const forms = [
    der,
    'MIIAAgUA',
    Buffer.from(der).toString('hex').toUpperCase(),
    ` ${base64}\n`,
    `-----BEGIN X509 CRL-----\n${base64}\n-----END X509 CRL-----\n`,
    `${Buffer.from(der).toString('hex')}\0`,
    Buffer.from(der).toString('hex').replace(/.{4}/g, '$&\n'),
  ]
  for (const form of forms) assert.deepEqual(crlBytes(typeof form === 'string' ? Buffer.from(form) : form), der)
  assert.throws(() => crlBytes(Buffer.from('<html>')), CollateralError)
})

test('issuer chains come URL-encoded, with spaces as %20 or as plus signs', () => {
  const pem = '-----BEGIN CERTIFICATE-----\nMIIA+w==\n-----END CERTIFICATE-----\n'
  const answer = (chain: string): Parameters<typeof issuerChain>[0] => ({ body: new Uint8Array(), headers: { chain } })
  assert.equal(issuerChain(answer(encodeURIComponent(pem)), ['other', 'chain']), pem)
  assert.equal(issuerChain(answer(encodeURIComponent(pem).replaceAll('%20', '+')), ['chain']), pem)
  assert.throws(() => issuerChain(answer('%zz'), ['chain']), { code: 'bad-answer' })
  assert.throws(() => issuerChain(answer(pem), ['other']), { code: 'bad-answer' })
})

test('base URLs: https only, but for loopback; no user name, query or fragment', () => {
  const bad = [
    'http://pccs.example',
    'ftp://127.0.0.1',
    'https://user@pccs.example',
    'https://pccs.example/?x=1',
    'https://pccs.example/#x',
    'pccs.example',
    '',
    'http://127.0.0.1.example',
    'http://localhost.example',
  ]
  for (const baseUrl of bad) assert.throws(() => networkSource({ intel: { baseUrl } }), TypeError, baseUrl)
  for (const baseUrl of ['https://pccs.example:8081/', 'http://127.0.0.1:1', 'http://[::1]:1', 'http://localhost:1'])
    networkSource({ intel: { baseUrl }, amd: { baseUrl } })
})

test("requests that are not well-formed are the caller's mistake, not the service's", async () => {
  const source = networkSource({
    intel: { baseUrl: 'http://127.0.0.1:1' },
    amd: { baseUrl: 'http://127.0.0.1:1' },
    limits: { attempts: 1 },
  })
  const good = { tee: 'tdx', fmspc: '00806f050000', ca: 'platform' } as const
  for (const wrong of [
    { fmspc: 'zz806f050000' },
    { fmspc: '../../etc' },
    { ca: 'root' as 'platform' },
    { tee: 'snp' as 'sgx' },
    { update: 'early', tcbEvaluationDataNumber: 3 } as const,
    { tcbEvaluationDataNumber: 1.5 },
  ]) {
    await assert.rejects(source.intel({ ...good, ...wrong }), TypeError, JSON.stringify(wrong))
  }
  const tcb = { bootloader: 1, tee: 0, snp: 2, microcode: 3 }
  const milan = { product: 'Milan', chipId: 'ab'.repeat(64), tcb, vlek: false }
  for (const wrong of [
    { product: '../x' },
    { product: 'Turin' },
    { tcb: { ...tcb, fmc: 1 } },
    { tcb: { ...tcb, snp: 256 } },
    { chipId: 'ab' },
  ]) {
    await assert.rejects(source.amd({ ...milan, ...wrong }), TypeError, JSON.stringify(wrong))
  }
  await assert.rejects(source.intel(good), { code: 'unreachable' })
})

test('nothing that a stranger sent can steer a terminal through an error', () => {
  const { message } = new CollateralError('bad-answer', 'found \u001b[31mred\u202e\r\n')
  assert.equal(message, 'found  [31mred   ')
})
