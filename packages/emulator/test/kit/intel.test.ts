import assert from 'node:assert/strict'
import { createPublicKey, verify, X509Certificate } from 'node:crypto'
import { describe, it } from 'node:test'
import {
  digest,
  EXAMPLE_ENCLAVE,
  EXAMPLE_TD,
  encodeSgxReport,
  encodeTdReport,
  fromHex,
  makeSgx,
  makeTdx,
  rawPoint,
  sharedIntelAuthority,
  toHex,
  toPem,
  utf8,
} from '../../src/kit/index.ts'
import { openssl, withoutOpenssl } from './openssl.ts'

function certificates(pem: string): readonly X509Certificate[] {
  return (pem.match(/-----BEGIN[^-]*-----[^-]*-----END CERTIFICATE-----/g) ?? []).map((one) => new X509Certificate(one))
}

function verifiesUnderPoint(point: Uint8Array, data: Uint8Array, signature: Uint8Array): boolean {
  const coordinate = (from: number): string => Buffer.from(point.subarray(from, from + 32)).toString('base64url')
  const key = createPublicKey({ format: 'jwk', key: { kty: 'EC', crv: 'P-256', x: coordinate(0), y: coordinate(32) } })
  return verify('sha256', data, { key, dsaEncoding: 'ieee-p1363' }, signature)
}

describe('the Intel-like authority', () => {
  it('issues chains that verify link by link', () => {
    const { collateral } = makeTdx()
    for (const chain of [
      collateral.pck_crl_issuer_chain,
      collateral.tcb_info_issuer_chain,
      collateral.qe_identity_issuer_chain,
    ]) {
      const [signer, root] = certificates(chain)
      assert.ok(signer !== undefined && root !== undefined)
      assert.equal(signer.verify(root.publicKey), true)
      assert.equal(root.verify(root.publicKey), true)
      assert.equal(signer.checkIssued(root), true)
    }
  })
  it('issues PCK certificates whose chain openssl accepts', { skip: withoutOpenssl }, () => {
    for (const ca of ['platform', 'processor'] as const) {
      const { pck, authority } = makeSgx({ ca })
      const files = {
        'root.pem': toPem(authority.root.der),
        'ca.pem': toPem(authority[ca].der),
        'leaf.pem': toPem(pck.der),
      }
      const { status, text } = openssl(
        files,
        'verify',
        '-attime',
        '1781524800',
        '-CAfile',
        'root.pem',
        '-untrusted',
        'ca.pem',
        'leaf.pem',
      )
      assert.equal(status, 0, text)
    }
  })
  it('issues revocation lists that openssl verifies', { skip: withoutOpenssl }, () => {
    const { collateral, authority } = makeSgx()
    for (const [list, issuer] of [
      [collateral.root_ca_crl, authority.root],
      [collateral.pck_crl, authority.platform],
    ] as const) {
      const files = { 'list.der': fromHex(list), 'issuer.pem': toPem(issuer.der) }
      const { text } = openssl(files, 'crl', '-inform', 'DER', '-in', 'list.der', '-CAfile', 'issuer.pem', '-noout')
      assert.match(text, /verify OK/)
    }
  })
  it('pins its root by key', () => {
    const { root, anchor } = sharedIntelAuthority()
    assert.equal(anchor.spkiSha256, toHex(digest('sha256', root.key.spki)))
    assert.equal(anchor.emulated, true)
  })
})

describe('reports', () => {
  it('have the sizes of their kinds', () => {
    assert.equal(encodeSgxReport(EXAMPLE_ENCLAVE).length, 384)
    assert.deepEqual(
      [2, 3, 4].map((kind) => encodeTdReport(EXAMPLE_TD, kind as 2 | 3 | 4).length),
      [584, 648, 885],
    )
  })
  it('have their fields at the specified offsets', () => {
    const enclave = encodeSgxReport({
      ...EXAMPLE_ENCLAVE,
      isvProdId: 0x1234,
      isvSvn: 0x5678,
      reportData: '9a'.repeat(64),
    })
    assert.equal(toHex(enclave.subarray(64, 96)), EXAMPLE_ENCLAVE.mrEnclave)
    assert.equal(toHex(enclave.subarray(128, 160)), EXAMPLE_ENCLAVE.mrSigner)
    assert.equal(toHex(enclave.subarray(256, 260)), '34127856')
    assert.equal(toHex(enclave.subarray(320)), '9a'.repeat(64))
    const td = encodeTdReport(
      { ...EXAMPLE_TD, rtmrs: ['00', '01', '02', '03'].map((x) => x.repeat(48)) as [string, string, string, string] },
      3,
    )
    assert.equal(toHex(td.subarray(136, 184)), EXAMPLE_TD.mrTd)
    assert.equal(toHex(td.subarray(472, 520)), '03'.repeat(48))
    assert.equal(toHex(td.subarray(584, 600)), EXAMPLE_TD.teeTcbSvn2)
  })
  it('refuse fields of a wrong length', () => {
    assert.throws(() => encodeSgxReport({ ...EXAMPLE_ENCLAVE, mrEnclave: '00' }), RangeError)
  })
})

describe('quotes', () => {
  it('of format 3 are signed and bound as the document says', () => {
    const { evidence, attestationKey, pck } = makeSgx()
    const at = 48 + 384 + 4
    const point = evidence.subarray(at + 64, at + 128)
    const report = evidence.subarray(at + 128, at + 512)
    const authData = evidence.subarray(at + 578, at + 610)
    assert.deepEqual(point, rawPoint(attestationKey))
    assert.equal(verifiesUnderPoint(point, evidence.subarray(0, 432), evidence.subarray(at, at + 64)), true)
    assert.equal(verifiesUnderPoint(rawPoint(pck.key), report, evidence.subarray(at + 512, at + 576)), true)
    assert.deepEqual(report.subarray(320, 352), digest('sha256', point, authData))
    assert.equal(Buffer.from(evidence).readUInt32LE(432), evidence.length - at)
  })
  it('of format 4 nest their certification data', () => {
    const { evidence } = makeTdx()
    const bytes = Buffer.from(evidence)
    const at = 48 + 584 + 4
    assert.equal(bytes.readUInt16LE(at + 128), 6)
    assert.equal(bytes.readUInt32LE(at + 130), evidence.length - at - 134)
    const inner = at + 134 + 384 + 64 + 2 + 32
    assert.equal(bytes.readUInt16LE(inner), 5)
    assert.equal(bytes.readUInt32LE(inner + 2), evidence.length - inner - 6)
    assert.equal(bytes[bytes.length - 1], 0)
  })
  it('of format 5 sign the body descriptor too', () => {
    for (const [bodyType, size] of [
      [2, 584],
      [3, 648],
      [4, 885],
    ] as const) {
      const { evidence, attestationKey } = makeTdx({ version: 5, bodyType })
      const bytes = Buffer.from(evidence)
      assert.deepEqual([bytes.readUInt16LE(48), bytes.readUInt32LE(50)], [bodyType, size])
      const signed = evidence.subarray(0, 54 + size)
      const at = 54 + size + 4
      assert.equal(verifiesUnderPoint(rawPoint(attestationKey), signed, evidence.subarray(at, at + 64)), true)
    }
  })
  it('carry certification data of types 1 to 5', () => {
    for (const [type, size] of [
      [1, 36],
      [2, 276],
      [3, 404],
    ] as const) {
      const { evidence } = makeSgx({ quote: { certificationType: type } })
      assert.equal(evidence.length, 48 + 384 + 4 + 64 + 64 + 384 + 64 + 2 + 32 + 6 + size)
    }
  })
})

describe('signed documents', () => {
  it('are signed over their exact text', () => {
    const { collateral, authority } = makeTdx()
    const point = rawPoint(authority.tcbSigning.key)
    assert.equal(verifiesUnderPoint(point, utf8(collateral.tcb_info), fromHex(collateral.tcb_info_signature)), true)
    assert.equal(
      verifiesUnderPoint(point, utf8(collateral.qe_identity), fromHex(collateral.qe_identity_signature)),
      true,
    )
  })
  it('of version 2 have numbered components and no id', () => {
    const { collateral } = makeSgx({ tcbInfo: { version: 2 } })
    const info: Record<string, unknown> = JSON.parse(collateral.tcb_info)
    assert.equal('id' in info, false)
    assert.match(collateral.tcb_info, /"sgxtcbcomp16svn":0,"pcesvn":13/)
  })
  it('can be changed before and after signing', () => {
    const edit = (text: string): string => text.replace('UpToDate', 'Revoked')
    const before = makeSgx({ tcbInfoSigning: { beforeSigning: edit } }).collateral
    const after = makeSgx({ tcbInfoSigning: { afterSigning: edit } }).collateral
    assert.equal(before.tcb_info, after.tcb_info)
    const point = rawPoint(sharedIntelAuthority().tcbSigning.key)
    assert.equal(verifiesUnderPoint(point, utf8(before.tcb_info), fromHex(before.tcb_info_signature)), true)
    assert.equal(verifiesUnderPoint(point, utf8(after.tcb_info), fromHex(after.tcb_info_signature)), false)
  })
})
