import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { generateKey } from '@sekisho/emulator/kit'
import { logReader } from '../../src/log/files.ts'
import { openLog } from '../../src/log/log.ts'
import { verifyLogExport } from '../../src/log/verify-log.ts'
import { type DatabaseLocation, openDatabase } from '../../src/storage/database.ts'
import type { TestPostgres } from '../postgres.ts'
import { until } from '../until.ts'
import { Child } from './child.ts'
import { temporaryFolder } from './fixtures.ts'

/** What many kills left behind. */
export interface CrashReport {
  readonly kills: number
  readonly acknowledged: number
  /** Log entries in the end: what was acknowledged, and what was committed but not acknowledged any more. */
  readonly entries: number
}

/**
 * Kills a writing process (and, in every round that `killsServer` picks, the database server with
 * all its children first) again and again at a random moment; after each kill looks whether every
 * acknowledged write is there, rows and log entries belong together, and the log is consistent
 * with every checkpoint it signed before.
 *
 * @throws AssertionError at the first thing that was lost
 */
export async function crash(
  location: DatabaseLocation,
  rounds: number,
  server?: { readonly postgres: TestPostgres; readonly killsServer: (round: number) => boolean },
): Promise<CrashReport> {
  const origin = 'crash.example/log'
  const { privateKey: signingKey } = generateKey('Ed25519')
  const keyFile = join(temporaryFolder(), 'key.pem')
  writeFileSync(keyFile, signingKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 })
  const kept = new Map<string, number>()
  const earlier: string[] = []
  let kills = 0
  for (let round = 0; round < rounds; round++) {
    const writer = new Child('crash-writer.js', ['url' in location ? location.url : location.folder, keyFile, origin])
    await writer.line('open')
    await writer.line('kept ')
    await new Promise((resolve) => setTimeout(resolve, randomInt(10, 250)))
    if (server?.killsServer(round)) {
      await server.postgres.kill()
      kills++
      const before = writer.lines.length
      await server.postgres.start()
      // The writer goes on by itself.
      await writer.line('refused ')
      const isKept = (line: string): boolean => line.startsWith('kept ')
      await until('the writer goes on', () => writer.lines.slice(before).some(isKept))
    }
    await writer.kill()
    kills++
    assert.equal(writer.errors, '')
    for (const line of writer.lines) {
      const [word, id = '', index = ''] = line.split(' ')
      if (word === 'kept') kept.set(id, Number(index))
    }
    earlier.push(await inspect(location, { origin, signingKey }, kept, earlier))
  }
  const entries = Number(earlier.at(-1)?.split('\n')[1])
  return { kills, acknowledged: kept.size, entries }
}

/** Opens what the kill left, looks at all of it, and returns the log's checkpoint. */
async function inspect(
  location: DatabaseLocation,
  options: Parameters<typeof openLog>[1],
  kept: ReadonlyMap<string, number>,
  earlier: readonly string[],
): Promise<string> {
  const db = await openDatabase(location)
  try {
    const log = await openLog(db, options)
    const rows = await db.all<{ name: string }>('SELECT name FROM settings')
    const leaves = await db.all<{ idx: number; entry: Uint8Array }>('SELECT idx, entry FROM log_leaves')
    const logged = new Map(leaves.map(({ idx, entry }) => [Buffer.from(entry).toString(), idx]))
    for (const [id, index] of kept) assert.equal(logged.get(id), index, `the acknowledged entry ${index} is in the log`)
    assert.deepEqual(
      new Set(rows.map((row) => row.name)),
      new Set(logged.keys()),
      'rows and log entries belong together',
    )
    assert.equal(leaves.length, rows.length)
    const checkpoint = await log.checkpoint()
    const verdict = await verifyLogExport(logReader(log), log.verifierKey, { earlier: [...earlier, checkpoint] })
    assert.ok(verdict.valid, JSON.stringify(verdict))
    assert.equal(verdict.size, rows.length)
    return checkpoint
  } finally {
    await db.close()
  }
}
