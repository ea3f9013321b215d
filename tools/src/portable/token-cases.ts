import { existsSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { filesBelow } from '../files.ts'
import type { PortableCase } from './suite.ts'

type Json = Readonly<Record<string, unknown>>
interface Row {
  readonly name: string
  readonly token?: unknown
}

const LATE = '2026-06-15T12:00:00Z'

/** Tokens of services in JSON and CBOR, archived IAS reports, and conceptual message wrappers, below `folder`. */
export function tokenCases(folder: string): PortableCase[] {
  const tokens = join(folder, 'tokens')
  return [
    ...filesBelow(tokens, 'token.jwt').map((path) => tokenCase(tokens, path)),
    ...filesBelow(tokens, 'ear-cwt.cose').map((path) => cwtCase(tokens, path)),
    ...filesBelow(tokens, 'negatives/rows.json').flatMap((path) => negatives(join(tokens, path))),
    ...filesBelow(tokens, 'signature.b64').map((path) => iasCase(tokens, path)),
    ...['.cbor', '.json', '.der', '.cose']
      .flatMap((end) => filesBelow(tokens, end))
      .filter((path) => /^(cmw-samples|ear-claims-sets|ias-2020)/.test(path) && !path.endsWith('case.json'))
      .map((path) => recognised(join(tokens, path), `tokens/${path}`)),
  ]
}

/** What `recognise` makes of a file. */
export function recognised(path: string, name: string): PortableCase {
  return { name: `recognise ${name}`, tee: 'recognise', evidence: bytes(path), options: {} }
}

function tokenCase(tokens: string, path: string): PortableCase {
  const home = join(tokens, path, '..')
  const keys = join(home, 'jwks.json')
  return {
    name: `tokens/${path}`,
    tee: 'token',
    evidence: bytes(join(tokens, path)),
    options: {
      at: { $date: timeOf(home) },
      ...(existsSync(keys) ? { keySet: { jwks: readFileSync(keys, 'utf8') } } : {}),
    },
  }
}

function cwtCase(tokens: string, path: string): PortableCase {
  const home = join(tokens, path, '..')
  const key: unknown = JSON.parse(readFileSync(join(home, 'ear-cwt-key.jwk'), 'utf8'))
  const options = { at: { $date: timeOf(home) }, keySet: { jwks: JSON.stringify({ keys: [key] }) } }
  return { name: `tokens/${path}`, tee: 'token', evidence: bytes(join(tokens, path)), options }
}

function negatives(path: string): PortableCase[] {
  const rows: readonly Row[] = JSON.parse(readFileSync(path, 'utf8'))
  return rows.flatMap(({ name, token }): PortableCase[] =>
    typeof token === 'string'
      ? [
          {
            name: `tokens/negatives/${name}`,
            tee: 'token',
            evidence: hex(Buffer.from(token)),
            options: { at: { $date: LATE } },
          },
        ]
      : [],
  )
}

/** Body, signature and certificates as one archive. */
function iasCase(tokens: string, path: string): PortableCase {
  const home = join(tokens, path, '..')
  const read = (name: string): Buffer => readFileSync(join(home, name))
  const parts = [
    read('report.json'),
    Buffer.from('|'),
    read('signature.b64'),
    Buffer.from('|'),
    read('signing-cert.pem'),
  ]
  const evidence = hex(Buffer.concat([...parts, Buffer.from('\n'), read('root-ca.pem')]))
  return { name: `tokens/${basename(home)}`, tee: 'sgx-epid', evidence, options: { at: { $date: timeOf(home) } } }
}

function timeOf(home: string): string {
  const content: Json = JSON.parse(readFileSync(join(home, 'case.json'), 'utf8'))
  return typeof content.evaluateAt === 'string' ? content.evaluateAt : LATE
}

function bytes(path: string): Json {
  return hex(readFileSync(path))
}

function hex(content: Buffer): Json {
  return { $hex: content.toString('hex') }
}
