import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { distinguishedName, issueCrl, toPem, utf8 } from '@sekisho/emulator/kit'
import { processAround } from '../src/around.ts'
import { CliError, EXIT } from '../src/exit.ts'
import { isArmFile } from '../src/options/arm-files.ts'
import { type CollateralFiles, readCollateral, withCompanions } from '../src/options/collateral-files.ts'
import { isIbmFile } from '../src/options/ibm-files.ts'
import { isNvidiaFile } from '../src/options/nvidia-files.ts'
import { isSevFile } from '../src/options/sev-files.ts'
import { isTokenFile } from '../src/options/token-files.ts'
import { certificate, KEY, TIMES } from './made-certificate.ts'
import { scratch } from './process.ts'

const folder = scratch()
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
      issuerKey: KEY,
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
