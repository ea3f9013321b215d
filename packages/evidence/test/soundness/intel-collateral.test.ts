import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  authorityKeyIdentifier,
  basicConstraints,
  createIntelAuthority,
  generateKey,
  highSerial,
  type IntelAuthority,
  type Issued,
  intelName,
  issue,
  keyUsage,
  makeSgx,
  makeTdx,
  namedKey,
  sharedIntelAuthority,
  subjectKeyIdentifier,
} from '@sekisho/emulator/kit'
import { verifySgxSync } from '../../src/sgx/verify.ts'
import { assertRefuted, assertUnwanted, assertVerified, checkOf, judgeSgx, judgeTdx } from './kit.ts'

/** A certificate that looks like the TCB Signing certificate, issued by anybody. */
function signerUnder(issuer: Issued, commonName = 'Intel SGX TCB Signing'): Issued {
  const subjectKey = namedKey('fake TCB signer', 'P-256')
  return issue({
    subject: intelName(commonName),
    issuer: issuer.name,
    serial: 77,
    notBefore: new Date('2020-01-01T00:00:00Z'),
    notAfter: new Date('2049-12-31T23:59:59Z'),
    subjectKey,
    issuerKey: issuer.key,
    algorithm: 'ecdsa-p256-sha256',
    extensions: [
      authorityKeyIdentifier(issuer.key),
      subjectKeyIdentifier(subjectKey),
      keyUsage('digitalSignature', 'nonRepudiation'),
      basicConstraints(false),
    ],
  })
}

describe('soundness 14: CRLs accepted though forged, expired, or issued by another CA', () => {
  const authority = sharedIntelAuthority()
  const stranger = generateKey('P-256')

  it('a list that no CA of the chain signed does not count', () => {
    assertRefuted(judgeSgx(makeSgx({ rootCrl: { issuerKey: stranger } })), 'sgx.crl.root.signature')
    assertRefuted(judgeSgx(makeSgx({ pckCrl: { issuerKey: stranger } })), 'sgx.crl.pck.signature')
    assertRefuted(judgeSgx(makeSgx({ rootCrl: { corrupt: 'signature' } })), 'sgx.crl.root.signature')
    assertRefuted(judgeSgx(makeSgx({ pckCrl: { corrupt: 'signed-part' } })), 'sgx.crl.pck.signature')
  })
  it("the Processor CA's list says nothing about a Platform CA's certificate", () => {
    const made = makeSgx()
    const processor = makeSgx({ ca: 'processor' }).collateral
    const swapped = { ...made.collateral, pck_crl: processor.pck_crl }
    assertRefuted(judgeSgx(made, { collateral: swapped }), 'sgx.crl.pck.issuer')
    const withChain = { ...swapped, pck_crl_issuer_chain: processor.pck_crl_issuer_chain }
    assert.equal(judgeSgx(made, { collateral: withChain }).authenticity, 'refuted')
  })
  it("another CA's signature under the right issuer name does not count", () => {
    const { key } = authority.processor
    assertRefuted(judgeSgx(makeSgx({ pckCrl: { issuerKey: key } })), 'sgx.crl.pck.signature')
  })
  it('an expired list, one of the future, and one without a next update do not count', () => {
    for (const [name, part] of [
      ['rootCrl', 'root'],
      ['pckCrl', 'pck'],
    ] as const) {
      assertRefuted(
        judgeSgx(makeSgx({ [name]: { nextUpdate: new Date('2026-06-14T00:00:00Z') } })),
        `sgx.crl.${part}.current`,
      )
      assertRefuted(
        judgeSgx(makeSgx({ [name]: { thisUpdate: new Date('2026-06-16T00:00:00Z') } })),
        `sgx.crl.${part}.issued`,
      )
      const endless = judgeSgx(makeSgx({ [name]: { nextUpdate: undefined } }))
      assertRefuted(endless, `sgx.crl.${part}.current`)
      assert.match(checkOf(endless, `sgx.crl.${part}.current`).reason, / does not say until when it is current$/)
    }
  })
  it('a revoked PCK, CA or TCB Signing certificate is found by its number, also one with the high bit set', () => {
    const serial = highSerial('revoked PCK')
    const revoked = [{ serial: 3 }, { serial }]
    assertRefuted(judgeSgx(makeSgx({ pckCertificate: { serial }, pckCrl: { revoked } })), 'sgx.pck.revocation')
    const ca = [{ serial: authority.platform.serial }]
    assertRefuted(judgeSgx(makeSgx({ rootCrl: { revoked: ca } })), 'sgx.pck.ca-revocation')
    const signer = [{ serial: authority.tcbSigning.serial }]
    const signerGone = judgeSgx(makeSgx({ rootCrl: { revoked: signer } }))
    assertRefuted(signerGone, 'sgx.tcb-info.signer.revocation', 'sgx.qe-identity.signer.revocation')
  })
})

describe('soundness 15: TCB info accepted when signed by any key that chains to the root', () => {
  const authority = sharedIntelAuthority()

  it('a PCK certificate does not sign TCB info', () => {
    const made = makeSgx()
    const { pck } = made
    const signing = { signer: pck.key, chain: [pck.der, authority.platform.der, authority.root.der] }
    const forged = makeSgx({ pckKey: pck.key, tcbInfoSigning: signing })
    assert.equal(checkOf(judgeSgx(forged), 'sgx.tcb-info.signer.certificates').outcome, 'fail')
    assert.equal(judgeSgx(forged).authenticity, 'refuted')
    const short = { signer: pck.key, chain: [pck.der, authority.root.der] }
    assert.equal(judgeSgx(makeSgx({ pckKey: pck.key, tcbInfoSigning: short })).authenticity, 'refuted')
  })
  it('a signing certificate of the right name that a PCK CA issued does not sign it', () => {
    const signer = signerUnder(authority.platform)
    for (const [chain, form] of [
      [[signer.der, authority.platform.der, authority.root.der], 'certificates'],
      [[signer.der, authority.root.der], 'issuers'],
    ] as const) {
      const made = makeSgx({ tcbInfoSigning: { signer: signer.key, chain } })
      assert.equal(checkOf(judgeSgx(made), `sgx.tcb-info.signer.${form}`).outcome, 'fail')
      const identity = makeSgx({ qeIdentitySigning: { signer: signer.key, chain } })
      assert.equal(checkOf(judgeSgx(identity), `sgx.qe-identity.signer.${form}`).outcome, 'fail')
    }
  })
  it('a certificate that the root issued for another purpose does not sign it', () => {
    const { root } = authority
    const signer = signerUnder(root, 'Intel SGX Something Else')
    const signing = { signer: signer.key, chain: [signer.der, root.der] }
    assertRefuted(judgeSgx(makeSgx({ tcbInfoSigning: signing })), 'sgx.tcb-info.signer.certificates')
    assertRefuted(judgeSgx(makeSgx({ qeIdentitySigning: signing })), 'sgx.qe-identity.signer.certificates')
  })
  it('a PCK CA itself does not sign it', () => {
    const { platform, root } = authority
    const made = makeSgx({ tcbInfoSigning: { signer: platform.key, chain: [platform.der, root.der] } })
    assert.equal(checkOf(judgeSgx(made), 'sgx.tcb-info.signer.certificates').outcome, 'fail')
  })
  it('a whole hierarchy of somebody else does not sign it', () => {
    const other = createIntelAuthority()
    const signing = { signer: other.tcbSigning.key, chain: [other.tcbSigning.der, other.root.der] }
    assertRefuted(judgeSgx(makeSgx({ tcbInfoSigning: signing })), 'sgx.tcb-info.signer.root')
    assertRefuted(judgeSgx(makeSgx({ qeIdentitySigning: signing })), 'sgx.qe-identity.signer.root')
  })
  it('two trusted roots do not lend each other their signers', () => {
    const other = createIntelAuthority()
    const signing = { signer: other.tcbSigning.key, chain: [other.tcbSigning.der, other.root.der] }
    const made = makeSgx({ tcbInfoSigning: signing })
    const verdict = judgeSgx(made, { trustAnchors: [made.anchor, other.anchor] })
    assert.equal(checkOf(verdict, 'sgx.tcb-info.signer.root').outcome, 'fail')
  })
  it('a signer certificate with another signature over it does not count', () => {
    const forged = createIntelAuthority({
      keys: { root: authority.root.key },
      certificates: { tcbSigning: { corrupt: 'signature' } },
    }).tcbSigning
    const made = makeSgx({ tcbInfoSigning: { signer: forged.key, chain: [forged.der, authority.root.der] } })
    assertRefuted(judgeSgx(made), 'sgx.tcb-info.signer.chain')
  })
})

describe('soundness 19: signature checked over re-serialised JSON', () => {
  const pretty = (text: string): string => JSON.stringify(JSON.parse(text), null, 1)
  const reordered = (text: string): string =>
    JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(text)).reverse()))

  it('text that means the same and is not what was signed is refused', () => {
    for (const afterSigning of [
      pretty,
      reordered,
      (text: string) => `${text} `,
      (text: string) => text.replace(':17', ':17.0'),
    ]) {
      assert.equal(
        checkOf(judgeSgx(makeSgx({ tcbInfoSigning: { afterSigning } })), 'sgx.tcb-info.signature').outcome,
        'fail',
      )
      assert.equal(
        checkOf(judgeSgx(makeSgx({ qeIdentitySigning: { afterSigning } })), 'sgx.qe-identity.signature').outcome,
        'fail',
      )
    }
  })
  it('unusual text that was signed as it is verifies', () => {
    for (const beforeSigning of [pretty, reordered]) {
      assertVerified(judgeSgx(makeSgx({ tcbInfoSigning: { beforeSigning }, qeIdentitySigning: { beforeSigning } })))
    }
  })
  it('a status edited after signing is refused', () => {
    const edit = { afterSigning: (text: string): string => text.replace('OutOfDate', 'UpToDate') }
    const made = makeSgx({
      pck: { components: [6, 7, 3, 3, 5, 255, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0] },
      tcbInfoSigning: edit,
    })
    assert.equal(checkOf(judgeSgx(made), 'sgx.tcb-info.signature').outcome, 'fail')
  })
})

describe('soundness 22: the root pinned by certificate: it was reissued with the same key', () => {
  it('a reissued root of the same key and name is the same root', () => {
    const before = sharedIntelAuthority()
    const certificates = { root: { serial: 4711, notBefore: new Date('2018-05-21T10:45:10Z') } }
    const keys = { root: before.root.key, platform: before.platform.key, tcbSigning: before.tcbSigning.key }
    const reissued: IntelAuthority = createIntelAuthority({ keys, certificates })
    assert.notDeepEqual(reissued.root.der, before.root.der)
    const made = makeSgx({ authority: reissued })
    assertVerified(judgeSgx(made, { trustAnchors: [before.anchor] }))
    const mixed = { ...made.collateral, tcb_info_issuer_chain: makeSgx().collateral.tcb_info_issuer_chain }
    assertVerified(judgeSgx(made, { trustAnchors: [before.anchor], collateral: mixed }))
  })
  it('another key under the same name and serial is another root', () => {
    const made = makeSgx({ authority: createIntelAuthority() })
    const verdict = judgeSgx(made, { trustAnchors: [sharedIntelAuthority().anchor] })
    assert.equal(checkOf(verdict, 'sgx.pck.root').outcome, 'fail')
    assert.deepEqual([verdict.authenticity, verdict.anchors], ['refuted', []])
  })
  it("without the caller's word only Intel's own root counts", () => {
    const { evidence, at, collateral, expectations: expect } = makeSgx()
    const verdict = verifySgxSync(evidence, { at, collateral, expect })
    assert.equal(checkOf(verdict, 'sgx.pck.root').outcome, 'fail')
    assert.deepEqual([verdict.authenticity, verdict.anchors], ['refuted', []])
  })
})

describe('soundness 23: two update channels give two answers on one day: the verdict names the evaluation number', () => {
  it('the verdict names the numbers of both documents', () => {
    const { tcb } = judgeTdx(makeTdx({ tcbInfo: { tcbEvaluationDataNumber: 19 } })).claims
    assert.deepEqual(tcb.evaluationDataNumbers, { tcbInfo: 19, qeIdentity: 17 })
  })
  it('in words it names the lower of the two', () => {
    for (const part of ['tcbInfo', 'qeIdentity'] as const) {
      const { notes } = judgeTdx(makeTdx({ [part]: { tcbEvaluationDataNumber: 16 } }))
      const note = notes.find((one) => one.id === 'tcb-evaluation-data-number')
      assert.equal(note?.text, 'the TCB was judged by evaluation data number 16')
    }
  })
  it('a floor is judged on the lower of the two', () => {
    for (const part of ['tcbInfo', 'qeIdentity'] as const) {
      const other = part === 'tcbInfo' ? 'qeIdentity' : 'tcbInfo'
      const made = makeSgx({ [part]: { tcbEvaluationDataNumber: 17 }, [other]: { tcbEvaluationDataNumber: 19 } })
      const ask = (minTcbEvaluationDataNumber: number): ReturnType<typeof judgeSgx> =>
        judgeSgx(made, { expect: { ...made.expectations, minTcbEvaluationDataNumber } })
      assertUnwanted(ask(18), 'sgx.tcb.evaluation-number')
      assertVerified(ask(17))
    }
  })
})

describe('soundness 24: time boundaries are inclusive', () => {
  const made = makeSgx({ window: { from: new Date('2026-06-01T00:00:00Z'), to: new Date('2026-07-01T00:00:00Z') } })

  it('lists and documents are valid in their first and last second', () => {
    for (const at of ['2026-06-01T00:00:00Z', '2026-07-01T00:00:00Z'])
      assertVerified(judgeSgx(made, { at: new Date(at) }))
  })
  it('and not a second before or after', () => {
    const before = ['sgx.crl.root.issued', 'sgx.crl.pck.issued', 'sgx.tcb-info.issued', 'sgx.qe-identity.issued']
    const after = ['sgx.crl.root.current', 'sgx.crl.pck.current', 'sgx.tcb-info.current', 'sgx.qe-identity.current']
    assertRefuted(judgeSgx(made, { at: new Date('2026-05-31T23:59:59Z') }), ...before)
    assertRefuted(judgeSgx(made, { at: new Date('2026-07-01T00:00:01Z') }), ...after)
  })
  it('certificates are valid in their first and last second, and not a second more', () => {
    const moment = new Date('2026-06-15T12:00:00Z')
    const second = (offset: number): Date => new Date(moment.getTime() + 1000 * offset)
    assertVerified(judgeSgx(makeSgx({ pckCertificate: { notAfter: moment } })))
    assertVerified(judgeSgx(makeSgx({ pckCertificate: { notBefore: moment } })))
    assertRefuted(judgeSgx(makeSgx({ pckCertificate: { notAfter: second(-1) } })), 'sgx.pck.validity')
    assertRefuted(judgeSgx(makeSgx({ pckCertificate: { notBefore: second(1) } })), 'sgx.pck.validity')
  })
})
