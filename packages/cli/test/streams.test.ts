import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { closeSync, existsSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { EXAMPLE, MAIN, ROOT, scratch } from './process.ts'
import { run, runWithin } from './run.ts'

/** The exit code of a run whose stream `broken` has lost its reader before anything is written. */
async function codeWithoutReader(args: readonly string[], broken: 'stdout' | 'stderr'): Promise<number | null> {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 60_000,
  })
  child[broken].destroy()
  child[broken === 'stdout' ? 'stderr' : 'stdout'].resume()
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
}

const VERDICTS = [
  ['verified', EXAMPLE.tdx, 0],
  ['rejected', EXAMPLE.debug, 1],
  ['incomplete', EXAMPLE.nothing, 2],
] as const

describe('streams that lost their reader', () => {
  for (const [word, args, code] of VERDICTS) {
    it(`stdout: ${word} evidence still gives ${code}`, async () => {
      assert.equal(await codeWithoutReader(['verify', ...args], 'stdout'), code)
      assert.equal(await codeWithoutReader(['verify', ...args, '--json', '--verbose'], 'stdout'), code)
    })
  }

  it('stdout: a long output still gives the code of the command', async () => {
    const args = ['diff', 'examples/tdx/quote.bin', 'examples/tdx-debug/quote.bin']
    assert.equal(await codeWithoutReader(args, 'stdout'), 1)
  })

  it('stderr: the exit code of the error stands', async () => {
    assert.equal(await codeWithoutReader(['inspect', 'no-such-file'], 'stderr'), 3)
    assert.equal(await codeWithoutReader(['verfy'], 'stderr'), 64)
    assert.equal(await codeWithoutReader(['verify', ...EXAMPLE.debug], 'stderr'), 1)
  })
})

const pipes = scratch()
const hasPipes = spawnSync('mkfifo', [join(pipes, 'evidence')]).status === 0

describe('a pipe with a name', { skip: hasPipes ? false : 'needs mkfifo' }, () => {
  it('is read once, whoever wrote into it is gone by then', async () => {
    const pipe = join(pipes, 'evidence')
    const writer = spawn('sh', ['-c', 'cat examples/tdx/quote.bin > "$0"', pipe], { cwd: ROOT, stdio: 'ignore' })
    const { code, out, err } = await run(['inspect', pipe])
    writer.kill()
    assert.equal(code, 0, err)
    assert.equal(out, (await run(['inspect', 'examples/tdx/quote.bin'])).out)
  })
})

describe('streams that take nothing', { skip: existsSync('/dev/full') ? false : 'there is no /dev/full here' }, () => {
  it('stdout: 70 and one sentence', () => {
    const full = openSync('/dev/full', 'w')
    const ran = spawnSync(process.execPath, [MAIN, 'verify', ...EXAMPLE.tdx], {
      cwd: ROOT,
      encoding: 'utf8',
      stdio: ['ignore', full, 'pipe'],
    })
    closeSync(full)
    assert.equal(ran.status, 70)
    assert.match(ran.stderr, /^sekisho: .*ENOSPC.*\n$/)
  })

  it('stderr: the exit code of the error stands', async () => {
    const full = openSync('/dev/full', 'w')
    const ran = spawnSync(process.execPath, [MAIN, 'inspect', 'no-such-file'], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', full],
    })
    closeSync(full)
    assert.equal(ran.status, (await runWithin(['inspect', 'no-such-file'])).code)
  })
})
