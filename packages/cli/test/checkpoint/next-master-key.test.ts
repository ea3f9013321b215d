import assert from 'node:assert/strict'
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { scratch } from '../process.ts'
import { until } from '../until.ts'
import { ownerAt } from './shared.ts'
import { startUp, type Up } from './up.ts'

function key(path: string, byte: number): void {
  writeFileSync(path, Buffer.alloc(32, byte).toString('base64'), { mode: 0o600 })
}

/** What the log lines say was in use after each rotation. */
function rotations({ err }: Up): readonly (readonly string[])[] {
  return err()
    .split('\n')
    .filter((line) => line.includes('"msg":"rotation"') && line.includes('"inUse"'))
    .map((line) => (JSON.parse(line) as { readonly inUse: readonly string[] }).inUse)
}

describe('a next master key beside the one in use', () => {
  it('is gone over to by a server that runs on, and after that it alone opens everything', async () => {
    const home = scratch()
    const [data, file] = [join(home, 'data'), join(home, 'master.key')]
    const args = ['--offline', '--production', '--master-key-file', file, '--data', data]
    const owner = ownerAt(join(home, 'profile.json'), 'default', home)
    key(file, 0x11)
    let up = await startUp(args)
    try {
      await owner.ok(['login', '--data', data])
      await owner.ok(['secret', 'put', 'demo/db/password'], { input: 'kept' })
      writeFileSync(`${file}.next`, 'no key', { mode: 0o600 })
      await until('what is no key is told', async () => up.err().includes('the master key must be 32 bytes'), up.err)
      key(`${file}.next`, 0x22)
      await until('all is under the next key', async () => rotations(up).at(-1)?.length === 1, up.err)
      // Nobody noticed: the process is the same, and what is made now is under the next key as well.
      await owner.ok(['secret', 'put', 'demo/db/other'], { input: 'new' })
      assert.equal(await up.stop(), 0)
      up = await startUp(args)
      assert.equal((await fetch(`${up.url}/readyz`)).status, 200)
      assert.equal(await up.stop(), 0)
      renameSync(`${file}.next`, file)
      // It would not open a database in which anything is under another key.
      up = await startUp(args)
      assert.equal((await fetch(`${up.url}/readyz`)).status, 200)
    } finally {
      assert.equal(await up.stop(), 0)
    }
  })

  it('goes on with what another start began', async () => {
    const home = scratch()
    const [data, file] = [join(home, 'data'), join(home, 'master.key')]
    const args = ['--offline', '--master-key-file', file, '--data', data]
    key(file, 0x33)
    const first = await startUp(args)
    assert.equal(await first.stop(), 0)
    key(`${file}.next`, 0x44)
    const second = await startUp(args)
    try {
      await until('all is under the next key', async () => rotations(second).at(-1)?.length === 1, second.err)
    } finally {
      assert.equal(await second.stop(), 0)
    }
  })
})
