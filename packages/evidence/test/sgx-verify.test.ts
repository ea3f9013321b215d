import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createIntelAuthority, type SgxOptions as MakeOptions, makeSgx } from '@sekisho/emulator/kit'
import { canonicalJson } from '../src/core/canonical.ts'
import { createMemory } from '../src/core/memory.ts'
import type { Check, Verdict } from '../src/core/verdict.ts'
import {
  type DcapCollateralInput,
  encodeQuote,
  INTEL_ROOT,
  parseSgxQuote,
  prepareDcapCollateral,
  type SgxClaims,
  type SgxExpectations,
  type SgxOptions,
  type TcbException,
  verifySgx,
  verifySgxSync,
} from '../src/sgx/index.ts'

const MADE = makeSgx()

function verdictOf(
  make: MakeOptions = {},
  expect: SgxExpectations = {},
  more: Partial<SgxOptions> = {},
): Verdict<SgxClaims> {
  const made = Object.keys(make).length === 0 ? MADE : makeSgx(make)
  const expectations = { ...made.expectations, ...expect }
  return verifySgxSync(made.evidence, {
    at: made.at,
    collateral: made.collateral,
    trustAnchors: [made.anchor],
    expect: expectations,
    ...more,
  })
}

function find(verdict: Verdict<SgxClaims>, id: string): Check {
  const check = verdict.checks.flatMap((group) => group.checks).find((one) => one.id === id)
  assert.ok(check, `no check ${id}`)
  return check
}

function failures(verdict: Verdict<SgxClaims>): readonly string[] {
  return verdict.checks
    .flatMap((group) => group.checks)
    .filter((one) => one.outcome === 'fail')
    .map((one) => one.id)
}

function level(tcbStatus: string, advisoryIDs: readonly string[] = []): MakeOptions {
  const base = {
    components: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    pcesvn: 0,
    tcbDate: '2025-01-01T00:00:00Z',
  }
  return { tcbInfo: { levels: [{ ...base, tcbStatus, advisoryIDs }] } }
}

describe('an SGX quote as expected is verified', () => {
  for (const version of [3, 4, 5] as const) {
    it(`format ${version}`, () => {
      const verdict = verdictOf({ version })
      assert.deepEqual(failures(verdict), [])
      assert.equal(verdict.outcome, 'verified', verdict.summary)
      assert.equal(verdict.emulated, true)
      assert.equal(verdict.claims.hardware, false)
    })
  }
  it('at once, later, with prepared collateral and from memory: the same verdict', async () => {
    const { evidence, at, collateral, anchor, expectations: expect } = MADE
    const options = { at, trustAnchors: [anchor], expect }
    const expected = canonicalJson(verifySgxSync(evidence, { ...options, collateral }))
    const prepared = prepareDcapCollateral(collateral)
    const memory = createMemory()
    assert.equal(canonicalJson(await verifySgx(evidence, { ...options, collateral })), expected)
    for (let i = 0; i < 3; i++) {
      assert.equal(canonicalJson(verifySgxSync(evidence, { ...options, collateral: prepared, memory })), expected)
      assert.equal(memory.entries, 1)
    }
    assert.equal(canonicalJson(await verifySgx(evidence, { ...options, collateral: prepared, memory })), expected)
  })
  it('with a PCK chain from outside', () => {
    const made = makeSgx({ quote: {} })
    const chain =
      Buffer.from(made.evidence)
        .toString('latin1')
        .match(/-----BEGIN.*END CERTIFICATE-----/s)?.[0] ?? ''
    const collateral = { ...made.collateral, pck_certificate_chain: chain }
    const verdict = verifySgxSync(made.evidence, {
      at: made.at,
      collateral,
      trustAnchors: [made.anchor],
      expect: made.expectations,
      memory: createMemory(),
    })
    assert.equal(verdict.outcome, 'verified', verdict.summary)
  })
})

describe('CRLs come in many forms', () => {
  const hex = MADE.collateral.root_ca_crl
  const der = new Uint8Array(Buffer.from(hex, 'hex'))
  const base64 = Buffer.from(der).toString('base64')
  const forms: Readonly<Record<string, string | Uint8Array>> = {
    hex: hex.toUpperCase(),
    DER: der,
    base64,
    PEM: `-----BEGIN X509 CRL-----\n${base64}\n-----END X509 CRL-----\n`,
    'bytes of PEM': new TextEncoder().encode(`-----BEGIN X509 CRL-----\n${base64}\n-----END X509 CRL-----\n`),
    'bytes of hex': new TextEncoder().encode(`${hex}\n`),
    'hex in lines': `\n${(hex.match(/.{1,60}/g) ?? []).join('\r\n')}\n`,
    'hex with a zero behind': `${hex}\0`,
    'base64 in lines, with a zero behind': `${(base64.match(/.{1,76}/g) ?? []).join('\n')}\n\0`,
  }
  for (const [name, root_ca_crl] of Object.entries(forms)) {
    it(name, () =>
      assert.equal(verdictOf({}, {}, { collateral: { ...MADE.collateral, root_ca_crl } }).outcome, 'verified'),
    )
  }
  it('something else is a failing check', () => {
    const verdict = verdictOf({}, {}, { collateral: { ...MADE.collateral, root_ca_crl: 'no CRL at all!' } })
    assert.deepEqual(failures(verdict), ['sgx.crl.root.present'])
  })
})

describe('endorsements that are missing leave the verdict open', () => {
  const without = (...names: readonly (keyof DcapCollateralInput)[]): DcapCollateralInput =>
    Object.fromEntries(Object.entries(MADE.collateral).filter(([name]) => !names.some((one) => one === name)))
  it('a CRL may be waived by name', () => {
    const collateral = without('pck_crl')
    const open = verdictOf({}, {}, { collateral })
    assert.equal(open.outcome, 'incomplete')
    assert.equal(open.authenticity, 'unproven')
    const waived = verdictOf({}, {}, { collateral, waive: ['sgx.crl.pck.present'] })
    assert.equal(waived.outcome, 'verified', waived.summary)
    assert.deepEqual(waived.waived, ['sgx.crl.pck.present'])
  })
  it('TCB info may not', () => {
    const collateral = without('tcb_info')
    assert.equal(verdictOf({}, {}, { collateral }).authenticity, 'unproven')
    assert.throws(() => verdictOf({}, {}, { collateral, waive: ['sgx.tcb-info.present'] }), TypeError)
  })
  it('nor may a signature, which is not one that does not verify', () => {
    for (const [id, what, name] of [
      ['tcb-info', 'TCB info', 'tcb_info_signature'],
      ['qe-identity', 'QE identity', 'qe_identity_signature'],
    ] as const) {
      const verdict = verdictOf({}, {}, { collateral: without(name) })
      assert.deepEqual([verdict.authenticity, failures(verdict)], ['unproven', []])
      const check = verdict.checks.flatMap(({ checks }) => checks).find((one) => one.id === `sgx.${id}.signature`)
      assert.deepEqual([check?.outcome, check?.reason], ['unchecked', `no signature of the ${what} was given`])
      assert.throws(() => verdictOf({}, {}, { collateral: without(name), waive: [`sgx.${id}.signature`] }), TypeError)
    }
  })
  it('none at all', () => {
    const { evidence, at } = MADE
    assert.equal(verifySgxSync(evidence, { at }).authenticity, 'refuted')
    const verdict = verifySgxSync(evidence, { at })
    assert.deepEqual(failures(verdict), ['sgx.pck.root'])
    const root = verdict.checks.flatMap(({ checks }) => checks).find(({ id }) => id === 'sgx.pck.root')
    assert.match(root?.remedy?.action ?? '', /name it as an emulated trust anchor/)
  })
})

describe('TCB status is a matter of policy', () => {
  const outdated = level('SWHardeningNeeded', ['INTEL-SA-1', 'INTEL-SA-2'])
  const exception = {
    name: 'until the spring update',
    statuses: ['SWHardeningNeeded'],
    advisories: ['INTEL-SA-1', 'INTEL-SA-2', 'INTEL-SA-3'],
    until: '2027-01-01T00:00:00Z',
  } as const
  it('anything but up to date rejects, though it is genuine', () => {
    const verdict = verdictOf(outdated)
    assert.deepEqual(failures(verdict), ['sgx.tcb.status'])
    assert.equal(verdict.authenticity, 'proven')
  })
  it('an exception is named in the verdict', () => {
    const verdict = verdictOf(outdated, { acceptTcb: [exception] })
    assert.equal(verdict.outcome, 'verified', verdict.summary)
    assert.match(find(verdict, 'sgx.tcb.status').reason, /until the spring update/)
    assert.match(verdict.summary, /genuine, as you expect, and SWHardeningNeeded, which you accept/)
  })
  const other: Readonly<Record<string, readonly [Partial<TcbException>, string]>> = {
    'another status': [{ statuses: ['ConfigurationNeeded'] }, 'it is for ConfigurationNeeded'],
    'an advisory that it does not list': [{ advisories: ['INTEL-SA-1'] }, 'it does not list INTEL-SA-2'],
    'what comes after its end': [{ until: '2020-01-01T00:00:00Z' }, 'it ended at 2020-01-01T00:00:00Z'],
  }
  for (const [name, [change, why]] of Object.entries(other)) {
    it(`an exception does not cover ${name}, and the verdict says so`, () => {
      const verdict = verdictOf(outdated, { acceptTcb: [{ ...exception, ...change }] })
      assert.deepEqual(failures(verdict), ['sgx.tcb.status'])
      const told = `the exception "until the spring update" does not apply, as ${why}`
      assert.equal(find(verdict, 'sgx.tcb.status').reason, `the TCB is SWHardeningNeeded: ${told}`)
    })
  }
  it('of many exceptions that do not apply four are told, in order', () => {
    const acceptTcb = [1, 2, 3, 4, 5].map((number) => ({ ...exception, name: `${number}`, advisories: [] }))
    const { reason } = find(verdictOf(outdated, { acceptTcb }), 'sgx.tcb.status')
    assert.deepEqual(reason.match(/"\d"/g), ['"1"', '"2"', '"3"', '"4"'])
    const last = { ...exception, name: 'the last' }
    assert.match(find(verdictOf(outdated, { acceptTcb: [...acceptTcb, last] }), 'sgx.tcb.status').reason, /"the last"$/)
  })
  it('an exception covers each status that it lists', () => {
    const statuses = ['ConfigurationNeeded', 'SWHardeningNeeded'] as const
    assert.equal(verdictOf(outdated, { acceptTcb: [{ ...exception, statuses }] }).outcome, 'verified')
  })
  it('an exception for Revoked does not exist', () => {
    for (const statuses of [['Revoked'], ['OutOfDate', 'Revoked']]) {
      const expect = { acceptTcb: [{ ...exception, statuses }] } as unknown as SgxExpectations
      assert.throws(() => verdictOf(outdated, expect), /acceptTcb/)
    }
  })
  it('what is short is named with its values', () => {
    const base = { pcesvn: 0, tcbDate: '2025-01-01T00:00:00Z' }
    const high = [255, ...Array.from({ length: 15 }, () => 0)]
    const low = Array.from({ length: 16 }, () => 0)
    const verdict = verdictOf({
      tcbInfo: {
        levels: [
          { ...base, components: high, tcbStatus: 'UpToDate' },
          { ...base, components: low, tcbStatus: 'OutOfDate' },
        ],
      },
    })
    assert.match(
      find(verdict, 'sgx.tcb.status').remedy?.action ?? '',
      /component 1 .*is \d+, the current level needs 255/,
    )
  })
  it('who updates what is short is named, and where nothing is, that no update helps', () => {
    const base = { pcesvn: 0, tcbDate: '2025-01-01T00:00:00Z' }
    const zeros = Array.from({ length: 16 }, () => 0)
    const remedy = (...short: readonly number[]): string | undefined => {
      const high = zeros.map((_, i) => (short.includes(i) ? 255 : 0))
      const levels = [
        ...(short.length === 0 ? [] : [{ ...base, components: high, tcbStatus: 'UpToDate' }]),
        { ...base, components: zeros, tcbStatus: 'OutOfDate' },
      ]
      return find(verdictOf({ tcbInfo: { levels } }), 'sgx.tcb.status').remedy?.action
    }
    assert.match(remedy(0) ?? '', /255: BIOS update from the platform owner;/)
    assert.match(remedy(1) ?? '', /255: OS or VMM update from the platform owner;/)
    assert.match(remedy(0, 1) ?? '', /255: BIOS update, and OS or VMM update, from the platform owner;/)
    assert.match(remedy() ?? '', /^the highest level is not up to date either: use another platform;/)
  })
  it('below every level', () => {
    const verdict = verdictOf({
      tcbInfo: {
        levels: [
          {
            components: Array.from({ length: 16 }, () => 255),
            pcesvn: 1,
            tcbDate: '2025-01-01T00:00:00Z',
            tcbStatus: 'UpToDate',
          },
        ],
      },
    })
    assert.deepEqual(failures(verdict), ['sgx.tcb.level'])
    assert.equal(verdict.claims.tcb.status, undefined)
  })
  it('the evaluation number has a floor, for the lower of the two', () => {
    const make = { tcbInfo: { tcbEvaluationDataNumber: 20 }, qeIdentity: { tcbEvaluationDataNumber: 19 } }
    assert.deepEqual(failures(verdictOf(make, { minTcbEvaluationDataNumber: 19 })), [])
    assert.deepEqual(failures(verdictOf(make, { minTcbEvaluationDataNumber: 20 })), ['sgx.tcb.evaluation-number'])
  })
})

describe('what a relying party may expect of an enclave', () => {
  it('a signer instead of a measurement, with product and version', () => {
    const { nonce } = MADE.expectations
    const claims = verdictOf().claims
    const options = { at: MADE.at, collateral: MADE.collateral, trustAnchors: [MADE.anchor] }
    const signer = [claims.signer ?? '']
    const expect = { allowEmulated: true, nonce, signer }
    assert.equal(verifySgxSync(MADE.evidence, { ...options, expect }).outcome, 'incomplete')
    assert.equal(
      verifySgxSync(MADE.evidence, { ...options, expect: { ...expect, minSvn: claims.isvSvn } }).outcome,
      'incomplete',
    )
    assert.equal(
      verifySgxSync(MADE.evidence, {
        ...options,
        expect: { ...expect, minSvn: claims.isvSvn, isvProdId: claims.isvProdId },
      }).outcome,
      'verified',
    )
    assert.deepEqual(
      failures(
        verifySgxSync(MADE.evidence, {
          ...options,
          expect: { ...expect, minSvn: claims.isvSvn + 1, isvProdId: claims.isvProdId },
        }),
      ),
      ['sgx.expect.svn'],
    )
  })
  const table: readonly (readonly [string, SgxExpectations, readonly string[]])[] = [
    ['measurement', { measurement: ['00'.repeat(32)] }, ['sgx.expect.measurement']],
    ['signer', { signer: ['00'.repeat(32)] }, ['sgx.expect.signer']],
    ['product', { products: ['000000000000'] }, ['sgx.platform.product']],
    ['platform id', { hardwareIds: ['00'.repeat(16)] }, ['sgx.platform.id']],
    ['SGX type', { platform: { sgxTypes: ['standard'] } }, ['sgx.platform.sgx-type']],
    ['attributes', { attributes: { debug: true } }, ['sgx.enclave.attributes']],
    ['family id', { isvFamilyId: ['ff'.repeat(16)] }, ['sgx.expect.family-id']],
    ['extended product id', { isvExtProdId: ['ff'.repeat(16)] }, ['sgx.expect.extended-product-id']],
    ['configuration', { hostData: ['ff'.repeat(64)] }, ['sgx.expect.host-data']],
    ['configuration version', { minConfigSvn: 0xffff }, ['sgx.expect.config-svn']],
  ]
  for (const [name, expect, failed] of table) it(name, () => assert.deepEqual(failures(verdictOf({}, expect)), failed))

  it('a configuration that nobody compared leaves the verdict open', () => {
    const verdict = verdictOf({ enclave: { configId: 'bb'.repeat(64) } })
    assert.equal(verdict.outcome, 'incomplete')
    assert.equal(find(verdict, 'sgx.expect.host-data').outcome, 'unchecked')
  })
  it('debug', () => {
    assert.deepEqual(failures(verdictOf({ enclave: { attributes: '0700000000000000e700000000000000' } })), [
      'sgx.enclave.debug',
    ])
    assert.equal(
      verdictOf({ enclave: { attributes: '0700000000000000e700000000000000' } }, { allowDebug: true }).outcome,
      'verified',
    )
  })
  it('provisioning keys', () => {
    assert.equal(verdictOf({ enclave: { attributes: '1500000000000000e700000000000000' } }).outcome, 'verified')
    assert.deepEqual(
      failures(
        verdictOf({ enclave: { attributes: '1500000000000000e700000000000000' } }, { allowProvisionKey: false }),
      ),
      ['sgx.enclave.provision-key'],
    )
  })
  it('platforms whose certificate does not say leave the wish open', () => {
    const verdict = verdictOf({ ca: 'processor' }, { platform: { smtEnabled: false } })
    assert.equal(find(verdict, 'sgx.platform.smt').outcome, 'unchecked')
  })
  for (const [name, expect] of Object.entries({
    unknown: { mrEnclave: '00' },
    'of another length': { measurement: ['00'] },
    'of another type': { isvProdId: '1' },
  })) {
    it(`a field ${name} is a TypeError`, () =>
      assert.throws(() => verdictOf({}, expect as unknown as SgxExpectations), TypeError))
  }
})

describe('roots', () => {
  it("a root that is not Intel's must say so", () => {
    const { emulated: _, ...anchor } = MADE.anchor
    assert.throws(() => verdictOf({}, {}, { trustAnchors: [{ ...anchor }] }), /emulated: true/)
  })
  it('is rejected unless allowed', () => {
    const { allowEmulated: _, ...expect } = MADE.expectations
    const verdict = verifySgxSync(MADE.evidence, {
      at: MADE.at,
      collateral: MADE.collateral,
      trustAnchors: [MADE.anchor],
      expect,
    })
    assert.deepEqual(failures(verdict), ['sgx.platform.hardware'])
  })
  it("beside Intel's does not vouch for the collateral of another root", () => {
    const other = makeSgx({ authority: createIntelAuthority() })
    const verdict = verdictOf(
      {},
      {},
      {
        trustAnchors: [INTEL_ROOT, MADE.anchor, other.anchor],
        collateral: {
          ...MADE.collateral,
          tcb_info: other.collateral.tcb_info,
          tcb_info_signature: other.collateral.tcb_info_signature,
          tcb_info_issuer_chain: other.collateral.tcb_info_issuer_chain,
        },
      },
    )
    assert.ok(failures(verdict).includes('sgx.tcb-info.signer.root'))
  })
})

describe('a PCK chain', () => {
  const withCertification = (type: 4 | 5, text: string): Uint8Array => {
    const quote = parseSgxQuote(MADE.evidence)
    return encodeQuote({ ...quote, certification: { type, data: new TextEncoder().encode(text) } })
  }
  const chain = new TextDecoder().decode(parseSgxQuote(MADE.evidence).certification.data)
  const leaf = chain.slice(0, chain.indexOf('-----BEGIN', 1))
  const options = { at: MADE.at, trustAnchors: [MADE.anchor], expect: MADE.expectations, collateral: MADE.collateral }

  it('of which the quote has the leaf only is completed by the collateral', () => {
    const memory = createMemory()
    for (let i = 0; i < 2; i++) {
      const verdict = verifySgxSync(withCertification(4, leaf), { ...options, memory })
      assert.equal(verdict.outcome, 'verified', verdict.summary)
    }
    assert.equal(memory.entries, 1)
    const { pck_crl_issuer_chain: _chain, ...without } = MADE.collateral
    const verdict = verifySgxSync(withCertification(4, leaf), { ...options, memory, collateral: without })
    assert.equal(find(verdict, 'sgx.pck.present').outcome, 'unchecked')
  })
  it('that is completed by another authority does not verify', () => {
    const other = makeSgx({ authority: createIntelAuthority() }).collateral
    const collateral = { ...MADE.collateral, pck_crl_issuer_chain: other.pck_crl_issuer_chain }
    const verdict = verifySgxSync(withCertification(4, leaf), { ...options, collateral })
    assert.ok(failures(verdict).includes('sgx.pck.chain'))
    assert.notEqual(verdict.authenticity, 'proven')
  })
  it('that cannot be read leaves the QE report unchecked', () => {
    const verdict = verifySgxSync(withCertification(5, `${leaf}and more`), options)
    assert.equal(find(verdict, 'sgx.pck.certificates').outcome, 'fail')
    assert.equal(find(verdict, 'sgx.qe.report-signature').outcome, 'unchecked')
    assert.equal(verdict.authenticity, 'refuted')
  })
  it('may end in blanks and a NUL, and in nothing else', () => {
    for (const [end, outcome] of [
      ['\n\0', 'verified'],
      [' \r\n', 'verified'],
      ['\u00a0', 'rejected'],
    ] as const)
      assert.equal(verifySgxSync(withCertification(5, chain + end), options).outcome, outcome)
  })
})
