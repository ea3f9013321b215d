/**
 * `node packages/broker/dist/test/storage/soak.js [rounds]`: what `crash.test.ts` does, at length:
 * 50 kills on each database, every fifth time of the PostgreSQL server too.
 */
import { join } from 'node:path'
import { postgresMissing, startPostgres } from '../postgres.ts'
import { crash } from './crash.ts'
import { temporaryFolder } from './fixtures.ts'

const rounds = Number(process.argv[2] ?? 50)
console.log('SQLite', await crash({ folder: join(temporaryFolder(), 'data') }, rounds))
if (postgresMissing !== false) {
  console.log(`PostgreSQL skipped: ${postgresMissing}`)
} else {
  const postgres = await startPostgres()
  try {
    const location = { url: await postgres.createDatabase() }
    console.log('PostgreSQL', await crash(location, rounds, { postgres, killsServer: (round) => round % 5 === 0 }))
  } finally {
    await postgres.stop()
  }
}
