import assert from 'node:assert/strict'
import { chmodSync, copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openVerifier } from '@sekisho/broker'
import { createWorld } from '@sekisho/emulator'
import { distinguishedName, generateKey, issueCrl } from '@sekisho/emulator/kit'
import type { Around } from '../../src/around.ts'
import { readEndorsementFiles } from '../../src/checkpoint/endorsement-files.ts'
import { scratch } from '../process.ts'
import { run } from '../run.ts'

const VECTORS =
  process.env['SEKISHO_VECTORS'] ?? fileURLToPath(new URL('../../../../../../shared/vectors', import.meta.url))
const SE = join(VECTORS, 'ibm-se')
const skip = existsSync(SE) ? false : `needs the vectors of ibm-se in ${VECTORS} (SEKISHO_VECTORS)`

const around: Around = {
  out: () => undefined,
  outBytes: () => undefined,
  err: () => undefined,
  stdin: () => Promise.resolve(new Uint8Array()),
  env: {},
  colour: false,
  liveProgress: false,
  columns: undefined,
  now: () => new Date(),
}

const KEY = JSON.stringify([{ pkey: { kty: 'EC', crv: 'P-384', x: 'AA', y: 'AA' }, 'implementation-id': '11' }])

function written(name: string, files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = join(scratch(), name)
  mkdirSync(folder, { recursive: true })
  for (const [file, content] of Object.entries(files)) writeFileSync(join(folder, file), content)
  return folder
}

describe('sekisho up --endorsements', () => {
  it('takes keys and reference values of Arm platforms', async () => {
    const folder = written('arm', { 'ta-store.json': KEY, 'rv-store.json': '{"platform":[]}' })
    const { arm, ...rest } = await readEndorsementFiles([folder], around)
    assert.deepEqual(JSON.parse(arm?.keys ?? ''), JSON.parse(KEY))
    assert.equal(arm?.referenceValues, '{"platform":[]}')
    assert.deepEqual(rest, {})
    await assert.rejects(readEndorsementFiles([folder, folder], around), /belong in one file/)
  })

  it('takes key sets of attestation services by their issuer, and revocation lists', async () => {
    const key = generateKey('P-256')
    const list = issueCrl({
      issuer: distinguishedName(['CN', 'authority']),
      issuerKey: key,
      thisUpdate: new Date('2026-06-01T00:00:00Z'),
      nextUpdate: new Date('2026-07-01T00:00:00Z'),
      algorithm: 'ecdsa-p256-sha256',
      revoked: [],
    })
    const keys = [key.publicKey.export({ format: 'jwk' })]
    const crls = [Buffer.from(list).toString('base64')]
    const [one, two] = [
      { issuer: 'https://one.example', keys, crls },
      { keys, issuer: 'https://two.example' },
    ].map((set) => JSON.stringify(set))
    const folder = written('tokens', { 'one.jwks': one ?? '', 'jwks.json': two ?? '', 'authority.crl': list })
    const { tokens, ...rest } = await readEndorsementFiles([folder], around)
    assert.deepEqual(rest, {})
    assert.deepEqual(
      tokens?.keySets?.map(({ issuer, jwks, crls }) => [
        issuer,
        jwks,
        crls?.map((der) => Buffer.from(der).equals(list)),
      ]),
      [
        ['https://two.example', two, []],
        ['https://one.example', one, [true]],
      ],
    )
    assert.deepEqual(
      tokens?.crls?.map((der) => Buffer.from(der).equals(list)),
      [true],
    )
    assert.ok(openVerifier({ tokens }))
    const nobody = written('nobody', { 'jwks.json': JSON.stringify({ keys }) })
    await assert.rejects(readEndorsementFiles([nobody], around), /must say whose it is/)
    for (const wrong of [
      { issuer: 1 },
      { crls: 'AA' },
      { crls: [1] },
      { crls: ['!'] },
      { crls: Array(17).fill('AA') },
    ]) {
      const bad = written('bad', { 'jwks.json': JSON.stringify({ issuer: 'x', keys, ...wrong }) })
      await assert.rejects(readEndorsementFiles([bad], around), /key set: /, JSON.stringify(wrong))
    }
  })

  it('counts a list of whoever its issuer is: named as AMD’s is, or of an authority that IBM has too', async () => {
    const key = generateKey('P-256')
    const set = JSON.stringify({ issuer: 'https://one.example', keys: [key.publicKey.export({ format: 'jwk' })] })
    for (const [name, issuer] of [
      ['crl.der', distinguishedName(['CN', 'authority'])],
      ['authority.crl', distinguishedName(['O', 'DigiCert Inc'], ['CN', 'authority'])],
    ] as const) {
      const list = issueCrl({
        issuer,
        issuerKey: key,
        thisUpdate: new Date('2026-06-01T00:00:00Z'),
        nextUpdate: new Date('2026-07-01T00:00:00Z'),
        algorithm: 'ecdsa-p256-sha256',
        revoked: [],
      })
      const { tokens } = await readEndorsementFiles(
        [written(`list-${name}`, { 'one.jwks': set, [name]: list })],
        around,
      )
      assert.deepEqual(tokens?.crls?.map(Buffer.from), [Buffer.from(list)], name)
    }
  })

  it('takes images and requests of Secure Execution, one of each from a folder', { skip }, async () => {
    const folder = written('se', {})
    for (const name of ['se-header.bin', 'protection-key.bin'])
      copyFileSync(join(SE, 'attestation-valid', name), join(folder, name))
    copyFileSync(join(SE, 'attestation-valid/request.pvattest'), join(folder, 'request.arcb'))
    const certificate = join(SE, 'host-key-documents/files/ibm.crt')
    const files = await readEndorsementFiles([certificate, join(folder, 'se-header.bin')], around)
    assert.equal(files.secureExecution?.files?.length, 1)
    assert.equal(files.secureExecution?.images?.length, 1)
    const all = await readEndorsementFiles([certificate, folder], around)
    assert.equal(all.secureExecution?.requests?.length, 1)
    const challenge = openVerifier(all).challenge?.('ibm-se', new Uint8Array(32))
    assert.match(challenge ?? '', /"request_blob":"AAAA/)
    assert.equal(openVerifier(files).challenge?.('ibm-se', new Uint8Array(32)), undefined)
    await assert.rejects(readEndorsementFiles([join(folder, 'request.arcb')], around), /belong together/)
  })

  it('says what is wrong with keys of attestation services as a fault of the files, not of the program', async () => {
    const keys = [generateKey('P-256').publicKey.export({ format: 'jwk' })]
    const set = JSON.stringify({ issuer: 'https://one.example', keys })
    const list = JSON.stringify({ issuer: 'https://one.example', keys, crls: ['AAAA'] })
    for (const [files, says] of [
      [{ 'one.jwks': set, 'two.jwks': set }, /two of the issuer "https:\/\/one\.example"/],
      [{ 'one.jwks': list }, /revocation list 0 of https:\/\/one\.example/],
    ] as const) {
      const folder = written(`faulty-${Object.keys(files).length}`, files)
      const data = join(scratch(), 'faulty-data')
      const { code, err } = await run(['up', '--port', '0', '--offline', '--data', data, '--endorsements', folder])
      assert.equal(code, 3, err)
      assert.match(err, says)
      assert.doesNotMatch(err, /fault of this program/)
    }
  })

  it('refuses the keys and reference values of emulated Arm platforms, which would get secrets as hardware does', async () => {
    const { keys, referenceValues } = createWorld().arm.endorsements()
    const master = join(written('master', { key: new Uint8Array(32).fill(7) }), 'key')
    chmodSync(master, 0o600)
    for (const [i, files] of [{ 'ta-store.json': keys }, { 'rv-store.json': referenceValues }].entries()) {
      const data = join(scratch(), 'emulated-arm-data')
      const start = ['up', '--production', '--master-key-file', master, '--public-url', 'https://checkpoint.example']
      const folder = written(`emulated-arm-${i}`, files)
      const { code, err } = await run([...start, '--port', '0', '--data', data, '--endorsements', folder])
      assert.equal(code, 3, err)
      assert.match(err, /arm: implementation 454d554c41544544\w{48} is of emulated platforms, which are trusted/)
    }
  })

  it('refuses at the start what would not count', { skip }, async () => {
    const folder = written('wrong-key', { 'protection-key.bin': new Uint8Array(32) })
    copyFileSync(join(SE, 'attestation-valid/request.pvattest'), join(folder, 'request.arcb'))
    const data = join(scratch(), 'data')
    const wrong = await run(['up', '--port', '0', '--offline', '--data', data, '--endorsements', folder])
    assert.notEqual(wrong.code, 0)
    assert.match(wrong.err, /secureExecution\.requests\[0\]: the protection key does not open the request/)
    assert.doesNotMatch(wrong.err, / at .*\.js/)
    const root = written('ark', {})
    copyFileSync(join(VECTORS, 'trust-anchors-amd.json'), join(root, 'other.json'))
    await assert.rejects(readEndorsementFiles([join(root, 'other.json')], around))
  })
})
