import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  type AmdProduct,
  EXAMPLE_TD,
  fromHex,
  generateKey,
  encodeIdBlock as kitIdBlock,
  encodeTdReport as kitTdReport,
  makeSgx,
  makeSnp,
  makeTdx,
  pemChain,
  reportResponse,
  toHex,
} from '@sekisho/emulator/kit'
import { encodeSnpReport, parseSnpReport } from '../src/snp/index.ts'
import { encodeQuote, parseTdxQuote } from '../src/tdx/index.ts'
import { assertIncomplete, assertVerified, judgeSgx, judgeSnp, judgeTdx } from './soundness/kit.ts'

const PRODUCTS: readonly AmdProduct[] = ['Milan', 'Genoa', 'Turin']

/**
 * The test kit writes every structure from the specifications without a line of this package: where the
 * two read them differently, one of these fails.
 */
describe('what the test kit signs as specified is genuine', () => {
  for (const product of PRODUCTS) {
    for (const role of ['vcek', 'vlek'] as const) {
      it(`SNP reports of version 2, 3 and 5 of ${product}, signed by a ${role.toUpperCase()}`, () => {
        for (const version of [2, 3, 5]) assertVerified(judgeSnp(makeSnp({ product, role, version })))
      })
    }
  }
  it('SNP reports of CPUID model A0h, which carry Genoa certificates', () => {
    assertVerified(judgeSnp(makeSnp({ report: { cpuid: [0x19, 0xa0, 2] } })))
  })
  it('SNP reports with an ID block, with and without an author key', () => {
    const [idKey, authorKey] = [generateKey('P-384'), generateKey('P-384')]
    for (const idBlock of [{ idKey }, { idKey, authorKey }]) {
      const made = makeSnp({ idBlock, report: { guestSvn: 4, familyId: 'fa'.repeat(16), imageId: '1a'.repeat(16) } })
      assertVerified(judgeSnp(made))
      const { idKeyDigest: signer } = made.fields
      const expect = {
        signer: [signer],
        minSvn: 4,
        nonce: made.expectations.nonce,
        minTcb: { snp: 0 },
        allowEmulated: true,
      }
      assertVerified(judgeSnp(made, { expect }))
    }
  })
  it('SNP reports as firmware and hosts hand them out', () => {
    for (const role of ['vcek', 'vlek'] as const) {
      const made = makeSnp({ role })
      const collateral = { certificateTable: made.certificateTable, crl: made.crl }
      assertVerified(judgeSnp(made, { collateral }, reportResponse(made.evidence)))
      assertVerified(judgeSnp(made, { collateral }))
    }
  })
  for (const ca of ['platform', 'processor'] as const) {
    it(`SGX quotes of formats 3, 4 and 5 under the ${ca} CA`, () => {
      for (const version of [3, 4, 5] as const) assertVerified(judgeSgx(makeSgx({ ca, version })))
    })
  }
  it('SGX quotes with TCB info of version 2', () => {
    assertVerified(judgeSgx(makeSgx({ tcbInfo: { version: 2 } })))
  })
  it('SGX quotes whose PCK chain comes with the collateral', () => {
    for (const certificationType of [1, 2, 3]) {
      const made = makeSgx({ quote: { certificationType } })
      const { pck, authority } = made
      const chain = pemChain(pck.der, authority.platform.der, authority.root.der)
      assertVerified(judgeSgx(made, { collateral: { ...made.collateral, pck_certificate_chain: chain } }))
      assert.equal(judgeSgx(made).outcome, 'incomplete')
    }
  })
  it('but none with a platform manifest, which names no certificate', () => {
    for (const made of [
      makeSgx({ quote: { certificationType: 7 } }),
      makeSgx({ version: 4, quote: { certificationType: 7 } }),
    ]) {
      const { pck, authority } = made
      const chain = pemChain(pck.der, authority.platform.der, authority.root.der)
      const verdict = judgeSgx(made, { collateral: { ...made.collateral, pck_certificate_chain: chain } })
      assertIncomplete(verdict, 'sgx.pck.present')
    }
  })
  it('quotes with authentication data of other lengths', () => {
    for (const length of [0, 1, 1000])
      assertVerified(judgeTdx(makeTdx({ quote: { authData: new Uint8Array(length).fill(9) } })))
  })
  it('TDX quotes of format 4, and of format 5 with all kinds of body', () => {
    assertVerified(judgeTdx(makeTdx()))
    for (const bodyType of [2, 3, 4] as const) assertVerified(judgeTdx(makeTdx({ version: 5, bodyType })))
  })
  it('TDs whose owner says who he is, once he is compared', () => {
    const made = makeTdx({ td: { mrOwner: '0a'.repeat(48) } })
    assertIncomplete(judgeTdx(made), 'tdx.expect.owner')
  })
})

describe('both encoders write the same bytes', () => {
  it('SNP reports', () => {
    for (const product of PRODUCTS) {
      for (const version of [2, 3, 5]) {
        const { evidence } = makeSnp({
          product,
          version,
          tcb: { fmc: 3, bootLoader: 200, tee: 7, snp: 150, microcode: 255 },
        })
        assert.equal(toHex(encodeSnpReport(parseSnpReport(evidence))), toHex(evidence))
      }
    }
  })
  it('TDX quotes', () => {
    for (const options of [{}, { version: 5, bodyType: 3 }, { version: 5, bodyType: 4 }] as const) {
      const { evidence } = makeTdx(options)
      assert.equal(toHex(encodeQuote(parseTdxQuote(evidence))), toHex(evidence))
    }
  })
  it('TD reports, field by field', () => {
    const fields = Object.fromEntries(
      Object.entries(EXAMPLE_TD).map(([name, value], i) => [
        name,
        typeof value === 'string' ? (i + 16).toString(16).repeat(value.length / 2) : value,
      ]),
    )
    const td = { ...EXAMPLE_TD, ...fields }
    const { body } = parseTdxQuote(makeTdx({ version: 5, bodyType: 3, td }).evidence)
    for (const name of [
      'teeTcbSvn',
      'mrSeam',
      'mrSignerSeam',
      'seamAttributes',
      'tdAttributes',
      'xfam',
      'mrTd',
      'mrConfigId',
      'mrOwner',
      'mrOwnerConfig',
      'reportData',
      'mrServiceTd',
      'teeTcbSvn2',
    ] as const) {
      assert.equal(toHex(body[name] ?? new Uint8Array(0)), td[name], name)
    }
    assert.equal(kitTdReport(td, 3).length, 648)
  })
  it('ID blocks', () => {
    const block = kitIdBlock({
      launchDigest: 'ab'.repeat(48),
      familyId: '01'.repeat(16),
      imageId: '02'.repeat(16),
      version: 1,
      guestSvn: 9,
      policy: 0x30000n,
    })
    assert.deepEqual(block.subarray(80), fromHex('01000000090000000000030000000000'))
  })
})
