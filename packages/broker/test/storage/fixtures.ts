import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe } from 'node:test'
import type { DatabaseLocation } from '../../src/storage/database.ts'
import { postgresMissing, sharedPostgres, startPostgres, type TestPostgres } from '../postgres.ts'

/** Where a test's database is. */
export interface Place {
  readonly kind: 'sqlite' | 'postgres'
  /** A new, empty database. */
  create(): Promise<DatabaseLocation>
}

/** A new folder, removed when the process ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sekisho-broker-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** The same tests on both databases; on PostgreSQL they are skipped, with the reason, where there is none. */
export function onBoth(name: string, tests: (place: Place) => void): void {
  describe(`${name}: SQLite`, () => {
    tests({ kind: 'sqlite', create: async () => ({ folder: join(temporaryFolder(), 'data') }) })
  })
  describe(`${name}: PostgreSQL`, { skip: postgresMissing }, () => {
    tests({ kind: 'postgres', create: async () => ({ url: await (await sharedPostgres()).createDatabase() }) })
  })
}

/** Tests that need a PostgreSQL of their own, which they may kill. */
export function onPostgres(name: string, tests: (server: () => TestPostgres) => void): void {
  describe(`${name}: PostgreSQL`, { skip: postgresMissing }, () => {
    let server: TestPostgres | undefined
    before(async () => {
      server = await startPostgres()
    })
    after(async () => {
      await server?.stop()
    })
    tests(() => {
      if (server === undefined) throw new Error('the server is not up')
      return server
    })
  })
}
