import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { EXAMPLE_MODULES, makeSgx, makeSnp, makeTdx } from '@sekisho/emulator/kit'
import { createMemory } from '../src/core/memory.ts'
import type { TrustAnchor, Verdict } from '../src/core/verdict.ts'
import { verifySgxSync } from '../src/sgx/index.ts'
import { verifySnpSync } from '../src/snp/index.ts'
import { type TdxExpectations, verifyTdxSync } from '../src/tdx/index.ts'

/** Ids of the checks that failed. */
function failed({ checks }: Verdict): readonly string[] {
  return checks.flatMap((group) => group.checks.filter((one) => one.outcome === 'fail').map((one) => one.id))
}

/** The same root, not saying that it is no vendor's. */
function silent({ id, name, vendor, spkiSha256 }: TrustAnchor): TrustAnchor {
  return { id, name, vendor, spkiSha256 }
}

/** What the kit expects of its TD, with registers as lists. */
function wanted({ rtmr0, rtmr1, rtmr2, ...rest }: ReturnType<typeof makeTdx>['expectations']): TdxExpectations {
  return { ...rest, rtmr0: [rtmr0], rtmr1: [rtmr1], rtmr2: [rtmr2] }
}

describe('found by attacking the verifier', () => {
  it('a root that is not the vendor’s and does not say so is refused as an option', () => {
    const snp = makeSnp()
    const tdx = makeTdx()
    const wrong = { name: 'TypeError', message: /must say `emulated: true`/ }
    const options = { at: snp.at, collateral: snp.collateral, trustAnchors: [silent(snp.anchor)] }
    assert.throws(() => verifySnpSync(snp.evidence, options), wrong)
    const others = { at: tdx.at, collateral: tdx.collateral, trustAnchors: [silent(tdx.anchor)] }
    assert.throws(() => verifyTdxSync(tdx.evidence, others), wrong)
  })

  it('an exception has to accept the advisories of today as well as those of the launch', () => {
    const levels = [
      { isvsvn: 9, tcbDate: '2026-01-05T00:00:00Z', tcbStatus: 'UpToDate', advisoryIDs: ['INTEL-SA-CURRENT'] },
      { isvsvn: 2, tcbDate: '2025-01-05T00:00:00Z', tcbStatus: 'OutOfDate', advisoryIDs: ['INTEL-SA-00001'] },
    ]
    const [, module] = EXAMPLE_MODULES
    assert.ok(module)
    const made = makeTdx({
      version: 5,
      bodyType: 3,
      tcbInfo: { tdxModuleIdentities: [{ ...module, levels }] },
      td: { teeTcbSvn: '05010700000000000000000000000000', teeTcbSvn2: '09010700000000000000000000000000' },
    })
    const judged = (advisories: readonly string[]): Verdict => {
      const exception = {
        name: 'x',
        statuses: ['TDRelaunchAdvised'] as const,
        advisories,
        until: '2030-01-01T00:00:00Z',
      }
      const { evidence, collateral, at, anchor, expectations } = made
      const expect = { ...wanted(expectations), acceptTcb: [exception] }
      return verifyTdxSync(evidence, { collateral, at, trustAnchors: [anchor], expect })
    }
    assert.deepEqual(failed(judged(['INTEL-SA-00001'])), ['tdx.tcb.status'])
    assert.equal(judged(['INTEL-SA-00001', 'INTEL-SA-CURRENT']).outcome, 'verified')
  })

  it('a service TD that only an extended report names is bound all the same', () => {
    const { evidence, collateral, at, anchor, expectations } = makeTdx({
      version: 5,
      bodyType: 4,
      td: { extended: 'ff'.repeat(237) },
    })
    const expect = wanted(expectations)
    const verdict = verifyTdxSync(evidence, { collateral, at, trustAnchors: [anchor], expect })
    assert.deepEqual(failed(verdict), ['tdx.td.service-td'])
  })

  it('an object that would read as expecting nothing is no expectations object', () => {
    const { evidence, collateral, at, anchor } = makeSnp()
    for (const expect of [new Map([['vmpl', 3]]), new Date(0), []]) {
      const options = { collateral, at, trustAnchors: [anchor], expect: Object(expect) }
      assert.throws(() => verifySnpSync(evidence, options), { name: 'TypeError', message: /expected an object/ })
    }
  })

  it('a revocation list that one goes without is an assumption', () => {
    const { evidence, collateral, at, anchor, expectations } = makeSnp()
    const { crl: _, ...without } = collateral
    const waive = ['snp.crl.present']
    const options = { collateral: without, at, trustAnchors: [anchor], expect: expectations, waive }
    const verdict = verifySnpSync(evidence, options)
    assert.deepEqual(verdict.waived, waive)
    assert.ok(verdict.assumed.some(({ id }) => id === 'not-revoked'))
  })

  it('forgeries do not push good platforms out of the memory', () => {
    const good = makeSgx()
    const forged = new Uint8Array(good.evidence)
    forged[48 + 320] = 0xff
    const memory = createMemory()
    const options = { at: good.at, collateral: good.collateral, memory }
    assert.equal(verifySgxSync(forged, { ...options, trustAnchors: [good.anchor] }).authenticity, 'refuted')
    assert.equal(memory.entries, 0)
    assert.equal(verifySgxSync(good.evidence, { ...options, trustAnchors: [good.anchor] }).authenticity, 'proven')
    assert.equal(memory.entries, 1)
  })

  it('minimum levels that leave a part free say so', () => {
    const { evidence, collateral, at, anchor } = makeSnp()
    const verdict = verifySnpSync(evidence, { collateral, at, trustAnchors: [anchor], expect: { minTcb: { tee: 0 } } })
    const check = verdict.checks.flatMap((group) => group.checks).find(({ id }) => id === 'snp.expect.min-tcb')
    assert.match(check?.reason ?? '', /bootloader, snp, microcode may be anything/)
  })
})
