import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { EXIT } from '../../src/exit.ts'
import { proxyOption } from '../../src/options/address.ts'
import { ROOT, scratch } from '../process.ts'
import { run, runWithin } from '../run.ts'
import { savedWorld } from '../world.ts'
import { commandLines, helpOf } from './commands.ts'

const home = scratch()
const EVIDENCE = join(ROOT, 'examples', 'tdx', 'quote.bin')
const GRANT = { value: 'x', namespace: '*', scopes: ['admin'] }

/** A file of an OpenID provider that is in order but for these members. */
function oidc(members: Readonly<Record<string, unknown>>): string {
  const text = JSON.stringify({ issuer: 'https://id.example', audience: 'sekisho', grants: [GRANT], ...members })
  const file = join(home, `${createHash('sha256').update(text).digest('hex').slice(0, 8)}.json`)
  writeFileSync(file, text)
  return file
}

describe('--trusted-proxy', () => {
  it('takes addresses however they are written, and knows them as connections name them', () => {
    const written = ['10.0.0.5', '2001:DB8:0:0:0:0:0:5', '::ffff:10.0.0.6', '::FFFF:10.0.0.7']
    const read = written.reduce<readonly string[]>((before, one) => proxyOption(one, before), [])
    assert.deepEqual(read, ['10.0.0.5', '2001:db8::5', '10.0.0.6', '10.0.0.7'])
  })
})

describe('the help of every command', () => {
  for (const command of commandLines()) {
    it(`${command.join(' ')} --help`, async () => {
      const { code, out } = await helpOf(command)
      assert.equal(code, EXIT.ok)
      assert.match(out, new RegExp(`^Usage: sekisho ${command.join(' ')}`))
      assert.match(out, /^ {2}-h, --help/m)
      const [, described = ''] = out.split('\n\n')
      assert.ok(described.trim().length > 10, `it says what it does: ${out}`)
    })
  }
})

describe('a command line that is wrong', () => {
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [['secret', 'remove'], /unknown command 'remove'/],
    [['secret', 'put'], /missing required argument 'path'/],
    [['secret', 'list', '--jsn'], /unknown option '--jsn'\n\(Did you mean --json\?\)/],
    [['decision', 'list', '--limit', 'many'], /--limit/],
    [['decision', 'list', '--limit', '1', '--limit', '2'], /--limit/],
    [['policy', 'rollback', 'first'], /version/],
    [['secret', 'list', '--server', 'nowhere'], /--server: "nowhere" is no URL; expected e\.g\. http:/],
    [['secret', 'list', '--server', 'ftp://127.0.0.1'], /expected http or https/],
    [['secret', 'list', '--server', 'http://user:pass@127.0.0.1'], /without user, query or fragment/],
    [['request', 'a/b/c', '-o', '-'], /say what attests: --tpm .* or --emulated snp --world FILE/],
    [['request', 'a/b/c', '--emulated', 'snp', '-o', '-'], /--emulated needs --world FILE/],
    [['request', 'a/b/c'], /required option '-o, --output <file>' not specified/],
    [['request', 'a/b/c', '--tpm', 'x', '--emulated', 'snp', '-o', '-'], /a machine is one of the two/],
    [
      ['attest', '--report-data', 'xyz', '--emulated', 'snp', '--world', `${home}/w`],
      /--report-data: expected 1 to 64/,
    ],
    [['attest', '--tpm', `${home}/none`, '--pcrs', '99'], /--pcrs 99: expected numbers from 0 to 23/],
    [['emulate', 'attest', 'snp'], /required option '--world <file>' not specified/],
    [['demo', '--tpm', '/dev/null'], /--tpm needs --tpm-ca FILE/],
    [['log', 'verify', home], /required option '--key <file>' not specified/],
    [['token', 'create', 'x'], /required option '--scope <scope...>' not specified/],
    [['up', '--production', '--emulated', '--data', home], /--production refuses --emulated/],
    [['up', '--production', '--data', home], /--production needs a master key of its own/],
    [['up', '--keep-refused', 'long', '--data', home], /--keep-refused long: expected days, such as 30, or a size/],
    [['up', '--keep-refused', '5,6d', '--data', home], /--keep-refused was given twice for the same/],
    [['up', '--recheck', '0', '--data', home], /--recheck 0: expected minutes, one at least/],
    [['up', '--event-streams', '0', '--data', home], /--event-streams 0: expected 1 to 3000/],
    [['up', '--event-streams', '3001', '--data', home], /--event-streams 3001: expected 1 to 3000/],
    [['up', '--lease', '0', '--data', home], /--lease 0: expected seconds, one at least/],
    [['up', '--keep-events', '0', '--data', home], /--keep-events 0: expected days, one at least/],
    [['up', '--port', '65536', '--data', home], /--port 65536: expected a number from 0 to 65535/],
    [['up', '--public-url', 'nope', '--data', home], /--public-url nope: expected a URL such as/],
    [['up', '--public-url', 'https://x/?y', '--data', home], /--public-url .*without query/],
    [['up', '--trusted-proxy', '10.0.0.0/8', '--data', home], /--trusted-proxy 10\.0\.0\.0\/8: expected one address/],
    [['up', '--trusted-proxy', 'proxy', '--data', home], /--trusted-proxy proxy: expected one address/],
    [['up', '--oidc', oidc({ issuer: 'http://id.example' }), '--data', home], /must be reached by https/],
    [['up', '--oidc', oidc({ issuer: 'nope' }), '--data', home], /no URL where one is due/],
    [['up', '--oidc', oidc({ algorithms: ['HS256'] }), '--data', home], /algorithms of the OpenID provider must be of/],
    [['up', '--oidc', oidc({ grants: [{ ...GRANT, scopes: ['root'] }] }), '--data', home], /scopes must be of admin/],
    [['up', '--pccs', 'nope', '--data', home], /--pccs must be a URL/],
    [['collateral', 'fetch', EVIDENCE, '--kds', 'ftp://x'], /--kds must be an https: URL/],
    [['up', '--tls-cert', 'x', '--data', home, '--port', '0'], /--tls-cert and --tls-key belong together/],
  ]
  it('up with a DATABASE_URL that is none: 3, and its password is not shown', async () => {
    for (const [url, words] of [
      ['mysql://user:canary@127.0.0.1/x', /DATABASE_URL: the URL of the database does not begin with postgres:\/\//],
      ['postgres://user:canary@127.0.0.1:99999/x', /DATABASE_URL: the URL of the database cannot be read/],
    ] as const) {
      const { code, out, err } = await runWithin(['up', '--offline', '--port', '0', '--data', home], {
        env: { DATABASE_URL: url },
      })
      assert.deepEqual([code, out], [3, ''], err)
      assert.match(err, words)
      assert.doesNotMatch(err, /canary/)
    }
  })

  for (const [args, words] of cases) {
    it(args.join(' ').replace(home, 'FOLDER'), async () => {
      // Were one of `up` not refused, it would serve on and on: a process can be killed.
      const { code, out, err } = await (args[0] === 'up' ? run : runWithin)(args)
      assert.equal(code, EXIT.usage, err)
      assert.match(err, words)
      assert.equal(out, '')
    })
  }
})

describe('a checkpoint that does not answer as one', () => {
  const away = 'http://127.0.0.1:1'

  it('is down', async () => {
    const { code, err } = await runWithin(['secret', 'list', '--server', away])
    assert.equal(code, EXIT.unreadable)
    assert.match(err, /^sekisho: http:\/\/127\.0\.0\.1:1 does not answer \(.+\); is the checkpoint up\? `sekisho up`/)
    const doctor = await runWithin(['doctor', '--server', away])
    assert.equal(doctor.code, EXIT.rejected)
    assert.match(doctor.out, /^FAIL {2}server: .* does not answer/)
  })

  it('is another program', async () => {
    for (const [status, body, words] of [
      [200, '[]', /is not the object that was expected; is it of another version\?/],
      [200, '{"secrets":7}', /the answer\.secrets of the checkpoint is not a list/],
      [502, '<h1>Bad Gateway</h1>', /Bad Gateway/],
      [404, 'File not found', /^sekisho: http:\S+ answers 404 \(Not Found\), and not as a checkpoint does/],
    ] as const) {
      const server = createServer((_, response) => response.writeHead(status).end(body))
      await new Promise<void>((resolve) => {
        server.listen(0, '127.0.0.1', resolve)
      })
      const { port } = server.address() as AddressInfo
      const { code, err } = await runWithin(['secret', 'list', '--server', `http://127.0.0.1:${port}`])
      server.close()
      assert.equal(code, EXIT.unreadable)
      assert.match(err, words)
    }
  })

  it('sends its callers elsewhere, with their token', async () => {
    const server = createServer((_, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end())
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve)
    })
    const { port } = server.address() as AddressInfo
    const { code } = await runWithin(['secret', 'list', '--server', `http://127.0.0.1:${port}`])
    server.close()
    assert.equal(code, EXIT.unreadable)
  })

  it('sends something that is no JSON where JSON is due', async () => {
    const server = createServer((_, response) => response.writeHead(200).end('<html>'))
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve)
    })
    const { port } = server.address() as AddressInfo
    const { code, err } = await runWithin(['secret', 'list', '--server', `http://127.0.0.1:${port}`])
    const key = await runWithin(['log', 'key', '--server', `http://127.0.0.1:${port}`])
    server.close()
    assert.equal(code, EXIT.unreadable, err)
    assert.match(err, /no JSON/)
    assert.equal(key.code, EXIT.unreadable, key.out)
    assert.match(key.err, /answers with no key of a log: is it a checkpoint\?\n$/)
  })

  it('breaks off in the middle of an answer', async () => {
    const server = createServer((_, response) => {
      response.writeHead(200, { 'content-length': 100 }).write('{"keys":', () => response.destroy())
    })
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve)
    })
    const { port } = server.address() as AddressInfo
    const at = ['--server', `http://127.0.0.1:${port}`]
    const answers = [await runWithin(['result-key', 'rotate', ...at]), await runWithin(['secret', 'list', ...at])]
    const doctor = await runWithin(['doctor', ...at])
    server.close()
    for (const { code, err } of answers) {
      assert.equal(code, EXIT.unreadable, err)
      assert.match(err, /^sekisho: the answer of http:\S+ broke off \(.+\): what was asked for may have been done\n$/)
    }
    assert.equal(doctor.code, EXIT.rejected, doctor.err)
    assert.match(doctor.out, /^FAIL {2}server: the answer of http/)
  })

  it('has trouble of its own, which is no refusal of the workload', async () => {
    const world = join(home, 'trouble.json')
    writeFileSync(world, await savedWorld(), { mode: 0o600 })
    for (const [status, problem, exit, words] of [
      [500, 'internal', EXIT.unreadable, /http:\S+ cannot answer now: internal\n$/],
      [503, 'busy', EXIT.unreadable, /http:\S+ cannot answer now: busy\n$/],
      [429, 'rate-limited', EXIT.unreadable, /http:\S+ cannot answer now: rate-limited\n$/],
      [403, 'policy-deny', EXIT.rejected, /refused: policy-deny\n$/],
    ] as const) {
      const server = createServer((_, response) => response.writeHead(status).end(JSON.stringify({ code: problem })))
      await new Promise<void>((resolve) => {
        server.listen(0, '127.0.0.1', resolve)
      })
      const { port } = server.address() as AddressInfo
      const at = ['--server', `http://127.0.0.1:${port}`, '--world', world]
      const { code, err } = await runWithin(['request', 'demo/db/password', '--emulated', 'snp', ...at, '-o', '-'])
      server.close()
      assert.equal(code, exit, err)
      assert.match(err, words)
    }
  })
})
