import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { parseNitroDocument } from '@sekisho/evidence/nitro'
import { toPem } from '../src/kit/index.ts'
import { REPORT_DATA, REPORT_DATA_HEX, testWorld } from './judging.ts'
import { openssl, withoutOpenssl } from './kit/openssl.ts'

const withoutTpmTools =
  spawnSync('tpm2_checkquote', ['--version']).status === 0 ? false : 'tpm2-tools are not installed'

/** Runs a tool in a folder with these files. */
function tool(
  files: Readonly<Record<string, Uint8Array>>,
  command: string,
  ...args: string[]
): { readonly status: number | null; readonly text: string } {
  const folder = mkdtempSync(join(tmpdir(), 'sekisho-emulator-'))
  try {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content)
    const { status, stdout, stderr } = spawnSync(command, args, { cwd: folder, encoding: 'utf8' })
    return { status, text: `${stdout}${stderr}` }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

describe('other tools read what is emitted', () => {
  const { world } = testWorld()
  const time = String(Math.floor(world.now().getTime() / 1000))
  const verify = (leaf: Uint8Array, chain: readonly Uint8Array[], root: Uint8Array): void => {
    const files = {
      'leaf.pem': toPem(leaf),
      'chain.pem': chain.map((der) => toPem(der)).join(''),
      'root.pem': toPem(root),
    }
    const paths = ['-CAfile', 'root.pem', '-untrusted', 'chain.pem', 'leaf.pem']
    const { status, text } = openssl(files, 'verify', '-attime', time, '-ignore_critical', ...paths)
    assert.equal(status, 0, text)
  }
  it('a TPM quote', { skip: withoutTpmTools }, () => {
    const { message, signature, akPublic, eventLog } = world.tpm().attest(REPORT_DATA)
    const files = { 'ak.tpmt': akPublic, 'quote.msg': message, 'quote.sig': signature, log: eventLog }
    const nonce = ['-q', REPORT_DATA_HEX]
    const quote = tool(
      files,
      'tpm2_checkquote',
      '-u',
      'ak.tpmt',
      '-m',
      'quote.msg',
      '-s',
      'quote.sig',
      '-g',
      'sha256',
      ...nonce,
    )
    assert.equal(quote.status, 0, quote.text)
    const other = ['-q', '00'.repeat(48)]
    const wrong = tool(
      files,
      'tpm2_checkquote',
      '-u',
      'ak.tpmt',
      '-m',
      'quote.msg',
      '-s',
      'quote.sig',
      '-g',
      'sha256',
      ...other,
    )
    assert.notEqual(wrong.status, 0)
  })
  it("a TPM's event log, which they replay to the same registers", { skip: withoutTpmTools }, () => {
    const platform = world.tpm()
    const { eventLog } = platform.attest(REPORT_DATA)
    const { status, text } = tool({ log: eventLog }, 'tpm2_eventlog', 'log')
    assert.equal(status, 0, text)
    const bank = text.slice(text.indexOf('pcrs:'))
    for (const index of [0, 1, 4, 5, 7, 8, 9])
      assert.match(bank, new RegExp(`\\b${index}\\s*: 0x${platform.pcrs[index]}`), `PCR ${index}`)
  })
  it('certificates of a TPM, of Nitro and of AMD', { skip: withoutOpenssl }, () => {
    const [ak, intermediate, root] = world.tpm().attest(REPORT_DATA).certificates
    assert.ok(ak !== undefined && intermediate !== undefined && root !== undefined)
    verify(ak, [intermediate], root)
    const { certificate, cabundle } = parseNitroDocument(world.nitro().attest(REPORT_DATA).evidence)
    const [top, ...rest] = cabundle
    assert.ok(top !== undefined)
    verify(certificate, rest, top)
    const { vcek, ask, ark } = world.snp().collateral()
    assert.ok(vcek !== undefined && ask !== undefined)
    verify(vcek, [ask], ark)
  })
  it("Intel's lists", { skip: withoutOpenssl }, () => {
    const platform = world.tdx()
    world.intel.revokePck(platform)
    const { body } = world.handle({ method: 'GET', url: '/sgx/certification/v4/pckcrl?ca=platform&encoding=der' })
    const { text } = openssl({ 'list.der': body }, 'crl', '-inform', 'DER', '-in', 'list.der', '-noout', '-text')
    assert.match(text, new RegExp(`Serial Number: ${platform.pckSerial.toUpperCase()}`))
  })
})
