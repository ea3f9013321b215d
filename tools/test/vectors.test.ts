import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { type BuiltCase, buildVectors } from '../src/vectors/build.ts'
import { UnreachableError } from '../src/vectors/download.ts'
import { sha256 } from '../src/vectors/find.ts'
import type { CaseEntry, Item, VectorsManifest } from '../src/vectors/manifest.ts'

const COMMIT = 'a'.repeat(40)
const EVIDENCE = randomBytes(1184)
const TEXT = '{"tcbInfo":"signed text"}'.padEnd(200, ' x')

/** The wrappings in which public repositories hold evidence. */
const WRAPPINGS: readonly (readonly [name: string, file: string | Buffer])[] = [
  ['as it is', EVIDENCE],
  ['at an offset of a larger structure', Buffer.concat([randomBytes(3410), EVIDENCE, randomBytes(50)])],
  ['as hex', `0x${EVIDENCE.toString('hex')}\n`],
  ['as upper-case hex in source code', `let quote = hex!("${EVIDENCE.toString('hex').toUpperCase()}");`],
  ['as base64 in JSON', JSON.stringify({ evidence: { quote: EVIDENCE.toString('base64') } })],
  ['as base64url in JSON', JSON.stringify({ quote: EVIDENCE.toString('base64url') })],
  ['as hex inside base64', Buffer.from(JSON.stringify({ quote: EVIDENCE.toString('hex') })).toString('base64')],
  [
    'as PEM',
    `-----BEGIN QUOTE-----\n${EVIDENCE.toString('base64').replace(/(.{64})/g, '$1\n')}\n-----END QUOTE-----\n`,
  ],
  ['as a list of numbers', JSON.stringify({ quote: [...EVIDENCE] })],
  [
    'as a list of hexadecimal numbers',
    `const Q: [u8; 1184] = [${[...EVIDENCE].map((byte) => `0x${byte.toString(16)}`).join(', ')}];`,
  ],
]

describe('npm run vectors', () => {
  for (const [name, file] of WRAPPINGS) {
    it(`finds evidence ${name}`, async () => {
      const { built, files } = await run(serve({ 'q.bin': file }), [item('evidence.bin', 'raw', EVIDENCE)])
      assert.equal(built.outcome, 'complete')
      assert.deepEqual(files['evidence.bin'], EVIDENCE)
    })
  }

  it('finds the signed text of collateral behind escapes, and writes it as the case layout has it', async () => {
    const signature = randomBytes(64)
    const source = `vm.setEnv("${TEXT.replaceAll('"', '\\"')}", hex"${signature.toString('hex')}");`
    const { files } = await run(serve({ 'q.bin': EVIDENCE, 'c.sol': source }), [
      item('evidence.bin', 'raw', EVIDENCE),
      item('collateral.json#tcb_info', 'text', Buffer.from(TEXT)),
      item('collateral.json#tcb_info_signature', 'hex', signature),
    ])
    assert.deepEqual(JSON.parse(String(files['collateral.json'])), {
      tcb_info: TEXT,
      tcb_info_signature: signature.toString('hex'),
    })
    assert.equal(JSON.parse(String(files['case.json'])).evaluateAt, '2026-01-01T00:00:00Z')
  })

  it('takes no byte that differs from the digest', async () => {
    const other = Buffer.from(EVIDENCE)
    other.writeUInt8(other.readUInt8(700) ^ 1, 700)
    const { built, files } = await run(serve({ 'q.bin': other }), [item('evidence.bin', 'raw', EVIDENCE)])
    assert.equal(built.outcome, 'failed')
    assert.match(built.missing.join(), /evidence\.bin: in none of the recorded files/)
    assert.deepEqual(files, {})
  })

  it('says what is missing when only the evidence is there', async () => {
    const { built, files } = await run(serve({ 'q.bin': EVIDENCE }), [
      item('evidence.bin', 'raw', EVIDENCE),
      item('certs/vcek.der', 'raw', randomBytes(900)),
    ])
    assert.equal(built.outcome, 'partial')
    assert.match(built.missing.join(), /certs\/vcek\.der/)
    assert.deepEqual(Object.keys(files).sort(), ['case.json', 'evidence.bin'])
  })

  const refusals: readonly (readonly [name: string, listener: RequestListener, says: RegExp])[] = [
    ['a file that is gone', (_, answer) => answer.writeHead(404).end(), /HTTP status 404/],
    [
      'a redirect to another host',
      (_, answer) => answer.writeHead(302, { location: 'http://127.0.0.2/x' }).end(),
      /redirect/,
    ],
    ['a body without end', (_, answer) => endless(answer), /more than 16777216 bytes/],
  ]
  for (const [name, listener, says] of refusals) {
    it(`refuses ${name}`, async () => {
      const { built } = await run(listener, [item('evidence.bin', 'raw', EVIDENCE)])
      assert.equal(built.outcome, 'failed')
      assert.match(built.missing.join(), says)
    })
  }

  it('tries again when the host is busy', async () => {
    let asked = 0
    const listener: RequestListener = (_, answer) => {
      asked++
      if (asked === 1) answer.writeHead(429, { 'retry-after': '0.01' }).end()
      else answer.end(EVIDENCE)
    }
    const { built } = await run(listener, [item('evidence.bin', 'raw', EVIDENCE)], ['q.bin'])
    assert.equal(built.outcome, 'complete')
    assert.equal(asked, 2)
  })

  it('says that it needs the network when there is none', async () => {
    const manifest = manifestOf([item('evidence.bin', 'raw', EVIDENCE)], ['q.bin'])
    await assert.rejects(
      buildVectors(manifest, '/nonexistent', { host: 'http://127.0.0.1:1' }),
      (error) => error instanceof UnreachableError && /cannot be reached .* needs the network/.test(error.message),
    )
  })
})

function endless(answer: Parameters<RequestListener>[1]): void {
  const part = Buffer.alloc(1 << 20)
  const more = (): void => {
    while (!answer.destroyed && answer.write(part));
  }
  answer.on('drain', more)
  answer.on('error', () => answer.destroy())
  more()
}

function serve(files: Readonly<Record<string, string | Buffer>>): RequestListener {
  return (request, answer) => {
    const body = files[request.url?.replace(`/owner/name/${COMMIT}/`, '') ?? '']
    if (body === undefined) answer.writeHead(404).end()
    else answer.end(body)
  }
}

async function run(
  listener: RequestListener,
  items: readonly Item[],
  paths: readonly string[] = ['q.bin', 'c.sol'],
): Promise<{ built: BuiltCase; files: Record<string, Buffer> }> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const folder = mkdtempSync(join(tmpdir(), 'sekisho-vectors-'))
  try {
    const host = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const needed = items.some(({ into }) => into.startsWith('collateral')) ? paths : paths.slice(0, 1)
    const [built] = await buildVectors(manifestOf(items, needed), folder, { host })
    assert.ok(built)
    return { built, files: filesOf(join(folder, 'kind/case')) }
  } finally {
    server.close()
    server.closeAllConnections()
    rmSync(folder, { recursive: true, force: true })
  }
}

function filesOf(folder: string): Record<string, Buffer> {
  if (!existsSync(folder)) return {}
  return Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))]))
}

function manifestOf(items: readonly Item[], paths: readonly string[]): VectorsManifest {
  const sources = paths.map((path) => ({ repo: 'owner/name', commit: COMMIT, path, license: 'MIT' }))
  const entry: CaseEntry = {
    name: 'kind/case',
    tee: 'sgx',
    version: 3,
    evaluateAt: '2026-01-01T00:00:00Z',
    expect: { verdict: 'valid' },
    sources: sources.map((_, index) => index),
    items,
  }
  return { version: 1, sources, cases: [entry] }
}

function item(into: string, as: Item['as'], bytes: Buffer): Item {
  return { into, as, size: bytes.length, sha256: sha256(bytes), head: bytes.subarray(0, 16).toString('hex') }
}
