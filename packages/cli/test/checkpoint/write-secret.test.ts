import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { writeSecret } from '../../src/checkpoint/write-bytes.ts'
import { CliError, EXIT } from '../../src/exit.ts'
import { scratch } from '../process.ts'

const folder = scratch()
const MODULE = new URL('../../src/checkpoint/write-bytes.js', import.meta.url).href
const SECRET = Buffer.alloc(4096, 's')

describe('the file of a released secret', () => {
  it('is its owner’s alone, and is written over nothing', async () => {
    const path = join(folder, 'whole')
    await writeSecret(path, SECRET)
    assert.deepEqual(readFileSync(path), SECRET)
    assert.equal(statSync(path).mode & 0o777, 0o600)
    await assert.rejects(
      writeSecret(path, Buffer.from('other')),
      (error) =>
        error instanceof CliError && error.exitCode === EXIT.unreadable && /is there already/.test(error.message),
    )
    assert.deepEqual(readFileSync(path), SECRET)
  })

  // A disk that fills is a file that may not grow: the shell bounds it to 1,024 bytes.
  it('is not there when it could not be written whole', () => {
    const path = join(folder, 'half')
    const script = `import(${JSON.stringify(MODULE)}).then(m => m.writeSecret(${JSON.stringify(path)}, Buffer.alloc(4096))).catch(e => console.log(e.message))`
    const line = 'trap "" XFSZ; ulimit -f 2; exec "$0" -e "$1"'
    const { stdout, stderr } = spawnSync('sh', ['-c', line, process.execPath, script], { encoding: 'utf8' })
    assert.match(stdout, /^.+half: cannot be written: the file may not grow so large/, stderr)
    assert.equal(existsSync(path), false)
  })
})
