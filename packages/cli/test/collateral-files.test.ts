import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { distinguishedName, generateKey, issueCertificate, issueCrl, le, toPem, utf8 } from '@sekisho/emulator/kit'
import { processAround } from '../src/around.ts'
import { CliError, EXIT } from '../src/exit.ts'
import { isArmFile, noArmFiles, takeArm } from '../src/options/arm-files.ts'
import { type CollateralFiles, readCollateral, withCompanions } from '../src/options/collateral-files.ts'
import { isIbmFile, noIbmFiles, takeIbm } from '../src/options/ibm-files.ts'
import { isNvidiaFile, noNvidiaFiles, takeNvidia } from '../src/options/nvidia-files.ts'
import { isSevFile, noSevFiles, takeSev } from '../src/options/sev-files.ts'
import { isTokenFile, keySetFor, noTokenFiles, takeToken } from '../src/options/token-files.ts'
import { noTpmFiles, takeTpm } from '../src/options/tpm-files.ts'
import { scratch } from './process.ts'

const folder = scratch()
const key = generateKey('P-256')
const TIMES = { notBefore: new Date('2026-01-01T00:00:00Z'), notAfter: new Date('2036-01-01T00:00:00Z') }

function certificate(name: string): Uint8Array {
  const subject = distinguishedName(['CN', name])
  const keys = { subjectKey: key, issuerKey: key }
  return issueCertificate({ subject, issuer: subject, serial: 1, ...TIMES, ...keys, algorithm: 'ecdsa-p256-sha256' })
}

function inFolder(files: Readonly<Record<string, string | Uint8Array>>): string {
  const home = mkdtempSync(join(folder, 'files-'))
  for (const [name, content] of Object.entries(files)) writeFileSync(join(home, name), content)
  return home
}

const read = (...paths: readonly string[]): Promise<CollateralFiles> => readCollateral(paths, processAround())

async function refused(reading: Promise<unknown>, message: RegExp): Promise<void> {
  await assert.rejects(reading, (error) => {
    assert.ok(error instanceof CliError, String(error))
    assert.equal(error.exitCode, EXIT.unreadable)
    assert.match(error.message, message)
    return true
  })
}

describe('a file that is given as collateral', () => {
  it('is told by line and column where it is no JSON', async () => {
    const home = inFolder({ 'given.json': '{\n  "tcb_info": \'x\'\n}' })
    await refused(
      read(join(home, 'given.json')),
      /given\.json: not JSON: line 2, column 15: "'"; expected a JSON value$/,
    )
  })

  it('has no member of another type, which counts not as absent: it is named', async () => {
    const intel = { tcb_info: '{}', pck_crl: '3082', root_ca_crl: '3082' }
    for (const [content, member] of [
      [{ ...intel, pck_crl: 5 }, 'pck_crl'],
      [{ ...intel, pck_crl: [1, 'x'] }, 'pck_crl'],
      [{ ...intel, RootCaCrl: { der: '30' } }, 'RootCaCrl'],
      [{ ...intel, tcb_info_signature: true }, 'tcb_info_signature'],
      [{ ...intel, qe_identity_issuer_chain: {} }, 'qe_identity_issuer_chain'],
      [{ collateral: { ...intel, tcb_info: 7 } }, undefined],
      [{ collateral: { ...intel, qe_identity: 7 } }, 'qe_identity'],
      [{ tcb_info: '{}', signature: 5 }, 'signature'],
      [{ tcb_info: '{}', certs: 5 }, 'certs'],
      [{ vcekCert: 5, certificateChain: 'x' }, 'vcekCert'],
      [{ vcekCert: 'x', certificateChain: 5 }, 'certificateChain'],
    ] as const) {
      const home = inFolder({ 'given.json': JSON.stringify(content) })
      const named = member === undefined ? /./ : new RegExp(`given\\.json: \`${member}\`: expected text`)
      await refused(read(join(home, 'given.json')), named)
    }
    const absent = inFolder({ 'given.json': JSON.stringify({ ...intel, pck_crl: null, qe_identity: '' }) })
    assert.deepEqual((await read(join(absent, 'given.json'))).intel, { tcb_info: '{}', root_ca_crl: '3082' })
  })

  it('is what its bytes say, where its name is a word that every object knows', async () => {
    for (const name of ['constructor', 'toString', '__proto__', 'valueOf']) {
      const home = inFolder({ [name]: toPem(certificate('SEV-VCEK'), 'CERTIFICATE') })
      assert.deepEqual(Object.keys((await read(join(home, name))).snp), ['vcek'], name)
      const none = inFolder({ [name]: 'neither of them' })
      await refused(read(join(none, name)), /not collateral: expected JSON/)
    }
  })

  it('is known by its certificate where its name says nothing', async () => {
    for (const [subject, part] of [
      ['ARK-Genoa', 'ark'],
      ['SEV-Genoa', 'ask'],
      ['SEV-VLEK-Genoa', 'asvk'],
      ['SEV-VCEK', 'vcek'],
      ['SEV-VLEK', 'vlek'],
    ] as const) {
      const { snp } = await read(join(inFolder({ 'one.der': certificate(subject) }), 'one.der'))
      assert.deepEqual(Object.keys(snp), [part], subject)
    }
    const { intel, snp } = await read(
      join(inFolder({ 'one.pem': toPem(certificate('Intel SGX PCK Certificate'), 'CERTIFICATE') }), 'one.pem'),
    )
    assert.deepEqual([Object.keys(intel ?? {}), Object.keys(snp)], [['pck_certificate_chain'], []])
    for (const subject of ['An ARK-Genoa', 'Other Intel SGX PCK Certificate', 'SEV'])
      assert.deepEqual((await read(join(inFolder({ 'one.der': certificate(subject) }), 'one.der'))).snp, {}, subject)
  })

  it('is known by its blocks in PEM, whatever words a tool wrote around them', async () => {
    const pem = (name: string): string => toPem(certificate(name), 'CERTIFICATE')
    const [vcek, ask, ark] = [pem('SEV-VCEK'), pem('SEV-Milan'), pem('ARK-Milan')]
    const pck = pem('Intel SGX PCK Certificate')
    const home = inFolder({
      'words.pem': `Certificate:\n    Data:\n        Version: 3\n${vcek}subject=CN = SEV-Milan\n${ask}`,
      'mark.pem': `\ufeff${vcek}`,
      'zero.pem': `\n${pck}${ask}\0`,
      'vcek.pem': `${vcek}${ask}${ark}`,
      'cut.pem': `Certificate:\n${vcek}${ask.slice(0, 80)}`,
      'corim.cbor': Buffer.concat([Uint8Array.of(0xd9, 0x01, 0xf5), utf8(vcek)]),
    })
    const parts = async (name: string): Promise<readonly string[]> =>
      Object.keys((await read(join(home, name))).snp).sort()
    assert.deepEqual(await parts('words.pem'), ['ask', 'vcek'])
    assert.deepEqual(await parts('mark.pem'), ['vcek'])
    assert.deepEqual(await parts('vcek.pem'), ['ark', 'ask', 'vcek'])
    const { intel } = await read(join(home, 'zero.pem'))
    assert.equal(intel?.['pck_certificate_chain'], `${pck}${ask}`.trim())
    assert.deepEqual(await parts('corim.cbor'), [])
    await refused(read(join(home, 'cut.pem')), /not collateral/)
  })

  it('is refused by name when it is nothing: text, JSON of something else, and DER that is no certificate', async () => {
    const home = inFolder({
      text: 'x',
      'list.json': '[1]',
      'cut.json': '{"a":',
      'odd.der': Uint8Array.of(0x30, 0x01, 0),
    })
    await refused(read(join(home, 'text')), /text: not collateral/)
    await refused(read(join(home, 'list.json')), /list\.json: expected a JSON object/)
    await refused(read(join(home, 'cut.json')), /cut\.json: .*JSON/)
    await refused(read(join(home, 'odd.der')), /neither a certificate nor a CRL/)
    await refused(read(inFolder({ 'notes.txt': 'x' })), /no collateral in this folder/)
    await refused(read(join(home, 'none')), /none: no such file/)
  })

  it('is one of 64 at most in a folder, those in its `certs` counted', async () => {
    const many = Object.fromEntries(Array.from({ length: 63 }, (_, i) => [`c${i}.der`, certificate('SEV-VCEK')]))
    const home = inFolder(many)
    mkdirSync(join(home, 'certs'))
    writeFileSync(join(home, 'certs', 'ark.der'), certificate('ARK-Genoa'))
    assert.deepEqual(Object.keys((await read(home)).snp).sort(), ['ark', 'vcek'])
    writeFileSync(join(home, 'certs', 'ask.der'), certificate('SEV-Genoa'))
    await refused(read(home), /65 files; at most 64 are read/)
  })

  it('may be in the folders `certs` and `ocsp` of a folder', async () => {
    const home = inFolder({ 'ask.der': certificate('SEV-Genoa') })
    mkdirSync(join(home, 'ocsp'))
    const answer = Buffer.from('30050a0100a000', 'hex')
    writeFileSync(join(home, 'ocsp', 'gpu_certificate_l2.der'), answer)
    const { nvidia } = await read(home)
    assert.deepEqual(
      nvidia.ocsp.map((one) => Buffer.from(one)),
      [answer],
    )
  })

  it('has a name that is known as a whole, where a folder is read', () => {
    for (const [knows, names, others] of [
      [
        isSevFile,
        ['ark.cert', 'pdh.cert', 'ask_ark_naples.cert', 'ask_ark_milan.cert', 'cert-chain.bin', 'sev-launch.json'],
        ['dark.cert', 'mask_ark_milan.cert', 'sev-launch.json.bak'],
      ],
      [
        isIbmFile,
        ['protection-key.bin', 'se-header.bin', 'a.hdr', 'a.arcb'],
        ['my-se-header.bin', 'se-header.bin.old'],
      ],
      [
        isArmFile,
        ['a.jwk', 'a.jwk.json', 'rv-store.json', 'corim-a.cbor'],
        ['a.jwk.old', 'my-rv-store.json', 'a.cbor'],
      ],
      [isNvidiaFile, ['a.xml', 'cert-chain.pem', 'a.ocsp'], ['a.xml.bak', 'my-cert-chain.pem', 'a.ocsp.old']],
      [isTokenFile, ['jwks.json', 'a.jwks'], ['a-jwks.json', 'jwks.json.old', 'a.jwks.old']],
    ] as const) {
      for (const name of names) assert.equal(knows(name), true, name)
      for (const name of others) assert.equal(knows(name), false, name)
    }
  })
})

describe('what comes along with evidence', () => {
  it('fills gaps only under labels that are parts, and never takes the place of a file', async () => {
    const [der, other] = [certificate('SEV-VCEK'), certificate('ARK-Genoa')]
    const one = (label: string, bytes: Uint8Array = der) => ({ kind: 'certificates', from: 'evidence', label, bytes })
    for (const label of ['constructor', '__proto__', 'whatever'])
      assert.deepEqual((await withCompanions(await read(), [one(label)])).snp, { vcek: der }, label)
    assert.deepEqual((await withCompanions(await read(), [one('VLEK')])).snp, { vlek: der })
    const given = await read(join(inFolder({ 'vcek.der': other }), 'vcek.der'))
    assert.deepEqual((await withCompanions(given, [one('vcek')])).snp, { vcek: other })
    assert.deepEqual((await withCompanions(await read(), [one('vcek', utf8('none'))])).snp, {})
  })

  it('is a revocation list only where nothing else is: its sender chose how old it is', async () => {
    const crl = issueCrl({
      issuer: distinguishedName(['CN', 'ARK-Genoa']),
      issuerKey: key,
      algorithm: 'ecdsa-p256-sha256',
      thisUpdate: TIMES.notBefore,
      nextUpdate: TIMES.notAfter,
    })
    const { snp, snpCrlBeside } = await withCompanions(await read(), [
      { kind: 'certificates', from: 'evidence', label: 'crl', bytes: crl },
    ])
    assert.deepEqual([snp.crl, snpCrlBeside], [undefined, crl])
  })
})

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
