import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { scratch } from '../process.ts'
import { run } from '../run.ts'
import { startUp } from './up.ts'

const disk = join(scratch(), 'disk')
const mounted = (...args: readonly string[]): boolean => spawnSync('mount', args).status === 0

/** False, or why there is no disk of the test's own. */
function missing(): string | false {
  mkdirSync(disk)
  if (process.getuid?.() !== 0) return 'only root may mount'
  return mounted('-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', disk) ? false : 'nothing may be mounted here'
}

describe('a disk that may only be read', { skip: missing() }, () => {
  it('is told at the start, with what cannot be done there, and nothing serves', async () => {
    try {
      const data = join(disk, 'data')
      const up = await startUp(['--offline', '--data', data])
      assert.equal(await up.stop(), 0)
      assert.ok(mounted('-o', 'remount,ro', disk))
      const refused = await run(['up', '--offline', '--port', '0', '--data', data])
      assert.equal(refused.code, 3)
      assert.match(refused.err, /^sekisho: the folder \S+ cannot be locked: its file system is read-only$/m)
      assert.doesNotMatch(refused.out, /Sekisho is up/)
      const key = join(scratch(), 'master.key')
      writeFileSync(key, Buffer.alloc(32, 1), { mode: 0o600 })
      for (const more of [[], ['--emulated'], ['--master-key-file', key]]) {
        const fresh = await run(['up', '--offline', '--port', '0', '--data', join(disk, 'new', 'deep'), ...more])
        assert.equal(fresh.code, 3)
        assert.match(fresh.err, /^sekisho: .*\bfile system is read-only$/m)
      }
      assert.ok(mounted('-o', 'remount,rw', disk))
      const again = await startUp(['--offline', '--data', data])
      assert.equal(await again.stop(), 0)
    } finally {
      spawnSync('umount', ['-l', disk])
    }
  })
})
