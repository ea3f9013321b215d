import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  basicConstraints,
  type CertificateOptions,
  distinguishedName,
  issueCertificate,
  keyUsage,
  namedKey,
  spkiSha256,
} from '@sekisho/emulator/kit'
import { equalBytes, toHex } from '../src/core/bytes.ts'
import { canonicalJson } from '../src/core/canonical.ts'
import type { Verdict } from '../src/core/verdict.ts'
import {
  encodeSeHeader,
  type IbmSeClaims,
  ibmSeCatalogue,
  ibmSeCheckIds,
  paddedPoint,
  parseHostKeyDocument,
  parseSeHeader,
  unpaddedPoint,
  verifyIbmSe,
  verifyIbmSeSync,
} from '../src/ibm-se/index.ts'
import {
  ANCHOR,
  type Asked,
  AT,
  CHAIN,
  check,
  document,
  FAULTS,
  flipped,
  good,
  judged,
  NOT_SHOWN,
  optionsOf,
  skip,
  swap,
  vector,
} from './ibm-se-kit.ts'

describe('IBM Secure Execution: every check', { skip }, () => {
  it('a response that is as expected is verified, the same in both ways', async () => {
    const verdict = judged()
    assert.equal(verdict.outcome, 'verified', verdict.summary)
    assert.match(verdict.summary, /^EMULATED/)
    const waited = await verifyIbmSe(vector('attestation-valid', 'response.pvattest'), optionsOf({}))
    assert.equal(canonicalJson(waited), canonicalJson(verdict))
    assert.ok(!canonicalJson(verdict).includes(toHex(vector('attestation-valid', 'protection-key.bin'))))
  })
  for (const [id, asked] of Object.entries(FAULTS)) {
    it(`${id} is not passed when it must not be, with a reason and a remedy`, () => {
      const verdict = judged(asked())
      const found = check(verdict, id)
      assert.ok(found.outcome === 'fail' || found.outcome === 'unchecked', `${found.outcome}: ${found.reason}`)
      assert.equal(found.blockedBy, undefined)
      assert.equal(found.phase, /^ibm-se\.(hardware|guest|expect\..*)$/.test(id) ? 'appraisal' : 'authenticity')
      assert.ok(found.reason.length > 10 && (found.remedy?.action.length ?? 0) > 10)
      assert.notEqual(verdict.outcome, 'verified')
    })
  }
  it('there is no other check, and lists, the guest and expectations alone can be waived', () => {
    assert.deepEqual([...Object.keys(FAULTS), ...NOT_SHOWN].sort(), [...ibmSeCheckIds()].sort())
    assert.deepEqual(
      ibmSeCheckIds('waivable'),
      ibmSeCheckIds().filter((id) => /\.(chain\.crl|chain\.crl-current|hkd\.crl|guest|expect\..*)$/.test(id)),
    )
  })
  it('the catalogue has a title for every check, and no other', () => {
    const groups = judged().checks.map((group) => group.id)
    assert.deepEqual(Object.keys(ibmSeCatalogue).sort(), [...groups, ...ibmSeCheckIds()].sort())
  })
  it('without expectations a genuine response is incomplete', () => {
    const verdict = judged({ options: { expect: { allowEmulated: true } } })
    assert.equal(verdict.outcome, 'incomplete')
    assert.equal(verdict.authenticity, 'proven')
  })
  it('what nobody gave leaves open what it would tell, and refutes nothing', () => {
    const expect = { ...good(), hardwareIds: ['11'.repeat(32)] }
    for (const options of [
      { files: [], expect: good() },
      { files: [], protectionKey: undefined as never, expect: good() },
    ]) {
      const verdict = judged({ options })
      assert.deepEqual(
        verdict.checks.flatMap((group) => group.checks).filter(({ outcome }) => outcome === 'fail'),
        [],
      )
      assert.equal(verdict.outcome, 'incomplete')
      assert.match(check(verdict, 'ibm-se.attestation-key').reason, /no document is at hand/)
    }
    const closed = judged({ options: { protectionKey: undefined as never } })
    assert.match(check(closed, 'ibm-se.expect.freshness').remedy?.action ?? '', /protectionKey/)
    assert.equal(check(judged({ options: { header: undefined as never } }), 'ibm-se.header').outcome, 'unchecked')
    const alone = vector('attestation-valid', 'request.pvattest')
    const unnamed = judged({ evidence: alone, options: { files: [], expect } })
    assert.equal(check(unnamed, 'ibm-se.expect.hardware-id').outcome, 'unchecked')
  })
  it('options that make no sense are TypeErrors', () => {
    assert.throws(() => judged({ options: { protectionKey: '00' } }), TypeError)
    assert.throws(() => judged({ options: { waive: ['ibm-se.measurement'] } }), TypeError)
  })
})

describe('soundness 52: IBM', { skip }, () => {
  it('a list that is expired, early or of another key counts as absent, and never revokes', () => {
    for (const list of [
      'ibm_outdated_late.crl',
      'ibm_outdated_early.crl',
      'ibm_invalid_hash.crl',
      'ibm_wrong_issuer.crl',
    ]) {
      const verdict = judged({ files: swap('ibm.crl', list) })
      assert.equal(check(verdict, 'ibm-se.hkd.crl').outcome, 'unchecked', list)
      assert.notEqual(check(verdict, 'ibm-se.hkd.not-revoked').outcome, 'fail', list)
      assert.equal(judged({ files: [...CHAIN, list] }).outcome, 'verified', list)
    }
  })
  it('a header is where the metadata of the image say, and nowhere else', () => {
    const header = vector('attestation-valid', 'se-header.bin')
    const image = new Uint8Array(0x20000)
    image.set(header)
    assert.equal(check(judged({ options: { header: image } }), 'ibm-se.header').outcome, 'pass')
    image.set(Buffer.from('SeImgLnx'), 0xc000)
    const view = new DataView(image.buffer)
    view.setBigUint64(0xc008, 0x18000n)
    view.setUint32(0xc010, 1)
    assert.equal(check(judged({ options: { header: image } }), 'ibm-se.header').outcome, 'fail')
    image.set(header, 0x18000)
    assert.equal(check(judged({ options: { header: image } }), 'ibm-se.header').outcome, 'pass')
  })
  it('an image with no slot for the key of its host was loaded by it only as a backup, and that host is a verified one', () => {
    const header = vector('attestation-valid', 'se-header.bin')
    const { slots, ...other } = parseSeHeader(header)
    const unnamed = { ...other, slots: slots.map((slot) => ({ ...slot, hostKeyHash: new Uint8Array(32) })) }
    const backup = { ...unnamed, pcf: unnamed.pcf | 2n }
    const loaded = (made: typeof unnamed, asked: Asked = {}): string =>
      check(judged({ ...asked, options: { header: encodeSeHeader(made), ...asked.options } }), 'ibm-se.image-key')
        .outcome
    assert.equal(loaded(unnamed), 'fail')
    assert.equal(loaded(backup), 'pass')
    assert.equal(loaded(backup, { options: { files: CHAIN.map(document) } }), 'unchecked')
    assert.equal(loaded(backup, { options: { files: [...CHAIN, 'host_rev.crt'].map(document) } }), 'unchecked')
  })
  it('the fix of the locality goes from Armonk to Poughkeepsie only', () => {
    assert.equal(
      judged({ evidence: document('host.crt'), files: swap('ibm.crt', 'ibm_armonk.crt') }).authenticity,
      'proven',
    )
  })
  it('stored coordinates have 80 bytes, numbers 66', () => {
    const host = parseHostKeyDocument(document('host.crt'))
    const point = host.certificate.key?.bytes ?? new Uint8Array(0)
    assert.equal(point.length, 132)
    const padded = paddedPoint(point)
    assert.equal(padded.length, 160)
    assert.ok(equalBytes(unpaddedPoint(padded) ?? new Uint8Array(0), point))
    assert.equal(unpaddedPoint(flipped(padded, 3)), undefined)
  })
})

const IBM_NAME = 'International Business Machines Corporation'
const [ROOT, SIGNER, HOST] = [
  namedKey('ibm root', 'P-384'),
  namedKey('ibm signer', 'P-384'),
  namedKey('ibm host', 'P-521'),
]

function ibmName(unit: string): Uint8Array {
  return distinguishedName(
    ['C', 'US'],
    ['O', IBM_NAME],
    ['OU', unit],
    ['L', 'Armonk'],
    ['ST', 'New York'],
    ['CN', IBM_NAME],
  )
}

function made(change: Partial<CertificateOptions>): Uint8Array {
  return issueCertificate({
    subject: ibmName('Made Root'),
    issuer: ibmName('Made Root'),
    serial: 1,
    notBefore: new Date('2024-01-01T00:00:00Z'),
    notAfter: new Date('2027-01-01T00:00:00Z'),
    subjectKey: ROOT,
    issuerKey: ROOT,
    algorithm: 'ecdsa-p384-sha384',
    extensions: [basicConstraints(true), keyUsage('keyCertSign', 'cRLSign')],
    ...change,
  })
}

/** A document under a made chain of two certificates, with a fault in one of them. */
function madeVerdict(change: {
  readonly root?: Partial<CertificateOptions>
  readonly signer?: Partial<CertificateOptions>
  readonly host?: Partial<CertificateOptions>
}): Verdict<IbmSeClaims> {
  const service = ibmName('IBM Z Host Key Signing Service')
  const root = made({ ...change.root })
  const signer = made({
    subject: service,
    subjectKey: SIGNER,
    serial: 2,
    extensions: [keyUsage('digitalSignature')],
    ...change.signer,
  })
  const host = made({
    subject: ibmName('Host'),
    issuer: service,
    subjectKey: HOST,
    issuerKey: SIGNER,
    serial: 3,
    extensions: [],
    ...change.host,
  })
  return verifyIbmSeSync(host, {
    at: AT,
    files: [signer, root],
    trustAnchors: [{ ...ANCHOR, spkiSha256: spkiSha256(ROOT) }],
  })
}

describe('IBM Secure Execution: made certificates', () => {
  it('a good chain fails nowhere', () => {
    for (const id of NOT_SHOWN) assert.equal(check(madeVerdict({}), id).outcome, 'pass', id)
  })
  const unknown = { oid: '1.2.3.4', critical: true, value: Uint8Array.of(5, 0) }
  for (const [place, change] of [
    ['root', { root: { extensions: [basicConstraints(true), keyUsage('keyCertSign', 'cRLSign'), unknown] } }],
    ['signing certificate', { signer: { extensions: [keyUsage('digitalSignature'), unknown] } }],
    ['host key document', { host: { extensions: [unknown] } }],
  ] as const)
    it(`soundness 55: an unknown critical extension in the ${place} is refused`, () => {
      const verdict = madeVerdict(change)
      const failed = verdict.checks.flatMap(({ checks }) => checks).filter(({ outcome }) => outcome === 'fail')
      assert.match(failed.map(({ reason }) => reason).join('; '), /critical extension that is not known \(1\.2\.3\.4\)/)
    })
  for (const [id, change] of [
    ['ibm-se.chain.constraints', { root: { extensions: [basicConstraints(false)] } }],
    ['ibm-se.chain.signature', { signer: { corrupt: 'signature' } }],
    ['ibm-se.chain.strength', { signer: { algorithm: 'ecdsa-sha1' } }],
    ['ibm-se.hkd.strength', { host: { algorithm: 'ecdsa-sha1' } }],
  ] as const) {
    it(`${id} can fail`, () => {
      const failed = check(madeVerdict(change as Parameters<typeof madeVerdict>[0]), id)
      assert.equal(failed.outcome, 'fail', failed.reason)
      assert.ok((failed.remedy?.action.length ?? 0) > 10)
    })
  }
})
