import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ecdsaRaw, makeSgx, pemChain, toHex, utf8 } from '@sekisho/emulator/kit'
import {
  INTEL_ROOT,
  parseSgxQuote,
  prepareDcapCollateral,
  readPlatformCertificate,
  verifySgxSync,
} from '@sekisho/evidence/sgx'
import { AMD_ROOTS } from '@sekisho/evidence/snp'
import { VENDOR_ROOTS } from '../src/anchors.ts'
import { CollateralError, describeIntel } from '../src/index.ts'
import { hasPckChain, platformOf } from '../src/requests-intel.ts'
import { type Canned, canned } from './hostile-server.ts'
import { bench } from './setup.ts'
import { intelAnswers } from './vendors.ts'

const answers = intelAnswers('sgx')
const { authority, pck } = answers.made
const request = {
  encryptedPpid: 'AB'.repeat(384),
  cpuSvn: '07'.repeat(16),
  pceSvn: 13,
  pceId: '0000',
  qeId: 'cd'.repeat(16),
}
const path = `/sgx/certification/v4/pckcert?encrypted_ppid=${'ab'.repeat(384)}&cpusvn=${'07'.repeat(16)}&pcesvn=0d00&pceid=0000`
const platformChain = pemChain(authority.platform.der, authority.root.der)

function pckAnswer(leaf: Uint8Array, issuers: string, fmspc = 'C0FFEE000001'): Canned {
  const headers = { 'SGX-PCK-Certificate-Issuer-Chain': encodeURIComponent(issuers), 'SGX-FMSPC': fmspc }
  return { body: pemChain(leaf).trimEnd(), headers }
}

test('a quote that names its platform by ids gets its PCK chain', async (t) => {
  const { source, server } = await bench(t, answers)
  server.handle(canned(new Map([[path, pckAnswer(pck.der, platformChain)]])))
  const got = await source.pck(request)
  assert.equal(got.chain, pemChain(pck.der, authority.platform.der, authority.root.der))
  assert.deepEqual([got.fmspc, got.ca], ['c0ffee000001', 'platform'])
})

test('only a PCCS is told the QE id', async (t) => {
  const { again, server } = await bench(t, answers)
  const withQe = `${path}&qeid=${'cd'.repeat(16)}`
  server.handle(canned(new Map([[withQe, pckAnswer(pck.der, platformChain)]])))
  assert.equal((await again({ intel: { baseUrl: server.url } }).pck(request)).ca, 'platform')
})

test('PCK certificates of another PCE, another FMSPC, another CA or another root are refused, and not kept', async (t) => {
  const around = await bench(t, answers)
  const otherPce = makeSgx({ pck: { pceId: '0100' } }).pck.der
  const higher = makeSgx({ pck: { pceSvn: 14 } }).pck.der
  const byProcessor = makeSgx({ ca: 'processor' }).pck.der
  const wrong = [
    pckAnswer(otherPce, platformChain),
    pckAnswer(higher, platformChain),
    pckAnswer(pck.der, platformChain, '00906ED50000'),
    pckAnswer(byProcessor, platformChain),
    pckAnswer(authority.platform.der, platformChain),
    pckAnswer(pck.der, pemChain(authority.root.der, authority.root.der)),
    { body: pemChain(pck.der) },
    { body: 'Not available', headers: pckAnswer(pck.der, platformChain).headers ?? {} },
  ]
  for (const [i, answer] of wrong.entries()) {
    around.server.handle(canned(new Map([[path, answer]])))
    await assert.rejects(around.source.pck(request), { code: 'bad-answer' }, `answer ${i}`)
    assert.equal(await around.entries(), 0)
  }
  around.server.handle(canned(new Map([[path, pckAnswer(pck.der, platformChain)]])))
  assert.equal((await around.source.pck(request)).fmspc, 'c0ffee000001')
})

const numbers = {
  id: 'SGX',
  version: 1,
  issueDate: '2026-06-01T00:00:00Z',
  nextUpdate: '2026-07-01T00:00:00Z',
  tcbEvalNumbers: [
    { tcbEvaluationDataNumber: 17, tcbRecoveryEventDate: '2024-11-12T00:00:00Z', tcbDate: '2024-11-13T00:00:00Z' },
    { tcbEvaluationDataNumber: 19, tcbRecoveryEventDate: '2025-05-13T00:00:00Z', tcbDate: '2025-05-14T00:00:00Z' },
  ],
}

function numbersAnswer(content: object): Canned {
  const text = JSON.stringify(content)
  const signature = toHex(ecdsaRaw('sha256', authority.tcbSigning.key, utf8(text)))
  const chain = encodeURIComponent(pemChain(authority.tcbSigning.der, authority.root.der))
  return {
    body: `{"tcbEvaluationDataNumbers":${text},"signature":"${signature}"}`,
    headers: { 'TCB-Evaluation-Data-Numbers-Issuer-Chain': chain },
  }
}

test('evaluation data numbers come highest first, and only signed', async (t) => {
  const { source, server } = await bench(t, answers)
  const where = '/sgx/certification/v4/tcbevaluationdatanumbers'
  const good = numbersAnswer(numbers)
  const bad = [
    { ...good, body: String(good.body).replace('17', '18') },
    numbersAnswer({ ...numbers, id: 'TDX' }),
    numbersAnswer({ ...numbers, tcbEvalNumbers: [{ tcbEvaluationDataNumber: 'x' }] }),
    numbersAnswer({ ...numbers, tcbEvalNumbers: undefined }),
  ]
  for (const answer of bad) {
    server.handle(canned(new Map([[where, answer]])))
    await assert.rejects(source.evaluationNumbers('sgx'), { code: 'bad-answer' })
  }
  server.handle(canned(new Map([[where, good]])))
  assert.deepEqual(
    (await source.evaluationNumbers('sgx')).map((row) => row.tcbEvaluationDataNumber),
    [19, 17],
  )
})

test("collateral of Intel's library, whose CRLs in DER end in a zero, is described; with anything else behind them it is not", () => {
  const { collateral } = answers.made
  const { collateral: _, ...plain } = describeIntel(collateral)
  for (const name of ['pck_crl', 'root_ca_crl'] as const) {
    const { collateral: __, ...ended } = describeIntel({ ...collateral, [name]: `${collateral[name]}00` })
    assert.deepEqual(ended, plain)
    for (const tail of ['01', '0000'])
      assert.throws(() => describeIntel({ ...collateral, [name]: `${collateral[name]}${tail}` }))
  }
})

test("the pins are the verifiers' own", () => {
  assert.deepEqual(VENDOR_ROOTS, [INTEL_ROOT, ...AMD_ROOTS])
})

test('a PCK chain of NULs does not keep anybody busy, and padding behind a chain does not count', async () => {
  const quote = parseSgxQuote(makeSgx().evidence)
  const nobody = (): Promise<never> => Promise.reject(new Error('not asked for'))
  const began = performance.now()
  assert.equal(await platformOf(quote, `${'\0'.repeat(1_000_000)}x`, nobody), undefined)
  // Walked again from each of its places it takes many minutes.
  assert.ok(performance.now() - began < 60_000)
  const chain = pemChain(pck.der, authority.platform.der, authority.root.der)
  assert.equal((await platformOf(quote, `${chain}\0\0\0`, nobody))?.chain, chain)
})

test('a quote with a PCK certificate and no chain names its platform, whose collateral completes it', async () => {
  const made = makeSgx({ ca: 'processor', quote: { certificationType: 4 } })
  const quote = parseSgxQuote(made.evidence)
  const nobody = (): Promise<never> => Promise.reject(new Error('not asked for'))
  const platform = await platformOf(quote, undefined, nobody)
  assert.deepEqual([platform?.fmspc, platform?.ca, hasPckChain(quote)], ['c0ffee000001', 'processor', true])
  const alone = readPlatformCertificate(quote, prepareDcapCollateral({}))
  assert.deepEqual(
    [alone?.issuer, toHex(alone?.extensions?.fmspc ?? utf8(''))],
    ['Intel SGX PCK Processor CA', 'c0ffee000001'],
  )
  const { evidence, collateral, at, anchor } = made
  const judged = (given: object): string | undefined =>
    verifySgxSync(evidence, { at, collateral: given, trustAnchors: [anchor] })
      .checks.flatMap(({ checks }) => checks)
      .find(({ id }) => id === 'sgx.pck.present')?.outcome
  assert.deepEqual([judged({}), judged(collateral)], ['unchecked', 'pass'])
})

test('a quote that leaves the PCE id out names no platform, and nobody is asked', async () => {
  const ids = (pceId: Uint8Array): Uint8Array =>
    Uint8Array.from([...new Uint8Array(384).fill(0xab), ...new Uint8Array(16), 13, 0, ...pceId])
  const asked: string[] = []
  const ask = ({ pceId }: { readonly pceId: string }): Promise<never> => {
    asked.push(pceId)
    return Promise.reject(new CollateralError('not-found', 'no such platform'))
  }
  for (const pceId of [new Uint8Array(), new Uint8Array(2)]) {
    const quote = { certificationType: 3, certificationData: ids(pceId) }
    assert.equal(await platformOf(parseSgxQuote(makeSgx({ quote }).evidence), undefined, ask), undefined)
  }
  assert.deepEqual(asked, ['0000'])
})
