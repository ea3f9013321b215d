import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { type CollateralSource, describeIntel, readIntelInput } from '@sekisho/collateral'
import { certificateTable, TABLE_GUIDS } from '@sekisho/emulator/kit'
import { parseSnpReport, type SnpCollateralInput } from '@sekisho/evidence/snp'
import { parseTdxQuote } from '@sekisho/evidence/tdx'
import { processAround } from '../src/around.ts'
import { readCollateral, withCompanions } from '../src/options/collateral-files.ts'
import type { VerifyRequest } from '../src/tee/door.ts'
import { intelCollateral } from '../src/tee/intel.ts'
import { snpCollateralOf } from '../src/tee/snp.ts'
import { ROOT, scratch } from './process.ts'
import { runWithin } from './run.ts'

const folder = scratch()
const example = (path: string): Uint8Array => new Uint8Array(readFileSync(join(ROOT, 'examples', path)))
const quote = example('tdx/quote.bin')
const collateral: Readonly<Record<string, unknown>> = JSON.parse(
  new TextDecoder().decode(example('tdx/collateral.json')),
)

function envelope(name: string, content: object): string {
  const path = join(folder, name)
  writeFileSync(path, JSON.stringify({ quote: Buffer.from(quote).toString('hex'), ...content }))
  return path
}

const AT = [
  '--trust-anchor',
  'examples/example-root.json',
  '--at',
  '2026-06-15T12:00:00Z',
  '--offline',
  '--allow-emulated',
]

function requestWith(evidence: Uint8Array, files: VerifyRequest['files']): VerifyRequest {
  const nothing = { source: undefined, trustAnchors: undefined, eventLog: undefined }
  return { evidence, at: new Date(0), files, expect: {}, waive: [], ...nothing }
}

describe('Intel endorsements that come with a quote', () => {
  for (const name of ['collateral', 'endorsements'])
    it(`in the member ${name}: the quote is authentic without any other`, async () => {
      const ran = await runWithin(['verify', envelope(`${name}.json`, { [name]: collateral }), ...AT, '--json'])
      assert.equal(JSON.parse(ran.out).authenticity, 'proven', ran.err)
    })

  it('changed, or in a form that is not read: nothing is proven by them', async () => {
    const changed = { ...collateral, tcb_info: String(collateral['tcb_info']).replace('UpToDate', 'OutOfDate') }
    const forged = await runWithin(['verify', envelope('forged.json', { collateral: changed }), ...AT, '--json'])
    assert.equal(JSON.parse(forged.out).authenticity, 'refuted')
    const odd = await runWithin(['verify', envelope('odd.json', { collateral: 'AAAA' }), ...AT, '--json'])
    assert.equal(JSON.parse(odd.out).authenticity, 'unproven')
  })

  it('fill gaps only: files win over them, and so does what is fetched', async () => {
    const around = processAround()
    const old = { ...collateral, tcb_info: 'of the sender' }
    const bytes = new TextEncoder().encode(JSON.stringify(old))
    const files = await withCompanions(await readCollateral([], around), [
      { kind: 'endorsements', from: 'collateral', bytes },
    ])
    const request = requestWith(quote, files)
    const parsed = parseTdxQuote(quote)
    const given = async (change: Partial<VerifyRequest>): Promise<unknown> =>
      (await intelCollateral('tdx', parsed, { ...request, ...change })).tcb_info
    assert.equal(await given({}), 'of the sender')
    assert.equal(await given({ files: { ...files, intel: { tcb_info: 'of a file' } } }), 'of a file')
    const nothing = (): Promise<never> => Promise.reject(new Error('not asked for'))
    const intel = describeIntel(readIntelInput(collateral))
    const source: CollateralSource = { amd: nothing, pck: nothing, intel: async () => intel }
    assert.equal(await given({ source }), collateral['tcb_info'])
  })
})

describe('a revocation list of AMD that comes with a report', () => {
  it('fills a gap only: a file wins over it, and so does what is fetched', async () => {
    const evidence = example('snp-genoa/report.bin')
    const pem = (label: string, der: Uint8Array): string =>
      `-----BEGIN ${label}-----\n${Buffer.from(der).toString('base64')}\n-----END ${label}-----\n`
    const [vcek, ask, ark] = ['vcek', 'ask', 'ark'].map((name) => example(`snp-genoa/certs/${name}.der`))
    assert.ok(vcek && ask && ark)
    const old = pem('X509 CRL', Uint8Array.of(0x30, 0))
    const brought = [vcek, ask, ark].map((der) => pem('CERTIFICATE', der)).join('') + old
    const files = await withCompanions(await readCollateral([], processAround()), [
      { kind: 'certificates', from: 'cert_chain', bytes: new TextEncoder().encode(brought) },
    ])
    const request = requestWith(evidence, files)
    const given = async (change: Partial<VerifyRequest>): Promise<unknown> =>
      (await snpCollateralOf(parseSnpReport(evidence), { ...request, ...change })).crl
    assert.deepEqual(await given({}), new TextEncoder().encode(old.trimEnd()))
    const crl = example('snp-genoa/crl.der')
    assert.equal(await given({ files: { ...files, snp: { ...files.snp, crl } } }), crl)
    const nothing = (): Promise<never> => Promise.reject(new Error('not asked for'))
    const window = { from: 0, to: 1 }
    const found = { product: 'Genoa', vlek: false, window, leaf: vcek, intermediate: ask, root: ark, crl }
    const source: CollateralSource = { amd: async () => found, pck: nothing, intel: nothing }
    assert.equal(await given({ source }), crl)
  })
})

describe('a certificate table of the host', () => {
  it('with the leaf alone, or that cannot be read, is completed by what is fetched for the leaf', async () => {
    const [leaf, intermediate, root] = ['vcek', 'ask', 'ark'].map((name) => example(`snp-genoa/certs/${name}.der`))
    assert.ok(leaf && intermediate && root)
    const crl = example('snp-genoa/crl.der')
    // Of version 2, which does not tell its product.
    const evidence = Uint8Array.of(2, ...example('snp-genoa/report.bin').subarray(1))
    const files = await readCollateral([], processAround())
    const asked: string[] = []
    const nothing = (): Promise<never> => Promise.reject(new Error('not asked for'))
    const amd: CollateralSource['amd'] = ({ product }) => {
      asked.push(product)
      return Promise.resolve({ product, vlek: false, window: { from: 0, to: 1 }, intermediate, root, crl })
    }
    const given = async (certificateTable: Uint8Array): Promise<SnpCollateralInput> => {
      const request = requestWith(evidence, { ...files, snp: { certificateTable, crl } })
      return snpCollateralOf(parseSnpReport(evidence), { ...request, source: { amd, pck: nothing, intel: nothing } })
    }
    const table = certificateTable([{ guid: TABLE_GUIDS.vcek, data: leaf }])
    assert.equal((await given(table)).ask, intermediate)
    assert.equal((await given(table.subarray(0, 30))).ark, root)
    assert.deepEqual(asked, ['Genoa', 'Milan'])
    const whole = [leaf, intermediate, root].map((data, i) => ({
      guid: [TABLE_GUIDS.vcek, TABLE_GUIDS.ask, TABLE_GUIDS.ark][i] ?? '',
      data,
    }))
    assert.equal((await given(certificateTable(whole))).ark, undefined)
    assert.equal(asked.length, 2)
  })
})
