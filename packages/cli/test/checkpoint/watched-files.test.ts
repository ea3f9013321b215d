import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { type Rereading, rereading, watched } from '../../src/checkpoint/watched-files.ts'
import { scratch } from '../process.ts'

interface Watch {
  readonly files: Rereading
  /** What was put to use, in order. */
  readonly used: string[]
  readonly failures: string[]
  look(times?: number): Promise<void>
}

/** Watches paths; what they hold is the text of `file`, which has to begin with `good`. */
async function watch(paths: readonly string[], file: string): Promise<Watch> {
  const [used, failures]: [string[], string[]] = [[], []]
  const read = async (): Promise<string> => {
    const text = readFileSync(file, 'utf8')
    if (!text.startsWith('good')) throw new Error(`no good: ${text}`)
    return text
  }
  const files = rereading(
    await watched(paths, read),
    {
      renewed: (value) => {
        used.push(value)
      },
      failed: (error) => failures.push(error instanceof Error ? error.message : ''),
    },
    0,
  )
  return {
    files,
    used,
    failures,
    async look(times = 1) {
      for (let i = 0; i < times; i++) await files.look()
    },
  }
}

describe('files that a checkpoint reads again', () => {
  const home = scratch()
  const file = (name: string, text: string): string => {
    writeFileSync(join(home, name), text)
    return join(home, name)
  }

  it('are read when they have changed, and not otherwise', async () => {
    const path = file('one', 'good 1')
    const { used, failures, look } = await watch([path], path)
    await look(3)
    assert.deepEqual(used, [])
    // Of another length: kernels before 6.13 tell times in steps of some milliseconds.
    writeFileSync(path, 'good two')
    await look(3)
    // Put in its place, as programs do that never leave a file half written; of the same length.
    renameSync(file('beside', 'good six'), path)
    await look(3)
    assert.deepEqual(used, ['good two', 'good six'])
    assert.deepEqual(failures, [])
  })

  it('stay as they were read when what they hold now cannot be used, which is said once', async () => {
    const path = file('two', 'good 1')
    const { files, used, failures, look } = await watch([path], path)
    writeFileSync(path, 'bad')
    await look()
    assert.deepEqual([files.stale, failures.length], [false, 0], 'it may be half written')
    await look(5)
    assert.equal(files.stale, true)
    assert.deepEqual(failures, ['no good: bad'])
    rmSync(path)
    await look(5)
    assert.equal(failures.length, 2)
    assert.match(failures[1] ?? '', /ENOENT/)
    writeFileSync(path, 'good again')
    await look()
    assert.equal(files.stale, false)
    assert.deepEqual(used, ['good again'])
  })

  it('that change all the time and can never be used are told all the same', async () => {
    const path = file('four', 'good 1')
    const { files, failures, look } = await watch([path], path)
    for (const text of ['bad', 'bad 2', 'bad 33']) {
      writeFileSync(path, text)
      await look()
    }
    assert.deepEqual([files.stale, failures], [true, ['no good: bad 2', 'no good: bad 33']])
  })

  it('that are half written, and whole a moment later, alarm nobody', async () => {
    const path = file('three', 'good 1')
    const { files, used, failures, look } = await watch([path], path)
    writeFileSync(path, '')
    await look()
    writeFileSync(path, 'good two')
    await look(3)
    assert.deepEqual([files.stale, failures, used], [false, [], ['good two']])
  })

  it('may be in a folder, behind a link that is turned, or in its folder of certificates', async () => {
    for (const name of ['v1', 'v2']) {
      mkdirSync(join(home, name, 'certs'), { recursive: true })
      file(`${name}/keys`, `good ${name}`)
    }
    const link = join(home, 'link')
    symlinkSync(join(home, 'v1'), link)
    const { used, look } = await watch([link], join(link, 'keys'))
    // As orchestrators replace the files of a secret: all at once.
    symlinkSync(join(home, 'v2'), join(home, 'next'))
    renameSync(join(home, 'next'), link)
    await look(2)
    file('v2/certs/more.pem', 'x')
    await look(2)
    mkdirSync(join(home, 'v2', 'ocsp'))
    await look(2)
    file('v2/ocsp/answer.ocsp', 'x')
    await look(2)
    file('v2/ocsp/answer.ocsp', 'longer')
    await look(2)
    file('v2/another', 'x')
    await look(2)
    rmSync(join(home, 'v2/another'))
    await look(2)
    assert.deepEqual(
      used,
      Array.from({ length: 7 }, () => 'good v2'),
    )
  })

  it('are not waited for where a pipe took their place, at whose other end nobody may be', async (t) => {
    if (spawnSync('mkfifo', [join(home, 'pipe')]).status !== 0) return t.skip('needs mkfifo')
    mkdirSync(join(home, 'keys'))
    const path = file('keys/a', 'good 1')
    const { files, used, failures, look } = await watch([join(home, 'keys')], path)
    rmSync(path)
    renameSync(join(home, 'pipe'), path)
    await look(3)
    assert.deepEqual([files.stale, failures], [true, [`${path}: a pipe is read at the start alone`]])
    renameSync(file('beside', 'good 2'), path)
    await look()
    assert.deepEqual([files.stale, used], [false, ['good 2']])
  })
})
