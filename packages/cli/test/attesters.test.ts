import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import {
  basicConstraints,
  distinguishedName,
  generateKey,
  issueCertificate,
  keyUsage,
  toPem,
} from '@sekisho/emulator/kit'
import { reportDataOf, tpmAddress, withTpm } from '../src/checkpoint/attesters.ts'
import { scratch } from './process.ts'
import { runWithin } from './run.ts'

const folder = scratch()
const NOBODY = 'http://127.0.0.1:9'

function makersRoot(): string {
  const key = generateKey('P-256')
  const name = distinguishedName(['CN', 'Example of a TPM maker'])
  const der = issueCertificate({
    subject: name,
    issuer: name,
    serial: 1,
    notBefore: new Date('2026-01-01T00:00:00Z'),
    notAfter: new Date('2046-01-01T00:00:00Z'),
    subjectKey: key,
    issuerKey: key,
    algorithm: 'ecdsa-p256-sha256',
    extensions: [basicConstraints(true), keyUsage('keyCertSign', 'cRLSign')],
  })
  const path = join(folder, 'maker.pem')
  writeFileSync(path, toPem(der, 'CERTIFICATE'))
  return path
}

describe('a machine without the TPM that it is to attest with', () => {
  const none = join(folder, 'no-tpm')
  const commands: Readonly<Record<string, (where: string) => readonly string[]>> = {
    attest: (where) => ['attest', '--tpm', where, '-o', '-'],
    request: (where) => ['request', 'a/b/c', '--tpm', where, '-o', '-', '--server', NOBODY],
    demo: (where) => ['demo', '--tpm', where, '--tpm-ca', makersRoot()],
  }
  for (const [name, args] of Object.entries(commands)) {
    it(`${name}: 3 and what is missing, for it is no fault of the program`, async () => {
      for (const [where, words] of [
        [none, /cannot be reached: there is no such device; this machine has no TPM 2\.0/],
        ['/dev/no-such-tpm', /cannot be opened: there is no such device/],
        ['127.0.0.1:1', /^sekisho: 127\.0\.0\.1:1 cannot be reached: nobody listens there$/m],
      ] as const) {
        const { code, out, err } = await runWithin(args(where))
        assert.deepEqual([code, out], [3, ''], err)
        assert.match(err, words)
        assert.doesNotMatch(err, /a fault of this program/)
      }
    })

    it(`${name}: 64 for what is no address`, async () => {
      for (const where of ['', '127.0.0.1:65536']) {
        const { code, err } = await runWithin(args(where))
        assert.equal(code, 64)
        assert.match(err, /--tpm .*: expected a device such as \/dev\/tpmrm0, host:port, or the path of a socket/)
      }
    })
  }

  it('hides no other fault', async () => {
    await assert.rejects(
      withTpm(async () => {
        throw new RangeError('of the program')
      }),
      RangeError,
    )
    assert.equal(await withTpm(async () => 7), 7)
  })
})

describe('the address of a TPM, and bytes to bind', () => {
  it('is a device, a host with a port, or else a socket', () => {
    assert.deepEqual(tpmAddress('/dev/tpmrm0'), '/dev/tpmrm0')
    assert.deepEqual(tpmAddress('localhost:2321'), { host: 'localhost', port: 2321 })
    assert.deepEqual(tpmAddress('127.0.0.1:65535'), { host: '127.0.0.1', port: 65_535 })
    assert.deepEqual(tpmAddress('[::1]:2321'), { host: '::1', port: 2321 })
    for (const socket of ['/run/tpm.sock', './a:1', 'a:b', 'a:123456', '/run/a:1'])
      assert.deepEqual(tpmAddress(socket), { socket })
  })

  it('are 1 to 64 in hexadecimal, and 32 zeros unless said', () => {
    assert.deepEqual(reportDataOf(undefined), new Uint8Array(32))
    assert.deepEqual(reportDataOf('00fF'), Uint8Array.of(0, 255))
    assert.equal(reportDataOf('ab'.repeat(64)).length, 64)
    for (const text of ['', 'abc', 'xy', 'ab'.repeat(65), '00 11', '0x00'])
      assert.throws(() => reportDataOf(text), { exitCode: 64 }, text)
  })
})

describe('sekisho request', () => {
  it('asks for nothing where the file of the secret is there already, and leaves that alone', async () => {
    let asked = 0
    const server = createServer((_request, response) => {
      asked++
      response.end()
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const file = join(folder, 'kept')
    writeFileSync(file, 'what was there')
    const machine = ['--emulated', 'snp', '--world', join(folder, 'no-world'), '--server', `http://127.0.0.1:${port}`]
    for (const path of [file, folder]) {
      const { code, err } = await runWithin(['request', 'a/b/c', ...machine, '-o', path])
      assert.equal(code, 3)
      assert.match(err, /is there already; nothing is written over/)
    }
    assert.equal(readFileSync(file, 'utf8'), 'what was there')
    assert.equal(asked, 0)
    server.close()
  })
})
