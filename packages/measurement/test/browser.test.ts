import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { makeEif, makeSigner } from '@sekisho/emulator/kit'
import { AT, failures, measured, SIGNER, signed } from './kit.ts'

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
})
