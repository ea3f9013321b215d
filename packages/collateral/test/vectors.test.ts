import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pemChain } from '@sekisho/emulator/kit'
import {
  describeAmd,
  describeIntel,
  type IntelCollateralInput,
  networkSource,
  readBundle,
  selectIntel,
  writeBundle,
} from '../src/index.ts'
import { type Canned, canned, startServer } from './hostile-server.ts'
import { casesWith, vectorFile, vectorJson, vectorsMissing } from './vectors.ts'

interface IntelCase {
  readonly tee: 'sgx' | 'tdx'
  readonly evaluateAt: string
  readonly collateralWindow: { readonly from: string; readonly to: string }
  readonly expect: { readonly error: string | null }
}

for (const group of ['intel-sgx', 'intel-tdx']) {
  for (const name of casesWith(group, 'collateral.json')) {
    test(`${group}/${name}: genuine collateral is described, fetched under Intel's root, and packed`, async (t) => {
      const { tee, evaluateAt, collateralWindow, expect } = vectorJson<IntelCase>(group, name, 'case.json')
      const collateral = vectorJson<IntelCollateralInput>(group, name, 'collateral.json')
      const at = new Date(evaluateAt)
      const described = describeIntel(collateral)
      assert.equal(described.tee, tee)
      // The case's window begins later where the PCK certificate inside the quote does.
      assert.ok(described.window.from <= Date.parse(collateralWindow.from))
      assert.equal(described.window.to, Date.parse(collateralWindow.to))
      const server = await startServer(canned(pccsOf(collateral, described)))
      t.after(() => server.close())
      const source = networkSource({ intel: { baseUrl: server.url }, now: () => at })
      const request = { tee, fmspc: described.fmspc, ca: described.ca }
      if (expect.error === 'pck-chain-invalid') {
        await assert.rejects(source.intel(request), { code: 'bad-answer', message: /not signed/ })
        return
      }
      const { collateral: got } = await source.intel(request)
      // Hex and PEM may be spelled otherwise; the signed texts are the same to the letter.
      assert.deepEqual([got.tcb_info, got.qe_identity], [collateral.tcb_info, collateral.qe_identity])
      assert.equal(got.pck_crl, collateral.pck_crl.toLowerCase())
      const bundle = readBundle(writeBundle({ items: [{ kind: 'intel', collateral: described }] }))
      assert.deepEqual(selectIntel(bundle, request, at)?.collateral, collateral)
    })
  }
}

test('genuine vectors of Intel', { skip: vectorsMissing }, () => {
  assert.ok(casesWith('intel-tdx', 'collateral.json').length > 20)
})

function pccsOf(
  collateral: IntelCollateralInput,
  { tee, fmspc, ca }: ReturnType<typeof describeIntel>,
): ReadonlyMap<string, Canned> {
  const chain = (header: string, pem: string): Record<string, string> => ({ [header]: encodeURIComponent(pem) })
  return new Map<string, Canned>([
    [
      `/${tee}/certification/v4/tcb?fmspc=${fmspc}`,
      {
        body: `{"tcbInfo":${collateral.tcb_info},"signature":"${collateral.tcb_info_signature}"}`,
        headers: chain('TCB-Info-Issuer-Chain', collateral.tcb_info_issuer_chain),
      },
    ],
    [
      `/${tee}/certification/v4/qe/identity`,
      {
        body: `{"enclaveIdentity":${collateral.qe_identity},"signature":"${collateral.qe_identity_signature}"}`,
        headers: chain('SGX-Enclave-Identity-Issuer-Chain', collateral.qe_identity_issuer_chain),
      },
    ],
    [
      `/sgx/certification/v4/pckcrl?ca=${ca}&encoding=der`,
      { body: collateral.pck_crl, headers: chain('SGX-PCK-CRL-Issuer-Chain', collateral.pck_crl_issuer_chain) },
    ],
    ['/sgx/certification/v4/rootcacrl', { body: collateral.root_ca_crl }],
  ])
}

const withVcek = casesWith('amd-sev-snp', 'certs/vcek.der')
// The key service gives out no VLEK.
for (const name of casesWith('amd-sev-snp', 'crl.der').filter((one) => withVcek.includes(one))) {
  test(`amd-sev-snp/${name}: genuine certificates and CRL are described, and fetched under AMD's root`, async (t) => {
    const file = (part: string): Uint8Array => vectorFile('amd-sev-snp', name, part)
    const [leaf, intermediate, root, crl] = [
      file('certs/vcek.der'),
      file('certs/ask.der'),
      file('certs/ark.der'),
      file('crl.der'),
    ]
    const described = describeAmd({ leaf, intermediate, root, crl })
    const { product, chipId = '', tcb } = described
    assert.ok(tcb)
    const two = (value: number): string => String(value).padStart(2, '0')
    const server = await startServer(
      canned(
        new Map<string, Canned>([
          [`/vcek/v1/${product}/cert_chain`, { body: pemChain(intermediate, root) }],
          [`/vcek/v1/${product}/crl`, { body: crl }],
          [
            `/vcek/v1/${product}/${chipId}?blSPL=${two(tcb.bootloader)}&teeSPL=${two(tcb.tee)}&snpSPL=${two(tcb.snp)}&ucodeSPL=${two(tcb.microcode)}`,
            { body: leaf },
          ],
        ]),
      ),
    )
    t.after(() => server.close())
    const source = networkSource({ amd: { baseUrl: server.url }, now: () => new Date(described.window.from) })
    assert.deepEqual(await source.amd({ product, chipId, tcb, vlek: false }), described)
  })
}

const withReport = casesWith('amd-sev-snp', 'evidence.bin')
for (const name of withVcek.filter((one) => withReport.includes(one))) {
  test(`amd-sev-snp/${name}: the VCEK names the machine of the report`, () => {
    const certificate = (part: string): Uint8Array => vectorFile('amd-sev-snp', name, `certs/${part}.der`)
    const [withCrl = ''] = casesWith('amd-sev-snp', 'crl.der')
    const crl = vectorFile('amd-sev-snp', withCrl, 'crl.der')
    const { chipId, vlek, product } = describeAmd({
      leaf: certificate('vcek'),
      intermediate: certificate('ask'),
      root: certificate('ark'),
      crl,
    })
    assert.equal(vlek, false)
    const report = vectorFile('amd-sev-snp', name, 'evidence.bin')
    const inReport = Buffer.from(report.subarray(0x1a0, 0x1e0)).toString('hex')
    if (!/^0+$/.test(inReport)) assert.equal(inReport.slice(0, product === 'Turin' ? 16 : 128), chipId)
  })
}
