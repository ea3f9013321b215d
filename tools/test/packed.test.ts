import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, it } from 'node:test'
import { ROOT } from '../src/files.ts'
import { useInstalled, withPacked } from '../src/packed/check.ts'

const npm = spawnSync('npm', ['--version'], { encoding: 'utf8' })
const skip = npm.status === 0 ? false : 'npm is not here, so nothing can be packed or installed'

describe('the packed packages', () => {
  it('install into an empty project, without a registry, and run there', { skip }, async () => {
    const lines = await withPacked(ROOT, (ours, folder) => useInstalled(ROOT, ours, folder))
    for (const what of [
      'snp: ',
      'sgx: ',
      'tdx: ',
      'collateral: ',
      'bundles: ',
      'sekisho verify ',
      'sekisho up: ',
      'sekisho demo: ',
    ]) {
      assert.ok(
        lines.some((line) => line.startsWith(what)),
        `nothing about ${what} in ${lines.join('\n')}`,
      )
    }
  })
})
