import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  EXAMPLE_MODULES,
  EXAMPLE_PLATFORM,
  exampleLevels,
  type ModuleIdentity,
  makeSgx,
  makeTdx,
  type PlatformLevel,
  type SvnLevel,
} from '@sekisho/emulator/kit'
import { assertRefuted, assertUnwanted, assertVerified, checkOf, failing, judgeSgx, judgeTdx } from './kit.ts'

const [TDX_LEVEL] = exampleLevels('TDX', EXAMPLE_PLATFORM) as [PlatformLevel]
const [SGX_LEVEL, SGX_OLD] = exampleLevels('SGX', EXAMPLE_PLATFORM) as [PlatformLevel, PlatformLevel]
const DATE = '2026-01-01T00:00:00Z'

/** TDX components with other values in front. */
function tdxComponents(...first: readonly number[]): readonly number[] {
  return [...first, ...(TDX_LEVEL.tdxComponents ?? []).slice(first.length)]
}

/** A TD whose TEE_TCB_SVN begins with these bytes. */
function svns(minor: number, major: number, late = 7): string {
  return Buffer.from([minor, major, late]).toString('hex').padEnd(32, '0')
}

/** The identity of module version 1 with other levels. */
function module1(...levels: readonly SvnLevel[]): readonly ModuleIdentity[] {
  return EXAMPLE_MODULES.map((one) => (one.id === 'TDX_01' ? { ...one, levels } : one))
}

describe('soundness 13: TEE_TCB_SVN bytes 0 and 1 compared although the module identity rules, or the identity never consulted', () => {
  it('module version 1: bytes 0 and 1 of the level are not compared', () => {
    const levels = [{ ...TDX_LEVEL, tdxComponents: tdxComponents(200, 200) }]
    assertVerified(judgeTdx(makeTdx({ tcbInfo: { levels } })))
  })
  it('module version 1: byte 2 of the level is compared', () => {
    const levels = [{ ...TDX_LEVEL, tdxComponents: tdxComponents(0, 0, 8) }]
    assertRefuted(judgeTdx(makeTdx({ tcbInfo: { levels } })), 'tdx.tcb.level')
  })
  it('module version 0: bytes 0 and 1 of the level are compared', () => {
    const td = { teeTcbSvn: svns(4, 0) }
    assertRefuted(judgeTdx(makeTdx({ td })), 'tdx.tcb.level')
    assertVerified(judgeTdx(makeTdx({ td: { teeTcbSvn: svns(5, 0) } })))
  })
  it('an outdated module makes an up-to-date platform out of date', () => {
    const verdict = judgeTdx(makeTdx({ td: { teeTcbSvn: svns(4, 1) } }))
    assertUnwanted(verdict, 'tdx.tcb.status')
    assert.deepEqual([verdict.claims.tcb.status, verdict.claims.tcb.advisories], ['OutOfDate', ['INTEL-SA-00001']])
  })
  it('a module below every level, revoked, or without an identity is not proven', () => {
    assertRefuted(judgeTdx(makeTdx({ td: { teeTcbSvn: svns(1, 1) } })), 'tdx.tcb.level')
    assertRefuted(judgeTdx(makeTdx({ td: { teeTcbSvn: svns(5, 2) } })), 'tdx.module.identity', 'tdx.tcb.level')
    const revoked = module1({ isvsvn: 2, tcbDate: DATE, tcbStatus: 'Revoked' })
    assertRefuted(judgeTdx(makeTdx({ tcbInfo: { tdxModuleIdentities: revoked } })), 'tdx.tcb.not-revoked')
  })
  it('the identity is found whatever the case of its id, by the hexadecimal version', () => {
    const identity = EXAMPLE_MODULES.filter((one) => one.id === 'TDX_01').map((one) => ({ ...one, id: 'tdx_1a' }))
    assertVerified(judgeTdx(makeTdx({ td: { teeTcbSvn: svns(5, 0x1a) }, tcbInfo: { tdxModuleIdentities: identity } })))
  })
  it('TDX 1.5: both the SVNs at launch and the current ones are judged', () => {
    const launchedOld = makeTdx({ version: 5, bodyType: 3, td: { teeTcbSvn: svns(4, 1), teeTcbSvn2: svns(5, 1) } })
    const verdict = judgeTdx(launchedOld)
    assertUnwanted(verdict, 'tdx.tcb.status')
    assert.equal(verdict.claims.tcb.status, 'TDRelaunchAdvised')
    const currentUnknown = makeTdx({ version: 5, bodyType: 3, td: { teeTcbSvn2: svns(1, 1) } })
    assertRefuted(judgeTdx(currentUnknown), 'tdx.tcb.level')
  })
  it('TDX 1.5: what is said of a module without a level is about the one that has none', () => {
    const said = (teeTcbSvn: string, teeTcbSvn2: string): string | undefined =>
      checkOf(judgeTdx(makeTdx({ version: 5, bodyType: 3, td: { teeTcbSvn, teeTcbSvn2 } })), 'tdx.tcb.level').reason
    assert.equal(said(svns(5, 1), svns(1, 1)), "the TDX module's SVN 1 is below every level")
    assert.equal(said(svns(1, 1), svns(5, 1)), "the TDX module's SVN 1 is below every level")
    assert.equal(said(svns(5, 1), svns(5, 4)), 'the TCB info has no identity of TDX module version 4')
  })
})

describe('soundness 16: MRSIGNERSEAM, SEAMATTRIBUTES, PCE id, QE vendor id ignored', () => {
  it('a TDX module of another signer is refused', () => {
    assertRefuted(judgeTdx(makeTdx({ td: { mrSignerSeam: '01'.repeat(48) } })), 'tdx.module.identity')
    assertRefuted(
      judgeTdx(makeTdx({ td: { mrSignerSeam: '01'.repeat(48), teeTcbSvn: svns(5, 0) } })),
      'tdx.module.identity',
    )
  })
  it('a TDX module with any attribute is refused, even if the mask were to hide it', () => {
    const td = { seamAttributes: '0100000000000000' }
    assertRefuted(judgeTdx(makeTdx({ td })), 'tdx.module.identity')
    const blind = EXAMPLE_MODULES.map((one) => ({ ...one, attributesMask: '00'.repeat(8) }))
    assertRefuted(judgeTdx(makeTdx({ td, tcbInfo: { tdxModuleIdentities: blind } })), 'tdx.module.identity')
  })
  it('the TCB info of another PCE id or FMSPC is refused', () => {
    assertRefuted(judgeSgx(makeSgx({ tcbInfo: { pceId: '0001' } })), 'sgx.tcb-info.pceid')
    assertRefuted(judgeSgx(makeSgx({ tcbInfo: { fmspc: 'C0FFEE000002' } })), 'sgx.tcb-info.fmspc')
  })
  it('a QE of another vendor is refused', () => {
    const quote = { header: { qeVendorId: 'ab'.repeat(16) } }
    assertRefuted(judgeSgx(makeSgx({ quote })), 'sgx.quote.qe-vendor')
    assertRefuted(judgeTdx(makeTdx({ quote })), 'tdx.quote.qe-vendor')
  })
  it('a QE that is not the one of the identity is refused, whichever field differs', () => {
    const wrong = [
      { mrSigner: '66'.repeat(32) },
      { isvProdId: 7 },
      { miscSelect: '01000000' },
      { attributes: '1700000000000000e700000000000000' },
    ]
    for (const qe of wrong) assertRefuted(judgeSgx(makeSgx({ qe })), 'sgx.qe.identity')
  })
})

describe('soundness 17: status merging done as "maximum severity": it is a table', () => {
  const cases = [
    ['UpToDate', 'OutOfDate', 'OutOfDate'],
    ['SWHardeningNeeded', 'OutOfDate', 'OutOfDate'],
    ['ConfigurationNeeded', 'OutOfDate', 'OutOfDateConfigurationNeeded'],
    ['ConfigurationAndSWHardeningNeeded', 'OutOfDate', 'OutOfDateConfigurationNeeded'],
    ['OutOfDate', 'OutOfDate', 'OutOfDate'],
    ['OutOfDateConfigurationNeeded', 'OutOfDate', 'OutOfDateConfigurationNeeded'],
    ['ConfigurationNeeded', 'UpToDate', 'ConfigurationNeeded'],
    ['SWHardeningNeeded', 'UpToDate', 'SWHardeningNeeded'],
  ] as const
  for (const [platform, component, merged] of cases) {
    it(`platform ${platform}, QE or module ${component}: ${merged}`, () => {
      const level: SvnLevel = { isvsvn: 1, tcbDate: DATE, tcbStatus: component }
      const sgx = makeSgx({
        tcbInfo: { levels: [{ ...SGX_LEVEL, tcbStatus: platform }] },
        qeIdentity: { levels: [level] },
      })
      assert.equal(judgeSgx(sgx).claims.tcb.status, merged)
      const levels = [{ ...TDX_LEVEL, tcbStatus: platform }]
      const tdx = makeTdx({ tcbInfo: { levels, tdxModuleIdentities: module1(level) } })
      assert.equal(judgeTdx(tdx).claims.tcb.status, merged)
    })
  }
  it('a revoked part revokes the whole, whatever the others are', () => {
    const revoked: SvnLevel = { isvsvn: 1, tcbDate: DATE, tcbStatus: 'Revoked' }
    for (const tcbStatus of ['UpToDate', 'ConfigurationNeeded', 'OutOfDateConfigurationNeeded']) {
      const made = makeSgx({ tcbInfo: { levels: [{ ...SGX_LEVEL, tcbStatus }] }, qeIdentity: { levels: [revoked] } })
      assertRefuted(judgeSgx(made), 'sgx.tcb.not-revoked')
    }
  })
  it('advisories of all parts are collected, and the earliest date counts', () => {
    const made = makeSgx({
      tcbInfo: { levels: [{ ...SGX_LEVEL, tcbStatus: 'SWHardeningNeeded', advisoryIDs: ['INTEL-SA-00009'] }] },
      qeIdentity: {
        levels: [
          { isvsvn: 1, tcbDate: '2024-02-03T00:00:00Z', tcbStatus: 'OutOfDate', advisoryIDs: ['INTEL-SA-00003'] },
        ],
      },
    })
    const { tcb } = judgeSgx(made).claims
    assert.deepEqual([tcb.advisories, tcb.date], [['INTEL-SA-00003', 'INTEL-SA-00009'], '2024-02-03T00:00:00Z'])
  })
})

describe('soundness 18: TCB levels trusted to be in order', () => {
  it('the highest level that matches counts, wherever it stands', () => {
    const bottom: PlatformLevel = {
      ...SGX_LEVEL,
      components: SGX_LEVEL.components.map(() => 0),
      pcesvn: 0,
      tcbDate: DATE,
      tcbStatus: 'OutOfDate',
    }
    for (const levels of [
      [SGX_LEVEL, SGX_OLD, bottom],
      [bottom, SGX_OLD, SGX_LEVEL],
      [SGX_OLD, SGX_LEVEL, bottom],
    ]) {
      assertVerified(judgeSgx(makeSgx({ tcbInfo: { levels } })))
    }
  })
  it('the order of QE and module levels does not matter either', () => {
    const up: SvnLevel = { isvsvn: 5, tcbDate: DATE, tcbStatus: 'UpToDate' }
    const down: SvnLevel = { isvsvn: 2, tcbDate: DATE, tcbStatus: 'Revoked' }
    for (const levels of [
      [up, down],
      [down, up],
    ]) {
      assertVerified(
        judgeTdx(makeTdx({ qeIdentity: { levels }, tcbInfo: { tdxModuleIdentities: module1(...levels) } })),
      )
    }
  })
  it('a platform is not lifted to a level by the sum of its components', () => {
    const components = EXAMPLE_PLATFORM.components.map((svn, i) => (i === 0 ? 250 : i === 1 ? svn - 1 : svn))
    const verdict = judgeSgx(makeSgx({ pck: { components }, tcbInfo: { levels: [SGX_LEVEL] } }))
    assertRefuted(verdict, 'sgx.tcb.level')
  })
  it('a lower PCESVN alone keeps a platform from a level', () => {
    const verdict = judgeSgx(makeSgx({ pck: { pceSvn: 12 }, tcbInfo: { levels: [SGX_LEVEL] } }))
    assertRefuted(verdict, 'sgx.tcb.level')
  })
  it('two equal levels are a contradiction, not a choice', () => {
    const levels = [SGX_LEVEL, { ...SGX_LEVEL, tcbStatus: 'Revoked' }]
    assert.deepEqual(failing(judgeSgx(makeSgx({ tcbInfo: { levels } }))), ['sgx.tcb-info.present'])
  })
  it('two identities of one module version are a contradiction, whatever the case of their ids', () => {
    const revoked = module1({ isvsvn: 2, tcbDate: DATE, tcbStatus: 'Revoked' })
    const twice = [...EXAMPLE_MODULES, ...revoked.map((one) => ({ ...one, id: one.id.toLowerCase() }))]
    const verdict = judgeTdx(makeTdx({ tcbInfo: { tdxModuleIdentities: twice } }))
    assert.deepEqual(failing(verdict), ['tdx.tcb-info.present'])
  })
})

describe('soundness 20: a revoked QE status returned early and the success flag kept', () => {
  it('a revoked QE, platform or module is not proven, and no waiver mends it', () => {
    const qe = makeSgx({ qe: { isvSvn: 3 } })
    assertRefuted(judgeSgx(qe), 'sgx.tcb.not-revoked')
    assertRefuted(
      judgeSgx(makeSgx({ tcbInfo: { levels: [{ ...SGX_LEVEL, tcbStatus: 'Revoked' }] } })),
      'sgx.tcb.not-revoked',
    )
    assert.throws(() => judgeSgx(qe, { waive: ['sgx.tcb.not-revoked'] }), TypeError)
  })
  it('no exception accepts Revoked', () => {
    const made = makeSgx({ qe: { isvSvn: 3 } })
    const acceptTcb = [{ name: 'all', statuses: ['Revoked'], advisories: [], until: '2030-01-01T00:00:00Z' }]
    const expect = { ...made.expectations, acceptTcb }
    // @ts-expect-error: the types know no such exception either
    assert.throws(() => judgeSgx(made, { expect }), TypeError)
  })
  it('a QE below every level is not proven', () => {
    assertRefuted(judgeSgx(makeSgx({ qe: { isvSvn: 0 } })), 'sgx.tcb.level')
  })
  it('the checks behind a failing one are not passes', () => {
    const verdict = judgeSgx(makeSgx({ qe: { isvSvn: 3 } }))
    assert.equal(checkOf(verdict, 'sgx.tcb.status').outcome, 'unchecked')
  })
})
