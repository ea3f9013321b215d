import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  amdName,
  basicConstraints,
  type CertificateOptions,
  createAmdAuthority,
  createIntelAuthority,
  EXAMPLE_PLATFORM,
  type Extension,
  generateKey,
  intelName,
  keyUsage,
  leafExtensions,
  type MadeSnp,
  makeSgx,
  makeSnp,
  namedKey,
  sgxExtensions,
  sharedAmdAuthority,
} from '@sekisho/emulator/kit'
import { assertRefuted, assertVerified, checkOf, failing, judgeSgx, judgeSnp } from './soundness/kit.ts'

const UNKNOWN: Extension = { oid: '1.2.3.4', critical: true, value: Uint8Array.of(5, 0) }
const PCK_EXTENSIONS: readonly Extension[] = [
  keyUsage('digitalSignature', 'nonRepudiation'),
  basicConstraints(false),
  sgxExtensions(EXAMPLE_PLATFORM),
]

/** A quote whose PCK certificate is odd in one way. */
function failingPck(pckCertificate: Partial<CertificateOptions>): readonly string[] {
  const verdict = judgeSgx(makeSgx({ pckCertificate }))
  assert.equal(verdict.authenticity, 'refuted')
  return failing(verdict)
}

/** A quote whose PCK CA is odd in one way. */
function failingPckCa(platform: Partial<CertificateOptions>): readonly string[] {
  const verdict = judgeSgx(makeSgx({ authority: createIntelAuthority({ certificates: { platform } }) }))
  assert.notEqual(verdict.authenticity, 'proven')
  return failing(verdict)
}

describe('certificates of an Intel platform that are not as their profile says', () => {
  const FORM = 'sgx.pck.certificates'

  it('an unknown critical extension', () => {
    assert.deepEqual(failingPck({ extensions: [...PCK_EXTENSIONS, UNKNOWN] }), ['sgx.pck.critical-extensions'])
    assertVerified(
      judgeSgx(makeSgx({ pckCertificate: { extensions: [...PCK_EXTENSIONS, { ...UNKNOWN, critical: false }] } })),
    )
  })
  it('an extension twice', () => {
    const ids = failingPck({
      extensions: [...PCK_EXTENSIONS, sgxExtensions({ ...EXAMPLE_PLATFORM, fmspc: '00906ed50000' })],
    })
    assert.ok(ids.includes(FORM), ids.join())
  })
  it('a leaf that is a CA, may not sign, has no basic constraints, or is of version 1', () => {
    const sgx = sgxExtensions(EXAMPLE_PLATFORM)
    const ca = [keyUsage('digitalSignature', 'keyCertSign'), basicConstraints(true, 3), sgx]
    assert.deepEqual(failingPck({ extensions: ca }), [FORM])
    assert.deepEqual(failingPck({ extensions: [keyUsage('keyEncipherment'), basicConstraints(false), sgx] }), [FORM])
    assert.deepEqual(failingPck({ extensions: [keyUsage('digitalSignature'), sgx] }), [FORM])
    assert.ok(failingPck({ version: 1, extensions: [] }).includes(FORM))
  })
  it('another subject, and another issuer than the next certificate', () => {
    assert.deepEqual(failingPck({ subject: intelName('Intel SGX PCK Processor CA') }), [FORM])
    assert.deepEqual(failingPck({ issuer: intelName('Intel SGX PCK Processor CA') }), ['sgx.pck.issuers'])
  })
  it('another algorithm, outside and inside', () => {
    assert.deepEqual(failingPck({ algorithm: 'ecdsa-sha1' }), ['sgx.pck.chain'])
    assert.ok(failingPck({ innerAlgorithm: 'ecdsa-p384-sha384' }).includes(FORM))
    const p384 = generateKey('P-384')
    assert.deepEqual(failingPck({ issuerKey: p384, algorithm: 'ecdsa-p384-sha384' }), ['sgx.pck.chain'])
  })
  it('a damaged or a foreign signature', () => {
    assert.deepEqual(failingPck({ corrupt: 'signature' }), ['sgx.pck.chain'])
    assert.deepEqual(failingPck({ issuerKey: generateKey('P-256') }), ['sgx.pck.chain'])
  })
  it('a PCK CA that is no CA, may not sign certificates, or is of another name', () => {
    const usage = keyUsage('keyCertSign', 'cRLSign')
    for (const odd of [
      { extensions: [usage, basicConstraints(false)] },
      { extensions: [keyUsage('cRLSign'), basicConstraints(true, 0)] },
      { extensions: [usage] },
      { subject: intelName('Intel SGX PCK Platform') },
    ]) {
      assert.ok(failingPckCa(odd).includes(FORM), JSON.stringify(odd))
    }
    const unknown = failingPckCa({ extensions: [usage, basicConstraints(true, 0), UNKNOWN] })
    assert.ok(unknown.includes('sgx.pck.critical-extensions'), unknown.join())
  })
  it('a CA that may not sign lists', () => {
    const extensions = [keyUsage('keyCertSign'), basicConstraints(true, 0)]
    assert.deepEqual(failingPckCa({ extensions }), ['sgx.crl.pck.issuer'])
  })
  it("but of a pinned root only the key counts, as Intel's first one allowed too short a path", () => {
    const root = { extensions: [keyUsage('keyCertSign', 'cRLSign'), basicConstraints(true, 0)] }
    assertVerified(judgeSgx(makeSgx({ authority: createIntelAuthority({ certificates: { root } }) })))
  })
  it('a chain of two, of four, or in another order', () => {
    const { authority, pck } = makeSgx()
    const { root, platform, processor } = authority
    for (const chain of [
      [pck.der, root.der],
      [pck.der, platform.der],
      [pck.der, platform.der, processor.der, root.der],
      [root.der, platform.der, pck.der],
    ]) {
      const verdict = judgeSgx(makeSgx({ pckKey: pck.key, quote: { chain } }))
      assert.equal(verdict.authenticity, 'refuted')
      assert.equal(checkOf(verdict, FORM).outcome, 'fail')
    }
  })
  it('SGX extensions with a component of 255 are read, and one of 256 is refused', () => {
    const components = EXAMPLE_PLATFORM.components.map(() => 255)
    assertVerified(judgeSgx(makeSgx({ pck: { components } })))
    const tooHigh = EXAMPLE_PLATFORM.components.map(() => 256)
    const verdict = judgeSgx(
      makeSgx({
        pckCertificate: {
          extensions: [...PCK_EXTENSIONS.slice(0, 2), sgxExtensions({ ...EXAMPLE_PLATFORM, components: tooHigh })],
        },
      }),
    )
    assertRefuted(verdict, 'sgx.pck.extensions')
  })
})

describe('certificates of an AMD platform that are not as their profile says', () => {
  const genoa = (): MadeSnp => makeSnp()
  const hwId = Buffer.from(genoa().evidence.subarray(0x1a0, 0x1e0)).toString('hex')
  const leaf = leafExtensions('Genoa', {
    structVersion: 0,
    productName: 'Genoa',
    tcb: { bootLoader: 10, tee: 0, snp: 24, microcode: 84 },
    hwId,
  })
  const failingLeaf = (leafCertificate: Partial<CertificateOptions>): readonly string[] => {
    const verdict = judgeSnp(makeSnp({ leafCertificate }))
    assert.equal(verdict.authenticity, 'refuted')
    return failing(verdict)
  }
  const failingCa = (part: 'ark' | 'ask', odd: Partial<CertificateOptions>): readonly string[] => {
    const verdict = judgeSnp(makeSnp({ authority: createAmdAuthority('Genoa', { certificates: { [part]: odd } }) }))
    assert.equal(verdict.authenticity, 'refuted')
    return failing(verdict)
  }

  it('an unknown critical extension, and a leaf that is a CA', () => {
    assert.deepEqual(failingLeaf({ extensions: [...leaf, UNKNOWN] }), ['snp.chain.constraints'])
    assert.deepEqual(failingLeaf({ extensions: [...leaf, basicConstraints(true)] }), ['snp.chain.constraints'])
  })
  it('an extension twice', () => {
    const [first] = leaf
    assert.ok(first !== undefined)
    assert.deepEqual(failingLeaf({ extensions: [...leaf, first] }), ['snp.leaf.well-formed'])
  })
  it('another name, organisation or issuer', () => {
    assert.deepEqual(failingLeaf({ issuer: amdName('SEV-Milan') }), ['snp.chain.names'])
    assert.deepEqual(failingCa('ask', { subject: amdName('SEV-Genoa2') }).includes('snp.chain.names'), false)
    assert.ok(failingCa('ask', { issuer: amdName('ARK-Milan') }).includes('snp.chain.names'))
  })
  it('a leaf on P-256, and an ASK of 2048 bits', () => {
    assert.ok(failingLeaf({ subjectKey: generateKey('P-256') }).includes('snp.chain.algorithms'))
    const short = createAmdAuthority('Genoa', { keys: { ask: namedKey('short', 'RSA-2048') } })
    assert.ok(failing(judgeSnp(makeSnp({ authority: short }))).includes('snp.chain.algorithms'))
  })
  it('a damaged signature anywhere in the chain', () => {
    assert.deepEqual(failingLeaf({ corrupt: 'signature' }), ['snp.leaf.signature'])
    assert.deepEqual(failingCa('ask', { corrupt: 'signature' }), ['snp.intermediate.signature'])
    assert.deepEqual(failingCa('ark', { corrupt: 'signature' }), ['snp.ark.signature'])
  })
  it('an ASK that is no CA, and an ARK that allows none below it', () => {
    const usage = keyUsage('keyCertSign')
    assert.deepEqual(failingCa('ask', { extensions: [usage, basicConstraints(false)] }), ['snp.chain.constraints'])
    assert.deepEqual(failingCa('ask', { extensions: [keyUsage('cRLSign'), basicConstraints(true, 0)] }), [
      'snp.chain.constraints',
    ])
    const signsLists = keyUsage('keyCertSign', 'cRLSign')
    assert.deepEqual(failingCa('ark', { extensions: [signsLists, basicConstraints(true, 0)] }), [
      'snp.chain.constraints',
    ])
  })
  it('a leaf of another product than the report', () => {
    assert.deepEqual(failing(judgeSnp(makeSnp({ leaf: { productName: 'Milan-B0' } }))), ['snp.leaf.product'])
    assert.deepEqual(failing(judgeSnp(makeSnp({ leaf: { structVersion: 1 } }))), ['snp.leaf.struct-version'])
    const milan = makeSnp({ report: { cpuid: [0x19, 1, 1] } })
    assert.deepEqual(failing(judgeSnp(milan)), ['snp.leaf.product'])
    assert.ok(sharedAmdAuthority('Genoa').ark.der.length > 0)
  })
})
