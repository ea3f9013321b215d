import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { createIntelAuthority, flipBit, fromHex, makeSgx, makeSnp, makeTdx, toHex } from '@sekisho/emulator/kit'
import { canonicalJson } from '../../src/core/canonical.ts'
import { createMemory } from '../../src/core/memory.ts'
import type { Verdict } from '../../src/core/verdict.ts'
import { verifySgxSync } from '../../src/sgx/verify.ts'
import { verifySnpSync } from '../../src/snp/verify.ts'
import { verifyTdxSync } from '../../src/tdx/verify.ts'
import type { DoorAnswer, DoorCase } from './door.ts'
import {
  assertIncomplete,
  assertRefuted,
  assertUnwanted,
  assertVerified,
  checkOf,
  judgeSgx,
  judgeSnp,
  judgeTdx,
  tdxExpectations,
} from './kit.ts'

describe('soundness 7: the browser build skipped checks that the server build made', () => {
  const [sgx, tdx, snp] = [makeSgx(), makeTdx(), makeSnp()]
  const hexParts = (parts: object): Readonly<Record<string, string>> =>
    Object.fromEntries(Object.entries(parts).map(([name, bytes]) => [name, toHex(bytes)]))
  const cases = (): readonly DoorCase[] => {
    const at = '2026-06-15T12:00:00Z'
    const sgxCase = (made: typeof sgx): DoorCase => ({
      tee: 'sgx',
      at,
      anchor: made.anchor,
      expect: made.expectations,
      evidence: toHex(made.evidence),
      collateral: { ...made.collateral },
    })
    const tdxCase: DoorCase = {
      tee: 'tdx',
      at,
      anchor: tdx.anchor,
      expect: tdxExpectations(tdx.expectations),
      evidence: toHex(tdx.evidence),
      collateral: { ...tdx.collateral },
    }
    const { minTcb: _, ...expect } = snp.expectations
    const snpCase = (made: typeof snp): DoorCase => ({
      tee: 'snp',
      at,
      anchor: made.anchor,
      expect,
      evidence: toHex(made.evidence),
      collateral: hexParts(made.collateral),
    })
    const flipped = (one: DoorCase, byte: number): DoorCase => ({
      ...one,
      evidence: toHex(flipBit(fromHex(one.evidence), byte)),
    })
    return [
      ...[
        sgxCase(sgx),
        sgxCase(makeSgx({ pckCrl: { corrupt: 'signature' } })),
        flipped(sgxCase(sgx), 120),
        { ...sgxCase(sgx), at: '2027-01-01T00:00:00Z' },
      ],
      ...[tdxCase, flipped(tdxCase, 200), flipped(tdxCase, 640), { ...tdxCase, collateral: {} }],
      ...[
        snpCase(snp),
        snpCase(makeSnp({ leafCertificate: { corrupt: 'signature' } })),
        flipped(snpCase(snp), 0x90),
        flipped(snpCase(snp), 0x2a0 + 60),
      ],
    ]
  }
  const through = (input: string, ...flags: string[]): DoorAnswer => {
    const { stdout, stderr, status } = spawnSync(process.execPath, [...flags, join(import.meta.dirname, 'door.js')], {
      input,
      encoding: 'utf8',
    })
    assert.equal(status, 0, stderr)
    return JSON.parse(stdout)
  }
  it('WebCrypto and node:crypto give the same verdicts, byte for byte, good and bad', () => {
    const input = JSON.stringify(cases())
    const node = through(input)
    const web = through(input, '--conditions=browser')
    assert.deepEqual([node.synchronous, web.synchronous], [true, false])
    assert.deepEqual(web.verdicts, node.verdicts)
    const outcomes: readonly Verdict[] = node.verdicts.map((one) => JSON.parse(one))
    assert.deepEqual(
      outcomes.map((one) => one.authenticity === 'proven'),
      [true, false, false, false, true, false, false, false, true, false, false, false],
    )
  })
})

describe('soundness 8: verify() proved "genuine" and never asked "which code"', () => {
  it('without expectations there is no yes', () => {
    const expect = { allowEmulated: true } as const
    assertIncomplete(
      judgeSgx(makeSgx(), { expect }),
      'sgx.expect.measurement',
      'sgx.expect.report-data',
      'sgx.expect.freshness',
    )
    const registers = [0, 1, 2].map((i) => `tdx.expect.rtmr${i}`)
    assertIncomplete(
      judgeTdx(makeTdx(), { expect }),
      'tdx.expect.measurement',
      ...registers,
      'tdx.expect.report-data',
      'tdx.expect.freshness',
    )
    const wanted = ['measurement', 'report-data', 'freshness', 'min-tcb'].map((name) => `snp.expect.${name}`)
    assertIncomplete(judgeSnp(makeSnp(), { expect }), ...wanted)
  })
  it('a waiver is by name, shows in the verdict, and a misspelt one is an error', () => {
    const made = makeSgx()
    const { measurement: _, ...expect } = made.expectations
    const verdict = judgeSgx(made, { expect, waive: ['sgx.expect.measurement'] })
    assertVerified(verdict)
    assert.deepEqual(verdict.waived, ['sgx.expect.measurement'])
    assert.equal(checkOf(verdict, 'sgx.expect.measurement').waived, true)
    assert.throws(() => judgeSgx(made, { expect, waive: ['sgx.expect.mesurement'] }), TypeError)
  })
  it('a misspelt expectation is an error, not one that holds', () => {
    const made = makeSgx()
    // @ts-expect-error: the types know no such field either
    assert.throws(() => judgeSgx(made, { expect: { ...made.expectations, mesurement: ['00'] } }), TypeError)
  })
})

describe('soundness 9: a key in attacker-supplied JSON selected the always-true test verifier', () => {
  it('no member of the collateral selects a verifier, an anchor or a waiver', () => {
    const forged = makeSgx({ authority: createIntelAuthority() })
    const { evidence, at, collateral } = forged
    const expect = { ...forged.expectations }
    const plain = verifySgxSync(evidence, { at, collateral, expect })
    const attack = {
      tee: 'none',
      verifier: 'sample',
      skip: true,
      trustAnchors: [forged.anchor],
      waive: ['sgx.pck.root'],
      allowEmulated: true,
      at: '2026-06-15T12:00:00Z',
    }
    const verdict = verifySgxSync(evidence, { at, collateral: { ...collateral, ...attack }, expect })
    assert.equal(verdict.authenticity, 'refuted')
    assert.equal(canonicalJson(verdict), canonicalJson(plain))
  })
  it('expectations with members from a prototype, or with unknown ones, allow nothing', () => {
    const made = makeSgx()
    const expect = JSON.parse('{"__proto__":{"allowEmulated":true}}')
    assert.throws(() => judgeSgx(made, { expect }), TypeError)
    assertUnwanted(judgeSgx(made, { expect: Object.create({ allowEmulated: true }) }), 'sgx.platform.hardware')
  })
  it('evidence of another TEE is not taken for this one', () => {
    const [sgx, tdx] = [makeSgx({ version: 4 }), makeTdx()]
    assert.throws(() => verifyTdxSync(sgx.evidence, { at: sgx.at }))
    assert.throws(() => verifySgxSync(tdx.evidence, { at: tdx.at }))
    assert.throws(() => verifySnpSync(tdx.evidence, { at: tdx.at }))
  })
})

describe('soundness 10: a certificate issued to a workload with no TEE at all, or in debug mode', () => {
  it('debug mode rejects unless it is allowed by name', () => {
    const sgx = makeSgx({ enclave: { attributes: '0700000000000000e700000000000000' } })
    assertUnwanted(judgeSgx(sgx), 'sgx.enclave.debug')
    assertUnwanted(judgeTdx(makeTdx({ td: { tdAttributes: '0100001000000000' } })), 'tdx.td.debug')
    assertUnwanted(judgeSnp(makeSnp({ report: { policy: 0xb0000n } })), 'snp.debug')
    assertVerified(judgeSgx(sgx, { expect: { ...sgx.expectations, allowDebug: true } }))
  })
  it('a root that is no hardware vendor rejects unless it is allowed by name, and shows even then', () => {
    const made = makeSnp()
    const { allowEmulated: _, ...expect } = made.expectations
    assertUnwanted(judgeSnp(made, { expect }), 'snp.hardware')
    const verdict = judgeSnp(made)
    assert.deepEqual(
      [verdict.emulated, verdict.claims.hardware, verdict.summary.startsWith('EMULATED')],
      [true, false, true],
    )
  })
  it('a report that nobody signed is no report', () => {
    assertRefuted(judgeSnp(makeSnp({ report: { keyInfo: 7 << 2 } })), 'snp.report.signed')
  })
  it('a guest that its migration agent may read rejects', () => {
    assertUnwanted(judgeSnp(makeSnp({ report: { policy: 0x70000n } })), 'snp.migration')
  })
})

describe('soundness 11: state attested once, used for days', () => {
  it('a verdict is for one moment, which it names', () => {
    const made = makeTdx()
    assert.equal(judgeTdx(made).at, '2026-06-15T12:00:00Z')
    assert.equal(judgeTdx(made, { at: new Date('2026-08-01T00:00:00Z') }).outcome, 'rejected')
  })
  it('what is remembered does not outlive validity: Intel', () => {
    const made = makeTdx({ pckCertificate: { notAfter: new Date('2026-06-20T00:00:00Z') } })
    const memory = createMemory()
    assertVerified(judgeTdx(made, { memory }))
    assertVerified(judgeTdx(made, { memory }))
    assert.ok(memory.entries > 0)
    assertRefuted(judgeTdx(made, { memory, at: new Date('2026-06-20T00:00:01Z') }), 'tdx.pck.validity')
  })
  it('what is remembered does not outlive revocation: Intel', () => {
    const made = makeTdx()
    const memory = createMemory()
    assertVerified(judgeTdx(made, { memory }))
    const { collateral } = makeTdx({ pckCrl: { revoked: [{ serial: made.pck.serial }] } })
    assertRefuted(
      judgeTdx(made, { memory, collateral: { ...made.collateral, pck_crl: collateral.pck_crl } }),
      'tdx.pck.revocation',
    )
  })
  it('what is remembered does not outlive validity or revocation: AMD', () => {
    const made = makeSnp({ leafCertificate: { notAfter: new Date('2026-06-20T00:00:00Z') } })
    const memory = createMemory()
    assertVerified(judgeSnp(made, { memory }))
    assert.ok(memory.entries > 0)
    assertRefuted(judgeSnp(made, { memory, at: new Date('2026-06-20T00:00:01Z') }), 'snp.chain.not-after')
    const { crl } = makeSnp({ crl: { revoked: [{ serial: 0x20001 }] } })
    assertRefuted(judgeSnp(made, { memory, collateral: { ...made.collateral, crl } }), 'snp.crl.not-revoked')
  })
  it('a memory filled by forgeries makes nothing genuine, and what is trusted is asked each time', () => {
    const memory = createMemory()
    const forged = makeTdx({ quote: { qeReportSigner: createIntelAuthority().root.key } })
    for (let i = 0; i < 3; i++) assertRefuted(judgeTdx(forged, { memory }), 'tdx.qe.report-signature')
    const made = makeTdx()
    assertVerified(judgeTdx(made, { memory }))
    assert.equal(checkOf(judgeTdx(made, { memory, trustAnchors: [] }), 'tdx.pck.root').outcome, 'fail')
  })
})

describe('soundness 12: a skipped revocation check reported as success with a side field to look at', () => {
  it('SNP without a revocation list is not a yes', () => {
    const made = makeSnp()
    const { crl: _, ...collateral } = made.collateral
    assertIncomplete(judgeSnp(made, { collateral }), 'snp.crl.present')
    const waived = judgeSnp(made, { collateral, waive: ['snp.crl.present'] })
    assertVerified(waived)
    assert.deepEqual(waived.waived, ['snp.crl.present'])
    assert.match(waived.summary, /waived/)
  })
  it('SGX and TDX without one of their two lists is not a yes', () => {
    for (const [member, id] of [
      ['root_ca_crl', 'crl.root.present'],
      ['pck_crl', 'crl.pck.present'],
    ] as const) {
      const [sgx, tdx] = [makeSgx(), makeTdx()]
      const { [member]: _, ...sgxCollateral } = sgx.collateral
      const { [member]: __, ...tdxCollateral } = tdx.collateral
      assertIncomplete(judgeSgx(sgx, { collateral: sgxCollateral }), `sgx.${id}`)
      assertIncomplete(judgeTdx(tdx, { collateral: tdxCollateral }), `tdx.${id}`)
    }
  })
  it('a list that cannot be read is a failure, not an absent list', () => {
    const made = makeSnp()
    const collateral = { ...made.collateral, crl: Uint8Array.of(0x30, 0x03, 1) }
    assertRefuted(judgeSnp(made, { collateral, waive: ['snp.crl.present'] }), 'snp.crl.well-formed')
    const sgx = makeSgx()
    assert.equal(judgeSgx(sgx, { collateral: { ...sgx.collateral, pck_crl: '3003' } }).authenticity, 'refuted')
  })
  it('no collateral at all is incomplete, and never proven', () => {
    const [sgx, snp] = [makeSgx(), makeSnp()]
    for (const verdict of [judgeSgx(sgx, { collateral: {} }), judgeSnp(snp, { collateral: {} })]) {
      assert.notEqual(verdict.authenticity, 'proven')
      assert.notEqual(verdict.outcome, 'verified')
    }
  })
})
