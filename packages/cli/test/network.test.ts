import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { createServer as createListener } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { concat, makeSgx, makeSnp } from '@sekisho/emulator/kit'
import { encodeHclReport } from '@sekisho/evidence/azure'
import { intelServiceOf, proxyOf } from '../src/commands/source.ts'
import { EXAMPLE, ROOT, scratch } from './process.ts'
import { run, runWithin } from './run.ts'

const folder = scratch()
const example = (path: string): Buffer => readFileSync(join(ROOT, 'examples', path))
const tdx: Readonly<Record<string, string>> = JSON.parse(example('tdx/collateral.json').toString())
const member = (name: string): string => tdx[name] ?? assert.fail(`the example has no ${name}`)
const text = (chain: string): string => encodeURIComponent(chain)

interface Answer {
  readonly body: Buffer | string
  readonly headers?: Readonly<Record<string, string>>
}

function pem(der: Buffer): string {
  return `-----BEGIN CERTIFICATE-----\n${(der.toString('base64').match(/.{1,64}/g) ?? []).join('\n')}\n-----END CERTIFICATE-----\n`
}

/** What a PCCS and AMD's key service answer for the examples, by path. */
function answerTo(path: string): Answer | undefined {
  if (path.startsWith('/tdx/certification/v4/tcb')) {
    return {
      body: `{"tcbInfo":${member('tcb_info')},"signature":"${member('tcb_info_signature')}"}`,
      headers: { 'TCB-Info-Issuer-Chain': text(member('tcb_info_issuer_chain')) },
    }
  }
  if (path.startsWith('/tdx/certification/v4/qe/identity')) {
    return {
      body: `{"enclaveIdentity":${member('qe_identity')},"signature":"${member('qe_identity_signature')}"}`,
      headers: { 'SGX-Enclave-Identity-Issuer-Chain': text(member('qe_identity_issuer_chain')) },
    }
  }
  if (path.startsWith('/sgx/certification/v4/pckcrl')) {
    return {
      body: Buffer.from(member('pck_crl'), 'hex'),
      headers: { 'SGX-PCK-CRL-Issuer-Chain': text(member('pck_crl_issuer_chain')) },
    }
  }
  if (path.startsWith('/sgx/certification/v4/rootcacrl')) return { body: member('root_ca_crl') }
  if (path === '/vcek/v1/Genoa/cert_chain')
    return { body: pem(example('snp-genoa/certs/ask.der')) + pem(example('snp-genoa/certs/ark.der')) }
  if (path === '/vcek/v1/Genoa/crl') return { body: example('snp-genoa/crl.der') }
  if (path.startsWith('/vcek/v1/Genoa/')) return { body: example('snp-genoa/certs/vcek.der') }
  return undefined
}

describe('fetching from a service', () => {
  let server: Server
  let url: string
  let asked = 0

  before(async () => {
    server = createServer((request, response) => {
      asked++
      const answer = answerTo(request.url ?? '')
      response.writeHead(answer === undefined ? 404 : 200, answer?.headers).end(answer?.body)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    assert.ok(typeof address === 'object' && address !== null)
    url = `http://127.0.0.1:${address.port}`
  })
  after(() => void server.close())

  const network = (cache: string): readonly string[] => ['--pccs', url, '--kds', url, '--cache', join(folder, cache)]

  for (const name of ['tdx', 'snp'] as const) {
    const args = EXAMPLE[name].filter((one, index, all) => one !== '--collateral' && all[index - 1] !== '--collateral')

    it(`${name}: verify fetches what it needs, with progress on stderr, and keeps it`, async () => {
      const first = await run(['verify', ...args, ...network(name)])
      assert.equal(first.code, 0, first.out + first.err)
      assert.match(first.out, /^VERIFIED EMULATED/)
      assert.match(first.err, /fetched {2}.* \(127\.0\.0\.1:\d+\)\n/)
      const before = asked
      const again = await runWithin(['verify', ...args, ...network(name), '--json'])
      assert.deepEqual([again.code, asked], [0, before])
      assert.match(again.err, /^cached/m)
    })

    it(`${name}: what was fetched before verifies with --offline, which asks nobody`, async () => {
      const cache = network(`${name}-offline`)
      const offline = ['verify', ...args, ...cache, '--offline', '--json']
      const before = asked
      const none = await runWithin(offline)
      assert.deepEqual([none.code, asked], [2, before])
      const told = none.err.trimEnd().split('\n')
      assert.match(
        told[0] ?? '',
        /^sekisho: endorsements could not be had: the cache has nothing of .* that is valid now: .+$/,
      )
      assert.equal(
        told[1],
        `sekisho: nothing is fetched with --offline; this fetches it: sekisho collateral fetch ${args[0]} ${cache.join(' ')} --trust-anchor examples/example-root.json`,
      )
      assert.equal((await runWithin(fetching(args[0] ?? '', `${name}-offline`))).code, 0)
      const fetched = asked
      const judged = await runWithin(offline)
      const direct = await runWithin(['verify', ...EXAMPLE[name], '--json'])
      assert.deepEqual([judged.code, judged.out, asked], [0, direct.out, fetched])
      assert.match(judged.err, /^(cached {3}.* \(127\.0\.0\.1:\d+\), 0 min old\n)+$/)
    })

    it(`${name}: what was fetched into a bundle verifies offline`, async () => {
      const bundle = join(folder, `${name}.json`)
      const fetched = await runWithin([
        'collateral',
        'fetch',
        args[0] ?? '',
        '-o',
        bundle,
        '--trust-anchor',
        'examples/example-root.json',
        ...network(`${name}-bundle`),
      ])
      assert.equal(fetched.code, 0, fetched.err)
      assert.match(fetched.err, /1 item for 1 piece of evidence, written to/)
      const offline = await runWithin(['verify', ...args, '--collateral', bundle, '--json'])
      const direct = await runWithin(['verify', ...EXAMPLE[name], '--json'])
      assert.deepEqual([offline.code, offline.out], [0, direct.out])
    })
  }

  it('fetches for the report inside of an Azure VM’s, and for those of several pieces that have a service', async () => {
    const claims = Buffer.from('{"keys":[],"vm-configuration":{}}')
    const hcl = encodeHclReport({
      headerVersion: 2,
      reportSize: 32 + 1184 + 20 + claims.length,
      requestType: 2,
      status: 0,
      hardware: 'snp',
      hardwareReport: example('snp-genoa/report.bin'),
      runtimeDataSize: 20 + claims.length,
      runtimeVersion: 1,
      hash: 'sha256',
      claims,
      totalBytes: 2600,
    })
    const azure = join(folder, 'azure.bin')
    writeFileSync(azure, hcl)
    const record = (path: string): readonly string[] => [
      'application/octet-stream',
      example(path).toString('base64url'),
    ]
    const several = join(folder, 'several.json')
    writeFileSync(several, JSON.stringify({ vm: record('snp-genoa/report.bin'), td: record('tdx/quote.bin') }))
    for (const [file, items] of [
      [azure, /^1 item for 1 piece/m],
      [several, /^2 items for 1 piece/m],
    ] as const) {
      const args = ['collateral', 'fetch', file, '--trust-anchor', 'examples/example-root.json']
      const ran = await runWithin([...args, ...network('inside')])
      assert.equal(ran.code, 0, ran.err)
      assert.match(ran.err, items)
    }
  })

  it('fetches for a chip that hides itself what its certificate in the table needs, and nothing without one', async () => {
    // CHIP_ID, SEV-SNP ABI, table ATTESTATION_REPORT.
    const report = Buffer.from(example('snp-genoa/report.bin')).fill(0, 0x1a0, 0x1e0)
    const [bare, extended] = [join(folder, 'hidden.bin'), join(folder, 'hidden-extended.bin')]
    writeFileSync(bare, report)
    writeFileSync(extended, Buffer.concat([report, example('snp-genoa/certificate-table.bin')]))
    const ran = await runWithin([...fetching(extended, 'hidden'), '-o', '-'])
    assert.equal(ran.code, 0, ran.err)
    const [{ chipId, certificates }] = JSON.parse(ran.out).items
    assert.deepEqual([chipId, Object.keys(certificates)], [undefined, ['intermediate', 'root']])
    const nothing = await runWithin(fetching(bare, 'hidden'))
    assert.equal(nothing.code, 3, nothing.err)
    assert.match(nothing.err, /no endorsements for this report/)
  })

  const fetching = (file: string, cache: string): readonly string[] => [
    ...['collateral', 'fetch', file, '--trust-anchor', 'examples/example-root.json'],
    ...network(cache),
  ]

  it('with -o - the bundle has standard output to itself', async () => {
    const ran = await runWithin([...fetching('examples/tdx/quote.bin', 'out'), '-o', '-', '--json'])
    assert.equal(ran.code, 0, ran.err)
    assert.equal(JSON.parse(ran.out).format, 'sekisho-endorsements')
    assert.match(ran.err, /"items":1/)
  })

  it('what could not be kept anywhere was not fetched', async () => {
    const file = join(folder, 'no-folder')
    writeFileSync(file, '')
    const args = fetching('examples/tdx/quote.bin', 'no-folder')
    const ran = await runWithin(args)
    assert.equal(ran.code, 3, ran.err)
    assert.match(ran.err, /the cache folder cannot be written \(ENOTDIR\)/)
    assert.doesNotMatch(ran.err, /kept in the cache\n/)
    assert.equal((await runWithin([...args, '-o', join(folder, 'kept.json')])).code, 0)
  })

  it('a platform that the service does not know is told from one that the quote does not name', async () => {
    const quote = join(folder, 'by-ids.bin')
    writeFileSync(quote, makeSgx({ quote: { certificationType: 3 } }).evidence)
    const ran = await runWithin(fetching(quote, 'ids'))
    assert.equal(ran.code, 3)
    assert.match(ran.err, /by-ids\.bin: HTTP 404 from 127\.0\.0\.1:\d+: it has no such collateral/)
  })

  it('a URL that may not be asked is the fault of whoever typed it', async () => {
    for (const [option, value, fault] of [
      ['--pccs', 'http://pccs.example', /^sekisho: --pccs must be an https: URL/m],
      ['--pccs', 'pccs.example', /^sekisho: --pccs must be a URL/m],
      ['--kds', 'https://user@kds.example', /^sekisho: --kds must be a URL without user name/m],
    ] as const)
      for (const command of [['verify'], ['collateral', 'fetch']]) {
        const ran = await runWithin([...command, 'examples/tdx/quote.bin', option, value])
        assert.equal(ran.code, 64, ran.err)
        assert.match(ran.err, fault)
      }
  })

  it('the key to Intel’s own service is told nobody else', () => {
    const env = { SEKISHO_PCS_KEY: ' secret\n' }
    assert.deepEqual(intelServiceOf({}, { env }), { subscriptionKey: 'secret' })
    assert.deepEqual(intelServiceOf({ pccs: url }, { env }), { baseUrl: url })
    for (const none of ['', undefined]) assert.deepEqual(intelServiceOf({}, { env: { SEKISHO_PCS_KEY: none } }), {})
  })

  it('the proxy of the environment is used, but for loopback addresses', async () => {
    const of = (env: Readonly<Record<string, string>>): ReturnType<typeof proxyOf> => proxyOf({ env })
    assert.deepEqual(of({ HTTPS_PROXY: ' p:3128 ', NO_PROXY: 'a, .b  c' }), {
      proxy: { url: 'http://p:3128', except: ['a', '.b', 'c'] },
    })
    assert.equal(of({ HTTPS_PROXY: 'http://p', https_proxy: 'https://q' }).proxy?.url, 'https://q')
    for (const none of [{}, { HTTPS_PROXY: '' }, { HTTPS_PROXY: 'p', https_proxy: '' }, { HTTP_PROXY: 'p' }])
      assert.deepEqual(of(none), {})
    const args = ['verify', 'examples/tdx/quote.bin', '--trust-anchor', 'examples/example-root.json']
    const env = { HTTPS_PROXY: 'http://alice:sesame@127.0.0.1:1', NO_PROXY: '' }
    const mirrored = await run([...args, '--at', '2026-06-15T12:00:00Z', ...network('proxy')], { env })
    assert.match(mirrored.out, /endorsements {3}pck-certificate, .*tcb-info/)
    assert.match(mirrored.err, /fetched/)
    for (const [value, fault] of [
      ['socks5://alice:sesame@p', /^sekisho: HTTPS_PROXY must be an http: or https: URL/m],
      ['p:x', /^sekisho: HTTPS_PROXY must be/m],
    ] as const) {
      const ran = await run(args, { env: { HTTPS_PROXY: value } })
      assert.equal(ran.code, 64)
      assert.match(ran.err, fault)
      assert.doesNotMatch(ran.err, /sesame/)
    }
  })

  it('nobody is asked about evidence whose own chain ends at another root than the vendor’s', async () => {
    const extended = join(folder, 'extended.bin')
    const { evidence, certificateTable } = makeSnp()
    writeFileSync(extended, concat(evidence, certificateTable))
    let reached = 0
    const proxy = createListener((socket) => {
      reached += 1
      socket.destroy()
    })
    await new Promise<void>((resolve) => void proxy.listen(0, '127.0.0.1', resolve))
    const address = proxy.address()
    assert.ok(typeof address === 'object' && address !== null)
    const env = { HTTPS_PROXY: `http://127.0.0.1:${address.port}`, NO_PROXY: '' }
    try {
      for (const [file, root, vendor] of [
        ['examples/tdx/quote.bin', [], 'Intel'],
        ['examples/sgx/quote.bin', ['--trust-anchor', 'examples/example-root.json'], 'Intel'],
        [extended, [], 'AMD'],
      ] as const) {
        const ran = await run(['verify', file, ...root, '--cache', join(folder, 'foreign')], { env })
        assert.notEqual(ran.code, 0)
        const told = `ends at a root that is not ${vendor}'s, and ${vendor}'s service has nothing for such a platform`
        assert.equal(ran.err, `sekisho: nothing is asked for: the evidence's own chain ${told}\n`)
      }
      assert.equal(reached, 0)
    } finally {
      await new Promise((resolve) => void proxy.close(resolve))
    }
  })

  it('an empty SEKISHO_CACHE is none', async () => {
    const cwd = join(folder, 'cwd')
    mkdirSync(cwd)
    const env = { SEKISHO_CACHE: '', XDG_CACHE_HOME: join(folder, 'xdg') }
    const [quote, root] = ['examples/tdx/quote.bin', 'examples/example-root.json'].map((path) => join(ROOT, path))
    const args = ['collateral', 'fetch', quote ?? '', '--trust-anchor', root ?? '', '--pccs', url]
    const ran = await run(args, { cwd, env })
    assert.equal(ran.code, 0, ran.err)
    assert.deepEqual([readdirSync(cwd), readdirSync(join(folder, 'xdg'))], [[], ['sekisho']])
  })

  it('what the service has not got is told', async () => {
    const none = `${url}/nothing-here`
    for (const [file, option] of [
      ['examples/tdx/quote.bin', '--pccs'],
      ['examples/snp-genoa/report.bin', '--kds'],
    ] as const) {
      const ran = await runWithin(['verify', file, option, none, '--cache', join(folder, 'none')])
      assert.notEqual(ran.code, 0)
      assert.match(
        ran.err,
        /^sekisho: endorsements could not be had: HTTP 404 from 127\.0\.0\.1:\d+: it has no such collateral$/m,
      )
    }
  })

  it('answers under a root that is not trusted are not used', async () => {
    const ran = await runWithin([
      'verify',
      'examples/tdx/quote.bin',
      '--at',
      '2026-06-15T12:00:00Z',
      ...network('untrusted'),
    ])
    assert.notEqual(ran.code, 0)
    assert.match(ran.err, /endorsements could not be had/)
  })
})
