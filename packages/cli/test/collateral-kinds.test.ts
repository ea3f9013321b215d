import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { le, toPem, utf8 } from '@sekisho/emulator/kit'
import { EXIT } from '../src/exit.ts'
import { noArmFiles, takeArm } from '../src/options/arm-files.ts'
import { noIbmFiles, takeIbm } from '../src/options/ibm-files.ts'
import { noNvidiaFiles, takeNvidia } from '../src/options/nvidia-files.ts'
import { noSevFiles, takeSev } from '../src/options/sev-files.ts'
import { keySetFor, noTokenFiles, takeToken } from '../src/options/token-files.ts'
import { noTpmFiles, takeTpm } from '../src/options/tpm-files.ts'
import { certificate } from './made-certificate.ts'

describe('files of the kinds that have no certificates of their own', () => {
  const json = (value: unknown): Uint8Array => utf8(JSON.stringify(value))
  const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')

  it('SEV: certificates of either binary form, and all five values of a launch', () => {
    const form = (usage: number, bits: number, again = bits, version = 1): Uint8Array => {
      const bytes = new Uint8Array(576)
      bytes.set(le(version, 4))
      bytes.set(le(usage, 4), 8)
      bytes.set(le(bits, 4), 56)
      bytes.set(le(again, 4), 60)
      return bytes
    }
    const takes = (bytes: Uint8Array): boolean => takeSev(bytes, noSevFiles())
    for (const bytes of [form(0x1001, 0), form(0x1004, 0), form(0, 2048), form(0, 4096)]) assert.ok(takes(bytes))
    for (const bytes of [
      form(0x1001, 0).subarray(0, 575),
      form(0x1000, 0),
      form(0x1005, 0),
      form(0, 3072),
      form(0, 2048, 4096),
      form(0x1001, 0, 0, 2),
    ])
      assert.equal(takes(bytes), false)
    const launch = { tik: '', apiMajor: 1, apiMinor: 2, buildId: 3, policy: 4 }
    const into = noSevFiles()
    assert.equal(takeSev(json(launch), into), true)
    assert.deepEqual(into, { certificates: [], launch })
    for (const name of Object.keys(launch)) assert.equal(takes(json({ ...launch, [name]: undefined })), false, name)
    for (const bytes of [utf8('{'), json({ ...launch, more: ' '.repeat(4096) }), json([launch])])
      assert.equal(takes(bytes), false)
  })

  it('IBM: headers and images, protection keys by their name, requests, and what names IBM', () => {
    const taken = (name: string, bytes: Uint8Array): readonly string[] => {
      const into = noIbmFiles()
      assert.equal(takeIbm(name, bytes, into), into.x509.length > 0 || Object.values(into).some((one) => one === bytes))
      return Object.entries(into).flatMap(([part, held]) => (held === bytes || held?.length === 1 ? [part] : []))
    }
    const image = new Uint8Array(0xc008)
    image.set(utf8('SeImgLnx'), 0xc000)
    assert.deepEqual(taken('a', utf8('IBMSecEx and more')), ['header'])
    assert.deepEqual(taken('a', image), ['header'])
    assert.deepEqual(taken('protection-key.bin', new Uint8Array(32)), ['protectionKey'])
    assert.deepEqual(taken('a.arpk', new Uint8Array(32)), ['protectionKey'])
    for (const size of [31, 33]) assert.deepEqual(taken('key', new Uint8Array(size)), [])
    assert.deepEqual(taken('random.bin', new Uint8Array(32)), [])
    assert.deepEqual(taken('a', utf8('pvattest and more')), ['request'])
    assert.deepEqual(taken('a.arcb', new Uint8Array(33)), ['request'])
    assert.deepEqual(taken('a.arcb', new Uint8Array(32)), [])
    const [own, other] = [certificate('International Business Machines'), certificate('Other')]
    assert.deepEqual(taken('a', own), ['x509'])
    assert.deepEqual(taken('a', utf8(toPem(own, 'CERTIFICATE'))), ['x509'])
    for (const bytes of [other, utf8(toPem(other, 'CERTIFICATE')), utf8('DigiCert')])
      assert.deepEqual(taken('a', bytes), [])
    // As a checkpoint keeps them with a decision.
    const kept = noIbmFiles()
    assert.ok(takeIbm('cpu-0.collateral', json({ files: [own, other].map(base64) }), kept))
    assert.deepEqual(kept.x509, [own, other])
    for (const value of [{ files: [1] }, { files: ['AA'], more: 1 }, { files: 'AA' }, { files: Array(257).fill('AA') }])
      assert.equal(takeIbm('a', json(value), noIbmFiles()), false)
    assert.equal(takeIbm('a', utf8('{"files":[}'), noIbmFiles()), false)
  })

  it('Arm: keys, lists of nothing else, reference values, and CoRIMs, signed ones by what they say they hold', () => {
    const taken = (bytes: Uint8Array): readonly number[] | false => {
      const into = noArmFiles()
      const took = takeArm(bytes, into)
      return took && [into.keys.length, into.referenceValues === undefined ? 0 : 1, into.corims.length]
    }
    assert.deepEqual(taken(json({ kty: 'EC' })), [1, 0, 0])
    assert.deepEqual(taken(json([{ kty: 'EC' }, { pkey: 'x' }])), [2, 0, 0])
    for (const name of ['platform', 'realm']) assert.deepEqual(taken(json({ [name]: {} })), [0, 1, 0])
    // As a checkpoint keeps them with a decision.
    assert.deepEqual(taken(json({ keys: '[{"pkey":{}},{"kty":"EC"}]', referenceValues: '{}' })), [2, 1, 0])
    assert.deepEqual(taken(json({ keys: '{"kty":"EC"}' })), [1, 0, 0])
    assert.deepEqual(taken(json({ referenceValues: '{}' })), [0, 1, 0])
    assert.deepEqual(taken(Uint8Array.of(0xd9, 0x01, 0xf5, 0xa0)), [0, 0, 1])
    const signed = (type: string): Uint8Array => Uint8Array.of(0xd2, ...utf8(type))
    for (const type of ['application/rim+cbor', 'application/corim-unsigned+cbor'])
      assert.deepEqual(taken(signed(type)), [0, 0, 1])
    for (const bytes of [
      signed('application/eat+cwt'),
      signed(`${' '.repeat(16 * 1024)}application/rim+cbor`),
      json([]),
      json([{ kty: 'EC' }, {}]),
      json(null),
      json({}),
      json({ keys: '[]' }),
      json({ keys: '{' }),
      json({ keys: [{ kty: 'EC' }] }),
      json({ keys: '{"kty":"EC"}', referenceValues: {} }),
      json({ keys: '{"kty":"EC"}', others: 1 }),
      utf8('"kty"'),
      utf8('{'),
      new Uint8Array(0),
    ])
      assert.equal(taken(bytes), false, Buffer.from(bytes.subarray(0, 40)).toString('latin1'))
  })

  it('NVIDIA: manifests of the driver and of the VBIOS by their versions, answers of OCSP, and chains that NVIDIA issued', () => {
    const parts = (bytes: Uint8Array): readonly string[] => {
      const into = noNvidiaFiles()
      assert.equal(
        takeNvidia(bytes, into),
        Object.values(into).some((one) => (Array.isArray(one) ? one.length > 0 : one)),
      )
      return Object.entries(into).flatMap(([name, held]) => (held === bytes ? [name] : []))
    }
    const manifest = (version: string): Uint8Array =>
      utf8(`<?xml version="1.0"?><SoftwareIdentity colloquialVersion="${version}"/>`)
    for (const version of ['535.86.10', '550.1']) assert.deepEqual(parts(manifest(version)), ['driverRim'])
    for (const version of ['96.00.74.00.1C', '5.1', 'a535.86', '535'])
      assert.deepEqual(parts(manifest(version)), ['vbiosRim'], version)
    assert.deepEqual(parts(utf8('<swid:SoftwareIdentity/>')), ['vbiosRim'])
    assert.deepEqual(parts(utf8("<SoftwareIdentity colloquialVersion = '550.1'/>")), ['driverRim'])
    const answer = noNvidiaFiles()
    const rim = Buffer.from(manifest('550.1')).toString('base64')
    assert.equal(takeNvidia(utf8(JSON.stringify({ id: 'NV_GPU_DRIVER_GH100_550.1', rim })), answer), true)
    assert.deepEqual([answer.driverRim, answer.manifests.length], [manifest('550.1'), 1])
    for (const other of [{ rim: 5 }, { rim: 'e30=' }, { other: rim }, ['rim']])
      assert.equal(takeNvidia(utf8(JSON.stringify(other)), noNvidiaFiles()), false)
    assert.deepEqual(parts(utf8(toPem(certificate('NVIDIA GH100'), 'CERTIFICATE'))), ['certificateChain'])
    const ocsp = noNvidiaFiles()
    assert.equal(takeNvidia(Buffer.from('30050a0100a000', 'hex'), ocsp), true)
    assert.equal(ocsp.ocsp.length, 1)
    for (const bytes of [
      Buffer.from('30050a0101a000', 'hex'),
      Buffer.from('04050a0100a000', 'hex'),
      utf8('<html/>'),
      utf8(toPem(certificate('Other'), 'CERTIFICATE')),
    ])
      assert.deepEqual(parts(bytes), [])
  })

  it('tokens: key sets by their issuer, the last that names nobody for all others, damaged ones too', () => {
    const into = noTokenFiles()
    const sets = [
      { keys: [], issuer: 'https://a' },
      { keys: [{ kid: 'any' }] },
      { keys: [{ kid: 'later' }] },
      { keys: [{ kid: 'again' }], issuer: 'https://a' },
    ]
    for (const set of sets) assert.equal(takeToken(json(set), into), true)
    assert.equal(keySetFor(into, 'https://a')?.jwks, JSON.stringify(sets[3]))
    assert.equal(keySetFor(into, 'https://b')?.jwks, JSON.stringify(sets[2]))
    const damaged = noTokenFiles()
    assert.equal(takeToken(utf8(' {"keys": [{"kid": 1'), damaged), true)
    assert.equal(damaged.keySets.length, 1)
    for (const bytes of [json({ keys: {} }), json([{ keys: [] }]), utf8('x{"keys":['), utf8('{"other":['), json(null)])
      assert.equal(takeToken(bytes, noTokenFiles()), false)
    const texts = (...crls: readonly unknown[]): Uint8Array => json({ keys: [{ kid: 'x' }], crls })
    assert.equal(takeToken(texts(...Array.from({ length: 16 }, () => 'AAAA')), noTokenFiles()), true)
    for (const bytes of [
      texts(...Array.from({ length: 17 }, () => 'AAAA')),
      texts('no base64!'),
      texts(''),
      texts(7),
      json({ keys: [], issuer: 7 }),
      json({ keys: [], crls: {} }),
    ])
      assert.throws(() => takeToken(bytes, noTokenFiles()), { exitCode: EXIT.unreadable, message: /^key set: / })
  })

  it('TPM: activations whose key has a name, and 1 to 16 certificates', () => {
    const name = `000b${'5a'.repeat(32)}`
    const takes = (akName: unknown, ekCertificates: unknown): boolean =>
      takeTpm(json({ akName, ekCertificates }), noTpmFiles())
    const into = noTpmFiles()
    assert.equal(takeTpm(json({ akName: name, ekCertificates: ['MAA='] }), into), true)
    assert.deepEqual(into.activation, { akName: name, ekCertificates: [Uint8Array.of(0x30, 0)] })
    assert.equal(
      takes(
        name,
        Array.from({ length: 16 }, () => 'MAA='),
      ),
      true,
    )
    for (const [akName, ekCertificates] of [
      [name, []],
      [name, Array.from({ length: 17 }, () => 'MAA=')],
      [name, 'MAA='],
      [name, ['MAA=', 7]],
      [name.slice(2), ['MAA=']],
      [name.toUpperCase(), ['MAA=']],
      [7, ['MAA=']],
    ])
      assert.equal(takes(akName, ekCertificates), false)
    for (const text of ['{"akName":', '{"other":1,"akName":""}', 'null'])
      assert.equal(takeTpm(utf8(text), noTpmFiles()), false)
  })
})
