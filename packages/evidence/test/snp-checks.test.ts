import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  amdName,
  basicConstraints,
  concat,
  createAmdAuthority,
  filled,
  flipBit,
  generateKey,
  leafExtensions,
  type MadeSnp,
  makeSnp,
  patched,
  type SnpOptions,
  sharedAmdAuthority,
} from '@sekisho/emulator/kit'
import { canonicalJson } from '../src/core/canonical.ts'
import { createMemory } from '../src/core/memory.ts'
import type { Check, Verdict } from '../src/core/verdict.ts'
import {
  prepareSnpCollateral,
  type SnpClaims,
  type SnpCollateralInput,
  type SnpExpectations,
  snpCheckIds,
  verifySnp,
  verifySnpEndorsement,
  verifySnpSync,
} from '../src/snp/index.ts'

const LEVELS = { bootLoader: 10, tee: 0, snp: 24, microcode: 84 }
const good: MadeSnp = makeSnp()
const vlek: MadeSnp = makeSnp({ role: 'vlek' })
const idKey = generateKey('P-384')
const signedGuest: MadeSnp = makeSnp({ idBlock: { idKey, authorKey: generateKey('P-384') }, report: { guestSvn: 5 } })

interface Change {
  readonly made?: MadeSnp
  readonly evidence?: Uint8Array
  readonly collateral?: SnpCollateralInput
  readonly expect?: SnpExpectations
  readonly at?: Date
  readonly realRoots?: true
  readonly waive?: readonly string[]
}

function verdictOf(change: Change = {}): Verdict<SnpClaims> {
  const made = change.made ?? good
  return verifySnpSync(change.evidence ?? made.evidence, {
    at: change.at ?? made.at,
    collateral: change.collateral ?? made.collateral,
    expect: { ...made.expectations, ...change.expect },
    ...(change.realRoots === true ? {} : { trustAnchors: [made.anchor] }),
    ...(change.waive === undefined ? {} : { waive: change.waive }),
  })
}

function checks(verdict: Verdict): readonly Check[] {
  return verdict.checks.flatMap((group) => group.checks)
}

function find(verdict: Verdict, id: string): Check {
  const found = checks(verdict).find((check) => check.id === id)
  assert.ok(found, `there is no check ${id}`)
  return found
}

const made = (options: SnpOptions): Change => ({ made: makeSnp(options) })
const flipped = (bytes: Uint8Array | undefined, from = 40): Uint8Array => flipBit(bytes ?? new Uint8Array(64), from)
const without = (...names: readonly (keyof SnpCollateralInput)[]): SnpCollateralInput =>
  Object.fromEntries(Object.entries(good.collateral).filter(([name]) => !names.some((one) => one === name)))
const BROKEN_TABLE = concat(filled(16).fill(7), filled(80).fill(0xff))
const lookAlike = createAmdAuthority('Genoa', { label: 'look-alike' })
const critical = [{ oid: '1.2.3.4', critical: true, value: Uint8Array.of(5, 0) }]

/** For every check a change that makes it fail. */
const FAILING: Readonly<Record<string, () => Change>> = {
  'snp.report.policy-bits': () => made({ report: { policy: 0x10000n } }),
  'snp.report.product': () => made({ report: { cpuid: [0x1b, 0x00, 0] } }),
  'snp.report.signed': () => made({ report: { keyInfo: 7 << 2 } }),
  'snp.report.signing-key': () => made({ report: { keyInfo: 3 << 2 } }),
  'snp.leaf.present': () => ({ collateral: { ...without('vcek'), certificateTable: BROKEN_TABLE } }),
  'snp.intermediate.present': () => ({ collateral: { ...without('ask'), certificateTable: BROKEN_TABLE } }),
  'snp.ark.present': () => ({ collateral: { ...without('ark'), certificateTable: BROKEN_TABLE } }),
  'snp.leaf.well-formed': () => ({ collateral: { ...good.collateral, vcek: good.leaf.der.subarray(0, 500) } }),
  'snp.intermediate.well-formed': () => ({ collateral: { ...good.collateral, ask: Uint8Array.of(0x30, 0) } }),
  'snp.ark.well-formed': () => ({ collateral: { ...good.collateral, ark: new Uint8Array(0) } }),
  'snp.chain.names': () => made({ leafCertificate: { subject: amdName('SEV-Something') } }),
  'snp.chain.constraints': () =>
    made({
      leafCertificate: {
        extensions: [
          ...leafExtensions('Genoa', { structVersion: 0, productName: 'Genoa', tcb: LEVELS }),
          basicConstraints(true),
        ],
      },
    }),
  'snp.chain.algorithms': () => made({ leafKey: generateKey('P-256'), reportSigner: generateKey('P-384') }),
  'snp.leaf.signature': () => ({
    collateral: { ...good.collateral, vcek: flipped(good.leaf.der, good.leaf.der.length - 9) },
  }),
  'snp.intermediate.signature': () => ({
    collateral: { ...good.collateral, ask: flipped(good.certificates.ask, (good.certificates.ask?.length ?? 0) - 9) },
  }),
  'snp.ark.signature': () => ({
    collateral: { ...good.collateral, ark: flipped(good.certificates.ark, good.certificates.ark.length - 9) },
  }),
  'snp.ark.pinned': () => ({ realRoots: true }),
  'snp.chain.not-before': () => ({ at: new Date('2019-12-31T00:00:00Z') }),
  'snp.chain.not-after': () => ({ at: new Date('2050-01-01T00:00:00Z') }),
  'snp.crl.well-formed': () => ({ collateral: { ...good.collateral, crl: Uint8Array.of(1, 2, 3) } }),
  'snp.crl.issuer': () => made({ crl: { issuer: amdName('ARK-Milan') } }),
  'snp.crl.extensions': () => made({ crl: { extensions: critical } }),
  'snp.crl.signature': () => made({ crl: { corrupt: 'signature' } }),
  'snp.crl.not-before': () =>
    made({ window: { from: new Date('2026-07-01T00:00:00Z'), to: new Date('2026-08-01T00:00:00Z') } }),
  'snp.crl.not-after': () => made({ crl: { nextUpdate: undefined } }),
  'snp.crl.not-revoked': () => made({ crl: { revoked: [{ serial: 0x20001 }] } }),
  'snp.leaf.role': () => ({ collateral: vlek.collateral }),
  'snp.leaf.extensions-well-formed': () =>
    made({
      leafCertificate: {
        extensions: [
          ...leafExtensions('Genoa', { structVersion: 0, productName: 'Genoa', tcb: LEVELS }),
          { oid: '1.3.6.1.4.1.3704.1.4', value: filled(63) },
        ],
      },
    }),
  'snp.leaf.extensions': () => made({ leafCertificate: { extensions: [] } }),
  'snp.leaf.product': () => made({ leaf: { productName: 'Milan-B0' } }),
  'snp.leaf.struct-version': () => made({ leaf: { structVersion: 1 } }),
  'snp.report.signature': () => ({ evidence: flipBit(good.evidence, 0x90) }),
  'snp.tcb.certificate': () => made({ leaf: { tcb: { ...LEVELS, microcode: 85 } } }),
  'snp.tcb.order': () => made({ report: { committedTcb: { ...LEVELS, microcode: 83 } } }),
  'snp.chip-id': () => made({ leaf: { hwId: 'ab'.repeat(64) } }),
  'snp.id-block.well-formed': () => ({
    made: signedGuest,
    collateral: { ...signedGuest.collateral, idAuth: filled(4095) },
  }),
  'snp.id-block.signature': () => ({
    made: signedGuest,
    collateral: { ...signedGuest.collateral, idAuth: flipped(signedGuest.idAuth, 0x44) },
  }),
  'snp.id-block.author-signature': () => ({
    made: signedGuest,
    collateral: { ...signedGuest.collateral, idAuth: flipped(signedGuest.idAuth, 0x684) },
  }),
  'snp.id-block.fields': () => ({
    made: signedGuest,
    collateral: { ...signedGuest.collateral, idBlock: flipped(signedGuest.idBlock, 84) },
  }),
  'snp.id-block.keys': () => ({ collateral: { ...good.collateral, ...idParts(signedGuest) } }),
  'snp.hardware': () => ({ expect: { allowEmulated: false } }),
  'snp.debug': () => made({ report: { policy: 0xb0000n } }),
  'snp.migration': () => made({ report: { policy: 0x70000n } }),
  'snp.guest-requested': () => made({ report: { vmpl: 0xffffffff } }),
  'snp.expect.vmpl': () => ({ expect: { vmpl: [1, 2] } }),
  'snp.expect.measurement': () => ({ expect: { measurement: ['00'.repeat(48)] } }),
  'snp.expect.signer': () => ({ expect: { signer: ['00'.repeat(48)], minSvn: 0 } }),
  'snp.expect.svn': () => ({ made: signedGuest, expect: { minSvn: 6 } }),
  'snp.expect.report-data': () => ({ expect: { reportData: '01' } }),
  'snp.expect.freshness': () => ({ expect: { nonce: 'ee'.repeat(32) } }),
  'snp.expect.host-data': () => ({ expect: { hostData: ['11'.repeat(32)] } }),
  'snp.expect.min-tcb': () => ({ expect: { minTcb: { microcode: 200 } } }),
  'snp.expect.min-firmware': () => ({ expect: { minFirmware: '1.55.41' } }),
  'snp.expect.committed-firmware': () => ({
    made: makeSnp({ report: { currentTcb: { ...LEVELS, snp: LEVELS.snp + 1 } } }),
    expect: { requireCommittedFirmware: true },
  }),
  'snp.expect.mitigations': () => ({ expect: { minMitigationVector: '01' } }),
  'snp.expect.policy': () => ({ expect: { policy: { smtAllowed: false } } }),
  'snp.expect.platform-info': () => ({ expect: { platformInfo: { ciphertextHidingDramEnabled: true } } }),
  'snp.expect.product': () => ({ expect: { products: ['Turin'] } }),
  'snp.expect.hardware-id': () => ({ expect: { hardwareIds: ['11'.repeat(64)] } }),
  'snp.expect.chip-id': () => ({ made: vlek, expect: { requireChipId: true } }),
  'snp.expect.provider': () => ({ made: vlek, expect: { cspIds: ['CN=another'] } }),
  'snp.expect.id-key': () => ({ expect: { idKeyDigest: ['11'.repeat(48)] } }),
  'snp.expect.author-key': () => ({ expect: { authorKeyDigest: ['11'.repeat(48)] } }),
  'snp.expect.family-id': () => ({ expect: { familyId: ['11'.repeat(16)] } }),
  'snp.expect.image-id': () => ({ expect: { imageId: ['11'.repeat(16)] } }),
}

function idParts({ idBlock, idAuth }: MadeSnp): SnpCollateralInput {
  return { ...(idBlock === undefined ? {} : { idBlock }), ...(idAuth === undefined ? {} : { idAuth }) }
}

describe('every SNP check', () => {
  // A revocation list is there or not: its absence is open, never a failure.
  const neverFails = ['snp.crl.present']
  it('has a way to fail', () => {
    assert.deepEqual(
      snpCheckIds().filter((id) => !neverFails.includes(id) && !Object.hasOwn(FAILING, id)),
      [],
    )
    assert.deepEqual(
      Object.keys(FAILING).filter((id) => !snpCheckIds().includes(id)),
      [],
    )
  })
  for (const [id, change] of Object.entries(FAILING)) {
    it(`${id} fails, and says what would mend it`, () => {
      const verdict = verdictOf(change())
      const check = find(verdict, id)
      assert.equal(check.outcome, 'fail', `${check.outcome}: ${check.reason}`)
      assert.equal(verdict.outcome, 'rejected')
      assert.ok(check.remedy !== undefined && check.remedy.action.length > 10)
      const text = `${check.reason} ${check.remedy.action} ${check.expected} ${check.actual}`
      assert.ok(check.reason.length < 400 && !/\[object|NaN|\n/.test(text), text)
      assert.ok(!/undefined/.test(`${check.reason} ${check.remedy.action}`), text)
      canonicalJson(verdict)
    })
  }
  it('is not made twice under one id', () => assert.equal(new Set(snpCheckIds()).size, snpCheckIds().length))
  it('a signature that the leaf of another chip or TCB cannot verify asks for the right leaf, else for other evidence', () => {
    const remedyOf = (made: Parameters<typeof verdictOf>[0]): string =>
      find(verdictOf(made), 'snp.report.signature').remedy?.action ?? ''
    assert.match(remedyOf({ evidence: flipBit(good.evidence, 0x90) }), /nothing mends/)
    for (const leaf of [{ hwId: 'ab'.repeat(64) }, { tcb: { ...LEVELS, microcode: 85 } }]) {
      const other = makeSnp({ product: 'Genoa', leaf })
      assert.match(remedyOf({ made: other, evidence: flipBit(other.evidence, 0x90) }), /^fetch https:/)
    }
  })
  it('may be waived only where a relying party may decide', () => {
    assert.deepEqual(snpCheckIds('waivable'), [
      'snp.crl.present',
      'snp.expect.vmpl',
      'snp.expect.measurement',
      'snp.expect.signer',
      'snp.expect.svn',
      'snp.expect.report-data',
      'snp.expect.freshness',
      'snp.expect.host-data',
      'snp.expect.min-tcb',
    ])
    assert.throws(() => verdictOf({ waive: ['snp.report.signature'] }), TypeError)
    assert.throws(() => verdictOf({ waive: ['snp.crl.presentt'] }), TypeError)
  })
})

describe('the verdict about SNP evidence', () => {
  for (const product of ['Milan', 'Genoa', 'Turin'] as const) {
    for (const role of ['vcek', 'vlek'] as const) {
      for (const version of [2, 3, 4, 5]) {
        // Turin's first reports were of version 3.
        if (product === 'Turin' && version === 2) continue
        it(`is verified: ${product}, ${role}, version ${version}`, () => {
          const one = makeSnp({ product, role, version })
          const verdict = verdictOf({ made: one })
          assert.equal(verdict.outcome, 'verified', verdict.summary)
          assert.equal(verdict.claims.product, product)
        })
      }
    }
  }
  it('names no chip with zeros, whatever is accepted; a VCEK names the chip of a report that does not', () => {
    const zeros = ['00'.repeat(64)]
    const found = find(verdictOf({ made: vlek, expect: { hardwareIds: zeros } }), 'snp.expect.hardware-id')
    assert.deepEqual([found.outcome, found.reason], ['fail', 'the chip id of the report is masked'])
    const hwId = 'ab'.repeat(64)
    const masked = makeSnp({ report: { chipId: zeros[0] as string }, leaf: { hwId } })
    for (const [id, outcome] of [
      [hwId, 'pass'],
      [zeros[0] as string, 'fail'],
    ] as const) {
      const check = find(verdictOf({ made: masked, expect: { hardwareIds: [id] } }), 'snp.expect.hardware-id')
      assert.equal(check.outcome, outcome, check.reason)
    }
  })
  it('is incomplete when nothing is expected: genuine is not enough', () => {
    const verdict = verifySnpSync(good.evidence, {
      at: good.at,
      collateral: good.collateral,
      trustAnchors: [good.anchor],
      expect: { allowEmulated: true },
    })
    assert.equal(verdict.outcome, 'incomplete')
    assert.equal(verdict.authenticity, 'proven')
  })
  it('is incomplete without a revocation list, until that is waived by name', () => {
    assert.equal(verdictOf({ collateral: without('crl') }).authenticity, 'unproven')
    const waived = verdictOf({ collateral: without('crl'), waive: ['snp.crl.present'] })
    assert.equal(waived.outcome, 'verified')
    assert.deepEqual(waived.waived, ['snp.crl.present'])
  })
  it('is incomplete where only the certificate would name the product that is expected', () => {
    const old = makeSnp({ product: 'Milan', version: 2 })
    const { vcek, ...rest } = old.collateral
    assert.ok(vcek !== undefined)
    const verdict = verdictOf({ made: old, collateral: rest, expect: { products: ['Milan'] } })
    assert.equal(find(verdict, 'snp.expect.product').outcome, 'unchecked')
    assert.match(find(verdict, 'snp.expect.product').remedy?.action ?? '', /VCEK|vcek/)
    assert.equal(verdict.outcome, 'incomplete')
  })
  for (const name of ['vcek', 'ask', 'ark'] as const) {
    it(`is incomplete without the ${name}, and says where it is to be had`, () => {
      const verdict = verdictOf({ collateral: without(name) })
      assert.equal(verdict.outcome, 'incomplete')
      const open = checks(verdict).filter((check) => check.outcome === 'unchecked' && check.blockedBy === undefined)
      assert.match(open[0]?.remedy?.action ?? '', /https:\/\/kdsintf\.amd\.com\/vcek\/v1\/Genoa\//)
    })
  }
  it("asks for host data, other VMPLs and the signer's SVN to be looked at", () => {
    assert.equal(
      find(verdictOf(made({ report: { hostData: '22'.repeat(32) } })), 'snp.expect.host-data').outcome,
      'unchecked',
    )
    assert.equal(find(verdictOf(made({ report: { vmpl: 2 } })), 'snp.expect.vmpl').outcome, 'unchecked')
    const digest = find(verdictOf({ made: signedGuest }), 'snp.expect.measurement')
    assert.equal(digest.outcome, 'pass')
  })
  it('takes signer and SVN in the place of a measurement', () => {
    const { measurement: _, ...rest } = signedGuest.expectations
    const idKeyDigest = signedGuest.fields.idKeyDigest
    const options = { at: signedGuest.at, collateral: signedGuest.collateral, trustAnchors: [signedGuest.anchor] }
    const verdict = verifySnpSync(signedGuest.evidence, {
      ...options,
      expect: { ...rest, signer: [idKeyDigest], minSvn: 5 },
    })
    assert.equal(verdict.outcome, 'verified', verdict.summary)
    const half = verifySnpSync(signedGuest.evidence, { ...options, expect: { ...rest, signer: [idKeyDigest] } })
    assert.equal(half.outcome, 'incomplete')
    const author = verifySnpSync(signedGuest.evidence, {
      ...options,
      expect: { ...rest, signer: [signedGuest.fields.authorKeyDigest], minSvn: 5 },
    })
    assert.equal(author.outcome, 'verified', author.summary)
  })
  it('notes what changes nothing', () => {
    const tail = verdictOf({ evidence: patched(good.evidence, 0x330, Uint8Array.of(255)) })
    assert.equal(tail.outcome, 'verified')
    assert.deepEqual(
      tail.notes.map((note) => note.id),
      ['snp.unsigned-tail'],
    )
    const bits = verdictOf(made({ report: { platformInfo: 0x165n } }))
    assert.equal(bits.outcome, 'verified')
    assert.ok(bits.notes.some((note) => note.id === 'snp.platform-info'))
  })
  it('is the same through raw, prepared and remembered collateral, waited for or not, and from a table', async () => {
    const memory = createMemory()
    const options = { at: good.at, trustAnchors: [good.anchor], expect: good.expectations }
    const prepared = prepareSnpCollateral(good.collateral)
    const texts = [
      canonicalJson(verifySnpSync(good.evidence, { ...options, collateral: good.collateral })),
      canonicalJson(await verifySnp(good.evidence, { ...options, collateral: good.collateral })),
      canonicalJson(verifySnpSync(good.evidence, { ...options, collateral: prepared })),
      canonicalJson(verifySnpSync(good.evidence, { ...options, collateral: prepared })),
      canonicalJson(verifySnpSync(good.evidence, { ...options, collateral: good.collateral, memory })),
      canonicalJson(verifySnpSync(good.evidence, { ...options, collateral: good.collateral, memory })),
      canonicalJson(
        verifySnpSync(good.evidence, {
          ...options,
          collateral: { certificateTable: good.certificateTable, crl: good.crl },
        }),
      ),
    ]
    assert.equal(new Set(texts).size, 1)
    assert.equal(memory.entries, 1)
  })
  it('judges dates and revocation again for what is remembered', () => {
    const memory = createMemory()
    const options = { trustAnchors: [good.anchor], expect: good.expectations, collateral: good.collateral, memory }
    assert.equal(verifySnpSync(good.evidence, { ...options, at: good.at }).outcome, 'verified')
    const later = verifySnpSync(good.evidence, { ...options, at: new Date('2026-07-02T00:00:00Z') })
    assert.equal(find(later, 'snp.crl.not-after').outcome, 'fail')
  })
  it('does not let forgeries push good chains out of a memory', () => {
    const memory = createMemory()
    const collateral = { ...good.collateral, vcek: flipped(good.leaf.der, good.leaf.der.length - 9) }
    verifySnpSync(good.evidence, {
      at: good.at,
      trustAnchors: [good.anchor],
      expect: good.expectations,
      collateral,
      memory,
    })
    assert.equal(memory.entries, 0)
  })
  it('takes certificates that came behind the report for what is not given', () => {
    const evidence = concat(good.evidence, good.certificateTable)
    assert.equal(verdictOf({ evidence, collateral: { crl: good.crl } }).outcome, 'verified')
    const prepared = verifySnpSync(evidence, {
      at: good.at,
      trustAnchors: [good.anchor],
      expect: good.expectations,
      collateral: prepareSnpCollateral({ crl: good.crl }),
    })
    assert.equal(prepared.outcome, 'verified')
  })
  it('does not change when the caller changes its bytes afterwards', async () => {
    const evidence = good.evidence.slice()
    const pending = verifySnp(evidence, {
      at: good.at,
      collateral: good.collateral,
      trustAnchors: [good.anchor],
      expect: good.expectations,
    })
    evidence.fill(0)
    assert.equal((await pending).outcome, 'verified')
  })
  it("names emulated roots, and refuses the same evidence under AMD's", () => {
    assert.equal(verdictOf().emulated, true)
    assert.equal(verdictOf({ realRoots: true }).anchors.length, 0)
  })
  it('does not take a look-alike chain for the pinned one', () => {
    const other = makeSnp({ authority: lookAlike })
    assert.equal(find(verdictOf({ made: { ...other, anchor: good.anchor } }), 'snp.ark.pinned').outcome, 'fail')
  })
})

describe('endorsements without a report', () => {
  it('are judged by themselves', async () => {
    const options = { at: good.at, trustAnchors: [good.anchor] }
    assert.equal((await verifySnpEndorsement(good.collateral, 'vcek', options)).authenticity, 'proven')
    const forged = { ...good.collateral, ask: sharedAmdAuthority('Genoa').asvk.der }
    assert.equal((await verifySnpEndorsement(forged, 'vcek', options)).authenticity, 'refuted')
  })
})
