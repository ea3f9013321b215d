import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { generateKey } from '@sekisho/emulator/kit'
import { EvidenceError } from '../src/core/errors.ts'
import { parseStrict } from '../src/core/json.ts'
import { type TokenVerifyOptions, verifyToken, verifyTokenSync } from '../src/token/index.ts'
import { b64, bytes, check } from './token-kit.ts'

const VECTORS =
  process.env['SEKISHO_VECTORS'] ?? fileURLToPath(new URL('../../../../../shared/vectors', import.meta.url))
const FOLDER = join(VECTORS, 'tokens')
const skip = existsSync(FOLDER) ? false : `needs the token vectors in ${VECTORS} (SEKISHO_VECTORS)`

const read = (name: string): string => readFileSync(join(FOLDER, name), 'utf8')
const AZURE = 'maa-azurevm-snp-2025'
const AZURE_AT = new Date('2025-12-15T23:24:08Z')
const AZURE_ISSUER = 'https://sharedeus2.eus2.attest.azure.net'
const azure = (): TokenVerifyOptions => ({
  at: AZURE_AT,
  keySet: { issuer: AZURE_ISSUER, jwks: read(`${AZURE}/jwks.json`) },
})

function reheaded(token: string, change: Readonly<Record<string, unknown>>): Uint8Array {
  const [head = '', body = '', tail = ''] = token.trim().split('.')
  const header: object = JSON.parse(Buffer.from(head, 'base64url').toString())
  return bytes(`${b64({ ...header, ...change })}.${body}.${tail}`)
}

function refused(evidence: Uint8Array, options: TokenVerifyOptions, id: string): void {
  const verdict = verifyTokenSync(evidence, options)
  assert.equal(verdict.outcome, 'rejected')
  assert.equal(verdict.authenticity, 'refuted')
  const found = check(verdict, id)
  assert.equal(found.outcome, 'fail', JSON.stringify(found))
  assert.ok(found.remedy?.action)
}

describe('tokens', { skip }, () => {
  it('a real token is verified once everything is expected, the same in both doors', async () => {
    const token = bytes(read(`${AZURE}/token.jwt`))
    const open = verifyTokenSync(token, azure())
    assert.equal(open.authenticity, 'proven')
    assert.equal(open.outcome, 'incomplete')
    const full: TokenVerifyOptions = {
      ...azure(),
      expect: {
        nonce: open.claims.nonces[0] ?? '',
        measurement: [open.claims.launchMeasurement],
        reportData: open.claims.userData,
      },
    }
    const verdict = verifyTokenSync(token, full)
    assert.equal(verdict.outcome, 'verified', verdict.summary)
    assert.deepEqual(await verifyToken(token, full), verdict)
  })

  it('every changed character of the signed text is refused', () => {
    const text = read(`${AZURE}/token.jwt`).trim()
    for (let i = 0; i < text.length; i += 7) {
      const other = text.charAt(i) === 'A' ? 'B' : 'A'
      const evidence = bytes(text.slice(0, i) + other + text.slice(i + 1))
      try {
        assert.notEqual(verifyTokenSync(evidence, azure()).authenticity, 'proven', String(i))
      } catch (error) {
        assert.ok(error instanceof EvidenceError, String(error))
      }
    }
  })

  it('every truncation is refused', () => {
    const text = read(`${AZURE}/token.jwt`).trim()
    for (let i = 0; i < text.length; i += 11) {
      try {
        assert.notEqual(verifyTokenSync(bytes(text.slice(0, i)), azure()).authenticity, 'proven', String(i))
      } catch (error) {
        assert.ok(error instanceof EvidenceError, String(error))
      }
    }
  })

  it('another time is refused, with five minutes of slack', () => {
    const token = bytes(read(`${AZURE}/token.jwt`))
    const at = (seconds: number): TokenVerifyOptions => ({ ...azure(), at: new Date(seconds * 1000) })
    const late = verifyTokenSync(token, at(1765855448 + 299))
    assert.equal(late.authenticity, 'proven')
    refused(token, at(1765855448 + 300), 'token.time.end')
    const early = verifyTokenSync(token, at(1765826648 - 300))
    assert.equal(early.authenticity, 'proven')
    refused(token, at(1765826648 - 301), 'token.time.start')

    const { reason, expected, actual } = check(late, 'token.time.end')
    assert.match(reason, /ended, but within the 5 minutes/)
    assert.deepEqual([expected, actual], ['before 2025-12-16T03:29:08Z', '2025-12-16T03:29:07Z'])
    const start = check(early, 'token.time.start')
    assert.match(start.reason, /begins later, but within the 5 minutes/)
    assert.equal(start.expected, `from ${start.actual}`)
    const between = verifyTokenSync(token, at(1765855447))
    assert.equal(check(between, 'token.time.end').reason, 'the token has not expired')
    assert.equal(check(verifyTokenSync(token, at(1765826648)), 'token.time.start').reason, 'the token is valid already')
  })

  it('another issuer is refused, and one that nobody named stays open', () => {
    const token = bytes(read(`${AZURE}/token.jwt`))
    const jwks = read(`${AZURE}/jwks.json`)
    refused(token, { at: AZURE_AT, keySet: { issuer: 'https://other.example', jwks } }, 'token.issuer')
    const unnamed = verifyTokenSync(token, { at: AZURE_AT, keySet: { jwks } })
    assert.equal(unnamed.authenticity, 'unproven')
    assert.equal(check(unnamed, 'token.issuer').outcome, 'unchecked')
    assert.throws(
      () => verifyTokenSync(token, { at: AZURE_AT, keySet: { jwks }, issuer: 'https://other.example' }),
      /TypeError: issuer: expected none beside `keySet`/,
    )
  })

  it('a token in a public debug image is refused by default', () => {
    const folder = 'confidential-space-oidc-2025'
    const options = {
      at: new Date('2025-12-02T21:20:36Z'),
      keySet: { jwks: read(`${folder}/jwks.json`) },
    }
    const verdict = verifyTokenSync(bytes(read(`${folder}/token.jwt`)), options)
    assert.equal(verdict.authenticity, 'proven')
    assert.equal(check(verdict, 'token.debug').outcome, 'fail')
  })
})

describe('soundness 53: tokens that bring their own trust', { skip }, () => {
  const token = (): string => read(`${AZURE}/token.jwt`)

  it('soundness 53: `none` and MACs are refused before any key', () => {
    for (const alg of ['none', 'None', 'HS256', 'HS384', 'HS512', 'RS384', undefined])
      refused(reheaded(token(), { alg }), azure(), 'token.alg')
  })

  it('soundness 53: a key in the header is not looked at', () => {
    const { keySet, at } = azure()
    const jwk: object = JSON.parse(keySet?.jwks ?? '').keys[0]
    const none = verifyTokenSync(reheaded(token(), { jwk, jku: 'https://attacker.example' }), { at })
    assert.equal(none.authenticity, 'unproven')
    assert.equal(check(none, 'token.keys.present').outcome, 'unchecked')
  })

  it('soundness 53: certificates in the header lead to a pin or nowhere', () => {
    const rows: readonly { readonly name: string; readonly token: string; readonly evaluateAt: string }[] = JSON.parse(
      read('negatives/rows.json'),
    )
    const row = rows.find((one) => one.name === 'confidential-space-attacker-root')
    assert.ok(row)
    refused(bytes(row.token), { at: new Date(row.evaluateAt) }, 'token.key.trusted')
  })

  it('soundness 53: one key id for two keys is refused', () => {
    const keys: object[] = JSON.parse(read(`${AZURE}/jwks.json`)).keys
    const jwks = JSON.stringify({ keys: [...keys, ...keys] })
    refused(bytes(token()), { at: AZURE_AT, keySet: { issuer: AZURE_ISSUER, jwks } }, 'token.keys.present')
  })

  it('soundness 53: a missing, numeric or unknown key id is refused', () => {
    refused(reheaded(token(), { kid: undefined }), azure(), 'token.kid')
    refused(reheaded(token(), { kid: 1 }), azure(), 'token.kid')
    refused(reheaded(token(), { kid: 'other' }), azure(), 'token.key.known')
  })

  it('soundness 53: an audience that nobody compared leaves the verdict open, and another one rejects', () => {
    const folder = 'confidential-space-pki-tdx-2025'
    const at = new Date('2025-09-05T08:47:30Z')
    const evidence = bytes(read(`${folder}/token.jwt`))
    const open = verifyTokenSync(evidence, { at })
    assert.equal(open.authenticity, 'proven')
    assert.equal(check(open, 'token.expect.audience').outcome, 'unchecked')
    const trusted = open.assumed.find(({ id }) => id === 'keys')
    assert.equal(trusted?.statement, "the root that is pinned here is Google Confidential Space's")
    const other = verifyTokenSync(evidence, { at, expect: { audience: ['https://other.example'] } })
    assert.equal(other.outcome, 'rejected')
    assert.equal(check(other, 'token.expect.audience').outcome, 'fail')
  })

  it('keys in another form than their option has are an error that names it', () => {
    const jwks = new TextEncoder().encode(read(`${AZURE}/jwks.json`))
    for (const [keySet, message] of [
      [{ jwks }, /keySet\.jwks: expected text/],
      [{ coseKeys: 'oQE' }, /keySet\.coseKeys: expected bytes/],
    ] as const) {
      const options: TokenVerifyOptions = Object.assign({ at: AZURE_AT }, { keySet } as object)
      assert.throws(() => verifyTokenSync(bytes(token()), options), { name: 'TypeError', message })
    }
  })

  it('a member name twice is refused', () => {
    for (const text of ['{"a":1,"a":1}', '{"a":1,"\\u0061":2}', '{"b":[{"x":1,"x":2}]}'])
      assert.throws(() => parseStrict(text, 'test'), EvidenceError)
    assert.deepEqual(parseStrict(' {"a":[1,-2.5e3,"\\u00e9",true,null,{}]} ', 'test'), {
      a: [1, -2500, 'é', true, null, {}],
    })
    for (const text of ['', '{', '[1,]', '{"a"}', '01', '"\n"', 'nul', '1 2', '['.repeat(100)])
      assert.throws(() => parseStrict(text, 'test'), EvidenceError)
  })

  it('base64 with padding, other letters or leftover bits is refused', () => {
    const [head, body, tail] = token().trim().split('.')
    for (const text of [`${head}=.${body}.${tail}`, `${head}.${body}.${tail}.`, `${head}. ${body}.${tail}`])
      assert.throws(() => verifyTokenSync(bytes(text), azure()), EvidenceError)
  })
})

describe('soundness 54: a good signature under a bad judgement', { skip }, () => {
  it('soundness 54: policies that did not match reject, unless those that count have matched', () => {
    const folder = 'ita-sgx-2023'
    const evidence = bytes(read(`${folder}/token.jwt`))
    const options: TokenVerifyOptions = {
      at: new Date('2023-12-21T05:33:38Z'),
      keySet: { issuer: 'Intel Trust Authority', jwks: read(`${folder}/jwks.json`) },
    }
    const verdict = verifyTokenSync(evidence, options)
    assert.equal(verdict.authenticity, 'proven')
    assert.equal(check(verdict, 'token.judgement').outcome, 'fail')
    assert.match(check(verdict, 'token.judgement').reason, /7f381430/)
    const named = (id: string): string =>
      check(verifyTokenSync(evidence, { ...options, expect: { policies: [id] } }), 'token.judgement').outcome
    assert.equal(named('91488e12-f39e-4f3e-8435-d49c813decb5'), 'pass')
    assert.equal(named('7f381430-51f8-47b0-a6e0-393ef1837af3'), 'fail')
    assert.equal(check(verdict, 'token.tcb').outcome, 'fail')
    assert.equal(check(verdict, 'token.binding').outcome, 'pass')
  })
})

describe('EAR', { skip }, () => {
  it("a key whose private half is published is an emulator's", () => {
    const folder = 'ear-veraison-affirming'
    const verdict = verifyTokenSync(bytes(read(`${folder}/token.jwt`)), {
      at: new Date('2022-10-18T11:10:33Z'),
      keySet: { jwks: read(`${folder}/jwks.json`) },
    })
    assert.equal(verdict.authenticity, 'proven')
    assert.equal(verdict.emulated, true)
    assert.equal(check(verdict, 'token.hardware').outcome, 'fail')
  })
})

describe('bundles of NVIDIA', { skip }, () => {
  const folder = 'nvidia-nras-gpu-2025'
  const options = (): TokenVerifyOptions => ({
    at: new Date('2025-06-11T01:00:58Z'),
    keySet: { jwks: read(`${folder}/jwks.json`) },
  })

  it('a real bundle is verified with its nonce and versions', () => {
    const evidence = bytes(read(`${folder}/detached-eat.json`))
    const nonce = '931d8dd0add203ac3d8b4fbde75e115278eefcdceac5b87671a748f32364dfcb'
    const expect = { nonce, driverVersions: ['550.90.07'], minVbiosVersion: '96.00.9F.00.01' }
    const verdict = verifyTokenSync(evidence, { ...options(), expect })
    assert.equal(verdict.outcome, 'verified', verdict.summary)
    assert.equal(verifyTokenSync(evidence, { ...options(), expect: { nonce } }).outcome, 'incomplete')
  })

  it('the main token alone leaves the devices open', () => {
    const verdict = verifyTokenSync(bytes(read(`${folder}/token.jwt`)), options())
    assert.equal(verdict.authenticity, 'proven')
    assert.equal(check(verdict, 'token.submodules').outcome, 'unchecked')
  })

  it('a changed, exchanged or further token is refused', () => {
    const [main, others]: readonly [unknown, Record<string, string>] = JSON.parse(read(`${folder}/detached-eat.json`))
    const token = others['GPU-0'] ?? ''
    const bundle = (changed: Record<string, string>): Uint8Array => bytes(JSON.stringify([main, changed]))
    const last = token.charAt(token.length - 2) === 'A' ? 'B' : 'A'
    const spoilt = `${token.slice(0, -2)}${last}${token.slice(-1)}`
    refused(bundle({ 'GPU-0': spoilt }), options(), 'token.submodules.digest')
    refused(bundle({ 'GPU-0': spoilt }), options(), 'token.submodules.signature')
    refused(bundle({ 'GPU-0': read(`${folder}/token.jwt`).trim() }), options(), 'token.submodules.digest')
    refused(bundle({ ...others, 'GPU-1': token }), options(), 'token.submodules.digest')
  })
})

describe("Azure's keys", { skip }, () => {
  const folder = 'maa-sgx-2023'
  const at = new Date('2023-09-26T18:15:47Z')
  const issuer = 'https://sharedeus.eus.attest.azure.net'

  it('the quote in the certificate of the key names the key, and no other', () => {
    const token = bytes(read(`${folder}/token.jwt`))
    const jwks = read(`${folder}/jwks.json`)
    const verdict = verifyTokenSync(token, { at, keySet: { issuer, jwks } })
    assert.equal(check(verdict, 'token.key.quote').outcome, 'pass')
    const keys: readonly { kid: string; x5c: string[] }[] = JSON.parse(jwks).keys
    const kid = JSON.parse(Buffer.from(read(`${folder}/token.jwt`).split('.')[0] ?? '', 'base64url').toString()).kid
    const own = keys.find((one) => one.kid === kid)
    assert.ok(own)
    // One bit of the report data in the quote: byte 384 of the extension, which begins where its header does.
    const der = Buffer.from(own.x5c[0] ?? '', 'base64')
    const header = der.indexOf(Buffer.from('0100000002000000', 'hex'))
    assert.ok(header > 0)
    der[header + 384] = (der[header + 384] ?? 0) ^ 1
    const bent = JSON.stringify({ keys: [{ kid, kty: 'RSA', x5c: [der.toString('base64')] }] })
    refused(token, { at, keySet: { issuer, jwks: bent } }, 'token.key.quote')
  })
})

describe('tokens of Confidential Containers before EAR', { skip }, () => {
  const folder = 'coco-as-2023'
  const at = new Date('2023-12-04T06:53:35Z')
  const issuer = 'CoCo-Attestation-Service'

  it('are proven with the key that somebody trusts, and say what was attested', () => {
    const verdict = verifyTokenSync(bytes(read(`${folder}/token.jwt`)), {
      at,
      keySet: { issuer, jwks: read(`${folder}/jwks.json`) },
    })
    assert.equal(verdict.authenticity, 'proven', verdict.summary)
    assert.equal(verdict.claims.attested, 'sgx')
    assert.equal(check(verdict, 'token.judgement').outcome, 'pass')
    // 07: initialised, debug, 64-bit.
    assert.equal(check(verdict, 'token.debug').outcome, 'fail')
  })

  it('the key in their claims never makes trust', () => {
    const none = verifyTokenSync(bytes(read(`${folder}/token.jwt`)), { at })
    assert.equal(check(none, 'token.keys.present').outcome, 'unchecked')
    const other = generateKey('RSA-2048').publicKey.export({ format: 'jwk' })
    const jwks = JSON.stringify({ keys: [{ ...other, alg: 'RS384' }] })
    refused(bytes(read(`${folder}/token.jwt`)), { at, keySet: { issuer, jwks } }, 'token.signature')
  })
})

describe('random input', () => {
  it('gives an error of ours or a verdict that proves nothing', () => {
    let seed = 53
    const next = (below: number): number => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
      return Math.floor((seed / 2 ** 32) * below)
    }
    const letters = 'eyJhbGciOiJSUzI1NiJ9.{}[]":,=_-AZ09 \n\\u0000'
    const jwks = JSON.stringify({ keys: [] })
    for (let i = 0; i < 20_000; i++) {
      let text = ''
      for (let n = next(60); n > 0; n--) text += letters.charAt(next(letters.length))
      const evidence = bytes(
        i % 2 === 0 ? text : `${b64({ alg: 'RS256' })}.${Buffer.from(text).toString('base64url')}.AA`,
      )
      try {
        assert.equal(verifyTokenSync(evidence, { at: AZURE_AT, keySet: { jwks } }).outcome, 'rejected')
      } catch (error) {
        assert.ok(error instanceof EvidenceError, String(error))
      }
    }
  })
})
