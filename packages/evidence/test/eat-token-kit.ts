import { sign } from 'node:crypto'
import { generateKey, type KeyPair } from '@sekisho/emulator/kit'
import { cborArray, cborBytes, cborInteger, cborMap, cborTag, cborText } from '../src/cbor/encode.ts'
import type { Verdict } from '../src/core/verdict.ts'
import type { TokenClaims } from '../src/token/claims.ts'
import { type TokenKeySet, type TokenVerifyOptions, verifyTokenSync } from '../src/token/index.ts'
import { b64, bytes } from './token-kit.ts'

/** When the tokens below are judged, in seconds since 1970 and as a date. */
export const AT: Date = new Date('2026-06-15T12:00:00Z')
export const SECONDS: number = AT.getTime() / 1000

export type Algorithm = 'ES256' | 'ES384' | 'RS256' | 'PS256'
type Expect = NonNullable<TokenVerifyOptions['expect']>

const RSA = generateKey('RSA-2048')
const KEYS: Readonly<Record<Algorithm, KeyPair>> = {
  ES256: generateKey('P-256'),
  ES384: generateKey('P-384'),
  RS256: RSA,
  PS256: RSA,
}

/** The key of an algorithm as a set of one, said to be the issuer's unless it is null. */
export function keySet(alg: Algorithm = 'ES256', issuer: string | null = ISSUER): TokenKeySet {
  const jwk = KEYS[alg].publicKey.export({ format: 'jwk' })
  const jwks = JSON.stringify({ keys: [{ ...jwk, kid: 'k' }] })
  return issuer === null ? { jwks } : { issuer, jwks }
}

/** The public key of an algorithm in PEM. */
export function publicPem(alg: Algorithm): string {
  return KEYS[alg].publicKey.export({ type: 'spki', format: 'pem' }).toString()
}

/** `iss` of the tokens below. */
export const ISSUER: string = 'https://maker.example'
/** The nonce in them, as it stands in JSON. */
export const NONCE: string = Buffer.alloc(16, 7).toString('base64url')
/** The device that they are about, hex. */
export const UEID: string = `01${'a5'.repeat(16)}`
const MODEL = Uint8Array.of(0xac, 0x3e)
const SEED = new Uint8Array(32).fill(9)

/** What a device says of itself, in JSON. */
export const CLAIMS: Readonly<Record<string, unknown>> = {
  iss: ISSUER,
  iat: SECONDS - 10,
  exp: SECONDS + 300,
  eat_nonce: NONCE,
  eat_profile: 'tag:maker.example,2026:gateway',
  ueid: Buffer.from(UEID, 'hex').toString('base64url'),
  sueids: { 'maker.example': Buffer.from(UEID, 'hex').toString('base64url') },
  oemid: 76_543,
  hwmodel: Buffer.from(MODEL).toString('base64url'),
  hwversion: ['2.1', 1],
  uptime: 17,
  oemboot: true,
  dbgstat: 'disabled-permanently',
  bootcount: 3,
  bootseed: Buffer.from(SEED).toString('base64url'),
  dloas: [['https://registrar.example', 'gateway 2']],
  swname: 'Gateway OS',
  swversion: ['3.1.4', 16_384],
  manifests: [[60, 'AQI']],
  measurements: [[60, 'AwQ']],
  measres: [['boot loader', [['kernel', 'success']]]],
  intuse: 'generic',
  submods: {
    modem: { swname: 'Modem', dbgstat: 'disabled-since-boot', submods: { sim: { dbgstat: 'disabled' } } },
  },
}

/** The same in CBOR, by number. */
export const CLAIMS_CBOR: ReadonlyMap<number, Uint8Array> = new Map([
  [1, cborText(ISSUER)],
  [6, cborInteger(SECONDS - 10)],
  [4, cborInteger(SECONDS + 300)],
  [10, cborBytes(new Uint8Array(16).fill(7))],
  [265, cborText('tag:maker.example,2026:gateway')],
  [256, cborBytes(new Uint8Array(Buffer.from(UEID, 'hex')))],
  [257, cborMap([[cborText('maker.example'), cborBytes(new Uint8Array(Buffer.from(UEID, 'hex')))]])],
  [258, cborInteger(76_543)],
  [259, cborBytes(MODEL)],
  [260, cborArray([cborText('2.1'), cborInteger(1)])],
  [261, cborInteger(17)],
  [262, Uint8Array.of(0xf5)],
  [263, cborInteger(3)],
  [267, cborInteger(3)],
  [268, cborBytes(SEED)],
  [269, cborArray([cborArray([cborText('https://registrar.example'), cborText('gateway 2')])])],
  [270, cborText('Gateway OS')],
  [271, cborArray([cborText('3.1.4'), cborInteger(16_384)])],
  [272, cborArray([cborArray([cborInteger(60), cborBytes(Uint8Array.of(1, 2))])])],
  [273, cborArray([cborArray([cborInteger(60), cborBytes(Uint8Array.of(3, 4))])])],
  [
    274,
    cborArray([cborArray([cborText('boot loader'), cborArray([cborArray([cborText('kernel'), cborInteger(1)])])])]),
  ],
  [275, cborInteger(1)],
  [
    266,
    cborMap([
      [
        cborText('modem'),
        numbered([
          [270, cborText('Modem')],
          [263, cborInteger(2)],
          [266, cborMap([[cborText('sim'), numbered([[263, cborInteger(1)]])]])],
        ]),
      ],
    ]),
  ],
])

/** A map by number. */
export function numbered(pairs: Iterable<readonly [number, Uint8Array]>): Uint8Array {
  return cborMap([...pairs].map(([key, value]) => [cborInteger(key), value]))
}

/** A JSON Web Token of these claims, or of the text in their place. */
export function jwt(claims: object | string, alg: Algorithm = 'ES256', header: object = {}): Uint8Array {
  const body = typeof claims === 'string' ? Buffer.from(claims).toString('base64url') : b64(claims)
  const signed = `${b64({ alg, kid: 'k', ...header })}.${body}`
  return bytes(`${signed}.${Buffer.from(signatureOf(bytes(signed), alg)).toString('base64url')}`)
}

const COSE: Readonly<Record<Algorithm, number>> = { ES256: -7, ES384: -35, PS256: -37, RS256: -257 }

/** A CBOR Web Token of these claims, within tags: the innermost first. */
export function cwt(
  claims: Iterable<readonly [number, Uint8Array]>,
  alg: Algorithm = 'ES256',
  tags: readonly number[] = [18, 61],
): Uint8Array {
  const payload = cborBytes(numbered(claims))
  const header = cborBytes(
    numbered([
      [1, cborInteger(COSE[alg])],
      [4, cborBytes(bytes('k'))],
    ]),
  )
  const input = cborArray([cborText('Signature1'), header, cborBytes(new Uint8Array()), payload])
  const whole = cborArray([header, cborMap([]), payload, cborBytes(signatureOf(input, alg))])
  return tags.reduce((inner, tag) => cborTag(tag, inner), whole)
}

function signatureOf(data: Uint8Array, alg: Algorithm): Uint8Array {
  const key = KEYS[alg].privateKey
  const hash = alg === 'ES384' ? 'sha384' : 'sha256'
  if (alg === 'PS256') return new Uint8Array(sign(hash, data, { key, padding: 6, saltLength: 32 }))
  return new Uint8Array(sign(hash, data, alg === 'RS256' ? key : { key, dsaEncoding: 'ieee-p1363' }))
}

/** What makes a token of {@link CLAIMS} a verified one. */
export const EXPECT: Expect = {
  nonce: NONCE,
  profiles: ['tag:maker.example,2026:gateway'],
  claims: { swname: 'Gateway OS', '/submods/modem/swname': 'Modem' },
}

/** The verdict on a token, with expectations beside {@link EXPECT}; undefined takes one away. */
export function judge(
  evidence: Uint8Array,
  expect: { readonly [name in keyof Expect]?: Expect[name] | undefined } = {},
  options: Partial<TokenVerifyOptions> = {},
  alg: Algorithm = 'ES256',
): Verdict<TokenClaims> {
  const all = Object.fromEntries(Object.entries({ ...EXPECT, ...expect }).filter(([, value]) => value !== undefined))
  return verifyTokenSync(evidence, { at: AT, keySet: keySet(alg), expect: all, ...options })
}
