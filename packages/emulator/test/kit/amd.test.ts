import assert from 'node:assert/strict'
import { createPublicKey, verify, X509Certificate } from 'node:crypto'
import { describe, it } from 'node:test'
import {
  type AmdProduct,
  concat,
  createAmdAuthority,
  digest,
  encodeTcb,
  generateKey,
  type MadeSnp,
  makeSnp,
  reportResponse,
  type SnpOptions,
  toHex,
  toPem,
} from '../../src/kit/index.ts'
import { openssl, withoutOpenssl } from './openssl.ts'

const PRODUCTS: readonly AmdProduct[] = ['Milan', 'Genoa', 'Turin']

function reportVerifies(report: Uint8Array, leaf: Uint8Array): boolean {
  const bigEndian = (at: number): Uint8Array => Uint8Array.from(report.subarray(at, at + 48)).reverse()
  const { publicKey } = new X509Certificate(toPem(leaf))
  const signature = concat(bigEndian(0x2a0), bigEndian(0x2e8))
  return verify('sha384', report.subarray(0, 0x2a0), { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature)
}

// Layouts do not depend on the size of the CA keys, and short ones are made ten times as fast.
const authorities = new Map(PRODUCTS.map((product) => [product, createAmdAuthority(product, { bits: 2048 })]))

function made(options: SnpOptions = {}): MadeSnp {
  const authority = authorities.get(options.product ?? 'Genoa')
  return makeSnp({ ...(authority === undefined ? {} : { authority }), ...options })
}

describe('the AMD-like authority', () => {
  for (const product of PRODUCTS) {
    it(`issues chains for ${product} that openssl accepts`, { skip: withoutOpenssl }, () => {
      for (const role of ['vcek', 'vlek'] as const) {
        const { certificates, leaf } = made({ product, role })
        const middle = certificates.ask ?? certificates.asvk
        assert.ok(middle !== undefined)
        const files = { 'ark.pem': toPem(certificates.ark), 'mid.pem': toPem(middle), 'leaf.pem': toPem(leaf.der) }
        const { status, text } = openssl(
          files,
          'verify',
          '-attime',
          '1781524800',
          '-CAfile',
          'ark.pem',
          '-untrusted',
          'mid.pem',
          'leaf.pem',
        )
        assert.equal(status, 0, text)
      }
    })
  }
  it('has RSA keys of 4096 bits unless told otherwise', () => {
    const { certificates } = makeSnp()
    const ark = new X509Certificate(toPem(certificates.ark))
    assert.equal(ark.publicKey.asymmetricKeyDetails?.modulusLength, 4096)
  })
  it('issues leafs with serial 0 and no key usage', () => {
    const leaf = new X509Certificate(toPem(made().leaf.der))
    assert.equal(leaf.serialNumber, '0')
    assert.equal(leaf.keyUsage, undefined)
  })
  it('issues lists that openssl verifies', { skip: withoutOpenssl }, () => {
    const { crl, certificates } = made({ crl: { revoked: [{ serial: 0x20001 }] } })
    const files = { 'list.der': crl, 'ark.pem': toPem(certificates.ark) }
    const { text } = openssl(files, 'crl', '-inform', 'DER', '-in', 'list.der', '-CAfile', 'ark.pem', '-noout', '-text')
    assert.match(text, /verify OK/)
    assert.match(text, /Serial Number: 020001/)
  })
})

describe('reports', () => {
  for (const product of PRODUCTS) {
    for (const version of [2, 3, 5]) {
      it(`of version ${version} on ${product} are 1184 bytes and signed by the leaf`, () => {
        const { evidence, leaf } = made({ product, version })
        assert.equal(evidence.length, 1184)
        assert.equal(evidence[0], version)
        assert.equal(reportVerifies(evidence, leaf.der), true)
        assert.equal(evidence[0x188] === 0, version === 2)
        assert.equal(evidence[0x1f8] === 0, version !== 5)
      })
    }
  }
  it('have the TCB layout of their product', () => {
    const tcb = { fmc: 9, bootLoader: 1, tee: 2, snp: 3, microcode: 200 }
    assert.equal(toHex(encodeTcb('Genoa', tcb)), '01020000000003c8')
    assert.equal(toHex(encodeTcb('Turin', tcb)), '09010203000000c8')
  })
  it('have their fields at the specified offsets', () => {
    const { evidence } = made({
      report: { hostData: '77'.repeat(32), vmpl: 2, current: { build: 1, minor: 2, major: 3 } },
    })
    assert.equal(toHex(evidence.subarray(0xc0, 0xe0)), '77'.repeat(32))
    assert.equal(evidence[0x30], 2)
    assert.equal(toHex(evidence.subarray(0x1e8, 0x1eb)), '010203')
  })
  it('can be wrapped as the firmware answers', () => {
    const { evidence } = made()
    const response = Buffer.from(reportResponse(evidence))
    assert.deepEqual([response.readUInt32LE(0), response.readUInt32LE(4), response.length], [0, 1184, 1216])
  })
})

describe('ID blocks', () => {
  it('are signed by the ID key, which the author key signs', () => {
    const idKey = generateKey('P-384')
    const authorKey = generateKey('P-384')
    const { evidence, idBlock, idAuth } = made({ idBlock: { idKey, authorKey } })
    assert.ok(idBlock !== undefined && idAuth !== undefined)
    assert.deepEqual([idBlock.length, idAuth.length], [96, 4096])
    const check = (at: number, key: typeof idKey, data: Uint8Array): boolean => {
      const part = (from: number): Uint8Array => Uint8Array.from(idAuth.subarray(from, from + 48)).reverse()
      const publicKey = createPublicKey(key.privateKey)
      return verify('sha384', data, { key: publicKey, dsaEncoding: 'ieee-p1363' }, concat(part(at), part(at + 72)))
    }
    assert.equal(check(0x40, idKey, idBlock), true)
    assert.equal(check(0x680, authorKey, idAuth.subarray(0x240, 0x240 + 1028)), true)
    assert.equal(toHex(evidence.subarray(0xe0, 0x110)), toHex(digest('sha384', idAuth.subarray(0x240, 0x240 + 1028))))
    assert.equal(toHex(evidence.subarray(0x110, 0x140)), toHex(digest('sha384', idAuth.subarray(0x880, 0x880 + 1028))))
    assert.equal((evidence[0x48] as number) & 1, 1)
  })
})

describe('certificate tables', () => {
  it('name every certificate and fill whole pages', () => {
    const { certificateTable, certificates } = made()
    const table = Buffer.from(certificateTable)
    assert.equal(table.length % 4096, 0)
    assert.equal(table.subarray(0, 16).toString('hex'), '63da758de6644564adc5f4b93be8accd')
    const [offset, length] = [table.readUInt32LE(16), table.readUInt32LE(20)]
    assert.equal(offset, 96)
    assert.deepEqual(new Uint8Array(table.subarray(offset, offset + length)), certificates.vcek)
    assert.equal(toHex(certificateTable.subarray(72, 96)), '00'.repeat(24))
  })
})
