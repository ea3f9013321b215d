import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  amdName,
  basicConstraints,
  concat,
  filled,
  flipBit,
  generateKey,
  leafExtensions,
  type MadeSnp,
  makeSnp,
} from '@sekisho/emulator/kit'
import { canonicalJson } from '../src/core/canonical.ts'
import { type SnpCollateralInput, snpCheckIds } from '../src/snp/index.ts'
import { type Change, find, flipped, good, made, signedGuest, verdictOf, vlek, without } from './snp-kit.ts'

const LEVELS = { bootLoader: 10, tee: 0, snp: 24, microcode: 84 }
const BROKEN_TABLE = concat(filled(16).fill(7), filled(80).fill(0xff))
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
      assert.match(
        remedyOf({ made: other, evidence: flipBit(other.evidence, 0x90) }),
        /^fetch from the emulated key service \/vcek\//,
      )
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
