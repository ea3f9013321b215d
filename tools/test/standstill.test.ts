import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { it } from 'node:test'

it('a process of tests that stands still is ended, and says at which test', () => {
  const module = new URL('../src/tests/standstill.js', import.meta.url).href
  const program = `
    const { watchStandstill } = await import(${JSON.stringify(module)})
    const standstill = watchStandstill('of four')
    standstill.at('the first')
    await new Promise((resolve) => setTimeout(resolve, 10))
    standstill.at('the second', 1500)
    if (process.argv[1] === 'stand') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  `
  const run = (how: string): ReturnType<typeof spawnSync> =>
    spawnSync(process.execPath, ['--input-type=module', '--eval', program, how], { encoding: 'utf8', timeout: 60_000 })
  const standing = run('stand')
  assert.equal(standing.signal, 'SIGKILL')
  assert.equal(standing.stderr, 'part of four has stood at “the second” for 2 s: it is ended\n')
  const going = run('go')
  assert.deepEqual([going.status, going.stderr], [0, ''])
})
