import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { nvidiaServiceOf } from '../src/commands/source.ts'
import { scratch } from './process.ts'
import { runWithin } from './run.ts'

const VECTORS =
  process.env['SEKISHO_VECTORS'] ?? fileURLToPath(new URL('../../../../../shared/vectors', import.meta.url))
const FOLDER = join(VECTORS, 'nvidia-gpu', 'hopper-550-full')
const skip = existsSync(FOLDER) ? false : `needs the NVIDIA vectors in ${VECTORS} (SEKISHO_VECTORS)`
const file = (path: string): Buffer => readFileSync(join(FOLDER, path))

/** The answers about the device hold at the one time, those about its manifests at the other. */
const NOW = new Date('2025-08-21T07:00:00Z')
const RIM_ANSWERS = ['nvidia.rim.driver.chain.ocsp.present', 'nvidia.rim.vbios.chain.ocsp.present']
const NONCE = '931d8dd0add203ac3d8b4fbde75e115278eefcdceac5b87671a748f32364dfcb'
const IDS: Readonly<Record<string, string>> = {
  'NV_GPU_DRIVER_GH100_550.90.07': 'driver-rim.xml',
  NV_GPU_VBIOS_1010_0200_882_96009F0001: 'vbios-rim.xml',
}
const DEVICE = ['gpu_certificate_l2', 'gpu_certificate_l3', 'gpu_certificate_l4']
const SHA384 = Buffer.from('0609608648016503040202', 'hex')

describe('fetching from NVIDIA’s services', { skip }, () => {
  const folder = scratch()
  const evidence = join(folder, 'gpu.json')
  let server: Server
  let url: string
  let asked: string[] = []
  let published: (id: string) => boolean = () => true

  before(async () => {
    const answers = DEVICE.map((name) => file(`ocsp/${name}.der`))
    writeFileSync(
      evidence,
      JSON.stringify([
        { evidence: file('report.bin').toString('base64'), certificate: file('cert-chain.pem').toString('base64') },
      ]),
    )
    server = createServer((request, response) => {
      const { method, url: path = '' } = request
      asked.push(`${method} ${path}`)
      const id = path.replace('/mirror/v1/rim/', '')
      const manifest = IDS[id]
      if (method === 'GET') {
        const body = JSON.stringify({ id, rim: manifest === undefined ? '' : file(manifest).toString('base64') })
        response.writeHead(manifest !== undefined && published(id) ? 200 : 404).end(body)
        return
      }
      const pieces: Buffer[] = []
      request.on('data', (piece: Buffer) => pieces.push(piece))
      request.on('end', () => {
        const body = Buffer.concat(pieces)
        // The answer repeats what it was asked about.
        const answer = answers.find((one) => one.includes(body.subarray(body.indexOf(SHA384))))
        response.writeHead(answer === undefined ? 404 : 200).end(answer)
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    assert.ok(typeof address === 'object' && address !== null)
    url = `http://127.0.0.1:${address.port}`
  })
  after(() => void server.close())

  const network = (cache: string): readonly string[] => [
    ...['--rim', `${url}/mirror`, '--ocsp', `${url}/status`, '--cache', join(folder, cache)],
  ]
  const verify = (cache: string): readonly string[] => [
    ...['verify', evidence, '--nonce', NONCE, ...network(cache)],
    ...RIM_ANSWERS.flatMap((id) => ['--waive', id]),
  ]

  it('verify asks for the manifests and the answers, with progress on stderr, and keeps them', async () => {
    asked = []
    const ran = await runWithin([...verify('all'), '--json'], { now: NOW })
    const { checks, outcome } = JSON.parse(ran.out)
    const faults = checks
      .flatMap(
        (group: { checks: readonly { id: string; outcome: string; phase: string; waived?: true }[] }) => group.checks,
      )
      .filter(
        (one: { outcome: string; phase: string; waived?: true }) => one.phase === 'authenticity' && one.waived !== true,
      )
      .filter((one: { outcome: string }) => one.outcome === 'fail' || one.outcome === 'unchecked')
    assert.deepEqual(faults, [], ran.err)
    assert.ok(outcome === 'verified' || outcome === 'incomplete')
    assert.match(ran.err, /^fetched {2}manifest NV_GPU_DRIVER_GH100_550\.90\.07 \(127\.0\.0\.1:\d+\)$/m)
    assert.match(ran.err, /^fetched {2}revocation status of NVIDIA’s certificate [0-9a-f]+ /m)
    assert.match(ran.err, /^sekisho: endorsements could not be had: revocation status .*: HTTP 404/m)
    assert.deepEqual(
      asked.slice(0, 2).sort(),
      Object.keys(IDS).map((id) => `GET /mirror/v1/rim/${id}`),
    )
    assert.equal(asked.length, 2 + 3 + 4)
    const again = await runWithin([...verify('all'), '--json'], { now: NOW })
    assert.equal(again.out, ran.out)
    assert.equal(asked.length, 9 + 4, 'but what was not had')
  })

  it('--offline asks nobody', async () => {
    asked = []
    const ran = await runWithin(['verify', evidence, '--offline', '--json'], { now: NOW })
    assert.equal(JSON.parse(ran.out).outcome, 'incomplete')
    assert.deepEqual(asked, [])
  })

  it('a manifest that is not published stays open, names itself, and takes nothing from the rest', async () => {
    published = (id) => id.includes('DRIVER')
    const ran = await runWithin([...verify('some'), '--json'], { now: NOW })
    published = () => true
    assert.match(
      ran.err,
      /could not be had: manifest NV_GPU_VBIOS_1010_0200_882_96009F0001: HTTP 404 .*no such collateral/,
    )
    const { checks, outcome } = JSON.parse(ran.out)
    assert.equal(outcome, 'incomplete')
    const outcomes = new Map(
      checks
        .flatMap((group: { checks: readonly { id: string; outcome: string }[] }) => group.checks)
        .map(({ id, outcome: one }: { id: string; outcome: string }) => [id, one]),
    )
    assert.equal(outcomes.get('nvidia.rim.driver.signature'), 'pass')
    assert.equal(outcomes.get('nvidia.rim.vbios.present'), 'unchecked')
    assert.equal(outcomes.get('nvidia.chain.ocsp.status'), 'pass')
  })

  it('collateral fetch keeps what it had, which verifies offline, and says what is missing', async () => {
    const bundle = join(folder, 'bundle.json')
    const ran = await runWithin(['collateral', 'fetch', evidence, '-o', bundle, ...network('fetch')], { now: NOW })
    assert.equal(ran.code, 2, ran.err)
    assert.match(ran.err, /gpu\.json: missing: revocation status of NVIDIA’s certificate [0-9a-f]+: HTTP 404/)
    assert.match(ran.err, /^5 items for 1 piece of evidence, written to/m)
    const direct = await runWithin([...verify('all'), '--json'], { now: NOW })
    const args = ['verify', evidence, '--nonce', NONCE, '--collateral', bundle, '--json']
    const offline = await runWithin([...args, ...RIM_ANSWERS.flatMap((id) => ['--waive', id])], { now: NOW })
    assert.equal(offline.out, direct.out)
    const shown = await runWithin(['collateral', 'show', bundle], { now: NOW })
    assert.match(shown.out, /NVIDIA manifest of GH100 550\.90\.07/)
    published = () => false
    const nothing = await runWithin(['collateral', 'fetch', evidence, '--rim', url, ...network('x').slice(2)], {
      now: NOW,
    })
    published = () => true
    assert.equal(nothing.code, 2, nothing.err)
  })

  it('a chain that leads nowhere has nothing asked for', async () => {
    asked = []
    const report = join(folder, 'report.bin')
    writeFileSync(report, file('report.bin'))
    const ran = await runWithin(['collateral', 'fetch', report, ...network('none')], { now: NOW })
    assert.equal(ran.code, 3)
    assert.match(ran.err, /no device brings a certificate chain/)
    assert.deepEqual(asked, [])
  })

  it('the key to NVIDIA’s own services is told no mirror', () => {
    const env = { SEKISHO_NVIDIA_KEY: ' secret\n' }
    assert.deepEqual(nvidiaServiceOf({}, { env }), { serviceKey: 'secret' })
    assert.deepEqual(nvidiaServiceOf({ rim: url }, { env }), { baseUrl: url })
    assert.deepEqual(nvidiaServiceOf({ ocsp: url }, { env }), { ocspUrl: url })
    assert.deepEqual(nvidiaServiceOf({}, { env: { SEKISHO_NVIDIA_KEY: '' } }), {})
  })

  it('a URL that may not be asked is the fault of whoever typed it', async () => {
    for (const [option, value, fault] of [
      ['--rim', 'http://rim.example', /^sekisho: --rim must be an https: URL/m],
      ['--ocsp', 'ocsp.example', /^sekisho: --ocsp must be a URL/m],
    ] as const) {
      const ran = await runWithin(['verify', evidence, option, value])
      assert.equal(ran.code, 64, ran.err)
      assert.match(ran.err, fault)
    }
  })
})
