import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { generateKey, makeSgx, makeSnp, makeTdx } from '@sekisho/emulator/kit'
import { createMemory } from '../src/core/memory.ts'
import type { Claims, Verdict } from '../src/core/verdict.ts'
import { verifyNitroSync } from '../src/nitro/index.ts'
import { verifySevSync } from '../src/sev/index.ts'
import { type SgxExpectations, verifySgxSync } from '../src/sgx/index.ts'
import { type SnpCollateralInput, type SnpExpectations, verifySnpSync } from '../src/snp/index.ts'
import { verifyTdxSync } from '../src/tdx/index.ts'
import { verifyTpmSync } from '../src/tpm/index.ts'
import { judged as judgeCca, rems } from './cca-kit.ts'
import { makeDocument, ANCHOR as NITRO_ANCHOR, AT as NITRO_AT } from './nitro-kit.ts'
import { judge as judgeNvidia } from './nvidia-kit.ts'
import {
  type ChainChange,
  chainFiles,
  LAUNCH,
  makeMeasure,
  makeReport,
  ANCHOR as SEV_ANCHOR,
  AT as SEV_AT,
} from './sev-kit.ts'
import { checkOf, checksOf } from './soundness/kit.ts'
import { synthetic, AT as TPM_AT } from './tpm-kit.ts'
import { missing } from './vectors.ts'

/** What nobody has looked at, without what was not reached for it. */
function open(verdict: Verdict<Claims>): readonly string[] {
  return checksOf(verdict)
    .filter(({ outcome, blockedBy }) => outcome === 'unchecked' && blockedBy === undefined)
    .map(({ id }) => id.slice(id.indexOf('.') + 1))
}

const guest = makeSnp({ idBlock: { idKey: generateKey('P-384') }, report: { vmpl: 2, hostData: '22'.repeat(32) } })
const snp = (expect: SnpExpectations, collateral: SnpCollateralInput = guest.collateral): Verdict<Claims> =>
  verifySnpSync(guest.evidence, {
    at: guest.at,
    collateral,
    trustAnchors: [guest.anchor],
    expect: { allowEmulated: true, ...expect },
  })
const enclave = makeSgx()
const sgx = (expect: SgxExpectations): Verdict<Claims> =>
  verifySgxSync(enclave.evidence, {
    at: enclave.at,
    collateral: enclave.collateral,
    trustAnchors: [enclave.anchor],
    expect: { allowEmulated: true, ...expect },
  })
const tdx = (): Verdict<Claims> => {
  const { evidence, at, collateral, anchor } = makeTdx()
  return verifyTdxSync(evidence, { at, collateral, trustAnchors: [anchor], expect: { allowEmulated: true } })
}
const sev = (evidence: Uint8Array, options: object = {}, chain: ChainChange = {}): Verdict<Claims> =>
  verifySevSync(evidence, { at: SEV_AT, certificates: chainFiles(chain), trustAnchors: [SEV_ANCHOR], ...options })
const tpm = (): Verdict<Claims> => {
  const { evidence, anchor } = synthetic('ecdsa-p256')
  return verifyTpmSync(evidence, { at: TPM_AT, trustAnchors: [anchor], expect: { allowEmulated: true } })
}

describe('what nobody said anything about stays open, all of it', () => {
  const rows: readonly (readonly [string, () => Verdict<Claims>, readonly string[]])[] = [
    [
      'SNP',
      () => snp({}),
      ['vmpl', 'measurement', 'report-data', 'freshness', 'host-data', 'min-tcb'].map((one) => `expect.${one}`),
    ],
    [
      'SNP without endorsements',
      () => snp({ measurement: [guest.fields.measurement], vmpl: [2], hostData: [guest.fields.hostData] }, {}),
      [
        ...['leaf', 'intermediate', 'ark', 'crl'].map((one) => `${one}.present`),
        ...['report-data', 'freshness', 'min-tcb'].map((one) => `expect.${one}`),
      ],
    ],
    [
      'SNP, of a signer without a version',
      () => snp({ signer: [guest.fields.idKeyDigest] }),
      ['vmpl', 'measurement', 'svn', 'report-data', 'freshness', 'host-data', 'min-tcb'].map((one) => `expect.${one}`),
    ],
    ['SGX', () => sgx({}), ['expect.measurement', 'expect.report-data', 'expect.freshness']],
    [
      'SGX, of a signer without a version',
      () => sgx({ signer: ['22'.repeat(32)] }),
      ['product-id', 'svn', 'report-data', 'freshness'].map((one) => `expect.${one}`),
    ],
    ['TDX', tdx, ['measurement', 'rtmr0', 'rtmr1', 'rtmr2', 'report-data', 'freshness'].map((one) => `expect.${one}`)],
    ['SEV', () => sev(makeReport()), ['expect.measurement', 'expect.freshness', 'expect.firmware']],
    [
      'SEV, a launch of which nobody knows anything',
      () => sev(makeMeasure()),
      [
        ...['launch.known', 'launch.mac', 'debug', 'policy.reserved'],
        ...['policy', 'measurement', 'freshness', 'firmware'].map((one) => `expect.${one}`),
      ],
    ],
    [
      'SEV, a launch with its TIK',
      () => sev(makeMeasure(), { launch: LAUNCH }),
      ['launch.mac', 'expect.measurement', 'expect.freshness', 'expect.firmware'],
    ],
    [
      'SEV, whose owner is not shown',
      () => sev(makeReport(), { expect: { owners: ['08'.repeat(32)] } }, { without: 'oca' }),
      ['oca.present', 'expect.measurement', 'expect.freshness', 'expect.firmware', 'expect.owner'],
    ],
    [
      'Nitro',
      () => verifyNitroSync(makeDocument(), { at: NITRO_AT, trustAnchors: [NITRO_ANCHOR] }),
      ['expect.measurement', 'expect.user-data', 'expect.freshness'],
    ],
    ['NVIDIA', () => judgeNvidia({ options: { expect: {} } }), ['expect.freshness', 'expect.driver', 'expect.vbios']],
    [
      'CCA',
      () =>
        judgeCca({
          expect: { nonce: undefined, measurement: undefined } as object,
          realm: { extensibleMeasurements: rems(0) },
        }),
      ['expect.measurement', 'expect.rem0', 'expect.report-data', 'expect.freshness'],
    ],
  ]
  for (const [what, judge, ids] of rows) it(what, () => assert.deepEqual(open(judge()), ids))
  it('TPM', { skip: missing('tpm') }, () => {
    const wishes = ['measurement', 'open-pcrs', 'report-data', 'freshness'].map((one) => `expect.${one}`)
    assert.deepEqual(open(tpm()), wishes)
  })
})

describe('report data', () => {
  const reportData = guest.fields.reportData
  for (const [expect, outcome] of [
    [{ reportData }, 'unchecked'],
    [{ reportDataIsFresh: true }, 'unchecked'],
    [{ reportData, reportDataIsFresh: true }, 'pass'],
    [{ reportData: '01', reportDataIsFresh: true }, 'fail'],
  ] as const)
    it(`shows no freshness unless it was derived for this exchange, and is that: ${outcome}`, () =>
      assert.equal(checkOf(snp(expect), 'snp.expect.freshness').outcome, outcome))
})

describe('a memory', () => {
  it('keeps to its bound: what was asked for longest ago goes', () => {
    const memory = createMemory(2 * (2048 + 4 * 1000))
    const value = { certificates: [], jobs: [] }
    const held = (): readonly string[] => ['a', 'b', 'c', 'd'].filter((key) => memory.get(key) !== undefined)
    for (const key of ['a', 'b', 'a']) memory.set(key, value, 1000)
    assert.deepEqual([memory.entries, memory.bytes, held()], [2, 12096, ['a', 'b']])
    memory.get('a')
    memory.set('c', value, 1000)
    assert.deepEqual([memory.entries, memory.bytes, held()], [2, 12096, ['a', 'c']])
    memory.set('d', value, 2513)
    assert.deepEqual([memory.entries, memory.bytes, held()], [2, 12096, ['a', 'c']])
    memory.set('d', value, 2512)
    assert.deepEqual([memory.entries, memory.bytes, held()], [1, 12096, ['d']])
  })
})
