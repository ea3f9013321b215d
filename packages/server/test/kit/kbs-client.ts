import {
  createDecipheriv,
  createHash,
  createPublicKey,
  diffieHellman,
  type JsonWebKey,
  type KeyObject,
} from 'node:crypto'
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { generateKey } from '@sekisho/emulator/kit'

/** An answer as it came over the socket. */
export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

const SILENCE_MS = 60_000

/** One request with exactly these headers. @throws Error when the server says nothing for a minute */
export function send(
  url: string,
  o: { method: string; headers?: Readonly<Record<string, string>>; body?: string | Uint8Array },
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { method: o.method, headers: { ...o.headers }, agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const { statusCode: status = 0, headers } = response
        resolve({ status, headers, text: Buffer.concat(chunks).toString() })
      })
    })
    request.on('error', reject)
    request.setTimeout(SILENCE_MS, () => request.destroy(new Error(`${o.method} ${url}: no answer in a minute`)))
    request.end(o.body)
  })
}

/** What the KBS client of Confidential Containers sends with every request. */
export const CLIENT_HEADERS: Readonly<Record<string, string>> = {
  accept: '*/*',
  'user-agent': 'attestation-agent-kbs-client/0.1.0',
}
export const JSON_HEADERS: Readonly<Record<string, string>> = { ...CLIENT_HEADERS, 'content-type': 'application/json' }

/** A workload's key pair in the client's default form. */
export interface TeeKeys {
  readonly publicJwk: JsonWebKey
  readonly privateKey: KeyObject
}

export function teeKeys(): TeeKeys {
  const { privateKey, publicKey } = generateKey('P-256')
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' })
  return { privateKey, publicJwk: { kty: 'EC', crv: 'P-256', alg: 'ECDH-ES+A256KW', x, y } }
}

/** SHA-384 of the canonical JSON of what the evidence binds (KBS protocol, section "binding"). Written for an EC key. */
export function binding(nonce: string, key: JsonWebKey, additional = ''): Uint8Array {
  const { alg, crv, kty, x, y } = { alg: undefined, ...key }
  const text = JSON.stringify({ 'additional-evidence': additional, nonce, 'tee-pubkey': { alg, crv, kty, x, y } })
  return createHash('sha384').update(text).digest()
}

/** The request of a handshake as the client writes it. */
export function authBody(tee: string, version = '0.4.0'): string {
  const hashes = ['sha256', 'sha384', 'sha512', 'sm3']
  return JSON.stringify({ version, tee, 'extra-params': { 'supported-hash-algorithms': hashes } })
}

/** An attestation as the client writes it. */
export function attestBody(nonce: string, key: JsonWebKey, evidence: unknown): string {
  return JSON.stringify({
    'init-data': null,
    'runtime-data': { nonce, 'tee-pubkey': key },
    'tee-evidence': { primary_evidence: evidence, additional_evidence: '' },
  })
}

/** The one cookie that the client keeps, as it sends it back. */
export function cookieOf({ headers }: Answer): string {
  const [line = ''] = headers['set-cookie'] ?? []
  return line.split(';')[0] ?? ''
}

/** Whether a text is ErrorInformation: type and detail, both text. */
export function errorInformation(answer: Answer): { readonly type: string; readonly detail: string } {
  const value: unknown = JSON.parse(answer.text)
  if (typeof value === 'object' && value !== null && 'type' in value && 'detail' in value) {
    const { type, detail } = value
    if (typeof type === 'string' && typeof detail === 'string' && Object.keys(value).length === 2)
      return { type, detail }
  }
  throw new TypeError(`not ErrorInformation: ${answer.text}`)
}

interface Jwe {
  readonly protected: string
  readonly encrypted_key: string
  readonly iv: string
  readonly ciphertext: string
  readonly tag: string
}

/**
 * Decrypts as the client does: it does not use the received header text as additional data, but reads it and writes it
 * again, `alg` first, then `enc`, then the rest sorted by name.
 */
export function decryptAsClient(
  jwe: Jwe,
  privateKey: KeyObject,
): { readonly plaintext: string; readonly rewritten: string } {
  const received = Buffer.from(jwe.protected, 'base64url').toString()
  const { alg, enc, ...rest } = JSON.parse(received) as { alg: string; enc: string; epk: JsonWebKey }
  const rewritten = JSON.stringify({ alg, enc, ...sorted(rest) })
  const z = diffieHellman({ privateKey, publicKey: createPublicKey({ key: rest.epk, format: 'jwk' }) })
  const kek = concatKdf(z, alg)
  const unwrap = createDecipheriv('id-aes256-wrap', kek, Buffer.alloc(8, 0xa6))
  const cek = Buffer.concat([unwrap.update(Buffer.from(jwe.encrypted_key, 'base64url')), unwrap.final()])
  const open = createDecipheriv('aes-256-gcm', cek, Buffer.from(jwe.iv, 'base64url'))
  open.setAAD(Buffer.from(Buffer.from(rewritten).toString('base64url')))
  open.setAuthTag(Buffer.from(jwe.tag, 'base64url'))
  const plaintext = Buffer.concat([open.update(Buffer.from(jwe.ciphertext, 'base64url')), open.final()]).toString()
  return { plaintext, rewritten }
}

function concatKdf(z: Uint8Array, alg: string): Buffer {
  const u32 = (n: number): Buffer => Buffer.from([0, 0, n >> 8, n & 255])
  const parts = [u32(1), z, u32(alg.length), Buffer.from(alg), u32(0), u32(0), u32(256)]
  return createHash('sha256').update(Buffer.concat(parts)).digest()
}

function sorted(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) throw new TypeError('not an object')
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([name, one]) => [name, typeof one === 'object' ? sorted(one) : one]))
}
