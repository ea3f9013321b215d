import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'

const HOOK = `export async function resolve(name, context, next) {
  if (name === 'libsql/promise') throw new Error('too many open files')
  return next(name, context)
}`

const PROGRAM = `import { register } from 'node:module'
import { setTimeout as pause } from 'node:timers/promises'
register(${JSON.stringify(`data:text/javascript,${encodeURIComponent(HOOK)}`)})
const { openDatabase } = await import(${JSON.stringify(new URL('../../src/index.js', import.meta.url).href)})
const db = await openDatabase({ folder: process.argv[1] })
await db.run('CREATE TABLE kept (n INTEGER)')
await pause(2300)
await db.run('INSERT INTO kept VALUES (1)')
console.log(JSON.stringify(await db.all('SELECT n FROM kept')))
await db.close()`

test('a process that cannot load what commits beside the event loop goes on committing', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sekisho-late-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const run = promisify(execFile)(process.execPath, ['--input-type=module', '--eval', PROGRAM, folder], {
    timeout: 60_000,
  })
  assert.equal((await run).stdout.trim(), '[{"n":1}]')
})
