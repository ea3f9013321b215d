import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import {
  CollateralError,
  type CollateralSource,
  describeNvidiaOcsp,
  describeNvidiaRim,
  type NvidiaSource,
  readBundle,
} from '@sekisho/collateral'
import { canonicalJson } from '@sekisho/evidence'
import { parsePemChain } from '@sekisho/evidence/nvidia'
import { openVerifier } from '../../src/index.ts'

const VECTORS =
  process.env['SEKISHO_VECTORS'] ?? fileURLToPath(new URL('../../../../../../shared/vectors', import.meta.url))
const FOLDER = join(VECTORS, 'nvidia-gpu', 'hopper-550-full')
const skip = existsSync(FOLDER) ? false : `needs the NVIDIA vectors in ${VECTORS} (SEKISHO_VECTORS)`
const file = (path: string): Buffer => readFileSync(join(FOLDER, path))
/** While the answers about the device hold. */
const AT = Date.parse('2025-08-21T07:00:00Z')

const never = (): Promise<never> => Promise.reject(new CollateralError('not-found', 'not asked in this test'))

/** NVIDIA's services as they were for a genuine device, counting what they are asked. */
function services(): { source: CollateralSource; asked: string[]; out: boolean; said: (serial: string) => Buffer } {
  const answers = ['gpu_certificate_l2', 'gpu_certificate_l3', 'gpu_certificate_l4'].map((name) =>
    file(`ocsp/${name}.der`),
  )
  const state = {
    asked: [] as string[],
    out: false,
    said: (serial: string): Buffer => answers.find((one) => one.toString('hex').includes(serial)) ?? never404(serial),
  }
  const reach = (what: string): void => {
    state.asked.push(what)
    if (state.out) throw new CollateralError('unreachable', 'out of reach')
  }
  const nvidia: NvidiaSource = {
    rim: async ({ kind, id }) => {
      reach(id)
      return describeNvidiaRim(file(`${kind}-rim.xml`))
    },
    ocsp: async ({ chain: [der] }) => {
      const pem = `-----BEGIN CERTIFICATE-----\n${Buffer.from(der ?? []).toString('base64')}\n-----END CERTIFICATE-----\n`
      const [certificate] = parsePemChain(Buffer.from(pem + pem), []).certificates
      const serial = certificate?.serial ?? ''
      reach(serial)
      return describeNvidiaOcsp(state.said(serial))
    },
  }
  const source = { amd: never, intel: never, pck: never, nvidia }
  return Object.assign(state, { source })
}

function never404(serial: string): never {
  throw new CollateralError('not-found', `no answer about ${serial}`)
}

function evidence(): Buffer {
  return Buffer.from(
    JSON.stringify([
      { evidence: file('report.bin').toString('base64'), certificate: file('cert-chain.pem').toString('base64') },
    ]),
  )
}

test('manifests and revocation of a GPU are asked for when it attests, held for a while, and kept with the verdict', {
  skip,
}, async () => {
  const nvidia = services()
  const trouble: string[] = []
  const verifier = openVerifier({ source: nvidia.source, holdSeconds: 300, onTrouble: (what) => trouble.push(what) })
  const received = verifier.recognise(evidence())
  const judge = (seconds: number, refresh = false) =>
    verifier.verify(received, { expect: {}, at: new Date(AT + seconds * 1000), refresh })
  const { verdict, collateral, missing } = await judge(0)
  assert.match(missing ?? '', /no answer about [0-9a-f]+/, 'its owner is told')
  const checks = verdict.checks.flatMap((group) => group.checks)
  const outcomeOf = (id: string): string | undefined => checks.find((check) => check.id === id)?.outcome
  for (const id of [
    'nvidia.chain.ocsp.present',
    'nvidia.chain.ocsp.status',
    'nvidia.rim.driver.signature',
    'nvidia.rim.vbios.version',
  ])
    assert.equal(outcomeOf(id), 'pass', id)
  assert.equal(outcomeOf('nvidia.rim.driver.chain.ocsp.present'), 'unchecked')
  assert.ok(
    trouble.length > 0 && trouble.every((what) => /no answer about/.test(what)),
    'what the case has no answer for',
  )
  const bundle = readBundle(collateral.bytes)
  assert.deepEqual(bundle.items.map(({ kind }) => kind).sort(), [
    ...['nvidia-ocsp', 'nvidia-ocsp', 'nvidia-ocsp'],
    ...['nvidia-rim', 'nvidia-rim'],
  ])
  const again = await openVerifier({}).verify(received, { expect: {}, at: new Date(AT), kept: collateral.bytes })
  assert.equal(canonicalJson(again.verdict), canonicalJson(verdict))

  const asked = nvidia.asked.length
  assert.equal(new Set(nvidia.asked).size, asked, 'each thing once')
  assert.equal((await judge(1)).missing, missing)
  assert.equal(nvidia.asked.length, asked, 'held')
  await judge(1, true)
  assert.equal(nvidia.asked.length, 2 * asked, 'a look at leases asks anew')
})

test('a look at leases that finds NVIDIA out of reach takes nothing away from whoever attests next', {
  skip,
}, async () => {
  const nvidia = services()
  const verifier = openVerifier({ source: nvidia.source })
  const received = verifier.recognise(evidence())
  const present = async (seconds: number, refresh = false): Promise<string | undefined> => {
    const { verdict } = await verifier.verify(received, { expect: {}, at: new Date(AT + seconds * 1000), refresh })
    return verdict.checks.flatMap((group) => group.checks).find(({ id }) => id === 'nvidia.rim.driver.present')?.outcome
  }
  assert.equal(await present(0), 'pass')
  nvidia.out = true
  assert.equal(await present(1, true), 'unchecked')
  assert.equal(await present(2), 'pass')
})

test('what NVIDIA says of a certificate is news when it is something else, and not when it is said again', {
  skip,
}, async () => {
  const nvidia = services()
  const news: string[] = []
  const verifier = openVerifier({ source: nvidia.source, onNews: (what) => news.push(what) })
  const received = verifier.recognise(evidence())
  const look = (seconds: number) =>
    verifier.verify(received, { expect: {}, at: new Date(AT + seconds * 1000), refresh: true })
  await look(0)
  await look(1)
  assert.deepEqual(news, [])
  const { said } = nvidia
  // Good, as an empty element of context 0, becomes unknown: whether it is signed so is not for whoever tells the news.
  nvidia.said = (serial) => {
    const bytes = Buffer.from(said(serial))
    const at = bytes.indexOf(Buffer.from(serial, 'hex')) + serial.length / 2
    assert.equal(bytes.readUInt8(at), 0x80)
    bytes.writeUInt8(0x82, at)
    return bytes
  }
  const { verdict } = await look(2)
  assert.equal(verdict.authenticity, 'refuted')
  assert.equal(news.length, 3)
  assert.ok(
    news.every((what) => /^nvidia certificate [0-9a-f]+$/.test(what)),
    news.join(),
  )
})

test('a forged report of a device has nothing asked, and takes nothing away from the device', { skip }, async () => {
  const nvidia = services()
  const verifier = openVerifier({ source: nvidia.source })
  const report = file('report.bin')
  const forged = Buffer.from(report)
  // The device's own nonce is signed.
  forged.writeUInt8(forged.readUInt8(4) ^ 1, 4)
  const of = (bytes: Buffer) => ({
    evidence: bytes.toString('base64'),
    certificate: file('cert-chain.pem').toString('base64'),
  })
  const judge = async (...devices: readonly Buffer[]) => {
    const received = verifier.recognise(Buffer.from(JSON.stringify(devices.map(of))))
    const { verdict } = await verifier.verify(received, { expect: {}, at: new Date(AT) })
    const verdicts = verdict.parts?.map((part) => part.verdict) ?? [verdict]
    return verdicts.map(({ checks }) => {
      const all = checks.flatMap((group) => group.checks)
      return all.find(({ id }) => id === 'nvidia.rim.driver.present')?.outcome
    })
  }
  assert.deepEqual(await judge(forged), ['unchecked'])
  assert.deepEqual(nvidia.asked, [])
  assert.deepEqual(await judge(report), ['pass'])
  const asked = nvidia.asked.length
  assert.deepEqual(await judge(forged, report), ['pass', 'pass'], 'held for the device, by its chain')
  assert.equal(nvidia.asked.length, asked)
})

test('a source without NVIDIA’s services is not asked', { skip }, async () => {
  const verifier = openVerifier({ source: { amd: never, intel: never, pck: never } })
  const { verdict, collateral } = await verifier.verify(verifier.recognise(evidence()), {
    expect: {},
    at: new Date(AT),
  })
  assert.notEqual(verdict.outcome, 'verified')
  assert.equal(collateral.bytes.length, 0)
})
