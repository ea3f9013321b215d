import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { concat, createAmdAuthority, makeSnp, patched, sharedAmdAuthority } from '@sekisho/emulator/kit'
import { canonicalJson } from '../src/core/canonical.ts'
import { createMemory } from '../src/core/memory.ts'
import { prepareSnpCollateral, verifySnp, verifySnpEndorsement, verifySnpSync } from '../src/snp/index.ts'
import { checks, find, flipped, good, made, signedGuest, verdictOf, vlek, without } from './snp-kit.ts'

const lookAlike = createAmdAuthority('Genoa', { label: 'look-alike' })

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
      const emulated =
        name === 'ark'
          ? /^fetch from the emulated key service, or https:\/\/kdsintf\.amd\.com where it is none, \/vcek\/v1\/Genoa\//
          : /^fetch from the emulated key service \/vcek\/v1\/Genoa\//
      assert.match(open[0]?.remedy?.action ?? '', emulated)
      const real = verdictOf({ collateral: without(name), realRoots: true })
      const missing = checks(real).find((check) => check.outcome === 'unchecked' && check.blockedBy === undefined)
      assert.match(missing?.remedy?.action ?? '', /^fetch https:\/\/kdsintf\.amd\.com\/vcek\/v1\/Genoa\//)
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
  it('names every flag that is not as expected', () => {
    const policy = { smtAllowed: false, debugAllowed: false, migrateMaAllowed: true }
    const found = find(verdictOf({ expect: { policy } }), 'snp.expect.policy')
    assert.deepEqual(
      [found.reason, found.expected, found.actual, found.remedy?.action],
      [
        'smtAllowed of the guest policy is true; migrateMaAllowed of the guest policy is false',
        'smtAllowed: false, debugAllowed: false, migrateMaAllowed: true',
        'smtAllowed: true, debugAllowed: false, migrateMaAllowed: false',
        'launch the guest with smtAllowed false; launch the guest with migrateMaAllowed true',
      ],
    )
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
