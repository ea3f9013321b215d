import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { digest, toHex, toPem } from '@sekisho/emulator/kit'
import { makeExamples } from '../src/examples/examples.ts'

const EXAMPLES = join(import.meta.dirname, '../../../examples')

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => statSync(join(folder, path)).isFile())
    .sort()
}

describe('examples', () => {
  const made = makeExamples()

  it('in the project are the files that the kit makes', () => {
    assert.deepEqual(filesBelow(EXAMPLES), [...made.keys()].sort())
    assert.equal(readFileSync(join(EXAMPLES, 'README.md'), 'utf8'), made.get('README.md'))
  })
  it('say in their first line that no hardware signed them', () => {
    assert.match(
      readFileSync(join(EXAMPLES, 'README.md'), 'utf8'),
      /^# Everything here is signed by an example authority, not by hardware\n/,
    )
  })
  it('are small', () => {
    const total = filesBelow(EXAMPLES).reduce((sum, path) => sum + statSync(join(EXAMPLES, path)).size, 0)
    assert.ok(total < 200_000, `${total} bytes`)
  })
  it('hold no private key', () => {
    for (const path of filesBelow(EXAMPLES))
      assert.doesNotMatch(readFileSync(join(EXAMPLES, path), 'latin1'), /PRIVATE KEY/)
  })
  it('are under the roots that example-root.json names', () => {
    const anchors: readonly { readonly spkiSha256: string; readonly emulated: boolean }[] = JSON.parse(
      readFileSync(join(EXAMPLES, 'example-root.json'), 'utf8'),
    )
    assert.ok(anchors.every((anchor) => anchor.emulated))
    const ark = new X509Certificate(toPem(readFileSync(join(EXAMPLES, 'snp-genoa/certs/ark.der'))))
    const spki = toHex(digest('sha256', ark.publicKey.export({ format: 'der', type: 'spki' })))
    assert.equal(
      anchors.some((anchor) => anchor.spkiSha256 === spki),
      true,
    )
  })
})
