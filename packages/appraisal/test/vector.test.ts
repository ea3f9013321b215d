import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { makeSgx, makeSnp, makeTdx } from '@sekisho/emulator/kit'
import type { Check, Claims, Verdict } from '@sekisho/evidence'
import { type SgxExpectations, verifySgxSync } from '@sekisho/evidence/sgx'
import { type SnpExpectations, verifySnpSync } from '@sekisho/evidence/snp'
import { type TdxExpectations, verifyTdxSync } from '@sekisho/evidence/tdx'
import { appraise } from '../src/vector/appraise.ts'
import { TRUST_CATEGORIES, tierOf, worseClaim, worstTier } from '../src/vector/tiers.ts'
import { AT, CLAIMS, verdictOf } from './kit.ts'

const OPTIONS = { references: ['db'], at: AT }

describe('AR4SI numbers', () => {
  it('have the tiers of the standard and of private values', () => {
    const tiers = [0, 1, -1, 2, 31, -2, -32, 32, 95, -33, -96, 96, 127, -97, -128].map(tierOf)
    assert.deepEqual(tiers, [
      ...['none', 'none', 'none', 'affirming', 'affirming', 'affirming', 'affirming'],
      ...['warning', 'warning', 'warning', 'warning'],
      ...['contraindicated', 'contraindicated', 'contraindicated', 'contraindicated'],
    ])
  })
  it('that are none are contraindicated', () => {
    for (const value of [128, -129, 2.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      assert.equal(tierOf(value), 'contraindicated')
    }
  })
  it('of zero do not lower a status', () => {
    assert.equal(worstTier({ hardware: 2, configuration: 0 }), 'affirming')
    assert.equal(worstTier({}), 'none')
  })
  it('are worse by tier, then standard before private', () => {
    assert.equal(worseClaim(2, 32), 32)
    assert.equal(worseClaim(-97, 96), 96)
    assert.equal(worseClaim(undefined, 3), 3)
    assert.equal(worseClaim(96, 97), 97)
  })
})

describe('a verdict of SNP', () => {
  const made = makeSnp()
  const appraised = (expect: SnpExpectations, roots: 'given' | 'none' = 'given') =>
    appraise(
      verifySnpSync(made.evidence, {
        at: made.at,
        collateral: made.collateral,
        expect: { ...made.expectations, ...expect },
        ...(roots === 'given' ? { trustAnchors: [made.anchor] } : {}),
      }),
      OPTIONS,
    )
  it('under an emulated root has hardware 97, although emulated platforms were allowed', () => {
    const { status, vector, context } = appraised({})
    assert.equal(vector.hardware, 97)
    assert.equal(status, 'contraindicated')
    assert.equal(context.emulated, true)
    assert.equal(context.hardware, false)
    assert.equal(context.verdict.outcome, 'verified')
    assert.equal(vector.executables, 3)
    assert.equal(vector['runtime-opaque'], 2)
  })
  it('under an unknown root states nothing good', () => {
    const { status, vector } = appraised({}, 'none')
    assert.equal(status, 'contraindicated')
    assert.equal(vector.hardware, 97)
    assert.equal(vector.executables === undefined || tierOf(vector.executables) !== 'affirming', true)
  })
  it('with another measurement has executables 96', () => {
    assert.equal(appraised({ measurement: ['00'.repeat(48)] }).vector.executables, 96)
  })
  it('of another machine than the known ones has instance identity 97, of a known one 2', () => {
    assert.equal(appraised({ hardwareIds: ['00'.repeat(64)] }).vector['instance-identity'], 97)
    const [id] = [appraised({}).context.hardwareId]
    assert.equal(appraised({ hardwareIds: [id ?? ''] }).vector['instance-identity'], 2)
    assert.equal(appraised({}).vector['instance-identity'], undefined)
  })
  it('below the lowest accepted TCB has hardware no better than 32 and is contraindicated', () => {
    const { vector, status } = appraised({ minTcb: { microcode: 255 } })
    assert.equal(status, 'contraindicated')
    assert.notEqual(tierOf(vector.hardware ?? 0), 'affirming')
  })
  it('with a broken signature has 99 in everything it states', () => {
    const evidence = new Uint8Array(made.evidence)
    evidence[0x90] = (evidence[0x90] ?? 0) ^ 1
    const { expectations: expect, at, collateral, anchor } = made
    const verdict = verifySnpSync(evidence, { at, collateral, expect, trustAnchors: [anchor] })
    const { vector, status } = appraise(verdict, OPTIONS)
    assert.equal(status, 'contraindicated')
    for (const category of TRUST_CATEGORIES) assert.ok([undefined, 99].includes(vector[category]), category)
  })
  it('without any expectation is a warning at best', () => {
    const { at, collateral, anchor } = made
    const verdict = verifySnpSync(made.evidence, { at, collateral, expect: {}, trustAnchors: [anchor] })
    assert.equal(appraise(verdict, OPTIONS).vector.executables, 33)
  })
})

describe('a verdict of SNP in debug mode', () => {
  it('has configuration and runtime 96, although debug was allowed', () => {
    const made = makeSnp({ report: { policy: (1n << 17n) | (1n << 19n) } })
    const { at, collateral, anchor } = made
    const expect = { ...made.expectations, allowDebug: true }
    const { vector, context } = appraise(
      verifySnpSync(made.evidence, { at, collateral, expect, trustAnchors: [anchor] }),
      OPTIONS,
    )
    assert.equal(context.debug, true)
    assert.equal(vector.configuration, 96)
    assert.equal(vector['runtime-opaque'], 96)
  })
})

describe('a verdict of TDX', () => {
  const made = makeTdx()
  const appraised = (expect: TdxExpectations) => {
    const { at, collateral, anchor, evidence } = made
    return appraise(verifyTdxSync(evidence, { at, collateral, expect, trustAnchors: [anchor] }), OPTIONS)
  }
  it('with a register named and its base free has configuration 36 and executables 33', () => {
    const { vector } = appraised({ rtmr0: [made.expectations.rtmr0], allowEmulated: true })
    assert.equal(vector.configuration, 36)
    assert.equal(vector.executables, 33)
  })
  it('with every measurement pinned has executables 2', () => {
    const all = appraised(made.expectations as unknown as TdxExpectations)
    assert.equal(all.context.verdict.outcome, 'verified')
    assert.equal(all.vector.executables, 2)
    assert.equal(Object.keys(all.context.registers).includes('rtmr3'), true)
  })
})

describe('a verdict of SGX', () => {
  const level = (tcbStatus: string) => ({
    tcbInfo: {
      levels: [
        {
          components: Array.from({ length: 16 }, () => 0),
          pcesvn: 0,
          tcbDate: '2025-01-01T00:00:00Z',
          tcbStatus,
          advisoryIDs: ['INTEL-SA-00001'],
        },
      ],
    },
  })
  const appraised = (tcbStatus: string, expect: SgxExpectations = {}) => {
    const { at, collateral, anchor, evidence, expectations } = makeSgx(level(tcbStatus))
    const verdict = verifySgxSync(evidence, {
      at,
      collateral,
      trustAnchors: [anchor],
      expect: { ...expectations, ...expect },
    })
    // Emulated roots hide every other word about the hardware: those tests look past them.
    return appraise({ ...verdict, emulated: false, claims: { ...verdict.claims, hardware: true } }, OPTIONS)
  }
  it('out of date has hardware 32 and, as nothing accepts it, is contraindicated', () => {
    const { vector, status, context } = appraised('OutOfDate')
    assert.equal(vector.hardware, 32)
    assert.equal(status, 'contraindicated')
    assert.equal(context.tcb.status, 'OutOfDate')
    assert.deepEqual(context.tcb.advisories, ['INTEL-SA-00001'])
  })
  it('out of date under a named exception is a warning, not affirming', () => {
    const exception = {
      name: 'until the update',
      statuses: ['OutOfDate' as const],
      advisories: ['INTEL-SA-00001'],
      until: '2099-01-01T00:00:00Z',
    }
    const { vector, status, context } = appraised('OutOfDate', { acceptTcb: [exception] })
    assert.equal(context.verdict.outcome, 'verified')
    assert.equal(vector.hardware, 32)
    assert.equal(status, 'warning')
  })
  it('revoked has hardware 96', () => {
    assert.equal(appraised('Revoked').vector.hardware, 96)
  })
  it('as it should be is affirming', () => {
    const { at, collateral, anchor, evidence, expectations } = makeSgx()
    const verdict = verifySgxSync(evidence, { at, collateral, trustAnchors: [anchor], expect: expectations })
    const real = { ...verdict, emulated: false, claims: { ...verdict.claims, hardware: true } }
    const { status, vector } = appraise(real, OPTIONS)
    assert.equal(status, 'affirming')
    assert.equal(vector.executables, 2)
  })
})

describe('a verdict on composite evidence', () => {
  it('is no better than its worst part', () => {
    const part = verdictOf({ tee: 'nvidia-gpu', claims: { ...CLAIMS, tee: 'nvidia-gpu', isolation: 'gpu' } })
    const { vector, context, status } = appraise(verdictOf({ parts: [{ name: 'gpu-0', verdict: part }] }), OPTIONS)
    assert.equal(vector['runtime-opaque'], 32)
    assert.equal(status, 'warning')
    assert.deepEqual(context.parts, ['nvidia-gpu'])
  })
  it('takes no harm from a TPM beside it, which isolates nothing', () => {
    const part = verdictOf({ tee: 'tpm', claims: { ...CLAIMS, tee: 'tpm', isolation: 'none' } })
    const { vector, status } = appraise(verdictOf({ parts: [{ name: 'vtpm', verdict: part }] }), OPTIONS)
    assert.equal(vector['runtime-opaque'], 2)
    assert.equal(status, 'affirming')
  })
  it('with an emulated or rejected part is contraindicated', () => {
    for (const change of [{ emulated: true }, { outcome: 'rejected' as const }]) {
      const parts = [{ name: 'hardware-report', verdict: verdictOf(change) }]
      assert.equal(appraise(verdictOf({ parts }), OPTIONS).status, 'contraindicated')
    }
  })
})

describe('a platform that isolates nothing', () => {
  it('has runtime-opaque 32 and is a warning', () => {
    const claims = { ...CLAIMS, tee: 'tpm' as const, isolation: 'none' as const }
    const { status, vector } = appraise(verdictOf({ tee: 'tpm', claims }), OPTIONS)
    assert.equal(vector['runtime-opaque'], 32)
    assert.equal(status, 'warning')
  })
})

describe('a check that the caller does without', () => {
  const waiving = (id: string): ReturnType<typeof appraise> =>
    appraise(
      verdictOf({
        checks: [
          ...verdictOf().checks,
          {
            id: 'snp.chain',
            outcome: 'pass',
            checks: [{ id, phase: 'authenticity', source: '', outcome: 'unchecked', waived: true, reason: 'not made' }],
          },
        ],
        waived: [id],
      }),
      OPTIONS,
    )

  it('of revocation leaves the hardware with a weakness that nobody looked for', () => {
    const { status, vector } = waiving('snp.crl.not-revoked')
    assert.deepEqual([status, vector.hardware], ['warning', 32])
  })
  it('of whose hardware it is leaves it unrecognised', () => {
    const { status, vector } = waiving('tpm.ak.trust')
    assert.deepEqual([status, vector.hardware], ['contraindicated', 97])
  })
})

describe('each thing that a verdict says alone', () => {
  const check = (id: string, outcome: Check['outcome'], more: Partial<Check> = {}): Check => {
    return { id, phase: 'appraisal', source: '', outcome, reason: 'so', ...more }
  }
  const proof = (id: string, outcome: Check['outcome'], more: Partial<Check> = {}): Check =>
    check(id, outcome, { phase: 'authenticity', ...more })
  const withChecks = (...checks: readonly Check[]): Partial<Verdict> => ({
    checks: [...verdictOf().checks, { id: 'snp.more', outcome: 'pass', checks }],
  })
  const only = (...checks: readonly Check[]): Partial<Verdict> => ({ checks: [{ id: 'x', outcome: 'pass', checks }] })
  const claiming = (claims: Partial<Claims> & object, more: Partial<Verdict> = {}): Partial<Verdict> => ({
    ...more,
    claims: { ...CLAIMS, ...claims },
  })
  const beside = (change: Partial<Verdict>): Partial<Verdict> => ({
    parts: [{ name: 'vtpm', verdict: verdictOf(change) }],
  })
  const unproven = { authenticity: 'unproven', outcome: 'incomplete' } as const
  const rtmr = check('tdx.expect.rtmr0', 'pass', { expected: 'ab' })
  type Entry = (typeof TRUST_CATEGORIES)[number] | 'status'
  const rows: readonly (readonly [Partial<Verdict>, Partial<Record<Entry, number | string | undefined>>])[] = [
    [{}, { status: 'affirming', hardware: 2, executables: 3, configuration: 3, 'runtime-opaque': 2 }],
    [{ outcome: 'incomplete' }, { status: 'warning' }],
    [{ outcome: 'rejected' }, { status: 'contraindicated' }],
    [{ authenticity: 'refuted' }, { status: 'contraindicated', hardware: 96, executables: undefined }],
    [
      { ...unproven, checks: [] },
      { hardware: 97, executables: 33, 'runtime-opaque': undefined },
    ],
    // What is not in date nobody looked up; what waits for that says nothing of its own.
    [{ ...unproven, ...withChecks(proof('a.b', 'pass'), proof('sgx.tcb.not-revoked', 'unchecked')) }, { hardware: 32 }],
    [
      { ...unproven, ...withChecks(check('snp.expect.measurement', 'fail')) },
      { executables: 96, hardware: 97 },
    ],
    [
      withChecks(
        proof('snp.report.signature', 'pass'),
        proof('snp.crl.fresh', 'unchecked', { waived: true }),
        proof('snp.vcek.signature', 'unchecked', { waived: true, blockedBy: 'snp.crl.fresh' }),
      ),
      { hardware: 32 },
    ],
    [
      withChecks(proof('snp.crl.fresh', 'unchecked', { waived: true }), proof('x.y', 'unchecked', { waived: true })),
      { hardware: 97 },
    ],
    [claiming({ hardware: false }), { hardware: 32, status: 'warning' }],
    [claiming({ tcb: { components: {}, status: 'SWHardeningNeeded' } }), { hardware: 32 }],
    [claiming({ tcb: { components: {}, status: 'UpToDate' } }), { hardware: 2 }],
    [claiming({ tcb: { components: {}, advisories: ['INTEL-SA-00001'] } }), { hardware: 32 }],
    [withChecks(check('snp.expect.min-tcb', 'fail')), { hardware: 32 }],
    [withChecks(check('snp.accept.hardware', 'unchecked')), { hardware: 97 }],
    [withChecks(proof('snp.report.signature', 'fail')), { hardware: 99 }],
    [withChecks(proof('snp.ark.root', 'fail')), { hardware: 97 }],
    [withChecks(proof('snp.crl.vcek-not-revoked', 'fail'), proof('snp.unheard-of', 'fail')), { hardware: 96 }],
    [withChecks(proof('tpm.pcr.digest', 'fail')), { executables: 96, hardware: 99 }],
    [withChecks(check('snp.expect.host-data', 'unchecked')), { configuration: 36 }],
    [withChecks(check('snp.expect.host-data', 'not-applicable')), { configuration: 3 }],
    [withChecks(check('snp.expect.host-data', 'pass')), { configuration: 2 }],
    [{ assumed: [{ id: 'dumps', statement: 'so', because: 'so' }] }, { configuration: 32 }],
    [only(rtmr), { executables: 33, configuration: 36 }],
    [only(check('tdx.expect.rtmr0', 'pass')), { configuration: 3 }],
    [withChecks(rtmr), { executables: 2, configuration: 3 }],
    [withChecks(check('snp.expect.host-data', 'pass', { expected: 'ab' })), { configuration: 2 }],
    [only(check('snp.expect.measurement', 'not-applicable')), { executables: 33 }],
    [withChecks(rtmr, check('tdx.expect.rtmr1', 'not-applicable')), { executables: 2 }],
    [only(check('snp.expect.measurement', 'fail')), { executables: 96 }],
    [only(check('sgx.expect.signer', 'pass')), { executables: 2 }],
    [withChecks(check('snp.expect.hardware-id', 'pass')), { 'instance-identity': 2 }],
    [withChecks(check('snp.expect.hardware-id', 'fail')), { 'instance-identity': 97 }],
    [withChecks(check('token.expect.ueid', 'pass')), { 'instance-identity': 2 }],
    [withChecks(check('token.expect.ueid', 'fail')), { 'instance-identity': 97 }],
    [withChecks(check('token.results', 'fail')), { executables: 96 }],
    [withChecks(check('token.results', 'unchecked')), { executables: 33 }],
    [withChecks(check('token.submodules.debug', 'fail')), { configuration: 96 }],
    [withChecks(check('token.submodules.debug', 'unchecked')), { configuration: 36 }],
    [claiming({ debug: true }), { configuration: 96, 'runtime-opaque': 96 }],
    [claiming({ isolation: 'gpu' }), { 'runtime-opaque': 32 }],
    [claiming({ isolation: 'none' }), { 'runtime-opaque': 32 }],
    [{ tee: 'psa' }, { 'runtime-opaque': 32 }],
    [{ tee: 'sev' }, { 'runtime-opaque': 32 }],
    [claiming({ generation: 'sev' } as object, { tee: 'sev' }), { 'runtime-opaque': 32 }],
    [claiming({ generation: 'sev-es' } as object, { tee: 'sev' }), { 'runtime-opaque': 2 }],
    [beside(claiming({ isolation: 'none' })), { status: 'affirming' }],
    [beside(claiming({ isolation: 'none' }, { emulated: true })), { hardware: 97 }],
    [beside(claiming({ isolation: 'none' }, withChecks(check('tpm.pcr.digest', 'fail')))), { executables: 96 }],
    [beside(claiming({ isolation: 'none', debug: true })), { 'runtime-opaque': 96 }],
    [beside({ outcome: 'incomplete' }), { status: 'warning' }],
    [beside(beside({ outcome: 'rejected' })), { status: 'contraindicated' }],
  ]
  rows.forEach(([change, expected], i) => {
    it(`row ${i}: ${JSON.stringify(expected)}`, () => {
      const { vector, status } = appraise(verdictOf(change), OPTIONS)
      const all: Partial<Record<Entry, number | string | undefined>> = { ...vector, status }
      for (const name of Object.keys(expected) as Entry[]) assert.equal(all[name], expected[name], name)
    })
  })
  it('is in what policies see, and nothing is that was not said', () => {
    const more = { signer: 'aa', svn: 3, hostData: 'bb', runtimeMeasurements: { rtmr0: 'cc' } }
    const tcb = { components: { snp: 22 }, status: 'UpToDate', date: '2026-01-01', advisories: ['A'] } as const
    const part = verdictOf({ ...claiming({ debug: true, tcb: { components: {}, advisories: ['B'] } }), waived: ['x'] })
    const parts = [{ name: 'part', verdict: part }]
    const { context, vector } = appraise(verdictOf({ ...claiming({ ...more, tcb }), parts }), {
      ...OPTIONS,
      resource: 'a/b/c',
    })
    const { tee, vendor, product, isolation, userData, hardwareId } = CLAIMS
    assert.deepEqual(context, {
      ...{ tee, vendor, product, isolation, userData, hardwareId, signer: 'aa', svn: 3, hostData: 'bb' },
      ...{
        hardware: true,
        emulated: false,
        debug: true,
        measurement: CLAIMS.launchMeasurement,
        status: 'contraindicated',
      },
      tcb: { ...tcb, advisories: ['A', 'B'] },
      registers: { rtmr0: 'cc' },
      parts: ['snp'],
      verdict: { outcome: 'verified', authenticity: 'proven', waived: ['x'] },
      references: ['db'],
      vector: { configuration: 96, executables: 3, hardware: 32, runtimeOpaque: 96 },
      resource: 'a/b/c',
      now: AT.toISOString(),
    })
    assert.equal(vector.hardware, 32)
    const { product: _, hardwareId: __, ...claims } = CLAIMS
    const bare = appraise(verdictOf({ claims: { ...claims, userData: '', hardware: false } }), OPTIONS).context
    assert.equal(bare.hardware, false)
    for (const name of ['product', 'signer', 'svn', 'userData', 'hostData', 'hardwareId', 'resource'])
      assert.ok(!Object.hasOwn(bare, name), name)
    assert.deepEqual(Object.keys(bare.tcb), ['advisories', 'components'])
  })
})
