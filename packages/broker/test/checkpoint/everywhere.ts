import type { TestContext } from 'node:test'
import { type Database, openDatabase } from '../../src/index.ts'
import { postgresMissing, sharedPostgres } from '../postgres.ts'
import { type Machine, newDatabase, sharedWorld } from './kit.ts'

/** A machine of each emulated kind. */
export const MACHINES: readonly (readonly [string, () => Machine])[] = [
  ['SEV-SNP', () => sharedWorld().snp()],
  ['TDX', () => sharedWorld().tdx()],
  ['SGX', () => sharedWorld().sgx()],
  ['Nitro', () => sharedWorld().nitro()],
  ['CCA', () => sharedWorld().cca()],
  ['TPM', () => sharedWorld().tpm()],
]

/** What two processes of one database have of it; the embedded one has a single process, with two brokers in it. */
export const SHARED: readonly (readonly [
  string,
  string | false,
  (t: TestContext) => Promise<readonly [Database, Database]>,
])[] = [
  [
    'SQLite',
    false,
    async (t) => {
      const db = await newDatabase(t)
      return [db, db]
    },
  ],
  [
    'PostgreSQL',
    postgresMissing,
    async (t) => {
      const url = await (await sharedPostgres()).createDatabase()
      const both = await Promise.all([openDatabase({ url }), openDatabase({ url })])
      t.after(() => Promise.all(both.map((db) => db.close())))
      return both
    },
  ],
]

/** Both kinds of database: why it is skipped, if it is, and how an empty one is opened for a test. */
export const DATABASES: readonly (readonly [string, string | false, (t: TestContext) => Promise<Database>])[] = [
  ['SQLite', false, newDatabase],
  [
    'PostgreSQL',
    postgresMissing,
    async (t) => {
      const db = await openDatabase({ url: await (await sharedPostgres()).createDatabase() })
      t.after(() => db.close())
      return db
    },
  ],
]
