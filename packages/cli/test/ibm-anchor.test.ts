import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { Verdict } from '@sekisho/evidence'
import { ROOT } from './process.ts'
import { runWithin } from './run.ts'

const FOLDER = join(
  process.env['SEKISHO_VECTORS'] ?? join(ROOT, '..', 'shared', 'vectors'),
  'ibm-se/host-key-documents/files',
)
const skip = existsSync(FOLDER) ? false : `needs ${FOLDER} (SEKISHO_VECTORS)`
const file = (name: string): string => join(FOLDER, name)
const BELOW = ['ibm.crt', 'inter_ca.crt', 'root_ca.crl', 'inter_ca.crl', 'ibm.crl']

async function authenticity(collateral: readonly string[], anchors: readonly string[]): Promise<string> {
  const files = collateral.flatMap((name) => ['--collateral', file(name)])
  const roots = anchors.flatMap((name) => ['--trust-anchor', file(name)])
  const at = ['--at', '2025-01-01T00:00:00Z', '--json']
  const ran = await runWithin(['verify', file('host.crt'), ...files, ...roots, ...at])
  const verdict: Verdict = JSON.parse(ran.out)
  return `${verdict.authenticity}${verdict.emulated ? ', emulated' : ''}`
}

describe('the root of a host key document that is a trust anchor', { skip }, () => {
  it('completes the chain, without being given as collateral as well', async () => {
    const whole = await authenticity([...BELOW, 'root_ca.crt'], ['root_ca.crt'])
    assert.equal(whole, 'proven, emulated')
    assert.equal(await authenticity(BELOW, ['root_ca.crt']), whole)
  })

  it('is trusted only when it is named, and another one is not trusted for being there', async () => {
    assert.notEqual(await authenticity([...BELOW, 'root_ca.crt'], []), 'proven')
    assert.doesNotMatch(await authenticity(BELOW, ['fake_inter_ca.crt']), /proven,/)
    assert.doesNotMatch(await authenticity(BELOW, []), /^proven/)
  })
})
