import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { makeEif, makeFirmware, makeSigner } from '@sekisho/emulator/kit'
import { measureSevEs, measureSnp, measureTdx } from '../src/index.ts'
import { AT, failures, measured, SIGNER, signed } from './kit.ts'

const MACHINE = { vcpus: 2, cpu: 'EPYC-Milan' }

/** With WebCrypto, as where there is no Node.js: whole, and in pieces. */
const SCRIPT = `
import { readFileSync } from 'node:fs'
import { measureEif } from '@sekisho/measurement'
async function* pieces(image) { for (let at = 0; at < image.length; at += 333) yield image.subarray(at, at + 333) }
const found = []
for (const file of process.argv.slice(1)) {
  const image = new Uint8Array(readFileSync(file))
  for (const input of [image, pieces(image)]) {
    const { pcrs, signature, signers } = await measureEif(input, { at: new Date(${AT.getTime()}) })
    const failed = signers.flatMap(({ checks }) => checks.filter(({ outcome }) => outcome === 'fail').map(({ id }) => id))
    found.push({ pcrs, signature, failed })
  }
}
process.stdout.write(JSON.stringify(found))
`

/** The same for firmware. */
const LAUNCHES = `
import { readFileSync } from 'node:fs'
import { matchSnp, measureSevEs, measureSnp, measureTdx } from '@sekisho/measurement'
const firmware = new Uint8Array(readFileSync(process.argv[1]))
const machine = ${JSON.stringify(MACHINE)}
const boot = { kernel: new Uint8Array(5000), commandLine: 'quiet' }
const snp = await measureSnp(firmware, { ...machine, boot })
const found = [snp, await measureSevEs(firmware, { ...machine, boot }), await measureTdx(firmware)].map((digest) => Array.from(digest))
const { isBootMeasured, machine: { vcpus, cpu } } = await matchSnp(firmware, snp, { boot })
process.stdout.write(JSON.stringify({ found, isBootMeasured, vcpus, cpu }))
`

describe('measuring in a browser', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sekisho-'))
  after(() => rmSync(folder, { recursive: true }))

  it('gives what Node.js gives', async () => {
    const images = [makeEif(), signed(), signed(makeSigner('P-384', AT)), signed({ ...SIGNER, corrupt: true })]
    const files = images.map((image, i) => {
      const file = join(folder, `${i}.eif`)
      writeFileSync(file, image)
      return file
    })
    const ran = spawnSync(
      process.execPath,
      ['--conditions=browser', '--input-type=module', '-e', SCRIPT, '--', ...files],
      { cwd: import.meta.dirname, encoding: 'utf8' },
    )
    assert.equal(ran.stderr, '')
    const expected = []
    for (const image of images) {
      const one = await measured(image)
      const told = { pcrs: one.pcrs, signature: one.signature, failed: failures(one) }
      expected.push(told, told)
    }
    assert.deepEqual(JSON.parse(ran.stdout), expected)
  })

  it('the same for the firmware of confidential VMs', async () => {
    const firmware = makeFirmware({ tdvf: [[0, 0x1000, 0xfffff000n, 0x2000n, 0, 1]] })
    const file = join(folder, 'OVMF.fd')
    writeFileSync(file, firmware)
    const ran = spawnSync(
      process.execPath,
      ['--conditions=browser', '--input-type=module', '-e', LAUNCHES, '--', file],
      {
        cwd: import.meta.dirname,
        encoding: 'utf8',
      },
    )
    assert.equal(ran.stderr, '')
    const boot = { kernel: new Uint8Array(5000), commandLine: 'quiet' }
    const found = [
      await measureSnp(firmware, { ...MACHINE, boot }),
      await measureSevEs(firmware, { ...MACHINE, boot }),
      await measureTdx(firmware),
    ]
    assert.deepEqual(JSON.parse(ran.stdout), {
      found: found.map((digest) => Array.from(digest)),
      isBootMeasured: true,
      ...MACHINE,
    })
  })
})
