/**
 * `npm run soak -- storage [ROUNDS]`: what `crash.test.ts` does, at length:
 * 50 kills on each database, every fifth time of the PostgreSQL server too.
 */
import { join } from 'node:path'
import { postgresMissing, startPostgres } from '../postgres.ts'
import { crash } from './crash.ts'
import { temporaryFolder } from './fixtures.ts'

const rounds = Number(process.argv[2] ?? 50)
if (!Number.isSafeInteger(rounds) || rounds < 1) throw new TypeError(`${process.argv[2]}: expected a number of rounds`)
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
