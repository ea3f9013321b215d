import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  createAmdAuthority,
  createIntelAuthority,
  type IntelOptions,
  type MadeTdx,
  makeSnp,
  makeTdx,
} from '@sekisho/emulator/kit'
import { canonicalJson } from '@sekisho/evidence'
import { verifySnpSync } from '@sekisho/evidence/snp'
import { verifyTdxSync } from '@sekisho/evidence/tdx'
import {
  type AmdCollateral,
  describeAmd,
  describeIntel,
  type IntelCollateral,
  type IntelCollateralInput,
  readBundle,
  selectAmd,
  selectIntel,
  writeBundle,
} from '../src/index.ts'
import { bench } from './setup.ts'
import { amdAnswers, intelAnswers } from './vendors.ts'

const answers = intelAnswers('tdx')
const made = answers.made as MadeTdx
// The verifier accepts AMD's key size only.
const chip = amdAnswers(makeSnp({ product: 'Genoa' }))

function tdxVerdict(collateral: IntelCollateralInput | undefined): ReturnType<typeof verifyTdxSync> {
  const { evidence, at, anchor } = made
  const { rtmr0, rtmr1, rtmr2, ...rest } = made.expectations
  return verifyTdxSync(evidence, {
    at,
    trustAnchors: [anchor],
    expect: { ...rest, rtmr0: [rtmr0].flat(), rtmr1: [rtmr1].flat(), rtmr2: [rtmr2].flat() },
    ...(collateral === undefined ? {} : { collateral }),
  })
}

function snpVerdict(found: AmdCollateral | undefined): ReturnType<typeof verifySnpSync> {
  const { evidence, at, anchor, expectations } = chip.made
  const collateral =
    found === undefined
      ? {}
      : {
          ...(found.leaf === undefined ? {} : { vcek: found.leaf }),
          ask: found.intermediate,
          ark: found.root,
          crl: found.crl,
        }
  return verifySnpSync(evidence, { at, trustAnchors: [anchor], expect: expectations, collateral })
}

test('what was fetched gives the same verdict, to the byte, as the collateral itself', async (t) => {
  const intel = await (await bench(t, answers)).source.intel(answers.request)
  const amd = await (await bench(t, chip)).source.amd(chip.request)
  assert.equal(tdxVerdict(intel.collateral).outcome, 'verified')
  assert.equal(canonicalJson(tdxVerdict(intel.collateral)), canonicalJson(tdxVerdict(made.collateral)))
  assert.equal(snpVerdict(amd).outcome, 'verified')
  const { ask = new Uint8Array(), vcek = new Uint8Array(), ark } = chip.made.certificates
  assert.equal(
    canonicalJson(snpVerdict(amd)),
    canonicalJson(snpVerdict(describeAmd({ leaf: vcek, intermediate: ask, root: ark, crl: chip.made.crl }))),
  )
})

const attacker = createIntelAuthority()
const forged = (options: IntelOptions): IntelCollateralInput => makeTdx(options).collateral
const own = made.collateral
const edit = (from: string | RegExp, to: string): IntelCollateralInput => ({
  ...own,
  tcb_info: own.tcb_info.replace(from, to),
})
const byAttacker = forged({ authority: attacker })

const INTEL_LIES: readonly (readonly [string, IntelCollateralInput])[] = [
  ['everything under a root of their own', byAttacker],
  [
    'TCB info under a root of their own',
    {
      ...own,
      tcb_info: byAttacker.tcb_info,
      tcb_info_signature: byAttacker.tcb_info_signature,
      tcb_info_issuer_chain: byAttacker.tcb_info_issuer_chain,
    },
  ],
  [
    'TCB info signed with a key of their own under the right chain',
    { ...own, tcb_info: byAttacker.tcb_info, tcb_info_signature: byAttacker.tcb_info_signature },
  ],
  ['a CRL of their own', { ...own, pck_crl: byAttacker.pck_crl }],
  ['a root CRL of their own', { ...own, root_ca_crl: byAttacker.root_ca_crl }],
  ['a longer life of the TCB info', edit('2026-07-01T00:00:00Z', '2036-07-01T00:00:00Z')],
  ['every TCB level up to date', edit(/"OutOfDate"/g, '"UpToDate"')],
  ['a higher evaluation number', edit('"tcbEvaluationDataNumber":17', '"tcbEvaluationDataNumber":99')],
  ['QE identity with another signature', { ...own, qe_identity_signature: own.tcb_info_signature }],
]

for (const [name, collateral] of INTEL_LIES) {
  test(`a mirror that serves ${name} cannot make a verdict better`, () => {
    const bundle = readBundle(writeBundle({ items: [{ kind: 'intel', collateral: describeIntel(collateral) }] }))
    const verdict = tdxVerdict(selectIntel(bundle, answers.request, made.at)?.collateral)
    assert.notEqual(verdict.outcome, 'verified')
    assert.notEqual(verdict.authenticity, 'proven')
  })
}

test('a mirror cannot bring expired collateral back, nor that of another platform', () => {
  const old = describeIntel(
    forged({ window: { from: new Date('2026-04-01T00:00:00Z'), to: new Date('2026-05-01T00:00:00Z') } }),
  )
  const other = describeIntel(forged({ pck: { fmspc: 'c0ffee000002' } }))
  const select = (...items: readonly IntelCollateral[]): IntelCollateral | undefined =>
    selectIntel(
      readBundle(writeBundle({ items: items.map((collateral) => ({ kind: 'intel', collateral })) })),
      answers.request,
      made.at,
    )
  assert.equal(select(old, other), undefined)
  assert.equal(tdxVerdict(undefined).outcome, 'incomplete')
  // Taken past the selection, the verifier refuses them as well.
  for (const { collateral } of [old, other]) assert.equal(tdxVerdict(collateral).authenticity, 'refuted')
})

test("a mirror that serves another chip's VCEK, its own chain or its own CRL cannot make a verdict better", () => {
  const genuine = {
    leaf: chip.made.certificates.vcek ?? new Uint8Array(),
    intermediate: chip.made.certificates.ask ?? new Uint8Array(),
    root: chip.made.certificates.ark,
    crl: chip.made.crl,
  }
  const impostor = makeSnp({ authority: createAmdAuthority('Genoa', { label: 'look-alike' }) })
  const theirs = {
    leaf: impostor.certificates.vcek ?? new Uint8Array(),
    intermediate: impostor.certificates.ask ?? new Uint8Array(),
    root: impostor.certificates.ark,
    crl: impostor.crl,
  }
  const otherChip = makeSnp({ product: 'Genoa', leaf: { hwId: 'ab'.repeat(64) } }).certificates.vcek ?? new Uint8Array()
  const lies = [
    theirs,
    { ...genuine, leaf: theirs.leaf },
    { ...genuine, leaf: otherChip },
    { ...genuine, intermediate: theirs.intermediate },
    { ...genuine, root: theirs.root },
    { ...genuine, crl: theirs.crl },
  ]
  for (const [i, lie] of lies.entries()) {
    const described = describeAmd(lie)
    const bundle = readBundle(writeBundle({ items: [{ kind: 'amd', collateral: described }] }))
    const verdict = snpVerdict(selectAmd(bundle, chip.request, chip.made.at) ?? described)
    assert.notEqual(verdict.outcome, 'verified', `lie ${i}`)
    assert.notEqual(verdict.authenticity, 'proven', `lie ${i}`)
  }
  assert.equal(snpVerdict(describeAmd(genuine)).outcome, 'verified')
})
